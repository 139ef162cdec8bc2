#!/usr/bin/env bash
# acceptance/node/lab.sh [OPTION...]   starts the lab's node (LAB_DIR, by default ../shared/lab, built with its ./build), builds base
# images, runs `npm run test:node` on the node and stops everything. LAB_STATE is the folder for state (by default a temporary one),
# LAB_NETNS the node's network namespace. A lab on loopback can run at the same time, but not a second node, because two kubelets
# cannot share cgroups. Options are passed to test:node, e.g. --pods 20. KEEP=1 keeps the lab running.
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

# base NAME STEPS [FILE...]: builds an image on the lab's Debian. Later builds refer to it by name.
base() {
	local name=$1 steps=$2 dir=$work/${1//[^a-z0-9]/_}; shift 2
	mkdir -p "$dir"
	[ $# -eq 0 ] || cp -L "$@" "$dir/"
	printf 'FROM localhost/debian:12\n%b' "$steps" >"$dir/Dockerfile"
	quietly "$lab/image" build "$name" "$dir"
}
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; return 1; }; }

start=$SECONDS
quietly npm run --silent bundle # also installs missing packages
images=${XDG_CACHE_HOME:-$HOME/.cache}/lab/images
[ -f "$images/localhost_debian_12.tar" ] || quietly "$lab/image" debian localhost/debian:12
base localhost/node:24 'COPY node /usr/local/bin/node\n' "$(node_modules/.bin/node -p process.execPath)"
# pip in a build trusts the CA certificates of this machine.
base localhost/debian-pip:12 'COPY ca-certificates.crt /etc/lab-ca.crt\nENV PIP_CERT=/etc/lab-ca.crt\n' \
	/etc/ssl/certs/ca-certificates.crt
# `node up` loads all images.
npm run --silent test:node -- --images only --build-image "$lab/image build" --load-image true \
	--node-image localhost/node:24 --client-base localhost/debian-pip:12
echo "images after $((SECONDS - start)) s"
quietly "$lab/node" up
quietly "$lab/sts" up
echo "node and STS after $((SECONDS - start)) s"
"$lab/node" exec env LAB_STATE="$LAB_STATE" npm run --silent test:node -- --images use --load-image true \
	--kubeconfig "$LAB_STATE/admin.kubeconfig" --sts-endpoint "http://198.18.0.1:${LAB_STS_PORT:-25000}" \
	--imds-log "$LAB_STATE/log/imds.log" "$@"
