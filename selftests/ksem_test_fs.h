/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names: file systems of type ksemfs, each in a mount namespace of the test's own,
 * so that nothing is left of them when the test ends.
 */
#ifndef KSEM_TEST_FS_H
#define KSEM_TEST_FS_H

#include "ksem_test.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define KSEM_TEST_MAGIC		0x6b73656d

/* The module makes this directory; in the test's namespace it is the test's. */
#define KSEM_TEST_MOUNT		"/sys/fs/ksem"

/* Some users; files of theirs are of the same group. */
#define KSEM_TEST_OWNER		1000
#define KSEM_TEST_OTHER		2000

static inline int ksem_test_mount_at(const char *path, const char *options)
{
	return mount("none", path, "ksemfs", 0, options) ? -errno : 0;
}

static inline int ksem_test_open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* From here on this process's mounts are its own. */
static inline int ksem_test_own_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

/* A new file system in a namespace of its own: its root directory, or -errno. */
static inline int ksem_test_mounted(const char *options)
{
	int result = ksem_test_own_mounts();

	if (!result)
		result = ksem_test_mount_at(KSEM_TEST_MOUNT, options);
	return result ?: ksem_test_open_dir(KSEM_TEST_MOUNT);
}

/*
 * For fixtures: one that all may write to, and no umask. Without root *dir is -1, and
 * the tests skip; false where mounting should have been possible.
 */
static inline bool ksem_test_mount_for_all(int *dir)
{
	*dir = -1;
	if (!ksem_test_is_root())
		return true;
	umask(0);
	*dir = ksem_test_mounted("mode=0777");
	return *dir >= 0;
}

/* What create_at does with a valid argument; any field may be changed after. */
static inline struct ksem_create_at ksem_test_create_at_arg(const char *name, __u32 flags,
							    __u32 initial, __u32 max)
{
	return (struct ksem_create_at){
		.size = sizeof(struct ksem_create_at),
		.flags = flags,
		.name = (uintptr_t)name,
		.mode = 0600,
		.fd = -1,
		.initial = initial,
		.max = max,
		.handoff_ns = flags & KSEM_CREATE_FAIR ? 0 : KSEM_HANDOFF_DEFAULT_NS,
		.label = "selftest",
	};
}

/* @fd: what becomes a handle, or -1. */
static inline int ksem_test_create_at(int dir, const char *name, __u32 flags, __u32 mode,
				      int fd)
{
	struct ksem_create_at arg = ksem_test_create_at_arg(name, flags | KSEM_CREATE_FAIR, 4, 8);

	arg.mode = mode;
	arg.fd = fd;
	return ksem_test_ioctl(dir, KSEM_IOC_CREATE_AT, &arg);
}

static inline int ksem_test_open_at(int dir, const char *name, int mode)
{
	int fd = openat(dir, name, mode | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* 0 or -errno: for children, whose exit status is small. */
static inline int ksem_test_can_open_at(int dir, const char *name, int mode)
{
	int fd = ksem_test_open_at(dir, name, mode);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static inline bool ksem_test_exists(int dir, const char *name)
{
	return !faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static inline int ksem_test_unlink(int dir, const char *name)
{
	return unlinkat(dir, name, 0) ? -errno : 0;
}

/* A new semaphore, 4 of at most 8, fair, that all may use, and a handle on it. */
static inline int ksem_test_named(int dir, const char *name, __u32 flags)
{
	int fd = ksem_test_open(O_RDWR);
	int result = fd < 0 ? fd : ksem_test_create_at(dir, name, flags, 0666, fd);

	if (!result && !fchmodat(dir, name, 0666, 0))
		return fd;
	close(fd);
	return result ?: -errno;
}

/* How many nodes the instance has room for still. */
static inline long ksem_test_room(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) ? -1 : (long)fs.f_ffree;
}

static inline bool ksem_test_become(uid_t uid, gid_t gid)
{
	return !setgroups(0, NULL) && !setresgid(gid, gid, gid) && !setresuid(uid, uid, uid);
}

/* What @call gives, 0 or -errno, in a child of that user's. */
#define ksem_test_as(uid, gid, call) ({ \
	pid_t _pid = ksem_test_fork(); \
	if (!_pid) \
		ksem_test_exit(ksem_test_become(uid, gid) ? (call) : -EPERM); \
	ksem_test_reap(_pid); \
})

#endif /* KSEM_TEST_FS_H */
