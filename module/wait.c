// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: waiting
 *
 * A request that cannot be granted is queued, and its thread sleeps until the
 * request has ended or the thread gives up. What a wait leaves behind when a
 * signal breaks it off is a place: the thread's next identical request on the
 * handle takes it and stands in the queue where it stood before.
 */
#include <linux/hrtimer.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat.h"
#include "handle.h"

/*
 * After the unlock
 */

/*
 * How many of those that poll exclusively it is for; 0: all. The end is for all. And
 * where there are events of two kinds, who hears of one must not keep the other from
 * who wants that.
 */
static int ksem_wake_exclusive(const struct ksem_wake *wake)
{
	if (wake->events == KSEM_EV_IN || wake->events == KSEM_EV_OUT)
		return wake->nr_pollers;
	return 0;
}

static void ksem_wake_flush(struct ksem_sem *sem, struct ksem_wake *wake)
{
	unsigned int i;

	/* One that preempts this thread must not keep the others asleep. */
	preempt_disable();
	for (i = 0; i < wake->nr; i++)
		wake_up_process(wake->task[i]);
	preempt_enable();
	for (i = 0; i < wake->nr; i++)
		put_task_struct(wake->task[i]);
	/* Argument (C) of core.c: the lock has ordered this look. */
	if (wake->events && waitqueue_active(&sem->poll_wq)) {
		__poll_t key = 0;

		if (wake->events & (KSEM_EV_IN | KSEM_EV_HUP))
			key |= EPOLLIN | EPOLLRDNORM;
		if (wake->events & KSEM_EV_OUT)
			key |= EPOLLOUT | EPOLLWRNORM;
		if (wake->events & KSEM_EV_HUP)
			key |= EPOLLHUP;
		__wake_up(&sem->poll_wq, TASK_NORMAL, ksem_wake_exclusive(wake),
			  poll_to_key(key));
	}
}

/**
 * ksem_sem_finish - do what a hold of the lock has left to do
 * @sem: the semaphore, kept alive by the caller.
 * @wake: filled by a function of core.c.
 */
void ksem_sem_finish(struct ksem_sem *sem, struct ksem_wake *wake)
{
	ksem_wake_flush(sem, wake);
	while (unlikely(wake->more)) {
		cond_resched();
		ksem_sem_serve(sem, wake);
		ksem_wake_flush(sem, wake);
	}
}

/* Whoever leaves with a grant of this handle tells those who poll for EPOLLOUT. */
void ksem_handle_tell_pollers(struct ksem_handle *h)
{
	if (likely(!READ_ONCE(h->holder->edge)))
		return;
	/*
	 * Down before it is told: the wake-up's barrier keeps it so, and what comes in
	 * meanwhile raises it anew.
	 */
	WRITE_ONCE(h->holder->edge, false);
	/* For all, exclusive or not: each of them may release some. */
	__wake_up(&h->holder->poll_wq, TASK_NORMAL, 0, poll_to_key(EPOLLOUT | EPOLLWRNORM));
}

/*
 * Places
 */

/**
 * struct ksem_place - where an interrupted request stood
 * @node: in the handle's tree, by @thread.
 * @lru: in the handle's list.
 * @thread: whose it is, referenced, so that no other can have the same.
 * @verb: what it asked for.
 * @ticket: its place in the queue.
 * @since_ns: when it arrived.
 */
struct ksem_place {
	struct rb_node node;
	struct list_head lru;
	struct pid *thread;
	struct ksem_verb verb;
	u64 ticket;
	u64 since_ns;
};

static int ksem_place_cmp(const void *key, const struct rb_node *node)
{
	const struct pid *thread = rb_entry(node, struct ksem_place, node)->thread;

	return key < (const void *)thread ? -1 : key > (const void *)thread;
}

static bool ksem_place_precedes(struct rb_node *a, const struct rb_node *b)
{
	return ksem_place_cmp(rb_entry(a, struct ksem_place, node)->thread, b) < 0;
}

static void ksem_place_free(struct ksem_place *place)
{
	if (!place)
		return;
	put_pid(place->thread);
	kfree(place);
}

static void ksem_place_unlink_locked(struct ksem_handle *h, struct ksem_place *place)
{
	lockdep_assert_held(&h->places_lock);
	rb_erase(&place->node, &h->places);
	list_del(&place->lru);
	WRITE_ONCE(h->nr_places, h->nr_places - 1);
}

/*
 * Keeps the place of a request that a signal has broken off. Where there is no
 * memory the place is lost and nothing else; where there are too many the one
 * kept longest goes, whose thread has most likely given up.
 */
static void ksem_place_keep(struct ksem_handle *h, const struct ksem_waiter *w,
			    const struct ksem_verb *verb)
{
	/* Not worth the OOM killer. */
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN;
	struct ksem_place *place = kmalloc(sizeof(*place), gfp);
	struct ksem_place *oldest = NULL;

	if (!place)
		return;
	place->thread = get_pid(task_pid(current));
	place->verb = *verb;
	place->ticket = w->ticket;
	place->since_ns = w->since_ns;

	spin_lock(&h->places_lock);
	if (h->nr_places == KSEM_MAX_PLACES) {
		oldest = list_first_entry(&h->places_lru, struct ksem_place, lru);
		ksem_place_unlink_locked(h, oldest);
	}
	rb_add(&place->node, &h->places, ksem_place_precedes);
	list_add_tail(&place->lru, &h->places_lru);
	WRITE_ONCE(h->nr_places, h->nr_places + 1);
	spin_unlock(&h->places_lock);
	ksem_place_free(oldest);
}

static bool ksem_verb_equal(const struct ksem_verb *a, const struct ksem_verb *b)
{
	return a->cmd == b->cmd && a->n == b->n && a->flags == b->flags &&
	       a->deadline == b->deadline;
}

/* The calling thread's place, or NULL. */
static struct ksem_place *ksem_place_find_locked(struct ksem_handle *h)
{
	struct rb_node *node;

	lockdep_assert_held(&h->places_lock);
	node = rb_find(task_pid(current), &h->places, ksem_place_cmp);
	return node ? rb_entry(node, struct ksem_place, node) : NULL;
}

/*
 * The place kept longest, if its thread is gone; else NULL. Those behind it don't
 * matter: one place of a living thread is enough to keep a handle off the fast
 * path.
 */
static struct ksem_place *ksem_place_find_dead_locked(struct ksem_handle *h)
{
	struct ksem_place *place;
	bool dead;

	lockdep_assert_held(&h->places_lock);
	place = list_first_entry_or_null(&h->places_lru, struct ksem_place, lru);
	if (!place)
		return NULL;
	rcu_read_lock();
	dead = !pid_task(place->thread, PIDTYPE_PID);
	rcu_read_unlock();
	return dead ? place : NULL;
}

/*
 * The thread asks again: for the same, and while its deadline is not past it resumes; else
 * its place is void. A thread that has none clears away one of a thread that will not come
 * again.
 */
static void ksem_place_resume(struct ksem_handle *h, struct ksem_waiter *w,
			      const struct ksem_verb *verb, bool past)
{
	struct ksem_place *place;
	bool mine;

	spin_lock(&h->places_lock);
	place = ksem_place_find_locked(h);
	mine = place;
	if (!mine)
		place = ksem_place_find_dead_locked(h);
	if (place)
		ksem_place_unlink_locked(h, place);
	spin_unlock(&h->places_lock);

	if (mine && !past && ksem_verb_equal(&place->verb, verb)) {
		w->ticket = place->ticket;
		w->since_ns = place->since_ns;
	}
	ksem_place_free(place);
}

/**
 * ksem_handle_drop_places - the handle goes
 * @h: nobody else can reach it any more.
 */
void ksem_handle_drop_places(struct ksem_handle *h)
{
	struct ksem_place *place, *next;

	list_for_each_entry_safe(place, next, &h->places_lru, lru)
		ksem_place_free(place);
}

/*
 * Waiting
 */

/**
 * struct ksem_deadline - when a wait ends
 * @clock: CLOCK_MONOTONIC or CLOCK_REALTIME.
 * @expires: on that clock, as the kernel counts it; KTIME_MAX: never.
 */
struct ksem_deadline {
	clockid_t clock;
	ktime_t expires;
};

static struct ksem_deadline ksem_deadline_of(const struct ksem_verb *verb)
{
	struct ksem_deadline dl = { .clock = CLOCK_MONOTONIC, .expires = KTIME_MAX };

	if (verb->deadline == KSEM_NO_DEADLINE)
		return dl;
	dl.expires = ns_to_ktime(verb->deadline);
	if (verb->flags & KSEM_FLAG_REALTIME)
		dl.clock = CLOCK_REALTIME;
	else if (check_sub_overflow(dl.expires, ksem_timens_offset(), &dl.expires))
		dl.expires = KTIME_MAX;
	return dl;
}

static bool ksem_deadline_is_past(const struct ksem_deadline *dl)
{
	if (likely(dl->expires == KTIME_MAX))
		return false;
	return dl->expires <= (dl->clock == CLOCK_REALTIME ? ktime_get_real() : ktime_get());
}

static bool ksem_sem_retry_finish(struct ksem_sem *sem, struct ksem_waiter *w)
{
	struct ksem_wake wake;
	bool ended;

	ended = ksem_sem_retry(sem, w, &wake);
	ksem_sem_finish(sem, &wake);
	return ended;
}

/* Sleeps until the wait has ended; or else says why this thread gives up. */
static enum ksem_waiter_state ksem_waiter_sleep(struct ksem_sem *sem, struct ksem_waiter *w,
						unsigned int state,
						struct hrtimer_sleeper *timer)
{
	enum ksem_waiter_state why = KSEM_W_QUEUED;
	bool woken;

	for (;;) {
		/* Argument (B) of core.c, for w->state and w->woken. */
		set_current_state(state);
		if (ksem_waiter_ended(w))
			break;
		woken = READ_ONCE(w->woken);
		if (woken) {
			__set_current_state(TASK_RUNNING);
			if (ksem_sem_retry_finish(sem, w))
				break;
		}
		if (timer && !READ_ONCE(timer->task)) {
			why = KSEM_W_EXPIRED;
			break;
		}
		if (signal_pending_state(state, current)) {
			why = KSEM_W_INTERRUPTED;
			break;
		}
		/* Not to be slept through: what the try has left, or found out. */
		if (woken)
			cond_resched();
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return why;
}

static void ksem_waiter_wait(struct ksem_sem *sem, struct ksem_waiter *w, u32 flags,
			     const struct ksem_deadline *dl)
{
	unsigned int state = TASK_FREEZABLE | (flags & KSEM_FLAG_UNINTERRUPTIBLE ?
					       TASK_KILLABLE : TASK_INTERRUPTIBLE);
	enum ksem_waiter_state why;
	struct hrtimer_sleeper timer;
	struct ksem_wake wake;

	if (dl->expires == KTIME_MAX) {
		why = ksem_waiter_sleep(sem, w, state, NULL);
	} else {
		hrtimer_setup_sleeper_on_stack(&timer, dl->clock, HRTIMER_MODE_ABS);
		hrtimer_set_expires_range_ns(&timer.timer, dl->expires, current->timer_slack_ns);
		hrtimer_sleeper_start_expires(&timer, HRTIMER_MODE_ABS);
		why = ksem_waiter_sleep(sem, w, state, &timer);
		hrtimer_cancel(&timer.timer);
		destroy_hrtimer_on_stack(&timer.timer);
	}
	/*
	 * A last try: the permits may have been there for long, and the thread whose
	 * sweep was to bring them held up.
	 */
	if (why != KSEM_W_QUEUED && !ksem_sem_retry_finish(sem, w)) {
		ksem_sem_leave(sem, w, why, &wake);
		ksem_sem_finish(sem, &wake);
	}
}

/**
 * ksem_handle_give_back - undo a grant that nobody will learn of, or a part of it
 * @h: the handle.
 * @w: granted.
 * @n: how much of it.
 *
 * Not inline: where the kernel clears the stack, the callers would pay for the
 * room that only this rare case needs.
 */
noinline void ksem_handle_give_back(struct ksem_handle *h, struct ksem_waiter *w, u32 n)
{
	struct ksem_wake wake;

	ksem_sem_give_back(h->sem, w, n, &wake);
	ksem_sem_finish(h->sem, &wake);
}

/* The request has ended, one way or the other. */
static long ksem_waiter_result(struct ksem_handle *h, struct ksem_waiter *w,
			       const struct ksem_verb *verb)
{
	switch (w->state) {
	case KSEM_W_GRANTED:
		if (likely(!fatal_signal_pending(current)))
			return w->recovered;
		/* This task won't return to user space: nobody would know. */
		ksem_handle_give_back(h, w, w->n);
		return -EINTR;
	case KSEM_W_EXPIRED:
		return -ETIMEDOUT;
	case KSEM_W_SHUT:
		return -ESHUTDOWN;
	default:
		if (!fatal_signal_pending(current))
			ksem_place_keep(h, w, verb);
		return -ERESTARTSYS;
	}
}

/**
 * ksem_handle_acquire - acquire by the rules, waiting if need be
 * @h: the handle, bound.
 * @w: holder, task, n (1 to max), want_token and defer are set, the rest is 0.
 * @verb: what the caller asked for.
 *
 * Return: 0, or 1 if the grant was the first after permits were recovered;
 * -ESHUTDOWN, -ETIMEDOUT, -ERESTARTSYS: nothing has changed.
 */
long ksem_handle_acquire(struct ksem_handle *h, struct ksem_waiter *w,
			 const struct ksem_verb *verb)
{
	struct ksem_deadline dl = ksem_deadline_of(verb);
	bool past = ksem_deadline_is_past(&dl);
	struct ksem_wake wake;
	long ret;

	/* Only this thread puts its own place there: no lock is needed to look. */
	if (unlikely(READ_ONCE(h->nr_places)))
		ksem_place_resume(h, w, verb, past);

	ret = ksem_sem_request(h->sem, w, past ? KSEM_TRY_EXPIRED : KSEM_QUEUE, &wake);
	ksem_sem_finish(h->sem, &wake);
	if (ret == -EINPROGRESS) {
		ksem_waiter_wait(h->sem, w, verb->flags, &dl);
		ret = 0;
	}
	if (!ret)
		ret = ksem_waiter_result(h, w, verb);
	ksem_handle_tell_pollers(h);
	return ret;
}
