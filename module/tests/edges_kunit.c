// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges: what a poll shows, and what pollers are told of afterwards.
 */
#include "core_kunit.h"

/* The last step has this to tell to so many. */
static void expect_told(struct ksem_test *t, unsigned int events, int nr_pollers)
{
	KUNIT_EXPECT_EQ(t->kunit, t->wake.events, events);
	KUNIT_EXPECT_EQ(t->kunit, t->wake.nr_pollers, nr_pollers);
}

static void expect_silence(struct ksem_test *t)
{
	KUNIT_EXPECT_EQ(t->kunit, t->wake.events, 0);
}

static void poll_shows_what_would_not_fail(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_OUT);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN | KSEM_EV_OUT);
}

static void poll_shows_the_handles_own_account(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 1), 0);
}

static void poll_does_not_show_what_is_pending(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	ksem_test_waiter(t, 0, 1)->defer = true;
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 0, KSEM_TRY), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), 0);
	ksem_test_deliver(t, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_OUT);
}

static void poll_of_a_signal_semaphore_shows_room_below_max(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_OUT);
	ksem_test_post(t, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN | KSEM_EV_OUT);
}

static void queue_makes_a_fair_semaphore_unreadable(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), 0);
}

static void due_head_makes_a_nonfair_semaphore_unreadable(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), 0);
}

static void nobody_is_told_where_nobody_polls(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_post(t, 1);
	expect_told(t, 0, 1);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
	ksem_test_release(t, 0, 1);
	expect_silence(t);
}

static void fast_path_comes_back_when_the_last_poller_has_left(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_poll(t, 0);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 1);
	ksem_test_end_poll(t);
	/* Whoever comes next finds it out. */
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 1);
	ksem_test_release(t, 0, 1);
	expect_silence(t);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 0);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 1));
	t->holder[0].edge = false;
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
}

static void poller_who_comes_back_is_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	ksem_test_poll(t, 0);
	ksem_test_end_poll(t);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_OUT);
	ksem_test_release(t, 0, 1);
	expect_told(t, KSEM_EV_IN, 1);
}

static void readable_again_is_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	ksem_test_take(t, 0, 1);
	ksem_test_poll(t, 0);
	ksem_test_release(t, 0, 1);
	expect_told(t, KSEM_EV_IN, 1);
	ksem_test_take(t, 0, 1);
	expect_silence(t);
	ksem_test_release(t, 0, 1);
	expect_told(t, KSEM_EV_IN, 1);
}

static void one_poller_is_told_of_each_permit(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_poll(t, 0);
	ksem_test_post(t, 3);
	expect_told(t, KSEM_EV_IN, 3);
	ksem_test_post(t, 2);
	expect_told(t, KSEM_EV_IN, 2);
	ksem_test_reduce(t, 1);
	expect_silence(t);
}

static void filling_a_deficit_tells_nobody(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 4, 8);
	ksem_test_take(t, 0, 4);
	ksem_test_reduce(t, 2);
	ksem_test_poll(t, 0);
	ksem_test_release(t, 0, 2);
	expect_silence(t);
	ksem_test_release(t, 0, 2);
	expect_told(t, KSEM_EV_IN, 2);
}

static void what_goes_into_a_deficit_is_not_counted(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 4, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_take(t, 0, 4);
	ksem_test_reduce(t, 2);
	ksem_test_post(t, 5);
	expect_told(t, KSEM_EV_IN, 3);
}

static void what_waiters_get_is_not_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_poll(t, 0);
	ksem_test_queue(t, 0, 2, 1);
	ksem_test_post(t, 1);
	expect_silence(t);
	ksem_test_post(t, 2);
	expect_told(t, KSEM_EV_IN, 1);
}

static void last_waiter_that_gives_up_is_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_poll(t, 0);
	ksem_test_queue(t, 0, 2, 3);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	expect_silence(t);
	ksem_test_leave(t, 1, KSEM_W_INTERRUPTED);
	expect_told(t, KSEM_EV_IN, 2);
}

static void failing_try_is_a_look(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_now += KSEM_TEST_HANDOFF;
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	expect_silence(t);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	expect_told(t, KSEM_EV_IN, 2);
}

static void drain_of_nothing_is_a_look(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_queue(t, 0, 1, 3);
	ksem_test_poll(t, 0);
	ksem_test_now += KSEM_TEST_HANDOFF;
	ksem_test_waiter(t, 1, 0);
	ksem_test_drain(t, 1);
	KUNIT_EXPECT_EQ(test, t->w[1].n, 0);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	expect_told(t, KSEM_EV_IN, 2);
}

static void end_of_a_sweep_is_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 100);
	ksem_test_poll(t, 0);
	ksem_test_queue(t, 0, KSEM_BATCH + 1, 1);
	ksem_test_post(t, KSEM_BATCH + 4);
	KUNIT_ASSERT_TRUE(test, t->wake.more);
	expect_silence(t);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_OUT);
	ksem_test_serve(t);
	expect_told(t, KSEM_EV_IN, 3);
}

static void end_of_a_sweep_by_a_newcomer_is_told(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 100);
	ksem_test_poll(t, 0);
	ksem_test_queue(t, 0, KSEM_BATCH + 1, 1);
	ksem_test_post(t, 50);
	ksem_test_queue(t, 100, 1, 1);
	expect_silence(t);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 100));
	expect_told(t, KSEM_EV_IN, 50 - KSEM_BATCH - 2);
}

static void full_signal_semaphore_tells_of_room(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 4, 4);
	ksem_test_poll(t, 0);
	ksem_test_take(t, 0, 2);
	expect_told(t, KSEM_EV_OUT, 2);
	ksem_test_take(t, 1, 1);
	expect_told(t, KSEM_EV_OUT, 1);
	ksem_test_post(t, 3);
	expect_told(t, KSEM_EV_IN, 3);
	ksem_test_waiter(t, 2, 0);
	ksem_test_drain(t, 2);
	expect_told(t, KSEM_EV_OUT, 4);
}

static void permit_semaphore_has_no_room_to_tell_of(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 4, 8);
	ksem_test_poll(t, 0);
	ksem_test_take(t, 0, 2);
	expect_silence(t);
	ksem_test_reduce(t, 1);
	expect_silence(t);
}

static void number_of_pollers_has_a_limit(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL, 0, KSEM_MAX_PERMITS);
	ksem_test_poll(t, 0);
	ksem_test_post(t, KSEM_MAX_PERMITS);
	ksem_test_take(t, 100, KSEM_MAX_PERMITS);
	ksem_test_queue(t, 0, 2 * KSEM_BATCH + 1, 1);
	ksem_test_post(t, KSEM_MAX_PERMITS);
	ksem_test_give_back(t, 100);
	expect_silence(t);
	ksem_test_serve(t);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2LL * KSEM_MAX_PERMITS - 2 * KSEM_BATCH - 1);
	expect_told(t, KSEM_EV_IN, INT_MAX);
}

static void first_permit_of_a_polled_handle_is_an_edge(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 8, 8);
	ksem_test_poll(t, 0);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_TRUE(test, t->holder[0].edge);
	t->holder[0].edge = false;
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
	ksem_test_release(t, 0, 2);
	ksem_test_take(t, 2, 1);
	KUNIT_EXPECT_TRUE(test, t->holder[0].edge);
}

static void edge_is_for_the_polled_handle_only(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 8, 8);
	ksem_test_attach(t, 1);
	ksem_test_poll(t, 1);
	ksem_test_take(t, 0, 2);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 1), 0);
	KUNIT_EXPECT_TRUE(test, t->holder[1].edge);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
}

static void deferred_grant_is_an_edge_when_delivered(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 8, 8);
	ksem_test_poll(t, 0);
	ksem_test_waiter(t, 0, 2)->defer = true;
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 0, KSEM_TRY), 0);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
	ksem_test_deliver(t, 0);
	KUNIT_EXPECT_TRUE(test, t->holder[0].edge);
}

static void shutdown_is_told_once(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, t->wake.events, KSEM_EV_IN | KSEM_EV_HUP);
	ksem_test_shutdown(t);
	expect_silence(t);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN | KSEM_EV_HUP);
}

static void shutdown_is_told_to_a_poller_of_an_empty_semaphore(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_poll(t, 0);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, t->wake.events, KSEM_EV_IN | KSEM_EV_HUP);
	KUNIT_EXPECT_GE(test, t->wake.nr_pollers, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_poll(t, 0), KSEM_EV_IN | KSEM_EV_HUP);
}

static struct kunit_case edges_cases[] = {
	KUNIT_CASE(poll_shows_what_would_not_fail),
	KUNIT_CASE(poll_shows_the_handles_own_account),
	KUNIT_CASE(poll_does_not_show_what_is_pending),
	KUNIT_CASE(poll_of_a_signal_semaphore_shows_room_below_max),
	KUNIT_CASE(queue_makes_a_fair_semaphore_unreadable),
	KUNIT_CASE(due_head_makes_a_nonfair_semaphore_unreadable),
	KUNIT_CASE(nobody_is_told_where_nobody_polls),
	KUNIT_CASE(fast_path_comes_back_when_the_last_poller_has_left),
	KUNIT_CASE(poller_who_comes_back_is_told),
	KUNIT_CASE(readable_again_is_told),
	KUNIT_CASE(one_poller_is_told_of_each_permit),
	KUNIT_CASE(filling_a_deficit_tells_nobody),
	KUNIT_CASE(what_goes_into_a_deficit_is_not_counted),
	KUNIT_CASE(what_waiters_get_is_not_told),
	KUNIT_CASE(last_waiter_that_gives_up_is_told),
	KUNIT_CASE(failing_try_is_a_look),
	KUNIT_CASE(drain_of_nothing_is_a_look),
	KUNIT_CASE(end_of_a_sweep_is_told),
	KUNIT_CASE(end_of_a_sweep_by_a_newcomer_is_told),
	KUNIT_CASE(full_signal_semaphore_tells_of_room),
	KUNIT_CASE(permit_semaphore_has_no_room_to_tell_of),
	KUNIT_CASE(number_of_pollers_has_a_limit),
	KUNIT_CASE(first_permit_of_a_polled_handle_is_an_edge),
	KUNIT_CASE(edge_is_for_the_polled_handle_only),
	KUNIT_CASE(deferred_grant_is_an_edge_when_delivered),
	KUNIT_CASE(shutdown_is_told_once),
	KUNIT_CASE(shutdown_is_told_to_a_poller_of_an_empty_semaphore),
	{ }
};

static struct kunit_suite edges_suite = {
	.name = "ksem_edges",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = edges_cases,
};

kunit_test_suite(edges_suite);
