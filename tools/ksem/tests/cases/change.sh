# SPDX-License-Identifier: GPL-2.0-only
ksem create --max 10 db 3
t ksem resize db 5
t ksem post db
t ksem post -n 3 db
t ksem ls -o name,available,capacity
t ksem post -n 2 db
t ksem resize db 11
t ksem reduce db
t ksem reduce -n 7 db
t ksem ls -o name,available,capacity
t ksem reduce -n 2 db
t ksem post -n 0 db
# A deficit is filled by what comes back.
ksem resize db 3
ksem run -n 3 db until_there end &
until_held db 3
t ksem resize db 1
t ksem ls -o name,available,capacity,held
touch end
wait
t ksem ls -o name,available,capacity,held
t ksem resize no-such-name 1
t ksem post db no-such-name db
t ksem ls -o name,capacity
ksem create --signal jobs 0
t ksem post -n 2 jobs
t ksem run jobs true
t ksem ls -o name,available,held jobs
# A message must not be written to a handle that has got the number of standard error.
ksem create --signal --max 1000 many 900
sh_t 'ksem post -n 200 many 2>&-'
t ksem ls -o name,available many
