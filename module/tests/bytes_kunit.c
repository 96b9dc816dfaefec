// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bytes and names ask of the state machine: drains with a limit, grants that
 * grow or go back in part, requests that can't be told the news, accounts of
 * several handles, and an end for good.
 */
#include "core_kunit.h"

/* A reader of so many bytes, granted one. */
static struct ksem_waiter *read_one(struct ksem_test *t, unsigned int i)
{
	struct ksem_waiter *w = ksem_test_waiter(t, i, 1);

	w->defer = true;
	w->mute = true;
	KUNIT_ASSERT_EQ(t->kunit, ksem_test_ask(t, i, KSEM_TRY), 0);
	return w;
}

static void take_more(struct ksem_test *t, unsigned int i, u32 most)
{
	ksem_sem_take_more(&t->sem, &t->w[i], most, &t->wake);
	KUNIT_EXPECT_EQ(t->kunit, t->wake.nr, 0);
	ksem_test_check(t);
}

static void drain_stops_at_its_limit(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter *w;

	ksem_test_create(t, KSEM_CREATE_FAIR, 5, 5);
	w = ksem_test_waiter(t, 0, 3);
	KUNIT_EXPECT_EQ(test, ksem_sem_drain(&t->sem, w, &t->wake), 0);
	KUNIT_EXPECT_EQ(test, w->n, 3);
	KUNIT_EXPECT_EQ(test, t->sem.available, 2);
	w = ksem_test_waiter(t, 1, 3);
	KUNIT_EXPECT_EQ(test, ksem_sem_drain(&t->sem, w, &t->wake), 0);
	KUNIT_EXPECT_EQ(test, w->n, 2);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 2);
	ksem_test_check(t);
}

static void more_is_a_part_of_the_same_grant(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter *w;

	ksem_test_create(t, KSEM_CREATE_FAIR, 5, 5);
	w = read_one(t, 0);
	take_more(t, 0, 2);
	KUNIT_EXPECT_EQ(test, w->n, 3);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 3);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 1);
	take_more(t, 0, 100);
	KUNIT_EXPECT_EQ(test, w->n, 5);
	take_more(t, 0, 100);
	KUNIT_EXPECT_EQ(test, w->n, 5);
	ksem_test_deliver(t, 0);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 5);
}

static void more_is_not_taken_past_the_queue(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter *w;

	ksem_test_create(t, KSEM_CREATE_FAIR, 4, 9);
	w = read_one(t, 0);
	ksem_test_queue(t, 1, 1, 5);
	take_more(t, 0, 2);
	KUNIT_EXPECT_EQ(test, w->n, 1);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	ksem_test_shutdown(t);
	take_more(t, 0, 2);
	KUNIT_EXPECT_EQ(test, w->n, 1);
}

static void part_that_goes_back_leaves_the_grant(struct kunit *test)
{
	struct ksem_test *t = test->priv;

	ksem_test_create(t, KSEM_CREATE_FAIR, 3, 9);
	read_one(t, 0);
	take_more(t, 0, 2);
	ksem_test_queue(t, 1, 1, 2);
	ksem_test_give_part_back(t, 0, 2);
	ksem_test_expect_woken(t, 1, 1);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 2);
	KUNIT_EXPECT_EQ(test, t->holder[0].pending, 1);
	KUNIT_EXPECT_EQ(test, t->holder[0].held, 2);
}

static void mute_request_leaves_the_news(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter *w;

	ksem_test_create(t, KSEM_CREATE_FAIR, 3, 3);
	t->sem.state |= KSEM_S_RECOVERED;
	w = read_one(t, 0);
	KUNIT_EXPECT_FALSE(test, w->recovered);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_RECOVERED);
	ksem_test_take(t, 1, 1);
	KUNIT_EXPECT_TRUE(test, t->w[1].recovered);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_RECOVERED);
}

/* Its handles are counted, and its permits return with the last of them. */
static void account_is_found_by_its_opener(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_holder *h = &t->holder[1];

	ksem_test_create(t, KSEM_CREATE_FAIR | KSEM_CREATE_PER_PROCESS, 3, 3);
	KUNIT_ASSERT_EQ(test, ksem_sem_attach(&t->sem, &h), 0);
	KUNIT_EXPECT_PTR_EQ(test, h, &t->holder[0]);
	KUNIT_EXPECT_EQ(test, t->sem.nr_handles, 2);
	KUNIT_EXPECT_EQ(test, h->nr_handles, 2);
	t->holder[2].opener = t->pid[1];
	ksem_test_attach(t, 2);
	ksem_test_take(t, 0, 2);
	KUNIT_EXPECT_FALSE(test, ksem_sem_detach(&t->sem, h, &t->wake));
	KUNIT_EXPECT_EQ(test, t->sem.available, 1);
	ksem_test_detach(t, 0);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_EQ(test, t->sem.reclaimed, 2);
}

static void temporary_semaphore_ends_with_its_last_handle(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_holder *h = &t->holder[1];

	ksem_test_create(t, KSEM_CREATE_FAIR | KSEM_CREATE_TEMPORARY, 3, 3);
	ksem_test_attach(t, 1);
	ksem_test_detach(t, 0);
	KUNIT_EXPECT_FALSE(test, t->sem.state & KSEM_S_SPENT);
	ksem_test_detach(t, 1);
	KUNIT_EXPECT_TRUE(test, t->sem.state & KSEM_S_SPENT);
	KUNIT_EXPECT_EQ(test, ksem_sem_attach(&t->sem, &h), -ENOENT);
	ksem_test_shutdown(t);
	KUNIT_EXPECT_EQ(test, ksem_sem_attach(&t->sem, &h), -ENOENT);
	KUNIT_EXPECT_EQ(test, t->sem.nr_handles, 0);
}

static struct kunit_case bytes_cases[] = {
	KUNIT_CASE(drain_stops_at_its_limit),
	KUNIT_CASE(more_is_a_part_of_the_same_grant),
	KUNIT_CASE(more_is_not_taken_past_the_queue),
	KUNIT_CASE(part_that_goes_back_leaves_the_grant),
	KUNIT_CASE(mute_request_leaves_the_news),
	KUNIT_CASE(account_is_found_by_its_opener),
	KUNIT_CASE(temporary_semaphore_ends_with_its_last_handle),
	{ }
};

static struct kunit_suite bytes_suite = {
	.name = "ksem_bytes",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = bytes_cases,
};

kunit_test_suite(bytes_suite);
