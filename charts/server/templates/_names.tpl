{{- define "rolegate-server.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that suffixes fit. */}}
{{- define "rolegate-server.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "rolegate-server.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rolegate-server.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* All labels except those that select the server's Pods. */}}
{{- define "rolegate-server.otherLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: rolegate
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.labels" -}}
{{ include "rolegate-server.selectorLabels" . }}
app.kubernetes.io/component: server
{{ include "rolegate-server.otherLabels" . }}
{{- end -}}

{{/* (list context name annotations labels): metadata of an object in the release Namespace. */}}
{{- define "rolegate-server.metadata" -}}
{{- $context := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $context.Release.Namespace }}
labels:
  {{- include "rolegate-server.labels" $context | nindent 2 }}
  {{- range $key, $value := index . 3 }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- with merge (dict) (index . 2 | default dict) ($context.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (list context name): metadata of a cluster-scoped object. */}}
{{- define "rolegate-server.clusterMetadata" -}}
{{- $context := index . 0 -}}
name: {{ index . 1 }}
labels:
  {{- include "rolegate-server.labels" $context | nindent 2 }}
{{- with $context.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.serviceAccount" -}}
{{- default (include "rolegate-server.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* Where helm finds the agent's chart: in the registry of this release, or in the repository. */}}
{{- define "rolegate-server.agentChart" -}}
{{- with index (.Chart.Annotations | default dict) "rolegate.dev/registry" -}}
{{- printf "oci://%s/charts/rolegate-agent --version %s" . $.Chart.Version -}}
{{- else -}}
charts/agent
{{- end -}}
{{- end -}}

{{/* A released chart names its image's digest in an annotation. As a value, --reuse-values would keep it. */}}
{{- define "rolegate-server.image" -}}
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

{{/* A list of names or of {name: …}. Includes kube2iam's image.pullSecrets. */}}
{{- define "rolegate-server.imagePullSecrets" -}}
{{- range concat (.Values.imagePullSecrets | default list) (.Values.image.pullSecrets | default list) }}
{{- $name := . }}
{{- if kindIs "map" . }}
{{- $name = .name }}
{{- end }}
- name: {{ $name }}
{{- end }}
{{- end -}}

{{/* DNS names of the Service. */}}
{{- define "rolegate-server.serverNames" -}}
{{- $name := include "rolegate-server.fullname" . -}}
{{- $full := printf "%s.%s" $name .Release.Namespace -}}
{{- $all := list $name $full (printf "%s.svc" $full) (printf "%s.svc.%s" $full .Values.clusterDomain) -}}
{{- concat $all (.Values.tls.serverNames | default list) | uniq | join "," -}}
{{- end -}}

{{/* kube2iam's aws.region and verbose have the same meaning as ours. */}}
{{- define "rolegate-server.region" -}}
{{- .Values.region | default (dig "region" "" (.Values.aws | default dict)) -}}
{{- end -}}
{{- define "rolegate-server.logLevel" -}}
{{- ternary "debug" .Values.log.level (eq (toString .Values.verbose) "true") -}}
{{- end -}}

{{/* Secret with a user-provided certificate. */}}
{{- define "rolegate-server.tlsSecret" -}}
{{- if eq .Values.tls.mode "certManager" -}}
{{- printf "%s-tls" (include "rolegate-server.fullname" .) -}}
{{- else -}}
{{- .Values.tls.existingSecret.name -}}
{{- end -}}
{{- end -}}

{{/* "true" if helm uninstall deletes the authority Secret and ConfigMap. */}}
{{- define "rolegate-server.cleansUp" -}}
{{- if and (eq .Values.tls.mode "authority") .Values.authority.deleteOnUninstall .Values.rbac.create -}}true{{- end -}}
{{- end -}}

{{/* A JSON list with the port of sts.endpoint, if set. */}}
{{- define "rolegate-server.stsPort" -}}
{{- with .Values.sts.endpoint -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- printf "[%s]" $port -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
