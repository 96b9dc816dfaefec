# SPDX-License-Identifier: GPL-2.0-only
# Without a file: those of /etc/ksem.d, in the order of their names.
t ksem apply
mkdir /etc/ksem.d
t ksem apply
printf '[b]\ncapacity = 1\nlabel = first\n' >/etc/ksem.d/10-b.conf
printf '[a]\ncapacity = 2\n[b]\ncapacity = 3\n' >/etc/ksem.d/20-a.conf
printf '[c]\ncapacity = 2\n' >/etc/ksem.d/c.conf.bak
t ksem apply
t ksem ls -o name,capacity,mode,owner,label
chmod 700 /etc/ksem.d
t as_nobody 'ksem apply --check'
