// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: waits that they end, waits that they do not end, and what a handler
 * may call.
 */
#include "lib_test.h"

static struct ksem *shared;

/* Written by the handlers, read by other threads. */
static int handled, handler_result;

static void handled_with(int result)
{
	__atomic_store_n(&handler_result, result, __ATOMIC_RELAXED);
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELEASE);
}

/* What the call in the handler said; -EINPROGRESS if there was no handler. */
static int result_of_handler(void)
{
	if (!ksem_test_until(__atomic_load_n(&handled, __ATOMIC_ACQUIRE)))
		return -EINPROGRESS;
	return __atomic_load_n(&handler_result, __ATOMIC_RELAXED);
}

static void handle_nothing(int signal)
{
	handled_with(0);
}

static void handle_post(int signal)
{
	handled_with(LIB(ksem_post(shared)));
}

static void handle_release(int signal)
{
	handled_with(LIB(ksem_release(shared)));
}

static void handle_try(int signal)
{
	handled_with(LIB(ksem_try_acquire(shared)));
}

FIXTURE(signals)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_VARIANT(signals)
{
	bool fair;
};

FIXTURE_VARIANT_ADD(signals, fair)
{
	.fair = true,
};

FIXTURE_VARIANT_ADD(signals, nonfair)
{
	.fair = false,
};

/* The one permit is taken, by @other. */
FIXTURE_SETUP(signals)
{
	self->k = lib_create(1, variant->fair);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
	ASSERT_EQ(0, ksem_acquire(self->other));
	shared = self->other;
}

FIXTURE_TEARDOWN(signals)
{
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

static int timed_hour(struct ksem *k)
{
	const struct timespec t = { .tv_sec = 3600 };

	return ksem_acquire_timed(k, &t);
}

static int clock_hour(struct ksem *k)
{
	struct timespec t = lib_in_ms(CLOCK_REALTIME, 3600000);

	return ksem_acquire_clock(k, CLOCK_REALTIME, &t);
}

/* CAN-02, CAN-11 */
TEST_F(signals, handler_without_restart_ends_the_wait)
{
	static int (*const calls[])(struct ksem *k) = {
		ksem_acquire, timed_hour, clock_hour,
	};
	struct lib_caller caller;
	unsigned int i;

	ASSERT_EQ(0, lib_handle_usr1(handle_nothing, 0));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_TRUE(lib_queue(&caller, self->k, calls[i], 1));
		EXPECT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
		EXPECT_EQ(-EINTR, lib_join(&caller));
		EXPECT_EQ(0, LIB(ksem_queue_length(self->k)));
	}
}

TEST_F(signals, handler_with_restart_does_not)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_nothing, SA_RESTART));
	ASSERT_TRUE(lib_queue(&caller, self->k, timed_hour, 1));
	EXPECT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	EXPECT_EQ(0, result_of_handler());
	EXPECT_TRUE(lib_wait_queued(self->k, 1));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, lib_join(&caller));
}

static struct timespec soon;

static int clock_soon(struct ksem *k)
{
	return ksem_acquire_clock(k, CLOCK_MONOTONIC, &soon);
}

/* A restart does not move the deadline. */
TEST_F(signals, restart_keeps_the_deadline)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_nothing, SA_RESTART));
	soon = lib_in_ms(CLOCK_MONOTONIC, 50);
	ASSERT_TRUE(lib_start(&caller, self->k, clock_soon));
	while (!lib_done(&caller)) {
		pthread_kill(caller.thread, SIGUSR1);
		usleep(1000);
	}
	EXPECT_EQ(-ETIMEDOUT, lib_join(&caller));
	EXPECT_LE(lib_ns(&soon), ksem_test_now());
}

/* CAN-03 */
TEST_F(signals, uninterruptible_is_not_ended)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_nothing, 0));
	ASSERT_TRUE(lib_queue(&caller, self->k, ksem_acquire_uninterruptible,
			      1));
	EXPECT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	EXPECT_EQ(1, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(0, result_of_handler());
}

/* CAN-13: the thread that waits runs the handler, and goes on waiting. */
TEST_F(signals, post_in_the_waiters_own_handler_wakes_it)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_post, SA_RESTART));
	ASSERT_TRUE(lib_queue(&caller, self->k, timed_hour, 1));
	EXPECT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(0, result_of_handler());
}

/* CAN-13: another thread runs the handler. */
TEST_F(signals, post_in_a_handler_wakes_another_thread)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_post, 0));
	ASSERT_TRUE(lib_queue(&caller, self->k, timed_hour, 1));
	EXPECT_EQ(0, pthread_kill(pthread_self(), SIGUSR1));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(0, result_of_handler());
}

TEST_F(signals, release_in_a_handler_wakes_another_thread)
{
	struct lib_caller caller;

	ASSERT_EQ(0, lib_handle_usr1(handle_release, 0));
	ASSERT_TRUE(lib_queue(&caller, self->k, ksem_acquire, 1));
	EXPECT_EQ(0, pthread_kill(pthread_self(), SIGUSR1));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(0, result_of_handler());
}

TEST_F(signals, try_in_a_handler_does_not_wait)
{
	ASSERT_EQ(0, lib_handle_usr1(handle_try, 0));
	EXPECT_EQ(0, raise(SIGUSR1));
	EXPECT_EQ(-EAGAIN, result_of_handler());
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, raise(SIGUSR1));
	EXPECT_EQ(0, result_of_handler());
	EXPECT_EQ(1, lib_info(self->other).out_own);
}

TEST_HARNESS_MAIN
