# SPDX-License-Identifier: GPL-2.0-only
ksem create db 1
ksem run db until_there end &
until_held db 1
ksem run db echo 'must not run' &
waiting=$!
until_waiters db 1
t ksem shutdown db
wait $waiting
echo "the waiting one: exit status $?"
t ksem ls
t ksem show db
t ksem run db true
t ksem shutdown db
touch end
wait
t ksem rm db
t ksem create db 2
t ksem ls
