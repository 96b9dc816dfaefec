# SPDX-License-Identifier: GPL-2.0-only
# Usage is exit status 2, and a hint.
t ksem
t ksem no-such-command
t ksem --no-such-option
t ksem ls --no-such-option
t ksem ls -o name,no-such-column
t ksem create
t ksem create db
t ksem create db three
t ksem create db 3 4
t ksem create db +3
t ksem create db -- -1
t ksem create db 2147483648
t ksem create --mode 888 db 1
t ksem create --handoff soon db 1
t ksem create --max 0 db 1
t ksem create --fair --handoff 3 db 1
t ksem create --max 2 db 3
t ksem create --signal --per-process db 1
t ksem create --label 'as long as this a label cannot be' db 1
t ksem create --label 'a	tab' db 1
t ksem run
t ksem run db
t ksem run db --
t ksem run -n 0 db true
t ksem run -w 1s db true
t ksem run -w . db true
t ksem run -w -1 db true
t ksem run -E 256 db true
t ksem jobserver true
t ksem jobserver -j 0 true
t ksem jobserver -j 2
t ksem resize db
t ksem post
t ksem post -n x db
t ksem shutdown -n 2 db
t ksem rm
t ksem wait
t ksem top -d 0
t ksem mount /a /b
t ksem ls
