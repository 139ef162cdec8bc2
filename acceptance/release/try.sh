#!/usr/bin/env bash
# acceptance/release/try.sh [FILE]   builds a release of the last commit twice and compares the digests, pushes and signs it in a network
# namespace without uplink, verifies it as docs/releases.md says, and starts the arm64 programs under emulation. Writes what it saw to
# FILE (docs/figures/release.md). Needs root, Debian 12, buildah, binutils, Helm (HELM or PATH) and cosign 2 (PATH). Takes 5 minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
report=${1:-docs/figures/release.md}
work=$(mktemp -d) netns=rolegate-release registry=127.0.0.1:25006/rolegate pids=
export COSIGN_PASSWORD=''

finish() {
	for pid in $pids; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
	[ -z "${container:-}" ] || buildah rm "$container" >/dev/null
	ip netns del "$netns" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
# enclosed CMD...: runs it in the namespace. cosign calls public services by default.
enclosed() { nsenter --net="/run/netns/$netns" -- "$@"; }
# started CMD...: runs it in the namespace until the end.
started() {
	nsenter --net="/run/netns/$netns" -- "$@" >"$work/started.log" 2>&1 &
	pids="$pids $!"
}
# quietly CMD...: shows the output only if the command fails.
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; return 1; }; }
fails() { if "$@" >"$work/log" 2>&1; then echo "succeeded: $*" >&2; return 1; fi; }
saw() { echo "- $*" | tee -a "$work/report"; }

for package in docker-registry qemu-user-static; do
	(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root $package && dpkg-deb -x ${package}_*.deb "$work/tools")
done

for build in 1 2; do
	git clone -q . "$work/$build"
	# The umask must not change the images.
	(cd "$work/$build" && umask "0${build}7" && quietly npm run --silent release -- --registry "$registry")
done
cmp "$work/1/dist/release/SHA256SUMS" "$work/2/dist/release/SHA256SUMS"
cd "$work/2"
saw "Two builds in two clones, with umask 017 and 027: the same \`SHA256SUMS\`, with the digests of images and charts."

ip netns add "$netns"
ip -n "$netns" link set lo up
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s"}\n' "$work/registry" "${registry%/*}" >"$work/registry.yml"
started "$work/tools/usr/bin/docker-registry" serve "$work/registry.yml"
(cd "$work" && quietly cosign generate-key-pair)
quietly enclosed npm run --silent release -- --registry "$registry" --no-build --push --sign "$work/cosign.key"
saw "\`--no-build --push --sign\` in a namespace without uplink: $(wc -l <dist/release/digests.txt) images and charts pushed and signed."

verify() { enclosed cosign verify --key "$work/cosign.pub" --insecure-ignore-tlog=true "$1"; }
platform_digests() { grep -oE '"(amd64|arm64)": "sha256:[0-9a-f]+' dist/release/release.json | grep -oE 'sha256:.*'; }
while IFS=@ read -r name digest; do quietly verify "${name%:*}@$digest"; done <dist/release/digests.txt
quietly enclosed cosign verify-blob --key "$work/cosign.pub" --insecure-ignore-tlog=true \
	--signature dist/release/SHA256SUMS.sig dist/release/SHA256SUMS
(cd dist/release && quietly sha256sum --check SHA256SUMS)
saw "The commands of docs/releases.md verify images, charts and checksums."
mkdir "$work/home"
(cd "$work/home" && HOME=$work/home quietly npm install --offline --no-audit "$work"/2/dist/release/rolegate-*.tgz)
saw "The npm package, installed offline: \`$(cd "$work/home" && HOME=$work/home npx --offline rolegate --version)\`."
(cd "$work" && mkdir other && cd other && quietly cosign generate-key-pair)
fails enclosed cosign verify --key "$work/other/cosign.pub" --insecure-ignore-tlog=true \
	"$registry/rolegate-agent@$(platform_digests | head -n 1)"
sed 's/^./x/' dist/release/SHA256SUMS >"$work/changed"
fails enclosed cosign verify-blob --key "$work/cosign.pub" --insecure-ignore-tlog=true \
	--signature dist/release/SHA256SUMS.sig "$work/changed"
saw "With another key, and for changed checksums, they fail."
saw "$(enclosed curl -s "http://${registry%/*}/v2/rolegate/rolegate-agent/tags/list" | grep -oE 'sha256-[0-9a-f]{64}"' | wc -l) images of the agent have an SBOM."

container=$(enclosed buildah from --quiet --arch arm64 --tls-verify=false "$registry/rolegate-agent:$(node -p 'require("./package.json").version')")
root=$(buildah mount "$container")
emulated=("$work/tools/usr/bin/qemu-aarch64-static" -L "$root" "$root/usr/local/bin/node")
arm64() { enclosed "${emulated[@]}" "$@"; }
saw "arm64, emulated: \`$(arm64 "$root/app/agent.cjs" --version)\`, \`$(arm64 dist/bundle/server.cjs --version)\`, \`$(arm64 dist/bundle/kubectl-rolegate.cjs --version)\`."
started "${emulated[@]}" "$root/app/agent.cjs" --mode firewall --node-name arm64 --host-ip 127.0.0.1
for _ in $(seq 60); do ! grep -q 'agent listening' "$work/started.log" || break; sleep 1; done
answer=$(enclosed curl -s -m 20 -o /dev/null -w '%{http_code}' -H 'Host: 169.254.169.254' http://127.0.0.1:8181/latest/meta-data/)
[ "$answer" = 403 ]
saw "arm64, emulated: the agent in firewall mode answers a request with 403."

{
	echo '# A release, tried'
	echo
	echo "By \`acceptance/release/try.sh\` on $(date +%F), commit $(git rev-parse --short HEAD), $(buildah --version | cut -d' ' -f1-3), cosign $(cosign version 2>/dev/null | sed -n 's/^GitVersion: *//p')."
	echo
	cat "$work/report"
} >"$OLDPWD/$report"
