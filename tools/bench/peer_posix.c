// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: POSIX sem_t, shared between processes.
 */
#include <errno.h>
#include <limits.h>
#include <time.h>

#include "peers.h"

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
	bench_check(!sem_init(&sem->posix, 1, permits), "sem_init");
}

static void destroy(struct bench_sem *sem)
{
	bench_check(!sem_destroy(&sem->posix), "sem_destroy");
}

static void acquire(struct bench_user *user)
{
	bench_check(!sem_wait(&user->sem->posix), "sem_wait");
}

static void release(struct bench_user *user)
{
	bench_check(!sem_post(&user->sem->posix), "sem_post");
}

static bool try_acquire(struct bench_user *user)
{
	if (!sem_trywait(&user->sem->posix))
		return true;
	bench_check(errno == EAGAIN, "sem_trywait");
	return false;
}

static void timed_acquire(struct bench_user *user, uint64_t deadline)
{
	const struct timespec until = {
		.tv_sec = deadline / NSEC_PER_SEC,
		.tv_nsec = deadline % NSEC_PER_SEC,
	};

	bench_check(!sem_clockwait(&user->sem->posix, CLOCK_MONOTONIC, &until), "sem_clockwait");
}

PEER_PAIRS(pairs, acquire, release)

const struct bench_peer peer_posix = {
	.name = "sem_t",
	.can = BENCH_MANY | BENCH_TRY | BENCH_TIMED | BENCH_POST | BENCH_BLOCK,
	.max_permits = INT_MAX,
	.create = create,
	.destroy = destroy,
	.join = peer_join,
	.leave = peer_leave,
	.acquire = acquire,
	.release = release,
	.try_acquire = try_acquire,
	.timed_acquire = timed_acquire,
	.pairs = pairs,
};
