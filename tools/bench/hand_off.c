// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scenario "hand-off": one process releases, another one waits.
 *
 * Round trip: two semaphores, each process acquires what the other releases.
 * Release: the one call that wakes a waiter, without the switch to it.
 */
#include <sched.h>
#include <unistd.h>

#include "bench.h"

#define TRIPS		50
#define RELEASES	200

/* Both ways' semaphores, there and back. */
struct lane {
	const struct bench_peer *peer;
	struct bench_sem there;
	struct bench_sem back;
	bool over;
	unsigned int cpu;	/* of the process that answers */
};

struct trips {
	const struct bench_peer *peer;
	struct bench_user there;
	struct bench_user back;
};

static void answer(void *arg)
{
	struct lane *lane = arg;
	struct bench_user there, back;
	bool over;

	bench_pin(lane->cpu);
	lane->peer->join(&there, &lane->there);
	lane->peer->join(&back, &lane->back);
	do {
		lane->peer->acquire(&there);
		/* Not later: it is said while this process waits. */
		over = __atomic_load_n(&lane->over, __ATOMIC_RELAXED);
		lane->peer->release(&back);
	} while (!over);
}

static void round_trips(void *arg, unsigned long loops)
{
	struct trips *trips = arg;

	while (loops--) {
		trips->peer->release(&trips->there);
		trips->peer->acquire(&trips->back);
	}
}

/*
 * Instructions: the least. Wall clock: the mean of many, since two processors
 * find another rhythm for some trips, and the least would show that alone.
 */
static double measure_trips(struct trips *trips)
{
	uint64_t start;

	round_trips(trips, TRIPS);
	if (bench.mode == BENCH_INSTRUCTIONS)
		return bench_least(round_trips, trips, TRIPS);
	start = bench_now();
	round_trips(trips, 2 * TRIPS);
	return (bench_now() - start) / (2.0 * TRIPS);
}

static double round_trip(const struct bench_peer *peer, unsigned int cpus)
{
	struct lane *lane = bench_shared(sizeof(*lane));
	struct trips trips = { .peer = peer };
	double took;
	int pid;

	lane->peer = peer;
	lane->cpu = cpus - 1;
	peer->create(&lane->there, 0);
	peer->create(&lane->back, 0);
	bench_pin(0);
	/*
	 * A woken process of this policy does not interrupt the one that woke
	 * it. The default policy goes by what each has had before, and the same
	 * trips differ by 3 % from boot to boot; it adds the same to all peers.
	 */
	bench_set_priority(1);
	pid = bench_spawn(answer, lane);
	peer->join(&trips.there, &lane->there);
	peer->join(&trips.back, &lane->back);
	took = measure_trips(&trips);
	__atomic_store_n(&lane->over, true, __ATOMIC_RELAXED);
	round_trips(&trips, 1);
	bench_reap(pid);
	bench_set_priority(0);
	peer->leave(&trips.there);
	peer->leave(&trips.back);
	peer->destroy(&lane->there);
	peer->destroy(&lane->back);
	bench_drop(lane, sizeof(*lane));
	return took;
}

/*
 * One semaphore with one permit, a pipe that says when to want it, and one that
 * says when it is there again.
 */
struct wake {
	const struct bench_peer *peer;
	struct bench_sem sem;
	int wanted[2];
	int done[2];
};

static void want(void *arg)
{
	struct wake *wake = arg;
	struct bench_user user;
	char go;

	wake->peer->join(&user, &wake->sem);
	close(wake->wanted[1]);
	while (read(wake->wanted[0], &go, 1) == 1) {
		wake->peer->acquire(&user);
		wake->peer->release(&user);
		bench_check(write(wake->done[1], &go, 1) == 1, "write");
	}
}

/* The caller has the permit before and after. */
static uint64_t one_release(struct wake *wake, struct bench_user *user, int pid)
{
	uint64_t start, took;
	char done;

	bench_check(write(wake->wanted[1], "", 1) == 1, "write");
	bench_until_asleep(&pid, 1);
	start = bench_now();
	wake->peer->release(user);
	took = bench_now() - start;
	bench_check(read(wake->done[0], &done, 1) == 1, "read");
	wake->peer->acquire(user);
	return took;
}

static double release(const struct bench_peer *peer)
{
	struct wake *wake = bench_shared(sizeof(*wake));
	struct bench_user user;
	uint64_t least = UINT64_MAX;
	int pid;

	wake->peer = peer;
	bench_check(!pipe(wake->wanted) && !pipe(wake->done), "pipe");
	peer->create(&wake->sem, 1);
	peer->join(&user, &wake->sem);
	peer->acquire(&user);
	bench_pin(0);
	pid = bench_spawn(want, wake);
	close(wake->wanted[0]);
	close(wake->done[1]);
	/*
	 * Above the waiter's policy, and both have one processor: the scheduler
	 * does not even think of switching within the release. What is left is
	 * the release and the wake-up, by the same measure for all peers.
	 */
	bench_set_priority(1);
	for (int i = 0; i < RELEASES; i++) {
		uint64_t took = one_release(wake, &user, pid);

		if (took < least)
			least = took;
	}
	bench_set_priority(0);
	close(wake->wanted[1]);
	bench_reap(pid);
	close(wake->done[0]);
	peer->leave(&user);
	peer->destroy(&wake->sem);
	bench_drop(wake, sizeof(*wake));
	return least;
}

static void report_trips(unsigned int cpus, const char *parameters)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		if (bench_has(*p, BENCH_POST))
			bench_report("hand-off", (*p)->name, "round trip", bench_unit(),
				     round_trip(*p, cpus), "%s", parameters);
}

static void report_releases(void)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		if (bench_has(*p, BENCH_BLOCK))
			bench_report("hand-off", (*p)->name, "release", bench_unit(),
				     release(*p), "processors=one");
}

static void run_hand_off(void)
{
	unsigned int rounds = bench.mode == BENCH_WALL ? bench.rounds : 1;
	cpu_set_t before;

	bench_check(!sched_getaffinity(0, sizeof(before), &before), "sched_getaffinity");
	while (rounds--) {
		report_trips(1, "processors=one");
		if (bench_processors() > 1)
			report_trips(2, "processors=two");
		report_releases();
	}
	bench_check(!sched_setaffinity(0, sizeof(before), &before), "sched_setaffinity");
}

const struct bench_scenario bench_hand_off = { "hand-off", run_hand_off };
