// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts: what each operation does to available, capacity and held, and what it
 * refuses.
 */
#include "core_kunit.h"

static void expect_counts(struct ksem_test *t, s64 available, s64 capacity, u32 held)
{
	KUNIT_EXPECT_EQ(t->kunit, t->sem.available, available);
	KUNIT_EXPECT_EQ(t->kunit, t->sem.capacity, capacity);
	KUNIT_EXPECT_EQ(t->kunit, t->holder[0].held, held);
}

static void new_semaphore_is_as_created(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 8);
	expect_counts(t, 3, 3, 0);
	KUNIT_EXPECT_EQ(test, t->sem.max, 8);
	KUNIT_EXPECT_EQ(test, t->sem.handoff_ns, KSEM_TEST_HANDOFF);
	KUNIT_EXPECT_EQ(test, t->sem.state, 0);
	KUNIT_EXPECT_STREQ(test, (char *)t->sem.label, "kunit");
	KUNIT_EXPECT_EQ(test, refcount_read(&t->sem.refs), 1);
	KUNIT_EXPECT_EQ(test, t->sem.acquires + t->sem.releases + t->sem.waits + t->sem.timeouts +
			t->sem.interrupts + t->sem.reclaimed + t->sem.wait_total_ns +
			t->sem.wait_max_ns, 0);
	KUNIT_EXPECT_EQ(test, ksem_sem_alive(&t->sem), 0);
}

static void acquire_moves_n_to_the_holder(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 10, 10);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 0, 3), 0);
	expect_counts(t, 7, 10, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 0, 7), 0);
	expect_counts(t, 0, 10, 10);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 2);
	KUNIT_EXPECT_EQ(test, t->sem.waits, 0);
}

static void failed_try_changes_nothing(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 0, 3), -EAGAIN);
	expect_counts(t, 2, 2, 0);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 0);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 0, 2), 0);
	expect_counts(t, 0, 2, 2);
}

static void past_deadline_takes_what_is_free(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_waiter(t, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_ask(t, 0, KSEM_TRY_EXPIRED), 0);
	expect_counts(t, 0, 2, 2);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 0);
}

static void past_deadline_without_room_times_out(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_waiter(t, 0, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_ask(t, 0, KSEM_TRY_EXPIRED), -ETIMEDOUT);
	expect_counts(t, 2, 2, 0);
	KUNIT_EXPECT_EQ(test, t->sem.timeouts, 1);
	KUNIT_EXPECT_EQ(test, t->sem.waits, 0);
	KUNIT_EXPECT_EQ(test, t->sem.wait_total_ns, 0);
}

static void release_returns_n(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 2), 0);
	expect_counts(t, 2, 5, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 3), 0);
	expect_counts(t, 5, 5, 0);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 2);
}

static void release_of_more_than_held_is_refused(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), -EPERM);
	ksem_test_take(t, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 3), -EPERM);
	expect_counts(t, 3, 5, 2);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

static void release_is_for_the_own_account_only(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 1, 1), -EPERM);
	expect_counts(t, 3, 5, 2);
}

static void post_adds_to_the_capacity(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 1, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 4), 0);
	expect_counts(t, 5, 5, 0);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

static void post_stops_at_max(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 8);
	ksem_test_take(t, 0, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 4), -EOVERFLOW);
	expect_counts(t, 0, 5, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 3), 0);
	expect_counts(t, 3, 8, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), -EOVERFLOW);
}

static void post_of_the_largest_number_does_not_wrap(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, KSEM_MAX_PERMITS), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), -EOVERFLOW);
	expect_counts(t, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS, 0);
}

static void reduce_may_leave_a_deficit_that_releases_fill(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 3), 0);
	expect_counts(t, -3, 2, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 3), 0);
	expect_counts(t, 0, 2, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), 0);
}

static void reduce_is_bounded_by_the_capacity(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 6), -EINVAL);
	expect_counts(t, 5, 5, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 5), 0);
	expect_counts(t, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 0), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 1), -EINVAL);
}

static void deficit_can_be_as_large_as_max(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
	ksem_test_take(t, 0, KSEM_MAX_PERMITS);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, KSEM_MAX_PERMITS), 0);
	expect_counts(t, -(s64)KSEM_MAX_PERMITS, 0, KSEM_MAX_PERMITS);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, KSEM_MAX_PERMITS), 0);
	expect_counts(t, 0, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
}

static void resize_sets_the_capacity(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 8);
	ksem_test_take(t, 0, 4);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 8), 0);
	expect_counts(t, 4, 8, 4);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 1), 0);
	expect_counts(t, -3, 1, 4);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 0), 0);
	expect_counts(t, -4, 0, 4);
}

static void resize_stops_at_max(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 9), -EOVERFLOW);
	expect_counts(t, 5, 5, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 8), 0);
	expect_counts(t, 8, 8, 0);
}

static void forget_shrinks_account_and_capacity(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 2), 0);
	expect_counts(t, 2, 3, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 2), -EPERM);
	expect_counts(t, 2, 3, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 0), 0);
	expect_counts(t, 2, 3, 1);
}

static void forget_never_makes_the_capacity_negative(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 10, 10);
	ksem_test_take(t, 0, 10);
	ksem_test_reduce(t, 7);
	expect_counts(t, -7, 3, 10);
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 5), 0);
	expect_counts(t, -5, 0, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 0), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 5), 0);
	expect_counts(t, 0, 0, 0);
}

static void transfer_moves_between_accounts(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 2), 0);
	expect_counts(t, 2, 5, 1);
	KUNIT_EXPECT_EQ(test, t->holder[1].held, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 1), 0);
	expect_counts(t, 2, 5, 0);
	KUNIT_EXPECT_EQ(test, t->holder[1].held, 3);
}

static void transfer_is_bounded_by_the_account(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 4), -EPERM);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 1, 0, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 1, 0, 0), 0);
	expect_counts(t, 2, 5, 3);
	KUNIT_EXPECT_EQ(test, t->holder[1].held, 0);
}

static void transfer_to_itself_changes_nothing(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 3);
	ksem_test_poll(t, 0);
	ksem_test_jiffies++;
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 0, 4), -EPERM);
	expect_counts(t, 2, 5, 3);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, ksem_test_jiffies - 1);
	KUNIT_EXPECT_FALSE(test, t->holder[0].edge);
}

static void drain_takes_all_that_is_free(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 2);
	ksem_test_waiter(t, 1, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->w[1].n, 3);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_GRANTED);
	expect_counts(t, 0, 5, 5);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 2);
}

static void drain_of_nothing_gives_0(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 5);
	ksem_test_take(t, 0, 2);
	ksem_test_reduce(t, 1);
	ksem_test_waiter(t, 1, 77);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->w[1].n, 0);
	KUNIT_EXPECT_EQ(test, t->w[1].state, KSEM_W_IDLE);
	expect_counts(t, -1, 1, 2);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
}

static void signal_acquire_consumes(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 5, 8);
	ksem_test_take(t, 0, 3);
	expect_counts(t, 2, 2, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 0);
	KUNIT_EXPECT_NULL(test, t->holder[0].acquirer);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 0);
}

static void signal_release_is_a_post(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 0, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 8), 0);
	expect_counts(t, 8, 8, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), -EOVERFLOW);
	expect_counts(t, 8, 8, 0);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 1);
}

static void signal_fast_ways_count_and_nothing_else(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	u64 token;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 2, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_token_fast(t, 1, &token), 0);
	expect_counts(t, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 0);
	KUNIT_EXPECT_NULL(test, t->holder[0].acquirer);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 3));
	KUNIT_EXPECT_FALSE(test, ksem_test_release_fast(t, 1));
	expect_counts(t, 3, 3, 0);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 2);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 1);
}

static void signal_reduce_and_resize_change_what_is_available(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 5, 8);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 2), 0);
	expect_counts(t, 3, 3, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 6), 0);
	expect_counts(t, 6, 6, 0);
}

static void drain_takes_the_largest_number_at_most(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
	ksem_test_take(t, 0, 5);
	ksem_test_post(t, 5);
	ksem_test_give_back(t, 0);
	expect_counts(t, KSEM_MAX_PERMITS + 5LL, KSEM_MAX_PERMITS + 5LL, 0);
	ksem_test_waiter(t, 1, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->w[1].n, KSEM_MAX_PERMITS);
	expect_counts(t, 5, 5, 0);
}

static void fast_pair_counts(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 5), 0);
	expect_counts(t, 0, 5, 5);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 2));
	expect_counts(t, 2, 5, 3);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 3));
	expect_counts(t, 5, 5, 0);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 2);
}

static void fast_pair_declines_what_it_cannot_do(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_EXPECT_FALSE(test, ksem_test_release_fast(t, 1));
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 6), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 2), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 4), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, ksem_test_release_fast(t, 3));
	expect_counts(t, 3, 5, 2);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

/*
 * Each of these states makes more of acquire and release than counting; RECOVERED not of
 * release, nor of an acquire that cannot tell of it.
 */
static const u32 slow_states[] = {
	KSEM_S_SHUTDOWN, KSEM_S_RECOVERED, KSEM_S_SERVING, KSEM_S_QUEUED, KSEM_S_POLLED,
};

static void describe_state(const u32 *state, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "state %#x", *state);
}

KUNIT_ARRAY_PARAM(slow_states, slow_states, describe_state);

static void fast_pair_declines_where_something_is_special(struct kunit *test)
{
	const u32 *state = test->param_value;
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_ASSERT_EQ(test, ksem_test_acquire_fast(t, 2), 0);
	t->sem.state |= *state;
	KUNIT_EXPECT_EQ(test, ksem_sem_acquire_fast(&t->sem, &t->holder[0], 1), 1);
	KUNIT_EXPECT_EQ(test, ksem_sem_acquire_fast(&t->sem, &t->holder[0], 9), 1);
	if (*state != KSEM_S_RECOVERED) {
		KUNIT_EXPECT_EQ(test, ksem_sem_acquire_pending_fast(&t->sem, &t->holder[0], 1), 1);
		KUNIT_EXPECT_FALSE(test, ksem_sem_release_fast(&t->sem, &t->holder[0], 1));
	}
	expect_counts(t, 3, 5, 2);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

static void fast_bytes_leave_the_news_of_recovered_permits(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	t->sem.state |= KSEM_S_RECOVERED;
	KUNIT_EXPECT_EQ(test, ksem_sem_acquire_pending_fast(&t->sem, &t->holder[0], 2), 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 2);
	ksem_sem_deliver(&t->sem, &t->holder[0], 2);
	KUNIT_EXPECT_TRUE(test, ksem_test_release_fast(t, 1));
	expect_counts(t, 4, 5, 1);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_RECOVERED);
	ksem_test_check(t);
}

static void shutdown_refuses_what_takes_or_adds(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_holder *other = &t->holder[1];

	ksem_test_create(t, 0, 5, 8);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, ksem_sem_alive(&t->sem), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire(t, 0, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 0, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_barge(t, 0, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_drain(t, 0), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, t->w[0].n, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_sem_attach(&t->sem, &other), -ESHUTDOWN);
	expect_counts(t, 5, 5, 0);
	ksem_test_check(t);
}

static void shutdown_leaves_what_gives_back(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 8, 8);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 6);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 1), 0);
	expect_counts(t, 2, 6, 3);
	ksem_test_detach(t, 0);
	expect_counts(t, 5, 6, 0);
}

static void shutdown_refuses_a_signal_release(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 5, 8);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 1), 0);
	expect_counts(t, 4, 4, 0);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

static struct kunit_case counts_cases[] = {
	KUNIT_CASE(new_semaphore_is_as_created),
	KUNIT_CASE(acquire_moves_n_to_the_holder),
	KUNIT_CASE(failed_try_changes_nothing),
	KUNIT_CASE(past_deadline_takes_what_is_free),
	KUNIT_CASE(past_deadline_without_room_times_out),
	KUNIT_CASE(release_returns_n),
	KUNIT_CASE(release_of_more_than_held_is_refused),
	KUNIT_CASE(release_is_for_the_own_account_only),
	KUNIT_CASE(post_adds_to_the_capacity),
	KUNIT_CASE(post_stops_at_max),
	KUNIT_CASE(post_of_the_largest_number_does_not_wrap),
	KUNIT_CASE(reduce_may_leave_a_deficit_that_releases_fill),
	KUNIT_CASE(reduce_is_bounded_by_the_capacity),
	KUNIT_CASE(deficit_can_be_as_large_as_max),
	KUNIT_CASE(resize_sets_the_capacity),
	KUNIT_CASE(resize_stops_at_max),
	KUNIT_CASE(forget_shrinks_account_and_capacity),
	KUNIT_CASE(forget_never_makes_the_capacity_negative),
	KUNIT_CASE(transfer_moves_between_accounts),
	KUNIT_CASE(transfer_is_bounded_by_the_account),
	KUNIT_CASE(transfer_to_itself_changes_nothing),
	KUNIT_CASE(drain_takes_all_that_is_free),
	KUNIT_CASE(drain_of_nothing_gives_0),
	KUNIT_CASE(drain_takes_the_largest_number_at_most),
	KUNIT_CASE(signal_acquire_consumes),
	KUNIT_CASE(signal_release_is_a_post),
	KUNIT_CASE(signal_fast_ways_count_and_nothing_else),
	KUNIT_CASE(signal_reduce_and_resize_change_what_is_available),
	KUNIT_CASE(fast_pair_counts),
	KUNIT_CASE(fast_pair_declines_what_it_cannot_do),
	KUNIT_CASE_PARAM(fast_pair_declines_where_something_is_special, slow_states_gen_params),
	KUNIT_CASE(fast_bytes_leave_the_news_of_recovered_permits),
	KUNIT_CASE(shutdown_refuses_what_takes_or_adds),
	KUNIT_CASE(shutdown_leaves_what_gives_back),
	KUNIT_CASE(shutdown_refuses_a_signal_release),
	{ }
};

static struct kunit_suite counts_suite = {
	.name = "ksem_counts",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = counts_cases,
};

kunit_test_suite(counts_suite);
