# SPDX-License-Identifier: GPL-2.0-only
# A name that somebody else has taken, or that is not what it should be.
cat >a.conf <<'END'
[tmp/pool]
capacity = 4
mode = 0644

[other]
capacity = 2
END
as_nobody 'umask 0; ksem create -m 644 tmp/pool 1'
t ksem apply a.conf
t ksem ls -o name,capacity,mode,owner
chown root /sys/fs/ksem/tmp/pool
t ksem apply a.conf
chgrp root /sys/fs/ksem/tmp/pool
chmod 666 /sys/fs/ksem/tmp/pool
t ksem apply a.conf
chmod 644 /sys/fs/ksem/tmp/pool
t ksem apply a.conf
t ksem ls -o name,capacity
for options in --fair --signal --per-process '--handoff 3' '--max 100' '--label x'; do
	ksem rm tmp/pool
	# shellcheck disable=SC2086 # two words
	ksem create $options tmp/pool 1
	t ksem apply a.conf
done
ksem shutdown tmp/pool
t ksem apply a.conf
t ksem ls -o name,kind,capacity
# Not root: what is there is not theirs, and what is not there can't be made.
cp a.conf /tmp/nobodys.conf
t as_nobody 'ksem apply /tmp/nobodys.conf'
rm /tmp/nobodys.conf
