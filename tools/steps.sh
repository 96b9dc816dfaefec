# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Steps that are counted: sourced by what runs tests and checks.
#
#   step [-n] [-b SECONDS] NAME COMMAND...
#                          run a command, show what it says, and count: by its
#                          closing line 'N passed, N failed[, N skipped]', or as
#                          one test where it has none; end it when its budget of
#                          so many seconds is used up. -n: what is skipped has failed
#   beside COMMAND...      begin a command in the background
#   beside_end NAME        wait for it, show what it said, and count it as a step
#   summary                print what failed once more, how long all took, and the sum
#                          as such a line; fails if anything did
#
# A command that fails without counting a failure is one failure, and so is one
# that counts and has passed nothing. With a budget the command is a program.

steps_log=$(mktemp -d "${TMPDIR:-/tmp}/ksem-steps.XXXXXX")
steps_beside=''
trap 'steps_end_beside; rm -rf "$steps_log"' EXIT
steps_passed=0
steps_failed=0
steps_skipped=0
steps_bad=()

# steps_why FILE: what there is to know of a step that failed. Of a long output the end may
# be all that somebody sees, so summary says this again: what a summary within it says;
# else each test that failed, with what it said before and the kernel's log after it;
# else its last lines.
steps_why() {
	awk '
		function say(line) {
			if (++printed <= 100)
				print "  " line
		}
		FNR == 1 { pass++ }
		pass == 1 { summary = summary || /^FAILED: /; failures += /^not ok/; lines++; next }
		summary { if (/^FAILED: /) begun = 1; if (begun) say($0); next }
		!failures { if (FNR > lines - 60) say($0); next }
		/^not ok/ {
			for (i = n > 8 ? n - 8 : 0; i < n; i++)
				say(said[i])
			say($0)
			log_follows = 1
		}
		/^(not )?ok|^# *RUN / { n = 0; next }
		{ said[n++] = $0 }
		/^#   / && log_follows { say($0); n = 0; next }
		{ log_follows = 0 }
	' "$1" "$1"
}

step() {
	local name status=0 began=$SECONDS budget='' line p=0 f=0 s=0 all=no
	local -a limit=()

	if [[ $1 == -n ]]; then
		all=yes
		shift
	fi
	if [[ $1 == -b ]]; then
		budget=" of $2"
		limit=(timeout -k 30 "$2")
		shift 2
	fi
	name=$1
	shift
	echo "== $name"
	${limit[@]+"${limit[@]}"} "$@" 2>&1 | tee "$steps_log/out" || status=$?
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$steps_log/out" | tail -n 1) ||
		true
	if [[ -n $line ]]; then
		read -r p _ f _ s _ <<<"${line//,/ }"
		s=${s:-0}
		[[ $all == no ]] || f=$((f + s)) s=0
		((status == 0 || f > 0)) || f=1
		((p > 0 || f > 0)) || f=1
	elif ((status == 0)); then
		p=1
	else
		f=1
	fi
	steps_passed=$((steps_passed + p))
	steps_failed=$((steps_failed + f))
	steps_skipped=$((steps_skipped + s))
	((f == 0)) || steps_bad+=("$name$(printf '\n' && steps_why "$steps_log/out")")
	echo "== $name: $p passed, $f failed, $s skipped, exit status $status," \
		"$((SECONDS - began))$budget s"
}

# In a session of its own: so that it can be ended with all that it has started.
beside() {
	setsid "$@" >"$steps_log/said" 2>&1 &
	steps_beside=$!
}

steps_end_beside() {
	if [[ -n $steps_beside ]] && jobs -pr | grep -q -x "$steps_beside"; then
		# timeout(1) has process groups of its own.
		pkill -s "$steps_beside" || kill "$steps_beside" 2>/dev/null || true
	fi
}

steps_say_again() {
	cat "$steps_log/said"
	return "$1"
}

beside_end() {
	local status=0

	wait "$steps_beside" || status=$?
	steps_beside=''
	step "$1" steps_say_again "$status"
}

summary() {
	local name

	for name in "${steps_bad[@]}"; do
		echo "FAILED: $name"
	done
	echo "took $SECONDS s"
	echo "$steps_passed passed, $steps_failed failed, $steps_skipped skipped"
	((steps_failed == 0 && steps_passed > 0))
}
