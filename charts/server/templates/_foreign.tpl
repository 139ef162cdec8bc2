{{/* Values of kiam's and kube2iam's charts that this chart does not have, and flags that it sets from values. */}}

{{/*
(list value path): "true" if the value has an effect. Empty values and switches that are off have none, at every level,
unless they are on by default in the other chart.
*/}}
{{- define "rolegate-server.asks" -}}
{{- $value := index . 0 -}}
{{- $path := index . 1 -}}
{{- $on := list "server.enabled" "server.log.jsonOutput" "serviceAccounts.server.create" -}}
{{- if kindIs "map" $value -}}
{{- range $key, $part := $value -}}{{- include "rolegate-server.asks" (list $part (printf "%s.%s" $path $key)) -}}{{- end -}}
{{- else if or $value (and (kindIs "bool" $value) (has $path $on)) -}}
true
{{- end -}}
{{- end -}}

{{- define "rolegate-server.hints" -}}
server:
  '': this chart is the server; its values are at the top level
  affinity: it is affinity, at the top level
  assumeRoleArn: it is assumeRoleArn, at the top level
  cache: the server needs no resync; remove it
  deployment: the server is always a Deployment; use replicas
  enabled: this chart is the server; remove the value, or do not install this chart
  extraArgs: it is extraArgs, at the top level
  extraEnv: it is extraEnv, at the top level
  extraHostPathMounts: use extraVolumes and extraVolumeMounts
  gatewayTimeoutCreation: agents keep retrying; remove it
  image: it is the image of another program; use image, at the top level
  initContainers: the server needs none; for certificates, use tls
  keepaliveParams: keepalive is fixed at 10 s with a 3 s timeout; remove it
  livenessProbe: it is livenessProbe, at the top level
  log: it is log.level and log.format (json or text)
  name: use nameOverride
  nodeSelector: it is nodeSelector, at the top level
  podAnnotations: it is podAnnotations, at the top level
  podLabels: it is podLabels, at the top level
  priorityClassName: it is priorityClassName, at the top level
  probes: the kubelet probes port 9622; remove it
  prometheus: use podMonitor.enabled; metrics are on port 9620, path /metrics
  readinessProbe: it is readinessProbe, at the top level
  resources: it is resources, at the top level
  roleBaseArn: it is roles.baseArn
  seLinuxOptions: the server mounts nothing from the node; remove it
  service: the Service is headless, with fixed ports 9610 and 9611
  serviceAnnotations: it is service.annotations
  serviceLabels: use commonLabels
  sessionDuration: it is sessions.duration
  sslCertHostPath: Node.js has its own CA certificates; to add one, use extraVolumes and NODE_EXTRA_CA_CERTS in extraEnv
  tlsCerts: the keys of the Secret are tls.crt, tls.key and ca.crt
  tlsFiles: put them into a Secret and use tls.mode=existingSecret, or remove it to use the built-in CA
  tlsSecret: use tls.mode=existingSecret and tls.existingSecret.name, or remove it to use the built-in CA
  tolerations: it is tolerations, at the top level
  updateStrategy: it is strategy
  useHostNetwork: use credentials.source=node to use the role of the node; otherwise remove it
agent:
  '': it is a value of the agent chart
serviceAccounts:
  '': it is serviceAccount, in each chart
  agent: it is serviceAccount in the agent chart; agent.serviceAccounts here lists the ServiceAccounts of agents
  server: it is serviceAccount (create, name, annotations)
psp:
  '': Kubernetes has removed PodSecurityPolicy; the Pods meet Pod Security's restricted level
podSecurityPolicy:
  '': Kubernetes has removed PodSecurityPolicy; the Pods meet Pod Security's restricted level
host:
  '': it is a value of the agent chart
prometheus:
  '': use podMonitor.enabled; metrics are on port 9620, path /metrics
aws:
  '': it is not a value of this chart
  access_key: keys cannot be values; put them into a Secret and use credentials.source=secret and credentials.secret.name
  secret_key: keys cannot be values; put them into a Secret and use credentials.source=secret and credentials.secret.name
existingSecret: use credentials.source=secret and credentials.secret.name; its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
probe: use startupProbe, livenessProbe and readinessProbe
lifecycle: the server drains before it stops, and the agent owns the node's rules; remove it
maxUnavailable: it is podDisruptionBudget.maxUnavailable; for rollouts, use strategy
updateStrategy: it is strategy
rbac:
  serviceAccountName: it is serviceAccount.name
{{- end -}}

{{- define "rolegate-server.foreignFaults" -}}
{{- $own := dict
  "agent" (list "identity" "serviceAccounts" "daemonSets" "trustDomain" "tokens")
  "aws" (list "region")
  "rbac" (list "create")
-}}
{{- range $top, $hint := include "rolegate-server.hints" . | fromYaml }}
{{- $given := index $.Values $top }}
{{- if and (kindIs "map" $hint) (kindIs "map" $given) }}
{{- range $key, $value := omit $given "" }}
{{- if and (not (has $key (index $own $top | default list))) (include "rolegate-server.asks" (list $value (printf "%s.%s" $top $key))) }}
- {{ $top }}.{{ $key }}: {{ index $hint $key | default (index $hint "") | default "it is not a value of this chart" }}
{{- end }}
{{- end }}
{{- else if include "rolegate-server.asks" (list $given $top) }}
- {{ $top }}: {{ ternary $hint (dig "" "it is not a value of this chart" (ternary $hint dict (kindIs "map" $hint))) (kindIs "string" $hint) }}
{{- end }}
{{- end }}
{{- range $probe := list "livenessProbe" "readinessProbe" }}
{{- if eq (toString (index $.Values $probe).enabled) "false" }}
- {{ $probe }}.enabled: a probe cannot be disabled
{{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.flagHints" -}}
agent-daemonset: set agent.daemonSets
agent-identity: set agent.identity
agent-service-account: set agent.serviceAccounts
allow-short-sessions: set sessions.allowShort
assume-role-arn: set assumeRoleArn
attest-bind: the port is fixed; set ipv6
authority-age: set authority.age
authority-secret: set authority.secretName
base-role-arn: set roles.baseArn
bind: the port is fixed; set ipv6
ca: set tls.mode
cert: set tls.mode
cluster-name: set clusterName
container-credentials-audience: set containerCredentials.audience
default-role: set roles.default
drain-timeout: set drainTimeoutSeconds
key: set tls.mode
level: set log.level
log-format: set log.format
log-level: set log.level
namespace: the chart uses the release Namespace
namespace-policy: set roles.namespacePolicy
probe-bind: the probes use it; set ipv6
prometheus-listen-addr: the port is fixed; set ipv6
region: set region
role-base-arn: set roles.baseArn
role-ceiling: set roles.ceiling
server-name: set tls.serverNames
service-account-issuer: set containerCredentials.issuers
session-duration: set sessions.duration
session-name-template: set sessions.nameTemplate
session-scope: set sessions.scope
session-tag: set sessions.tags
source-identity-template: set sessions.sourceIdentityTemplate
startup-taint: set startupTaint.keys
status-socket: the commands use the default path
sts-burst: set sts.burst
sts-dualstack: set sts.dualStack
sts-endpoint: set sts.endpoint
sts-fips: set sts.fips
sts-rate: set sts.rate
token-secret-file: set tls.tokenSecret
trust-domain: set agent.trustDomain
app-port: it is port in the agent chart
container-credentials: it is a flag of the agent; set containerCredentials.enabled in both charts
host-interface: it is hostInterface in the agent chart
host-ip: it is a flag of the agent
iptables: it is a flag of the agent
metadata-addr: it is a flag of the agent
metrics-port: the port is fixed at 9620
node: it is a flag of the agent
{{- end -}}

{{/* kube2iam's chart has no other place for --base-role-arn and --default-role, so they are accepted. */}}
{{- define "rolegate-server.extraArgsFaults" -}}
{{- $hints := include "rolegate-server.flagHints" . | fromYaml -}}
{{- $may := list (ternary "base-role-arn" "" (empty .Values.roles.baseArn)) (ternary "default-role" "" (empty .Values.roles.default)) -}}
{{- range $name := keys (.Values.extraArgs | default dict) | sortAlpha }}
{{- $off := eq (toString (index $.Values.extraArgs $name)) "false" }}
{{- if hasPrefix "-" $name }}
- extraArgs.{{ $name }}: write the flag without its dashes
{{- else if and (hasKey $hints $name) (not (has $name $may)) (not $off) }}
- extraArgs.{{ $name }}: {{ index $hints $name }}
{{- end }}
{{- end }}
{{- end -}}
