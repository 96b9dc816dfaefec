# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016 # the inner shell expands it
show='echo "[$MAKEFLAGS] [$MFLAGS] [$CARGO_MAKEFLAGS]"'
t env MAKEFLAGS=ks ksem jobserver -q -j 4 sh -c "$show"
t env MAKEFLAGS=' -j8' ksem jobserver -q -j 4 sh -c "$show"
t env MAKEFLAGS='-j 8 --jobs --keep-going' ksem jobserver -q -j 4 sh -c "$show"
t env MAKEFLAGS='k -l2 -- V=1 B=a\ -j9' ksem jobserver -q -j 4 sh -c "$show"
# One in the other: its own slots, and a word about it.
t env MAKEFLAGS=' -j8 --jobserver-auth=3,4' MFLAGS=-j8 CARGO_MAKEFLAGS=-j8 \
	ksem jobserver -j 4 sh -c "$show"
t env MAKEFLAGS='k -j8 --jobserver-fds=3,4 -- V=1' ksem jobserver -q -j 4 sh -c "$show"
