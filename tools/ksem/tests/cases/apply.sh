# SPDX-License-Identifier: GPL-2.0-only
cat >a.conf <<'END'
# A comment.
; Another one.
[db]
capacity = 20
fair = yes
label = connections ; and a comment
mode = 0660
owner = nobody
group = nogroup

[gpu]
	capacity=2
	max=8
	handoff = 0.5

[web/workers]
capacity = 4
per-process = yes
handoff = never

[/sys/fs/ksem/jobs]
capacity = 0
signal = true
mode = 666
END
t ksem apply --check a.conf
t ksem ls
t ksem apply a.conf
t ksem ls -o name,available,capacity,max,kind,handoff,mode,owner,group,label
# Again: nothing changes, and what is available of a signal semaphore does not either.
ksem post -n 3 jobs
t ksem apply a.conf
t ksem ls -o name,available,capacity
# A capacity that has changed, here or there.
ksem resize gpu 3
sed -i 's/capacity = 20/capacity = 30/' a.conf
t ksem apply a.conf
t ksem ls -o name,available,capacity
t stat -c '%A %U %n' /sys/fs/ksem/web
t ksem apply ./no-such-file.conf
# A directory that can't be made.
mkdir full
mount -t ksemfs -o max=1 full full
printf '[./full/one/db]\ncapacity = 1\n[./full/two/db]\ncapacity = 1\n' >full.conf
t ksem apply full.conf
umount full
