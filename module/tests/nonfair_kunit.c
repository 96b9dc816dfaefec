// SPDX-License-Identifier: GPL-2.0-only
/*
 * Non-fair semaphores: newcomers pass, the head is woken to try for itself, and
 * once it is due nobody passes it any more.
 */
#include "core_kunit.h"

/* The last step woke this head, and left the permits to be taken by it. */
static void expect_nudged(struct ksem_test *t, unsigned int i)
{
	ksem_test_expect_woken(t, i, 1);
	KUNIT_EXPECT_TRUE(t->kunit, t->w[i].woken);
	KUNIT_EXPECT_EQ(t->kunit, t->w[i].state, KSEM_W_QUEUED);
}

static void newcomers_pass_a_head_that_is_not_due(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_now += KSEM_TEST_HANDOFF - 1;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
}

static void newcomers_queue_behind_a_head_that_is_due(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 1, 1), -EINPROGRESS);
	ksem_test_waiter(t, 2, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_ask(t, 2, KSEM_TRY_EXPIRED), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 2), 0);
	KUNIT_EXPECT_EQ(test, t->w[2].n, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 2, 1), 0);
}

/* The thread that woke it may be kept from the wake-up for long. */
static void due_head_that_was_woken_is_granted_by_newcomers(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 30);
	ksem_test_queue(t, 0, 3, 5);
	ksem_test_post(t, 16);
	expect_nudged(t, 0);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 3, 1), -EAGAIN);
	ksem_test_expect_woken(t, 0, 3);
	ksem_test_expect_states(t, 0, 3, KSEM_W_GRANTED);

	ksem_test_queue(t, 4, 2, 2);
	ksem_test_post(t, 1);
	expect_nudged(t, 4);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 3), 0);
	ksem_test_expect_woken(t, 4, 1);

	ksem_test_post(t, 2);
	ksem_test_expect_woken(t, 5, 1);
	ksem_test_queue(t, 6, 1, 2);
	ksem_test_post(t, 2);
	expect_nudged(t, 6);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 7, 1), -EINPROGRESS);
	ksem_test_expect_woken(t, 6, 1);
}

static void newcomers_pass_again_when_the_due_head_has_left(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_queue(t, 1, 1, 4);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 2, 1), 0);
}

static void head_may_be_passed_for_ever_if_so_created(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	t->sem.handoff_ns = KSEM_HANDOFF_NEVER;
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_now += U64_MAX / 2;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 3), 0);
	ksem_test_post(t, 5);
	expect_nudged(t, 0);
}

static void clock_that_is_behind_makes_nobody_due(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_now -= 1;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), 0);
}

static void drain_passes_a_head_that_is_not_due(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_waiter(t, 1, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->w[1].n, 3);
}

static void head_is_woken_and_takes_for_itself(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_now += 20;
	ksem_test_post(t, 3);
	expect_nudged(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 0));
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 2);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 20);
}

static void head_is_woken_once(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 2, 2);
	ksem_test_post(t, 2);
	expect_nudged(t, 0);
	ksem_test_post(t, 2);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
}

static void only_the_head_counts(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_post(t, 4);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 1));
	KUNIT_EXPECT_EQ(test, t->sem.available, 4);
}

static void retry_passes_on_to_the_next(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 2, 2);
	ksem_test_post(t, 4);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 0));
	expect_nudged(t, 1);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 1));
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
}

static void woken_head_that_was_passed_sleeps_on(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_post(t, 2);
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 0));
	KUNIT_EXPECT_FALSE(test, t->w[0].woken);
	ksem_test_release(t, 0, 1);
	expect_nudged(t, 0);
}

static void woken_head_that_leaves_passes_on(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 2, 2);
	ksem_test_post(t, 3);
	expect_nudged(t, 0);
	ksem_test_leave(t, 0, KSEM_W_INTERRUPTED);
	expect_nudged(t, 1);
}

static void due_head_is_granted_in_place(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_post(t, 2);
	ksem_test_expect_woken(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 0);
}

static void head_that_is_nearly_due_is_woken(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_now += KSEM_TEST_HANDOFF - 1;
	ksem_test_post(t, 2);
	expect_nudged(t, 0);
}

static void woken_head_that_became_due_is_granted_by_the_next_releaser(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_post(t, 2);
	expect_nudged(t, 0);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_post(t, 1);
	ksem_test_expect_woken(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 0));
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 2);
}

static void those_due_are_granted_and_the_next_is_woken(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 2, 1);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_queue(t, 2, 2, 1);
	ksem_test_post(t, 4);
	ksem_test_expect_woken(t, 0, 3);
	ksem_test_expect_states(t, 0, 2, KSEM_W_GRANTED);
	KUNIT_EXPECT_TRUE(test, t->w[2].woken);
	ksem_test_expect_states(t, 2, 2, KSEM_W_QUEUED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
}

static void restarted_request_takes_the_heads_turn(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_queue(t, 1, 1, 2);
	ksem_test_interrupt(t, 0);
	ksem_test_post(t, 3);
	expect_nudged(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -EINPROGRESS);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 1));
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	expect_nudged(t, 1);
}

static void restarted_request_passes_a_due_head_that_came_later(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_queue(t, 1, 1, 5);
	ksem_test_interrupt(t, 0);
	ksem_test_post(t, 1);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), 0);
}

static void restarted_request_is_due_by_its_first_arrival(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_interrupt(t, 0);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -EINPROGRESS);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
}

static struct kunit_case nonfair_cases[] = {
	KUNIT_CASE(newcomers_pass_a_head_that_is_not_due),
	KUNIT_CASE(newcomers_queue_behind_a_head_that_is_due),
	KUNIT_CASE(due_head_that_was_woken_is_granted_by_newcomers),
	KUNIT_CASE(newcomers_pass_again_when_the_due_head_has_left),
	KUNIT_CASE(head_may_be_passed_for_ever_if_so_created),
	KUNIT_CASE(clock_that_is_behind_makes_nobody_due),
	KUNIT_CASE(drain_passes_a_head_that_is_not_due),
	KUNIT_CASE(head_is_woken_and_takes_for_itself),
	KUNIT_CASE(head_is_woken_once),
	KUNIT_CASE(only_the_head_counts),
	KUNIT_CASE(retry_passes_on_to_the_next),
	KUNIT_CASE(woken_head_that_was_passed_sleeps_on),
	KUNIT_CASE(woken_head_that_leaves_passes_on),
	KUNIT_CASE(due_head_is_granted_in_place),
	KUNIT_CASE(head_that_is_nearly_due_is_woken),
	KUNIT_CASE(woken_head_that_became_due_is_granted_by_the_next_releaser),
	KUNIT_CASE(those_due_are_granted_and_the_next_is_woken),
	KUNIT_CASE(restarted_request_takes_the_heads_turn),
	KUNIT_CASE(restarted_request_passes_a_due_head_that_came_later),
	KUNIT_CASE(restarted_request_is_due_by_its_first_arrival),
	{ }
};

static struct kunit_suite nonfair_suite = {
	.name = "ksem_nonfair",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = nonfair_cases,
};

kunit_test_suite(nonfair_suite);
