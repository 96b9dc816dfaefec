// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.c on a semaphore of this suite: what a test program cannot arrange. Its
 * thread is the one that waits, or is about to die.
 */
#include "core_kunit.h"

#include "../wait.c"

static struct ksem_handle *new_handle(struct ksem_test *t)
{
	struct ksem_handle *h = kunit_kzalloc(t->kunit, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(t->kunit, h);
	h->sem = &t->sem;
	h->holder = &h->own;
	ksem_holder_init(h->holder, NULL);
	spin_lock_init(&h->places_lock);
	h->places = RB_ROOT;
	INIT_LIST_HEAD(&h->places_lru);
	KUNIT_ASSERT_EQ(t->kunit, ksem_sem_attach(&t->sem, &h->holder), 0);
	return h;
}

/* The accounts are empty, and so the handle can go. */
static void end_handle(struct ksem_test *t, struct ksem_handle *h)
{
	ksem_sem_detach(&t->sem, h->holder, &t->wake);
	KUNIT_EXPECT_EQ(t->kunit, t->wake.nr, 0);
	ksem_handle_drop_places(h);
	put_pid(h->own.acquirer);
}

static long acquire(struct ksem_handle *h, struct ksem_waiter *w, u32 n)
{
	const struct ksem_verb verb = {
		.cmd = KSEM_IOC_ACQUIRE,
		.n = n,
		.deadline = KSEM_NO_DEADLINE,
	};

	*w = (struct ksem_waiter) {
		.holder = h->holder,
		.task = current,
		.n = n,
		.defer = w->defer,
	};
	return ksem_handle_acquire(h, w, &verb);
}

/*
 * A fatal signal
 */

static void begin_to_die(void)
{
	spin_lock_irq(&current->sighand->siglock);
	sigaddset(&current->pending.signal, SIGKILL);
	set_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(&current->sighand->siglock);
}

static void live_on(void)
{
	spin_lock_irq(&current->sighand->siglock);
	sigdelset(&current->pending.signal, SIGKILL);
	clear_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(&current->sighand->siglock);
}

static const bool defers[] = { false, true };

static void describe_defer(const bool *defer, char *name)
{
	strscpy(name, *defer ? "with a token" : "without a token", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(defers, defers, describe_defer);

static void grant_at_once_to_a_dying_thread_goes_back(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter w = { .defer = *(const bool *)test->param_value };
	struct ksem_handle *h;
	long ret;

	ksem_test_create(t, KSEM_CREATE_FAIR, 3, 3);
	h = new_handle(t);
	begin_to_die();
	ret = acquire(h, &w, 2);
	live_on();
	KUNIT_EXPECT_EQ(test, ret, -EINTR);
	KUNIT_EXPECT_EQ(test, t->sem.available, 3);
	KUNIT_EXPECT_EQ(test, t->sem.acquires, 0);
	KUNIT_EXPECT_EQ(test, h->holder->held + h->holder->pending, 0);
	end_handle(t, h);
}

static void news_of_a_recovery_is_kept_for_those_who_live(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter w = { };
	struct ksem_handle *h;

	ksem_test_create(t, KSEM_CREATE_FAIR, 3, 3);
	h = new_handle(t);
	t->sem.state |= KSEM_S_RECOVERED;
	begin_to_die();
	KUNIT_EXPECT_EQ(test, acquire(h, &w, 1), -EINTR);
	live_on();
	KUNIT_EXPECT_EQ(test, acquire(h, &w, 1), 1);
	KUNIT_EXPECT_TRUE(test, ksem_sem_release_fast(&t->sem, h->holder, 1));
	end_handle(t, h);
}

static void wait_of_a_dying_thread_ends_without_a_place(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_waiter w = { };
	struct ksem_handle *h;

	ksem_test_create(t, KSEM_CREATE_FAIR, 0, 3);
	h = new_handle(t);
	begin_to_die();
	KUNIT_EXPECT_EQ(test, acquire(h, &w, 1), -ERESTARTSYS);
	live_on();
	KUNIT_EXPECT_EQ(test, h->nr_places, 0);
	KUNIT_EXPECT_EQ(test, t->sem.nr_waiters, 0);
	end_handle(t, h);
}

/*
 * Places
 */

/* A number that no thread has any more. */
static struct pid *dead_thread(struct ksem_test *t)
{
	struct pid *pid = kunit_kzalloc(t->kunit, sizeof(*pid) + sizeof(struct upid), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(t->kunit, pid);
	refcount_set(&pid->count, 1);
	return pid;
}

static void keep_place_of(struct ksem_test *t, struct ksem_handle *h, struct pid *thread)
{
	struct ksem_place *place = kzalloc(sizeof(*place), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(t->kunit, place);
	place->thread = get_pid(thread);
	rb_add(&place->node, &h->places, ksem_place_precedes);
	list_add_tail(&place->lru, &h->places_lru);
	h->nr_places++;
}

/* A handle with a permit that this thread takes and gives back. */
static void acquire_and_release(struct ksem_test *t, struct ksem_handle *h)
{
	struct ksem_waiter w = { };

	KUNIT_EXPECT_EQ(t->kunit, acquire(h, &w, 1), 0);
	KUNIT_EXPECT_TRUE(t->kunit, ksem_sem_release_fast(&t->sem, h->holder, 1));
}

static void places_of_dead_threads_go_one_by_one(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_handle *h;
	int i;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 1);
	h = new_handle(t);
	for (i = 0; i < 3; i++)
		keep_place_of(t, h, dead_thread(t));
	for (i = 2; i >= 0; i--) {
		acquire_and_release(t, h);
		KUNIT_EXPECT_EQ(test, h->nr_places, i);
	}
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&h->places));
	end_handle(t, h);
}

static void place_of_a_living_thread_stays(struct kunit *test)
{
	struct pid *init = find_get_pid(1);
	struct ksem_test *t = test->priv;
	struct ksem_handle *h;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 1);
	h = new_handle(t);
	keep_place_of(t, h, init);
	keep_place_of(t, h, dead_thread(t));
	acquire_and_release(t, h);
	KUNIT_EXPECT_EQ(test, h->nr_places, 2);
	end_handle(t, h);
	put_pid(init);
}

static void own_place_goes_before_those_of_the_dead(struct kunit *test)
{
	struct ksem_test *t = test->priv;
	struct ksem_handle *h;

	ksem_test_create(t, KSEM_CREATE_FAIR, 1, 1);
	h = new_handle(t);
	keep_place_of(t, h, dead_thread(t));
	keep_place_of(t, h, task_pid(current));
	acquire_and_release(t, h);
	KUNIT_EXPECT_EQ(test, h->nr_places, 1);
	KUNIT_EXPECT_PTR_NE(test, list_first_entry(&h->places_lru, struct ksem_place, lru)->thread,
			    task_pid(current));
	end_handle(t, h);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE_PARAM(grant_at_once_to_a_dying_thread_goes_back, defers_gen_params),
	KUNIT_CASE(news_of_a_recovery_is_kept_for_those_who_live),
	KUNIT_CASE(wait_of_a_dying_thread_ends_without_a_place),
	KUNIT_CASE(places_of_dead_threads_go_one_by_one),
	KUNIT_CASE(place_of_a_living_thread_stays),
	KUNIT_CASE(own_place_goes_before_those_of_the_dead),
	{ }
};

static struct kunit_suite wait_suite = {
	.name = "ksem_wait",
	.init = ksem_test_init,
	.exit = ksem_test_exit,
	.test_cases = wait_cases,
};

kunit_test_suite(wait_suite);
