# SPDX-License-Identifier: GPL-2.0-only
t ksem --help
sh_t 'ksem --version | grep -c "^ksem [0-9]*\.[0-9]*\.[0-9]*$"'
for command in $(ksem --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	t ksem "$command" --help
done
