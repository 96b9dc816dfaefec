// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: the semaphore as a state machine
 *
 *
 * 1. What is promised
 * -------------------
 *  1 Conservation: at every unlock, available + the permits of all holders =
 *    capacity.
 *  2 Nothing is lost and nothing is doubled, by a crash, a signal, a timeout, a
 *    fault on a user pointer, a failed allocation, or a race of one of these
 *    with a grant.
 *  3 Fair means FIFO: no queued request is granted before one that was queued
 *    earlier, whatever their sizes. One restarted after a signal takes its old
 *    place. Only a try with BARGE passes.
 *  4 Non-fair means fast, not unlucky: newcomers pass the queue until its head
 *    has waited handoff_ns. From then on they queue, until the head is granted
 *    or leaves.
 *  5 No idle permits: at every unlock with no batch in progress, the head does
 *    not fit (fair), or does not fit or has a wake-up on its way (non-fair).
 *    A waiter that leaves passes on what it was woken for.
 *  6 Prompt return: when close() returns, the handle's permits are back and
 *    those whose turn it is have been granted, or are about to be by a sweep of
 *    another thread that is on.
 *  7 Exact accounting: a holder returns only what it holds.
 *  8 A waiter can always be killed, and a grant that a killed task will never
 *    learn of goes back.
 *  9 Bounded work: at most KSEM_BATCH steps under one hold of the lock.
 * 10 Tokens follow grants: a later grant has a larger token.
 *
 * Not promised: an order among waiters of a non-fair semaphore that are not its
 * head; that a non-fair head gets the permits that it was woken for; that a
 * grant consumed from a signal semaphore by a process that dies comes back.
 *
 *
 * 2. Objects and who keeps them alive
 * -----------------------------------
 * A semaphore lives as long as a handle is bound to it, or a name is its own
 * (sem->refs). A holder lives in its handle, and so as long as the open file; on a
 * per-process semaphore it is shared by all handles that one process has opened,
 * and lives until the last of them goes (holder->nr_handles). A waiter lives on the
 * stack of the thread that waits; the system call that it waits in holds the file,
 * therefore the holder and the semaphore outlive every waiter.
 *
 *
 * 3. The lock
 * -----------
 * sem->lock is the only lock here, and a leaf: under it only references to tasks
 * and pids are taken and dropped. Tasks are woken and
 * pollers told after it is dropped, because on a virtual machine a task woken
 * under its waker's lock may preempt it and spin for a whole time slice. It is
 * never taken in interrupt context. What each field is guarded by is said where
 * the field is declared, in core.h.
 *
 *
 * 4. A waiter's life
 * ------------------
 *	IDLE ---- granted at once ------------------------------> GRANTED
 *	  |
 *	  +-> QUEUED -- its turn, by a releaser or by itself ---> GRANTED
 *	         +----- ksem_sem_leave() at the deadline -------> EXPIRED
 *	         +----- ksem_sem_leave() for a signal ----------> INTERRUPTED
 *	         +----- shutdown -------------------------------> SHUT
 *
 * All of it happens under the lock, and each way out removes the waiter from
 * the queue in the same hold: so exactly one happens, and a leaver that comes
 * too late finds GRANTED, which wins.
 *
 * A fair semaphore's waiter is granted in place by whoever makes room, and only
 * needs to see it. A non-fair semaphore's head is woken to try for itself
 * (woken = true, state unchanged), unless it is due: then it is granted in
 * place too, and also by newcomers that find it in their way.
 *
 * More than KSEM_BATCH grants are a sweep: KSEM_S_SERVING is set while the lock
 * is dropped in between. The thread that began it goes on up to the ticket that was
 * next then, so that it cannot be kept busy for ever by others. Meanwhile whoever
 * makes room or leaves serves one batch, and newcomers queue, but don't sleep: each
 * serves batches until its own turn has come. So a sweep neither depends on one
 * thread nor feeds itself. Why nobody is forgotten is argument (D).
 *
 *
 * 5. Ordering arguments
 * ---------------------
 * (A) The end of a wait, seen without the lock.
 *
 *	who ends it, lock held			the waiter
 *	w->token, w->recovered = ...
 *	get_task_struct(w->task)
 *	store_release(w->state)			load_acquire(w->state)
 *	...					returns: its stack frame is gone
 *	unlock; wake the task
 *
 *	The waiter sees all that was written before the state. The one who ends
 *	the wait reads nothing of the waiter after the store, and the task that it
 *	wakes is kept by the reference taken before. The wake-up may come when
 *	the thread has long returned: a stray one, which every sleeper in the
 *	kernel has to bear.
 *
 * (B) Sleeping and waking: the waiter sets its task state, then reads state and
 *	woken; the other side writes these, then calls wake_up_process(). Both
 *	have a full barrier in between (set_current_state(), try_to_wake_up()),
 *	so either the waiter sees the write or the waker sees the sleeper.
 *
 * (C) Polling: a poller first adds itself to the wait queue, then takes the
 *	lock, sets KSEM_S_POLLED and looks. A change made under the lock before
 *	that is seen by its look; one made after it finds KSEM_S_POLLED and, the
 *	lock being the order, the entry in the wait queue. So a plain
 *	waitqueue_active() is enough after the unlock. It also shows, under the
 *	lock, that all pollers have left: one who is not seen has the lock, and with
 *	it KSEM_S_POLLED, still before him. So the bit goes again.
 *
 * (D) Sweeping: while KSEM_S_SERVING is set, everybody in the queue either has a
 *	ticket below the sweep_end of a thread that will come back, or has woken set
 *	and will retry before it sleeps. It is so when the bit is set, since
 *	sweep_end is then the next ticket. Who queues afterwards is woken, and stays
 *	so until it retries with the bit clear. And the thread that set the bit comes
 *	back until the bit is clear or the head has reached its sweep_end. Whoever
 *	finds that the head doesn't fit clears the bit: then promise 5 holds as ever,
 *	and the next one to set it answers for all who are there.
 */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "core.h"
#include "debug.h"
#include "trace.h"

atomic64_t ksem_last_token;

void ksem_sem_init(struct ksem_sem *sem, const struct ksem_create *create)
{
	memset(sem, 0, sizeof(*sem));
	spin_lock_init(&sem->lock);
	sem->kind = create->flags;
	sem->state = sem->kind;
	sem->available = create->initial;
	sem->capacity = create->initial;
	sem->max = create->max;
	sem->handoff_ns = create->handoff_ns;
	sem->queue = RB_ROOT_CACHED;
	sem->next_ticket = 1;
	INIT_LIST_HEAD(&sem->holders);
	sem->by_opener = RB_ROOT;
	init_waitqueue_head(&sem->poll_wq);
	refcount_set(&sem->refs, 1);
	memcpy(sem->label, create->label, sizeof(sem->label));
}

/* Every hold of the lock that may have something to do afterwards begins here. */
static void ksem_sem_lock(struct ksem_sem *sem, struct ksem_wake *wake)
	__acquires(&sem->lock)
{
	wake->nr = 0;
	wake->events = 0;
	wake->more = false;
	wake->nr_pollers = 1;
	wake->now_ns = 0;
	spin_lock(&sem->lock);
	wake->before = sem->available;
}

static void ksem_sem_unlock(struct ksem_sem *sem)
	__releases(&sem->lock)
{
	spin_unlock(&sem->lock);
	ksem_debug_delay();
}

/*
 * Counts and accounts
 */

static bool ksem_holder_is_empty(const struct ksem_holder *holder)
{
	return !holder->held && !holder->pending;
}

/* The account gets its first permit. */
static void ksem_holder_begin_locked(struct ksem_sem *sem, struct ksem_holder *holder)
{
	lockdep_assert_held(&sem->lock);
	holder->since = get_jiffies_64();
	sem->nr_holders++;
}

/* Releasable permits come in: from 0 on, pollers of the handle hear of it. */
static void ksem_holder_hold_locked(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	lockdep_assert_held(&sem->lock);
	if (!holder->held && unlikely(holder->polled) && sem->state & KSEM_S_POLLED)
		WRITE_ONCE(holder->edge, true);
	holder->held += n;
}

/* Releasable permits go out; the caller has seen that there are enough. */
static void ksem_holder_drop_locked(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	lockdep_assert_held(&sem->lock);
	holder->held -= n;
	if (ksem_holder_is_empty(holder))
		sem->nr_holders--;
}

static noinline void ksem_holder_set_acquirer_locked(struct ksem_sem *sem,
						     struct ksem_holder *holder, struct pid *pid)
{
	lockdep_assert_held(&sem->lock);
	put_pid(holder->acquirer);
	holder->acquirer = get_pid(pid);
}

/* The reference moves only when the process changes: mostly it doesn't. */
static __always_inline void ksem_holder_note_acquirer_locked(struct ksem_sem *sem,
							     struct ksem_holder *holder,
							     struct task_struct *task)
{
	struct pid *pid = task_tgid(task);

	if (unlikely(holder->acquirer != pid))
		ksem_holder_set_acquirer_locked(sem, holder, pid);
}

/* Free permits move from the semaphore to the requester's account. */
static void ksem_sem_move_locked(struct ksem_sem *sem, struct ksem_waiter *w, u32 n)
{
	struct ksem_holder *holder = w->holder;

	lockdep_assert_held(&sem->lock);
	sem->available -= n;
	if (sem->state & KSEM_S_SIGNAL) {
		sem->capacity -= n;
		return;
	}
	if (ksem_holder_is_empty(holder))
		ksem_holder_begin_locked(sem, holder);
	if (w->defer)
		holder->pending += n;
	else
		ksem_holder_hold_locked(sem, holder, n);
	ksem_holder_note_acquirer_locked(sem, holder, w->task);
}

/* The instant of the grant. */
static void ksem_sem_grant_locked(struct ksem_sem *sem, struct ksem_waiter *w)
{
	lockdep_assert_held(&sem->lock);
	ksem_sem_move_locked(sem, w, w->n);
	sem->acquires++;
	if (w->want_token)
		w->token = atomic64_inc_return(&ksem_last_token);
	if (w->mute)
		return;
	w->recovered = sem->state & KSEM_S_RECOVERED;
	sem->state &= ~KSEM_S_RECOVERED;
}

/*
 * The queue
 */

static struct ksem_waiter *ksem_sem_head_locked(struct ksem_sem *sem)
{
	struct rb_node *node = rb_first_cached(&sem->queue);

	lockdep_assert_held(&sem->lock);
	return node ? rb_entry(node, struct ksem_waiter, node) : NULL;
}

static bool ksem_waiter_precedes(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ksem_waiter, node)->ticket <
	       rb_entry(b, struct ksem_waiter, node)->ticket;
}

static void ksem_sem_enqueue_locked(struct ksem_sem *sem, struct ksem_waiter *w)
{
	lockdep_assert_held(&sem->lock);
	if (!w->ticket) {
		w->ticket = sem->next_ticket++;
		w->since_ns = ktime_get_ns();
		sem->waits++;
	}
	w->state = KSEM_W_QUEUED;
	w->woken = sem->state & KSEM_S_SERVING;
	rb_add_cached(&w->node, &sem->queue, ksem_waiter_precedes);
	sem->state |= KSEM_S_QUEUED;
	sem->nr_waiters++;
	sem->demand += w->n;
	trace_ksem_wait(sem, w->n);
}

static void ksem_sem_dequeue_locked(struct ksem_sem *sem, struct ksem_waiter *w)
{
	lockdep_assert_held(&sem->lock);
	rb_erase_cached(&w->node, &sem->queue);
	sem->nr_waiters--;
	sem->demand -= w->n;
	if (!sem->nr_waiters)
		sem->state &= ~KSEM_S_QUEUED;
}

/* One clock reading serves a whole hold of the lock. */
static u64 ksem_wake_now(struct ksem_wake *wake)
{
	if (!wake->now_ns)
		wake->now_ns = ktime_get_ns();
	return wake->now_ns;
}

static void ksem_sem_account_wait_locked(struct ksem_sem *sem, struct ksem_waiter *w, u64 now_ns)
{
	u64 waited = now_ns > w->since_ns ? now_ns - w->since_ns : 0;

	lockdep_assert_held(&sem->lock);
	sem->wait_total_ns += waited;
	if (waited > sem->wait_max_ns)
		sem->wait_max_ns = waited;
}

/*
 * The task's reference is taken here, before the end of its wait is published:
 * argument (A).
 */
static void ksem_wake_add(struct ksem_wake *wake, struct ksem_waiter *w)
{
	wake->task[wake->nr++] = get_task_struct(w->task);
}

/* Has the head of a non-fair queue been passed for long enough? */
static bool ksem_sem_is_due_locked(struct ksem_sem *sem, struct ksem_waiter *head, u64 now_ns)
{
	lockdep_assert_held(&sem->lock);
	if (sem->handoff_ns == KSEM_HANDOFF_NEVER || now_ns < head->since_ns)
		return false;
	return now_ns - head->since_ns >= sem->handoff_ns;
}

/* Would a request for n, not queued, be granted now? ticket 0: a newcomer. */
static bool ksem_sem_admits_locked(struct ksem_sem *sem, u32 n, u64 ticket,
				   struct ksem_wake *wake)
{
	struct ksem_waiter *head;

	lockdep_assert_held(&sem->lock);
	if (sem->available < n || sem->state & KSEM_S_SERVING)
		return false;
	head = ksem_sem_head_locked(sem);
	if (!head || (ticket && ticket < head->ticket))
		return true;
	if (sem->state & KSEM_S_FAIR)
		return false;
	return !ksem_sem_is_due_locked(sem, head, ksem_wake_now(wake));
}

/* Publishes the end of a wait: afterwards the waiter may be gone. */
static void ksem_waiter_end(struct ksem_waiter *w, enum ksem_waiter_state state,
			    struct ksem_wake *wake)
{
	ksem_wake_add(wake, w);
	/* Argument (A), pairs with ksem_waiter_ended(). */
	smp_store_release(&w->state, state);
	ksem_debug_delay();
}

/*
 * The batch is full, and the head would fit. Whoever is the first to find that
 * sweeps on, up to the ticket that is the next one now; those who come later see
 * to themselves: argument (D).
 */
static void ksem_sem_pause_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	lockdep_assert_held(&sem->lock);
	if (sem->state & KSEM_S_SERVING)
		return;
	sem->state |= KSEM_S_SERVING;
	wake->sweep_end = sem->next_ticket;
	wake->more = true;
}

/*
 * Serves the head, and those behind it, as long as permits last: at most as many
 * as one batch has room for. On a non-fair semaphore a head that is not due is
 * woken to try for itself, and nobody is looked at behind it.
 */
static void ksem_sem_serve_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	struct ksem_waiter *w;

	lockdep_assert_held(&sem->lock);
	while ((w = ksem_sem_head_locked(sem))) {
		bool shut = sem->state & KSEM_S_SHUTDOWN;

		if (!shut && sem->available < w->n)
			break;
		if (wake->nr == KSEM_BATCH) {
			ksem_sem_pause_locked(sem, wake);
			return;
		}
		if (!shut && !(sem->state & KSEM_S_FAIR) &&
		    !ksem_sem_is_due_locked(sem, w, ksem_wake_now(wake))) {
			if (!w->woken) {
				ksem_wake_add(wake, w);
				WRITE_ONCE(w->woken, true);
			}
			break;
		}
		ksem_sem_dequeue_locked(sem, w);
		ksem_sem_account_wait_locked(sem, w, ksem_wake_now(wake));
		if (!shut) {
			ksem_sem_grant_locked(sem, w);
			trace_ksem_grant(sem, w->task, w->n);
		}
		ksem_waiter_end(w, shut ? KSEM_W_SHUT : KSEM_W_GRANTED, wake);
	}
	sem->state &= ~KSEM_S_SERVING;
}

/* What a try of 1, and on a signal semaphore a post of 1, would meet now. */
static u32 ksem_sem_look_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	u32 ready = 0;

	lockdep_assert_held(&sem->lock);
	if (sem->state & KSEM_S_SHUTDOWN || ksem_sem_admits_locked(sem, 1, 0, wake))
		ready |= KSEM_S_READABLE;
	if (sem->state & KSEM_S_SIGNAL && sem->available < sem->max)
		ready |= KSEM_S_WRITABLE;
	return ready;
}

/* One event, for as many exclusive pollers as can do something about it. */
static void ksem_wake_add_event(struct ksem_wake *wake, unsigned int event, s64 nr)
{
	wake->events |= event;
	wake->nr_pollers = max_t(s64, wake->nr_pollers, min_t(s64, nr, INT_MAX));
}

/*
 * Finds what pollers want to know: the moments at which a try, or a post, would
 * succeed again, and those at which there is more of it: of two that poll
 * exclusively, and of which the first was woken for the first permit, the second
 * is woken for the second one. Free of cost until somebody polls, and when the last
 * poller has left.
 */
static void ksem_sem_note_edges_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	u32 ready, risen;
	s64 grown;

	lockdep_assert_held(&sem->lock);
	if (likely(!(sem->state & KSEM_S_POLLED)))
		return;
	/* Argument (C): the last poller has left. */
	if (!waitqueue_active(&sem->poll_wq)) {
		sem->state &= ~(KSEM_S_POLLED | KSEM_S_READABLE | KSEM_S_WRITABLE);
		return;
	}
	ready = ksem_sem_look_locked(sem, wake);
	risen = ready & ~sem->state;
	grown = sem->available - wake->before;
	if (risen & KSEM_S_READABLE)
		ksem_wake_add_event(wake, KSEM_EV_IN, sem->available);
	else if (ready & KSEM_S_READABLE && grown > 0)
		ksem_wake_add_event(wake, KSEM_EV_IN, grown);
	if (risen & KSEM_S_WRITABLE)
		ksem_wake_add_event(wake, KSEM_EV_OUT, sem->max - sem->available);
	else if (ready & KSEM_S_WRITABLE && grown < 0)
		ksem_wake_add_event(wake, KSEM_EV_OUT, -grown);
	sem->state = (sem->state & ~(KSEM_S_READABLE | KSEM_S_WRITABLE)) | ready;
}

/* Those whose turn it is are served, and pollers hear of what is left. */
static void ksem_sem_settle_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	lockdep_assert_held(&sem->lock);
	if (sem->state & (KSEM_S_QUEUED | KSEM_S_SERVING))
		ksem_sem_serve_locked(sem, wake);
	ksem_sem_note_edges_locked(sem, wake);
}

/*
 * The same for one who has asked for permits. A head that is due may have been woken
 * by a thread that hasn't come to it yet: it gets its permits from whoever finds it
 * in the way. Pollers that have seen a try fail hear of what that leaves, so the
 * failure comes first. While a sweep is on, those who queue take part by retrying.
 */
static void ksem_sem_settle_request_locked(struct ksem_sem *sem, struct ksem_wake *wake)
{
	lockdep_assert_held(&sem->lock);
	ksem_sem_note_edges_locked(sem, wake);
	if (!(sem->state & KSEM_S_SERVING))
		ksem_sem_settle_locked(sem, wake);
}

/* The end of every hold of the lock that may have made room for somebody. */
static void ksem_sem_settle_unlock(struct ksem_sem *sem, struct ksem_wake *wake)
	__releases(&sem->lock)
{
	ksem_sem_settle_locked(sem, wake);
	ksem_sem_unlock(sem);
}

/**
 * ksem_sem_serve - the next batch of a sweep that this thread began
 * @sem: the semaphore.
 * @wake: that of the last batch, with more; filled anew.
 *
 * Others may have finished the sweep meanwhile.
 */
void ksem_sem_serve(struct ksem_sem *sem, struct ksem_wake *wake)
{
	ksem_sem_lock(sem, wake);
	if (sem->state & KSEM_S_SERVING)
		ksem_sem_serve_locked(sem, wake);
	if (sem->state & KSEM_S_SERVING)
		wake->more = ksem_sem_head_locked(sem)->ticket < wake->sweep_end;
	ksem_sem_note_edges_locked(sem, wake);
	ksem_sem_unlock(sem);
}

/*
 * Acquire
 */

/* All but an ordinary grant; on a signal semaphore there are counts, but no accounts. */
static noinline int ksem_sem_acquire_odd_locked(struct ksem_sem *sem, u32 n, u32 slow)
{
	lockdep_assert_held(&sem->lock);
	if (sem->state & slow)
		return 1;
	if (sem->available < n)
		return -EAGAIN;
	sem->available -= n;
	sem->capacity -= n;
	sem->acquires++;
	trace_ksem_acquire(sem, n);
	return 0;
}

/* The three fast ways; inline, so that each has only its own. */
static __always_inline int ksem_sem_do_acquire_fast(struct ksem_sem *sem,
						    struct ksem_holder *holder, u32 n,
						    u32 slow, bool defer, u64 *token)
{
	spin_lock(&sem->lock);
	if (unlikely(sem->state & (slow | KSEM_S_SIGNAL) || sem->available < n)) {
		int ret = -EAGAIN;

		if (sem->state & (slow | KSEM_S_SIGNAL))
			ret = ksem_sem_acquire_odd_locked(sem, n, slow);
		if (!ret && token)
			*token = atomic64_inc_return(&ksem_last_token);
		ksem_sem_unlock(sem);
		return ret;
	}
	sem->available -= n;
	sem->acquires++;
	if (ksem_holder_is_empty(holder))
		ksem_holder_begin_locked(sem, holder);
	if (defer)
		holder->pending += n;
	else
		holder->held += n;
	if (token)
		*token = atomic64_inc_return(&ksem_last_token);
	ksem_holder_note_acquirer_locked(sem, holder, current);
	trace_ksem_acquire(sem, n);
	ksem_sem_unlock(sem);
	return 0;
}

/**
 * ksem_sem_acquire_fast - acquire where nothing is special
 * @sem: the semaphore.
 * @holder: whose account; a holder of @sem.
 * @n: permits, 1 to max.
 *
 * The calling task is the acquirer.
 *
 * Return: 0 if granted. -EAGAIN if too few are free: a try fails with it. 1 where
 * the request has to go through ksem_sem_request(). Unless granted, nothing has
 * changed.
 */
int ksem_sem_acquire_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	return ksem_sem_do_acquire_fast(sem, holder, n, KSEM_S_SLOW, false, NULL);
}

/**
 * ksem_sem_acquire_pending_fast - the same, for one who cannot be told of RECOVERED
 * @sem: the semaphore.
 * @holder: whose account; a holder of @sem.
 * @n: permits, 1 to max.
 *
 * What is granted is pending until ksem_sem_deliver().
 *
 * Return: as ksem_sem_acquire_fast().
 */
int ksem_sem_acquire_pending_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	return ksem_sem_do_acquire_fast(sem, holder, n, KSEM_S_SLOW_MUTE, true, NULL);
}

/**
 * ksem_sem_acquire_token_fast - the same, with a token
 * @sem: the semaphore.
 * @holder: whose account; a holder of @sem.
 * @n: permits, 1 to max.
 * @token: (out) the token, if granted.
 *
 * What is granted is pending until ksem_sem_deliver().
 *
 * Return: as ksem_sem_acquire_fast().
 */
int ksem_sem_acquire_token_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n,
				u64 *token)
{
	return ksem_sem_do_acquire_fast(sem, holder, n, KSEM_S_SLOW, true, token);
}

/**
 * ksem_sem_request - acquire by the rules
 * @sem: the semaphore.
 * @w: the request: holder, task, n (1 to max), ticket and since_ns of a restarted
 *	one or 0, want_token, barge, defer.
 * @patience: what to do if it cannot be granted now.
 * @wake: filled.
 *
 * A request that is queued while a sweep is on has @w->woken set: its thread takes
 * part, with ksem_sem_retry(), and does not sleep as long as that leaves it set.
 *
 * Return: 0 if granted, -EINPROGRESS if queued: then @w belongs to the semaphore
 * until ksem_waiter_ended(). -ESHUTDOWN, -EAGAIN, -ETIMEDOUT: nothing changed.
 */
int ksem_sem_request(struct ksem_sem *sem, struct ksem_waiter *w,
		     enum ksem_patience patience, struct ksem_wake *wake)
{
	int ret = 0;

	ksem_sem_lock(sem, wake);
	if (sem->state & KSEM_S_SHUTDOWN) {
		ret = -ESHUTDOWN;
	} else if ((w->barge && sem->available >= w->n) ||
		   ksem_sem_admits_locked(sem, w->n, w->ticket, wake)) {
		ksem_sem_grant_locked(sem, w);
		trace_ksem_acquire(sem, w->n);
		w->state = KSEM_W_GRANTED;
	} else if (patience == KSEM_QUEUE) {
		ksem_sem_enqueue_locked(sem, w);
		ret = -EINPROGRESS;
	} else if (patience == KSEM_TRY_EXPIRED) {
		sem->timeouts++;
		trace_ksem_timeout(sem, w->n);
		ret = -ETIMEDOUT;
	} else {
		ret = -EAGAIN;
	}
	/* A restarted request has waited before, and ends here. */
	if (w->ticket && ret != -EINPROGRESS)
		ksem_sem_account_wait_locked(sem, w, ksem_wake_now(wake));
	ksem_sem_settle_request_locked(sem, wake);
	ksem_sem_unlock(sem);
	return ret;
}

/**
 * ksem_sem_drain - take all that a try could take
 * @sem: the semaphore.
 * @w: as for ksem_sem_request(), but that n is the most to take, at least 1; filled
 *	in with what was taken, 0 if there was nothing.
 * @wake: filled.
 *
 * Return: 0 or -ESHUTDOWN.
 */
int ksem_sem_drain(struct ksem_sem *sem, struct ksem_waiter *w, struct ksem_wake *wake)
{
	u32 most = w->n;
	int ret = 0;

	w->n = 0;
	ksem_sem_lock(sem, wake);
	if (sem->state & KSEM_S_SHUTDOWN) {
		ret = -ESHUTDOWN;
	} else if (ksem_sem_admits_locked(sem, 1, 0, wake)) {
		w->n = min_t(s64, sem->available, most);
		ksem_sem_grant_locked(sem, w);
		trace_ksem_acquire(sem, w->n);
		w->state = KSEM_W_GRANTED;
	}
	ksem_sem_settle_request_locked(sem, wake);
	ksem_sem_unlock(sem);
	return ret;
}

/**
 * ksem_sem_take_more - add to a grant what a try could take
 * @sem: the semaphore.
 * @w: granted, with defer; n grows by what was taken.
 * @most: permits to take at the most.
 * @wake: filled.
 *
 * It stays one grant.
 */
void ksem_sem_take_more(struct ksem_sem *sem, struct ksem_waiter *w, u32 most,
			struct ksem_wake *wake)
{
	ksem_sem_lock(sem, wake);
	if (most && !(sem->state & KSEM_S_SHUTDOWN) && ksem_sem_admits_locked(sem, 1, 0, wake)) {
		u32 n = min_t(s64, sem->available, most);

		ksem_sem_move_locked(sem, w, n);
		w->n += n;
		trace_ksem_acquire(sem, n);
	}
	ksem_sem_settle_request_locked(sem, wake);
	ksem_sem_unlock(sem);
}

/**
 * ksem_sem_retry - a woken waiter tries for itself
 * @sem: the semaphore.
 * @w: a waiter of the calling thread that was queued.
 * @wake: filled.
 *
 * While a sweep is on it serves a batch, and stays woken if its turn has not come.
 *
 * Return: true if the wait has ended, by this or by another.
 */
bool ksem_sem_retry(struct ksem_sem *sem, struct ksem_waiter *w, struct ksem_wake *wake)
{
	ksem_sem_lock(sem, wake);
	WRITE_ONCE(w->woken, false);
	if (w->state == KSEM_W_QUEUED && !(sem->state & (KSEM_S_SERVING | KSEM_S_SHUTDOWN)) &&
	    sem->available >= w->n && ksem_sem_head_locked(sem) == w) {
		ksem_sem_dequeue_locked(sem, w);
		ksem_sem_account_wait_locked(sem, w, ksem_wake_now(wake));
		ksem_sem_grant_locked(sem, w);
		trace_ksem_grant(sem, w->task, w->n);
		w->state = KSEM_W_GRANTED;
	}
	ksem_sem_settle_locked(sem, wake);
	if (w->state == KSEM_W_QUEUED && sem->state & KSEM_S_SERVING)
		WRITE_ONCE(w->woken, true);
	ksem_sem_unlock(sem);
	return ksem_waiter_ended(w);
}

/**
 * ksem_sem_leave - give up waiting
 * @sem: the semaphore.
 * @w: a waiter of the calling thread that was queued.
 * @why: KSEM_W_EXPIRED or KSEM_W_INTERRUPTED.
 * @wake: filled: those behind may fit now.
 *
 * @w->state says how the wait has ended: a grant or a shutdown that came first
 * wins.
 */
void ksem_sem_leave(struct ksem_sem *sem, struct ksem_waiter *w,
		    enum ksem_waiter_state why, struct ksem_wake *wake)
{
	ksem_sem_lock(sem, wake);
	if (w->state == KSEM_W_QUEUED) {
		ksem_sem_dequeue_locked(sem, w);
		w->state = why;
		if (why == KSEM_W_EXPIRED) {
			ksem_sem_account_wait_locked(sem, w, ksem_wake_now(wake));
			sem->timeouts++;
			trace_ksem_timeout(sem, w->n);
		} else {
			sem->interrupts++;
		}
	}
	ksem_sem_settle_unlock(sem, wake);
}

/**
 * ksem_sem_deliver - the result of a deferred grant is out
 * @sem: the semaphore.
 * @holder: whose account.
 * @n: permits that were granted with defer.
 */
void ksem_sem_deliver(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	spin_lock(&sem->lock);
	if (!(sem->state & KSEM_S_SIGNAL)) {
		holder->pending -= n;
		ksem_holder_hold_locked(sem, holder, n);
	}
	ksem_sem_unlock(sem);
}

/**
 * ksem_sem_give_back - undo a grant that nobody will learn of, or a part of it
 * @sem: the semaphore.
 * @w: granted.
 * @n: how much of it, 1 to its n: with all of it there was no grant.
 * @wake: filled.
 *
 * Where the grant was not deferred, whoever shares the handle may have released
 * some of it already: what is still held goes back.
 */
void ksem_sem_give_back(struct ksem_sem *sem, struct ksem_waiter *w, u32 n,
			struct ksem_wake *wake)
{
	struct ksem_holder *holder = w->holder;

	ksem_sem_lock(sem, wake);
	if (n == w->n) {
		sem->acquires--;
		if (w->recovered)
			sem->state |= KSEM_S_RECOVERED;
	}
	if (sem->state & KSEM_S_SIGNAL) {
		sem->capacity += n;
	} else if (w->defer) {
		holder->pending -= n;
		if (ksem_holder_is_empty(holder))
			sem->nr_holders--;
	} else {
		n = min(n, holder->held);
		if (n)
			ksem_holder_drop_locked(sem, holder, n);
	}
	sem->available += n;
	ksem_sem_settle_unlock(sem, wake);
}

/*
 * Release, and what else changes the counts
 */

/**
 * ksem_sem_alive - has the semaphore been shut down?
 * @sem: the semaphore.
 *
 * Return: 0 or -ESHUTDOWN.
 */
int ksem_sem_alive(struct ksem_sem *sem)
{
	return ksem_sem_has(sem, KSEM_S_SHUTDOWN) ? -ESHUTDOWN : 0;
}

/* New permits: capacity and available grow together, up to max. */
static int ksem_sem_add_locked(struct ksem_sem *sem, u32 n)
{
	lockdep_assert_held(&sem->lock);
	if (sem->state & KSEM_S_SHUTDOWN)
		return -ESHUTDOWN;
	if (sem->capacity + n > sem->max)
		return -EOVERFLOW;
	sem->capacity += n;
	sem->available += n;
	return 0;
}

/* On a signal semaphore a release is a post. */
static noinline bool ksem_sem_release_odd_locked(struct ksem_sem *sem, u32 n)
{
	lockdep_assert_held(&sem->lock);
	if ((sem->state & (KSEM_S_SLOW_MUTE | KSEM_S_SIGNAL)) != KSEM_S_SIGNAL ||
	    ksem_sem_add_locked(sem, n))
		return false;
	sem->releases++;
	trace_ksem_release(sem, n);
	return true;
}

/**
 * ksem_sem_release_fast - release where nothing is special
 * @sem: the semaphore.
 * @holder: whose account.
 * @n: permits.
 *
 * Return: true if released; false, and nothing has changed, where it has to go
 * through ksem_sem_release().
 */
bool ksem_sem_release_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	spin_lock(&sem->lock);
	if (unlikely(sem->state & (KSEM_S_SLOW_MUTE | KSEM_S_SIGNAL) || holder->held < n)) {
		bool released = ksem_sem_release_odd_locked(sem, n);

		ksem_sem_unlock(sem);
		return released;
	}
	ksem_holder_drop_locked(sem, holder, n);
	sem->available += n;
	sem->releases++;
	trace_ksem_release(sem, n);
	ksem_sem_unlock(sem);
	return true;
}

/**
 * ksem_sem_release - give permits back, or on a signal semaphore make them
 * @sem: the semaphore.
 * @holder: whose account.
 * @n: permits, at least 1.
 * @wake: filled.
 *
 * Return: 0, -EPERM, or on a signal semaphore -ESHUTDOWN, -EOVERFLOW.
 */
int ksem_sem_release(struct ksem_sem *sem, struct ksem_holder *holder, u32 n,
		     struct ksem_wake *wake)
{
	int ret = 0;

	ksem_sem_lock(sem, wake);
	if (sem->state & KSEM_S_SIGNAL) {
		ret = ksem_sem_add_locked(sem, n);
	} else if (holder->held < n) {
		ret = -EPERM;
	} else {
		ksem_holder_drop_locked(sem, holder, n);
		sem->available += n;
	}
	if (!ret) {
		sem->releases++;
		trace_ksem_release(sem, n);
	}
	ksem_sem_settle_unlock(sem, wake);
	return ret;
}

/**
 * ksem_sem_post - add permits that nobody held
 * @sem: the semaphore.
 * @n: permits.
 * @wake: filled.
 *
 * Return: 0, -ESHUTDOWN or -EOVERFLOW.
 */
int ksem_sem_post(struct ksem_sem *sem, u32 n, struct ksem_wake *wake)
{
	int ret;

	ksem_sem_lock(sem, wake);
	ret = ksem_sem_add_locked(sem, n);
	ksem_sem_settle_unlock(sem, wake);
	return ret;
}

/**
 * ksem_sem_reduce - take permits out, now or as they return
 * @sem: the semaphore.
 * @n: permits.
 * @wake: filled.
 *
 * Return: 0, or -EINVAL beyond the capacity.
 */
int ksem_sem_reduce(struct ksem_sem *sem, u32 n, struct ksem_wake *wake)
{
	int ret = 0;

	ksem_sem_lock(sem, wake);
	if (n > sem->capacity) {
		ret = -EINVAL;
	} else {
		sem->capacity -= n;
		sem->available -= n;
	}
	ksem_sem_settle_unlock(sem, wake);
	return ret;
}

/**
 * ksem_sem_resize - set the capacity
 * @sem: the semaphore.
 * @capacity: the new one.
 * @wake: filled.
 *
 * Return: 0, -ESHUTDOWN, or -EOVERFLOW beyond max.
 */
int ksem_sem_resize(struct ksem_sem *sem, u32 capacity, struct ksem_wake *wake)
{
	int ret = 0;

	ksem_sem_lock(sem, wake);
	if (sem->state & KSEM_S_SHUTDOWN) {
		ret = -ESHUTDOWN;
	} else if (capacity > sem->max) {
		ret = -EOVERFLOW;
	} else {
		sem->available += (s64)capacity - sem->capacity;
		sem->capacity = capacity;
	}
	ksem_sem_settle_unlock(sem, wake);
	return ret;
}

/**
 * ksem_sem_forget - a holder gives up permits for good
 * @sem: a permit semaphore.
 * @holder: whose account.
 * @n: permits.
 *
 * In a deficit reduce or resize has taken some of them out of the capacity
 * before: these fill the deficit, and the capacity stays at 0.
 *
 * Return: 0 or -EPERM.
 */
int ksem_sem_forget(struct ksem_sem *sem, struct ksem_holder *holder, u32 n)
{
	int ret = 0;

	spin_lock(&sem->lock);
	if (holder->held < n) {
		ret = -EPERM;
	} else if (n) {
		s64 lost = min_t(s64, n, sem->capacity);

		ksem_holder_drop_locked(sem, holder, n);
		sem->capacity -= lost;
		sem->available += n - lost;
	}
	ksem_sem_unlock(sem);
	return ret;
}

/**
 * ksem_sem_transfer - move permits from one account to another
 * @sem: a permit semaphore.
 * @from: one of its holders.
 * @to: another, or the same.
 * @n: permits.
 *
 * Return: 0 or -EPERM.
 */
int ksem_sem_transfer(struct ksem_sem *sem, struct ksem_holder *from,
		      struct ksem_holder *to, u32 n)
{
	int ret = 0;

	spin_lock(&sem->lock);
	if (from->held < n) {
		ret = -EPERM;
	} else if (n && from != to) {
		ksem_holder_drop_locked(sem, from, n);
		if (ksem_holder_is_empty(to))
			ksem_holder_begin_locked(sem, to);
		ksem_holder_hold_locked(sem, to, n);
	}
	ksem_sem_unlock(sem);
	return ret;
}

/**
 * ksem_sem_shutdown - end all waits, now and for ever
 * @sem: the semaphore.
 * @wake: filled.
 */
void ksem_sem_shutdown(struct ksem_sem *sem, struct ksem_wake *wake)
{
	ksem_sem_lock(sem, wake);
	if (!(sem->state & KSEM_S_SHUTDOWN)) {
		sem->state |= KSEM_S_SHUTDOWN;
		sem->state &= ~KSEM_S_READABLE;
		wake->events |= KSEM_EV_HUP;
		trace_ksem_shutdown(sem);
	}
	ksem_sem_settle_unlock(sem, wake);
}

/**
 * ksem_sem_poll - what would not fail now
 * @sem: the semaphore.
 * @holder: the handle's account.
 *
 * The caller has added itself to the wait queues: argument (C).
 *
 * Return: KSEM_EV_*.
 */
unsigned int ksem_sem_poll(struct ksem_sem *sem, struct ksem_holder *holder)
{
	struct ksem_wake wake;
	unsigned int events = 0;

	ksem_sem_lock(sem, &wake);
	sem->state |= KSEM_S_POLLED;
	holder->polled = true;
	/*
	 * From here on counts what this look has seen: a head may have become
	 * due since the last one, a change that only time makes.
	 */
	sem->state &= ~(KSEM_S_READABLE | KSEM_S_WRITABLE);
	sem->state |= ksem_sem_look_locked(sem, &wake);
	if (sem->state & KSEM_S_READABLE)
		events |= KSEM_EV_IN;
	if (sem->state & KSEM_S_SIGNAL ? sem->state & KSEM_S_WRITABLE : holder->held)
		events |= KSEM_EV_OUT;
	if (sem->state & KSEM_S_SHUTDOWN)
		events |= KSEM_EV_HUP;
	ksem_sem_unlock(sem);
	return events;
}

/*
 * Holders come and go
 */

/**
 * ksem_holder_init - an empty account
 * @holder: the account.
 * @opener: the process that opened the handle; takes over the reference.
 */
void ksem_holder_init(struct ksem_holder *holder, struct pid *opener)
{
	*holder = (struct ksem_holder) { .opener = opener };
	init_waitqueue_head(&holder->poll_wq);
}

/*
 * Structures of processes are compared: a holder keeps its own from being used
 * again for another.
 */
static int ksem_holder_cmp(struct rb_node *node, const struct rb_node *other)
{
	const struct pid *a = rb_entry(node, struct ksem_holder, by_opener)->opener;
	const struct pid *b = rb_entry(other, struct ksem_holder, by_opener)->opener;

	return a < b ? -1 : a > b;
}

/* The account that the opener's handles share: this one, if it is the first. */
static struct ksem_holder *ksem_sem_find_holder_locked(struct ksem_sem *sem,
						       struct ksem_holder *holder)
{
	struct rb_node *found;

	lockdep_assert_held(&sem->lock);
	if (!(sem->state & KSEM_S_PER_PROCESS))
		return holder;
	found = rb_find_add(&holder->by_opener, &sem->by_opener, ksem_holder_cmp);
	return found ? rb_entry(found, struct ksem_holder, by_opener) : holder;
}

/**
 * ksem_sem_attach - one more handle
 * @sem: the semaphore; the caller has a reference for the handle.
 * @holder: an account for it, as new; replaced by another where the semaphore has
 *	one for the handles of that opener.
 *
 * Return: 0, -ENOENT from a temporary semaphore that is spent, shut down or not: another
 * may take its name; or -ESHUTDOWN.
 */
int ksem_sem_attach(struct ksem_sem *sem, struct ksem_holder **holder)
{
	int ret = 0;

	spin_lock(&sem->lock);
	if (sem->state & KSEM_S_SPENT) {
		ret = -ENOENT;
	} else if (sem->state & KSEM_S_SHUTDOWN) {
		ret = -ESHUTDOWN;
	} else {
		*holder = ksem_sem_find_holder_locked(sem, *holder);
		if (!(*holder)->nr_handles++)
			list_add_tail(&(*holder)->node, &sem->holders);
		sem->nr_handles++;
	}
	ksem_sem_unlock(sem);
	return ret;
}

/**
 * ksem_sem_detach - a handle goes; with the last one of a holder its permits return
 * @sem: the semaphore.
 * @holder: the handle's account.
 * @wake: filled.
 *
 * Return: true if that was the account's last handle: nobody can reach it any more.
 */
bool ksem_sem_detach(struct ksem_sem *sem, struct ksem_holder *holder,
		     struct ksem_wake *wake)
{
	bool last;
	u32 n;

	ksem_sem_lock(sem, wake);
	if (!--sem->nr_handles && sem->state & KSEM_S_TEMPORARY)
		sem->state |= KSEM_S_SPENT;
	last = !--holder->nr_handles;
	n = last ? holder->held : 0;
	if (last) {
		list_del(&holder->node);
		if (sem->state & KSEM_S_PER_PROCESS)
			rb_erase(&holder->by_opener, &sem->by_opener);
	}
	if (n) {
		ksem_holder_drop_locked(sem, holder, n);
		sem->available += n;
		sem->reclaimed += n;
		sem->state |= KSEM_S_RECOVERED;
		trace_ksem_reclaim(sem, n);
	}
	ksem_sem_settle_unlock(sem, wake);
	return last;
}
