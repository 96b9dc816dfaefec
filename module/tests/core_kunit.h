/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: a semaphore, holders, waiters whose threads do not
 * exist, and each operation of core.c as one step, after which everything that
 * always holds is looked at. Nothing here sleeps, and time is a variable.
 */
#ifndef KSEM_CORE_KUNIT_H
#define KSEM_CORE_KUNIT_H

#include <kunit/test.h>

#include "../core.h"

#define KSEM_TEST_HOLDERS	4
#define KSEM_TEST_WAITERS	140
#define KSEM_TEST_PROCESSES	2

/* Of the non-fair semaphores. */
#define KSEM_TEST_HANDOFF	1000

/**
 * struct ksem_test - the fixture
 * @kunit: the test.
 * @sem: the semaphore.
 * @holder: holders; the first is attached from the beginning.
 * @w: waiters.
 * @task: their threads, made when first needed, of the first process.
 * @signal: what makes threads a process.
 * @pid: the processes' numbers.
 * @wake: what the last step left to do. Its tasks have been let go already.
 */
struct ksem_test {
	struct kunit *kunit;
	struct ksem_sem sem;
	struct ksem_holder holder[KSEM_TEST_HOLDERS];
	struct ksem_waiter w[KSEM_TEST_WAITERS];
	struct task_struct *task[KSEM_TEST_WAITERS];
	struct signal_struct *signal[KSEM_TEST_PROCESSES];
	struct pid *pid[KSEM_TEST_PROCESSES];
	struct ksem_wake wake;
	struct wait_queue_entry poller;
};

/* How often each tracepoint was passed. */
struct ksem_test_traces {
	unsigned int acquire;
	unsigned int wait;
	unsigned int grant;
	unsigned int release;
	unsigned int timeout;
	unsigned int reclaim;
	unsigned int shutdown;
};

/* The clocks that core.c reads. */
extern u64 ksem_test_now;
extern u64 ksem_test_jiffies;
extern struct ksem_test_traces ksem_test_traces;

int ksem_test_init(struct kunit *kunit);
void ksem_test_exit(struct kunit *kunit);
void ksem_test_create(struct ksem_test *t, u32 flags, u32 initial, u32 max);
void ksem_test_attach(struct ksem_test *t, unsigned int holder);
void ksem_test_check(struct ksem_test *t);
void ksem_test_expect_woken(struct ksem_test *t, unsigned int first, unsigned int nr);
void ksem_test_expect_states(struct ksem_test *t, unsigned int first, unsigned int nr,
			     enum ksem_waiter_state state);

/* Requests. A waiter is as new until it has been asked for something. */
struct ksem_waiter *ksem_test_waiter(struct ksem_test *t, unsigned int i, u32 n);
int ksem_test_ask(struct ksem_test *t, unsigned int i, enum ksem_patience patience);
int ksem_test_acquire(struct ksem_test *t, unsigned int i, u32 n);
int ksem_test_try(struct ksem_test *t, unsigned int i, u32 n);
int ksem_test_barge(struct ksem_test *t, unsigned int i, u32 n);
void ksem_test_take(struct ksem_test *t, unsigned int i, u32 n);
void ksem_test_queue(struct ksem_test *t, unsigned int first, unsigned int nr, u32 n);
void ksem_test_interrupt(struct ksem_test *t, unsigned int i);
int ksem_test_resume(struct ksem_test *t, unsigned int i);
int ksem_test_drain(struct ksem_test *t, unsigned int i);
bool ksem_test_retry(struct ksem_test *t, unsigned int i);
void ksem_test_leave(struct ksem_test *t, unsigned int i, enum ksem_waiter_state why);
void ksem_test_deliver(struct ksem_test *t, unsigned int i);
void ksem_test_give_back(struct ksem_test *t, unsigned int i);
void ksem_test_give_part_back(struct ksem_test *t, unsigned int i, u32 n);
void ksem_test_serve(struct ksem_test *t);

int ksem_test_acquire_fast(struct ksem_test *t, u32 n);
int ksem_test_acquire_token_fast(struct ksem_test *t, u32 n, u64 *token);
bool ksem_test_release_fast(struct ksem_test *t, u32 n);
int ksem_test_release(struct ksem_test *t, unsigned int holder, u32 n);
int ksem_test_post(struct ksem_test *t, u32 n);
int ksem_test_reduce(struct ksem_test *t, u32 n);
int ksem_test_resize(struct ksem_test *t, u32 capacity);
int ksem_test_forget(struct ksem_test *t, unsigned int holder, u32 n);
int ksem_test_transfer(struct ksem_test *t, unsigned int from, unsigned int to, u32 n);
void ksem_test_shutdown(struct ksem_test *t);
unsigned int ksem_test_poll(struct ksem_test *t, unsigned int holder);
void ksem_test_end_poll(struct ksem_test *t);
void ksem_test_detach(struct ksem_test *t, unsigned int holder);

#endif /* KSEM_CORE_KUNIT_H */
