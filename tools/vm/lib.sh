# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the scripts of this folder: sourced, never run.

# The tree that is built and tested. KSEM_TOP lets a test point at a copy.
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=${KSEM_TOP:-$(cd "$vm_dir/../.." && pwd)}
build=$top/build
# shellcheck disable=SC2034 # for those that source this
kernels=$build/kernels

die() {
	echo "${0##*/}: $*" >&2
	exit "${die_status:-1}"
}

say() {
	echo "${0##*/}: $*" >&2
}

# Lock FILE for the rest of this process, so that two callers that want the
# same thing built do it once: the second waits and then finds it there.
lock() {
	local fd

	mkdir -p "$(dirname "$1")"
	exec {fd}>"$1"
	flock "$fd"
}

# The known kernels; the names are also those of the folders they end up in.
check_kernel_name() {
	case $1 in
	6.1 | 6.1-rt | 6.12 | 6.12-rt | 7.3) ;;
	*) is_built_here "$1" ||
		die "unknown kernel '$1' (6.1, 6.1-rt, 6.12, 6.12-rt, 7.3, debug, kcsan or kmsan)" ;;
	esac
}

# Those that are not Debian's, but made from common.config and NAME.config.
is_built_here() {
	[[ $1 == debug || $1 == kcsan || $1 == kmsan ]]
}

# What such a kernel, and the module for it, is built with: KMSAN needs clang, and
# what gcc 12 makes of blake2s under KCSAN fails its self-test. Coverage
# is read by gcov, which is gcc's.
compiler_of() {
	[[ $1 == debug ]] && echo gcc || echo clang
}
