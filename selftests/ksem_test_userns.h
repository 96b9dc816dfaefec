/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ksemfs of a user namespace's own.
 */
#ifndef KSEM_TEST_USERNS_H
#define KSEM_TEST_USERNS_H

#include "ksem_test.h"
#include "ksem_test_cgroup.h"
#include "ksem_test_fs.h"

/* This process alone has an id inside. */
static inline bool ksem_test_map_ids(uid_t inside, uid_t outside)
{
	char text[32];

	snprintf(text, sizeof(text), "%u %u 1", inside, outside);
	return ksem_test_write("/proc/self", "setgroups", "deny") &&
	       ksem_test_write("/proc/self", "gid_map", text) &&
	       ksem_test_write("/proc/self", "uid_map", text);
}

/* In a child: the root directory of a mount of its own, made without privilege. */
static inline int ksem_test_mount_in_userns(uid_t inside, const char *options)
{
	if (!ksem_test_become(KSEM_TEST_OWNER, KSEM_TEST_OWNER) ||
	    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -EXDEV;
	if (!ksem_test_map_ids(inside, KSEM_TEST_OWNER))
		return -EXDEV;
	if (mount("none", "/tmp", "ksemfs", 0, options))
		return -errno;
	return ksem_test_open_dir("/tmp");
}

#endif /* KSEM_TEST_USERNS_H */
