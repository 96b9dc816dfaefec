// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: the plainest semaphore on a futex, shared between
 * processes: the word is the free permits, and no one counts the waiters, so
 * that each release is a system call. sem_t shows what counting them brings.
 * And the floor of all that is done in user space: two compare-and-swap.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "peers.h"

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
	sem->futex = permits;
}

static void destroy(struct bench_sem *sem)
{
	sem->futex = 0;
}

static bool try_acquire(struct bench_user *user)
{
	int *word = &user->sem->futex;
	int free = __atomic_load_n(word, __ATOMIC_RELAXED);

	while (free > 0)
		if (__atomic_compare_exchange_n(word, &free, free - 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

/* Until the word is not 0, or the deadline: NULL is never. */
static void wait_for_permit(int *word, const struct timespec *until)
{
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, until, NULL,
		    FUTEX_BITSET_MATCH_ANY))
		bench_check(errno == EAGAIN, "futex wait");
}

static void acquire(struct bench_user *user)
{
	while (!try_acquire(user))
		wait_for_permit(&user->sem->futex, NULL);
}

static void timed_acquire(struct bench_user *user, uint64_t deadline)
{
	const struct timespec until = {
		.tv_sec = deadline / NSEC_PER_SEC,
		.tv_nsec = deadline % NSEC_PER_SEC,
	};

	while (!try_acquire(user))
		wait_for_permit(&user->sem->futex, &until);
}

static void release_n(struct bench_user *user, unsigned int n)
{
	__atomic_fetch_add(&user->sem->futex, n, __ATOMIC_RELEASE);
	bench_check(syscall(SYS_futex, &user->sem->futex, FUTEX_WAKE, n) >= 0, "futex wake");
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

PEER_PAIRS(pairs, acquire, release)

const struct bench_peer peer_futex = {
	.name = "futex",
	.can = BENCH_MANY | BENCH_RELEASE_N | BENCH_TRY | BENCH_TIMED | BENCH_POST | BENCH_BLOCK,
	.max_permits = INT_MAX,
	.create = create,
	.destroy = destroy,
	.join = peer_join,
	.leave = peer_leave,
	.acquire = acquire,
	.release = release,
	.release_n = release_n,
	.try_acquire = try_acquire,
	.timed_acquire = timed_acquire,
	.pairs = pairs,
};

/* Alone on the word, so that one attempt is enough. */
static void add(struct bench_user *user, int n)
{
	int *word = &user->sem->futex;
	int free = __atomic_load_n(word, __ATOMIC_RELAXED);

	__atomic_compare_exchange_n(word, &free, free + n, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_RELAXED);
}

static void take(struct bench_user *user)
{
	add(user, -1);
}

static void put(struct bench_user *user)
{
	add(user, 1);
}

PEER_PAIRS(bare_pairs, take, put)

const struct bench_peer peer_bare_cas = {
	.name = "compare-and-swap",
	.max_permits = INT_MAX,
	.create = create,
	.destroy = destroy,
	.join = peer_join,
	.leave = peer_leave,
	.acquire = take,
	.release = put,
	.pairs = bare_pairs,
};
