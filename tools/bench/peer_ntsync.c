// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: ntsync's semaphores.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ntsync.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "peers.h"

#define DEVICE	"/dev/ntsync"

/* One waits on the device, and it knows only what was made through itself. */
static int device = -1;

static bool is_available(void)
{
	return !access(DEVICE, R_OK | W_OK);
}

static void open_device(void)
{
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	bench_check(device >= 0, DEVICE);
}

static void create(struct bench_sem *sem, unsigned int permits)
{
	struct ntsync_sem_args arg = { .count = permits, .max = INT_MAX };

	if (device < 0)
		open_device();
	sem->permits = permits;
	sem->fd = ioctl(device, NTSYNC_IOC_CREATE_SEM, &arg);
	bench_check(sem->fd >= 0, "NTSYNC_IOC_CREATE_SEM");
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

static bool wait_until(struct bench_user *user, uint64_t deadline)
{
	struct ntsync_wait_args arg = {
		.timeout = deadline,
		.objs = (uintptr_t)&user->fd,
		.count = 1,
		.owner = 1,	/* matters to mutexes, but may not be 0 */
	};

	return !ioctl(device, NTSYNC_IOC_WAIT_ANY, &arg);
}

static void timed_acquire(struct bench_user *user, uint64_t deadline)
{
	bench_check(wait_until(user, deadline), "NTSYNC_IOC_WAIT_ANY");
}

static void acquire(struct bench_user *user)
{
	timed_acquire(user, UINT64_MAX);
}

static bool try_acquire(struct bench_user *user)
{
	if (wait_until(user, 0))
		return true;
	bench_check(errno == ETIMEDOUT, "NTSYNC_IOC_WAIT_ANY");
	return false;
}

static void release_n(struct bench_user *user, unsigned int n)
{
	bench_check(!ioctl(user->fd, NTSYNC_IOC_SEM_RELEASE, &n), "NTSYNC_IOC_SEM_RELEASE");
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

PEER_PAIRS(pairs, acquire, release)

const struct bench_peer peer_ntsync = {
	.name = "ntsync",
	.can = BENCH_MANY | BENCH_RELEASE_N | BENCH_TRY | BENCH_TIMED | BENCH_POST | BENCH_BLOCK,
	.max_permits = INT_MAX,
	.is_available = is_available,
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = peer_leave,
	.acquire = acquire,
	.release = release,
	.release_n = release_n,
	.try_acquire = try_acquire,
	.timed_acquire = timed_acquire,
	.pairs = pairs,
};
