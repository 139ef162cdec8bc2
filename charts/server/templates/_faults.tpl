{{/* What is wrong with the values, a line each. */}}
{{- define "rolegate-server.faults" -}}
{{- include "rolegate-server.foreignFaults" . }}
{{- include "rolegate-server.neededFaults" . }}
{{- include "rolegate-server.credentialsFaults" . }}
{{- include "rolegate-server.stsFaults" . }}
{{- include "rolegate-server.sessionFaults" . }}
{{- include "rolegate-server.tlsFaults" . }}
{{- include "rolegate-server.objectFaults" . }}
{{- include "rolegate-server.extraArgsFaults" . }}
{{- end -}}

{{- define "rolegate-server.neededFaults" -}}
{{- if not .Values.clusterName }}
- clusterName: it is needed: the name of this cluster, which sessions can be named by
{{- end }}
{{- if not .Values.credentials.source }}
- credentials.source: it is needed: where the server's own AWS credentials come from; webIdentity (IRSA, or any OIDC provider of the cluster), podIdentity (EKS Pod Identity), secret, or node (the role of chosen nodes)
{{- end }}
{{- end -}}

{{- define "rolegate-server.credentialsFaults" -}}
{{- $source := .Values.credentials.source -}}
{{- $identity := .Values.credentials.webIdentity -}}
{{- $account := .Values.serviceAccount -}}
{{- if eq $source "webIdentity" }}
{{- if $identity.projected }}
{{- if not $identity.roleArn }}
- credentials.webIdentity.roleArn: it is needed with credentials.source webIdentity: the role that the server assumes by its token
{{- end }}
{{- else if not $account.create }}
{{- if $identity.roleArn }}
- credentials.webIdentity.roleArn: the chart does not make the ServiceAccount (serviceAccount.create), so it cannot annotate it; annotate it with eks.amazonaws.com/role-arn and leave this out, or set credentials.webIdentity.projected
{{- end }}
{{- else if not (or $identity.roleArn (hasKey ($account.annotations | default dict) "eks.amazonaws.com/role-arn")) }}
- credentials.webIdentity.roleArn: it is needed with credentials.source webIdentity: the role that the server assumes by its token
{{- end }}
{{- end }}
{{- if and (eq $source "secret") (not .Values.credentials.secret.name) }}
- credentials.secret.name: it is needed with credentials.source secret: a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
{{- end }}
{{- if and (eq $source "node") (not .Values.credentials.node.nodeSelector) }}
- credentials.node.nodeSelector: it is needed with credentials.source node: labels of the nodes whose own role may assume the Pods' roles, such as node-role.kubernetes.io/control-plane
{{- end }}
{{- end -}}

{{- define "rolegate-server.stsFaults" -}}
{{- $region := include "rolegate-server.region" . -}}
{{- $source := .Values.credentials.source -}}
{{- $webhook := or (eq $source "podIdentity") (and (eq $source "webIdentity") (not .Values.credentials.webIdentity.projected)) -}}
{{- $elsewhere := or .Values.extraEnv .Values.extraEnvFrom -}}
{{- if and $source (not (or $region .Values.sts.endpoint $webhook $elsewhere)) }}
- region: it is needed with credentials.source {{ $source }}: STS is asked in its region
{{- end }}
{{- if and .Values.region $region (dig "region" "" (.Values.aws | default dict)) }}
{{- if ne .Values.region .Values.aws.region }}
- aws.region: region is given too, and another; leave one of them out
{{- end }}
{{- end }}
{{- if and .Values.assumeRoleArn (not .Values.roles.baseArn) (not (hasPrefix "arn:" .Values.assumeRoleArn)) }}
- assumeRoleArn: a name alone says no account; write the full ARN, or set roles.baseArn
{{- end }}
{{- if .Values.sts.endpoint }}
{{- range $key := list "fips" "dualStack" }}
{{- if index $.Values.sts $key }}
- sts.{{ $key }}: sts.endpoint is given too, and would not follow it; leave one of them out
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
- sessions.duration: {{ $sessions.duration }} is nothing that STS gives; use 50m to 1h
{{- else if and (lt $seconds 3000) (not $sessions.allowShort) }}
- sessions.duration: {{ $sessions.duration }} is too short for credentials that always have 25 minutes left; use 50m to 1h, or set sessions.allowShort
{{- else if gt $seconds 3600 }}
{{- if .Values.assumeRoleArn }}
- sessions.duration: {{ $sessions.duration }} is too long with assumeRoleArn: STS gives at most 1h to a role that was assumed by another
{{- else if ne .Values.credentials.source "secret" }}
- sessions.duration: {{ $sessions.duration }} is too long: STS gives at most 1h while the server's own key is temporary, as it is with every credentials.source but secret
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.tlsFaults" -}}
{{- $tls := .Values.tls -}}
{{- if and (eq $tls.mode "certManager") (not $tls.certManager.issuerRef.name) }}
- tls.certManager.issuerRef.name: it is needed with tls.mode certManager: the issuer of the server's certificate, whose ca.crt agents trust
{{- end }}
{{- if and (eq $tls.mode "existingSecret") (not $tls.existingSecret.name) }}
- tls.existingSecret.name: it is needed with tls.mode existingSecret: a Secret with tls.crt, tls.key and ca.crt
{{- end }}
{{- if and (eq $tls.mode "existingSecret") $tls.serverNames }}
- tls.serverNames: with tls.mode existingSecret the certificate has its names already; leave it out
{{- end }}
{{- if eq $tls.mode "authority" }}
{{- $seconds := include "rolegate-server.seconds" .Values.authority.age | atoi }}
{{- if or (lt $seconds 604800) (gt $seconds 630720000) }}
- authority.age: {{ .Values.authority.age }} is no life for an authority; use 168h to 175200h
{{- end }}
{{- if $tls.tokenSecret.name }}
- tls.tokenSecret.name: the server's own authority has such a secret; leave it out with tls.mode authority
{{- end }}
{{- if eq .Values.agent.identity "shared" }}
- agent.identity: shared is for certificates from before; with tls.mode authority each agent gets one of its own, so leave it at attested
{{- end }}
{{- if not .Values.agent.tokens }}
- agent.tokens: with tls.mode authority an agent proves its node by a token; leave it at true
{{- end }}
{{- end }}
{{- end -}}

{{- define "rolegate-server.objectFaults" -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
- serviceAccount.name: it is needed, since serviceAccount.create is false: a ServiceAccount that is there
{{- end }}
{{- if regexMatch "(^|/)(kiam|kube2iam)$" .Values.image.repository }}
- image.repository: {{ .Values.image.repository }} is not the image of this server; leave image out, or name a copy of ghcr.io/rolegate/rolegate-server
{{- end }}
{{- range $key := list "podLabels" "commonLabels" }}
{{- range $label := keys (index $.Values $key | default dict) | sortAlpha }}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (eq $label "helm.sh/chart") }}
- {{ $key }}: the chart sets {{ $label }} itself; use nameOverride or another name of the release
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.admissionPolicy.enabled (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) }}
- admissionPolicy.enabled: this cluster is Kubernetes {{ .Capabilities.KubeVersion.Version }}; a ValidatingAdmissionPolicy needs 1.30 or later
{{- end }}
{{- end -}}
