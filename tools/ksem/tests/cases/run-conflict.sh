# SPDX-License-Identifier: GPL-2.0-only
ksem create db 2
ksem run -n 2 db until_there end &
until_held db 2
t ksem run --nonblock db echo 'must not run'
t ksem run -N db echo 'must not run'
t ksem run -w 0 db echo 'must not run'
t ksem run -w 0.0 db echo 'must not run'
t ksem run -N -E 123 db echo 'must not run'
t ksem run -w 0 --conflict-exit-code 0 db echo 'must not run'
t ksem run -N -E 123 --timeout-exit-code 45 db echo 'must not run'
t ksem run -N -n 3 -E 123 db echo 'must not run'
touch end
wait
t ksem run -N db echo runs
t ksem run -w 0 -n 2 db echo runs
# Three of two may become possible: it is not there now.
t ksem run -N -n 3 db echo 'must not run'
