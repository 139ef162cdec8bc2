#!/usr/bin/env bash
# acceptance/node/lab.sh   brings up the lab's node (LAB_DIR, else ../shared/lab; built before by its ./build), makes base images, runs
# `npm run test:node` on it and tears everything down again. State in LAB_STATE, else a folder of its own; LAB_NETNS names the
# node's network namespace. A lab on loopback may run beside it, a second node may not: two kubelets share no cgroups.
# Arguments go to the runner, e.g. --pods 20. KEEP=1 leaves the lab up.
set -euo pipefail
cd "$(dirname "$0")/../.."
lab=${LAB_DIR:-$PWD/../shared/lab}
work=$(mktemp -d)
export LAB_STATE=${LAB_STATE:-$work/lab} LAB_NETNS=${LAB_NETNS:-lab}
mkdir -p "$LAB_STATE"

finish() {
	if [ -z "${KEEP:-}" ]; then
		"$lab/sts" down || true
		"$lab/node" down >/dev/null 2>&1 || true
		rm -rf "$work"
	fi
}
trap finish EXIT

# base NAME STEPS [FILE...]: an image made on the lab's Debian. Builds know by name what was built here before.
base() {
	local name=$1 steps=$2 dir=$work/${1//[^a-z0-9]/_}; shift 2
	mkdir -p "$dir"
	[ $# -eq 0 ] || cp -L "$@" "$dir/"
	printf 'FROM localhost/debian:12\n%b' "$steps" >"$dir/Dockerfile"
	quietly "$lab/image" build "$name" "$dir"
}
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; return 1; }; }

began=$SECONDS
quietly npm run --silent bundle # installs what is missing, too
images=${XDG_CACHE_HOME:-$HOME/.cache}/lab/images
[ -f "$images/localhost_debian_12.tar" ] || quietly "$lab/image" debian localhost/debian:12
base localhost/node:24 'COPY node /usr/local/bin/node\n' "$(node_modules/.bin/node -p process.execPath)"
# pip in a build trusts what this machine trusts.
base localhost/debian-pip:12 'COPY ca-certificates.crt /etc/lab-ca.crt\nENV PIP_CERT=/etc/lab-ca.crt\n' \
	/etc/ssl/certs/ca-certificates.crt
# Not loaded one by one: `node up` loads what was built.
npm run --silent test:node -- --images only --build-image "$lab/image build" --load-image true \
	--node-image localhost/node:24 --client-base localhost/debian-pip:12
echo "images after $((SECONDS - began)) s"
quietly "$lab/node" up
quietly "$lab/sts" up
echo "node and STS after $((SECONDS - began)) s"
"$lab/node" exec env LAB_STATE="$LAB_STATE" npm run --silent test:node -- --images use --load-image true \
	--kubeconfig "$LAB_STATE/admin.kubeconfig" --sts-endpoint "http://198.18.0.1:${LAB_STS_PORT:-25000}" \
	--imds-log "$LAB_STATE/log/imds.log" "$@"
