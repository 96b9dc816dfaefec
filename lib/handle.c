// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: where they come from and where they end.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static struct ksem *wrap(int fd)
{
	struct ksem *k = malloc(sizeof(*k));

	if (!k)
		return NULL;
	k->fd = fd;
	atomic_init(&k->recovered, false);
	return k;
}

/* A new handle, bound by @cmd, or nothing at all. */
static struct ksem *open_bound(int flags, unsigned int cmd, void *arg)
{
	int saved = errno;
	struct ksem *k = wrap(-1);

	if (!k)
		return NULL;
	k->fd = open(KSEM_DEVICE, flags);
	if (k->fd < 0 || ksem_call(k, cmd, arg)) {
		saved = errno;
		if (k->fd >= 0)
			close(k->fd);
		free(k);
		k = NULL;
	}
	errno = saved;
	return k;
}

struct ksem *ksem_create(unsigned int initial, const struct ksem_attr *attr)
{
	struct ksem_create create = {
		.size = sizeof(create),
		.max = KSEM_MAX_PERMITS,
	};
	int flags = O_RDWR | O_CLOEXEC;

	if (attr) {
		create = attr->create;
		flags = attr->access | (attr->inherit ? 0 : O_CLOEXEC);
	}
	create.initial = initial;
	if (!create.handoff_ns && !(create.flags & KSEM_CREATE_FAIR))
		create.handoff_ns = KSEM_HANDOFF_DEFAULT_NS;
	return open_bound(flags, KSEM_IOC_CREATE, &create);
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
		k = wrap(fd);
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
