# SPDX-License-Identifier: GPL-2.0-only
# kill -9 of ksem while its command runs: the permit stays with the command.
ksem create db 1
ksem run db until_there end &
until_held db 1
until_runs db until_there
command=$(holder db)
{
	kill -9 $!
	wait $!
} 2>/dev/null
t ksem ls -o name,available,held
t ksem holders -o command,permits db
t ksem run -N db echo 'must not run'
touch end
until_is yes is_gone "$command"
until_held db 0
t ksem ls -o name,available,held,reclaimed
# And while it waits: its command never runs.
ksem run db until_there never &
until_held db 1
command=$(holder db)
ksem run db echo 'must not run' &
until_waiters db 1
{
	kill -9 $!
	wait $!
} 2>/dev/null
until_waiters db 0
touch never
until_is yes is_gone "$command"
until_held db 0
t ksem ls -o name,available,held,waiters
wait
