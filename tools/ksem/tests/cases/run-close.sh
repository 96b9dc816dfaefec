# SPDX-License-Identifier: GPL-2.0-only
# -o: the command has no handle, and the permit is back when ksem ends.
ksem create db 1
t ksem run db sh -c 'readlink /proc/self/fd/100'
# shellcheck disable=SC2016 # the inner shell expands it
t ksem run -o db sh -c 'ls -l /proc/$$/fd 2>/dev/null | grep -c ksem/db'
ksem run --close db until_there end &
until_held db 1
until_runs db until_there
command=$(holder db)
{
	kill -9 $!
	wait $!
} 2>/dev/null
until_held db 0
kill -0 "$command" && echo 'the command still runs'
t ksem run -N db echo runs
touch end
until_is yes is_gone "$command"
# A command that closes everything: ksem has the handle too.
ksem run db sh -c 'exec 100<&-; touch closed; until_there end2' &
until_is closed ls closed
[ -e "/proc/$(holder db)/fd/100" ] || echo 'it is closed'
t ksem ls -o name,held
touch end2
wait
# Few descriptors: it has the one that ksem has.
sh_t 'ulimit -n 50; ksem run db sh -c "ls -l /proc/\$\$/fd 2>/dev/null | grep -c ksem/db"'
