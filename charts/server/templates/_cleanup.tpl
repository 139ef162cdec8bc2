{{- define "rolegate-server.cleanupName" -}}
{{- printf "%s-cleanup" (include "rolegate-server.fullname" .) -}}
{{- end -}}

{{/* A different name, so that the Service and the Deployment do not select its Pod. */}}
{{- define "rolegate-server.cleanupLabels" -}}
app.kubernetes.io/name: {{ printf "%s-cleanup" (include "rolegate-server.name" . | trunc 55 | trimSuffix "-") }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: cleanup
{{- end -}}

{{/* (list context weight): metadata of an object that only the Job needs. It is deleted when the Job succeeds. */}}
{{- define "rolegate-server.cleanupMetadata" -}}
{{- $context := index . 0 -}}
{{- $hook := dict
  "helm.sh/hook" "post-delete"
  "helm.sh/hook-weight" (toString (index . 1))
  "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded"
-}}
name: {{ include "rolegate-server.cleanupName" $context }}
namespace: {{ $context.Release.Namespace }}
labels:
  {{- include "rolegate-server.cleanupLabels" $context | nindent 2 }}
  {{- include "rolegate-server.otherLabels" $context | nindent 2 }}
annotations:
  {{- toYaml (merge (dict) $hook ($context.Values.commonAnnotations | default dict)) | nindent 2 }}
{{- end -}}
