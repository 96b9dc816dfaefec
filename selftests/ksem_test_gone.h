/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing is left of what a test has made, in the whole system: for tests that
 * have it to themselves.
 */
#ifndef KSEM_TEST_GONE_H
#define KSEM_TEST_GONE_H

#include "ksem_test.h"

/*
 * Memory of the module's caches that is in use; each number is exact. -1 where it
 * cannot be said: a cache that may be one with others of that size is a link.
 */
static inline long ksem_test_objects_of(const char *cache)
{
	char path[96], target[96];
	long objects = -1;
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s", cache);
	if (readlink(path, target, sizeof(target)) >= 0)
		return -1;
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) < 0)
			objects = -1;
		close(fd);
	}
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &objects) != 1)
		objects = -1;
	fclose(file);
	return objects;
}

/* Nothing exists: with limits of 1 one can be made, and the caches are empty. */
static inline bool ksem_test_nothing_is_left(void)
{
	long semaphores = ksem_test_set_parameter("max_semaphores", 1);
	long handles = ksem_test_set_parameter("max_handles", 1);
	int fd = ksem_test_fair(1, 1);

	ksem_test_set_parameter("max_semaphores", semaphores);
	ksem_test_set_parameter("max_handles", handles);
	if (fd < 0)
		return false;
	close(fd);
	return ksem_test_objects_of("ksem_sem") <= 0 && ksem_test_objects_of("ksem_handle") <= 0 &&
	       ksem_test_objects_of("ksem_holder") <= 0 &&
	       ksem_test_objects_of("ksem_waiter") <= 0;
}

#endif /* KSEM_TEST_GONE_H */
