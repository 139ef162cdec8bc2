{{/* Annotation of the Role that lists the kinds the release has rendered. */}}
{{- define "rolegate-server.rendersKey" -}}
rolegate.dev/renders
{{- end -}}

{{/*
A comma-separated list of the authority objects (Secret, ConfigMap) that this release renders. Helm refuses to render over an object
that a server of 0.1 created, so that one is left out and stays unchanged. An object that the release rendered before is never left
out, or Helm would delete it; this includes a restored backup without Helm's annotations. Without a cluster (helm template), both
are rendered.
*/}}
{{- define "rolegate-server.renders" -}}
{{- $namespace := .Release.Namespace -}}
{{- $role := dict -}}
{{- if .Values.rbac.create -}}
{{- $role = lookup "rbac.authorization.k8s.io/v1" "Role" $namespace (include "rolegate-server.fullname" .) | default dict -}}
{{- end -}}
{{- $before := splitList "," (dig "metadata" "annotations" (include "rolegate-server.rendersKey" .) "" $role) -}}
{{- $kinds := list -}}
{{- range $kind := list "Secret" "ConfigMap" -}}
{{- $found := lookup "v1" $kind $namespace $.Values.authority.secretName | default dict -}}
{{- $owner := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $found -}}
{{- $ownerNamespace := dig "metadata" "annotations" "meta.helm.sh/release-namespace" "" $found -}}
{{- $owned := and (eq $owner $.Release.Name) (eq $ownerNamespace $namespace) -}}
{{- if or (not $found) $owned (has $kind $before) -}}
{{- $kinds = append $kinds $kind -}}
{{- end -}}
{{- end -}}
{{- join "," $kinds -}}
{{- end -}}
