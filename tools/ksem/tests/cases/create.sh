# SPDX-License-Identifier: GPL-2.0-only
t ksem create db 3
t ksem ls
t ksem create db 3
t ksem create --mode 0600 --fair --label 'for the reports' reports 0
t ksem create --handoff 0.5 quick 1
t ksem create --handoff never never 1
t ksem create --max 7 --signal jobs 2
t ksem create --per-process tmp/js 4
umask 077
t ksem create private 1
t ksem create ./here 1
mkdir /sys/fs/ksem/web
t ksem create web/db 2147483647
t ksem create no/such/directory 1
t ksem create "$(printf '%0256d' 0)" 1
t ksem create /sys/fs/ksem/absolute 1
t ksem ls -o name,available,capacity,max,kind,handoff,mode,label
