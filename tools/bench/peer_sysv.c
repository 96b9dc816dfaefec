// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: System V semaphores, without and with SEM_UNDO.
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>

#include "peers.h"

/* SEMVMX and SEMAEM, which the C library does not tell. */
#define MOST_PERMITS	32767

union semun {
	int val;
};

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
	sem->id = semget(IPC_PRIVATE, 1, 0600);
	bench_check(sem->id >= 0, "semget");
	bench_check(!semctl(sem->id, 0, SETVAL, (union semun){ .val = permits }), "semctl SETVAL");
}

static void destroy(struct bench_sem *sem)
{
	bench_check(!semctl(sem->id, 0, IPC_RMID), "semctl IPC_RMID");
}

static void join(struct bench_user *user, struct bench_sem *sem)
{
	user->sem = sem;
	user->flags = 0;
}

static void join_undo(struct bench_user *user, struct bench_sem *sem)
{
	user->sem = sem;
	user->flags = SEM_UNDO;
}

static bool operate(struct bench_user *user, int n, int flags, const struct timespec *timeout)
{
	struct sembuf op = { .sem_op = n, .sem_flg = user->flags | flags };

	return !semtimedop(user->sem->id, &op, 1, timeout);
}

static void acquire_n(struct bench_user *user, unsigned int n)
{
	bench_check(operate(user, -(int)n, 0, NULL), "semop");
}

static void release_n(struct bench_user *user, unsigned int n)
{
	bench_check(operate(user, n, 0, NULL), "semop");
}

static void acquire(struct bench_user *user)
{
	acquire_n(user, 1);
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

PEER_PAIRS(pairs, acquire, release)

static bool try_acquire(struct bench_user *user)
{
	if (operate(user, -1, IPC_NOWAIT, NULL))
		return true;
	bench_check(errno == EAGAIN, "semop");
	return false;
}

/* semtimedop() wants to know how long, not until when. */
static void timed_acquire(struct bench_user *user, uint64_t deadline)
{
	const uint64_t left = deadline - bench_ns();
	const struct timespec timeout = {
		.tv_sec = left / NSEC_PER_SEC,
		.tv_nsec = left % NSEC_PER_SEC,
	};

	bench_check(operate(user, -1, 0, &timeout), "semtimedop");
}

#define SYSV_PEER(its_name, its_join, also)				\
{									\
	.name = (its_name),						\
	.can = BENCH_MANY | BENCH_N | BENCH_RELEASE_N | BENCH_TRY |	\
	       BENCH_TIMED | BENCH_BLOCK | (also),			\
	.max_permits = MOST_PERMITS,					\
	.create = create,						\
	.destroy = destroy,						\
	.join = (its_join),						\
	.leave = peer_leave,						\
	.acquire = acquire,						\
	.release = release,						\
	.acquire_n = acquire_n,						\
	.release_n = release_n,						\
	.try_acquire = try_acquire,					\
	.timed_acquire = timed_acquire,					\
	.pairs = pairs,							\
}

const struct bench_peer peer_sysv = SYSV_PEER("SysV", join, BENCH_POST);
const struct bench_peer peer_sysv_undo = SYSV_PEER("SysV SEM_UNDO", join_undo, BENCH_RECLAIM);
