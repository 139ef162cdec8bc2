{{/* Measured with simulated clusters: docs/scaling.md. */}}
{{- define "rolegate-server.sizes" -}}
small:
  replicas: 2
  stsBurst: 250
  resources:
    requests: { cpu: 100m, memory: 160Mi }
    limits: { memory: 512Mi }
medium:
  replicas: 2
  stsBurst: 250
  resources:
    requests: { cpu: 250m, memory: 256Mi }
    limits: { memory: 512Mi }
large:
  replicas: 3
  stsBurst: 160
  resources:
    requests: { cpu: "1", memory: 640Mi }
    limits: { memory: 1Gi }
{{- end -}}

{{/* The preset. `size` is missing after helm upgrade --reuse-values from 0.1. */}}
{{- define "rolegate-server.preset" -}}
{{- get (include "rolegate-server.sizes" . | fromYaml) (.Values.size | default "small") | toYaml -}}
{{- end -}}

{{- define "rolegate-server.replicas" -}}
{{- .Values.replicas | default (include "rolegate-server.preset" . | fromYaml).replicas -}}
{{- end -}}

{{/* As set, completed by the preset. Empty requests or limits stay empty. */}}
{{- define "rolegate-server.resources" -}}
{{- $given := deepCopy (.Values.resources | default dict) -}}
{{- range $kind, $preset := (include "rolegate-server.preset" . | fromYaml).resources -}}
{{- if not (hasKey $given $kind) -}}
{{- $_ := set $given $kind $preset -}}
{{- else -}}
{{- with get $given $kind -}}
{{- $_ := set $given $kind (merge (deepCopy .) $preset) -}}
{{- else -}}
{{- $_ := unset $given $kind -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $given -}}
{{- end -}}
