# SPDX-License-Identifier: GPL-2.0-only
# Between the step that makes a semaphore and those that give it its owner and mode.
cat >a.conf <<'END'
[his/pool]
capacity = 4
mode = 0666
group = nogroup
END
his=/sys/fs/ksem/his
mkdir $his
chown nobody $his

look() {
	(cd $his && stat -c '%A %U %G %n' -- *)
}

# after TEXT: applies, with that in between; what there is then goes away.
after() {
	t after_create "$1" ksem apply a.conf
	look
	rm -rf "${his:?}"/*
}

# What he had there before comes into the place of the new one, which he moves away.
cat >swap <<END
exec su nobody -s /bin/sh -c 'mv $his/pool $his/moved; mv $his/old $his/pool'
END
as_nobody 'umask 0; ksem create -m 600 his/old 1'
after 'sh swap'
# One of root's, which nothing but its number tells from the new one.
ksem create -m 600 his/old 4
after 'sh swap'
as_nobody "mkdir $his/old"
after 'sh swap'
ksem create his/old 1
ksem shutdown his/old
after 'sh swap'
after 'ksem rm his/pool; mkdir /sys/fs/ksem/his/other'
# Without a device the library itself opens the new one by its name.
as_nobody 'umask 0; ksem create -m 600 his/old 1'
mv /dev/ksem /dev/ksem.away
after 'sh swap'
after true
mv /dev/ksem.away /dev/ksem
after true
# Killed there, or after the next step, it has left something that is refused, with advice.
# shellcheck disable=SC2016 # after_create's
t after_create 'kill -9 $PID' ksem apply a.conf
look
t ksem apply a.conf
chgrp nogroup $his/pool
t ksem apply a.conf
t ksem rm his/pool
t ksem apply a.conf
look
# An owner that it can't have.
ksem rm his/pool
sed 's/^group.*/owner = root/' a.conf >/tmp/nobodys.conf
t as_nobody 'ksem apply /tmp/nobodys.conf'
t ls $his
rm /tmp/nobodys.conf
