// SPDX-License-Identifier: GPL-2.0-only
/*
 * K processes that want P permits again and again: how many acquisitions a
 * second, how evenly shared, how long the waits.
 */
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define MSEC		1000000L	/* in ns */
#define MAX_PROCESSES	32
#define MAX_ROUNDS	3U
/*
 * Even where instructions are counted, what a peer does depends on what the
 * scheduler happens to begin with: SysV by a quarter. So there are several.
 */
#define STARTS		7
#define LINE		64	/* bytes of a cache line */

/*
 * Waits are counted in buckets, 32 to each power of two: a percentile is told
 * too high by at most 1/32 of it. The longest wait is exact.
 */
#define STEPS		32
#define STEP_BITS	5	/* its logarithm */
#define BUCKETS		((64 - STEP_BITS + 1) * STEPS)

enum phase {
	PHASE_STARTING,
	PHASE_COUNTED,		/* all compete */
	PHASE_STOPPED,
};

struct share {
	uint64_t acquisitions;
	uint64_t longest;
	uint64_t waits[BUCKETS];
};

struct run {
	struct bench_sem sem;
	/* Some peers write there all the time, and nobody writes below. */
	char apart[LINE];
	const struct bench_peer *peer;
	unsigned int processes;
	unsigned int permits;
	bool yields;		/* the section: sched_yield(), or nearly nothing */
	atomic_uint competing;
	atomic_int phase;
	uint64_t counted_at;	/* written before the phase that it belongs to */
	uint64_t stopped_at;
	struct share shares[MAX_PROCESSES];
};

struct competitor {
	struct run *run;
	struct share *share;
};

static unsigned int bucket_of(uint64_t wait)
{
	unsigned int shift;

	if (wait < STEPS)
		return wait;
	shift = 63 - STEP_BITS - __builtin_clzll(wait);
	return (shift + 1) * STEPS + (wait >> shift) % STEPS;
}

/* The largest wait that belongs there. */
static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < STEPS)
		return bucket;
	shift = bucket / STEPS - 1;
	return (((uint64_t)STEPS + bucket % STEPS + 1) << shift) - 1;
}

static void count_wait(struct share *share, uint64_t wait)
{
	share->waits[bucket_of(wait)]++;
	if (wait > share->longest)
		share->longest = wait;
}

static void section(const struct run *run)
{
	if (run->yields)
		sched_yield();
	else
		for (int i = 0; i < 4; i++)
			__asm__ volatile("" ::: "memory");
}

/*
 * An acquisition counts if it succeeded while all competed. Of a wait, what was
 * in that time counts, over or not: else he who starves would not be heard of.
 */
static void count(const struct run *run, struct share *share, uint64_t began, uint64_t ended)
{
	enum phase phase = run->phase;

	if (phase == PHASE_STARTING || ended < run->counted_at)
		return;
	if (phase == PHASE_STOPPED && ended > run->stopped_at)
		ended = run->stopped_at;
	else
		share->acquisitions++;
	if (began < run->counted_at)
		began = run->counted_at;
	if (began <= ended)
		count_wait(share, ended - began);
}

static void take_turn(const struct run *run, struct share *share, struct bench_user *user)
{
	uint64_t began = bench_now(), ended;

	run->peer->acquire(user);
	ended = bench_now();
	section(run);
	run->peer->release(user);
	count(run, share, began, ended);
}

static void compete(void *arg)
{
	const struct competitor *self = arg;
	struct run *run = self->run;
	struct bench_user user;

	run->peer->join(&user, &run->sem);
	run->competing++;
	while (run->phase != PHASE_STOPPED)
		take_turn(run, self->share, &user);
	run->peer->leave(&user);
}

static void nap(long ns)
{
	const struct timespec time = { .tv_nsec = ns };

	nanosleep(&time, NULL);
}

/* Returns how long acquisitions were counted. */
static uint64_t count_for(struct run *run, long ns)
{
	while (run->competing < run->processes)
		nap(MSEC / 10);
	run->counted_at = bench_now();
	run->phase = PHASE_COUNTED;
	nap(ns);
	run->stopped_at = bench_now();
	run->phase = PHASE_STOPPED;
	return run->stopped_at - run->counted_at;
}

/*
 * The one who says start and stop must not wait for a processor that the
 * others are busy on.
 */
static void go_first(bool first)
{
	const struct sched_param param = { .sched_priority = first };
	int policy = first ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER;

	bench_check(!sched_setscheduler(0, policy, &param), "sched_setscheduler");
}

/*
 * Who is served by time slices and hand-offs of milliseconds has had its fair
 * share after many of them only: eight processes on one permit are the figure
 * to judge by, and get the time.
 */
static long duration_of(const struct run *run)
{
	if (bench.mode == BENCH_INSTRUCTIONS)
		return 40 * MSEC;
	if (run->processes == 8 && run->permits == 1 && !run->yields)
		return 999 * MSEC;
	return 150 * MSEC;
}

static uint64_t run_all(struct run *run)
{
	struct competitor competitors[MAX_PROCESSES];
	int pids[MAX_PROCESSES];
	uint64_t duration;

	go_first(true);
	for (unsigned int i = 0; i < run->processes; i++) {
		competitors[i] = (struct competitor){ run, &run->shares[i] };
		pids[i] = bench_spawn(compete, &competitors[i]);
	}
	duration = count_for(run, duration_of(run));
	go_first(false);
	for (unsigned int i = 0; i < run->processes; i++)
		bench_reap(pids[i]);
	return duration;
}

/* The first share takes the others' waits in. */
static const struct share *merge_waits(struct run *run)
{
	struct share *all = &run->shares[0];

	for (unsigned int i = 1; i < run->processes; i++) {
		const struct share *one = &run->shares[i];

		for (unsigned int b = 0; b < BUCKETS; b++)
			all->waits[b] += one->waits[b];
		if (one->longest > all->longest)
			all->longest = one->longest;
	}
	return all;
}

static uint64_t percentile(const struct share *share, double percent)
{
	uint64_t total = 0, seen = 0, end;
	unsigned int bucket = 0;

	for (unsigned int b = 0; b < BUCKETS; b++)
		total += share->waits[b];
	do
		seen += share->waits[bucket++];
	while (bucket < BUCKETS && seen < total * percent / 100);
	end = bucket_end(bucket - 1);
	return end < share->longest ? end : share->longest;
}

static void report(const struct run *run, const char *figure, const char *unit,
		   double value)
{
	bench_report("contention", run->peer->name, figure, unit, value,
		     "processes=%u,permits=%u,section=%s", run->processes,
		     run->permits, run->yields ? "yield" : "tiny");
}

static void report_shares(const struct run *run, uint64_t duration)
{
	double sum = 0, squares = 0, least = INFINITY, most = 0;

	for (unsigned int i = 0; i < run->processes; i++) {
		double one = run->shares[i].acquisitions;

		sum += one;
		squares += one * one;
		least = one < least ? one : least;
		most = one > most ? one : most;
	}
	report(run, "throughput", "1/s", sum * 1e9 / duration);
	/* Of nothing, everybody has had the same. */
	report(run, "Jain", "ratio",
	       sum ? sum * sum / (run->processes * squares) : 1);
	report(run, "least/most share", "ratio", most ? least / most : 1);
}

static void report_waits(const struct run *run, const struct share *all)
{
	report(run, "wait p50", "ns", percentile(all, 50));
	report(run, "wait p99", "ns", percentile(all, 99));
	report(run, "wait p99.9", "ns", percentile(all, 99.9));
	report(run, "wait max", "ns", all->longest);
}

static void measure(const struct bench_peer *peer, unsigned int processes,
		    unsigned int permits, bool yields)
{
	unsigned int can = BENCH_BLOCK | (permits > 1 ? BENCH_MANY : 0);
	struct run *run;
	uint64_t duration;

	if (!bench_has(peer, can))
		return;
	run = bench_shared(sizeof(*run));
	run->peer = peer;
	run->processes = processes;
	run->permits = permits;
	run->yields = yields;
	peer->create(&run->sem, permits);
	duration = run_all(run);
	peer->destroy(&run->sem);
	report_shares(run, duration);
	report_waits(run, merge_waits(run));
	munmap(run, sizeof(*run));
}

static void measure_peers(unsigned int processes, unsigned int permits, bool yields)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		measure(*p, processes, permits, yields);
}

static void all_sizes(void)
{
	static const unsigned int processes[] = { 2, 8, 32 }, permits[] = { 1, 2, 4 };

	for (unsigned int k = 0; k < 3; k++)
		for (unsigned int p = 0; p < 3; p++)
			measure_peers(processes[k], permits[p], false);
	measure_peers(8, 1, true);
}

static void contention(void)
{
	/* A round of all sizes takes most of a minute. */
	unsigned int rounds = bench.rounds < MAX_ROUNDS ? bench.rounds : MAX_ROUNDS;

	if (bench.mode == BENCH_INSTRUCTIONS) {
		for (unsigned int i = 0; i < STARTS; i++) {
			measure_peers(8, 1, false);
			measure_peers(8, 1, true);
		}
		return;
	}
	for (unsigned int i = 0; i < rounds; i++)
		all_sizes();
}

const struct bench_scenario bench_contention = { "contention", contention };
