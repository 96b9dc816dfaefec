# SPDX-License-Identifier: GPL-2.0-only
# All of it goes through a parser too: tests/check-cases.
ksem create --label 'a "quoted" \label' db 3
ksem create "$(printf 'quote"back\\slash')" 1
ksem create "$(printf 'tab\tnewline\nend')" 1
ksem create "$(printf 'latin1-\344-utf8-\303\244')" 1
ksem create "$(printf 'utf8-\303\244')" 1
chmod 000 "/sys/fs/ksem/$(printf 'quote"back\\slash')"
t as_nobody 'ksem ls --json -o name,available,capacity,label,error'
t ksem show --json -o name,kind,recovered,handoff,wait-max,label,max db
ksem create --handoff never never 1
ksem create --fair fair 1
t ksem ls --json -o name,handoff fair never
ksem run -n 2 db until_there end &
until_held db 2
until_runs db until_there
t ksem holders --json -o name,command,permits,since
t ksem waiters --json
touch end
wait
t ksem holders --json
t ksem ls --json tmp
sh_t 'ksem show --json db | grep -c :'
