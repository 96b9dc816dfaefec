# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the scripts of this folder: sourced, never run.

mutants_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/vm/lib.sh
. "$mutants_dir/../vm/lib.sh"
die_status=2
# shellcheck disable=SC2034 # for those that source this
trees=$build/mutants

# header NAME FIELD: what a patch says of itself, above its first '---'.
header() {
	sed -n -e '/^---/q' -e "s/^$2: *//p" "$mutants_dir/$1.patch"
}

suite_is_known() {
	[[ $1 =~ ^(core|kunit|(suite|6.1-rt|debug|kcsan):[a-z0-9_/]+_test)$ ]]
}

# What is in the tree, or about to be.
tree_files() {
	(cd "$top" && git ls-files -co --exclude-standard | while read -r file; do
		[[ ! -f $file ]] || echo "$file"
	done)
}

# Makes the copy in $1 the same as the top, touching only what differs, so that
# make builds only what it must.
refresh_tree() {
	local tree=$1 file

	mkdir -p "$tree/build/vm"
	ln -sfn "$kernels" "$tree/build/kernels"
	tree_files | sort >"$tree/build/files.new"
	if [[ -e $tree/build/files ]]; then
		comm -23 "$tree/build/files" "$tree/build/files.new" | while read -r file; do
			rm -f "$tree/$file"
		done
	fi
	while read -r file; do
		cmp -s "$top/$file" "$tree/$file" && continue
		mkdir -p "$(dirname "$tree/$file")"
		# As new as it is to make, whenever it was written.
		cp --preserve=mode "$top/$file" "$tree/$file"
	done <"$tree/build/files.new"
	mv "$tree/build/files.new" "$tree/build/files"
}
