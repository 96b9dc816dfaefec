# SPDX-License-Identifier: GPL-2.0-only
# A busy one, and two seconds: over after two, and not much later.
ksem create db 1
ksem run db until_there end &
until_held db 1
began=$(cut -d ' ' -f 1 /proc/uptime)
t ksem run -w 2 db echo 'must not run'
awk -v began="$began" '{ t = $1 - began; print (t >= 2 && t < 20 ? "in time" : t) }' /proc/uptime
t ksem run -w 0.05 db echo 'must not run'
t ksem run -w .05 -E 75 db echo 'must not run'
t ksem run -w 0.05 --timeout-exit-code 76 db echo 'must not run'
t ksem run -w 0.05 -E 75 --timeout-exit-code 76 db echo 'must not run'
t ksem ls -o name,waiters,timeouts
touch end
wait
