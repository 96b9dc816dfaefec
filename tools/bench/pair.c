// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scenario "pair": one process acquires and releases, and nobody else wants to.
 */
#include "bench.h"

#define NSEC_PER_HOUR	3600000000000ULL
#define PAIRS		100
#define MANY		8
#define SEMAPHORES	10000
#define HELD		1000

/* A semaphore and this process's use of it. */
struct place {
	struct bench_sem sem;
	struct bench_user user;
};

struct pair_run {
	const struct bench_peer *peer;
	struct place *places;
	unsigned int count;
	unsigned int next;
	uint64_t deadline;
};

static void make_places(struct pair_run *run, unsigned int count, unsigned int permits, bool tries)
{
	run->places = bench_shared(count * sizeof(*run->places));
	run->count = count;
	for (unsigned int i = 0; i < count; i++) {
		struct place *place = &run->places[i];

		place->sem.tries = tries;
		run->peer->create(&place->sem, permits);
		run->peer->join(&place->user, &place->sem);
	}
}

static void drop_places(struct pair_run *run)
{
	for (unsigned int i = 0; i < run->count; i++) {
		run->peer->leave(&run->places[i].user);
		run->peer->destroy(&run->places[i].sem);
	}
	bench_drop(run->places, run->count * sizeof(*run->places));
}

static void acquire_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	run->peer->pairs(&run->places->user, loops);
}

static void many_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--) {
		run->peer->acquire_n(&run->places->user, MANY);
		run->peer->release_n(&run->places->user, MANY);
	}
}

static void try_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--) {
		bench_check(run->peer->try_acquire(&run->places->user), "a try with a permit");
		run->peer->release(&run->places->user);
	}
}

static void timed_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--) {
		run->peer->timed_acquire(&run->places->user, run->deadline);
		run->peer->release(&run->places->user);
	}
}

static void token_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--) {
		run->peer->token_acquire(&run->places->user);
		run->peer->release(&run->places->user);
	}
}

static void failing_tries(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--)
		bench_check(!run->peer->try_acquire(&run->places->user), "a try without a permit");
}

/* Each pair on another semaphore, all of them in turn. */
static void round_robin_pairs(void *arg, unsigned long loops)
{
	struct pair_run *run = arg;

	while (loops--) {
		run->peer->pairs(&run->places[run->next].user, 1);
		if (++run->next == run->count)
			run->next = 0;
	}
}

static double on_one(struct pair_run *run, void (*pairs)(void *arg, unsigned long loops),
		     bool tries)
{
	double least;

	make_places(run, 1, run->peer->can & BENCH_MANY ? MANY : 1, tries);
	run->deadline = bench_ns() + NSEC_PER_HOUR;
	pairs(run, PAIRS);
	least = bench_least(pairs, run, PAIRS);
	drop_places(run);
	return least;
}

static double acquire(struct pair_run *run)
{
	return on_one(run, acquire_pairs, false);
}

static double acquire_many(struct pair_run *run)
{
	return on_one(run, many_pairs, false);
}

static double try(struct pair_run *run)
{
	return on_one(run, try_pairs, true);
}

static double timed(struct pair_run *run)
{
	return on_one(run, timed_pairs, false);
}

static double token(struct pair_run *run)
{
	return on_one(run, token_pairs, false);
}

/* Another user has the only permit. */
static double failing_try(struct pair_run *run)
{
	struct bench_user other;
	double least;

	make_places(run, 1, 1, true);
	run->peer->join(&other, &run->places->sem);
	run->peer->acquire(&other);
	failing_tries(run, PAIRS);
	least = bench_least(failing_tries, run, PAIRS);
	run->peer->release(&other);
	run->peer->leave(&other);
	drop_places(run);
	return least;
}

static double round_robin(struct pair_run *run, unsigned int semaphores)
{
	double least;

	make_places(run, semaphores, 1, false);
	run->next = 0;
	round_robin_pairs(run, semaphores);
	least = bench_least(round_robin_pairs, run, PAIRS);
	drop_places(run);
	return least;
}

/* What the loop itself costs is in both of these. */
static double on_1(struct pair_run *run)
{
	return round_robin(run, 1);
}

static double on_10000(struct pair_run *run)
{
	return round_robin(run, SEMAPHORES);
}

/*
 * The process holds a permit on each of 1,000, and each pair is on another one
 * of them. SEM_UNDO keeps a list of them, and puts what it has found in front:
 * on the same one again and again nothing of its length would show.
 */
static double holding_1000(struct pair_run *run)
{
	double least;

	make_places(run, HELD, 2, false);
	run->next = 0;
	for (unsigned int i = 0; i < HELD; i++)
		run->peer->acquire(&run->places[i].user);
	round_robin_pairs(run, HELD);
	least = bench_least(round_robin_pairs, run, PAIRS);
	for (unsigned int i = 0; i < HELD; i++)
		run->peer->release(&run->places[i].user);
	drop_places(run);
	return least;
}

/* Who keeps books for each process, and so might have a list to walk. */
#define BOOKKEEPER	(BENCH_MANY | BENCH_RECLAIM)

static const struct variant {
	const char *parameters;
	const char *figure;
	unsigned int can;
	double (*measure)(struct pair_run *run);
} variants[] = {
	{ "op=acquire", "pair", 0, acquire },
	{ "op=acquire,n=8", "pair", BENCH_N, acquire_many },
	{ "op=try", "pair", BENCH_TRY, try },
	{ "op=timed", "pair", BENCH_TIMED, timed },
	{ "op=token", "pair", BENCH_TOKEN, token },
	{ "op=failing-try", "try", BENCH_TRY, failing_try },
	{ "op=acquire,semaphores=1", "pair", BOOKKEEPER, on_1 },
	{ "op=acquire,semaphores=10000", "pair", BOOKKEEPER, on_10000 },
	{ "op=acquire,held=1000", "pair", BOOKKEEPER, holding_1000 },
	{ }
};

static void run_variant(const struct variant *variant)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++) {
		struct pair_run run = { .peer = *p };

		if (bench_has(*p, variant->can))
			bench_report("pair", (*p)->name, variant->figure, bench_unit(),
				     variant->measure(&run), "%s", variant->parameters);
	}
}

static void run_pair(void)
{
	unsigned int rounds = bench.mode == BENCH_WALL ? bench.rounds : 1;

	while (rounds--)
		for (const struct variant *v = variants; v->parameters; v++)
			run_variant(v);
}

const struct bench_scenario bench_pair = { "pair", run_pair };
