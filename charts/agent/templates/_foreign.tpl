{{/*
Values of the charts of kiam (agent.*, server.*, psp …) and kube2iam (host.*, aws.*, prometheus.* …). The schema accepts them.
Values with the same meaning are mapped. Values whose absence would change something are rejected with a hint. Empty values and
switches that are off are ignored.
mapped: sets our value. fixed: only this value is accepted, because it is what the chart does. refused: has no equivalent.
*/}}
{{- define "rolegate-agent.foreign" -}}
mapped:
  host.interface: hostInterface
  host.port: port
  prometheus.metricsPort: metrics.port
  image.pullSecrets: imagePullSecrets
  agent.host.interface: hostInterface
  agent.host.port: port
  agent.log.level: log.level
  agent.extraArgs: extraArgs
  agent.extraEnv: extraEnv
  agent.podAnnotations: podAnnotations
  agent.podLabels: podLabels
  agent.priorityClassName: priorityClassName
  agent.nodeSelector: nodeSelector
  agent.tolerations: tolerations
  agent.affinity: affinity
  agent.seLinuxOptions: seLinuxOptions
  serviceAccounts.agent.name: serviceAccount.name
  serviceAccounts.agent.annotations: serviceAccount.annotations
fixed:
  host.iptables: { is: 'true', hint: the rules are always installed; remove it }
  host.ip: { is: $(HOST_IP), hint: "the agent uses the node's own addresses; remove it" }
  agent.enabled: { is: 'true', hint: do not install this chart }
  agent.name: { is: agent, hint: use nameOverride or fullnameOverride }
  agent.dnsPolicy: { is: ClusterFirstWithHostNet, hint: it is always ClusterFirstWithHostNet }
  agent.host.iptables: { is: 'true', hint: the rules are always installed; remove it }
  agent.host.iptablesRemoveOnShutdown: { is: 'false', hint: rules outlive the agent; remove them with uninstall=true }
  agent.deepLivenessProbe: { is: 'false', hint: an agent keeps running without a server }
  serviceAccounts.agent.create: { is: 'true', hint: use serviceAccount.create }
refused:
  aws.access_key: only the server has AWS keys; use credentials.secret of charts/server
  aws.secret_key: only the server has AWS keys; use credentials.secret of charts/server
  aws.region: only the server calls AWS; use region of charts/server
  existingSecret: only the server has AWS keys; use credentials.secret of charts/server
  prometheus.service.enabled: there is no Service; use podMonitor.enabled
  prometheus.serviceMonitor.enabled: use podMonitor.enabled
  rbac.serviceAccountName: use serviceAccount.name
  podSecurityPolicy.enabled: Kubernetes has removed it; label the Namespace pod-security.kubernetes.io/enforce=privileged
  psp.create: Kubernetes has removed it; label the Namespace pod-security.kubernetes.io/enforce=privileged
  maxUnavailable: use updateStrategy.rollingUpdate
  lifecycle: rules outlive the agent, and hooks do not remove them; use uninstall=true
  probe: only probes.host and probes.port can be changed
  livenessProbe: only probes.host and probes.port can be changed
  readinessProbe: only probes.host and probes.port can be changed
  resources.limits: use resources.intercept, resources.reconcile and resources.agent
  resources.requests: use resources.intercept, resources.reconcile and resources.agent
  agent.image: it is the image of another program; use image
  agent.whiteListRouteRegexp: use metadata.groups, or metadata.allowPaths (matched whole)
  agent.allowRouteRegexp: use metadata.groups, or metadata.allowPaths (matched whole)
  agent.prometheus: metrics are always served on metrics.port; use podMonitor.enabled
  agent.serviceAnnotations: there is no Service
  agent.serviceLabels: there is no Service
  agent.updateStrategy: use updateStrategy
  agent.resources: use resources.agent
  agent.extraHostPathMounts: the agent needs no other mounts
  agent.initContainers: the agent does not wait for certificates; see tls.mode
  agent.gatewayTimeoutCreation: the agent starts without a server and keeps retrying
  agent.keepaliveParams.time: keepalive is fixed at 10 s with a 3 s timeout
  agent.keepaliveParams.timeout: keepalive is fixed at 10 s with a 3 s timeout
  agent.keepaliveParams.permitWithoutStream: keepalive is fixed at 10 s with a 3 s timeout
  agent.tlsFiles.ca: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsFiles.cert: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsFiles.key: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsSecret: use tls.mode=existingSecret and tls.existingSecret.name
  agent.tlsCerts: the keys of tls.existingSecret are tls.crt, tls.key and ca.crt
  agent.livenessProbe: only probes.host and probes.port can be changed
{{- end -}}

{{/* Flags that this chart sets from values, and flags of the server. */}}
{{- define "rolegate-agent.foreignArgs" -}}
server-address: use server.address
server-name: use server.name
server-address-refresh: the agent resolves names again when it loses a server; remove it
cert: use tls.mode
key: use tls.mode
ca: use tls.mode
token-file: use tls.mode
node-name: the chart takes it from the node; remove it
node: the chart takes it from the node; remove it
host-ip: the chart takes it from the node; remove it
host: the chart takes it from the node; remove it
cni-socket: the chart sets it; remove it
cni-cache-dir: use cni.cacheDirs
state-dir: the chart sets it; remove it
status-socket: the chart sets it; remove it
mode: use mode
port: use port
app-port: use port
imdsv1: use imdsv1
hold: use hold.default
hold-go: use hold.go
hold-patient: use hold.patient
connections-per-pod: use connections.perPod
connections: use connections.perNode
waiting-per-pod: use waiting.perPod
waiting: use waiting.perNode
container-credentials: use containerCredentials.enabled
container-credentials-audience: use containerCredentials.audience
stale-ip: use staleIp
metadata-groups: use metadata.groups
metadata-host: use metadata.hosts
allow-path: use metadata.allowPaths
allow-route-regexp: use metadata.groups, or metadata.allowPaths (matched whole)
whitelist-route-regexp: use metadata.groups, or metadata.allowPaths (matched whole)
prometheus-listen-addr: use metrics.port and ipv6
metrics-port: use metrics.port
probe-bind: use probes.host and probes.port
log-level: use log.level
level: use log.level
verbose: use log.level
log-format: use log.format
json-log: use log.format
iptables: the rules are always installed; remove it
iptables-remove: rules outlive the agent; remove them with uninstall=true
iptables-backend: use iptables.backend
host-interface: use hostInterface
exclude-interface: use excludeInterfaces
self-test: use selfTest
base-role-arn: use roles.baseArn of charts/server
role-base-arn: use roles.baseArn of charts/server
default-role: use roles.default of charts/server
session-duration: use sessions.duration of charts/server
iam-role-session-ttl: use sessions.duration of charts/server
api-server: the agent does not talk to the API server
api-token: the agent does not talk to the API server
kubeconfig: the agent does not talk to the API server
{{- end -}}

{{/* The value at a dotted path as {value: …}, or an empty map if there is none. Takes {values, path}. */}}
{{- define "rolegate-agent.at" -}}
{{- $at := dict "value" .values -}}
{{- range splitList "." .path -}}
{{- if and (kindIs "map" (get $at "value")) (hasKey (get $at "value") .) -}}
{{- $at = dict "value" (index (get $at "value") .) -}}
{{- else -}}
{{- $at = dict -}}
{{- end -}}
{{- end -}}
{{- toYaml $at -}}
{{- end -}}

{{/* .Values with mapped values applied. Every template reads its values from here. */}}
{{- define "rolegate-agent.values" -}}
{{- $values := deepCopy .Values -}}
{{- range $from, $to := (include "rolegate-agent.foreign" . | fromYaml).mapped -}}
{{- $given := (include "rolegate-agent.at" (dict "values" $.Values "path" $from) | fromYaml) -}}
{{- if $given.value -}}
{{- $keys := splitList "." $to -}}
{{- $holder := $values -}}
{{- range initial $keys -}}{{- $holder = index $holder . -}}{{- end -}}
{{- $_ := set $holder (last $keys) $given.value -}}
{{- end -}}
{{- end -}}
{{- if $values.verbose -}}{{- $_ := set $values.log "level" "debug" -}}{{- end -}}
{{- $json := (include "rolegate-agent.at" (dict "values" $.Values "path" "agent.log.jsonOutput") | fromYaml) -}}
{{- if hasKey $json "value" -}}{{- $_ := set $values.log "format" (ternary "json" "text" (eq true $json.value)) -}}{{- end -}}
{{- toYaml $values -}}
{{- end -}}
