{{/* All errors in the values, one per line. */}}
{{- define "rolegate-server.faults" -}}
{{- include "rolegate-server.foreignFaults" . }}
{{- include "rolegate-server.neededFaults" . }}
{{- include "rolegate-server.credentialsFaults" . }}
{{- include "rolegate-server.stsFaults" . }}
{{- include "rolegate-server.sessionFaults" . }}
{{- include "rolegate-server.tlsFaults" . }}
{{- include "rolegate-server.containerCredentialsFaults" . }}
{{- include "rolegate-server.objectFaults" . }}
{{- include "rolegate-server.extraArgsFaults" . }}
{{- end -}}

{{- define "rolegate-server.neededFaults" -}}
{{- if not .Values.clusterName }}
- clusterName: required; the name of this cluster, for session names
{{- end }}
{{- if not .Values.credentials.source }}
- credentials.source: required; the source of the server's own AWS credentials: webIdentity (IRSA or another OIDC provider of the cluster), podIdentity (EKS Pod Identity), secret, or node (the instance role of selected nodes)
{{- end }}
{{- end -}}

{{- define "rolegate-server.credentialsFaults" -}}
{{- $source := .Values.credentials.source -}}
{{- $identity := .Values.credentials.webIdentity -}}
{{- $account := .Values.serviceAccount -}}
{{- if eq $source "webIdentity" }}
{{- if $identity.projected }}
{{- if not $identity.roleArn }}
- credentials.webIdentity.roleArn: required with credentials.source=webIdentity; the role that the server assumes with its ServiceAccount token
{{- end }}
{{- else if not $account.create }}
{{- if $identity.roleArn }}
- credentials.webIdentity.roleArn: the chart cannot annotate a ServiceAccount that it does not create (serviceAccount.create=false); annotate it with eks.amazonaws.com/role-arn and remove this value, or set credentials.webIdentity.projected=true
{{- end }}
{{- else if not (or $identity.roleArn (hasKey ($account.annotations | default dict) "eks.amazonaws.com/role-arn")) }}
- credentials.webIdentity.roleArn: required with credentials.source=webIdentity; the role that the server assumes with its ServiceAccount token
{{- end }}
{{- end }}
{{- if and (eq $source "secret") (not .Values.credentials.secret.name) }}
- credentials.secret.name: required with credentials.source=secret; a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
{{- end }}
{{- if and (eq $source "node") (not .Values.credentials.node.nodeSelector) }}
- credentials.node.nodeSelector: required with credentials.source=node; labels of the nodes whose instance role can assume the Pods' roles, such as node-role.kubernetes.io/control-plane
{{- end }}
{{- end -}}

{{- define "rolegate-server.stsFaults" -}}
{{- $region := include "rolegate-server.region" . -}}
{{- $source := .Values.credentials.source -}}
{{- $webhook := or (eq $source "podIdentity") (and (eq $source "webIdentity") (not .Values.credentials.webIdentity.projected)) -}}
{{- $elsewhere := or .Values.extraEnv .Values.extraEnvFrom -}}
{{- if and $source (not (or $region .Values.sts.endpoint $webhook $elsewhere)) }}
- region: required with credentials.source={{ $source }}; the region of the STS endpoint
{{- end }}
{{- if and .Values.region $region (dig "region" "" (.Values.aws | default dict)) }}
{{- if ne .Values.region .Values.aws.region }}
- aws.region: differs from region; remove one of them
{{- end }}
{{- end }}
{{- if and .Values.assumeRoleArn (not .Values.roles.baseArn) (not (hasPrefix "arn:" .Values.assumeRoleArn)) }}
- assumeRoleArn: a role name has no account; use the full ARN, or set roles.baseArn
{{- end }}
{{- if .Values.sts.endpoint }}
{{- range $key := list "fips" "dualStack" }}
{{- if index $.Values.sts $key }}
- sts.{{ $key }}: has no effect with sts.endpoint; remove one of them
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Seconds of a duration such as 1h30m. */}}
{{- define "rolegate-server.seconds" -}}
{{- $total := 0 -}}
{{- $units := dict "h" 3600 "m" 60 "s" 1 -}}
{{- range regexFindAll "[0-9]+(ms|h|m|s)" . -1 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- $total = add $total (mul (trimSuffix $unit . | atoi) (index $units $unit | default 0)) -}}
{{- end -}}
{{- $total -}}
{{- end -}}

{{- define "rolegate-server.sessionFaults" -}}
{{- $sessions := .Values.sessions -}}
{{- $seconds := include "rolegate-server.seconds" $sessions.duration | atoi -}}
{{- $asHour := and (eq $seconds 900) (not $sessions.allowShort) -}}
{{- if not $asHour }}
{{- if or (lt $seconds 900) (gt $seconds 43200) }}
- sessions.duration: {{ $sessions.duration }} is outside the range of STS; use 50m to 1h
{{- else if and (lt $seconds 3000) (not $sessions.allowShort) }}
- sessions.duration: {{ $sessions.duration }} is too short to guarantee 25 minutes of remaining lifetime; use 50m to 1h, or set sessions.allowShort=true
{{- else if gt $seconds 3600 }}
{{- if .Values.assumeRoleArn }}
- sessions.duration: {{ $sessions.duration }} is too long; with assumeRoleArn (role chaining), STS allows at most 1h
{{- else if ne .Values.credentials.source "secret" }}
- sessions.duration: {{ $sessions.duration }} is too long; STS allows at most 1h with temporary keys, that is, with every credentials.source except secret
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.tlsFaults" -}}
{{- $tls := .Values.tls -}}
{{- if and (eq $tls.mode "certManager") (not $tls.certManager.issuerRef.name) }}
- tls.certManager.issuerRef.name: required with tls.mode=certManager; the issuer of the server certificate, whose ca.crt the agents trust
{{- end }}
{{- if and (eq $tls.mode "existingSecret") (not $tls.existingSecret.name) }}
- tls.existingSecret.name: required with tls.mode=existingSecret; a Secret with tls.crt, tls.key and ca.crt
{{- end }}
{{- if and (eq $tls.mode "existingSecret") $tls.serverNames }}
- tls.serverNames: has no effect with tls.mode=existingSecret; remove it
{{- end }}
{{- if eq $tls.mode "authority" }}
{{- $seconds := include "rolegate-server.seconds" .Values.authority.age | atoi }}
{{- if or (lt $seconds 604800) (gt $seconds 630720000) }}
- authority.age: {{ .Values.authority.age }} is out of range; use 168h to 175200h
{{- end }}
{{- if $tls.tokenSecret.name }}
- tls.tokenSecret.name: has no effect with tls.mode=authority, which has its own token secret; remove it
{{- end }}
{{- if eq .Values.agent.identity "shared" }}
- agent.identity: shared is only for existing certificates; with tls.mode=authority, use attested
{{- end }}
{{- if not .Values.agent.tokens }}
- agent.tokens: must be true with tls.mode=authority, because agents prove their node with a ServiceAccount token
{{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.objectFaults" -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
- serviceAccount.name: required with serviceAccount.create=false; an existing ServiceAccount
{{- end }}
{{- if regexMatch "(^|/)(kiam|kube2iam)$" .Values.image.repository }}
- image.repository: {{ .Values.image.repository }} is the image of another program; remove it, or use a copy of ghcr.io/rolegate/rolegate-server
{{- end }}
{{- range $key := list "podLabels" "commonLabels" }}
{{- range $label := keys (index $.Values $key | default dict) | sortAlpha }}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (has $label (list "helm.sh/chart" "rolegate.dev/credentials")) }}
- {{ $key }}: the chart sets {{ $label }}; {{ ternary "remove it" "use nameOverride or another release name" (eq $label "rolegate.dev/credentials") }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.admissionPolicy.enabled (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) }}
- admissionPolicy.enabled: a ValidatingAdmissionPolicy requires Kubernetes 1.30; this cluster has {{ .Capabilities.KubeVersion.Version }}
{{- end }}
{{- end -}}
