# SPDX-License-Identifier: GPL-2.0-only
#
# Search a kernel log for what must not be there. Prints each such line with
# some of what follows it, and exits with 1 if there was one.
#
#   awk -v mark=TEXT -f klog.awk LOG    only what follows the line with TEXT
#   awk -v live=1 ... /dev/kmsg         exits at the first such line

BEGIN {
	after = 20
	searching = (mark == "")
	bad = "(^|[^A-Z_])BUG([^A-Z_]|$)|WARNING|Oops|Call Trace:|" \
	      "general protection|[Uu]nable to handle|Kernel panic|" \
	      "lockdep|DEBUG_LOCKS_WARN|possible (recursive|circular|irq lock)|" \
	      "inconsistent lock state|bad unlock balance|held lock freed|" \
	      "lock held when returning|locks held by .* returning|" \
	      "[Ii]nvalid wait context|suspicious RCU|" \
	      "sleeping function called|scheduling while atomic|" \
	      "INFO: task .* blocked|rcu.*(stall|self-detected)|" \
	      "(soft|hard) (lockup|LOCKUP)|Hard LOCKUP|workqueue lockup|" \
	      "KASAN|UBSAN|KCSAN|KMSAN|KFENCE|kmemleak|ODEBUG|use-after-free|" \
	      "refcount_t|list_(add|del) corruption|" \
	      "Bad page|Objects remaining|cache still has objects|" \
	      "unregister_netdevice"
}

!searching {
	searching = (index($0, mark) > 0)
	next
}

/^ksem-vm: end/ {
	next
}

# A cgroup that runs out of memory is what some tests want: the trace that the
# killer prints is not a fault. Running out for good is.
/invoked oom-killer/ {
	oom = 1
}
/oom-kill:|no killable processes/ {
	oom = 0
	if (/CONSTRAINT_NONE/)
		hit()
}

$0 ~ bad && !(oom && /Call Trace:|\+0x[0-9a-f]+\/0x/) {
	hit()
}

left > 0 {
	print
	left--
}

function hit()
{
	hits++
	if (live)
		exit 1
	if (hits <= 8)
		left = after
}

END {
	if (!searching) {
		print "the log's beginning is lost: too much was printed"
		exit 1
	}
	exit hits > 0
}
