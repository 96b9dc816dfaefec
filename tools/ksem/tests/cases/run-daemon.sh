# SPDX-License-Identifier: GPL-2.0-only
# What a command leaves behind has inherited the handle, and keeps the permit.
ksem create db 1
t ksem run db sh -c 'until_there end >/dev/null 2>&1 & echo started'
t ksem ls -o name,held
t ksem run -N db echo 'must not run'
touch end
until_held db 0
t ksem run -N db echo runs
# With -o it does not.
t ksem run -o db sh -c 'until_there end2 >/dev/null 2>&1 & echo started'
t ksem ls -o name,held
t ksem run -N db echo runs
touch end2
# Nor if it closes the handle.
t ksem run db sh -c 'until_there end3 >/dev/null 2>&1 100<&- & echo started'
until_held db 0
t ksem ls -o name,held
touch end3
