// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fair semaphores: strictly first come, first served, whatever the sizes.
 */
#include "core_kunit.h"

static void newcomer_waits_behind_a_larger_one(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 1, 1), -EINPROGRESS);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
	ksem_test_post(t, 1);
	ksem_test_expect_woken(t, 0, 1);
	ksem_test_post(t, 1);
	ksem_test_expect_woken(t, 1, 1);
}

static void try_fails_while_others_are_queued(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
}

static void past_deadline_times_out_while_others_are_queued(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	ksem_test_waiter(t, 1, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_ask(t, 1, KSEM_TRY_EXPIRED), -ETIMEDOUT);
}

static void barge_passes_the_queue(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 1, 3), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 1, 2), 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 2, 1), -EAGAIN);
}

static void drain_gets_nothing_where_others_are_queued(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	ksem_test_waiter(t, 1, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->w[1].n, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
}

static void releaser_hands_over_in_place(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 1);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 1);
	ksem_test_waiter(t, 1, 1)->holder = &t->holder[1];
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 1, KSEM_QUEUE), -EINPROGRESS);
	ksem_test_release(t, 0, 1);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_FALSE(test, t->w[1].woken);
	KUNIT_EXPECT_EQ(test, t->holder[1].held, 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 0);
}

static void release_serves_as_many_as_fit(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 7, 7);
	ksem_test_take(t, 0, 7);
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_queue(t, 2, 1, 3);
	ksem_test_queue(t, 3, 1, 4);
	ksem_test_queue(t, 4, 1, 1);
	ksem_test_release(t, 0, 7);
	ksem_test_expect_woken(t, 1, 2);
	ksem_test_expect_states(t, 3, 2, KSEM_W_QUEUED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
}

static void more_capacity_serves(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 3, 2);
	ksem_test_post(t, 2);
	ksem_test_expect_woken(t, 0, 1);
	ksem_test_resize(t, 6);
	ksem_test_expect_woken(t, 1, 2);
}

static void more_than_the_capacity_waits_until_it_grows(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 0, 8), -EINPROGRESS);
	ksem_test_post(t, 5);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_QUEUED);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
}

static void release_into_a_deficit_serves_nobody(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 4, 4);
	ksem_test_take(t, 0, 4);
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_reduce(t, 2);
	ksem_test_release(t, 0, 2);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
	ksem_test_release(t, 0, 1);
	ksem_test_expect_woken(t, 1, 1);
}

static void failing_post_serves_nobody(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 2);
	ksem_test_take(t, 0, 2);
	ksem_test_queue(t, 1, 1, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 3), -EPERM);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_QUEUED);
}

static void signal_post_serves_in_order(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_queue(t, 1, 2, 1);
	ksem_test_release(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
	ksem_test_release(t, 0, 2);
	ksem_test_expect_woken(t, 0, 2);
	KUNIT_EXPECT_EQ(test, t->sem.capacity, 0);
}

static void retry_gives_a_waiter_nothing_out_of_turn(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 8);
	ksem_test_queue(t, 0, 1, 3);
	ksem_test_queue(t, 1, 1, 1);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 1));
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 0));
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
}

static void clock_does_not_matter(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 8);
	ksem_test_queue(t, 0, 1, 3);
	ksem_test_now -= 10;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	ksem_test_post(t, 2);
	ksem_test_expect_states(t, 0, 1, KSEM_W_GRANTED);
}

static struct kunit_case fair_cases[] = {
	KUNIT_CASE(newcomer_waits_behind_a_larger_one),
	KUNIT_CASE(try_fails_while_others_are_queued),
	KUNIT_CASE(past_deadline_times_out_while_others_are_queued),
	KUNIT_CASE(barge_passes_the_queue),
	KUNIT_CASE(drain_gets_nothing_where_others_are_queued),
	KUNIT_CASE(releaser_hands_over_in_place),
	KUNIT_CASE(release_serves_as_many_as_fit),
	KUNIT_CASE(more_capacity_serves),
	KUNIT_CASE(more_than_the_capacity_waits_until_it_grows),
	KUNIT_CASE(release_into_a_deficit_serves_nobody),
	KUNIT_CASE(failing_post_serves_nobody),
	KUNIT_CASE(signal_post_serves_in_order),
	KUNIT_CASE(retry_gives_a_waiter_nothing_out_of_turn),
	KUNIT_CASE(clock_does_not_matter),
	{ }
};

static struct kunit_suite fair_suite = {
	.name = "ksem_fair",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = fair_cases,
};

kunit_test_suite(fair_suite);
