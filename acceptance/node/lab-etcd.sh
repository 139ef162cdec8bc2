#!/usr/bin/env bash
# acceptance/node/lab-etcd.sh save|restore   saves and restores the data of the lab's etcd for `npm run test:real -- --etcd-restore`.
# All API servers are stopped during a restore, as the Kubernetes documentation requires. LAB_DIR, LAB_STATE and the ports are those
# of the lab.
scripts=$(cd "${LAB_DIR:-$(dirname "$0")/../../../shared/lab}" && pwd) || exit
. "$scripts/lib.sh"

case ${1:-} in
save)
	stop etcd
	rm -rf "$state/etcd.saved"
	cp -a "$state/etcd" "$state/etcd.saved"
	;;
restore)
	stop kube-scheduler kube-controller-manager kube-apiserver etcd
	rm -rf "$state/etcd"
	cp -a "$state/etcd.saved" "$state/etcd"
	;;
*) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
"$scripts/control-plane" up
