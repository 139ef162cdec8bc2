{{- define "rolegate-agent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that suffixes fit. */}}
{{- define "rolegate-agent.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "rolegate-agent.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "rolegate-agent.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rolegate-agent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rolegate-agent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* All labels except the two of the selector. */}}
{{- define "rolegate-agent.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: rolegate
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "rolegate-agent.labels" -}}
{{ include "rolegate-agent.selectorLabels" . }}
app.kubernetes.io/component: agent
{{ include "rolegate-agent.commonLabels" . }}
{{- end -}}

{{- define "rolegate-agent.serviceAccountName" -}}
{{- $values := include "rolegate-agent.values" . | fromYaml -}}
{{- default (include "rolegate-agent.fullname" .) $values.serviceAccount.name -}}
{{- end -}}

{{- define "rolegate-agent.tlsSecretName" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- .Values.tls.existingSecret.name -}}
{{- else -}}
{{- printf "%s-tls" (include "rolegate-agent.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* Where helm finds this chart: in the registry of its release, or in the repository. */}}
{{- define "rolegate-agent.chart" -}}
{{- with index (.Chart.Annotations | default dict) "rolegate.dev/registry" -}}
{{- printf "oci://%s/charts/rolegate-agent --version %s" . $.Chart.Version -}}
{{- else -}}
charts/agent
{{- end -}}
{{- end -}}

{{/* A released chart names its image's digest in an annotation. As a value, --reuse-values would keep it. */}}
{{- define "rolegate-agent.image" -}}
{{- $released := index (.Chart.Annotations | default dict) "rolegate.dev/image-digest" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else if .tag -}}
{{- printf "%s:%s" .repository .tag -}}
{{- else if $released -}}
{{- printf "%s@%s" .repository $released -}}
{{- else -}}
{{- printf "%s:%s" .repository $.Chart.AppVersion -}}
{{- end -}}
{{- end -}}
{{- end -}}
