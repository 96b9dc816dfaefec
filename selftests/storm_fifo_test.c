// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every grant of a fair semaphore against the order of arrival.
 *
 * A request arrives inside the kernel, where nobody sees it. But info shows how
 * many have: those granted and those queued, in one snapshot. So each request has
 * a number, and makes its call when all those with smaller numbers are seen to
 * have arrived: then the numbers are the order of arrival. (One thread at a time
 * looks; the others sleep at the door.) The order of the grants is that of their
 * tokens. The two must be the same; releases, and the grants that they make, go on
 * meanwhile as they like.
 */
#include "ksem_test_storm.h"

#define THREADS		8
#define CAPACITY	4
#define ROUND		1250	/* requests from one look at the tokens to the next */
#define ROUNDS		2

struct queue {
	int fd;
	unsigned int rounds;
	unsigned long long arrived;	/* in the rounds before this one */
	pthread_mutex_t door;
	unsigned int next;		/* number of this round; the door's */
	unsigned int wrong;
	__u64 token[ROUND];
	pthread_barrier_t quiet;
	unsigned int seed;
};

struct member {
	struct queue *q;
	pthread_t thread;
	unsigned int seed;
};

FIXTURE(fair) {
	struct queue q;
	struct member member[THREADS];
};

FIXTURE_SETUP(fair)
{
	struct queue *q = &self->q;
	int i;

	ksem_test_limit();
	q->fd = ksem_test_fair(CAPACITY, CAPACITY);
	ASSERT_LE(0, q->fd);
	pthread_mutex_init(&q->door, NULL);
	ASSERT_TRUE(ksem_test_barrier_init(&q->quiet, THREADS + 1));
	q->rounds = ROUNDS * ksem_test_scale();
	q->seed = ksem_test_new_seed();
	for (i = 0; i < THREADS; i++)
		self->member[i] = (struct member){
			.q = q, .seed = ksem_test_own_seed(q->seed, i),
		};
}

FIXTURE_TEARDOWN(fair)
{
	close(self->q.fd);
}

/* A number, once all who have smaller ones have arrived. */
static unsigned int go_through_door(struct queue *q)
{
	struct ksem_info info;
	unsigned int k;

	pthread_mutex_lock(&q->door);
	k = q->next++;
	/* Only the last one through may still be on its way. */
	while (k < ROUND) {
		info = ksem_test_info(q->fd);
		if (info.out_acquires + info.out_waiters >= q->arrived + k)
			break;
		sched_yield();
	}
	pthread_mutex_unlock(&q->door);
	return k;
}

/* In the way of the others, until one of them is queued, if that is soon. */
static void linger(const struct queue *q)
{
	int tries;

	for (tries = 0; tries < 20 && !ksem_test_info(q->fd).out_waiters; tries++)
		sched_yield();
}

static void ask(struct queue *q, int own, unsigned int k, unsigned int chance)
{
	unsigned int n = 1 + (chance >> 8) % 3;

	if (ksem_test_acquire_ex(own, KSEM_FLAG_TOKEN, n, KSEM_NO_DEADLINE, &q->token[k]))
		ksem_test_count(&q->wrong);
	if (!(chance >> 16 & 3))
		linger(q);
	if (ksem_test_release(own, n))
		ksem_test_count(&q->wrong);
}

static void *member_main(void *data)
{
	struct member *m = data;
	struct queue *q = m->q;
	int own = ksem_test_attached(q->fd);
	unsigned int round, k;

	for (round = 0; round < q->rounds; round++) {
		pthread_barrier_wait(&q->quiet);
		while ((k = go_through_door(q)) < ROUND)
			ask(q, own, k, ksem_test_chance(&m->seed));
		pthread_barrier_wait(&q->quiet);
	}
	close(own);
	return NULL;
}

/* How many of a round were granted before somebody who had arrived earlier. */
static unsigned int inversions(struct queue *q, __u64 *last)
{
	unsigned int found = 0, k;

	for (k = 0; k < ROUND; k++) {
		found += q->token[k] <= *last;
		*last = q->token[k];
	}
	return found;
}

TEST_F_TIMEOUT(fair, grants_are_in_the_order_of_arrival, KSEM_TEST_LONG)
{
	unsigned long long found = 0;
	struct queue *q = &self->q;
	struct ksem_info info;
	unsigned int round;
	__u64 last = 0;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&self->member[i].thread, NULL, member_main,
					    &self->member[i]));
	for (round = 0; round < q->rounds; round++) {
		q->arrived = (unsigned long long)round * ROUND;
		q->next = 0;
		memset(q->token, 0, sizeof(q->token));
		pthread_barrier_wait(&q->quiet);
		pthread_barrier_wait(&q->quiet);
		found += inversions(q, &last);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(self->member[i].thread, NULL);
	info = ksem_test_info(q->fd);
	TH_LOG("seed %u: %llu of %llu were queued", q->seed, (unsigned long long)info.out_waits,
	       (unsigned long long)info.out_acquires);
	ksem_test_figure("fair grants in order", info.out_acquires, found + q->wrong);
	EXPECT_EQ(0, found);
	EXPECT_EQ(0, q->wrong);
	EXPECT_EQ((unsigned long long)q->rounds * ROUND, info.out_acquires);
	EXPECT_EQ(CAPACITY, info.out_available);
	/* There was an order to keep. */
	EXPECT_LT(info.out_acquires / 20, info.out_waits);
}

TEST_HARNESS_MAIN
