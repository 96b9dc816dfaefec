/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing is left of what a test has made, in the whole system: for tests that
 * have it to themselves.
 */
#ifndef KSEM_TEST_GONE_H
#define KSEM_TEST_GONE_H

#include "ksem_test.h"

#define KSEM_TEST_SLABS	"/sys/kernel/slab/"

/* Free what is empty in a cache of the kernel's, by the path of its file for that. */
static inline bool ksem_test_shrink(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "1", 1) == 1;

	close(fd);
	return done;
}

/*
 * Has one of the module's caches so many objects in use? The number is exact. True
 * where a cache may be one with others of its size, which is a link: nobody knows.
 */
static inline bool ksem_test_has_objects(const char *cache, long number)
{
	char path[96], target[96];
	long objects = -1;
	FILE *file;

	snprintf(path, sizeof(path), KSEM_TEST_SLABS "%s", cache);
	if (readlink(path, target, sizeof(target)) >= 0)
		return true;
	snprintf(path, sizeof(path), KSEM_TEST_SLABS "%s/shrink", cache);
	if (!ksem_test_shrink(path))
		return false;
	snprintf(path, sizeof(path), KSEM_TEST_SLABS "%s/objects", cache);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%ld", &objects) != 1)
		objects = -1;
	fclose(file);
	return objects == number;
}

/* So many semaphores, each with one handle; no waiters, no accounts of processes? */
static inline bool ksem_test_has_handles(long number)
{
	return ksem_test_has_objects("ksem_sem", number) &&
	       ksem_test_has_objects("ksem_handle", number) &&
	       ksem_test_has_objects("ksem_holder", 0) &&
	       /* Waiters are in memory of their own in debug builds alone. */
	       (access(KSEM_TEST_SLABS "ksem_waiter", F_OK) ||
		ksem_test_has_objects("ksem_waiter", 0));
}

/* Nothing exists: with limits of 1 one can be made, and without it the caches are empty. */
static inline bool ksem_test_nothing_is_left(void)
{
	long semaphores = ksem_test_set_parameter("max_semaphores", 1);
	long handles = ksem_test_set_parameter("max_handles", 1);
	int fd = ksem_test_fair(1, 1);
	bool alone;

	ksem_test_set_parameter("max_semaphores", semaphores);
	ksem_test_set_parameter("max_handles", handles);
	if (fd < 0)
		return false;
	alone = ksem_test_has_handles(1);
	close(fd);
	return alone && ksem_test_has_handles(0);
}

#endif /* KSEM_TEST_GONE_H */
