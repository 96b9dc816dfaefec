// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches: no more than KSEM_BATCH waiters are served under one hold of the
 * lock, whatever happens between two of them.
 */
#include "core_kunit.h"

#define B	KSEM_BATCH

static const u32 crowds[] = { 1, B - 1, B, B + 1, 2 * B, 2 * B + 1, 100 };

static void describe_crowd(const u32 *crowd, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%u waiters", *crowd);
}

KUNIT_ARRAY_PARAM(crowds, crowds, describe_crowd);

/* This many are served from the first on, in batches, then nothing is left. */
static void expect_batches(struct ksem_test *t, unsigned int first, unsigned int nr)
{
	for (; nr > B; nr -= B, first += B) {
		ksem_test_expect_woken(t, first, B);
		KUNIT_EXPECT_TRUE(t->kunit, t->wake.more);
		KUNIT_ASSERT_TRUE(t->kunit, t->sem.state & KSEM_S_SERVING);
		ksem_test_serve(t);
	}
	ksem_test_expect_woken(t, first, nr);
	KUNIT_EXPECT_FALSE(t->kunit, t->wake.more);
	KUNIT_EXPECT_FALSE(t->kunit, t->sem.state & KSEM_S_SERVING);
}

/* A fair semaphore with a crowd, of which the first batch has been served. */
static void begin_sweep(struct ksem_test *t, u32 flags, unsigned int crowd)
{
	ksem_test_create(t, flags, 0, 1000);
	ksem_test_queue(t, 0, crowd, 1);
	if (!(flags & KSEM_CREATE_FAIR))
		ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_post(t, 200);
	ksem_test_expect_woken(t, 0, B);
	KUNIT_ASSERT_TRUE(t->kunit, t->wake.more);
}

static void crowd_is_granted_in_batches(struct kunit *test)
{
	u32 crowd = *(const u32 *)test->param_value;
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 1000);
	ksem_test_queue(t, 0, crowd, 1);
	ksem_test_post(t, crowd);
	expect_batches(t, 0, crowd);
	ksem_test_expect_states(t, 0, crowd, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 0);
}

static void crowd_is_shut_out_in_batches(struct kunit *test)
{
	u32 crowd = *(const u32 *)test->param_value;
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 1000);
	ksem_test_queue(t, 0, crowd, 1);
	ksem_test_shutdown(t);
	expect_batches(t, 0, crowd);
	ksem_test_expect_states(t, 0, crowd, KSEM_W_SHUT);
}

static void due_crowd_is_granted_in_batches(struct kunit *test)
{
	u32 crowd = *(const u32 *)test->param_value;
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 0, 1000);
	ksem_test_queue(t, 0, crowd, 1);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_release(t, 0, crowd);
	expect_batches(t, 0, crowd);
	ksem_test_expect_states(t, 0, crowd, KSEM_W_GRANTED);
}

static void full_batch_with_nothing_left_to_give_is_no_sweep(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 1000);
	ksem_test_queue(t, 0, B + 1, 1);
	ksem_test_post(t, B);
	expect_batches(t, 0, B);
	KUNIT_EXPECT_EQ(test, t->w[B].state, KSEM_W_QUEUED);
}

static void newcomers_queue_during_a_sweep(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, 0, B + 1);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 100, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 1);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 100), 0);
	KUNIT_EXPECT_EQ(test, t->w[100].n, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 101, 1), -EINPROGRESS);
	ksem_test_serve(t);
	ksem_test_expect_states(t, B, 1, KSEM_W_GRANTED);
}

static void barge_takes_during_a_sweep(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 2);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 100, 200 - B - 1), 0);
	ksem_test_serve(t);
	ksem_test_expect_woken(t, B, 1);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_SERVING);
	KUNIT_EXPECT_EQ(test, t->w[B + 1].state, KSEM_W_QUEUED);
}

static void newcomer_takes_part_until_its_turn(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, 3 * B);
	ksem_test_queue(t, 3 * B, 1, 1);
	KUNIT_EXPECT_TRUE(test, t->w[3 * B].woken);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 3 * B));
	ksem_test_expect_woken(t, B, B);
	KUNIT_EXPECT_TRUE(test, t->w[3 * B].woken);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, 3 * B));
	ksem_test_expect_woken(t, 2 * B, B);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 3 * B));
	expect_batches(t, 3 * B, 1);
}

/* Nobody is kept at it by those who come after the sweep began. */
static void sweep_leaves_newcomers_to_themselves(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 5);
	ksem_test_queue(t, B + 5, B, 1);
	ksem_test_serve(t);
	ksem_test_expect_woken(t, B, B);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_SERVING);
	KUNIT_EXPECT_TRUE(test, t->w[2 * B].woken);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 2 * B));
	expect_batches(t, 2 * B, 5);
}

/* Whatever keeps the thread that began the sweep. */
static void sweep_is_over_when_others_have_finished_it(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 1);
	ksem_test_queue(t, B + 1, 1, 1);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, B + 1));
	expect_batches(t, B, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 0);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 1));
	t->wake.more = true;
	ksem_test_serve(t);
	expect_batches(t, B + 2, 0);
}

static void sweep_that_another_began_is_not_extended(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	u64 sweep_end;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 1);
	sweep_end = t->wake.sweep_end;
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, B), 0);
	ksem_test_queue(t, B + 1, 2 * B, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 4 * B), 0);
	ksem_test_expect_woken(t, B, B);
	KUNIT_EXPECT_TRUE(test, t->wake.more);
	t->wake.sweep_end = sweep_end;
	ksem_test_serve(t);
	ksem_test_expect_woken(t, 2 * B, B);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_SERVING);
}

static void newcomer_that_does_not_fit_ends_the_sweep(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 1);
	ksem_test_queue(t, B + 1, 1, 500);
	KUNIT_EXPECT_FALSE(test, ksem_test_retry(t, B + 1));
	expect_batches(t, B, 1);
	KUNIT_EXPECT_FALSE(test, t->w[B + 1].woken);
}

static void restarted_request_belongs_to_the_sweep(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 1000);
	ksem_test_queue(t, 0, B + 2, 1);
	ksem_test_interrupt(t, B);
	ksem_test_post(t, 200);
	KUNIT_ASSERT_TRUE(test, t->wake.more);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, B), -EINPROGRESS);
	ksem_test_serve(t);
	expect_batches(t, B, 2);
}

static void each_who_makes_room_during_a_sweep_serves_a_batch(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, 4 * B + 1);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), 0);
	ksem_test_expect_woken(t, B, B);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), 0);
	ksem_test_expect_woken(t, 2 * B, B);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	ksem_test_give_back(t, 1);
	ksem_test_expect_woken(t, 3 * B, B);
	KUNIT_EXPECT_FALSE(test, t->wake.more);
	t->wake.sweep_end = 4 * B + 2;
	ksem_test_serve(t);
	expect_batches(t, 4 * B, 1);
}

static void detach_during_a_sweep_adds_to_it(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, B, 1000);
	ksem_test_attach(t, 1);
	ksem_test_waiter(t, 100, B)->holder = &t->holder[1];
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 100, KSEM_TRY), 0);
	ksem_test_queue(t, 0, 2 * B, 1);
	ksem_test_post(t, B + 1);
	KUNIT_ASSERT_TRUE(test, t->wake.more);
	ksem_test_detach(t, 1);
	expect_batches(t, B, B);
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
}

static void reduce_during_a_sweep_ends_it(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, 2 * B);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, B), 0);
	expect_batches(t, B, 0);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, B);
}

static void leaver_during_a_sweep_serves_a_batch(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 3);
	ksem_test_leave(t, B, KSEM_W_INTERRUPTED);
	expect_batches(t, B + 1, 2);
}

static void sweep_ends_when_all_have_left(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, B + 1);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 100, 1), -EAGAIN);
	ksem_test_leave(t, B, KSEM_W_EXPIRED);
	expect_batches(t, B, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 100, 1), 0);
}

static void retry_during_a_sweep_keeps_the_order(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, 0, B + 2);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, B + 1));
	expect_batches(t, B, 2);
}

static void sweep_ends_by_waking_a_head_that_is_not_due(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 1000);
	ksem_test_queue(t, 0, B, 1);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_queue(t, B, 2, 1);
	ksem_test_post(t, 200);
	ksem_test_expect_woken(t, 0, B);
	KUNIT_EXPECT_TRUE(test, t->wake.more);
	ksem_test_serve(t);
	expect_batches(t, B, 1);
	KUNIT_EXPECT_TRUE(test, t->w[B].woken);
	KUNIT_EXPECT_EQ(test, t->w[B].state, KSEM_W_QUEUED);
}

static void newcomer_that_is_not_due_tries_for_itself(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, 0, B + 1);
	ksem_test_queue(t, B + 1, 1, 1);
	ksem_test_serve(t);
	expect_batches(t, B, 1);
	KUNIT_EXPECT_TRUE(test, t->w[B + 1].woken);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, B + 1));
}

static void shutdown_during_a_sweep_ends_the_rest(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	begin_sweep(t, KSEM_CREATE_FAIR, 2 * B + 5);
	ksem_test_queue(t, 100, 1, 1);
	ksem_test_shutdown(t);
	ksem_test_expect_woken(t, B, B);
	KUNIT_EXPECT_TRUE(test, t->wake.events & KSEM_EV_HUP);
	ksem_test_serve(t);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 6);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_SERVING);
	ksem_test_expect_states(t, B, B + 5, KSEM_W_SHUT);
	ksem_test_expect_states(t, 100, 1, KSEM_W_SHUT);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, 0);
}

static void waiter_of_a_shut_sweep_can_still_leave_or_ask(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 1000);
	ksem_test_queue(t, 0, B + 3, 1);
	ksem_test_shutdown(t);
	ksem_test_leave(t, B, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, t->w[B].state, KSEM_W_EXPIRED);
	expect_batches(t, B + 1, 2);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, B + 1));
	KUNIT_EXPECT_EQ(test, t->w[B + 1].state, KSEM_W_SHUT);
}

static struct kunit_case batch_cases[] = {
	KUNIT_CASE_PARAM(crowd_is_granted_in_batches, crowds_gen_params),
	KUNIT_CASE_PARAM(crowd_is_shut_out_in_batches, crowds_gen_params),
	KUNIT_CASE_PARAM(due_crowd_is_granted_in_batches, crowds_gen_params),
	KUNIT_CASE(full_batch_with_nothing_left_to_give_is_no_sweep),
	KUNIT_CASE(newcomers_queue_during_a_sweep),
	KUNIT_CASE(barge_takes_during_a_sweep),
	KUNIT_CASE(newcomer_takes_part_until_its_turn),
	KUNIT_CASE(sweep_leaves_newcomers_to_themselves),
	KUNIT_CASE(sweep_is_over_when_others_have_finished_it),
	KUNIT_CASE(sweep_that_another_began_is_not_extended),
	KUNIT_CASE(newcomer_that_does_not_fit_ends_the_sweep),
	KUNIT_CASE(restarted_request_belongs_to_the_sweep),
	KUNIT_CASE(each_who_makes_room_during_a_sweep_serves_a_batch),
	KUNIT_CASE(detach_during_a_sweep_adds_to_it),
	KUNIT_CASE(reduce_during_a_sweep_ends_it),
	KUNIT_CASE(leaver_during_a_sweep_serves_a_batch),
	KUNIT_CASE(sweep_ends_when_all_have_left),
	KUNIT_CASE(retry_during_a_sweep_keeps_the_order),
	KUNIT_CASE(sweep_ends_by_waking_a_head_that_is_not_due),
	KUNIT_CASE(newcomer_that_is_not_due_tries_for_itself),
	KUNIT_CASE(shutdown_during_a_sweep_ends_the_rest),
	KUNIT_CASE(waiter_of_a_shut_sweep_can_still_leave_or_ask),
	{ }
};

static struct kunit_suite batch_suite = {
	.name = "ksem_batch",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = batch_cases,
};

kunit_test_suite(batch_suite);
