{{/* Where the Pods run. */}}
{{- define "rolegate-server.placement" -}}
{{- $node := eq .Values.credentials.source "node" -}}
{{- $chosen := ternary (.Values.credentials.node.nodeSelector | default dict) dict $node -}}
{{- $tolerated := ternary (.Values.credentials.node.tolerations | default list) list $node -}}
{{- with merge (dict) $chosen (.Values.nodeSelector | default dict) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat (.Values.tolerations | default list) $tolerated }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* On the host network, only one replica per node can have the ports. */}}
{{- define "rolegate-server.affinity" -}}
{{- $affinity := .Values.affinity | default dict -}}
{{- if and (eq .Values.credentials.source "node") (not (hasKey $affinity "podAntiAffinity")) -}}
{{- $term := dict
  "topologyKey" "kubernetes.io/hostname"
  "labelSelector" (dict "matchLabels" (include "rolegate-server.selectorLabels" . | fromYaml))
-}}
{{- $anti := dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term) -}}
{{- $affinity = merge (dict "podAntiAffinity" $anti) $affinity -}}
{{- end -}}
{{- with $affinity -}}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.topologySpread" -}}
{{- $selector := dict "matchLabels" (include "rolegate-server.selectorLabels" . | fromYaml) -}}
{{- range .Values.topologySpreadConstraints }}
- {{ merge (dict) . (dict "labelSelector" $selector) | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* On the host network, a surge Pod would find no free node. */}}
{{- define "rolegate-server.strategy" -}}
{{- if .Values.strategy -}}
{{- toYaml .Values.strategy -}}
{{- else -}}
{{- $node := eq .Values.credentials.source "node" -}}
type: RollingUpdate
rollingUpdate:
  maxUnavailable: {{ ternary 1 0 $node }}
  maxSurge: {{ ternary 0 1 $node }}
{{- end -}}
{{- end -}}

{{/* Required by Pod Security's restricted level for a Pod and a container. */}}
{{- define "rolegate-server.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}
{{- define "rolegate-server.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
