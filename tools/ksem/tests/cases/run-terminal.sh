# SPDX-License-Identifier: GPL-2.0-only
# What a terminal sends reaches the command once.
ksem create db 1
mkfifo keys
# shellcheck disable=SC2016 # the inner shell expands it
pty ksem run db sh -c 'trap "echo x >>interrupts" INT; touch ready
	until [ -e end ]; do sleep 0.05; done; exit 9' <keys >output &
exec 9>keys
until_is ready ls ready
printf '\003' >&9
until_is x cat interrupts
touch end
wait $!
t cat output
# One that it ends.
pty ksem run db sh -c 'echo ready; sleep 1000' <keys >output &
exec 9>keys
until_is 1 grep -c ready output
printf '\003' >&9
wait $!
sh_t "tr -d '\\r' <output"
# timeout(1) has a group of its own: else it could not end all that it has started.
pty ksem run db timeout 1000 sh -c 'echo ready; sleep 1000' <keys >output &
exec 9>keys
until_is 1 grep -c ready output
printf '\003' >&9
wait $!
sh_t "tr -d '\\r' <output"
# Stopped, and continued by the shell.
cat >job <<'END'
set -m
ksem run db sh -c 'echo ready; until [ -e end2 ]; do sleep 0.05; done; exit 8'
echo "stopped: $?"
for pid in $(ksem holders --noheadings -o opener,acquirer db); do
	until grep -q '^State:.*T' /proc/$pid/status; do sleep 0.05; done
	awk '{ print $3 }' /proc/$pid/stat
done
touch end2
fg >/dev/null
echo "ended: $?"
END
pty sh ./job <keys >output &
exec 9>keys
until_is 1 grep -c ready output
printf '\032' >&9
wait $!
exec 9>&-
sh_t "tr -d '\\r' <output"
# One that has left the group hears of it from ksem, once; as of a hang-up, which is told
# to the session's leader alone, which is ksem here.
# shellcheck disable=SC2016 # the inner shell expands it
pty ksem run db setsid sh -c 'trap "echo interrupted" INT; trap "echo asked" USR1
	trap "touch hung-up; exit" HUP; echo ready
	while :; do sleep 0.05; done' <keys >output &
exec 9>keys
until_is 1 grep -c ready output
printf '\003' >&9
until_is 1 grep -c interrupted output
kill -USR1 "$(ksem holders --noheadings -o opener db)"
until_is 1 grep -c asked output
{
	kill -9 $!
	wait $!
} 2>/dev/null
until_is hung-up ls hung-up
exec 9>&-
sh_t "tr -d '\\r' <output"
# Where nobody could continue it nothing stops: ksem leads the session, and the command a
# group of its own.
pty ksem run db pty -g sh -c 'echo ready; until [ -e end3 ]; do sleep 0.05; done; exit 7' \
	<keys >output &
exec 9>keys
until_is 1 grep -c ready output
printf '\032' >&9
until_is 1 grep -c '\^Z' output
touch end3
wait $!
exec 9>&-
sh_t "tr -d '\\r' <output"
