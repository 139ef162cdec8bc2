{{/* A Pod of helm test. Takes {root, values, name, role, expect}. With the selector labels, the DaemonSet would adopt it. */}}
{{- define "rolegate-agent.testPod" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ printf "%s-test-%s" (include "rolegate-agent.fullname" .root) .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    app.kubernetes.io/name: {{ include "rolegate-agent.name" .root | trunc 58 }}-test
    app.kubernetes.io/instance: {{ .root.Release.Name }}
    app.kubernetes.io/component: test
    {{- include "rolegate-agent.commonLabels" .root | nindent 4 }}
    {{- include "rolegate-agent.notInjected" . | nindent 4 }}
  annotations:
    helm.sh/hook: test
    # Keep the Pod after success: helm test --logs reads its log.
    helm.sh/hook-delete-policy: before-hook-creation
    {{- with .role }}
    iam.amazonaws.com/role: {{ . | quote }}
    {{- end }}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 1
  {{- with include "rolegate-agent.imagePullSecrets" .values }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "rolegate-agent.placement" .values }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: verify
      image: {{ include "rolegate-agent.image" .root }}
      imagePullPolicy: {{ .values.image.pullPolicy }}
      args:
        - verify
        - {{ printf "--endpoint=%s" .values.tests.endpoint | quote }}
        - --expect={{ .expect }}
        {{- if ne .expect "none" }}
        - {{ printf "--role=%s" .role | quote }}
        {{- end }}
      resources:
        requests: { cpu: 50m, memory: 64Mi }
        limits: { memory: 128Mi }
      securityContext:
        {{- include "rolegate-agent.securityContext" "65532" | nindent 8 }}
{{- end -}}
