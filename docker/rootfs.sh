#!/bin/sh
# rootfs.sh DIR PROGRAM...   the root of an image in DIR: the programs under their own names, the links that lead to them, the
# libraries that they load, and the few files that libc looks for. Runs in the build stage of both Dockerfiles.
set -eu
root=$1; shift

# place FILE: into the root, and everything that its links lead through. iptables goes by the name it is called by.
place() {
	to=$root/$(dirname "$1")/$(basename "$1")
	[ ! -e "$to" ] && [ ! -L "$to" ] || return 0
	mkdir -p "$root/$(dirname "$1")"
	cp -a "$1" "$to"
	[ ! -L "$1" ] || place "$(cd "$(dirname "$1")" && realpath -s "$(readlink "$1")")"
}

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var"
for dir in bin sbin lib lib64; do # as the distribution has them: the loader's path leads through one
	[ ! -L "/$dir" ] || cp -a "/$dir" "$root/$dir"
	mkdir -p "$root/usr/$dir"
done
ln -s ../run "$root/var/run"
mkdir -m 1777 "$root/tmp"
printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

for program; do
	case $program in
	/*.so) file=$program ;;
	*) file=$(command -v "$program") || { echo "$program is not there" >&2; exit 1; } ;;
	esac
	place "$file"
	for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | sort -u); do
		case $library in /lib/* | /lib64/*) library=/usr$library ;; esac
		place "$library"
	done
done
