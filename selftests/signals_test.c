// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals during a wait: which end it, which do not, and what they do to its
 * deadline. What becomes of its place in the queue: place_test.c. Who wins where
 * a signal meets a grant: signal_race_test.c.
 */
#include "ksem_test.h"
#include "ksem_test_actor.h"
#include "ksem_test_proc.h"

/* What a signal does to one wait. */

FIXTURE(wait) {
	int fd;
	struct ksem_test_waiter waiter;
};

FIXTURE_VARIANT(wait) {
	__u32 create_flags;
	__u32 n;
	bool timed;
};

FIXTURE_VARIANT_ADD(wait, fair_1) { .create_flags = KSEM_CREATE_FAIR, .n = 1 };

FIXTURE_VARIANT_ADD(wait, fair_3) { .create_flags = KSEM_CREATE_FAIR, .n = 3 };

FIXTURE_VARIANT_ADD(wait, nonfair_1) { .n = 1 };

FIXTURE_VARIANT_ADD(wait, nonfair_3) { .n = 3 };

FIXTURE_VARIANT_ADD(wait, timed_fair) {
	.create_flags = KSEM_CREATE_FAIR, .n = 3, .timed = true,
};

FIXTURE_VARIANT_ADD(wait, timed_nonfair) { .n = 1, .timed = true };

FIXTURE_VARIANT_ADD(wait, signal_semaphore) {
	.create_flags = KSEM_CREATE_SIGNAL, .n = 1,
};

FIXTURE_SETUP(wait)
{
	ksem_test_catch_signals();
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->create_flags, 0, 10));
	ASSERT_TRUE(variant->timed ?
		    ksem_test_start_ex(&self->waiter, self->fd, 0, variant->n,
				       ksem_test_in_ms(KSEM_TEST_HOUR_MS)) :
		    ksem_test_start(&self->waiter, self->fd, variant->n));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
}

FIXTURE_TEARDOWN(wait)
{
	close(self->fd);
}

TEST_F(wait, ends_with_eintr_without_sa_restart)
{
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_tgkill(self->waiter.tid, KSEM_TEST_SIG_END));
	EXPECT_EQ(-EINTR, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_signals_handled());
	info = ksem_test_info(self->fd);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(0, info.out_demand);
	EXPECT_EQ(1, info.out_interrupts);
}

TEST_F(wait, that_was_interrupted_leaves_the_permits_to_others)
{
	ASSERT_EQ(0, ksem_test_tgkill(self->waiter.tid, KSEM_TEST_SIG_END));
	ASSERT_EQ(-EINTR, ksem_test_join(&self->waiter));
	ASSERT_EQ(0, ksem_test_post(self->fd, variant->n));
	EXPECT_EQ(variant->n, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, variant->n));
}

TEST_F(wait, goes_on_with_sa_restart)
{
	ASSERT_EQ(0, ksem_test_tgkill(self->waiter.tid, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_wait_requeued(self->fd, 1, 1));
	EXPECT_EQ(1, ksem_test_signals_handled());
	EXPECT_FALSE(ksem_test_done(&self->waiter));
	ASSERT_EQ(0, ksem_test_post(self->fd, variant->n));
	EXPECT_EQ(0, ksem_test_join(&self->waiter));
}

TEST_F(wait, is_not_ended_by_an_ignored_signal)
{
	/* It would have been, before one that was sent to another later. */
	struct ksem_test_waiter witness;

	ASSERT_EQ(0, ksem_test_tgkill(self->waiter.tid, SIGWINCH));
	ASSERT_TRUE(ksem_test_queue(&witness, self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_tgkill(witness.tid, KSEM_TEST_SIG_END));
	ASSERT_EQ(-EINTR, ksem_test_join(&witness));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_interrupts);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
}

TEST_F(wait, is_visible_as_interruptible_sleep)
{
	ASSERT_TRUE(ksem_test_until(ksem_test_task_state(self->waiter.tid) == 'S'));
}

/* A signal to a thread ends its wait, before it has slept too. */
TEST(a_pending_signal_ends_a_wait_at_once)
{
	int fd = ksem_test_fair(0, 1);
	sigset_t set, old;

	ksem_test_catch_signals();
	sigemptyset(&set);
	sigaddset(&set, KSEM_TEST_SIG_END);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, &old));
	ASSERT_EQ(0, ksem_test_tgkill(gettid(), KSEM_TEST_SIG_END));
	/* Blocked: it does not matter. */
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(fd, 0, 1, ksem_test_in_ms(1), NULL));
	EXPECT_EQ(0, ksem_test_signals_handled());
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, &old, NULL));
	EXPECT_EQ(1, ksem_test_signals_handled());
}

/* Uninterruptible waits, and SIGKILL. */

TEST(an_uninterruptible_wait_ignores_signals_until_it_is_over)
{
	struct ksem_test_waiter waiter, witness;
	int fd = ksem_test_fair(0, 2);

	ksem_test_catch_signals();
	ASSERT_TRUE(ksem_test_start_ex(&waiter, fd, KSEM_FLAG_UNINTERRUPTIBLE, 1,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_EQ(0, ksem_test_tgkill(waiter.tid, KSEM_TEST_SIG_END));
	/* What was signalled later and can be interrupted, was. */
	ASSERT_TRUE(ksem_test_queue(&witness, fd, 1, 2));
	ASSERT_EQ(0, ksem_test_tgkill(witness.tid, KSEM_TEST_SIG_END));
	ASSERT_EQ(-EINTR, ksem_test_join(&witness));
	EXPECT_EQ(1, ksem_test_signals_handled());
	EXPECT_EQ(1, ksem_test_info(fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(2, ksem_test_signals_handled());
}

TEST(an_uninterruptible_wait_can_begin_with_a_signal_pending)
{
	int fd = ksem_test_fair(0, 1);
	struct ksem_test_waiter waiter;
	sigset_t set;

	ksem_test_catch_signals();
	sigemptyset(&set);
	sigaddset(&set, KSEM_TEST_SIG_END);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	/* The process's: a thread of its own may be gone before it gets one. */
	ASSERT_EQ(0, kill(getpid(), KSEM_TEST_SIG_END));
	ASSERT_TRUE(ksem_test_start_ex(&waiter, fd, KSEM_FLAG_UNINTERRUPTIBLE, 1,
				       ksem_test_in_ms(20)));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_join(&waiter));
}

FIXTURE(killed) {
	int fd;
};

FIXTURE_VARIANT(killed) {
	__u32 create_flags;
	__u32 flags;
	bool plain;
	bool timed;
};

FIXTURE_VARIANT_ADD(killed, plain) {
	.create_flags = KSEM_CREATE_FAIR, .plain = true,
};

FIXTURE_VARIANT_ADD(killed, plain_nonfair) { .plain = true };

FIXTURE_VARIANT_ADD(killed, plain_signal_semaphore) {
	.create_flags = KSEM_CREATE_SIGNAL, .plain = true,
};

FIXTURE_VARIANT_ADD(killed, untimed) { .create_flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(killed, timed) {
	.create_flags = KSEM_CREATE_FAIR, .timed = true,
};

FIXTURE_VARIANT_ADD(killed, realtime) {
	.create_flags = KSEM_CREATE_FAIR, .flags = KSEM_FLAG_REALTIME,
	.timed = true,
};

FIXTURE_VARIANT_ADD(killed, token) {
	.create_flags = KSEM_CREATE_FAIR, .flags = KSEM_FLAG_TOKEN,
};

FIXTURE_VARIANT_ADD(killed, uninterruptible) {
	.create_flags = KSEM_CREATE_FAIR, .flags = KSEM_FLAG_UNINTERRUPTIBLE,
};

FIXTURE_VARIANT_ADD(killed, uninterruptible_nonfair) {
	.flags = KSEM_FLAG_UNINTERRUPTIBLE,
};

FIXTURE_VARIANT_ADD(killed, uninterruptible_timed) {
	.create_flags = KSEM_CREATE_FAIR, .flags = KSEM_FLAG_UNINTERRUPTIBLE,
	.timed = true,
};

FIXTURE_SETUP(killed)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->create_flags, 0, 10));
}

FIXTURE_TEARDOWN(killed)
{
	close(self->fd);
}

TEST_F(killed, waiter_ends_at_once)
{
	clockid_t clock = variant->flags & KSEM_FLAG_REALTIME ?
			  CLOCK_REALTIME : CLOCK_MONOTONIC;
	__u64 deadline_ns = KSEM_NO_DEADLINE;
	pid_t child = ksem_test_fork();

	if (variant->timed)
		deadline_ns = ksem_test_clock(clock) + KSEM_TEST_HOUR_MS * KSEM_TEST_MS;
	if (!child)
		ksem_test_exit(variant->plain ? ksem_test_acquire(self->fd, 1) :
			       ksem_test_acquire_ex(self->fd, variant->flags, 1,
						    deadline_ns, NULL));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST(a_stopped_waiter_can_be_killed)
{
	int fd = ksem_test_fair(0, 1);
	pid_t child = ksem_test_child_wait(fd, 1);

	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, NULL, WUNTRACED));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(0, ksem_test_info(fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
}

/* Deadlines are not moved by signals. */

TEST(a_restarted_wait_keeps_its_deadline)
{
	__u64 ms = KSEM_TEST_FIRST_MS, timeouts = 0, deadline_ns;
	struct ksem_test_waiter waiter;
	int fd = ksem_test_fair(0, 1);

	ksem_test_catch_signals();
	do {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		deadline_ns = ksem_test_in_ms(ms);
		ASSERT_TRUE(ksem_test_start_ex(&waiter, fd, 0, 1, deadline_ns));
		/* A deadline that each of them moved would never come. */
		EXPECT_TRUE(ksem_test_until(ksem_test_done(&waiter) ||
					    (ksem_test_tgkill(waiter.tid, KSEM_TEST_SIG_RESTART),
					     0)));
		EXPECT_LE(deadline_ns, ksem_test_now());
		EXPECT_EQ(-ETIMEDOUT, ksem_test_join(&waiter));
		EXPECT_EQ(++timeouts, ksem_test_info(fd).out_timeouts);
		ms *= 2;
	} while (!ksem_test_info(fd).out_interrupts);
}

TEST(a_retry_after_the_deadline_times_out_at_once)
{
	__u64 deadline_ns = ksem_test_in_ms(200);
	int fd = ksem_test_fair(0, 1);
	struct ksem_test_actor actor;
	struct ksem_info info;
	int answer;

	ksem_test_catch_signals();
	ASSERT_TRUE(ksem_test_actor_start(&actor));
	ASSERT_TRUE(ksem_test_ask_ex(&actor, fd, 0, 1, deadline_ns));
	ASSERT_TRUE(ksem_test_until((info = ksem_test_info(fd)).out_waits || info.out_timeouts));
	ASSERT_EQ(0, ksem_test_tgkill(actor.tid, KSEM_TEST_SIG_END));
	answer = ksem_test_answer(&actor);
	ASSERT_TRUE(answer == -EINTR || answer == -ETIMEDOUT);
	ASSERT_TRUE(ksem_test_until(ksem_test_now() > deadline_ns));
	ASSERT_TRUE(ksem_test_ask_ex(&actor, fd, 0, 1, deadline_ns));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_answer(&actor));
	EXPECT_EQ(0, ksem_test_info(fd).out_waiters);
}

/* Signal handlers may release and post. */

static int handler_fd;
static int handler_result = -EINPROGRESS;

static void set_handler_result(int result)
{
	__atomic_store_n(&handler_result, result, __ATOMIC_SEQ_CST);
}

static int get_handler_result(void)
{
	return __atomic_load_n(&handler_result, __ATOMIC_SEQ_CST);
}

static void release_in_handler(int sig)
{
	set_handler_result(ksem_test_release(handler_fd, 1));
}

static void post_in_handler(int sig)
{
	set_handler_result(ksem_test_post(handler_fd, 1));
}

TEST(a_release_in_a_signal_handler_serves_a_waiter)
{
	struct ksem_test_waiter waiter;
	int fd = ksem_test_fair(1, 1), other = ksem_test_attached(fd);

	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	ASSERT_TRUE(ksem_test_queue(&waiter, other, 1, 1));
	handler_fd = fd;
	signal(SIGALRM, release_in_handler);
	ASSERT_EQ(0, raise(SIGALRM));
	EXPECT_EQ(0, get_handler_result());
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

FIXTURE(own_post) {
	int fd;
};

FIXTURE_VARIANT(own_post) {
	int sa_flags;
	int result;
	int available;
};

FIXTURE_VARIANT_ADD(own_post, restarted) {
	.sa_flags = SA_RESTART, .result = 0, .available = 0,
};

FIXTURE_VARIANT_ADD(own_post, ended) {
	.sa_flags = 0, .result = -EINTR, .available = 1,
};

FIXTURE_SETUP(own_post)
{
	self->fd = ksem_test_signal(0, 1);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(own_post)
{
	close(self->fd);
}

/* The handler runs in the thread whose wait it broke off. */
TEST_F(own_post, of_a_handler_counts)
{
	struct sigaction action = {
		.sa_handler = post_in_handler,
		.sa_flags = variant->sa_flags,
	};
	struct ksem_test_waiter waiter;

	handler_fd = self->fd;
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, 0, 1,
				       ksem_test_in_ms(KSEM_TEST_HOUR_MS)));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_tgkill(waiter.tid, SIGALRM));
	EXPECT_EQ(variant->result, ksem_test_join(&waiter));
	EXPECT_EQ(0, get_handler_result());
	EXPECT_EQ(variant->available, ksem_test_info(self->fd).out_available);
}

TEST_HARNESS_MAIN
