{{/* "true" if the agent serves container credentials. The values are missing after --reuse-values from 0.2. Takes the values. */}}
{{- define "rolegate-agent.containerCredentials" -}}
{{- if and (eq .mode "roles") (.containerCredentials | default dict).enabled -}}true{{- end -}}
{{- end -}}

{{/* Label of the chart's own Pods, so that a label of their Namespace does not change them. */}}
{{- define "rolegate-agent.notInjected" -}}
rolegate.dev/credentials: "off"
{{- end -}}

{{/* The same audiences as the programs refuse: others who accept them could use a Pod's token here, or be shown one of ours. */}}
{{- define "rolegate-agent.audienceFault" -}}
{{- $audience := (.containerCredentials | default dict).audience -}}
{{- $foreign := dict
  "rolegate-server" "agents prove their node with it"
  "sts.amazonaws.com" "IRSA uses it for STS"
  "pods.eks.amazonaws.com" "EKS Pod Identity's agent uses it"
-}}
{{- $fault := get $foreign (toString $audience) -}}
{{- if regexMatch "(?i)^(https?://)?kubernetes(\\.default(\\.svc(\\..+)?)?)?(:\\d+)?/?$" (toString $audience) -}}
{{- $fault = "it is an audience of the API server, so it is in every Pod's default token" -}}
{{- end -}}
{{- with $fault -}}
{{- printf "containerCredentials.audience: %s cannot be used: %s" $audience . -}}
{{- end -}}
{{- end -}}
