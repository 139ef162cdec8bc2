{{/* What works, and should be known; a line each. */}}
{{- define "rolegate-server.warnings" -}}
{{- $source := .Values.credentials.source -}}
{{- if eq $source "node" }}
credentials.source node: the Pods run on the network of their nodes, which Pod Security allows at the level privileged alone: kubectl label namespace {{ .Release.Namespace }} pod-security.kubernetes.io/enforce=privileged. No NetworkPolicy holds for them.
{{- end }}
{{- if and (not (include "rolegate-server.region" .)) (not .Values.sts.endpoint) }}
region is not given: it must come from AWS_REGION, which the webhook of EKS sets in the Pod. Without it the server ends and says so.
{{- end }}
{{- if eq $source "podIdentity" }}
credentials.source podIdentity: aws eks create-pod-identity-association --cluster-name CLUSTER --namespace {{ .Release.Namespace }} --service-account {{ include "rolegate-server.serviceAccount" . }} --role-arn ROLE, before the Pods start.
{{- end }}
{{- if eq .Values.agent.identity "shared" }}
agent.identity shared: whoever has the key of an agent gets the credentials of every node. End it when the last agent has a token.
{{- end }}
{{- if eq .Values.roles.namespacePolicy "audit" }}
roles.namespacePolicy audit: every Pod gets the role that it names, if it lies below the ceiling.
{{- end }}
{{- $seconds := include "rolegate-server.seconds" .Values.sessions.duration | atoi }}
{{- if and (eq $seconds 900) (not .Values.sessions.allowShort) }}
sessions.duration {{ .Values.sessions.duration }} is read as 1h.
{{- else if lt $seconds 3000 }}
sessions.duration {{ .Values.sessions.duration }}: Pods may get credentials with less than 25 minutes left.
{{- end }}
{{- end -}}
