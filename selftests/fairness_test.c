// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fair means first come, first served, whatever the sizes; non-fair means that
 * newcomers may pass.
 */
#include "ksem_test.h"
#include "ksem_test_proc.h"

/* Queued one after the other on a fair semaphore without a permit. */

FIXTURE(queue) {
	int fd;
	struct ksem_test_waiter waiter[5];
};

FIXTURE_SETUP(queue)
{
	self->fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(queue)
{
	close(self->fd);
}

TEST_F(queue, is_served_in_order_whatever_the_sizes)
{
	static const __u32 sizes[] = { 3, 1, 2, 5, 1 };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ASSERT_TRUE(ksem_test_queue(&self->waiter[i], self->fd, sizes[i], i + 1));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* Nobody is served by less than the head wants. */
		for (n = 1; n < sizes[i]; n++) {
			ASSERT_EQ(0, ksem_test_post(self->fd, 1));
			ASSERT_EQ(ARRAY_SIZE(sizes) - i, ksem_test_info(self->fd).out_waiters);
		}
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		ASSERT_EQ(ARRAY_SIZE(sizes) - i - 1, ksem_test_info(self->fd).out_waiters);
		EXPECT_EQ(0, ksem_test_join(&self->waiter[i]));
	}
}

TEST_F(queue, lets_a_big_head_block_smaller_ones)
{
	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 3, 1));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[1], self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[1]));
}

TEST_F(queue, serves_as_many_as_fit_at_once)
{
	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[1], self->fd, 2, 2));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[2], self->fd, 3, 3));
	ASSERT_EQ(0, ksem_test_post(self->fd, 5));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[1]));
}

TEST_F(queue, gives_what_is_released_straight_to_its_head)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	/* It has the permit whether it has run meanwhile or not. */
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
}

TEST_F(queue, is_one_for_all_handles_and_processes)
{
	int other = ksem_test_attached(self->fd);
	pid_t child;

	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 1, 1));
	child = ksem_test_child_wait(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[1], other, 1, 3));
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
	ASSERT_EQ(2, ksem_test_info(self->fd).out_waiters);
	/* The child goes with its permit, which serves the third. */
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(1, ksem_test_join(&self->waiter[1]));
}

TEST_F(queue, fills_a_deficit_first)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
}

TEST_F(queue, waits_for_a_head_that_wants_more_than_the_capacity)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[0], self->fd, 3, 1));
	ASSERT_TRUE(ksem_test_queue(&self->waiter[1], self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_resize(self->fd, 4));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[0]));
	EXPECT_EQ(0, ksem_test_join(&self->waiter[1]));
}

/* A permit is free, and a head that wants two is in front of it. */

FIXTURE(blocked) {
	int fd;
	struct ksem_test_waiter head;
};

FIXTURE_SETUP(blocked)
{
	self->fd = ksem_test_fair(1, 100);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(ksem_test_queue(&self->head, self->fd, 2, 1));
}

FIXTURE_TEARDOWN(blocked)
{
	close(self->fd);
}

TEST_F(blocked, newcomer_cannot_pass)
{
	struct ksem_test_waiter newcomer;

	ASSERT_TRUE(ksem_test_queue(&newcomer, self->fd, 1, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(blocked, try_fails)
{
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire_ex(self->fd, 0, 1, NULL));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(blocked, acquire_with_a_past_deadline_times_out)
{
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1, 1, NULL));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(blocked, drain_gets_nothing)
{
	__u32 n;

	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
}

TEST_F(blocked, barge_passes)
{
	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_BARGE, 1, NULL));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_BARGE, 1, NULL));
}

TEST_F(blocked, try_of_nothing_succeeds)
{
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 0));
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
}

/* Somebody in the queue gives up. */

struct scene {
	int fd;
	struct ksem_test_quitter quitter;
	struct ksem_test_waiter waiter[2];
};

FIXTURE(quitting) {
	struct scene *s;
};

FIXTURE_VARIANT(quitting) {
	enum ksem_test_way way;
};

FIXTURE_VARIANT_ADD(quitting, by_timeout) { .way = KSEM_TEST_TIMEOUT };

FIXTURE_VARIANT_ADD(quitting, by_signal) { .way = KSEM_TEST_SIGNAL };

FIXTURE_VARIANT_ADD(quitting, by_kill) { .way = KSEM_TEST_KILL };

FIXTURE_SETUP(quitting)
{
	self->s = NULL;
}

FIXTURE_TEARDOWN(quitting)
{
	close(self->s ? self->s->fd : -1);
}

/* Queue one more, the @nth request of all; false if a time-out came first. */
static bool queue_nth(struct scene *s, struct ksem_test_waiter *waiter, __u32 nth)
{
	struct ksem_info info;

	return ksem_test_start(waiter, s->fd, 1) &&
	       ksem_test_until((info = ksem_test_info(s->fd)).out_waits == nth ||
			       info.out_timeouts) &&
	       info.out_waiters == nth;
}

typedef bool (*set_scene)(struct scene *s, enum ksem_test_way way, __u64 ms);

/*
 * A scene as @set makes it; NULL if that fails. One whose quitter has timed out
 * too early is left alone: its waiters may still be at it.
 */
static struct scene *make_scene(set_scene set, enum ksem_test_way way)
{
	struct scene *s;
	__u64 ms;

	for (ms = KSEM_TEST_FIRST_MS; ms <= KSEM_TEST_LAST_MS; ms *= 2) {
		s = calloc(1, sizeof(*s));
		if (!s || set(s, way, ms))
			return s;
	}
	return NULL;
}

/* One is free, the quitter wants two, and others would do with less. */
static bool set_head(struct scene *s, enum ksem_test_way way, __u64 ms)
{
	s->fd = ksem_test_fair(1, 100);
	return s->fd >= 0 &&
	       ksem_test_quitter_queue(&s->quitter, s->fd, 2, way, ms, 1) &&
	       queue_nth(s, &s->waiter[0], 2) &&
	       queue_nth(s, &s->waiter[1], 3);
}

TEST_F(quitting, head_lets_the_next_through_without_a_release)
{
	self->s = make_scene(set_head, variant->way);
	ASSERT_NE(NULL, self->s);
	ASSERT_TRUE(ksem_test_quitter_quit(&self->s->quitter));
	EXPECT_EQ(0, ksem_test_join(&self->s->waiter[0]));
	EXPECT_EQ(1, ksem_test_info(self->s->fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(self->s->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->s->fd).out_releases);
}

/* Nothing is free, and the quitter is between two others. */
static bool set_middle(struct scene *s, enum ksem_test_way way, __u64 ms)
{
	s->fd = ksem_test_fair(0, 100);
	return s->fd >= 0 &&
	       queue_nth(s, &s->waiter[0], 1) &&
	       ksem_test_quitter_queue(&s->quitter, s->fd, 1, way, ms, 2) &&
	       queue_nth(s, &s->waiter[1], 3);
}

TEST_F(quitting, waiter_leaves_the_others_their_order)
{
	self->s = make_scene(set_middle, variant->way);
	ASSERT_NE(NULL, self->s);
	ASSERT_TRUE(ksem_test_quitter_quit(&self->s->quitter));
	EXPECT_EQ(2, ksem_test_info(self->s->fd).out_waiters);
	EXPECT_EQ(2, ksem_test_info(self->s->fd).out_demand);
	ASSERT_EQ(0, ksem_test_post(self->s->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->s->waiter[0]));
	EXPECT_EQ(1, ksem_test_info(self->s->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->s->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->s->waiter[1]));
}

/* More waiters than one batch serves: 32. */

#define CROWD	50

FIXTURE(crowd) {
	int fd;
	struct ksem_test_waiter waiter[CROWD];
};

FIXTURE_SETUP(crowd)
{
	int i;

	self->fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < CROWD; i++) {
		ASSERT_TRUE(ksem_test_start_ex(&self->waiter[i], self->fd, KSEM_FLAG_TOKEN, 1,
					       KSEM_NO_DEADLINE));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, i + 1));
	}
}

FIXTURE_TEARDOWN(crowd)
{
	close(self->fd);
}

TEST_F(crowd, is_served_in_order_one_at_a_time)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		EXPECT_EQ(0, ksem_test_join(&self->waiter[i]));
		EXPECT_EQ(CROWD - 1 - i, ksem_test_info(self->fd).out_waiters);
	}
}

TEST_F(crowd, is_served_in_order_all_at_once)
{
	__u64 token = 0;
	int i;

	ASSERT_EQ(0, ksem_test_post(self->fd, CROWD));
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, ksem_test_join(&self->waiter[i]));
		/* Tokens follow grants. */
		EXPECT_LT(token, self->waiter[i].ex.out_token);
		token = self->waiter[i].ex.out_token;
	}
}

TEST_F(crowd, keeps_its_order_when_some_of_it_are_interrupted)
{
	int i;

	ksem_test_catch_signals();
	for (i = 0; i < CROWD; i += 3) {
		ASSERT_EQ(0, ksem_test_tgkill(self->waiter[i].tid, KSEM_TEST_SIG_END));
		EXPECT_EQ(-EINTR, ksem_test_join(&self->waiter[i]));
	}
	for (i = 0; i < CROWD; i++) {
		if (i % 3 == 0)
			continue;
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		EXPECT_EQ(0, ksem_test_join(&self->waiter[i]));
	}
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

/* Where fairness was not asked for. */

FIXTURE(nonfair) {
	int fd;
	struct ksem_test_waiter head;
};

FIXTURE_SETUP(nonfair)
{
	/* A head that is never due: see handoff_test.c. */
	self->fd = ksem_test_new_handoff(0, 2, 100, KSEM_HANDOFF_NEVER);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(ksem_test_queue(&self->head, self->fd, 3, 1));
}

FIXTURE_TEARDOWN(nonfair)
{
	close(self->fd);
}

TEST_F(nonfair, newcomers_pass_the_queue)
{
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
}

TEST_F(nonfair, drain_passes_the_queue)
{
	__u32 n;

	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(2, n);
}

TEST_F(nonfair, head_gets_what_is_enough)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
}

TEST_F(nonfair, queue_is_served_one_after_the_other)
{
	struct ksem_test_waiter second, third;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&second, self->fd, 1, 2));
	ASSERT_TRUE(ksem_test_queue(&third, self->fd, 2, 3));
	ASSERT_EQ(0, ksem_test_post(self->fd, 6));
	EXPECT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(0, ksem_test_join(&second));
	EXPECT_EQ(0, ksem_test_join(&third));
}

TEST_F(nonfair, one_release_serves_one_of_two)
{
	struct ksem_test_waiter second;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&second, self->fd, 3, 2));
	ASSERT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_HARNESS_MAIN
