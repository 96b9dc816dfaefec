// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: where they come from and where they end.
 */
#include <unistd.h>

#include "internal.h"

/* A new handle, bound by @cmd, or nothing at all. */
static struct ksem *open_bound(int flags, unsigned int cmd, void *arg)
{
	int saved = errno;
	int fd = open(KSEM_DEVICE, flags);
	struct ksem *k = fd < 0 ? NULL : ksem_wrap(fd);

	if (!k || ksem_call(k, cmd, arg))
		return ksem_discard(k, fd);
	errno = saved;
	return k;
}

struct ksem *ksem_create(unsigned int initial, const struct ksem_attr *attr)
{
	struct ksem_attr all = ksem_attr_resolve(attr);

	all.create.initial = initial;
	return open_bound(ksem_attr_open_flags(&all), KSEM_IOC_CREATE,
			  &all.create);
}

struct ksem *ksem_attach_fd(int fd, int access)
{
	struct ksem_attach attach = { .size = sizeof(attach), .fd = fd };

	if (access != O_RDONLY && access != O_WRONLY && access != O_RDWR) {
		errno = EINVAL;
		return NULL;
	}
	/* Or else the new descriptor may get this very number. */
	if (fcntl(fd, F_GETFD) < 0)
		return NULL;
	return open_bound(access | O_CLOEXEC, KSEM_IOC_ATTACH, &attach);
}

struct ksem *ksem_attach(const struct ksem *other)
{
	int flags;

	if (!other) {
		errno = EINVAL;
		return NULL;
	}
	flags = fcntl(other->fd, F_GETFL);
	if (flags < 0)
		return NULL;
	return ksem_attach_fd(other->fd, flags & O_ACCMODE);
}

/*
 * The feature query tells a handle from other files, whatever its rights; the
 * one thing that info can fail with because of the rights, EBADF, comes after
 * ENXIO and therefore means that the handle is bound.
 */
static int check_bound(int fd)
{
	struct ksem_features features = { .size = sizeof(features) };
	struct ksem_info info = { .size = sizeof(info) };

	if (ioctl(fd, KSEM_IOC_FEATURES, &features))
		return errno == EBADF ? EBADF : EINVAL;
	if (ioctl(fd, KSEM_IOC_INFO, &info) && errno != EBADF)
		return errno;
	return 0;
}

struct ksem *ksem_from_fd(int fd)
{
	int saved = errno;
	int error = check_bound(fd);
	struct ksem *k = NULL;

	if (!error) {
		k = ksem_wrap(fd);
		if (!k)
			error = ENOMEM;
	}
	errno = error ? error : saved;
	return k;
}

int ksem_fd(const struct ksem *k)
{
	return k ? k->fd : ksem_fail(EINVAL);
}

int ksem_close(struct ksem *k)
{
	int saved = errno;
	int result;

	if (!k)
		return ksem_fail(EINVAL);
	result = close(k->fd);
	if (result)
		saved = errno;
	free(k);
	errno = saved;
	return result;
}
