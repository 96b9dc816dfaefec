# SPDX-License-Identifier: GPL-2.0-only
# On a terminal: another screen, refreshed in place, and the old one again at the end.
for i in 1 2 3 4 5 6 7 8 9; do
	ksem create "db$i" 4
done
mkfifo keys
pty ksem top -d 0.1 <keys >output &
exec 9>keys
until_is yes sh -c 'tr "\033" "\n" <output | grep "semaphores: 9" | wc -l | grep -q "[1-9][0-9]" && echo yes'
printf q >&9
exec 9>&-
wait $!
grep -o '[a-z ]* [0-9]*$' output | tail -n 1
# Of ten lines nine are used: two for the title, one for headings, six semaphores.
sh_t "tr '\\033' '@' <output | tr -d '\\r' | awk '/@\\[H/ { n++ } n == 2' | sed 's/^.*@\\[H/@[H/' | sed s,[0-9:]*:[0-9:]*:[0-9]*,TIME,"
sh_t "tr '\\033' '@' <output | grep -o '@\\[?[0-9]*[hl]' | sort | uniq -c"
# A signal, too, leaves the terminal as it was.
pty ksem top -d 0.1 <keys >output &
exec 9>keys
until_is yes sh -c 'grep -q "semaphores: 9" output && echo yes'
printf '\003' >&9
exec 9>&-
wait $!
grep -o '[a-z ]* [0-9]*$' output | tail -n 1
sh_t "tr '\\033' '@' <output | grep -o '@\\[?[0-9]*[hl]' | sort | uniq -c"
# And if it stops and goes on.
cat >job <<'END'
set -m
ksem top -d 0.1
echo "stopped: $?"
fg >/dev/null
echo "ended: $?"
END
pty sh ./job <keys >output &
exec 9>keys
until_is yes sh -c 'grep -q "semaphores: 9" output && echo yes'
printf '\032' >&9
until_is yes sh -c 'grep -q "stopped" output && echo yes'
printf q >&9
exec 9>&-
wait $!
grep -o '[a-z ]* [0-9]*$' output | tail -n 1
sh_t "tr '\\033' '@' <output | grep -o '@\\[?[0-9]*[hl]' | sort | uniq -c"
sh_t "grep -o 'ended: [0-9]*' output"
# What ends it is said on the screen that stays.
pty ksem top -d 0.1 db9 <keys >output &
exec 9>keys
until_is yes sh -c 'grep -q "semaphores: 1" output && echo yes'
ksem rm db9
wait $!
exec 9>&-
sh_t "tr '\\033' '@' <output | tr -d '\\r' | sed 's/.*@\\[?1049l//' | tail -n 2"
# The last of so many pictures stays.
pty ksem top -n 2 -d 0.1 db8 <keys >output &
exec 9>keys
wait $!
exec 9>&-
sh_t "tr '\\033' '@' <output | tr -d '\\r' | sed 's/.*@\\[?1049l//' | tail -n 2"
# In the background it waits, and can be ended.
cat >job <<'END'
set -m
ksem top -d 0.1 &
until grep -q '^State:.*T' /proc/$!/status; do sleep 0.05; done
kill $!
kill -CONT $!
. "$TESTS/lib.sh"
until_is yes is_gone $!
echo "it has ended"
END
pty sh ./job <keys >output &
exec 9>keys
wait $!
exec 9>&-
sh_t "grep -o 'it has ended' output"
