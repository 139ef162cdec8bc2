{{/* The containers of a working agent. Takes {root, values}. */}}
{{- define "rolegate-agent.containers" -}}
{{- $image := include "rolegate-agent.image" .root -}}
{{- $roles := eq .values.mode "roles" -}}
{{- $capabilities := list "NET_ADMIN" "NET_RAW" -}}
{{- with .values -}}
initContainers:
  # Installs and tests the rules before the agent answers Pods.
  - name: intercept
    image: {{ $image }}
    imagePullPolicy: {{ .image.pullPolicy }}
    args:
      - intercept
      - --self-test={{ .selfTest }}
      {{- include "rolegate-agent.interceptionArgs" . | nindent 6 }}
    env:
      {{- include "rolegate-agent.env" . | nindent 6 }}
    resources:
      {{- toYaml .resources.intercept | nindent 6 }}
    securityContext:
      # SYS_ADMIN is for the network namespace of the self-test.
      {{- $forTest := eq .selfTest "auto" | ternary (append $capabilities "SYS_ADMIN") $capabilities }}
      {{- include "rolegate-agent.rootSecurityContext" (dict "capabilities" $forTest "seLinuxOptions" .seLinuxOptions) | nindent 6 }}
    volumeMounts:
      - name: xtables-lock
        mountPath: /run/xtables.lock
  # Repairs the rules and reports the owners of IPs to the agent.
  - name: reconcile
    image: {{ $image }}
    imagePullPolicy: {{ .image.pullPolicy }}
    restartPolicy: Always
    args:
      - reconcile
      - --cni-socket=/run/rolegate-cni/cni.sock
      - --cni-cache-dir={{ join "," .cni.cacheDirs }}
      - --listeners-dir=/run/rolegate-listeners
      {{- include "rolegate-agent.interceptionArgs" . | nindent 6 }}
    env:
      {{- include "rolegate-agent.env" . | nindent 6 }}
    resources:
      {{- toYaml .resources.reconcile | nindent 6 }}
    securityContext:
      {{- include "rolegate-agent.rootSecurityContext" (dict "capabilities" $capabilities "seLinuxOptions" .seLinuxOptions) | nindent 6 }}
    volumeMounts:
      - name: xtables-lock
        mountPath: /run/xtables.lock
      - name: cni-socket
        mountPath: /run/rolegate-cni
      - name: listeners
        mountPath: /run/rolegate-listeners
      {{- range $index, $path := .cni.hostPaths }}
      - name: cni-{{ $index }}
        mountPath: {{ $path }}
        readOnly: true
      {{- end }}
containers:
  - name: agent
    image: {{ $image }}
    imagePullPolicy: {{ .image.pullPolicy }}
    args:
      - agent
      {{- include "rolegate-agent.agentArgs" $ | nindent 6 }}
    env:
      {{- include "rolegate-agent.env" . | nindent 6 }}
    # Makes the Pod ready once. It uses the socket, because two agents share the ports during an upgrade. It never gives up: a
    # restart does not help if a server is missing for days. Each try starts a Node.js process.
    startupProbe:
      exec:
        command: [rolegate-agent, status, --ready, --status-socket=/run/rolegate/agent.sock]
      periodSeconds: 2
      timeoutSeconds: 10
      failureThreshold: 2147483647
    livenessProbe:
      httpGet:
        {{- include "rolegate-agent.probes" . | nindent 8 }}
        path: /livez
      timeoutSeconds: 5
    resources:
      {{- toYaml .resources.agent | nindent 6 }}
    securityContext:
      {{- include "rolegate-agent.securityContext" (include "rolegate-agent.uid" .) | nindent 6 }}
    volumeMounts:
      - name: cni-socket
        mountPath: /run/rolegate-cni
        readOnly: true
      - name: status
        mountPath: /run/rolegate
      {{- if $roles }}
      - name: state
        mountPath: /run/rolegate-state
      - name: token
        mountPath: /var/run/secrets/rolegate
        readOnly: true
      {{- if eq .tls.mode "authority" }}
      - name: authority
        mountPath: /etc/rolegate/authority
        readOnly: true
      {{- else }}
      - name: tls
        mountPath: /etc/rolegate/tls
        readOnly: true
      {{- end }}
      {{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-agent.lockVolume" -}}
# Lock shared by all programs on the node that write iptables rules.
- name: xtables-lock
  hostPath:
    path: /run/xtables.lock
    type: FileOrCreate
{{- end -}}

{{/* Their volumes. Takes {root, values}. */}}
{{- define "rolegate-agent.volumes" -}}
{{- with .values -}}
volumes:
  {{- include "rolegate-agent.lockVolume" . | nindent 2 }}
  - name: cni-socket
    emptyDir:
      medium: Memory
      sizeLimit: 1Mi
  # Each agent's reconcile records its agent's listeners here. Only root can write.
  - name: listeners
    hostPath:
      path: /run/rolegate-listeners
      type: DirectoryOrCreate
  - name: status
    emptyDir:
      medium: Memory
      sizeLimit: 1Mi
  {{- range $index, $path := .cni.hostPaths }}
  - name: cni-{{ $index }}
    hostPath:
      path: {{ $path }}
      type: DirectoryOrCreate
  {{- end }}
  {{- if eq .mode "roles" }}
  # Keys and credentials, only in memory.
  - name: state
    emptyDir:
      medium: Memory
      sizeLimit: {{ .state.sizeLimit }}
  # Proves which node the agent is on.
  - name: token
    projected:
      defaultMode: 288
      sources:
        - serviceAccountToken:
            audience: rolegate-server
            expirationSeconds: 3600
            path: token
  {{- if eq .tls.mode "authority" }}
  # A server creates it. The agent waits for it.
  - name: authority
    configMap:
      name: {{ .authority.configMapName }}
      optional: true
  {{- else }}
  # The rules do not need it. The agent waits for it.
  - name: tls
    secret:
      secretName: {{ include "rolegate-agent.tlsSecretName" $.root }}
      defaultMode: 288
      optional: true
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The step before helm uninstall. The Pod is ready once the rules are removed, then idles. Takes {root, values}. */}}
{{- define "rolegate-agent.uninstallContainers" -}}
{{- $image := include "rolegate-agent.image" .root -}}
{{- with .values -}}
initContainers:
  - name: uninstall
    image: {{ $image }}
    imagePullPolicy: {{ .image.pullPolicy }}
    args: [uninstall, --log-level={{ .log.level }}, --log-format={{ .log.format }}]
    resources:
      {{- toYaml .resources.intercept | nindent 6 }}
    securityContext:
      {{- include "rolegate-agent.rootSecurityContext" (dict "capabilities" (list "NET_ADMIN" "NET_RAW") "seLinuxOptions" .seLinuxOptions) | nindent 6 }}
    volumeMounts:
      - name: xtables-lock
        mountPath: /run/xtables.lock
containers:
  # A DaemonSet Pod must keep running.
  - name: wait
    image: {{ $image }}
    imagePullPolicy: {{ .image.pullPolicy }}
    command: [node, -e, 'process.once("SIGTERM", () => process.exit()); setInterval(() => {}, 2147483647)']
    resources:
      requests: { cpu: 5m, memory: 48Mi }
      limits: { memory: 96Mi }
    securityContext:
      {{- include "rolegate-agent.securityContext" "65532" | nindent 6 }}
volumes:
  {{- include "rolegate-agent.lockVolume" . | nindent 2 }}
{{- end }}
{{- end -}}
