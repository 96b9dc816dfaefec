// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts: holders come and go, grants are delivered or taken back, and those
 * who ask get a token and the news of a recovery.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "core_kunit.h"

/* A request whose result has to go out before it counts. */
static void take_deferred(struct ksem_test *t, unsigned int i, u32 n)
{
	ksem_test_waiter(t, i, n)->defer = true;
	KUNIT_ASSERT_EQ(t->kunit, ksem_test_ask(t, i, KSEM_TRY), 0);
}

/* A holder goes with permits: the semaphore carries the news. */
static void recover(struct ksem_test *t, unsigned int holder, unsigned int i, u32 n)
{
	ksem_test_attach(t, holder);
	ksem_test_waiter(t, i, n)->holder = &t->holder[holder];
	KUNIT_ASSERT_EQ(t->kunit, ksem_test_ask(t, i, KSEM_TRY), 0);
	ksem_test_detach(t, holder);
	KUNIT_ASSERT_TRUE(t->kunit, t->sem.state & KSEM_S_RECOVERED);
}

static void holders_are_listed_in_the_order_of_binding(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_holder *holder;
	unsigned int i = 0;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_attach(t, 2);
	list_for_each_entry(holder, &t->sem.holders, node)
		KUNIT_EXPECT_PTR_EQ(test, holder, &t->holder[i++]);
	KUNIT_EXPECT_EQ(test, t->sem.nr_handles, 3);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 0);
}

static void detach_returns_what_is_held(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 3);
	ksem_test_detach(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 5);
	KUNIT_EXPECT_EQ(test, t->sem.reclaimed, 3);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_RECOVERED);
	KUNIT_EXPECT_EQ(test, t->sem.nr_handles, 1);
}

static void detach_serves_those_whose_turn_it_is(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 5);
	ksem_test_waiter(t, 1, 4)->holder = &t->holder[1];
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 1, KSEM_QUEUE), -EINPROGRESS);
	ksem_test_detach(t, 0);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->holder[1].held, 4);
	KUNIT_EXPECT_TRUE(test, t->w[1].recovered);
}

static void empty_holder_goes_without_news(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_detach(t, 1);
	KUNIT_EXPECT_EQ(test, t->sem.reclaimed, 0);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_RECOVERED);
}

static void holder_of_a_signal_semaphore_returns_nothing(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 5, 5);
	ksem_test_take(t, 0, 3);
	ksem_test_detach(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
	KUNIT_EXPECT_EQ(test, t->sem.reclaimed, 0);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_RECOVERED);
}

static void recovery_is_told_to_the_first_grant_only(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	recover(t, 1, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_try(t, 1, 6), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, t->w[1].recovered);
	ksem_test_take(t, 2, 1);
	KUNIT_EXPECT_TRUE(test, t->w[2].recovered);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_RECOVERED);
	ksem_test_take(t, 3, 1);
	KUNIT_EXPECT_FALSE(test, t->w[3].recovered);
}

static void recovery_is_told_by_drain_and_retry_too(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	recover(t, 1, 0, 2);
	ksem_test_waiter(t, 1, 0);
	ksem_test_drain(t, 1);
	KUNIT_EXPECT_TRUE(test, t->w[1].recovered);
	ksem_test_release(t, 0, 5);
	recover(t, 2, 2, 5);
	ksem_test_take(t, 3, 5);
	ksem_test_queue(t, 4, 1, 5);
	t->sem.state |= KSEM_S_RECOVERED;
	ksem_test_release(t, 0, 5);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 4));
	KUNIT_EXPECT_TRUE(test, t->w[4].recovered);
}

static void fast_acquire_leaves_the_news_to_others(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	recover(t, 1, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 1);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_RECOVERED);
}

static void grant_given_back_gives_the_news_back(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	recover(t, 1, 0, 2);
	ksem_test_take(t, 1, 1);
	ksem_test_take(t, 2, 1);
	ksem_test_give_back(t, 2);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_RECOVERED);
	ksem_test_give_back(t, 1);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_RECOVERED);
	ksem_test_take(t, 3, 1);
	KUNIT_EXPECT_TRUE(test, t->w[3].recovered);
}

static void news_given_back_goes_to_the_next_waiter(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 1);
	recover(t, 1, 0, 1);
	ksem_test_take(t, 1, 1);
	ksem_test_queue(t, 2, 1, 1);
	ksem_test_give_back(t, 1);
	ksem_test_expect_woken(t, 2, 1);
	KUNIT_EXPECT_TRUE(test, t->w[2].recovered);
}

static void holders_with_permits_are_counted(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 2);
	take_deferred(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 1);
	ksem_test_transfer(t, 0, 1, 2);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 2);
	ksem_test_deliver(t, 1);
	ksem_test_forget(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 1);
	ksem_test_release(t, 1, 2);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 0);
}

static void since_is_when_the_account_was_last_empty(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 1000);
	ksem_test_jiffies = 2000;
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 1000);
	ksem_test_release(t, 0, 2);
	take_deferred(t, 2, 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 2000);
	ksem_test_jiffies = 3000;
	ksem_test_deliver(t, 2);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 2000);
}

static void since_of_a_transfer_and_a_fast_acquire(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 2), 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 1000);
	ksem_test_jiffies = 2000;
	ksem_test_transfer(t, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, t->holder[1].since, 2000);
	KUNIT_EXPECT_EQ(test, t->holder[0].since, 1000);
}

static void last_acquirer_is_kept_with_a_reference(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_EXPECT_NULL(test, t->holder[0].acquirer);
	ksem_test_take(t, 0, 1);
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, t->holder[0].acquirer, t->pid[0]);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->pid[0]->count), 2);
	ksem_test_waiter(t, 2, 1);
	t->task[2]->signal = t->signal[1];
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 2, KSEM_TRY), 0);
	KUNIT_EXPECT_PTR_EQ(test, t->holder[0].acquirer, t->pid[1]);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->pid[0]->count), 1);
}

static void fast_acquirer_is_the_calling_process(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_fast(t, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, t->holder[0].acquirer, task_tgid(current));
}

static void transfer_leaves_the_acquirer(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	ksem_test_take(t, 0, 1);
	ksem_test_transfer(t, 0, 1, 1);
	KUNIT_EXPECT_NULL(test, t->holder[1].acquirer);
}

static void pending_permits_are_nobodys_to_give(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_attach(t, 1);
	take_deferred(t, 0, 2);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), -EPERM);
	KUNIT_EXPECT_FALSE(test, ksem_test_release_fast(t, 1));
	KUNIT_EXPECT_EQ(test, ksem_test_forget(t, 0, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, ksem_test_transfer(t, 0, 1, 1), -EPERM);
	ksem_test_deliver(t, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 2), 0);
}

static void deferred_waiter_is_granted_pending(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 5);
	ksem_test_waiter(t, 0, 2)->defer = true;
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 0, KSEM_QUEUE), -EINPROGRESS);
	ksem_test_post(t, 2);
	KUNIT_EXPECT_EQ(test, t->w[0].state, KSEM_W_GRANTED);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 2);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 1);
}

static void delivery_on_a_signal_semaphore_is_nothing(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 5, 5);
	take_deferred(t, 0, 2);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 0);
	ksem_test_deliver(t, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].held + t->holder[0].pending, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
}

static void deferred_grant_given_back_never_was(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 3, 5);
	take_deferred(t, 0, 3);
	ksem_test_queue(t, 1, 1, 2);
	ksem_test_give_back(t, 0);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	KUNIT_EXPECT_EQ(test, t->sem.releases, 0);
}

static void last_deferred_grant_given_back_empties_the_account(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 3, 5);
	take_deferred(t, 0, 2);
	take_deferred(t, 1, 1);
	ksem_test_give_back(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 1);
	ksem_test_give_back(t, 1);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
}

static void grant_given_back_passes_on(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 5);
	ksem_test_queue(t, 0, 2, 2);
	ksem_test_post(t, 2);
	ksem_test_expect_woken(t, 0, 1);
	ksem_test_give_back(t, 0);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	KUNIT_EXPECT_EQ(test, t->sem.nr_holders, 1);
}

static void give_back_returns_what_a_sibling_has_left(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 3);
	ksem_test_release(t, 0, 2);
	ksem_test_give_back(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 5);
	ksem_test_take(t, 1, 3);
	ksem_test_release(t, 0, 3);
	ksem_test_give_back(t, 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 5);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 0);
}

static void signal_grant_given_back_may_exceed_max(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 4, 4);
	ksem_test_take(t, 0, 3);
	ksem_test_post(t, 3);
	ksem_test_give_back(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 7);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), -EOVERFLOW);
	ksem_test_take(t, 1, 4);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_post(t, 1), 0);
}

static void resize_ends_an_excess(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_SIGNAL, 4, 4);
	ksem_test_take(t, 0, 4);
	ksem_test_post(t, 4);
	ksem_test_give_back(t, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_reduce(t, 5), 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_EQ(test, ksem_test_resize(t, 2), 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
}

static void tokens_follow_grants(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	unsigned int i;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	for (i = 0; i < 4; i++) {
		ksem_test_waiter(t, i, 1)->want_token = true;
		ksem_test_ask(t, i, KSEM_QUEUE);
	}
	ksem_test_leave(t, 2, KSEM_W_EXPIRED);
	ksem_test_post(t, 2);
	ksem_test_waiter(t, 4, 0)->want_token = true;
	ksem_test_drain(t, 4);
	KUNIT_EXPECT_GT(test, t->w[0].token, 0);
	KUNIT_EXPECT_GT(test, t->w[1].token, t->w[0].token);
	KUNIT_EXPECT_EQ(test, t->w[2].token, 0);
	KUNIT_EXPECT_GT(test, t->w[3].token, t->w[1].token);
	KUNIT_EXPECT_GT(test, t->w[4].token, t->w[3].token);
}

static void token_is_drawn_at_the_grant_not_at_the_request(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 8);
	ksem_test_waiter(t, 0, 2)->want_token = true;
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 0, KSEM_QUEUE), -EINPROGRESS);
	ksem_test_waiter(t, 1, 1)->want_token = true;
	t->w[1].barge = true;
	KUNIT_ASSERT_EQ(test, ksem_test_ask(t, 1, KSEM_TRY), 0);
	ksem_test_post(t, 2);
	KUNIT_EXPECT_GT(test, t->w[0].token, t->w[1].token);
}

static void fast_token_is_larger_and_its_permits_pending(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	u64 first, second;

	ksem_test_create(t, 0, 3, 5);
	KUNIT_ASSERT_EQ(test, ksem_test_acquire_token_fast(t, 1, &first), 0);
	KUNIT_ASSERT_EQ(test, ksem_test_acquire_token_fast(t, 1, &second), 0);
	KUNIT_EXPECT_GT(test, second, first);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 1), -EPERM);
	ksem_sem_deliver(&t->sem, &t->holder[0], 2);
	KUNIT_EXPECT_EQ(test, ksem_test_release(t, 0, 2), 0);
}

static void fast_token_is_not_drawn_where_nothing_is_granted(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	s64 before = atomic64_read(&ksem_last_token);
	u64 token;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 5);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_token_fast(t, 2, &token), -EAGAIN);
	ksem_test_queue(t, 0, 1, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_acquire_token_fast(t, 1, &token), 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&ksem_last_token), before);
}

static void token_is_drawn_for_those_who_ask(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	s64 before = atomic64_read(&ksem_last_token);

	ksem_test_create(t, 0, 5, 5);
	ksem_test_take(t, 0, 1);
	KUNIT_EXPECT_EQ(test, t->w[0].token, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&ksem_last_token), before);
}

static void each_event_is_traced(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 2, 8);
	ksem_test_acquire_fast(t, 1);
	ksem_test_release_fast(t, 1);
	ksem_test_take(t, 0, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.acquire, 2);
	ksem_test_queue(t, 1, 2, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.wait, 2);
	ksem_test_release(t, 0, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.release, 2);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.grant, 1);
	ksem_test_leave(t, 2, KSEM_W_EXPIRED);
	ksem_test_waiter(t, 3, 1);
	ksem_test_ask(t, 3, KSEM_TRY_EXPIRED);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.timeout, 2);
	ksem_test_detach(t, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.reclaim, 1);
	ksem_test_shutdown(t);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.shutdown, 1);
}

static void drain_and_retry_are_traced(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, 0, 2, 8);
	ksem_test_waiter(t, 0, 0);
	ksem_test_drain(t, 0);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.acquire, 1);
	ksem_test_queue(t, 1, 1, 1);
	ksem_test_post(t, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.grant, 0);
	KUNIT_EXPECT_TRUE(test, ksem_test_retry(t, 1));
	KUNIT_EXPECT_EQ(test, ksem_test_traces.grant, 1);
	KUNIT_EXPECT_EQ(test, ksem_test_traces.release, 0);
}

static struct kunit_case accounts_cases[] = {
	KUNIT_CASE(holders_are_listed_in_the_order_of_binding),
	KUNIT_CASE(detach_returns_what_is_held),
	KUNIT_CASE(detach_serves_those_whose_turn_it_is),
	KUNIT_CASE(empty_holder_goes_without_news),
	KUNIT_CASE(holder_of_a_signal_semaphore_returns_nothing),
	KUNIT_CASE(recovery_is_told_to_the_first_grant_only),
	KUNIT_CASE(recovery_is_told_by_drain_and_retry_too),
	KUNIT_CASE(fast_acquire_leaves_the_news_to_others),
	KUNIT_CASE(grant_given_back_gives_the_news_back),
	KUNIT_CASE(news_given_back_goes_to_the_next_waiter),
	KUNIT_CASE(holders_with_permits_are_counted),
	KUNIT_CASE(since_is_when_the_account_was_last_empty),
	KUNIT_CASE(since_of_a_transfer_and_a_fast_acquire),
	KUNIT_CASE(last_acquirer_is_kept_with_a_reference),
	KUNIT_CASE(fast_acquirer_is_the_calling_process),
	KUNIT_CASE(transfer_leaves_the_acquirer),
	KUNIT_CASE(pending_permits_are_nobodys_to_give),
	KUNIT_CASE(deferred_waiter_is_granted_pending),
	KUNIT_CASE(delivery_on_a_signal_semaphore_is_nothing),
	KUNIT_CASE(deferred_grant_given_back_never_was),
	KUNIT_CASE(last_deferred_grant_given_back_empties_the_account),
	KUNIT_CASE(grant_given_back_passes_on),
	KUNIT_CASE(give_back_returns_what_a_sibling_has_left),
	KUNIT_CASE(signal_grant_given_back_may_exceed_max),
	KUNIT_CASE(resize_ends_an_excess),
	KUNIT_CASE(tokens_follow_grants),
	KUNIT_CASE(token_is_drawn_at_the_grant_not_at_the_request),
	KUNIT_CASE(fast_token_is_larger_and_its_permits_pending),
	KUNIT_CASE(fast_token_is_not_drawn_where_nothing_is_granted),
	KUNIT_CASE(token_is_drawn_for_those_who_ask),
	KUNIT_CASE(each_event_is_traced),
	KUNIT_CASE(drain_and_retry_are_traced),
	{ }
};

static struct kunit_suite accounts_suite = {
	.name = "ksem_accounts",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = accounts_cases,
};

kunit_test_suite(accounts_suite);
