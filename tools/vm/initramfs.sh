# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the scripts of this folder: sourced after lib.sh, never run.
#
# The guest's file system: an archive per kernel, made once and kept, and one
# per run that is unpacked over it.

# archive DIR FILE: everything belongs to root in the guest. The same files make
# the same archive, whenever and wherever: what the guest counts depends on it.
archive() {
	find "$1" -mindepth 1 -exec touch -h -d '2026-01-01 UTC' {} +
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet --reproducible -o -H newc -R 0:0) >"$2"
}

# What the two ports need, in the order in which it is loaded. A kernel that
# has some of it built in has no such file.
virtio_modules=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev
	virtio_pci virtio_console)

add_virtio() {
	local kernel=$1 dir=$2 number=10 module file

	mkdir -p "$dir"
	for module in "${virtio_modules[@]}"; do
		file=$(find -L "$kernels/$kernel/modules" -path '*/build' -prune -o \
			-path '*/source' -prune -o -name "$module.ko*" -print | head -n 1)
		case $file in
		'') ;;
		*.xz) xz -dc "$file" >"$dir/$number-$module.ko" ;;
		*.ko) cp "$file" "$dir/$number-$module.ko" ;;
		*) die "don't know how to unpack $file" ;;
		esac
		((number += 1))
	done
}

add_busybox() {
	local root=$1 busybox applet

	busybox=$(command -v busybox) || die "no busybox: run tools/vm/deps vm"
	cp -L "$busybox" "$root/bin/busybox"
	for applet in $("$busybox" --list); do
		[[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
	done
	ln -s ../../bin/busybox "$root/usr/bin/env"
}

add_accounts() {
	cat >"$1/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		nobody:x:65534:65534:nobody:/tmp:/bin/sh
	END
	cat >"$1/group" <<-END
		root:x:0:
		nogroup:x:65534:
	END
	echo 'root::0::::::' >"$1/shadow"
	echo '127.0.0.1 localhost' >"$1/hosts"
}

# base_archive KERNEL FILE: make FILE unless it is up to date.
base_archive() {
	local file=$2 root source newest=yes

	for source in "$kernels/$1/release" "$vm_dir"/{guest-init,initramfs.sh,klog.awk}; do
		[[ $file -nt $source ]] || newest=no
	done
	[[ $newest == no ]] || return 0
	mkdir -p "${file%/*}"
	root=$(mktemp -d "${file%/*}/.$1.XXXXXX")
	mkdir -p "$root"/{bin,sbin,etc,dev,proc,sys,tmp,root,run,var,ksem,vm} \
		"$root"/usr/{bin,sbin,lib} "$root"/lib{,64}
	ln -s /run "$root/var/run"
	add_busybox "$root"
	ln -sf ../bin/busybox "$root/sbin/init"
	add_accounts "$root/etc"
	add_virtio "$1" "$root/vm/virtio"
	cp "$vm_dir/guest-init" "$root/init"
	cp "$vm_dir/klog.awk" "$root/vm"
	chmod -R u=rwX,go=rX "$root"
	chmod 755 "$root/init"
	archive "$root" "$root.cpio"
	# A rename, so that two runs that both made it don't see half of it.
	mv "$root.cpio" "$file"
	rm -rf "$root"
}

# add_file ROOT SRC[:DST]
add_file() {
	local root=$1 src=${2%%:*} dst

	[[ -e $src ]] || die "no such file: $src"
	dst=/ksem/$(basename "$src")
	[[ $2 != *:* ]] || dst=${2#*:}
	[[ $dst == /* ]] || die "not an absolute path in the guest: $dst"
	if [[ -d $src ]]; then
		mkdir -p "$root$dst"
		cp -a "$src/." "$root$dst"
	else
		mkdir -p "$(dirname "$root$dst")"
		cp -Lp "$src" "$root$dst"
	fi
}

# The libraries and loaders that the programs below DIR name, as paths here.
# Both word sizes answer, where the machine has both.
libraries_of() {
	find "$1" -type f \( -perm -u+x -o -name '*.so*' \) \
		! -name '*.ko' ! -name '*.sh' -print0 |
		xargs -0 -r ldd 2>/dev/null |
		awk '$2 == "=>" && $3 ~ /^\// { print $3 }
		     $1 ~ /^\// && $2 ~ /^\(0x/ { print $1 }' | sort -u
}

# Libraries go where they are here if the loader looks there by itself, else
# where it will find them. pthread_cancel() opens libgcc_s when it is called,
# so no program names it.
add_libraries() {
	local root=$1 library gcc

	while read -r library; do
		case $library in
		/lib* | /usr/lib*) add_library "$root" "$library" "$library" ;;
		*) add_library "$root" "$library" "/usr/lib/${library##*/}" ;;
		esac
		[[ $library == */libc.so.6 ]] || continue
		for gcc in "${library%/*}" "/usr${library%/*}"; do
			[[ ! -e $gcc/libgcc_s.so.1 ]] ||
				add_library "$root" "$gcc/libgcc_s.so.1" "$gcc/libgcc_s.so.1"
		done
	done < <(libraries_of "$root")
}

add_library() {
	# What the caller put there itself comes first.
	[[ ! -e $1$3 ]] || return 0
	mkdir -p "$(dirname "$1$3")"
	cp -Lp "$2" "$1$3"
}
