{{/* Fails with all errors and hints at once. The schema checks each value by itself; this checks how values fit together. */}}
{{- define "rolegate-agent.validate" -}}
{{- $values := include "rolegate-agent.values" . | fromYaml -}}
{{- $faults := list -}}
{{- $foreign := include "rolegate-agent.foreign" . | fromYaml -}}
{{- range $path, $rule := $foreign.fixed -}}
{{- $given := (include "rolegate-agent.at" (dict "values" $.Values "path" $path) | fromYaml) -}}
{{- if and (hasKey $given "value") (not (kindIs "invalid" $given.value)) (ne (toString $given.value) "") (ne (toString $given.value) $rule.is) -}}
{{- $faults = append $faults (printf "%s: %v is not supported: %s" $path $given.value $rule.hint) -}}
{{- end -}}
{{- end -}}
{{- range $path, $hint := $foreign.refused -}}
{{- $given := (include "rolegate-agent.at" (dict "values" $.Values "path" $path) | fromYaml) -}}
{{- if $given.value -}}{{- $faults = append $faults (printf "%s is not supported: %s" $path $hint) -}}{{- end -}}
{{- end -}}
{{- $server := omit .Values.server "address" "attestAddress" "name" -}}
{{- if $server -}}
{{- $faults = append $faults (printf "server.%s is not supported: the server has its own chart, charts/server" (keys $server | sortAlpha | first)) -}}
{{- end -}}
{{- if and .Values.server.attestAddress (ne $values.tls.mode "authority") -}}
{{- $faults = append $faults (printf "server.attestAddress: agents already have certificates with tls.mode=%s; remove it" $values.tls.mode) -}}
{{- end -}}
{{- if regexMatch "(^|/)(kiam|kube2iam)$" .Values.image.repository -}}
{{- $faults = append $faults "image.repository is the image of another program; remove it, or use a copy of rolegate-agent" -}}
{{- end -}}
{{- if kindIs "string" .Values.updateStrategy -}}
{{- $faults = append $faults "updateStrategy must be a map; remove it to use rolling updates, or set {type: OnDelete}" -}}
{{- end -}}
{{- $args := include "rolegate-agent.foreignArgs" . | fromYaml -}}
{{- range $where, $given := dict "extraArgs" $values.extraArgs "interception.extraArgs" $values.interception.extraArgs -}}
{{- range $flag, $_ := $given -}}
{{- if hasKey $args $flag -}}{{- $faults = append $faults (printf "%s.%s is not supported: %s" $where $flag (get $args $flag)) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $interfaces := include "rolegate-agent.joined" $values.hostInterface | splitList "," -}}
{{- if and (has "auto" $interfaces) (gt (len $interfaces) 1) -}}
{{- $faults = append $faults "hostInterface: auto cannot be combined with interface names; remove one of them" -}}
{{- end -}}
{{- if and (has "none" $values.metadata.groups) (gt (len $values.metadata.groups) 1) -}}
{{- $faults = append $faults "metadata.groups: none cannot be combined with groups; remove one of them" -}}
{{- end -}}
{{- if eq (toString $values.port) (toString $values.metrics.port) -}}
{{- $faults = append $faults (printf "metrics.port: %v is the port that serves Pods; use another port" $values.metrics.port) -}}
{{- end -}}
{{- with include "rolegate-agent.audienceFault" $values -}}{{- $faults = append $faults . -}}{{- end -}}
{{- if and (include "rolegate-agent.containerCredentials" $values) (eq (toString $values.metrics.port) "8182") -}}
{{- $faults = append $faults "metrics.port: 8182 is the port of container credentials; use another port" -}}
{{- end -}}
{{- $probes := include "rolegate-agent.probes" $values | fromYaml -}}
{{- range $path, $taken := dict "port" $values.port "metrics.port" $values.metrics.port -}}
{{- if eq (toString $taken) (toString $probes.port) -}}
{{- $faults = append $faults (printf "probes.port: %v is also %s; use another port" $probes.port $path) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.mode "roles") (not $values.uninstall) -}}
{{- if and (eq $values.tls.mode "existingSecret") (not $values.tls.existingSecret.name) -}}
{{- $faults = append $faults "tls.existingSecret.name is required with tls.mode=existingSecret: a Secret with tls.crt, tls.key and ca.crt" -}}
{{- end -}}
{{- if and (eq $values.tls.mode "certManager") (not $values.tls.certManager.issuerRef.name) -}}
{{- $faults = append $faults "tls.certManager.issuerRef.name is required with tls.mode=certManager: the issuer that also signs the server's certificate" -}}
{{- end -}}
{{- end -}}
{{- range $dir := $values.cni.cacheDirs -}}
{{- $below := false -}}
{{- range $path := $values.cni.hostPaths -}}
{{- if hasPrefix (printf "%s/" (trimSuffix "/" $path)) (printf "%s/" (trimSuffix "/" $dir)) -}}{{- $below = true -}}{{- end -}}
{{- end -}}
{{- if not $below -}}
{{- $faults = append $faults (printf "cni.cacheDirs: %s is not inside any of cni.hostPaths; add the node directory that contains it" $dir) -}}
{{- end -}}
{{- end -}}
{{- if and (not $values.serviceAccount.create) (not $values.serviceAccount.name) -}}
{{- $faults = append $faults "serviceAccount.name is required with serviceAccount.create=false" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n\nThe values are invalid:\n- %s\n" (join "\n- " $faults)) -}}
{{- end -}}
{{- end -}}
