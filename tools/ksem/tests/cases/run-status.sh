# SPDX-License-Identifier: GPL-2.0-only
ksem create db 1
t ksem run db true
t ksem run db -- true
t ksem run db false
t ksem run db sh -c 'exit 77'
# shellcheck disable=SC2016 # the inner shell expands it
t ksem run db -- sh -c 'echo "$0 $1"' one 'two  three'
t ksem run db -- echo -w --
for signal in TERM KILL HUP; do
	# shellcheck disable=SC2016 # the inner shell expands it
	t ksem run db sh -c 'kill -'$signal' $$'
done
t ksem run db no-such-command
t ksem run db ./no-such-command
touch not-executable
t ksem run db ./not-executable
# Where nobody can hear what is wrong, the status still says it.
sh_t 'ksem run db no-such-command 2>/dev/full'
sh_t 'ksem run db no-such-command 2>&-'
t ksem run no-such-name true
t ksem run --max 2 db true
ksem create --max 2 small 1
t ksem run -n 3 small true
t ksem ls -o name,available,held
