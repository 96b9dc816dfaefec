/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: what differs between the kernels that the module builds for, and
 * nothing else. The rest of the module is written for the newest of them.
 */
#ifndef KSEM_COMPAT_H
#define KSEM_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>
#include <linux/version.h>

/* 6.13 renamed it when it began to set the callback too. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define hrtimer_setup_sleeper_on_stack	hrtimer_init_sleeper_on_stack
#endif

/*
 * CLOCK_MONOTONIC of the caller's time namespace, in ns, and back. The kernel's
 * own timens_ktime_to_host() is not exported.
 */
static inline s64 ksem_timens_offset(void)
{
#ifdef CONFIG_TIME_NS
	struct timespec64 *offset = &current->nsproxy->time_ns->offsets.monotonic;

	return offset->tv_sec * NSEC_PER_SEC + offset->tv_nsec;
#else
	return 0;
#endif
}

#endif /* KSEM_COMPAT_H */
