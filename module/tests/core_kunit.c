// SPDX-License-Identifier: GPL-2.0-only
/*
 * core.c with clocks that stand still, and the steps that the suites are made of.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "core_kunit.h"

u64 ksem_test_now;
u64 ksem_test_jiffies;
struct ksem_test_traces ksem_test_traces;

/* The tracepoints are those of ksem.ko; here they count. */
#define KSEM_TRACE_H

static void trace_ksem_acquire(struct ksem_sem *sem, u32 n)
{
	ksem_test_traces.acquire++;
}

static void trace_ksem_wait(struct ksem_sem *sem, u32 n)
{
	ksem_test_traces.wait++;
}

static void trace_ksem_grant(struct ksem_sem *sem, struct task_struct *task, u32 n)
{
	ksem_test_traces.grant++;
}

static void trace_ksem_release(struct ksem_sem *sem, u32 n)
{
	ksem_test_traces.release++;
}

static void trace_ksem_timeout(struct ksem_sem *sem, u32 n)
{
	ksem_test_traces.timeout++;
}

static void trace_ksem_reclaim(struct ksem_sem *sem, u32 n)
{
	ksem_test_traces.reclaim++;
}

static void trace_ksem_shutdown(struct ksem_sem *sem)
{
	ksem_test_traces.shutdown++;
}

#define ktime_get_ns()		ksem_test_now
#define get_jiffies_64()	ksem_test_jiffies

#include "../core.c"

/*
 * The fixture
 */

static void ksem_test_new_process(struct ksem_test *t, unsigned int i)
{
	/* put_pid() looks at the number's namespace before it counts. */
	t->pid[i] = kunit_kzalloc(t->kunit, sizeof(struct pid) + sizeof(struct upid), GFP_KERNEL);
	t->signal[i] = kunit_kzalloc(t->kunit, sizeof(struct signal_struct), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->kunit, t->pid[i]);
	KUNIT_ASSERT_NOT_NULL(t->kunit, t->signal[i]);
	refcount_set(&t->pid[i]->count, 1);
	t->signal[i]->pids[PIDTYPE_TGID] = t->pid[i];
}

int ksem_test_init(struct kunit *kunit)
{
	struct ksem_test *t = kunit_kzalloc(kunit, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(kunit, t);
	t->kunit = kunit;
	kunit->priv = t;
	for (i = 0; i < KSEM_TEST_PROCESSES; i++)
		ksem_test_new_process(t, i);
	ksem_test_now = NSEC_PER_SEC;
	ksem_test_jiffies = 1000;
	memset(&ksem_test_traces, 0, sizeof(ksem_test_traces));
	return 0;
}

/* No reference is left, and none is missing. */
void ksem_test_exit(struct kunit *kunit)
{
	struct ksem_test *t = kunit->priv;
	unsigned int i;

	for (i = 0; i < KSEM_TEST_HOLDERS; i++)
		put_pid(t->holder[i].acquirer);
	for (i = 0; i < KSEM_TEST_PROCESSES; i++)
		KUNIT_EXPECT_EQ(kunit, refcount_read(&t->pid[i]->count), 1);
	for (i = 0; i < KSEM_TEST_WAITERS; i++)
		if (t->task[i])
			KUNIT_EXPECT_EQ(kunit, refcount_read(&t->task[i]->usage), 1);
}

void ksem_test_create(struct ksem_test *t, u32 flags, u32 initial, u32 max)
{
	const struct ksem_create create = {
		.flags = flags,
		.initial = initial,
		.max = max,
		.handoff_ns = flags & KSEM_CREATE_FAIR ? 0 : KSEM_TEST_HANDOFF,
		.label = "kunit",
	};

	/* What was there before must not matter. */
	memset(&t->sem, 0xa5, sizeof(t->sem));
	ksem_sem_init(&t->sem, &create);
	ksem_test_attach(t, 0);
}

/*
 * What always holds
 */

static void ksem_test_check_accounts(struct ksem_test *t)
{
	u32 nr_handles = 0, nr_holders = 0;
	struct ksem_holder *holder;
	s64 held = 0;

	list_for_each_entry(holder, &t->sem.holders, node) {
		nr_handles += holder->nr_handles;
		nr_holders += holder->held || holder->pending;
		held += (s64)holder->held + holder->pending;
	}
	KUNIT_EXPECT_EQ(t->kunit, t->sem.available + held, t->sem.capacity);
	KUNIT_EXPECT_EQ(t->kunit, t->sem.nr_handles, nr_handles);
	KUNIT_EXPECT_EQ(t->kunit, t->sem.nr_holders, nr_holders);
}

static void ksem_test_check_queue(struct ksem_test *t)
{
	struct rb_node *node;
	u64 ticket = 0, demand = 0;
	u32 nr = 0;

	for (node = rb_first_cached(&t->sem.queue); node; node = rb_next(node)) {
		struct ksem_waiter *w = rb_entry(node, struct ksem_waiter, node);

		KUNIT_EXPECT_GT(t->kunit, w->ticket, ticket);
		KUNIT_EXPECT_EQ(t->kunit, w->state, KSEM_W_QUEUED);
		KUNIT_EXPECT_FALSE(t->kunit, ksem_waiter_ended(w));
		ticket = w->ticket;
		demand += w->n;
		nr++;
	}
	KUNIT_EXPECT_EQ(t->kunit, t->sem.nr_waiters, nr);
	KUNIT_EXPECT_EQ(t->kunit, t->sem.demand, demand);
	KUNIT_EXPECT_EQ(t->kunit, !!(t->sem.state & KSEM_S_QUEUED), nr > 0);
	KUNIT_EXPECT_LT(t->kunit, ticket, t->sem.next_ticket);
}

/* Promise 5. */
static void ksem_test_check_head(struct ksem_test *t)
{
	struct rb_node *node = rb_first_cached(&t->sem.queue);
	struct ksem_waiter *head = rb_entry_safe(node, struct ksem_waiter, node);

	if (!head || t->sem.state & KSEM_S_SERVING)
		return;
	KUNIT_EXPECT_FALSE(t->kunit, t->sem.state & KSEM_S_SHUTDOWN);
	if (t->sem.state & KSEM_S_FAIR || !head->woken)
		KUNIT_EXPECT_LT(t->kunit, t->sem.available, (s64)head->n);
}

/* After each step that has nothing to wake. */
void ksem_test_check(struct ksem_test *t)
{
	ksem_test_check_accounts(t);
	ksem_test_check_queue(t);
	ksem_test_check_head(t);
}

/* After each other step: every task to wake has been referenced, then let go. */
static void ksem_test_finish(struct ksem_test *t)
{
	unsigned int i;

	KUNIT_ASSERT_LE(t->kunit, t->wake.nr, KSEM_BATCH);
	for (i = 0; i < t->wake.nr; i++) {
		KUNIT_EXPECT_EQ(t->kunit, refcount_read(&t->wake.task[i]->usage), 2);
		refcount_dec(&t->wake.task[i]->usage);
	}
	if (t->wake.more)
		KUNIT_EXPECT_TRUE(t->kunit, t->sem.state & KSEM_S_SERVING);
	ksem_test_check(t);
}

/* The last step woke exactly these, in this order. */
void ksem_test_expect_woken(struct ksem_test *t, unsigned int first, unsigned int nr)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(t->kunit, t->wake.nr, nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(t->kunit, t->wake.task[i], t->task[first + i]);
}

void ksem_test_expect_states(struct ksem_test *t, unsigned int first, unsigned int nr,
			     enum ksem_waiter_state state)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		KUNIT_EXPECT_EQ(t->kunit, t->w[i].state, state);
}

/*
 * Steps
 */

void ksem_test_attach(struct ksem_test *t, unsigned int holder)
{
	struct ksem_holder *h = &t->holder[holder];

	KUNIT_ASSERT_EQ(t->kunit, ksem_sem_attach(&t->sem, &h), 0);
	KUNIT_ASSERT_PTR_EQ(t->kunit, h, &t->holder[holder]);
	ksem_test_check(t);
}

struct ksem_waiter *ksem_test_waiter(struct ksem_test *t, unsigned int i, u32 n)
{
	if (!t->task[i]) {
		t->task[i] = kunit_kzalloc(t->kunit, sizeof(struct task_struct), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(t->kunit, t->task[i]);
		refcount_set(&t->task[i]->usage, 1);
		t->task[i]->signal = t->signal[0];
	}
	t->w[i] = (struct ksem_waiter) {
		.holder = &t->holder[0],
		.task = t->task[i],
		.n = n,
	};
	return &t->w[i];
}

int ksem_test_ask(struct ksem_test *t, unsigned int i, enum ksem_patience patience)
{
	int ret = ksem_sem_request(&t->sem, &t->w[i], patience, &t->wake);

	KUNIT_EXPECT_EQ(t->kunit, t->w[i].state,
			!ret ? KSEM_W_GRANTED :
			ret == -EINPROGRESS ? KSEM_W_QUEUED : KSEM_W_IDLE);
	ksem_test_finish(t);
	return ret;
}

/* The plain forms, on the first holder. */

int ksem_test_acquire(struct ksem_test *t, unsigned int i, u32 n)
{
	ksem_test_waiter(t, i, n);
	return ksem_test_ask(t, i, KSEM_QUEUE);
}

int ksem_test_try(struct ksem_test *t, unsigned int i, u32 n)
{
	ksem_test_waiter(t, i, n);
	return ksem_test_ask(t, i, KSEM_TRY);
}

int ksem_test_barge(struct ksem_test *t, unsigned int i, u32 n)
{
	ksem_test_waiter(t, i, n)->barge = true;
	return ksem_test_ask(t, i, KSEM_TRY);
}

/* There is room: n are taken. */
void ksem_test_take(struct ksem_test *t, unsigned int i, u32 n)
{
	KUNIT_ASSERT_EQ(t->kunit, ksem_test_try(t, i, n), 0);
	KUNIT_EXPECT_EQ(t->kunit, t->wake.nr, 0);
}

/* There is no room: requests queue, for n each. */
void ksem_test_queue(struct ksem_test *t, unsigned int first, unsigned int nr, u32 n)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		KUNIT_ASSERT_EQ(t->kunit, ksem_test_acquire(t, i, n), -EINPROGRESS);
		KUNIT_EXPECT_EQ(t->kunit, t->wake.nr, 0);
	}
}

/* A signal breaks a wait off; the same request comes again. */

void ksem_test_interrupt(struct ksem_test *t, unsigned int i)
{
	ksem_test_leave(t, i, KSEM_W_INTERRUPTED);
	KUNIT_ASSERT_EQ(t->kunit, t->w[i].state, KSEM_W_INTERRUPTED);
}

int ksem_test_resume(struct ksem_test *t, unsigned int i)
{
	u64 ticket = t->w[i].ticket, since_ns = t->w[i].since_ns;
	struct ksem_waiter *w = ksem_test_waiter(t, i, t->w[i].n);

	w->ticket = ticket;
	w->since_ns = since_ns;
	return ksem_test_ask(t, i, KSEM_QUEUE);
}

int ksem_test_drain(struct ksem_test *t, unsigned int i)
{
	int ret;

	t->w[i].n = KSEM_MAX_PERMITS;
	ret = ksem_sem_drain(&t->sem, &t->w[i], &t->wake);
	ksem_test_finish(t);
	return ret;
}

bool ksem_test_retry(struct ksem_test *t, unsigned int i)
{
	bool ended = ksem_sem_retry(&t->sem, &t->w[i], &t->wake);

	KUNIT_EXPECT_EQ(t->kunit, ended, t->w[i].state != KSEM_W_QUEUED);
	ksem_test_finish(t);
	return ended;
}

void ksem_test_leave(struct ksem_test *t, unsigned int i, enum ksem_waiter_state why)
{
	ksem_sem_leave(&t->sem, &t->w[i], why, &t->wake);
	ksem_test_finish(t);
}

void ksem_test_deliver(struct ksem_test *t, unsigned int i)
{
	ksem_sem_deliver(&t->sem, t->w[i].holder, t->w[i].n);
	ksem_test_check(t);
}

void ksem_test_give_part_back(struct ksem_test *t, unsigned int i, u32 n)
{
	ksem_sem_give_back(&t->sem, &t->w[i], n, &t->wake);
	ksem_test_finish(t);
}

void ksem_test_give_back(struct ksem_test *t, unsigned int i)
{
	ksem_test_give_part_back(t, i, t->w[i].n);
}

void ksem_test_serve(struct ksem_test *t)
{
	ksem_sem_serve(&t->sem, &t->wake);
	ksem_test_finish(t);
}

int ksem_test_acquire_fast(struct ksem_test *t, u32 n)
{
	int ret = ksem_sem_acquire_fast(&t->sem, &t->holder[0], n);

	ksem_test_check(t);
	return ret;
}

int ksem_test_acquire_token_fast(struct ksem_test *t, u32 n, u64 *token)
{
	int ret = ksem_sem_acquire_token_fast(&t->sem, &t->holder[0], n, token);

	ksem_test_check(t);
	return ret;
}

bool ksem_test_release_fast(struct ksem_test *t, u32 n)
{
	bool released = ksem_sem_release_fast(&t->sem, &t->holder[0], n);

	ksem_test_check(t);
	return released;
}

int ksem_test_release(struct ksem_test *t, unsigned int holder, u32 n)
{
	int ret = ksem_sem_release(&t->sem, &t->holder[holder], n, &t->wake);

	ksem_test_finish(t);
	return ret;
}

int ksem_test_post(struct ksem_test *t, u32 n)
{
	int ret = ksem_sem_post(&t->sem, n, &t->wake);

	ksem_test_finish(t);
	return ret;
}

int ksem_test_reduce(struct ksem_test *t, u32 n)
{
	int ret = ksem_sem_reduce(&t->sem, n, &t->wake);

	ksem_test_finish(t);
	return ret;
}

int ksem_test_resize(struct ksem_test *t, u32 capacity)
{
	int ret = ksem_sem_resize(&t->sem, capacity, &t->wake);

	ksem_test_finish(t);
	return ret;
}

int ksem_test_forget(struct ksem_test *t, unsigned int holder, u32 n)
{
	int ret = ksem_sem_forget(&t->sem, &t->holder[holder], n);

	ksem_test_check(t);
	return ret;
}

int ksem_test_transfer(struct ksem_test *t, unsigned int from, unsigned int to, u32 n)
{
	int ret = ksem_sem_transfer(&t->sem, &t->holder[from], &t->holder[to], n);

	ksem_test_check(t);
	return ret;
}

void ksem_test_shutdown(struct ksem_test *t)
{
	ksem_sem_shutdown(&t->sem, &t->wake);
	ksem_test_finish(t);
}

unsigned int ksem_test_poll(struct ksem_test *t, unsigned int holder)
{
	unsigned int events;

	/* There is one thread. */
	if (!waitqueue_active(&t->sem.poll_wq)) {
		init_waitqueue_func_entry(&t->poller, NULL);
		add_wait_queue(&t->sem.poll_wq, &t->poller);
	}
	events = ksem_sem_poll(&t->sem, &t->holder[holder]);
	ksem_test_check(t);
	return events;
}

void ksem_test_end_poll(struct ksem_test *t)
{
	remove_wait_queue(&t->sem.poll_wq, &t->poller);
}

void ksem_test_detach(struct ksem_test *t, unsigned int holder)
{
	KUNIT_EXPECT_TRUE(t->kunit, ksem_sem_detach(&t->sem, &t->holder[holder], &t->wake));
	ksem_test_finish(t);
}

MODULE_DESCRIPTION("Tests of the state machine of ksem");
MODULE_LICENSE("GPL");
