# SPDX-License-Identifier: GPL-2.0-only
ksem create db 2
ksem create other 1
t ksem wait db other
ksem run -n 2 db until_there end &
until_held db 2
t ksem wait -w 0 db
t ksem wait -w 0.2 other db
t ksem wait -w 0.2 db other
# As many as are wanted.
# shellcheck disable=SC2016 # the inner shell expands it
sh_t 'ulimit -n 16; ksem wait $(yes other | head -n 40)'
# Nobody holds, but somebody is queued: not idle.
ksem run -n 2 other echo 'runs at last' &
until_waiters other 1
t ksem wait -w 0.2 other
ksem wait db other && echo idle &
waiter=$!
touch end
until_held db 0
ksem post other
wait $waiter
t ksem wait -w 5 db other
# A deficit: nothing is free when the last permit is back.
ksem run -n 2 db until_there end2 &
until_held db 2
ksem resize db 0
ksem wait -w 50 db && echo idle &
waiter=$!
# Its handle and the command's: it is about to wait, or waits.
until_is 2 column db handles
sleep 0.2
began=$(cut -d ' ' -f 1 /proc/uptime)
touch end2
wait $waiter
awk -v began="$began" '{ t = $1 - began; print (t < 30 ? "soon" : t) }' /proc/uptime
wait
t ksem wait no-such-name
