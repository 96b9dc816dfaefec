/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of names share: a ksemfs of their own at KSEM_MOUNT, that nobody
 * else sees, and semaphores in it.
 */
#ifndef LIB_MOUNT_H
#define LIB_MOUNT_H

#include "lib_test.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* The path of a name that has no slash. */
#define LIB_PATH(name)		KSEM_MOUNT "/" name

static void __attribute__((constructor)) lib_mount_need_root(void)
{
	if (!ksem_test_is_root())
		ksft_exit_skip("needs root, to mount\n");
}

/* Mounts that end with this process. */
static inline int lib_mount_unshare(void)
{
	return unshare(CLONE_NEWNS) ||
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

static inline int lib_mount(const char *dir, const char *type,
			    const char *options)
{
	return mount("none", dir, type, 0, options) ? -errno : 0;
}

/* 0, or the error of what has failed; creations are not masked from here on. */
static inline int lib_mount_own(void)
{
	int error = lib_mount_unshare();

	umask(0);
	return error ? error : lib_mount(KSEM_MOUNT, "ksemfs", "mode=0755");
}

/* ksem_open() with the two attributes that most tests want. */
static inline struct ksem *lib_open_access(const char *path, int flags,
					   mode_t mode, unsigned int initial,
					   int access)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k = NULL;

	if (attr && !ksem_attr_set_initial(attr, initial) &&
	    !ksem_attr_set_access(attr, access))
		k = ksem_open(path, flags, mode, attr);
	ksem_attr_free(attr);
	return k;
}

static inline struct ksem *lib_open(const char *path, int flags,
				    unsigned int initial)
{
	return lib_open_access(path, flags, 0666, initial, O_RDWR);
}

/* 0 or the error, where the handle itself is of no interest. */
static inline int lib_opened(const char *path, int flags, mode_t mode,
			     int access)
{
	struct ksem *k;
	int result = LIB_NEW(k, lib_open_access(path, flags, mode, 1, access));

	return result ? result : LIB(ksem_close(k));
}

static inline bool lib_exists(const char *path)
{
	return !access(path, F_OK);
}

static inline __u64 lib_id(const struct ksem *k)
{
	return lib_info(k).out_id;
}

/* The result of @call in a child process without any privilege. */
#define LIB_AS_NOBODY(call) ({ \
	pid_t _pid = ksem_test_fork(); \
	if (!_pid) { \
		if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || \
		    setresuid(65534, 65534, 65534)) \
			ksem_test_exit(LIB_BROKEN); \
		ksem_test_exit(call); \
	} \
	ksem_test_reap(_pid); \
})

#endif /* LIB_MOUNT_H */
