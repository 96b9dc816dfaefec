// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that holds permits is killed: how long until the next one has a
 * permit? With peers that do not bring a dead process's permits back: for ever.
 *
 * From kill() until acquire has returned in another process, so the end of a
 * small process (its memory, its descriptors) is in it, the same for all. The
 * waiter has a real-time priority: how long the scheduler lets the dying go on
 * at the cost of whom it has woken, up to a tick, is not what is asked here.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define MAX_HANDLES	1000

struct holding {
	unsigned int permits;
	unsigned int handles;	/* that hold them, in equal parts */
};

static const struct holding holdings[] = {
	{ 1, 1 },
	{ 1000, 1 },
	{ 100000, 1 },
	{ 100000, MAX_HANDLES },
};

struct death {
	const struct bench_peer *peer;
	const struct holding *holding;
	struct bench_sem sem;
	atomic_bool holds;
	uint64_t granted_at;
};

static void acquire_many(const struct bench_peer *peer, struct bench_user *user,
			 unsigned int permits)
{
	if (permits == 1)
		peer->acquire(user);
	else
		peer->acquire_n(user, permits);
}

static void hold(void *arg)
{
	static struct bench_user users[MAX_HANDLES];
	struct death *death = arg;
	unsigned int handles = death->holding->handles;

	for (unsigned int i = 0; i < handles; i++) {
		death->peer->join(&users[i], &death->sem);
		acquire_many(death->peer, &users[i], death->holding->permits / handles);
	}
	death->holds = true;
	for (;;)
		pause();
}

static void wait_for_one(void *arg)
{
	struct death *death = arg;
	struct bench_user user;

	bench_set_priority(1);
	death->peer->join(&user, &death->sem);
	death->peer->acquire(&user);
	death->granted_at = bench_now();
	death->peer->release(&user);
	death->peer->leave(&user);
}

static void reap_killed(int pid)
{
	int status;

	bench_check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGKILL, "the holder was not killed");
}

/* One permit does not come back before the holder's end: the waiter waits. */
static uint64_t kill_holder(struct death *death)
{
	int holder, waiter;
	uint64_t began;

	death->holds = false;
	holder = bench_spawn(hold, death);
	while (!death->holds)
		usleep(100);
	waiter = bench_spawn(wait_for_one, death);
	bench_until_asleep((int[]){ holder, waiter }, 2);
	began = bench_now();
	bench_check(!kill(holder, SIGKILL), "kill");
	bench_reap(waiter);
	reap_killed(holder);
	return death->granted_at - began;
}

/* Can this peer have so many permits, and one process hold them so? */
static bool can_hold(const struct bench_peer *peer, const struct holding *holding)
{
	unsigned int can = BENCH_BLOCK | BENCH_RECLAIM;

	if (holding->permits > 1)
		can |= BENCH_MANY | BENCH_N;
	/* A handle is a thing of ksem's: SysV has one account a process. */
	if (holding->handles > 1)
		can |= BENCH_TOKEN;
	return bench_has(peer, can) &&
	       (!peer->max_permits || holding->permits <= peer->max_permits);
}

static void measure(const struct bench_peer *peer, const struct holding *holding)
{
	unsigned int repeats = bench.mode == BENCH_INSTRUCTIONS ? 40 : 3;
	uint64_t least = UINT64_MAX, took;
	struct death *death;

	if (!can_hold(peer, holding))
		return;
	death = bench_shared(sizeof(*death));
	death->peer = peer;
	death->holding = holding;
	peer->create(&death->sem, holding->permits);
	for (unsigned int i = 0; i < repeats; i++) {
		took = kill_holder(death);
		least = took < least ? took : least;
	}
	peer->destroy(&death->sem);
	munmap(death, sizeof(*death));
	bench_report("death", peer->name, "until granted", bench_unit(), least,
		     "permits=%u,handles=%u", holding->permits, holding->handles);
}

static void death(void)
{
	const unsigned int n = sizeof(holdings) / sizeof(*holdings);
	unsigned int rounds = bench.mode == BENCH_INSTRUCTIONS ? 1 : bench.rounds;

	for (unsigned int round = 0; round < rounds; round++)
		for (unsigned int i = 0; i < n; i++)
			for (const struct bench_peer *const *p = bench_peers; *p; p++)
				measure(*p, &holdings[i]);
}

const struct bench_scenario bench_death = { "death", death };
