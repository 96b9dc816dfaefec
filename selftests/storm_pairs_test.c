// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that take one to four permits in every way that there is, and give
 * them back.
 *
 * Each counts its permits in a word that all share, from after the acquire until
 * before the release: so the word never shows more than what the semaphore has
 * given out, and where it shows more than the capacity a permit has been doubled.
 * A permit that is lost, or given to the wrong account, is missed at the next quiet
 * moment.
 *
 * How often they meet is up to the machine. So who has permits asks now and then, for
 * a while, for more than the others can have: then there is a wait and a time-out, and
 * others come meanwhile.
 */
#include "ksem_test_storm.h"

#define NARROW		5	/* permits: just enough for two */
#define PROCESSES_MAX	16
#define ROUND		1000	/* pairs from one quiet moment to the next */

/* What one process has seen; others read it at quiet moments only. */
struct tally {
	unsigned long long pairs;
	unsigned long long timeouts;
	unsigned long long refusals;
	unsigned long long violations;
	char apart[64];		/* from the next one's: they are written all the time */
};

struct mix {
	int fd;
	int processes;
	int capacity;
	pthread_barrier_t quiet;
	struct tally tally[PROCESSES_MAX];
	int inside;
};

FIXTURE(mix) {
	struct mix *m;
	unsigned int seed;
};

/*
 * With NARROW permits for many processes there is a queue nearly all the time. The wide
 * ones have about half of what all may want together: the queue begins and ends again and
 * again, and who comes races with that. It is quicker, so there are more rounds of it.
 */
FIXTURE_VARIANT(mix) {
	bool fair;
	int processes;
	int capacity;
	unsigned int rounds;
};

FIXTURE_VARIANT_ADD(mix, fair_2) {
	.fair = true, .processes = 2, .capacity = NARROW, .rounds = 8,
};

FIXTURE_VARIANT_ADD(mix, fair_4) {
	.fair = true, .processes = 4, .capacity = NARROW, .rounds = 4,
};

FIXTURE_VARIANT_ADD(mix, fair_8) {
	.fair = true, .processes = 8, .capacity = NARROW, .rounds = 2,
};

FIXTURE_VARIANT_ADD(mix, fair_16) {
	.fair = true, .processes = 16, .capacity = NARROW, .rounds = 1,
};

FIXTURE_VARIANT_ADD(mix, fair_4_wide) {
	.fair = true, .processes = 4, .capacity = 7, .rounds = 16,
};

FIXTURE_VARIANT_ADD(mix, fair_8_wide) {
	.fair = true, .processes = 8, .capacity = 12, .rounds = 16,
};

FIXTURE_VARIANT_ADD(mix, fair_16_wide) {
	.fair = true, .processes = 16, .capacity = 22, .rounds = 16,
};

FIXTURE_VARIANT_ADD(mix, nonfair_2) {
	.fair = false, .processes = 2, .capacity = NARROW, .rounds = 8,
};

FIXTURE_VARIANT_ADD(mix, nonfair_4) {
	.fair = false, .processes = 4, .capacity = NARROW, .rounds = 4,
};

FIXTURE_VARIANT_ADD(mix, nonfair_8) {
	.fair = false, .processes = 8, .capacity = NARROW, .rounds = 2,
};

FIXTURE_VARIANT_ADD(mix, nonfair_16) {
	.fair = false, .processes = 16, .capacity = NARROW, .rounds = 1,
};

FIXTURE_VARIANT_ADD(mix, nonfair_4_wide) {
	.fair = false, .processes = 4, .capacity = 7, .rounds = 16,
};

FIXTURE_VARIANT_ADD(mix, nonfair_8_wide) {
	.fair = false, .processes = 8, .capacity = 12, .rounds = 16,
};

FIXTURE_VARIANT_ADD(mix, nonfair_16_wide) {
	.fair = false, .processes = 16, .capacity = 22, .rounds = 16,
};

FIXTURE_SETUP(mix)
{
	ksem_test_limit();
	self->m = ksem_test_shared(sizeof(*self->m));
	ASSERT_NE(MAP_FAILED, self->m);
	self->m->processes = variant->processes;
	self->m->capacity = variant->capacity;
	self->m->fd = variant->fair ? ksem_test_fair(variant->capacity, variant->capacity) :
				      ksem_test_nonfair(variant->capacity, variant->capacity);
	ASSERT_LE(0, self->m->fd);
	ASSERT_TRUE(ksem_test_barrier_init(&self->m->quiet, variant->processes + 1));
	self->seed = ksem_test_new_seed();
}

FIXTURE_TEARDOWN(mix)
{
	close(self->m->fd);
}

static int acquire_by_chance(int fd, __u32 n, unsigned int chance)
{
	switch (chance % 8) {
	case 0:
	case 1:
		return ksem_test_try_acquire(fd, n);
	case 2:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_TOKEN, n,
					    ksem_test_now() + chance % 500000, NULL);
	case 3:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_UNINTERRUPTIBLE, n,
					    KSEM_NO_DEADLINE, NULL);
	default:
		return ksem_test_acquire(fd, n);
	}
}

/* Permits are held from before this until after it. */
static bool too_many_inside(struct mix *m, int n, bool yield)
{
	bool too_many = __atomic_add_fetch(&m->inside, n, __ATOMIC_SEQ_CST) > m->capacity;

	if (yield)
		sched_yield();
	__atomic_sub_fetch(&m->inside, n, __ATOMIC_SEQ_CST);
	return too_many;
}

/* Who has @n waits for all that there is beside them, and one more. */
static bool wait_in_vain(struct mix *m, int own, int n, unsigned int chance)
{
	__u64 deadline_ns = ksem_test_now() + 100000 + chance % 100000;

	return ksem_test_acquire_ex(own, 0, m->capacity - n + 1, deadline_ns, NULL) == -ETIMEDOUT;
}

static void mix_round(struct mix *m, int own, struct tally *t, unsigned int *seed)
{
	unsigned int chance, left = ROUND / m->processes;
	int n, result;

	while (left) {
		chance = ksem_test_chance(seed);
		n = 1 + (chance >> 8) % 4;
		result = acquire_by_chance(own, n, chance);
		if (!result) {
			t->violations += too_many_inside(m, n, !(chance >> 16 & 15));
			if (!(chance >> 12 & 127)) {
				t->violations += !wait_in_vain(m, own, n, chance);
				t->timeouts++;
			}
			t->violations += ksem_test_release(own, n) != 0;
			t->pairs++;
			left--;
		} else if (result == -ETIMEDOUT) {
			t->timeouts++;
		} else if (result == -EAGAIN) {
			t->refusals++;
		} else {
			t->violations++;
		}
		/* A look in the middle of it, now and then. */
		if (!(chance >> 20))
			t->violations += !ksem_test_conserved(own);
	}
}

static void mix_main(struct mix *m, int who, unsigned int rounds, unsigned int seed)
{
	int own = ksem_test_attached(m->fd);

	while (rounds--) {
		pthread_barrier_wait(&m->quiet);
		mix_round(m, own, &m->tally[who], &seed);
		pthread_barrier_wait(&m->quiet);
	}
	_exit(0);
}

static struct tally sum(struct mix *m)
{
	struct tally all = { 0 };
	int i;

	for (i = 0; i < m->processes; i++) {
		all.pairs += m->tally[i].pairs;
		all.timeouts += m->tally[i].timeouts;
		all.refusals += m->tally[i].refusals;
		all.violations += m->tally[i].violations;
	}
	return all;
}

/* Nobody holds anything or waits, and each pair was counted once. */
static bool books_are_right(struct mix *m)
{
	struct ksem_info info = ksem_test_info(m->fd);
	struct tally all = sum(m);

	return info.out_available == m->capacity && info.out_capacity == m->capacity &&
	       !info.out_held && !info.out_holders && !info.out_waiters && !info.out_demand &&
	       !info.out_reclaimed && info.out_acquires == all.pairs &&
	       info.out_releases == all.pairs && info.out_timeouts == all.timeouts;
}

TEST_F_TIMEOUT(mix, of_requests_never_exceeds_the_capacity, KSEM_TEST_LONG)
{
	unsigned int rounds = variant->rounds * ksem_test_scale();
	unsigned int round, wrong = 0;
	struct mix *m = self->m;
	pid_t pid[PROCESSES_MAX];
	struct tally all;
	__u64 waits;
	int i;

	for (i = 0; i < m->processes; i++) {
		pid[i] = ksem_test_fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			mix_main(m, i, rounds, ksem_test_own_seed(self->seed, i));
	}
	for (round = 0; round < rounds; round++) {
		pthread_barrier_wait(&m->quiet);
		pthread_barrier_wait(&m->quiet);
		wrong += !books_are_right(m);
	}
	for (i = 0; i < m->processes; i++)
		EXPECT_EQ(0, ksem_test_reap(pid[i]));
	all = sum(m);
	waits = ksem_test_info(m->fd).out_waits;
	TH_LOG("seed %u: %llu timed out, %llu waited, %llu tries failed", self->seed,
	       all.timeouts, waits, all.refusals);
	ksem_test_figure("acquire/release pairs", all.pairs, all.violations + wrong);
	EXPECT_EQ(0, all.violations);
	EXPECT_EQ(0, wrong);
	/* They did get into each other's way. */
	EXPECT_LT(0, all.timeouts);
	EXPECT_LT(0, all.refusals);
	EXPECT_LT(0, waits);
}

TEST_HARNESS_MAIN
