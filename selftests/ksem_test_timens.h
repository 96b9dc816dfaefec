/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time namespaces, in which CLOCK_MONOTONIC has another zero.
 */
#ifndef KSEM_TEST_TIMENS_H
#define KSEM_TEST_TIMENS_H

#include "ksem_test.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif

/*
 * The result of @fn in a child whose CLOCK_MONOTONIC is ahead by @seconds; -EPERM
 * where such a child cannot be made.
 */
static inline int ksem_test_in_time_namespace(long seconds, int (*fn)(int fd), int fd)
{
	pid_t outer = ksem_test_fork(), inner;
	FILE *offsets;

	if (outer)
		return ksem_test_reap(outer);
	if (unshare(CLONE_NEWTIME))
		ksem_test_exit(-EPERM);
	offsets = fopen("/proc/self/timens_offsets", "we");
	if (!offsets || fprintf(offsets, "monotonic %ld 0\n", seconds) < 0 ||
	    fclose(offsets))
		ksem_test_exit(-EPERM);
	/* The namespace is the children's. */
	inner = ksem_test_fork();
	if (!inner)
		ksem_test_exit(fn(fd));
	ksem_test_exit(ksem_test_reap(inner));
	return 0;
}

#endif /* KSEM_TEST_TIMENS_H */
