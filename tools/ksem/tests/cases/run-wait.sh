# SPDX-License-Identifier: GPL-2.0-only
# What is held for three seconds is had within five, and not before three.
ksem create db 1
began=$(cut -d ' ' -f 1 /proc/uptime)
ksem run db sleep 3 &
until_held db 1
t ksem run -w 50 db echo runs
awk -v began="$began" '{ t = $1 - began; print (t >= 3 && t < 30 ? "in time" : t) }' /proc/uptime
wait
