# SPDX-License-Identifier: GPL-2.0-only
ksem create db 4
ksem create other 1
ksem run -n 3 db until_there end &
until_held db 3
until_runs db until_there
t ksem holders -o command,permits,since db
t ksem holders -o name,command,permits
t ksem holders --noheadings -o permits,command db
t ksem holders other
# The one who holds is the command, not ksem.
pid=$(holder db)
tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q 'until_there end' && echo 'the command itself'
# Who opened the handle is ksem, and is its parent.
[ "$(ksem holders --noheadings -o opener db)" = "$(awk '{ print $4 }' "/proc/$pid/stat")" ] &&
	echo 'opened by the parent'
[ "$(ksem holders db | awk 'NR == 2 { print $1 }')" = "$pid" ] && echo 'the first column is the pid'
touch end
wait
t ksem holders
