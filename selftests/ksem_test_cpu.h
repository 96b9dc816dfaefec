/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One CPU for a test and its waiters, so that a race has a known winner: while
 * the test has seized the CPU, nothing that it wakes there runs.
 */
#ifndef KSEM_TEST_CPU_H
#define KSEM_TEST_CPU_H

#include "ksem_test.h"

/* A CPU of those that this thread may use: the first, or the second. */
static inline int ksem_test_nth_cpu(int nth)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !nth--)
			return cpu;
	return -1;
}

/* Stay on @cpu, and so do the threads and children started from now on. */
static inline bool ksem_test_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return false;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* The others on this CPU wait until this thread lets go of it, or sleeps. */
static inline bool ksem_test_seize_cpu(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return !sched_setscheduler(0, SCHED_FIFO, &param);
}

static inline bool ksem_test_let_go_of_cpu(void)
{
	struct sched_param param = { .sched_priority = 0 };

	return !sched_setscheduler(0, SCHED_OTHER, &param);
}

/* Pinned, and able to seize the CPU: false where privileges are missing. */
static inline bool ksem_test_share_one_cpu(void)
{
	return ksem_test_pin(ksem_test_nth_cpu(0)) && ksem_test_seize_cpu() &&
	       ksem_test_let_go_of_cpu();
}

#endif /* KSEM_TEST_CPU_H */
