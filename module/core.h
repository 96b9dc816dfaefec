/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: the semaphore as a state machine
 *
 * core.c and this header know nothing of files, user memory, allocation or
 * sleeping, so that they also build in user space, where the same code runs
 * under sanitizers and against a model. The chapters at the top of core.c say
 * what is promised, who may touch what, and why.
 */
#ifndef KSEM_CORE_H
#define KSEM_CORE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <linux/ksem.h>

struct ksemfs_node;
struct pid;
struct task_struct;

/* How many waiters are served before the lock is dropped for a moment. */
#define KSEM_BATCH		32

/*
 * ksem_sem.state. The first six are the ABI's own bits.
 *
 * KSEM_S_SERVING	a sweep is unfinished: newcomers queue, and whoever comes
 *			serves a batch
 * KSEM_S_QUEUED	the queue is not empty
 * KSEM_S_POLLED	somebody polls a handle, or did: edges have to be found
 * KSEM_S_READABLE	what the last look for an edge, or the last poll, saw: a
 *			try of 1 would succeed
 * KSEM_S_WRITABLE	the same for a post of 1 on a signal semaphore
 * KSEM_S_SPENT		temporary: the last handle has gone, and no other may come
 */
#define KSEM_S_FAIR		KSEM_CREATE_FAIR
#define KSEM_S_SIGNAL		KSEM_CREATE_SIGNAL
#define KSEM_S_PER_PROCESS	KSEM_CREATE_PER_PROCESS
#define KSEM_S_TEMPORARY	KSEM_CREATE_TEMPORARY
#define KSEM_S_SHUTDOWN		KSEM_INFO_SHUTDOWN
#define KSEM_S_RECOVERED	KSEM_INFO_RECOVERED
#define KSEM_S_SERVING		BIT(24)
#define KSEM_S_QUEUED		BIT(25)
#define KSEM_S_POLLED		BIT(26)
#define KSEM_S_READABLE		BIT(27)
#define KSEM_S_WRITABLE		BIT(28)
#define KSEM_S_SPENT		BIT(29)

/* What an info may show of the state. */
#define KSEM_S_PUBLIC		(KSEM_S_FAIR | KSEM_S_SIGNAL | \
				 KSEM_S_PER_PROCESS | KSEM_S_TEMPORARY | \
				 KSEM_S_SHUTDOWN | KSEM_S_RECOVERED)

/*
 * With any of these, acquire and release have more to do than to count. RECOVERED is
 * news for grants that can tell it: to a release, and to a read(2), it is nothing.
 */
#define KSEM_S_SLOW_MUTE	(KSEM_S_SHUTDOWN | KSEM_S_SERVING | \
				 KSEM_S_QUEUED | KSEM_S_POLLED)
#define KSEM_S_SLOW		(KSEM_S_SLOW_MUTE | KSEM_S_RECOVERED)

/**
 * struct ksem_sem - a semaphore
 *
 * Guarded by @lock unless marked: (c) constant after ksem_sem_init(), (a)
 * atomic, (i) has its own lock.
 *
 * @lock: guards the counts, the queue and every holder's account.
 * @state: KSEM_S_*.
 * @available: free permits; negative in a deficit. 64 bits wide because on a
 *	signal semaphore a grant that a killed waiter gives back may put it
 *	above @max for a while.
 * @capacity: available + what all holders have; signal: equal to available.
 * @max: (c) what post and resize may not pass.
 * @nr_waiters: length of the queue.
 * @queue: waiters by ticket, the head cached.
 * @acquires: grants, those given back not counted.
 * @releases: releases of at least one permit.
 * @holders: the holders of all bound handles, in the order of their first.
 * @nr_handles: bound handles.
 * @nr_holders: how many of them have permits.
 * @next_ticket: the next arrival's place in the queue.
 * @demand: permits wanted by the queue.
 * @handoff_ns: (c) non-fair: how long newcomers may pass the head.
 * @waits: requests that were queued.
 * @timeouts: requests that ended with ETIMEDOUT.
 * @interrupts: waits that ended with a signal.
 * @reclaimed: permits that came back with a closing handle.
 * @wait_total_ns: waiting time of requests that ended, but not by a signal.
 * @wait_max_ns: the longest of them.
 * @poll_wq: (i) pollers of what all handles share.
 * @by_opener: per-process: the holders by the process that opened their handles.
 * @refs: (a) bound handles, and the node that names it.
 * @node: its name's node, or NULL; guarded by ksemfs_lock.
 * @kind: (c) what of @state never changes, for who looks without the lock.
 * @id: (c) number for people.
 * @label: (c) name for people.
 */
struct ksem_sem {
	spinlock_t lock;	/* a leaf, never taken in interrupts */
	u32 state;
	s64 available;
	s64 capacity;
	u32 max;
	u32 nr_waiters;
	u64 acquires;
	u64 releases;
	u32 nr_holders;
	u32 nr_handles;
	struct rb_root_cached queue;

	struct list_head holders;
	u64 next_ticket;
	u64 demand;
	u64 handoff_ns;
	u64 waits;
	u64 timeouts;
	u64 interrupts;
	u64 reclaimed;
	u64 wait_total_ns;
	u64 wait_max_ns;
	wait_queue_head_t poll_wq;
	struct rb_root by_opener;
	struct ksemfs_node *node;
	refcount_t refs;
	u8 label[KSEM_LABEL_SIZE];
	u32 kind;
	u64 id;
};

/**
 * struct ksem_holder - an account of permits
 *
 * Guarded by the semaphore's lock unless marked (c), (a), (i) as above.
 *
 * @node: in the semaphore's list of holders.
 * @by_opener: per-process: in the semaphore's tree of holders.
 * @nr_handles: handles whose account it is.
 * @held: permits that can be released.
 * @pending: permits granted to requests whose result is not out yet. They
 *	count as held, but a sibling thread cannot release them.
 * @since: jiffies when held + pending last became more than 0.
 * @opener: (c) the process that opened the handles, referenced.
 * @acquirer: the last process that acquired, referenced, or NULL.
 * @polled: somebody has polled a handle: edges of EPOLLOUT matter.
 * @edge: (a) held became more than 0, and the pollers have not been told.
 *	Whoever leaves with a grant of this holder tells them.
 * @poll_wq: (i) pollers of the account.
 */
struct ksem_holder {
	struct list_head node;
	u32 held;
	u32 pending;
	u64 since;
	struct pid *opener;
	struct pid *acquirer;
	u32 nr_handles;
	bool polled;
	bool edge;
	struct rb_node by_opener;
	wait_queue_head_t poll_wq;
};

/*
 * A waiter's way: IDLE (not queued) -> QUEUED -> one of the others, changed
 * under the lock only, and once.
 */
enum ksem_waiter_state {
	KSEM_W_IDLE,
	KSEM_W_QUEUED,
	KSEM_W_GRANTED,
	KSEM_W_EXPIRED,
	KSEM_W_INTERRUPTED,
	KSEM_W_SHUT,
};

/**
 * struct ksem_waiter - one request, on the stack of the thread that makes it
 *
 * Set by the requester before the request, then guarded by the semaphore's
 * lock until @state says that it has ended; from then on it is the requester's
 * again, and nobody else may look at it.
 *
 * @node: in the queue.
 * @holder: whose account it is for.
 * @task: whom to wake.
 * @ticket: place in the queue; 0 for a request that never was in it.
 * @since_ns: when it first arrived, CLOCK_MONOTONIC; set with the ticket.
 * @token: (out) the fencing token, if asked for.
 * @n: permits.
 * @state: enum ksem_waiter_state.
 * @want_token: draw a token at the grant.
 * @barge: pass the queue.
 * @defer: leave the permits pending until ksem_sem_deliver().
 * @woken: the thread tries again before it sleeps: a wake-up is on its way to the
 *	head of a non-fair queue, or a sweep is on, and the thread takes part.
 * @mute: the requester can't be told of RECOVERED: the bit is left for others.
 * @recovered: (out) the grant consumed the semaphore's RECOVERED bit.
 */
struct ksem_waiter {
	struct rb_node node;
	struct ksem_holder *holder;
	struct task_struct *task;
	u64 ticket;
	u64 since_ns;
	u64 token;
	u32 n;
	u8 state;
	bool want_token;
	bool barge;
	bool defer;
	bool woken;
	bool mute;
	bool recovered;
};

/* What a request that cannot be granted now does. */
enum ksem_patience {
	KSEM_TRY,		/* fails with EAGAIN */
	KSEM_TRY_EXPIRED,	/* fails with ETIMEDOUT: its deadline is past */
	KSEM_QUEUE,		/* is queued: -EINPROGRESS */
};

/* ksem_wake.events */
#define KSEM_EV_IN	BIT(0)
#define KSEM_EV_OUT	BIT(1)
#define KSEM_EV_HUP	BIT(2)

/**
 * struct ksem_wake - what has to be done once the lock is dropped
 * @nr: tasks to wake, each with a reference.
 * @events: KSEM_EV_* that pollers of the semaphore want to know.
 * @nr_pollers: how many of those that poll exclusively it is for, of the kind of event
 *	that has most.
 * @more: this thread's sweep is unfinished, ksem_sem_serve() goes on with it.
 * @sweep_end: with @more: the first ticket that the sweep leaves alone.
 * @before: available when the lock was taken.
 * @now_ns: CLOCK_MONOTONIC, read when first needed.
 * @task: whom to wake.
 */
struct ksem_wake {
	unsigned int nr;
	unsigned int events;
	int nr_pollers;
	bool more;
	u64 sweep_end;
	s64 before;
	u64 now_ns;
	struct task_struct *task[KSEM_BATCH];
};

extern atomic64_t ksem_last_token;

void ksem_sem_init(struct ksem_sem *sem, const struct ksem_create *create);

int ksem_sem_acquire_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n);
int ksem_sem_acquire_pending_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n);
int ksem_sem_acquire_token_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n,
				u64 *token);
bool ksem_sem_release_fast(struct ksem_sem *sem, struct ksem_holder *holder, u32 n);

int ksem_sem_request(struct ksem_sem *sem, struct ksem_waiter *w,
		     enum ksem_patience patience, struct ksem_wake *wake);
int ksem_sem_drain(struct ksem_sem *sem, struct ksem_waiter *w, struct ksem_wake *wake);
void ksem_sem_take_more(struct ksem_sem *sem, struct ksem_waiter *w, u32 most,
			struct ksem_wake *wake);
bool ksem_sem_retry(struct ksem_sem *sem, struct ksem_waiter *w, struct ksem_wake *wake);
void ksem_sem_leave(struct ksem_sem *sem, struct ksem_waiter *w,
		    enum ksem_waiter_state why, struct ksem_wake *wake);
void ksem_sem_deliver(struct ksem_sem *sem, struct ksem_holder *holder, u32 n);
void ksem_sem_give_back(struct ksem_sem *sem, struct ksem_waiter *w, u32 n,
			struct ksem_wake *wake);
void ksem_sem_serve(struct ksem_sem *sem, struct ksem_wake *wake);

int ksem_sem_alive(struct ksem_sem *sem);
int ksem_sem_release(struct ksem_sem *sem, struct ksem_holder *holder, u32 n,
		     struct ksem_wake *wake);
int ksem_sem_post(struct ksem_sem *sem, u32 n, struct ksem_wake *wake);
int ksem_sem_reduce(struct ksem_sem *sem, u32 n, struct ksem_wake *wake);
int ksem_sem_resize(struct ksem_sem *sem, u32 capacity, struct ksem_wake *wake);
int ksem_sem_forget(struct ksem_sem *sem, struct ksem_holder *holder, u32 n);
int ksem_sem_transfer(struct ksem_sem *sem, struct ksem_holder *from,
		      struct ksem_holder *to, u32 n);
void ksem_sem_shutdown(struct ksem_sem *sem, struct ksem_wake *wake);
unsigned int ksem_sem_poll(struct ksem_sem *sem, struct ksem_holder *holder);

void ksem_holder_init(struct ksem_holder *holder, struct pid *opener);
int ksem_sem_attach(struct ksem_sem *sem, struct ksem_holder **holder);
bool ksem_sem_detach(struct ksem_sem *sem, struct ksem_holder *holder,
		     struct ksem_wake *wake);

static inline bool ksem_sem_is_fair(const struct ksem_sem *sem)
{
	return sem->kind & KSEM_S_FAIR;
}

static inline bool ksem_sem_is_signal(const struct ksem_sem *sem)
{
	return sem->kind & KSEM_S_SIGNAL;
}

/* A bit of the state that is set once and never goes, seen without the lock. */
static inline bool ksem_sem_has(const struct ksem_sem *sem, u32 bit)
{
	/* Plain writes to the bits beside it, lock held, leave this one alone. */
	return data_race(READ_ONCE(sem->state)) & bit;
}

/* Seen from the thread that waits, without the lock. */
static inline bool ksem_waiter_ended(struct ksem_waiter *w)
{
	/* Argument (A) of core.c, pairs with ksem_waiter_end(). */
	return smp_load_acquire(&w->state) != KSEM_W_QUEUED;
}

#endif /* KSEM_CORE_H */
