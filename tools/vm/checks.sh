# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Checks that are counted in a guest: sourced there, as /ksem/checks.sh.

passed=0
failed=0

# check WHAT STATUS
check() {
	if [ "$2" = 0 ]; then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1"
		failed=$((failed + 1))
	fi
}

# The sum, as the last line; fails if a check did.
count_checks() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" = 0 ]
}
