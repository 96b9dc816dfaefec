# SPDX-License-Identifier: GPL-2.0-only
# What ksem is sent reaches the command, once, and only that ends both.
ksem create db 1
# shellcheck disable=SC2016 # the inner shell expands it
trace='for s in TERM HUP USR1 USR2 QUIT ALRM; do trap "echo got $s; touch $s" $s; done; '
ksem run db sh -c "$trace"'touch ready; until [ -e end ]; do sleep 0.05; done; exit 5' &
until_is ready ls
for s in TERM HUP USR1 USR2 ALRM; do
	kill -"$s" $!
	until_is "$s" ls "$s"
done
touch end
wait $!
echo "exit status $?"
# It waits for permits: nobody is there to take them.
ksem run db until_there never &
holding=$!
until_held db 1
ksem run db echo 'must not run' &
until_waiters db 1
kill -TERM $!
wait $!
echo "exit status $?"
until_waiters db 0
# A command that the signal ends.
kill -USR1 $holding
wait $holding
echo "exit status $?"
