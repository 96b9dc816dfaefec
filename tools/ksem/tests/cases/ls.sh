# SPDX-License-Identifier: GPL-2.0-only
t ksem ls
ksem create db 3
ksem create --fair --label 'what it is for' z 1
mkdir -p /sys/fs/ksem/a/b /sys/fs/ksem/empty
ksem create a/b/deep 1
ksem create tmp/mine 2
t ksem ls
t ksem ls a
t ksem ls tmp/mine db
t ksem ls /sys/fs/ksem/a
t ksem ls --noheadings
t ksem ls -o name,available,MAX
t ksem ls -o +max
t ksem ls -o +max,id,no-such-column
t ksem ls no-such-name db
t ksem ls .
mkfifo fifo
t ksem ls ./fifo
# Output that nobody can read.
sh_t 'ksem ls >/dev/full'
