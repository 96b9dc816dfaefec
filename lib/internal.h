/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the library share: the two opaque structures, and the one
 * way into the kernel.
 */
#ifndef LIBKSEM_INTERNAL_H
#define LIBKSEM_INTERNAL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ksem.h"

#define KSEM_DEVICE	"/dev/ksem"

#define KSEM_NSEC_PER_SEC	1000000000LL

struct ksem {
	int fd;
	/* A grant said RECOVERED, and ksem_recovered() has not said it yet. */
	atomic_bool recovered;
};

struct ksem_attr {
	struct ksem_create create;
	int access;
	bool inherit;
};

static inline int ksem_fail(int error)
{
	errno = error;
	return -1;
}

/* A handle that is @fd; NULL if there is no memory. */
static inline struct ksem *ksem_wrap(int fd)
{
	struct ksem *k = malloc(sizeof(*k));

	if (!k)
		return NULL;
	k->fd = fd;
	atomic_init(&k->recovered, false);
	return k;
}

/* How a call ends that fails half-way: errno stays what it is. */
static inline struct ksem *ksem_discard(struct ksem *k, int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	free(k);
	errno = error;
	return NULL;
}

static inline struct ksem_attr ksem_attr_defaults(void)
{
	return (struct ksem_attr){
		.create = {
			.size = sizeof(struct ksem_create),
			.initial = 1,
			.max = KSEM_MAX_PERMITS,
		},
		.access = O_RDWR,
	};
}

/*
 * What a creation is to be made with; @attr may be NULL. The hand-off time stays
 * open until now because a fair semaphore must not have one.
 */
static inline struct ksem_attr ksem_attr_resolve(const struct ksem_attr *attr)
{
	struct ksem_attr all = attr ? *attr : ksem_attr_defaults();

	if (!all.create.handoff_ns && !(all.create.flags & KSEM_CREATE_FAIR))
		all.create.handoff_ns = KSEM_HANDOFF_DEFAULT_NS;
	return all;
}

/* For open(2) of the device or of a name. */
static inline int ksem_attr_open_flags(const struct ksem_attr *attr)
{
	return attr->access | (attr->inherit ? 0 : O_CLOEXEC);
}

static inline int ksem_call(const struct ksem *k, unsigned int cmd, void *arg)
{
	return k ? ioctl(k->fd, cmd, arg) : ksem_fail(EINVAL);
}

/* For the commands whose third argument is n itself. */
static inline int ksem_call_n(const struct ksem *k, unsigned int cmd,
			      unsigned int n)
{
	return k ? ioctl(k->fd, cmd, (unsigned long)n) : ksem_fail(EINVAL);
}

static inline bool ksem_timespec_valid(const struct timespec *t)
{
	return t && t->tv_nsec >= 0 && t->tv_nsec < KSEM_NSEC_PER_SEC;
}

/* Of a valid one; what does not fit becomes the smallest or largest number. */
static inline long long ksem_timespec_ns(const struct timespec *t)
{
	long long ns = t->tv_sec;

	if (__builtin_mul_overflow(ns, KSEM_NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, t->tv_nsec, &ns))
		return t->tv_sec < 0 ? LLONG_MIN : LLONG_MAX;
	return ns;
}

#endif /* LIBKSEM_INTERNAL_H */
