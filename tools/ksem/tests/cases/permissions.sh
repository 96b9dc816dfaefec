# SPDX-License-Identifier: GPL-2.0-only
ksem create --mode 600 secret 1
ksem create --mode 644 readable 2
umask 0
ksem create --mode 666 open 3
ksem create --mode 222 writable 4
mkdir -m 700 /sys/fs/ksem/closed
ksem create closed/inside 1
t as_nobody 'ksem ls'
t as_nobody 'ksem ls -o name,error'
t as_nobody 'ksem show secret'
t as_nobody 'ksem holders secret'
t as_nobody 'ksem holders'
t as_nobody 'ksem run secret true'
t as_nobody 'ksem run readable true'
t as_nobody 'ksem run writable true'
t as_nobody 'ksem resize readable 5'
t as_nobody 'ksem shutdown readable'
t as_nobody 'ksem post open'
t as_nobody 'ksem resize writable 5'
t as_nobody 'ksem rm open'
t as_nobody 'ksem create mine 1'
t as_nobody 'ksem run -j 1 mine true'
t as_nobody 'ksem create tmp/mine 1'
t as_nobody 'ksem ls closed'
t as_nobody 'ksem ls closed/inside'
# Who may read a directory and not search it sees names, and no more.
mkdir -m 744 /sys/fs/ksem/listed
ksem create listed/inside 1
t as_nobody 'ksem ls -o name,mode,owner,error listed'
t as_nobody 'ksem show listed'
ksem create tmp/roots 1
t as_nobody 'ksem rm tmp/roots tmp/mine'
t as_nobody 'ksem mount'
t as_nobody 'ksem mount /tmp'
t ksem ls -o name,capacity,mode,owner
