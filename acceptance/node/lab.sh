#!/usr/bin/env bash
# acceptance/node/lab.sh [OPTION...]   pushes a release to a registry on loopback, starts the lab's node (LAB_DIR, by default
# ../shared/lab, built with its ./build) with that registry, runs `npm run test:node` with the release on the node and stops everything.
# LAB_STATE is the folder for state (by default a temporary one), LAB_NETNS the node's network namespace. A lab on loopback can run at
# the same time, but not a second node, because two kubelets cannot share cgroups. Options are passed to test:node, e.g. --pods 20.
# KEEP=1 keeps the lab running.
set -euo pipefail
cd "$(dirname "$0")/../.."
lab=${LAB_DIR:-$PWD/../shared/lab}
work=$(mktemp -d)
export LAB_STATE=${LAB_STATE:-$work/lab} LAB_NETNS=${LAB_NETNS:-lab}
mkdir -p "$LAB_STATE"
registry=127.0.0.1:${REGISTRY_PORT:-25005} registry_pid=

finish() {
	if [ -z "${KEEP:-}" ]; then
		stop_registry
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

# need COMMAND PACKAGE: installs the package if the command is missing.
need() {
	command -v "$1" >/dev/null || quietly sh -c 'apt-get update && apt-get install -y --no-install-recommends "$1"' sh "$2"
}

# start_registry [CMD...]: serves $work/registry on loopback. CMD enters the node's namespace.
start_registry() {
	REGISTRY_HTTP_ADDR=$registry REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=$work/registry \
		"$@" "$work/docker-registry" serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
	registry_pid=$!
}
stop_registry() {
	[ -z "$registry_pid" ] || { kill "$registry_pid" && wait "$registry_pid" || true; } 2>/dev/null
	registry_pid=
}
# Debian's package would start a service, so only its program is used.
find_registry() {
	printf 'version: 0.1\nstorage: {filesystem: {}}\nhttp: {}\n' >"$work/registry.yml"
	local there
	there=$(command -v docker-registry) && ln -s "$there" "$work/docker-registry" && return
	(cd "$work" && apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root docker-registry &&
		dpkg-deb --fsys-tarfile docker-registry_*.deb | tar -xO ./usr/bin/docker-registry >docker-registry &&
		chmod +x docker-registry)
}

start=$SECONDS
need buildah buildah
need readelf binutils
find_registry
start_registry
HELM=${XDG_CACHE_HOME:-$HOME/.cache}/lab/bin/helm quietly npm run --silent release -- \
	--registry "$registry/rolegate" --push --platforms amd64
stop_registry
echo "release after $((SECONDS - start)) s"
images=${XDG_CACHE_HOME:-$HOME/.cache}/lab/images
[ -f "$images/localhost_debian_12.tar" ] || quietly "$lab/image" debian localhost/debian:12
base localhost/node:24 'COPY node /usr/local/bin/node\n' "$(node_modules/.bin/node -p process.execPath)"
# pip in a build trusts the CA certificates of this machine.
base localhost/debian-pip:12 'COPY ca-certificates.crt /etc/lab-ca.crt\nENV PIP_CERT=/etc/lab-ca.crt\n' \
	/etc/ssl/certs/ca-certificates.crt
# `node up` loads all images.
npm run --silent test:node -- --images only --release dist/release --build-image "$lab/image build" --load-image true \
	--node-image localhost/node:24 --client-base localhost/debian-pip:12
echo "images after $((SECONDS - start)) s"
quietly "$lab/node" up
quietly "$lab/sts" up
start_registry nsenter --net="/run/netns/$LAB_NETNS"
echo "node and STS after $((SECONDS - start)) s"
"$lab/node" exec env LAB_STATE="$LAB_STATE" npm run --silent test:node -- --images use --release dist/release --load-image true \
	--kubeconfig "$LAB_STATE/admin.kubeconfig" --sts-endpoint "http://198.18.0.1:${LAB_STS_PORT:-25000}" \
	--imds-log "$LAB_STATE/log/imds.log" --stand-ins "${LAB_NODE_IP:-198.18.0.1}" "$@"
