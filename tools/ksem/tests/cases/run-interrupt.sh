# SPDX-License-Identifier: GPL-2.0-only
# Where SIGINT has ended the command it ends ksem too, and so a shell's loop.
ksem create db 1
# shellcheck disable=SC2016 # the inner shell expands it
t pty ksem run db sh -c 'kill -INT $$'
# shellcheck disable=SC2016 # the inner shell expands it
t pty ksem run db sh -c 'kill -TERM $$'
# An exit status that only looks like it is one.
t pty ksem run db sh -c 'exit 130'
