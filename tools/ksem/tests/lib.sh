# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the cases share: sourced by run before each of them.

# t COMMAND...: show a command, what it prints, and its exit status unless that is 0.
t() {
	echo "\$ $*"
	"$@"
	said $?
}

# sh_t TEXT: the same of a line for the shell.
sh_t() {
	echo "\$ $1"
	sh -c "$1"
	said $?
}

said() {
	[ "$1" -eq 0 ] || echo "exit status $1"
}

# until_is TEXT COMMAND...: wait until that is what the command prints. No sleep tells
# when something has happened; what is asked here does.
until_is() {
	wanted=$1
	shift
	tries=0
	while got=$("$@" 2>&1) && [ "$got" != "$wanted" ] || [ "$got" != "$wanted" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ]; then
			echo "'$*' never was '$wanted', is '$got'"
			exit 1
		fi
		sleep 0.05
	done
}

# column NAME COLUMN: of ls.
column() {
	ksem ls --noheadings -o "$2" "$1"
}

until_held() {
	until_is "$2" column "$1" held
}

# until_runs NAME COMMAND...: those who hold have become what they are to run.
until_runs() {
	runs=$1
	shift
	until_is "$(printf '%s\n' "$@")" ksem holders --noheadings -o command "$runs"
}

until_waiters() {
	until_is "$2" column "$1" waiters
}

as_nobody() {
	su nobody -s /bin/sh -c "$1"
}

# The process that holds a permit of a semaphore with one holder.
holder() {
	ksem holders --noheadings -o pid "$1"
}

is_gone() {
	[ -e "/proc/$1/stat" ] && ! grep -q ' Z ' "/proc/$1/stat" && echo no || echo yes
}
