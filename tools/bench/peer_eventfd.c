// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: eventfd, which EFD_SEMAPHORE makes a semaphore.
 */
#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "peers.h"

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
	sem->fd = eventfd(permits, EFD_SEMAPHORE | EFD_CLOEXEC | (sem->tries ? EFD_NONBLOCK : 0));
	bench_check(sem->fd >= 0, "eventfd");
}

static void destroy(struct bench_sem *sem)
{
	close(sem->fd);
}

static void join(struct bench_user *user, struct bench_sem *sem)
{
	user->sem = sem;
	user->fd = sem->fd;
}

static bool take(int fd)
{
	uint64_t one;

	return read(fd, &one, sizeof(one)) == sizeof(one);
}

static void acquire(struct bench_user *user)
{
	bench_check(take(user->fd), "eventfd read");
}

static bool try_acquire(struct bench_user *user)
{
	if (take(user->fd))
		return true;
	bench_check(errno == EAGAIN, "eventfd read");
	return false;
}

static void release_n(struct bench_user *user, unsigned int n)
{
	const uint64_t more = n;

	bench_check(write(user->fd, &more, sizeof(more)) == sizeof(more), "eventfd write");
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

PEER_PAIRS(pairs, acquire, release)

const struct bench_peer peer_eventfd = {
	.name = "eventfd",
	.can = BENCH_MANY | BENCH_RELEASE_N | BENCH_TRY | BENCH_POST | BENCH_BLOCK | BENCH_POLL,
	.max_permits = UINT_MAX,
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = peer_leave,
	.acquire = acquire,
	.release = release,
	.release_n = release_n,
	.try_acquire = try_acquire,
	.pairs = pairs,
};
