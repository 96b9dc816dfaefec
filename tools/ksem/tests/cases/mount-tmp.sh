# SPDX-License-Identifier: GPL-2.0-only
# A tmp/ that was there before, and is not for everybody.
mkdir other
mount -t ksemfs none other
printf '[%s/other/tmp/x]\ncapacity = 1\n' "$PWD" >a.conf
t ksem apply a.conf
t ksem mount ./other
sh_t 'stat -c "%a %U %n" other/tmp'
chmod 1777 other/tmp
t ksem mount ./other
ksem rm ./other/tmp/x
rmdir other/tmp
ksem create ./other/tmp 1
t ksem mount ./other
ksem rm ./other/tmp
# What the directory above hands down is no matter.
chmod 2755 other
t ksem mount ./other
sh_t 'stat -c "%a %U %n" other/tmp'
umount other
