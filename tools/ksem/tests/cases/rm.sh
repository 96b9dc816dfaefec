# SPDX-License-Identifier: GPL-2.0-only
ksem create a 1
ksem create b 1
mkdir /sys/fs/ksem/directory
t ksem rm a no-such-name b directory
t ksem rm -f no-such-name
t ksem rm -f directory
t ksem ls
# Of another file system it removes nothing.
echo kept >ordinary
t ksem rm ./ordinary
t ksem rm -f ./ordinary ./no-such-file
t cat ordinary
# Those who use it go on, and another one can have its name.
ksem create db 1
ksem run db sh -c 'until_there end; echo done' &
until_held db 1
t ksem rm db
t ksem create db 2
t ksem run --nonblock -n 2 db echo another
touch end
wait
