# SPDX-License-Identifier: GPL-2.0-only
ksem create --label 'a pool' db 3
ksem run db true
ksem run -n 2 db true
ksem run -n 3 db ksem run --nonblock db true
ksem run -n 3 db ksem run -w 1 db true
t ksem show -o '+name' db | sed -E 's/^(wait-(total|max): +)[0-9]+\.[0-9]{3}$/\1SECONDS/; s/^(id: +)[0-9]+$/\1NUMBER/'
t ksem show -o name,capacity,acquires,reclaimed,timeouts db
ksem create other 1
t ksem show -o name,capacity
t ksem show no-such-name
