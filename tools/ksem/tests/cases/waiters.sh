# SPDX-License-Identifier: GPL-2.0-only
ksem create --fair db 1
ksem run db until_there end &
until_held db 1
ksem run db true &
until_waiters db 1
ksem run -n 2 db true &
until_waiters db 2
t ksem waiters -o place,command,permits,since db
t ksem waiters -o name,place,permits
t ksem waiters --noheadings -o permits db
t ksem ls -o name,available,held,waiters,demand
ksem post db
touch end
wait
t ksem waiters
t ksem ls -o name,available,held,waiters,waits
