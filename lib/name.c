// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names: a semaphore that has a path. The node and the semaphore are made in one
 * step, by an ioctl on the directory; open(2) is never asked to create.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* @path as the kernel takes it: a bare name is one of the boot's file system. */
static int full_path(char full[PATH_MAX], const char *path)
{
	const char *dir = strchr(path, '/') ? "" : KSEM_MOUNT "/";

	if (!*path)
		return ksem_fail(ENOENT);
	if (strlen(dir) + strlen(path) >= PATH_MAX)
		return ksem_fail(ENAMETOOLONG);
	strcpy(stpcpy(full, dir), path);
	return 0;
}

/*
 * What is opened may turn out to be something else, and must neither block, as a
 * FIFO without a writer would, nor become the controlling terminal. ENXIO is what
 * a FIFO without a reader, a socket and an unbound device have to say.
 */
static struct ksem *open_name(int dirfd, const char *path, int flags)
{
	int fd = openat(dirfd, path, flags | O_NONBLOCK | O_NOCTTY);
	struct ksem *k = fd < 0 ? NULL : ksem_from_fd(fd);

	if (k && !fcntl(fd, F_SETFL, 0))
		return k;
	if (errno == ENXIO)
		errno = EINVAL;
	return ksem_discard(k, fd);
}

/* @at->fd becomes the handle, in the step that makes the name. */
static struct ksem *create_bound(int dirfd, struct ksem_create_at *at)
{
	struct ksem *k = ksem_wrap(at->fd);

	if (k && !ioctl(dirfd, KSEM_IOC_CREATE_AT, at))
		return k;
	return ksem_discard(k, at->fd);
}

/*
 * Two steps, for want of a device. Where the second one fails the name goes again:
 * the mode or the umask may not let its own creator in; that there is a descriptor for it
 * is made sure before. It is not there any more where others have opened and closed a
 * temporary one, or removed it: to the caller it is as if it had been theirs before.
 */
static struct ksem *create_then_open(int dirfd, struct ksem_create_at *at,
				     const char *name, int flags)
{
	int error, spare = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	struct ksem *k;

	if (spare < 0)
		return NULL;
	if (ioctl(dirfd, KSEM_IOC_CREATE_AT, at))
		return ksem_discard(NULL, spare);
	close(spare);
	k = open_name(dirfd, name, flags);
	if (k)
		return k;
	error = errno;
	if (error == ENOENT)
		error = EEXIST;
	else
		unlinkat(dirfd, name, 0);
	errno = error;
	return NULL;
}

/* Not there, nothing behind it, or not for this user or container. */
static bool device_is_missing(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV ||
	       error == EACCES || error == EPERM;
}

struct ksem *ksem_create_at(int dirfd, const char *name, mode_t mode,
			    const struct ksem_attr *attr)
{
	const struct ksem_attr all = ksem_attr_resolve(attr);
	int flags = ksem_attr_open_flags(&all);
	struct ksem_create_at at = {
		.size = sizeof(at),
		.flags = all.create.flags,
		.name = (uintptr_t)name,
		.mode = mode,
		.initial = all.create.initial,
		.max = all.create.max,
		.handoff_ns = all.create.handoff_ns,
	};
	int saved = errno;
	struct ksem *k = NULL;

	memcpy(at.label, all.create.label, sizeof(at.label));
	/* Or else the device may get this very number. */
	if (fcntl(dirfd, F_GETFD) < 0)
		return NULL;
	at.fd = open(KSEM_DEVICE, flags);
	if (at.fd >= 0)
		k = create_bound(dirfd, &at);
	else if (device_is_missing(errno))
		k = create_then_open(dirfd, &at, name, flags);
	if (k)
		errno = saved;
	return k;
}

/* @full is changed for a moment only. */
static struct ksem *create_in_parent(char *full, mode_t mode,
				     const struct ksem_attr *attr)
{
	char *slash = strrchr(full, '/');
	struct ksem *k;
	int dirfd, error;

	*slash = '\0';
	dirfd = open(slash == full ? "/" : full,
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (dirfd < 0)
		return NULL;
	k = ksem_create_at(dirfd, slash + 1, mode, attr);
	error = errno;
	close(dirfd);
	errno = error;
	return k;
}

/*
 * Open, or else create. A name that was not there to be opened, and is there when
 * it shall be created, was made meanwhile, and the next turn opens it, unless it is
 * gone again: each turn but the last is the work of somebody else who gets on. So many
 * turns have another reason: a mount on the name hides what CREATE_AT finds there.
 */
#define TURNS	10000

static struct ksem *open_or_create(char *full, int flags, mode_t mode,
				   const struct ksem_attr *attr)
{
	const struct ksem_attr all = ksem_attr_resolve(attr);
	struct ksem *k = NULL;
	int turn;

	if (flags & O_EXCL)
		return create_in_parent(full, mode, attr);
	for (turn = 0; turn < TURNS; turn++) {
		k = open_name(AT_FDCWD, full, ksem_attr_open_flags(&all));
		if (k || errno != ENOENT || !(flags & O_CREAT))
			break;
		k = create_in_parent(full, mode, attr);
		if (k || errno != EEXIST)
			break;
	}
	return k;
}

struct ksem *ksem_open(const char *path, int flags, mode_t mode,
		       const struct ksem_attr *attr)
{
	char full[PATH_MAX];
	int saved = errno;
	struct ksem *k;

	if (!path || flags & ~(O_CREAT | O_EXCL) || flags == O_EXCL) {
		errno = EINVAL;
		return NULL;
	}
	if (full_path(full, path))
		return NULL;
	k = open_or_create(full, flags, mode, attr);
	if (k)
		errno = saved;
	/* The mount point, and nothing mounted there. */
	else if (errno == ENOTTY && !strchr(path, '/'))
		errno = ENOENT;
	return k;
}

int ksem_unlink(const char *path)
{
	char full[PATH_MAX];

	if (!path)
		return ksem_fail(EINVAL);
	return full_path(full, path) ? -1 : unlink(full);
}
