{{/* A list or a string, as one comma-separated string. */}}
{{- define "rolegate-agent.joined" -}}
{{- if kindIs "string" . -}}{{- . | replace " " "" -}}{{- else -}}{{- join "," . -}}{{- end -}}
{{- end -}}

{{/* A map of flags to values. A list repeats the flag; an empty value is the bare flag. */}}
{{- define "rolegate-agent.extraArgs" -}}
{{- range $flag, $value := . }}
{{- range $one := ternary $value (list $value) (kindIs "slice" $value) }}
{{- if or (kindIs "invalid" $one) (eq (toString $one) "") }}
- --{{ $flag }}
{{- else }}
- {{ printf "--%s=%s" $flag (ternary $one (toJson $one) (kindIs "string" $one)) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Arguments of intercept and reconcile. */}}
{{- define "rolegate-agent.interceptionArgs" -}}
{{- $probes := .probes | default dict -}}
- --port={{ .port }}
- --guarded-ports={{ .metrics.port }},{{ $probes.port | default 9622 }}
- {{ printf "--host-interface=%s" (include "rolegate-agent.joined" .hostInterface) | quote }}
{{- with .excludeInterfaces }}
- --exclude-interface={{ join "," . }}
{{- end }}
- --iptables-backend={{ .iptables.backend }}
{{- if include "rolegate-agent.containerCredentials" . }}
- --container-credentials
{{- end }}
- --log-level={{ .log.level }}
- --log-format={{ .log.format }}
{{- include "rolegate-agent.extraArgs" .interception.extraArgs }}
{{- end -}}

{{/* These values are missing after `helm upgrade --reuse-values` from 0.1. The agent has the same defaults. */}}
{{- define "rolegate-agent.limitArgs" -}}
{{- $connections := .connections | default dict -}}
{{- $waiting := .waiting | default dict -}}
{{- with $connections.perPod }}
- --connections-per-pod={{ . }}
{{- end }}
{{- with $connections.perNode }}
- --connections={{ . }}
{{- end }}
{{- with $waiting.perPod }}
- --waiting-per-pod={{ . }}
{{- end }}
{{- with $waiting.perNode }}
- --waiting={{ . }}
{{- end }}
{{- end -}}

{{/* Arguments of the agent. Takes {root, values}. */}}
{{- define "rolegate-agent.agentArgs" -}}
{{- with .values -}}
- --mode={{ .mode }}
{{- if eq .mode "roles" }}
- --server-address={{ default (printf "rolegate-server.%s.svc:9610" $.root.Release.Namespace) .server.address }}
{{- with .server.attestAddress }}
- --attest-address={{ . }}
{{- end }}
{{- with .server.name }}
- --server-name={{ . }}
{{- end }}
- --token-file=/var/run/secrets/rolegate/token
{{- if eq .tls.mode "authority" }}
- --ca=/etc/rolegate/authority/ca.crt
{{- else }}
- --ca=/etc/rolegate/tls/ca.crt
- --cert=/etc/rolegate/tls/tls.crt
- --key=/etc/rolegate/tls/tls.key
{{- end }}
- --state-dir=/run/rolegate-state
- --stale-ip={{ .staleIp }}
- --imdsv1={{ .imdsv1 }}
- --hold={{ .hold.default }}
- --hold-go={{ .hold.go }}
{{- with .hold.patient }}
- --hold-patient={{ . }}
{{- end }}
{{- end }}
{{- if include "rolegate-agent.containerCredentials" . }}
- --container-credentials
{{- with .containerCredentials.audience }}
- {{ printf "--container-credentials-audience=%s" . | quote }}
{{- end }}
{{- end }}
- --cni-socket=/run/rolegate-cni/cni.sock
- --status-socket=/run/rolegate/agent.sock
- --port={{ .port }}
{{- include "rolegate-agent.limitArgs" . }}
{{- with .metadata.groups }}
- --metadata-groups={{ join "," . }}
{{- end }}
{{- range .metadata.allowPaths }}
- {{ printf "--allow-path=%s" . | quote }}
{{- end }}
{{- with .metadata.hosts }}
- --metadata-host={{ join "," . }}
{{- end }}
- {{ printf "--prometheus-listen-addr=%s:%v" (ternary "[::]" "0.0.0.0" .ipv6) .metrics.port | quote }}
{{- with include "rolegate-agent.probes" . | fromYaml }}
- {{ printf "--probe-bind=%s:%v" (contains ":" .host | ternary (printf "[%s]" .host) .host) .port | quote }}
{{- end }}
- --log-level={{ .log.level }}
- --log-format={{ .log.format }}
{{- include "rolegate-agent.extraArgs" .extraArgs }}
{{- end }}
{{- end -}}
