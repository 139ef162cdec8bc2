{{/* "true" if Pods can get credentials with a ServiceAccount token. The values are missing after --reuse-values from 0.2. */}}
{{- define "rolegate-server.containerCredentials" -}}
{{- if (.Values.containerCredentials | default dict).enabled -}}true{{- end -}}
{{- end -}}

{{- define "rolegate-server.audience" -}}
{{- (.Values.containerCredentials | default dict).audience | default "rolegate" -}}
{{- end -}}

{{/* Label of the chart's own Pods, so that a label of their Namespace does not change them. */}}
{{- define "rolegate-server.notInjected" -}}
rolegate.dev/credentials: "off"
{{- end -}}

{{/* "true" if the chart should give Pods the token and the variables. */}}
{{- define "rolegate-server.injects" -}}
{{- if and (include "rolegate-server.containerCredentials" .) (dig "injection" "enabled" true .Values.containerCredentials) -}}true{{- end -}}
{{- end -}}

{{/* Version of MutatingAdmissionPolicy in this cluster; empty if it has none. */}}
{{- define "rolegate-server.injectionVersion" -}}
{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}
v1
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy" -}}
v1beta1
{{- end -}}
{{- end -}}

{{/* The same audiences as the programs refuse: others who accept them could use a Pod's token here, or be shown one of ours. */}}
{{- define "rolegate-server.audienceFault" -}}
{{- $foreign := dict
  "rolegate-server" "agents prove their node with it"
  "sts.amazonaws.com" "IRSA uses it for STS"
  "pods.eks.amazonaws.com" "EKS Pod Identity's agent uses it"
-}}
{{- if regexMatch "(?i)^(https?://)?kubernetes(\\.default(\\.svc(\\..+)?)?)?(:\\d+)?/?$" . -}}
it is an audience of the API server, so it is in every Pod's default token
{{- else -}}
{{- get $foreign . -}}
{{- end -}}
{{- end -}}

{{- define "rolegate-server.containerCredentialsFaults" -}}
{{- $audience := include "rolegate-server.audience" . }}
{{- with include "rolegate-server.audienceFault" $audience }}
- containerCredentials.audience: {{ $audience }} cannot be used: {{ . }}
{{- end }}
{{- if has $audience ((.Values.containerCredentials | default dict).issuers | default list) }}
- containerCredentials.audience: {{ $audience }} cannot be used: the API server accepts its issuers (containerCredentials.issuers) as audiences
{{- end }}
{{- end -}}

{{/* Operations on one list of containers, by the indexes in the variable of its name. */}}
{{- define "rolegate-server.injectionInto" -}}
{{- $list := . -}}
{{- $at := printf "'/spec/%s/' + string(i) + " $list -}}
{{- $mount := "/var/run/secrets/rolegate.dev/serviceaccount" -}}
{{- $env := dict
  "AWS_CONTAINER_CREDENTIALS_FULL_URI" "http://169.254.170.23:8182/v1/credentials"
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" (printf "%s/token" $mount)
-}}
variables.{{ $list }}.filter(i, !has(object.spec.{{ $list }}[i].env)).map(i,
  JSONPatch{op: 'add', path: {{ $at }}'/env', value: []}) +
{{- range $name := keys $env | sortAlpha | reverse }}
variables.{{ $list }}.map(i,
  JSONPatch{op: 'add', path: {{ $at }}'/env/-', value: Object.spec.{{ $list }}.env{
    name: '{{ $name }}', value: '{{ index $env $name }}'}}) +
{{- end }}
variables.{{ $list }}.filter(i, !has(object.spec.{{ $list }}[i].volumeMounts)).map(i,
  JSONPatch{op: 'add', path: {{ $at }}'/volumeMounts', value: []}) +
variables.{{ $list }}.map(i,
  JSONPatch{op: 'add', path: {{ $at }}'/volumeMounts/-', value: Object.spec.{{ $list }}.volumeMounts{
    name: 'rolegate-token', mountPath: '{{ $mount }}', readOnly: true}})
{{- end -}}
