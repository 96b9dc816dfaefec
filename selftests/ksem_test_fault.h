/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's fault injection, one failure at a time: the n-th place in the
 * calling thread's next system calls that can fail, fails.
 */
#ifndef KSEM_TEST_FAULT_H
#define KSEM_TEST_FAULT_H

#include "ksem_test.h"

#define KSEM_TEST_FAULTS	"/sys/kernel/debug/"

static inline bool ksem_test_fault_set(const char *name, const char *value)
{
	char path[96];
	bool written;
	int fd;

	snprintf(path, sizeof(path), KSEM_TEST_FAULTS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, value, strlen(value)) > 0;
	close(fd);
	return written;
}

/*
 * Lets allocations fail that may sleep too, which is most. Returns what the
 * kernel lacks, or NULL.
 */
static inline const char *ksem_test_fault_prepare(void)
{
	if (access("/proc/self/fail-nth", W_OK))
		return "the kernel has no /proc/self/fail-nth";
	if (!ksem_test_fault_set("failslab/ignore-gfp-wait", "N"))
		return "the kernel has no failslab, or debugfs is not mounted";
	if (!ksem_test_fault_set("fail_usercopy/verbose", "0"))
		return "the kernel has no fail_usercopy";
	/* A kernel that lets no pages fail has fewer places, that is all. */
	ksem_test_fault_set("fail_page_alloc/ignore-gfp-wait", "N");
	ksem_test_fault_set("fail_page_alloc/min-order", "0");
	return NULL;
}

/* After that: no allocation that may sleep fails, until it is said that they may. */
static inline void ksem_test_fault_spare_allocations(bool spare)
{
	ksem_test_fault_set("failslab/ignore-gfp-wait", spare ? "Y" : "N");
	ksem_test_fault_set("fail_page_alloc/ignore-gfp-wait", spare ? "Y" : "N");
}

/* The calling thread's switch. */
static inline int ksem_test_fault_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid());
	return open(path, O_RDWR | O_CLOEXEC);
}

static inline bool ksem_test_fault_arm(int fault, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fault, text, len, 0) == len;
}

/*
 * Has it happened? Reading and writing the number are calls of this thread as
 * well: should one of them be what fails, then nothing before it was.
 */
static inline bool ksem_test_fault_disarm(int fault)
{
	char text[16] = "";
	unsigned long left;

	if (pread(fault, text, sizeof(text) - 1, 0) < 0)
		return false;
	left = strtoul(text, NULL, 10);
	if (left && pwrite(fault, "0", 1, 0) < 0)
		return false;
	return !left;
}

#endif /* KSEM_TEST_FAULT_H */
