# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016 # the inner shell expands it
t ksem jobserver -j 4 -- sh -c 'echo "[$MAKEFLAGS]"; ksem ls -o name,available,capacity,kind,mode'
t ksem ls
t ksem jobserver -q -j 2 false
t ksem jobserver -j 2 no-such-command
t ksem jobserver --json --jobs=2 true
# Tokens are bytes of the path; a client is a process.
# shellcheck disable=SC2016 # the inner shell expands it
t ksem jobserver -j 3 sh -c '
	path=${MAKEFLAGS##*fifo:}
	exec 7<>"$path"
	dd bs=1 count=2 <&7 2>/dev/null
	echo
	ksem ls -o available,held,holders
	printf ++ >&7'
# With a name, others can take part: each ksem run has the slot of its command.
t ksem jobserver --name tmp/js -m 644 -j 2 -- ksem run tmp/js ksem ls -o name,available,mode tmp/js
ksem create tmp/js 1
t ksem jobserver --name tmp/js -j 2 true
t ksem jobserver --name "tmp/a blank" -j 2 true
t ksem jobserver --name no/such/js -j 2 true
mkdir /sys/fs/ksem/dir
cd /sys/fs/ksem/dir || exit
# shellcheck disable=SC2016 # the inner shell expands it
t ksem jobserver -q --name ./js -j 2 sh -c 'echo "[$MAKEFLAGS]"'
cd /
t ksem ls -o name
# Everybody's tmp is everybody's.
t as_nobody 'ksem jobserver -j 2 -- ksem ls -o name,mode,owner tmp'
# Nothing was granted where nothing could be started.
t as_nobody 'ulimit -u 1; exec ksem jobserver -j 2 true'
# The report, too, can be ended by a signal.
mkfifo pipe
exec 8<>pipe
ksem jobserver -j 2 head -c 65536 /dev/zero >pipe 2>&1 &
# It writes to a pipe that is full.
until_is 1 cut -d ' ' -f 1 "/proc/$!/syscall"
{
	kill $!
	wait $!
} 2>/dev/null
echo "exit status $?"
