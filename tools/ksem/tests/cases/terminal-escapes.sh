# SPDX-License-Identifier: GPL-2.0-only
# A name must not be able to do anything to the terminal that it is shown on.
ksem create "$(printf 'a\033[31mred\033[0m')" 1
ksem create "$(printf 'b\nnewline')" 1
ksem create "$(printf 'c\302\2331mC1')" 1
ksem create "$(printf 'd\344')" 1
t ksem ls -o name,capacity
t ksem ls "$(printf 'b\nnewline')"
# Nor in a message.
ksem shutdown "$(printf 'a\033[31mred\033[0m')"
sh_t 'ksem holders . 2>&1 >/dev/null'
mkdir "$(printf '/sys/fs/ksem/e\033[2J')"
# shellcheck disable=SC2016 # the inner shell expands it
sh_t 'ksem rm "$(printf "e\033[2J")"'
# shellcheck disable=SC2016 # the inner shell expands it
sh_t 'ksem reduce -n 9 "$(printf "b\nnewline")"'
# Nor in JSON.
# shellcheck disable=SC2016 # the inner shell expands it
sh_t 'ksem ls --json -o name "$(printf "c\302\2331mC1")"'
