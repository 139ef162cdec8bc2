#!/usr/bin/env bash
# acceptance/node/lab-etcd.sh save|restore   keeps a copy of the data of the lab's etcd, and puts it back, as the documentation of Kubernetes
# says: all API servers are stopped meanwhile. For `npm run test:real -- --etcd-restore`. LAB_DIR, LAB_STATE and the lab's ports as
# for the lab itself.
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
