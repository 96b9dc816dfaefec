# SPDX-License-Identifier: GPL-2.0-only
ksem create pool 5
ksem create idle 2
ksem create none 0
ksem run pool until_there end &
until_held pool 1
ksem run -n 3 pool until_there end &
until_held pool 4
until_runs pool until_there until_there
ksem run -n 2 pool true &
until_waiters pool 1
t ksem top -n 1 | sed -E 's/\([0-9]+\)/(PID)/'
t ksem top -n 1 -b idle
t ksem top -n 1 none
sh_t 'ksem top -n 2 -d 0.01 idle | grep -c NAME'
# Three grants between two pictures.
ksem top -n 2 -d 4 -b idle >pictures &
until_is 1 grep -c NAME pictures
for _ in 1 2 3; do ksem run idle true; done
wait $!
awk '/^idle/ { print ($5 == "-" ? "-" : $5 > 0 && $5 <= 0.8 ? "some" : $5) }' pictures
# Nobody looks any more.
sh_t 'timeout 60 ksem top -b -d 0.01 idle >/dev/full'
touch end
wait
t ksem top -n 1 no-such-name
t ksem top -n 1 tmp
