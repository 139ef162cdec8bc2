{{/* The node name, and the addresses of the node, one per family. */}}
{{- define "rolegate-agent.env" -}}
- name: ROLEGATE_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: ROLEGATE_HOST_IP
  valueFrom:
    fieldRef:
      fieldPath: status.hostIPs
{{- if kindIs "map" .extraEnv }}
{{- range $name, $value := .extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- else }}
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* For containers that change the node: root with only the given capabilities. Takes {capabilities, seLinuxOptions}. */}}
{{- define "rolegate-agent.rootSecurityContext" -}}
runAsUser: 0
runAsGroup: 0
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  add: [{{ join ", " .capabilities }}]
{{- with .seLinuxOptions }}
seLinuxOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* User of the agent process. Only processes with the same user can share its ports. Helm reads large numbers as floats. */}}
{{- define "rolegate-agent.uid" -}}
{{- (.agent | default dict).uid | default 2100008181 | int64 -}}
{{- end -}}

{{/* For all other containers. Takes the user. */}}
{{- define "rolegate-agent.securityContext" -}}
runAsUser: {{ . }}
runAsGroup: {{ . }}
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where the kubelet probes. The values are missing after `helm upgrade --reuse-values` from 0.1. */}}
{{- define "rolegate-agent.probes" -}}
{{- $probes := .probes | default dict -}}
host: {{ $probes.host | default "127.0.0.1" | quote }}
port: {{ $probes.port | default 9622 }}
{{- end -}}

{{- define "rolegate-agent.imagePullSecrets" -}}
{{- with .imagePullSecrets -}}
imagePullSecrets:
{{- range . }}
  - name: {{ kindIs "string" . | ternary . (get (kindIs "string" . | ternary dict .) "name") }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Where agents can run. */}}
{{- define "rolegate-agent.placement" -}}
{{- $placement := dict -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" -}}
{{- with get $ $key -}}{{- $_ := set $placement $key . -}}{{- end -}}
{{- end -}}
{{- with $placement -}}{{- toYaml . -}}{{- end -}}
{{- end -}}
