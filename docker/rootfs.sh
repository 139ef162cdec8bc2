#!/bin/sh
# rootfs.sh ARCH ROOT PACKAGES PROGRAM...
# Assembles the system part of an image for ARCH (amd64, arm64) in the empty folder ROOT, which may already hold usr/local/bin: each
# PROGRAM from the Debian packages PACKAGES (separated by spaces), and the libraries that all programs load. A PROGRAM that ends in a
# slash is a folder below usr/lib. Packages are downloaded from this machine's package sources and unpacked. Nothing in them runs, so
# another architecture needs no emulation. Needs apt, dpkg-deb and readelf, but not root.
set -eu
umask 022
arch=$1 root=$2 packages=$3; shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs apt-get with its own state, where ARCH is the only architecture and no package is installed.
foreign_apt() {
	apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Install-Recommends=false \
		-o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=true -o Dir::State="$work/apt" \
		-o Dir::State::status="$work/status" -o Dir::Cache="$work/apt" $sandbox "$@"
}
# root downloads as root, because the user _apt cannot write to our folder.
sandbox=
[ "$(id -u)" -ne 0 ] || sandbox='-o APT::Sandbox::User=root'

# Creates the directories of a merged /usr in $1, as Debian has it. The path of the loader leads through one of the symlinks.
merged_usr() {
	mkdir -p "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib"
	for dir in bin sbin lib; do ln -s "usr/$dir" "$1/$dir"; done
	[ "$arch" != amd64 ] || { mkdir -p "$1/usr/lib64"; ln -s usr/lib64 "$1/lib64"; }
}

# Rewrites the paths of stdin: no leading slash, and usr/bin for the symlink bin.
in_usr() { sed 's#^/##; s#^\(bin\|sbin\|lib64\|lib\)/#usr/\1/#'; }

# copy FILE: copies it from the unpacked packages, and the target if it is a symlink. Paths are relative to both roots.
copy() {
	[ ! -e "$root/$1" ] && [ ! -L "$root/$1" ] || return 0
	mkdir -p "$root/$(dirname "$1")"
	cp -a "$work/all/$1" "$root/$1"
	[ -L "$work/all/$1" ] || return 0
	target=$(readlink "$work/all/$1")
	case $target in /*) ;; *) target=$(realpath -sm "/$(dirname "$1")/$target") ;; esac
	copy "$(echo "$target" | in_usr)"
}

# library NAME: prints its path in the unpacked packages.
library() {
	case $1 in
	/*) echo "$1" | in_usr ;;
	*) (cd "$work/all" && find usr/lib -maxdepth 2 -name "$1" | sort | head -n 1) ;;
	esac
}

merged_usr "$root"
mkdir -p "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var/lib/dpkg/status.d"
ln -s ../run "$root/var/run"
mkdir -m 1777 "$root/tmp"
cat >"$root/etc/passwd" <<-'END'
	root:x:0:0:root:/:/sbin/nologin
	nonroot:x:65532:65532:nonroot:/:/sbin/nologin
	rolegate:x:2100008181:2100008181:rolegate:/:/sbin/nologin
END
cut -d: -f1,2,4 "$root/etc/passwd" | sed 's/$/:/' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
: >"$work/status"
foreign_apt update
# shellcheck disable=SC2086 # words
foreign_apt install -y --download-only base-files libc6 libstdc++6 $packages

merged_usr "$work/all"
for file in "$work"/apt/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$file" | tar -xp --keep-directory-symlink -C "$work/all"
	name=$(dpkg-deb -f "$file" Package)
	dpkg-deb --fsys-tarfile "$file" | tar -t | sed 's#^\./##' | in_usr | sed -n "/[^/]\$/s#\$#\t$name#p" >>"$work/files"
	dpkg-deb -f "$file" | sed '1a Status: install ok installed' >"$work/$name.status"
done
cp "$work/all/usr/lib/os-release" "$root/etc/os-release"

for program; do
	case $program in
	*/) file=$(cd "$work/all" && find usr/lib -path "*/${program%/}" -type d) ;;
	*) file=$(cd "$work/all" && find usr/bin usr/sbin -name "$program" | sort | head -n 1) ;;
	esac
	[ -n "$file" ] || { echo "no $program in these packages: $packages" >&2; exit 1; }
	copy "$file"
done

# Repeats until no library is missing, because libraries load others.
while :; do
	missing=
	for name in $(find "$root" -type f -size +4k | xargs -d '\n' sh -c 'readelf -ld "$@" 2>/dev/null' sh |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s#.*program interpreter: \(.*\)\]#\1#p' | sort -u); do
		file=$(library "$name")
		[ -n "$file" ] || { echo "no package has the library $name" >&2; exit 1; }
		[ -e "$root/$file" ] || { copy "$file"; missing=1; }
	done
	[ -n "$missing" ] || break
done

# Adds the license of each package that files come from, and its entry in the form that image scanners read.
(cd "$root" && find usr ! -type d) | sort | while read -r file; do
	sed -n "s#^$file\t##p" "$work/files"
done | sort -u >"$work/used"
while read -r name; do
	cp "$work/$name.status" "$root/var/lib/dpkg/status.d/$name"
	mkdir -p "$root/usr/share/doc/$name"
	cp -L "$work/all/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/copyright"
done <"$work/used"
