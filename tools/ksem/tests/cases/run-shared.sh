# SPDX-License-Identifier: GPL-2.0-only
# As many at a time as there are permits.
ksem create db 2
ksem run db until_there end &
until_held db 1
t ksem run -N db ksem ls -o name,available,held db
touch end
wait
