{{/* Annotation of the Role: the kinds that the release has rendered. */}}
{{- define "rolegate-server.rendersKey" -}}
rolegate.dev/renders
{{- end -}}

{{/*
A comma-separated list: the kinds of the authority's objects that this release renders. An object that a server of 0.1 created is
not helm's, and helm refuses to render over it: it is left out, and stays as it is. What the release has rendered before is never
left out, or helm would delete it: a backup that was put back may have lost helm's annotations. Without a cluster (helm template)
nothing is found, and both are rendered.
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
