{{/* Which node it is on; the addresses that the node has, one per family. */}}
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

{{/* Of what touches the node: root, with the capabilities that are named and no more. Takes {capabilities, seLinuxOptions}. */}}
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

{{/* Of the agent's process, which shares its ports with nobody who has another. A large number is a float in Helm. */}}
{{- define "rolegate-agent.uid" -}}
{{- (.agent | default dict).uid | default 2100008181 | int64 -}}
{{- end -}}

{{/* Of everything else. Takes the user. */}}
{{- define "rolegate-agent.securityContext" -}}
runAsUser: {{ . }}
runAsGroup: {{ . }}
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where kubelet asks. After `helm upgrade --reuse-values` from 0.1 the values are missing. */}}
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

{{/* Where an agent may run. */}}
{{- define "rolegate-agent.placement" -}}
{{- $placement := dict -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" -}}
{{- with get $ $key -}}{{- $_ := set $placement $key . -}}{{- end -}}
{{- end -}}
{{- with $placement -}}{{- toYaml . -}}{{- end -}}
{{- end -}}
