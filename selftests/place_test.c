// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request that a signal broke off has a place in the queue of a fair
 * semaphore: who gets it back, and who does not.
 */
#include "ksem_test.h"
#include "ksem_test_actor.h"
#include "ksem_test_proc.h"

/* Requests of several threads on one fair semaphore without a permit. */

struct rivals {
	int fd;
	struct ksem_test_actor a, b, c;
};

FIXTURE(place) {
	struct rivals r;
};

FIXTURE_SETUP(place)
{
	ksem_test_catch_signals();
	self->r.fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->r.fd);
	ASSERT_TRUE(ksem_test_actor_start(&self->r.a));
	ASSERT_TRUE(ksem_test_actor_start(&self->r.b));
	ASSERT_TRUE(ksem_test_actor_start(&self->r.c));
}

FIXTURE_TEARDOWN(place)
{
	close(self->r.fd);
}

/* A asks for @n, then B for one: A is the head. */
static bool queue_a_then_b(struct rivals *r, __u32 n)
{
	return ksem_test_ask(&r->a, r->fd, n) &&
	       ksem_test_wait_queued(r->fd, 1) &&
	       ksem_test_ask(&r->b, r->fd, 1) &&
	       ksem_test_wait_queued(r->fd, 2);
}

/* One permit comes: who of the two is granted? */
static struct ksem_test_actor *first_granted(struct rivals *r)
{
	struct pollfd ready[2] = {
		{ .fd = r->a.results[0], .events = POLLIN },
		{ .fd = r->b.results[0], .events = POLLIN },
	};

	if (ksem_test_post(r->fd, 1) || poll(ready, 2, KSEM_TEST_PATIENCE_MS) != 1)
		return NULL;
	return ready[0].revents ? &r->a : &r->b;
}

TEST_F(place, is_kept_over_a_restart)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_EQ(0, ksem_test_tgkill(self->r.a.tid, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_wait_requeued(self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.a, first_granted(&self->r));
	EXPECT_EQ(1, ksem_test_info(self->r.fd).out_waiters);
}

TEST_F(place, is_kept_over_hundreds_of_restarts)
{
	int i;

	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	for (i = 1; i <= 300; i++) {
		ASSERT_EQ(0, ksem_test_tgkill(self->r.a.tid, KSEM_TEST_SIG_RESTART));
		ASSERT_TRUE(ksem_test_wait_requeued(self->r.fd, i, 2));
	}
	EXPECT_EQ(&self->r.a, first_granted(&self->r));
	EXPECT_EQ(300, ksem_test_signals_handled());
}

TEST_F(place, in_the_middle_is_kept_too)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.c, self->r.fd, 1, 3));
	ASSERT_EQ(0, ksem_test_tgkill(self->r.b.tid, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_wait_requeued(self->r.fd, 1, 3));
	ASSERT_EQ(0, ksem_test_post(self->r.fd, 1));
	EXPECT_EQ(0, ksem_test_answer(&self->r.a));
	ASSERT_EQ(0, ksem_test_post(self->r.fd, 1));
	EXPECT_EQ(0, ksem_test_answer(&self->r.b));
	EXPECT_EQ(1, ksem_test_info(self->r.fd).out_waiters);
}

TEST_F(place, blocks_those_behind_again_after_a_restart)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 2));
	ASSERT_EQ(0, ksem_test_tgkill(self->r.a.tid, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_wait_requeued(self->r.fd, 1, 2));
	ASSERT_EQ(0, ksem_test_post(self->r.fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->r.fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(self->r.fd).out_available);
}

TEST_F(place, is_resumed_by_the_same_call_after_eintr)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_wait_queued(self->r.fd, 1));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.a, first_granted(&self->r));
}

TEST_F(place, of_a_timed_wait_is_resumed_after_eintr)
{
	__u64 deadline_ns = ksem_test_in_ms(KSEM_TEST_HOUR_MS);

	ASSERT_TRUE(ksem_test_ask_ex(&self->r.a, self->r.fd, 0, 1, deadline_ns));
	ASSERT_TRUE(ksem_test_wait_queued(self->r.fd, 1));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.b, self->r.fd, 1, 2));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_ex(&self->r.a, self->r.fd, 0, 1, deadline_ns));
	ASSERT_TRUE(ksem_test_wait_queued(self->r.fd, 2));
	EXPECT_EQ(&self->r.a, first_granted(&self->r));
}

TEST_F(place, does_not_hold_up_others_while_its_thread_is_away)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, that_was_used_is_not_used_again)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	ASSERT_EQ(0, ksem_test_post(self->r.fd, 1));
	ASSERT_EQ(0, ksem_test_answer(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, is_dropped_by_a_request_of_another_size)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 2));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, is_dropped_by_another_verb)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_ex(&self->r.a, self->r.fd, 0, 1, KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->r.fd, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

/* A makes a request that is interrupted, B queues, and A makes another. */
static bool ask_again_differently(struct rivals *r,
				  __u32 flags, __u64 deadline_ns,
				  __u32 other_flags, __u64 other_deadline_ns)
{
	return ksem_test_ask_ex(&r->a, r->fd, flags, 1, deadline_ns) &&
	       ksem_test_wait_queued(r->fd, 1) &&
	       ksem_test_ask(&r->b, r->fd, 1) &&
	       ksem_test_wait_queued(r->fd, 2) &&
	       ksem_test_interrupt(&r->a) &&
	       ksem_test_ask_ex(&r->a, r->fd, other_flags, 1, other_deadline_ns) &&
	       ksem_test_wait_queued(r->fd, 2);
}

TEST_F(place, is_dropped_by_another_deadline)
{
	__u64 deadline_ns = ksem_test_in_ms(KSEM_TEST_HOUR_MS);

	ASSERT_TRUE(ask_again_differently(&self->r, 0, deadline_ns, 0, deadline_ns + 1));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, is_dropped_by_other_flags)
{
	ASSERT_TRUE(ask_again_differently(&self->r, 0, KSEM_NO_DEADLINE,
					  KSEM_FLAG_TOKEN, KSEM_NO_DEADLINE));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, is_dropped_by_an_acquire_in_between)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_ex(&self->r.a, self->r.fd, 0, 1, 0));
	ASSERT_EQ(-ETIMEDOUT, ksem_test_answer(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

/* A has a place, or its time was up before that. */
static bool has_been_interrupted(struct rivals *r, __u64 deadline_ns)
{
	return ksem_test_ask_ex(&r->a, r->fd, 0, 1, deadline_ns) &&
	       ksem_test_until(ksem_test_info(r->fd).out_waiters || ksem_test_answered(&r->a)) &&
	       ksem_test_interrupt(&r->a);
}

/* What comes too late is a try, and others were there before. */
TEST_F(place, is_dropped_by_its_own_deadline)
{
	__u64 ms = KSEM_TEST_FIRST_MS, deadline_ns;

	while (!has_been_interrupted(&self->r, deadline_ns = ksem_test_in_ms(ms))) {
		ms *= 2;
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
	}
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.b, self->r.fd, 2, 1));
	ASSERT_EQ(0, ksem_test_post(self->r.fd, 1));
	while (ksem_test_now() <= deadline_ns)
		usleep(1000);
	ASSERT_TRUE(ksem_test_ask_ex(&self->r.a, self->r.fd, 0, 1, deadline_ns));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_answer(&self->r.a));
	EXPECT_EQ(1, ksem_test_info(self->r.fd).out_available);
}

TEST_F(place, belongs_to_the_thread)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.c, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, belongs_to_the_handle)
{
	int other = ksem_test_attached(self->r.fd);

	ASSERT_LE(0, other);
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_ask(&self->r.a, other, 1));
	ASSERT_TRUE(ksem_test_wait_queued(self->r.fd, 2));
	EXPECT_EQ(&self->r.b, first_granted(&self->r));
}

TEST_F(place, of_each_interrupted_thread_is_its_own)
{
	ASSERT_TRUE(queue_a_then_b(&self->r, 1));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.a));
	ASSERT_TRUE(ksem_test_interrupt(&self->r.b));
	/* They come back in the other order. */
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.b, self->r.fd, 1, 1));
	ASSERT_TRUE(ksem_test_ask_queued(&self->r.a, self->r.fd, 1, 2));
	EXPECT_EQ(&self->r.a, first_granted(&self->r));
}

/* 64 places are kept for a handle; a request more, and one of them is lost. */
#define PLACES		64

FIXTURE(crowd) {
	int fd;
	struct ksem_test_actor actor[PLACES + 1];
	struct ksem_test_waiter behind;
};

FIXTURE_SETUP(crowd)
{
	int i;

	ksem_test_catch_signals();
	self->fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->fd);
	for (i = 0; i <= PLACES; i++) {
		ASSERT_TRUE(ksem_test_actor_start(&self->actor[i]));
		ASSERT_TRUE(ksem_test_ask(&self->actor[i], self->fd, 1));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, i + 1));
	}
	ASSERT_TRUE(ksem_test_queue(&self->behind, self->fd, 1, PLACES + 2));
	for (i = 0; i <= PLACES; i++) {
		ASSERT_TRUE(ksem_test_interrupt(&self->actor[i]));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1 + PLACES - i));
	}
}

FIXTURE_TEARDOWN(crowd)
{
	close(self->fd);
}

/* Everyone of the crowd asks again, the last one first. */
static bool ask_again(struct ksem_test_actor *actors, int fd)
{
	int i;

	for (i = PLACES; i >= 0; i--)
		if (!ksem_test_ask_queued(&actors[i], fd, 1, 2 + PLACES - i))
			return false;
	return true;
}

static int count_answered(struct ksem_test_actor *actors)
{
	int i, answered = 0;

	for (i = 0; i <= PLACES; i++)
		answered += ksem_test_answered(&actors[i]);
	return answered;
}

TEST_F(crowd, of_65_interrupted_threads_keeps_64_places)
{
	ASSERT_TRUE(ask_again(self->actor, self->fd));
	ASSERT_EQ(0, ksem_test_post(self->fd, PLACES));
	EXPECT_TRUE(ksem_test_until(count_answered(self->actor) == PLACES));
	EXPECT_FALSE(ksem_test_done(&self->behind));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waiters);
}

TEST_F(crowd, loses_a_place_and_nothing_else)
{
	ASSERT_TRUE(ask_again(self->actor, self->fd));
	ASSERT_EQ(0, ksem_test_post(self->fd, PLACES + 1));
	EXPECT_EQ(0, ksem_test_join(&self->behind));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_TRUE(ksem_test_until(count_answered(self->actor) == PLACES + 1));
	EXPECT_EQ(PLACES + 2, ksem_test_info(self->fd).out_own);
}

/* A stopped process keeps its place, but not the others. */

FIXTURE(stopped) {
	int fd;
	pid_t child;
	struct ksem_test_waiter behind;
};

FIXTURE_SETUP(stopped)
{
	self->fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->fd);
	self->child = ksem_test_child_wait_hold(self->fd, 1);
	ASSERT_LT(0, self->child);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&self->behind, self->fd, 1, 2));
}

FIXTURE_TEARDOWN(stopped)
{
	ksem_test_kill(self->child);
	close(self->fd);
}

TEST_F(stopped, holds_up_nobody)
{
	ASSERT_EQ(0, kill(self->child, SIGSTOP));
	ASSERT_EQ(self->child, waitpid(self->child, NULL, WUNTRACED));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->behind));
}

TEST_HARNESS_MAIN
