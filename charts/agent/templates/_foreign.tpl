{{/*
Values of the charts of kiam (agent.*, server.*, psp …) and kube2iam (host.*, aws.*, prometheus.* …). The schema lets them
in; here they are mapped where the meaning is the same, and refused with a hint where leaving them out would change
something. What is empty, or a switch that is off, asks for nothing.
mapped: our value takes theirs. fixed: only this word of theirs is what happens here. refused: nothing fits it.
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
  host.iptables: { is: 'true', hint: the rules are always laid; leave it out }
  host.ip: { is: $(HOST_IP), hint: "the node's own addresses are used; leave it out" }
  agent.enabled: { is: 'true', hint: leave this chart out }
  agent.name: { is: agent, hint: use nameOverride or fullnameOverride }
  agent.dnsPolicy: { is: ClusterFirstWithHostNet, hint: it is always ClusterFirstWithHostNet }
  agent.host.iptables: { is: 'true', hint: the rules are always laid; leave it out }
  agent.host.iptablesRemoveOnShutdown: { is: 'false', hint: rules outlive the agent; uninstall=true removes them }
  agent.deepLivenessProbe: { is: 'false', hint: an agent does not die because a server is away }
  serviceAccounts.agent.create: { is: 'true', hint: use serviceAccount.create }
refused:
  aws.access_key: only the server has AWS keys; give them to charts/server by credentials.secret
  aws.secret_key: only the server has AWS keys; give them to charts/server by credentials.secret
  aws.region: only the server asks AWS; use region of charts/server
  existingSecret: only the server has AWS keys; give them to charts/server by credentials.secret
  prometheus.service.enabled: there is no Service; use podMonitor.enabled
  prometheus.serviceMonitor.enabled: use podMonitor.enabled
  rbac.serviceAccountName: use serviceAccount.name
  podSecurityPolicy.enabled: Kubernetes has none any more; the Namespace needs pod-security.kubernetes.io/enforce=privileged
  psp.create: Kubernetes has none any more; the Namespace needs pod-security.kubernetes.io/enforce=privileged
  maxUnavailable: use updateStrategy.rollingUpdate
  lifecycle: rules outlive the agent, and no hook removes any; uninstall=true does
  probe: probes are fixed but for probes.host and probes.port
  livenessProbe: probes are fixed but for probes.host and probes.port
  readinessProbe: probes are fixed but for probes.host and probes.port
  resources.limits: use resources.intercept, resources.reconcile and resources.agent
  resources.requests: use resources.intercept, resources.reconcile and resources.agent
  agent.image: it names another program; use image
  agent.whiteListRouteRegexp: use metadata.groups, or metadata.allowPaths (matched whole)
  agent.allowRouteRegexp: use metadata.groups, or metadata.allowPaths (matched whole)
  agent.prometheus: /metrics is always there, at metrics.port; use podMonitor.enabled
  agent.serviceAnnotations: there is no Service
  agent.serviceLabels: there is no Service
  agent.updateStrategy: use updateStrategy
  agent.resources: use resources.agent
  agent.extraHostPathMounts: there is nothing to mount
  agent.initContainers: there is nothing to wait for
  agent.gatewayTimeoutCreation: the agent starts without a server, and goes on trying
  agent.keepaliveParams.time: keepalive is fixed at 10 s and 3 s
  agent.keepaliveParams.timeout: keepalive is fixed at 10 s and 3 s
  agent.keepaliveParams.permitWithoutStream: keepalive is fixed at 10 s and 3 s
  agent.tlsFiles.ca: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsFiles.cert: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsFiles.key: put the files into a Secret; use tls.mode=existingSecret
  agent.tlsSecret: use tls.mode=existingSecret and tls.existingSecret.name
  agent.tlsCerts: the keys of tls.existingSecret are tls.crt, tls.key and ca.crt
  agent.livenessProbe: probes are fixed but for probes.host and probes.port
{{- end -}}

{{/* Flags that have a value of this chart, or that only the server has. */}}
{{- define "rolegate-agent.foreignArgs" -}}
server-address: use server.address
server-name: use server.name
server-address-refresh: names are looked up again when a server is lost; leave it out
cert: use tls.mode
key: use tls.mode
ca: use tls.mode
token-file: use tls.mode
node-name: it comes from the node; leave it out
node: it comes from the node; leave it out
host-ip: it comes from the node; leave it out
host: it comes from the node; leave it out
cni-socket: it is fixed; leave it out
cni-cache-dir: use cni.cacheDirs
state-dir: it is fixed; leave it out
status-socket: it is fixed; leave it out
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
iptables: the rules are always laid; leave it out
iptables-remove: rules outlive the agent; uninstall=true removes them
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

{{/* What stands at a dotted path, as {value: …}; without it where nothing is given. Takes {values, path}. */}}
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

{{/* .Values with what is mapped in its place; every template reads its values from here. */}}
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
