{{/* Environment variables of the container. */}}
{{- define "rolegate-server.env" -}}
{{- $credentials := .Values.credentials -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- if ne $credentials.source "node" }}
# The server must never fall back to the node's role.
- name: AWS_EC2_METADATA_DISABLED
  value: 'true'
{{- end }}
{{- if eq $credentials.source "secret" }}
{{- range $key := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef:
      name: {{ $credentials.secret.name }}
      key: {{ $key }}
      {{- if eq $key "AWS_SESSION_TOKEN" }}
      optional: true
      {{- end }}
{{- end }}
{{- else if and (eq $credentials.source "webIdentity") $credentials.webIdentity.projected }}
- name: AWS_ROLE_ARN
  value: {{ $credentials.webIdentity.roleArn | quote }}
- name: AWS_WEB_IDENTITY_TOKEN_FILE
  value: /var/run/secrets/rolegate-aws/token
{{- end }}
{{- $extra := .Values.extraEnv }}
{{- if kindIs "map" $extra }}
{{- range $name := keys $extra | sortAlpha }}
- name: {{ $name }}
  value: {{ include "rolegate-server.text" (index $extra $name) | quote }}
{{- end }}
{{- else if $extra }}
{{ toYaml $extra }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.volumeMounts" -}}
- name: run
  mountPath: /run/rolegate
{{- if ne .Values.tls.mode "authority" }}
- name: tls
  mountPath: /etc/rolegate/tls
  readOnly: true
{{- if .Values.tls.tokenSecret.name }}
- name: token-secret
  mountPath: /etc/rolegate/token
  readOnly: true
{{- end }}
{{- end }}
{{- if and (eq .Values.credentials.source "webIdentity") .Values.credentials.webIdentity.projected }}
- name: aws-token
  mountPath: /var/run/secrets/rolegate-aws
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.volumes" -}}
- name: run
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- if ne .Values.tls.mode "authority" }}
- name: tls
  secret:
    secretName: {{ include "rolegate-server.tlsSecret" . }}
    defaultMode: 0440
{{- with .Values.tls.tokenSecret.name }}
- name: token-secret
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- with .Values.credentials.webIdentity }}
{{- if and (eq $.Values.credentials.source "webIdentity") .projected }}
- name: aws-token
  projected:
    sources:
      - serviceAccountToken:
          audience: {{ .audience }}
          expirationSeconds: {{ int64 .expirationSeconds }}
          path: token
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
