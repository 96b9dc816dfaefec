/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: the queue as a model for SPIN
 *
 * What module/core.c does under the lock, and module/wait.c around it, for a few
 * tasks and every way in which their steps can fall together. One hold of the lock
 * is one step, since nobody sees into it; what is done without the lock, the looks
 * of a task that is about to sleep and each wake-up, is a step of its own. How such
 * looks and writes are ordered on real processors is not asked here but in litmus/.
 *
 *	here			there
 *	unlock			ksem_sem_unlock, and the promises
 *	head, enqueue		ksem_sem_head_locked, ksem_sem_enqueue_locked
 *	is_due, pass_time	ksem_sem_is_due_locked, ktime_get_ns
 *	admits, grant		ksem_sem_admits_locked, ksem_sem_grant_locked
 *	drop			ksem_holder_drop_locked
 *	wake_add		ksem_wake_add
 *	pause, serve		ksem_sem_pause_locked, ksem_sem_serve_locked
 *	settle			ksem_sem_settle_locked
 *	settle_request		ksem_sem_settle_request_locked
 *	sem_serve		ksem_sem_serve
 *	sem_request, sem_retry	ksem_sem_request, ksem_sem_retry
 *	sem_leave		ksem_sem_leave
 *	sem_give_back		ksem_sem_give_back
 *	sem_deliver		ksem_sem_deliver
 *	sem_release		ksem_sem_release
 *	sem_detach		ksem_sem_detach
 *	sem_shutdown		ksem_sem_shutdown
 *	flush, finish		ksem_wake_flush, ksem_sem_finish
 *	sleep			ksem_waiter_sleep
 *	wait			ksem_waiter_wait
 *	acquire, use		ksem_handle_acquire, ksem_waiter_result
 *
 * The fast ways in and out have no place of their own: where one succeeds it does
 * what sem_request() or sem_release() does with an empty queue, and else nothing.
 *
 * Only the order of tickets matters, so they are numbered anew at each unlock: what
 * has the same future is one state. Time is the last ticket that was seen to be due:
 * before each hold it moves on as far as it likes.
 *
 * Each round a task makes one request, of 1 to SIZES permits, with a fate, and gives back
 * what it got. A fate is chosen first and says what may happen to the wait, at any
 * moment; since PLAIN, to which nothing happens, is among them everywhere, a wake-up
 * that is lost is an end state that is invalid.
 *
 * The tasks are alike, so that of runs that differ in their names alone one is looked
 * at: they begin one after the other.
 *
 *	-DFAIR		the policy; without it: non-fair
 *	-DTASKS=4	and
 *	-DROUNDS=2	requests of each
 *	-DPERMITS=2	capacity
 *	-DSIZES=2	a request is for any number from 1 to this
 *	-DBATCH=1	KSEM_BATCH
 *	-DODD=2		how many requests of a run may be other than PLAIN
 *	-DTRIED		... namely tries
 *	-DTIMED		... with a deadline that may come
 *	-DSIGNALLED	... broken off by a signal, and then restarted or given up
 *	-DKILLED	... of a task that is killed; somebody else has its handle too
 *	-DFAULTED	... whose result may be impossible to hand out
 *	-DCLOSED	... followed by a close instead of a release
 *	-DSHUT		... replaced by a shutdown
 *	-DSHARED	... replaced by a release from another task's account; task 1 has
 *			the same handle as task 0, and all sizes have to be 1
 *	-DFINE		see sleep()
 *	-DBUG_...	a mistake, which has to be found
 */

#ifndef TASKS
#define TASKS	4
#endif
#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef BATCH
#define BATCH	1
#endif
#ifndef PERMITS
#define PERMITS	2
#endif
#ifndef SIZES
#define SIZES	2
#endif
#ifndef ODD
#define ODD	2
#endif

#ifdef SHARED
#define HOLDER(t)	(t == 1 -> 0 : t)
/* They are not alike any more. */
#define FIRST_AFTER(t)	0
#else
#define FIRST_AFTER(t)	(t)
#define HOLDER(t)	(t)
#endif

#define NOBODY		TASKS
#define BIT(t)		(1 << (t))

/* enum ksem_waiter_state; W_FAILED stands for a try's EAGAIN. */
mtype = { W_IDLE, W_QUEUED, W_GRANTED, W_EXPIRED, W_INTERRUPTED, W_SHUT, W_FAILED };

mtype = { PLAIN, TRY, DEADLINE, RESTART, GIVE_UP, KILL, FAULT, CLOSE };

#define IMPATIENT(f)	(f == DEADLINE || f == RESTART || f == GIVE_UP || f == KILL)

/* struct ksem_sem */
short available = PERMITS;
byte capacity = PERMITS;
bool serving;
bool shutdown;
byte next_ticket = 1;

/* struct ksem_holder */
byte held[TASKS];
byte pending[TASKS];

/* struct ksem_waiter, each on the stack of its task */
mtype w_state[TASKS] = W_IDLE;
byte w_ticket[TASKS];
byte w_n[TASKS];
bool w_woken[TASKS];
bool w_defer[TASKS];

/* struct task_struct: in a state that schedule() would leave it in */
bool asleep[TASKS];

/* struct ksem_wake: where a sweep of this task's ends; 0: it has none */
byte sweep_end[TASKS];

/* The clock: tickets up to this one were seen to be due. */
byte due_upto;

/*
 * For the promises only, which do not trust the tickets: who has stood in the queue
 * and may come back to it, and which of them came before this one.
 */
bool arrived[TASKS];
byte ahead[TASKS];
byte begun;
byte finished;

/* How many requests may still be odd. */
byte odd = ODD;

#ifdef FINE
#define LOOK
#else
#define LOOK	atomic
#endif

/* Not part of the state: used within one step. */
hidden byte i, j, first, total, number, nr, granted, due, batch_full, late;

/*
 * The lock
 */

#define queued(t)	(w_state[t] == W_QUEUED)
#define fits(t)		(available >= w_n[t])
#define seen_due(t)	(w_ticket[t] <= due_upto)

inline head()
{
	first = NOBODY;
	for (i : 0 .. TASKS - 1) {
		if
		:: queued(i) && (first == NOBODY || w_ticket[i] < w_ticket[first]) -> first = i
		:: else
		fi
	}
}

/* Argument (D): each is below the end of somebody's sweep, or will try again. */
inline check_sweep()
{
	for (i : 0 .. TASKS - 1) {
		total = w_woken[i];
		for (j : 0 .. TASKS - 1) {
			if
			:: w_ticket[i] < sweep_end[j] -> total = true
			:: else
			fi
		}
		assert(!queued(i) || total)
	}
}

/* Promises 1 and 5; fair heads never wait for what they could have. */
inline check_promises()
{
	total = 0;
	for (i : 0 .. TASKS - 1) {
		total = total + held[i] + pending[i]
	}
	assert(available + total == capacity);
	head();
	if
	:: first == NOBODY
	:: first != NOBODY && serving -> check_sweep()
	:: else ->
#ifdef FAIR
		assert(!shutdown && !fits(first))
#else
		assert(!shutdown && (!fits(first) || w_woken[first]))
#endif
	fi
}

/* Where this was the i-th smallest of the tickets in use it is i now. */
inline renumber()
{
	number = 0;
	total = due_upto;
	for (i : 1 .. next_ticket - 1) {
		for (j : 0 .. TASKS - 1) {
			if
			:: w_ticket[j] == i -> break
			:: else
			fi
		}
		if
		:: j < TASKS ->
			number++;
			w_ticket[j] = number
		:: else ->
			/* Nobody's: all that lies beyond moves up by one. */
			for (j : 0 .. TASKS - 1) {
				if
				:: sweep_end[j] > number + 1 -> sweep_end[j]--
				:: else
				fi
			}
			if
			:: total > number -> total--
			:: else
			fi
		fi
	}
	next_ticket = number + 1;
	due_upto = total
}

inline unlock()
{
	check_promises();
	renumber()
}

/* Before each hold: how many of the heads that it asks about have become due. */
inline pass_time()
{
#ifdef FAIR
	skip
#else
	late = 0;
	do
	:: late <= BATCH && late < next_ticket -> late++
	:: break
	od;
	skip
#endif
}

/*
 * Under the lock
 */

/* A request comes for the first time. */
inline note_arrival(t)
{
	if
	:: !arrived[t] ->
		ahead[t] = 0;
		for (i : 0 .. TASKS - 1) {
			if
			:: arrived[i] -> ahead[t] = ahead[t] | BIT(i)
			:: else
			fi
		}
		arrived[t] = true
	:: else
	fi
}

/* It has ended for good: nobody stands behind it any more. */
inline forget_arrival(t)
{
	arrived[t] = false;
	w_ticket[t] = 0;
	for (i : 0 .. TASKS - 1) {
		ahead[i] = ahead[i] & ~BIT(t)
	}
	ahead[t] = 0
}

/* Promises 3 and 4: whom does a grant to t pass? */
inline check_nobody_is_passed(t)
{
	for (i : 0 .. TASKS - 1) {
#ifdef FAIR
		assert(!((ahead[t] & BIT(i)) && queued(i)))
#else
		assert(!((ahead[t] & BIT(i)) && queued(i) && seen_due(i)))
#endif
	}
}

inline grant(t)
{
	check_nobody_is_passed(t);
	assert(available >= w_n[t]);
	available = available - w_n[t];
	if
	:: w_defer[t] -> pending[HOLDER(t)] = pending[HOLDER(t)] + w_n[t]
	:: else -> held[HOLDER(t)] = held[HOLDER(t)] + w_n[t]
	fi
}

inline drop(account, k)
{
	assert(account >= k);
	account = account - k
}

inline enqueue(t)
{
	if
	:: !w_ticket[t] ->
		w_ticket[t] = next_ticket;
		next_ticket++
	:: else
	fi;
	w_state[t] = W_QUEUED;
#ifdef BUG_NEWCOMER_SLEEPS_IN_SWEEP
	w_woken[t] = false
#else
	w_woken[t] = serving
#endif
}

/* Once, and from then on the waiter may be gone. */
inline end_wait(t, how)
{
	assert(queued(t));
	w_state[t] = how;
	forget_arrival(t)
}

inline wake_add(t)
{
	wake = wake | BIT(t);
	nr++
}

inline is_due(t)
{
	due = seen_due(t);
	if
	:: !due && late ->
		late--;
		due_upto = w_ticket[t];
		due = true
	:: else
	fi
}

/* Would a request of t, not queued, be granted now? */
inline admits(t)
{
	head();
	if
	:: available < w_n[t] || serving -> granted = false
	:: available >= w_n[t] && !serving && first == NOBODY -> granted = true
	:: else ->
		granted = w_ticket[t] && w_ticket[t] < w_ticket[first];
		if
		:: !granted ->
#ifndef FAIR
			is_due(first);
			granted = !due;
#endif
#ifdef BUG_NEWCOMER_PASSES
			granted = true
#else
			skip
#endif
		:: else
		fi
	fi
}

inline pause()
{
	if
	:: !serving ->
		serving = true;
#ifndef BUG_SWEEP_ABANDONED
		sweep_end[me] = next_ticket;
		more = true
#endif
	:: else
	fi
}

inline serve()
{
	batch_full = false;
	do
	:: true ->
		head();
		if
		:: first == NOBODY -> break
#ifdef BUG_SHUTDOWN_STOPS_AT_MISFIT
		:: first != NOBODY && !fits(first) -> break
#else
		:: first != NOBODY && !shutdown && !fits(first) -> break
#endif
		:: else
		fi;
		if
		:: nr == BATCH ->
			batch_full = true;
			break
		:: else
		fi;
#ifndef FAIR
		is_due(first);
		if
		:: !shutdown && !due ->
			if
			:: !w_woken[first] ->
				wake_add(first);
				w_woken[first] = true
			:: else
			fi;
			break
		:: else
		fi;
#endif
#ifndef BUG_WAKE_UP_FORGOTTEN
		wake_add(first);
#endif
		if
		:: shutdown -> end_wait(first, W_SHUT)
		:: else ->
			grant(first);
			end_wait(first, W_GRANTED)
		fi
	od;
	if
	:: batch_full -> pause()
	:: else -> serving = false
	fi
}

inline settle()
{
	head();
	if
	:: first != NOBODY || serving -> serve()
	:: else
	fi
}

inline settle_request()
{
	if
	:: !serving -> settle()
	:: else
	fi
}

/*
 * One hold of the lock each
 */

inline lock()
{
	nr = 0;
	more = false
}

/* The frame of the request is gone. */
inline retire()
{
	w_state[me] = W_IDLE;
	w_n[me] = 0;
	w_woken[me] = false;
	w_defer[me] = false
}

inline sem_serve()
{
	atomic {
		pass_time();
		d_step {
			lock();
			if
			:: serving -> serve()
			:: else
			fi;
			if
			:: serving ->
				head();
				more = w_ticket[first] < sweep_end[me]
			:: else
			fi;
			if
			:: !more -> sweep_end[me] = 0
			:: else
			fi;
			unlock()
		}
	}
}

inline sem_request()
{
	atomic {
		pass_time();
		d_step {
			lock();
			note_arrival(me);
			if
			:: shutdown -> w_state[me] = W_SHUT
			:: else ->
				admits(me);
				if
				:: granted ->
					grant(me);
					w_state[me] = W_GRANTED
				:: !granted && fate != TRY -> enqueue(me)
				:: else -> w_state[me] = W_FAILED
				fi
			fi;
			if
			:: !queued(me) -> forget_arrival(me)
			:: else
			fi;
			settle_request();
			result = w_state[me];
			unlock()
		}
	}
}

inline sem_retry()
{
	atomic {
		pass_time();
		d_step {
			lock();
#ifndef BUG_WOKEN_CLEARED_LATE
			w_woken[me] = false;
#endif
			head();
			if
#ifdef BUG_ANYBODY_RETRIES
			:: queued(me) && !serving && !shutdown && fits(me) ->
#else
			:: queued(me) && !serving && !shutdown && fits(me) && first == me ->
#endif
				grant(me);
				end_wait(me, W_GRANTED)
			:: else
			fi;
			settle();
#ifndef BUG_HELPER_SLEEPS_IN_SWEEP
			if
			:: queued(me) && serving -> w_woken[me] = true
			:: else
			fi;
#endif
			result = w_state[me];
			unlock()
		}
	};
#ifdef BUG_WOKEN_CLEARED_LATE
	w_woken[me] = false;
#endif
}

/* A place is kept for whoever may come back. */
inline sem_leave()
{
	atomic {
		pass_time();
		d_step {
			lock();
			if
			:: queued(me) ->
				w_state[me] = why;
				if
				:: fate != RESTART -> forget_arrival(me)
				:: else
				fi
#ifdef BUG_SIGNAL_DROPS_GRANT
			:: w_state[me] == W_GRANTED && why == W_INTERRUPTED -> w_state[me] = why
#endif
			:: else
			fi;
#ifndef BUG_LEAVER_SERVES_NOBODY
			settle();
#endif
			result = w_state[me];
			unlock()
		}
	}
}

inline sem_give_back()
{
	atomic {
		pass_time();
		d_step {
			lock();
			if
			:: w_defer[me] -> drop(pending[HOLDER(me)], w_n[me])
			:: else ->
#ifndef BUG_GIVE_BACK_WHOLE
				if
				:: held[HOLDER(me)] < w_n[me] -> w_n[me] = held[HOLDER(me)]
				:: else
				fi;
#endif
				drop(held[HOLDER(me)], w_n[me])
			fi;
			available = available + w_n[me];
			retire();
#ifndef BUG_GIVE_BACK_SERVES_NOBODY
			settle();
#endif
			unlock()
		}
	}
}

inline sem_deliver()
{
	d_step {
		drop(pending[HOLDER(me)], w_n[me]);
		held[HOLDER(me)] = held[HOLDER(me)] + w_n[me];
		unlock()
	}
}

inline sem_release(k)
{
	atomic {
		pass_time();
		d_step {
			lock();
			if
#ifndef BUG_RELEASE_WITHOUT_ACCOUNT
			:: held[HOLDER(me)] < k
#endif
			:: else ->
				drop(held[HOLDER(me)], k);
				available = available + k
			fi;
			retire();
			settle();
			unlock()
		}
	}
}

inline sem_detach()
{
	atomic {
		pass_time();
		d_step {
			lock();
			available = available + held[HOLDER(me)];
			held[HOLDER(me)] = 0;
			retire();
#ifndef BUG_CLOSE_SERVES_NOBODY
			settle();
#endif
			unlock()
		}
	}
}

inline sem_shutdown()
{
	atomic {
		pass_time();
		d_step {
			lock();
			shutdown = true;
			settle();
			unlock()
		}
	}
}

/*
 * Without the lock
 */

inline wake_up(t)
{
#ifdef BUG_WAKER_READS_WAITER
	assert(w_state[t] != W_IDLE);
#endif
	asleep[t] = false
}

/* Each wake-up whenever it likes; their order is the queue's in C, here any. */
inline flush()
{
	do
	:: wake == 0 -> break
	:: else ->
		d_step {
			for (i : 0 .. TASKS - 1) {
				if
				:: wake & BIT(i) -> break
				:: else
				fi
			}
			wake = wake & ~BIT(i);
			wake_up(i)
		}
	od
}

inline finish()
{
	flush();
	do
	:: !more -> break
	:: else ->
		sem_serve();
		flush()
	od
}

/*
 * Ends with the result, or with W_QUEUED and in 'why' why the task leaves. A task
 * that says it sleeps and then looks does so in one step, unless -DFINE: who ends
 * its wait in between wakes it later, and it looks again.
 */
inline sleep()
{
	do
	:: LOOK {
		/* cond_resched(), or schedule(). */
		(woken || !asleep[me] || IMPATIENT(fate));
#ifndef BUG_SLEEPS_AFTER_LOOKING
		asleep[me] = true;
#endif
		result = w_state[me];
		woken = w_woken[me];
		if
		:: result != W_QUEUED ->
			asleep[me] = false;
			break
		:: result == W_QUEUED && woken -> asleep[me] = false
		:: else
		fi
	   };
		if
		:: woken ->
			sem_retry();
			finish();
			if
			:: result != W_QUEUED -> break
			:: else
			fi
		:: else
		fi;
#ifdef BUG_SLEEPS_AFTER_LOOKING
		asleep[me] = !woken;
#endif
		if
		:: fate == DEADLINE ->
			why = W_EXPIRED;
			break
		:: IMPATIENT(fate) && fate != DEADLINE ->
			why = W_INTERRUPTED;
			break
		:: true
		fi
	od;
	woken = false
}

/* A last try before leaving. */
inline wait()
{
	sleep();
	if
	:: result == W_QUEUED ->
		atomic {
			asleep[me] = false;
			sem_retry()
		};
		finish();
		if
		:: result == W_QUEUED ->
			sem_leave();
			finish()
		:: else
		fi
	:: else
	fi;
	why = W_QUEUED
}

/*
 * The tasks
 */

inline begin()
{
	if
	:: round == 0 -> begun++
	:: else
	fi
}

inline choose_fate()
{
	begin();
	w_n[me] = 1;
	do
	:: w_n[me] < SIZES -> w_n[me]++
	:: break
	od;
	size = w_n[me];
	if
	:: fate = PLAIN
#if defined(TRIED) || defined(TIMED) || defined(SIGNALLED) || defined(KILLED) || \
	defined(FAULTED) || defined(CLOSED)
	:: odd ->
		odd--;
		if
#ifdef TRIED
		:: fate = TRY
#endif
#ifdef TIMED
		:: fate = DEADLINE
#endif
#ifdef SIGNALLED
		:: fate = RESTART
		:: fate = GIVE_UP
#endif
#ifdef KILLED
		:: fate = KILL
#endif
#ifdef FAULTED
		:: fate = FAULT
#endif
#ifdef CLOSED
		:: fate = CLOSE
#endif
		fi
#endif
	fi;
	w_defer[me] = (fate == FAULT)
}

/* The thread comes back with the same: to its place, and to stay. */
inline restart()
{
	fate = PLAIN;
#ifdef BUG_RESTART_AT_TAIL
	w_ticket[me] = 0
#endif
}

/* From the first try to the result, over a restart. */
inline acquire()
{
	do
	:: atomic {
		if
		:: result == W_IDLE -> choose_fate()
		:: else -> restart()
		fi;
		sem_request()
	   };
		finish();
		if
		:: result == W_QUEUED -> wait()
		:: else
		fi;
		if
		:: result == W_INTERRUPTED && fate == RESTART
		:: else -> break
		fi
	od
}

/* Who was killed gives back at once what it got: nobody would know of it. */
inline use()
{
	if
#ifdef BUG_KILLED_KEEPS_GRANT
	:: fate == KILL
#else
	:: fate == KILL -> sem_give_back()
#endif
	:: fate == FAULT -> sem_give_back()
	:: fate == FAULT ->
		sem_deliver();
		sem_release(size)
	:: fate == CLOSE -> sem_detach()
	:: else -> sem_release(size)
	fi;
	finish()
}

inline make_round()
{
	if
	:: acquire();
		if
		:: result == W_GRANTED -> use()
		:: else
		fi
#ifdef SHUT
	:: atomic {
		odd && !shutdown ->
		odd--;
		begin();
		sem_shutdown()
	   };
		finish()
#endif
#ifdef SHARED
	:: atomic {
		odd ->
		odd--;
		begin();
		sem_release(1)
	   };
		finish()
#endif
	fi;
	result = W_IDLE;
	size = 0
}

proctype task(byte me)
{
	byte round, wake, size;
	bool more, woken;
	mtype fate = PLAIN, result = W_IDLE, why = W_QUEUED;

	do
	:: round == ROUNDS || fate == KILL -> break
	:: else ->
		begun >= FIRST_AFTER(me);
		make_round();
		round++
	od;
	/* Promise 2, in the end. */
	atomic {
		finished++;
		assert(finished < TASKS || available == capacity)
	}
}

init {
	atomic {
		for (i : 0 .. TASKS - 1) {
			run task(i)
		}
	}
}
