{{/* The server's flags, one per line. */}}
{{- define "rolegate-server.args" -}}
{{- $values := .Values -}}
{{- $flags := list
  (list "cluster-name" $values.clusterName)
  (list "region" (include "rolegate-server.region" .))
  (list "assume-role-arn" $values.assumeRoleArn)
  (list "sts-endpoint" $values.sts.endpoint)
  (list "sts-rate" $values.sts.rate)
  (list "sts-burst" ($values.sts.burst | default (include "rolegate-server.preset" . | fromYaml).stsBurst))
  (list "sts-fips" $values.sts.fips)
  (list "sts-dualstack" $values.sts.dualStack)
  (list "role-base-arn" $values.roles.baseArn)
  (list "role-ceiling" $values.roles.ceiling)
  (list "default-role" $values.roles.default)
  (list "namespace-policy" $values.roles.namespacePolicy)
  (list "session-scope" $values.sessions.scope)
  (list "session-duration" $values.sessions.duration)
  (list "allow-short-sessions" $values.sessions.allowShort)
  (list "session-name-template" $values.sessions.nameTemplate)
  (list "source-identity-template" $values.sessions.sourceIdentityTemplate)
  (list "agent-identity" $values.agent.identity)
  (list "agent-service-account" $values.agent.serviceAccounts)
  (list "agent-daemonset" $values.agent.daemonSets)
  (list "trust-domain" $values.agent.trustDomain)
  (list "startup-taint" $values.startupTaint.keys)
  (list "drain-timeout" (printf "%ds" (int $values.drainTimeoutSeconds)))
  (list "log-level" (include "rolegate-server.logLevel" .))
  (list "log-format" $values.log.format)
-}}
{{- range $key := keys ($values.sessions.tags | default dict) | sortAlpha -}}
{{- $flags = append $flags (list "session-tag" (printf "%s=%s" $key (index $values.sessions.tags $key))) -}}
{{- end -}}
{{- if include "rolegate-server.containerCredentials" . -}}
{{- $flags = concat $flags (list
  (list "container-credentials-audience" $values.containerCredentials.audience)
  (list "service-account-issuer" $values.containerCredentials.issuers)
) -}}
{{- end -}}
{{- if $values.ipv6 -}}
{{- $flags = concat $flags (list (list "bind" "[::]:9610") (list "prometheus-listen-addr" "[::]:9620")) -}}
{{- if eq $values.tls.mode "authority" -}}
{{- $flags = append $flags (list "attest-bind" "[::]:9611") -}}
{{- end -}}
{{- end -}}
{{- with include "rolegate-server.probeBind" . -}}
{{- $flags = append $flags (list "probe-bind" .) -}}
{{- end -}}
{{- if eq $values.tls.mode "authority" -}}
{{- $flags = concat $flags (list
  (list "server-name" (include "rolegate-server.serverNames" .))
  (list "authority-secret" $values.authority.secretName)
  (list "authority-age" $values.authority.age)
) -}}
{{- else -}}
{{- $token := ternary "tls/tls.key" (printf "token/%s" $values.tls.tokenSecret.key) (empty $values.tls.tokenSecret.name) -}}
{{- $flags = concat $flags (list
  (list "cert" "/etc/rolegate/tls/tls.crt")
  (list "key" "/etc/rolegate/tls/tls.key")
  (list "ca" "/etc/rolegate/tls/ca.crt")
  (list "token-secret-file" (printf "/etc/rolegate/%s" $token))
) -}}
{{- end -}}
{{- range $flags -}}
{{- $name := index . 0 -}}
{{- $value := index . 1 -}}
{{- if $value }}
{{- include "rolegate-server.flag" (list $name $value) }}
{{- end }}
{{- end -}}
{{- range $name := keys ($values.extraArgs | default dict) | sortAlpha -}}
{{- include "rolegate-server.flag" (list $name (index $values.extraArgs $name)) }}
{{- end -}}
{{- end -}}

{{/* On the host network, the agent already uses port 9622 and no NetworkPolicy applies: use another port on loopback. */}}
{{- define "rolegate-server.probePort" -}}
{{- ternary 9623 9622 (eq .Values.credentials.source "node") -}}
{{- end -}}

{{/* Empty for the server's default. */}}
{{- define "rolegate-server.probeBind" -}}
{{- if eq .Values.credentials.source "node" -}}
127.0.0.1:{{ include "rolegate-server.probePort" . }}
{{- else if .Values.ipv6 -}}
[::]:{{ include "rolegate-server.probePort" . }}
{{- end -}}
{{- end -}}

{{/* Where the kubelet probes. */}}
{{- define "rolegate-server.probed" -}}
{{- if eq .Values.credentials.source "node" -}}
host: 127.0.0.1
{{ end -}}
port: probes
{{- end -}}

{{/* (list name value): one line, or one per value of a list. */}}
{{- define "rolegate-server.flag" -}}
{{- $name := index . 0 -}}
{{- $value := index . 1 -}}
{{- range (ternary $value (list $value) (kindIs "slice" $value)) }}
{{- $text := include "rolegate-server.text" . }}
{{- $bare := or (eq $text "") (eq $text "true") }}
- {{ printf "--%s%s" $name (ternary "" (printf "=%s" $text) $bare) | quote }}
{{- end }}
{{- end -}}

{{/* A scalar as the user wrote it. Helm reads integers as floats and would print 1e+06. */}}
{{- define "rolegate-server.text" -}}
{{- if kindIs "invalid" . -}}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}
