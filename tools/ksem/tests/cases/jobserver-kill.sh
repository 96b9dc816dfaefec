# SPDX-License-Identifier: GPL-2.0-only
# kill -9 of ksem: the command keeps its slot and the name, and all goes with it.
ksem jobserver -j 3 --name tmp/js until_there end &
until_held tmp/js 1
until_runs tmp/js until_there
command=$(holder tmp/js)
{
	kill -9 $!
	wait $!
} 2>/dev/null
t ksem ls -o name,available,held
touch end
until_is yes is_gone "$command"
until_is '' ksem ls
# Of both at a time.
ksem jobserver -j 3 --name tmp/js until_there never &
until_held tmp/js 1
command=$(holder tmp/js)
{
	kill -9 $! "$command"
	wait $!
} 2>/dev/null
until_is '' ksem ls
# Of a client: its tokens are back while the others go on, and it is told at the end.
cat >client <<'END'
exec 7<>"${MAKEFLAGS##*fifo:}"
dd bs=1 count=2 <&7 >/dev/null 2>&1
touch has-tokens
until [ -e never ]; do sleep 0.05; done
END
# shellcheck disable=SC2016 # the inner shell expands it
t ksem jobserver -j 4 --name tmp/js sh -c '
	sh ./client &
	until [ -e has-tokens ]; do sleep 0.05; done
	ksem ls -o available,held tmp/js
	kill -9 $!
	wait $! 2>/dev/null
	until [ "$(ksem ls --noheadings -o held tmp/js)" = 1 ]; do sleep 0.05; done
	ksem ls -o available,held,reclaimed tmp/js'
# One that is left behind with tokens is in the report.
rm has-tokens
# shellcheck disable=SC2016 # the inner shell expands it
t ksem jobserver -j 4 --name tmp/js sh -c '
	sh ./client >/dev/null 2>&1 &
	until [ -e has-tokens ]; do sleep 0.05; done' 2>&1 | sed -E 's/pid [0-9]+/pid PID/'
touch never
until_is '' ksem ls
