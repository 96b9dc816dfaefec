# SPDX-License-Identifier: GPL-2.0-only
umount /sys/fs/ksem
t ksem ls
t ksem show db
t ksem run db true
t ksem run -j 3 db true
t ksem create db 3
t ksem rm db
t ksem resize db 3
t ksem wait db
t ksem top -n 1
t ksem jobserver -j 2 true
printf '[db]\ncapacity = 3\n' >ksem.conf
t ksem apply ksem.conf
mkdir /tmp/empty
t ksem ls /tmp/empty
t ksem show /tmp/empty/db
t ksem create /tmp/empty/db 1
t ls /tmp/empty
rmdir /tmp/empty
# No module at all.
# shellcheck disable=SC2016 # the inner shell expands it
t unshare -m sh -c 'mount -t tmpfs none /sys/fs && ksem ls; ksem run db true; ksem mount'
ksem mount
