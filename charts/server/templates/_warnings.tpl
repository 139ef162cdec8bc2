{{/* Notes on valid settings, one per line. */}}
{{- define "rolegate-server.warnings" -}}
{{- $source := .Values.credentials.source -}}
{{- if eq $source "node" }}
credentials.source=node: the Pods use the host network, so no NetworkPolicy applies and Pod Security must allow them: kubectl label namespace {{ .Release.Namespace }} pod-security.kubernetes.io/enforce=privileged
{{- end }}
{{- if and (not (include "rolegate-server.region" .)) (not .Values.sts.endpoint) }}
region is not set. The server exits with an error unless a webhook sets AWS_REGION in the Pod, as on EKS.
{{- end }}
{{- if eq $source "podIdentity" }}
credentials.source=podIdentity: if the association does not exist yet, run: aws eks create-pod-identity-association --cluster-name CLUSTER --namespace {{ .Release.Namespace }} --service-account {{ include "rolegate-server.serviceAccount" . }} --role-arn ROLE && kubectl -n {{ .Release.Namespace }} rollout restart deployment/{{ include "rolegate-server.fullname" . }}
{{- end }}
{{- if and (include "rolegate-server.injects" .) (not (include "rolegate-server.injectionVersion" .)) }}
containerCredentials.injection: this cluster has no MutatingAdmissionPolicy, which requires Kubernetes 1.36, or 1.34 with the feature gate MutatingAdmissionPolicy and the API admissionregistration.k8s.io/v1beta1. Pods get no token from this chart: use the Pod Identity webhook or add it to the Pods (docs/examples).
{{- end }}
{{- if eq .Values.agent.identity "shared" }}
agent.identity=shared: anyone with an agent's key can get the credentials of every node. Set it to attested after the migration.
{{- end }}
{{- if eq .Values.roles.namespacePolicy "audit" }}
roles.namespacePolicy=audit: every Pod gets the role it requests if the role is inside the ceiling.
{{- end }}
{{- $seconds := include "rolegate-server.seconds" .Values.sessions.duration | atoi }}
{{- if and (eq $seconds 900) (not .Values.sessions.allowShort) }}
sessions.duration={{ .Values.sessions.duration }} is treated as 1h.
{{- else if lt $seconds 3000 }}
sessions.duration={{ .Values.sessions.duration }}: Pods can get credentials with less than 25 minutes left.
{{- end }}
{{- end -}}
