// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: names
 *
 * Each file system has the same few paths, and any of them may become a semaphore or a
 * directory: so that calls meet each other, and nothing fills up.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fuzz.h"

static const char * const paths[FUZZ_PATHS] = {
	"a", "b", "c", "e", [FUZZ_DIRECTORY] = "d", "d/a", "d/b", "d/e",
};

static int root_of(unsigned int path)
{
	return path & FUZZ_OWN_NAMES ? FUZZ_FD_MINE : FUZZ_FD_NAMES;
}

static const char *path_of(unsigned int path)
{
	return paths[path % FUZZ_PATHS];
}

/* The last part of it. */
static const char *name_of(unsigned int path)
{
	const char *slash = strchr(path_of(path), '/');

	return slash ? slash + 1 : path_of(path);
}

static int open_directory_of(unsigned int path)
{
	const char *directory = strchr(path_of(path), '/') ? paths[FUZZ_DIRECTORY] : ".";

	return openat(root_of(path), directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * create_at
 */

/* What can be no name, or has no end. */
static unsigned long bad_name(struct fuzz_thread *t, unsigned int which)
{
	static const char too_long[] = { [0 ... 255] = 'x', 0 };
	static const char * const some[] = { "", ".", "..", "a/b", too_long };
	unsigned int ptr = which % FUZZ_PATHS == ARRAY_SIZE(some) ? PTR_GUARD : PTR_ACROSS;
	unsigned long at;

	which %= FUZZ_PATHS;
	if (which < ARRAY_SIZE(some))
		return (unsigned long)some[which];
	at = fuzz_area_entries(&t->area, t->process->page, ptr, 0);
	if (ptr == PTR_ACROSS)
		memset(t->area.own + (at - (unsigned long)t->area.call), 'x', 8);
	return at;
}

void fuzz_fill_name(struct fuzz_thread *t, const struct fuzz_call *c, struct ksem_create_at *at)
{
	at->name = c->odd & ODD_NAME ? bad_name(t, c->slot) : (unsigned long)name_of(c->slot);
}

long fuzz_create_at(const struct fuzz_call *c, unsigned long arg)
{
	int dir = open_directory_of(c->slot);
	long ret;

	if (dir < 0)
		return -1;
	ret = syscall(SYS_ioctl, dir, KSEM_IOC_CREATE_AT, arg);
	fuzz_close_quietly(dir);
	return ret;
}

/*
 * Opening
 */

int fuzz_open_flags(const struct fuzz_call *c)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };
	static const int extras[NR_OPEN_EXTRAS] = {
		[OPEN_NONBLOCK] = O_NONBLOCK,
		[OPEN_TRUNCATE] = O_TRUNC,
		[OPEN_CREATE] = O_CREAT | O_APPEND,
		[OPEN_PATH] = O_PATH,
		[OPEN_DIRECT] = O_DIRECT,
		[OPEN_EXCLUSIVE] = O_CREAT | O_EXCL,
	};

	return modes[c->flags & 3] | extras[(c->flags >> OPEN_EXTRA_SHIFT) % NR_OPEN_EXTRAS] |
	       O_CLOEXEC;
}

/* A directory is nothing for a slot. The look may be what is made to fail, but once only. */
static bool is_directory(int fd)
{
	struct stat st;

	while (fstat(fd, &st))
		;
	return S_ISDIR(st.st_mode);
}

long fuzz_open_name(struct fuzz_thread *t, const struct fuzz_call *c)
{
	int flags = fuzz_open_flags(c);
	int fd = syscall(SYS_openat, root_of(c->n), path_of(c->n), flags, 0600);

	if (fd < 0)
		return -1;
	if ((flags & O_ACCMODE) == O_RDONLY && is_directory(fd)) {
		close(fd);
		errno = EISDIR;
		return -1;
	}
	fuzz_set_slot(t->process, c->slot, fd);
	return 0;
}

/*
 * What works with a path
 */

static long look_at_stat(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct stat st;

	if (fstatat(root_of(c->n), path_of(c->n), &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISDIR(st.st_mode) && (!S_ISFIFO(st.st_mode) || st.st_size || st.st_nlink > 1))
		fuzz_violation(t->process, "mode %o, size %lld, %u links", st.st_mode,
			       (long long)st.st_size, (unsigned int)st.st_nlink);
	return 0;
}

static long look_at_statfs(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct statfs fs;

	if (fstatfs(root_of(c->n), &fs))
		return -1;
	if (fs.f_type != KSEMFS_MAGIC || fs.f_ffree > fs.f_files)
		fuzz_violation(t->process, "type %#lx, %llu of %llu nodes free",
			       (unsigned long)fs.f_type, (unsigned long long)fs.f_ffree,
			       (unsigned long long)fs.f_files);
	return 0;
}

static long look_at_list(const struct fuzz_call *c)
{
	int dir = open_directory_of(c->n);
	char entries[1024];
	long ret;

	if (dir < 0)
		return -1;
	ret = syscall(SYS_getdents64, dir, entries, sizeof(entries));
	fuzz_close_quietly(dir);
	return ret < 0 ? -1 : 0;
}

static long look(struct fuzz_thread *t, const struct fuzz_call *c)
{
	switch (c->m % NR_LOOKS) {
	case LOOK_STAT:
		return look_at_stat(t, c);
	case LOOK_STATFS:
		return look_at_statfs(t, c);
	case LOOK_LIST:
		return look_at_list(c);
	case LOOK_CHMOD:
		return fchmodat(root_of(c->n), path_of(c->n), 0600, 0);
	case LOOK_CHOWN:
		/* A file system of a user namespace has no such id. */
		return fchownat(root_of(c->n), path_of(c->n), 1, 1, AT_SYMLINK_NOFOLLOW);
	default:
		return fuzz_read_file("/proc/self/mountinfo");
	}
}

/* Who owns a directory or may write there matters to others than root. */
static long make_directory(const struct fuzz_call *c)
{
	long ret;
	int err;

	setfsuid(c->flags % FUZZ_USERS);
	ret = mkdirat(root_of(c->n), path_of(c->n), 0777);
	err = errno;
	/* It returns who it was before. Memory for this may be what is made to fail. */
	while (setfsuid(0))
		;
	errno = err;
	return ret;
}

/* What there is nothing of in a ksemfs; should it be made after all, it is not left. */
static long make(const struct fuzz_call *c)
{
	const char *path = path_of(c->n);
	int root = root_of(c->n), fd;

	switch (c->m % NR_MAKES) {
	case MAKE_LINK:
		return linkat(root, "a", root, path, 0);
	case MAKE_SYMLINK:
		return symlinkat("a", root, path);
	case MAKE_FIFO:
		return mknodat(root, path, S_IFIFO | 0600, 0);
	case MAKE_DEVICE:
		return mknodat(root, path, S_IFCHR | 0600, 0x103);
	case MAKE_FILE:
		return mknodat(root, path, S_IFREG | 0600, 0);
	case MAKE_UNNAMED_FILE:
		fd = openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		return fd;
	default:
		return syscall(SYS_ioctl, root, KSEM_IOC_ACQUIRE, 1UL);
	}
}

long fuzz_run_name(struct fuzz_thread *t, const struct fuzz_call *c)
{
	switch (c->op) {
	case OP_UNLINK:
		return unlinkat(root_of(c->n), path_of(c->n), c->flags & 1 ? AT_REMOVEDIR : 0);
	case OP_MKDIR:
		return make_directory(c);
	case OP_RENAME:
		return syscall(SYS_renameat2, root_of(c->n), path_of(c->n), root_of(c->m),
			       path_of(c->m), c->flags);
	case OP_LOOK:
		return look(t, c);
	default:
		return make(c);
	}
}
