# SPDX-License-Identifier: GPL-2.0-only
t ksem mount
ksem create db 1
t ksem mount
t ksem ls -o name
sh_t 'stat -c "%A %U %n" /sys/fs/ksem /sys/fs/ksem/tmp'
sh_t "awk '\$2 == \"/sys/fs/ksem\"' /proc/mounts"
mkdir other
t ksem mount -o mode=0750,uid=65534,max=2 ./other
sh_t 'stat -c "%A %U %n" other other/tmp'
t ksem create ./other/a 1
t ksem create ./other/b 1
t ksem ls -o name ./other
rm -r ./other/a
rmdir other/tmp
t ksem mount ./other
t ls other
umount ./other
# A directory of one that is mounted is a place for another one.
mkdir /sys/fs/ksem/below
t ksem mount -o max=3 /sys/fs/ksem/below
sh_t "awk '\$2 ~ \"/below\$\"' /proc/mounts"
umount /sys/fs/ksem/below
t ksem mount -o no-such-option other
t ksem mount ./no-such-directory
