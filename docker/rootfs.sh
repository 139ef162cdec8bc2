#!/bin/sh
# rootfs.sh DIR PROGRAM...   Writes an image root file system to DIR: the programs, the symlinks to them, the libraries they load,
# and the files that libc needs. Runs in the build stage of both Dockerfiles.
set -eu
root=$1; shift

# place FILE: copies the file and every symlink on the way to it. iptables selects its mode by the name it is called with.
place() {
	to=$root/$(dirname "$1")/$(basename "$1")
	[ ! -e "$to" ] && [ ! -L "$to" ] || return 0
	mkdir -p "$root/$(dirname "$1")"
	cp -a "$1" "$to"
	[ ! -L "$1" ] || place "$(cd "$(dirname "$1")" && realpath -s "$(readlink "$1")")"
}

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var"
for dir in bin sbin lib lib64; do # keep the distribution's symlinks: the path of the loader uses one
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
	*) file=$(command -v "$program") || { echo "$program not found" >&2; exit 1; } ;;
	esac
	place "$file"
	for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | sort -u); do
		case $library in /lib/* | /lib64/*) library=/usr$library ;; esac
		place "$library"
	done
done

# List the Debian packages in the form that image scanners read. Skipped if the base image has no dpkg.
command -v dpkg-query >/dev/null || exit 0
mkdir -p "$root/var/lib/dpkg/status.d"
cp -L /etc/os-release "$root/etc/os-release"
(cd "$root" && find usr \( -type f -o -type l \)) | sed 's#^#/#; p; s#^/usr/\(bin\|sbin\|lib[0-9]*\)/#/\1/#' |
	sort -u | xargs dpkg-query -S 2>/dev/null | sed 's/: \/.*//; s/, /\n/g' | sort -u |
	while read -r package; do dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/${package%%:*}"; done
