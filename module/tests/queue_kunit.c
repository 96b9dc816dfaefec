// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: who is in it, in which order, how one leaves it and comes back, and
 * what is written down about it. Fair or not makes no difference here.
 */
#include "core_kunit.h"

static void request_without_room_is_queued(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 0, 3), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, t->w[0].since_ns, ksem_test_now);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, 1);
	KUNIT_EXPECT_EQ(test, t->sem.demand, 3);
	KUNIT_EXPECT_EQ(test, t->sem.waits, 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
}

static void tickets_follow_arrival(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct rb_node *node;
	unsigned int i = 0;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 10, 2);
	for (node = rb_first_cached(&t->sem.queue); node; node = rb_next(node), i++)
		KUNIT_EXPECT_PTR_EQ(test, rb_entry(node, struct ksem_waiter, node), &t->w[i]);
	KUNIT_EXPECT_EQ(test, i, 10);
	KUNIT_EXPECT_EQ(test, t->sem.demand, 20);
}

static void one_can_leave_from_anywhere(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 4, 2);
	ksem_test_leave(t, 1, KSEM_W_EXPIRED);
	ksem_test_leave(t, 0, KSEM_W_INTERRUPTED);
	ksem_test_leave(t, 3, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_INTERRUPTED);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, 1);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 2);
	KUNIT_EXPECT_EQ(test, t->sem.interrupts, 1);
	ksem_test_leave(t, 2, KSEM_W_INTERRUPTED);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, 0);
}

static void grant_that_came_first_wins_over_leaving(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_post(t, 2);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 2);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 0);
}

static void shutdown_that_came_first_wins_over_leaving(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 1, 2);
	ksem_test_shutdown(t);
	ksem_test_leave(t, 0, KSEM_W_INTERRUPTED);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_SHUT);
	KUNIT_EXPECT_EQ(test, t->sem.interrupts, 0);
}

static void shutdown_ends_every_wait(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	ksem_test_queue(t, 0, 3, 2);
	ksem_test_shutdown(t);
	ksem_test_expect_woken(t, 0, 3);
	ksem_test_expect_states(t, 0, 3, KSEM_W_SHUT);
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 0);
}

static void restarted_request_takes_its_old_place(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 3, 1);
	ksem_test_interrupt(t, 1);
	ksem_test_now += 500;
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 1), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, t->w[1].since_ns, ksem_test_now - 500);
	KUNIT_EXPECT_EQ(test, t->sem.waits, 3);
	ksem_test_post(t, 2);
	ksem_test_expect_woken(t, 0, 2);
	KUNIT_EXPECT_EQ(test, t->w[2].state, KSEM_W_QUEUED);
}

static void restarted_request_becomes_the_head_again(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 2, 2);
	ksem_test_interrupt(t, 0);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -EINPROGRESS);
	ksem_test_post(t, 1);
	ksem_test_expect_woken(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_QUEUED);
}

static void restarted_request_before_the_head_is_granted_at_once(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_queue(t, 1, 1, 5);
	ksem_test_interrupt(t, 0);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->wake.nr, 0);
	ksem_test_now += 300;
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), 0);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 300);
}

static void restarted_request_behind_the_head_queues(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_interrupt(t, 1);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 1), -EINPROGRESS);
}

static void those_behind_may_be_granted_meanwhile(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 2, 1);
	ksem_test_interrupt(t, 0);
	ksem_test_post(t, 1);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -EINPROGRESS);
}

static void restarted_request_can_find_its_deadline_past(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	u64 ticket;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_interrupt(t, 0);
	ksem_test_now += 700;
	ticket = t->w[0].ticket;
	ksem_test_waiter(t, 0, 1);
	t->w[0].ticket = ticket;
	t->w[0].since_ns = ksem_test_now - 700;
	KUNIT_EXPECT_EQ(test, ksem_test_ask(t, 0, KSEM_TRY_EXPIRED), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 1);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 700);
}

static void restarted_request_can_find_a_shutdown(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_interrupt(t, 0);
	ksem_test_shutdown(t);
	ksem_test_now += 700;
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 700);
}

static void leaver_passes_on_what_is_free(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_queue(t, 0, 1, 5);
	ksem_test_queue(t, 1, 3, 1);
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	ksem_test_expect_woken(t, 1, 2);
	ksem_test_expect_states(t, 1, 2, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->w[3].state, KSEM_W_QUEUED);
	KUNIT_EXPECT_EQ(test, t->sem.available, 0);
}

static void time_of_granted_waits_is_added_up(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_now += 100;
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_now += 50;
	ksem_test_post(t, 2);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 150 + 50);
	KUNIT_EXPECT_EQ(test, t->sem.wait_max_ns, 150);
}

static void time_of_expired_and_shut_waits_counts(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 0, 8);
	ksem_test_queue(t, 0, 2, 1);
	ksem_test_now += 10;
	ksem_test_leave(t, 0, KSEM_W_EXPIRED);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 10);
	ksem_test_now += 10;
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 10 + 20);
	KUNIT_EXPECT_EQ(test, t->sem.wait_max_ns, 20);
}

static void time_of_an_interrupted_wait_counts_when_it_ends(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_now += 10;
	ksem_test_interrupt(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_resume(t, 0), -EINPROGRESS);
	ksem_test_now += 10;
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 20);
}

static void clock_that_is_behind_counts_as_no_time(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 8);
	ksem_test_queue(t, 0, 1, 1);
	ksem_test_now -= 1;
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 0);
	KUNIT_EXPECT_EQ(test, t->sem.wait_max_ns, 0);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(request_without_room_is_queued),
	KUNIT_CASE(tickets_follow_arrival),
	KUNIT_CASE(one_can_leave_from_anywhere),
	KUNIT_CASE(grant_that_came_first_wins_over_leaving),
	KUNIT_CASE(shutdown_that_came_first_wins_over_leaving),
	KUNIT_CASE(shutdown_ends_every_wait),
	KUNIT_CASE(restarted_request_takes_its_old_place),
	KUNIT_CASE(restarted_request_becomes_the_head_again),
	KUNIT_CASE(restarted_request_before_the_head_is_granted_at_once),
	KUNIT_CASE(restarted_request_behind_the_head_queues),
	KUNIT_CASE(those_behind_may_be_granted_meanwhile),
	KUNIT_CASE(restarted_request_can_find_its_deadline_past),
	KUNIT_CASE(restarted_request_can_find_a_shutdown),
	KUNIT_CASE(leaver_passes_on_what_is_free),
	KUNIT_CASE(time_of_granted_waits_is_added_up),
	KUNIT_CASE(time_of_expired_and_shut_waits_counts),
	KUNIT_CASE(time_of_an_interrupted_wait_counts_when_it_ends),
	KUNIT_CASE(clock_that_is_behind_counts_as_no_time),
	{ }
};

static struct kunit_suite queue_suite = {
	.name = "ksem_queue",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
