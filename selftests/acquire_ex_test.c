// SPDX-License-Identifier: GPL-2.0-only
/*
 * Acquire with a deadline on either clock, with a token, uninterruptibly; and
 * what happens to a grant whose result cannot be written.
 */
#include <linux/userfaultfd.h>
#include <poll.h>

#include "ksem_test.h"
#include "ksem_test_timens.h"

#define HOUR_MS		3600000ULL

/* On a busy virtual machine a wait may end late; never by that much. */
#define LATE_MS		(20000 * ksem_test_slow())

FIXTURE(acquire_ex) {
	int fd;		/* acquires */
	int other;	/* makes room; holds what there is at first */
};

FIXTURE_SETUP(acquire_ex)
{
	self->fd = ksem_test_fair(2, 8);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
}

FIXTURE_TEARDOWN(acquire_ex)
{
	close(self->fd);
	close(self->other);
}

/* acquire_ex of 1 without a token. */
static int timed(int fd, __u32 flags, __u64 deadline_ns)
{
	return ksem_test_acquire_ex(fd, flags, 1, deadline_ns, NULL);
}

/*
 * Deadlines
 */

TEST_F(acquire_ex, past_deadline_takes_what_is_free)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, timed(self->fd, 0, 0));
	EXPECT_EQ(0, timed(self->fd, KSEM_FLAG_REALTIME, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
}

TEST_F(acquire_ex, past_deadline_is_ETIMEDOUT_at_once)
{
	__u64 day_ns = 24 * HOUR_MS * KSEM_TEST_MS;
	__u64 real_ns = ksem_test_clock(CLOCK_REALTIME);

	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, 0, ksem_test_now()));
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, KSEM_FLAG_REALTIME, 0));
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, KSEM_FLAG_REALTIME, real_ns - day_ns));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_timeouts);
}

TEST_F(acquire_ex, past_deadline_is_ETIMEDOUT_behind_a_queue)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, 0, 0));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(acquire_ex, monotonic_wait_ends_not_before_its_deadline)
{
	__u64 deadline_ns = ksem_test_in_ms(100), now_ns;

	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, 0, deadline_ns));
	now_ns = ksem_test_now();
	EXPECT_LE(deadline_ns, now_ns);
	EXPECT_GE(deadline_ns + LATE_MS * KSEM_TEST_MS, now_ns);
}

TEST_F(acquire_ex, realtime_wait_ends_not_before_its_deadline)
{
	__u64 deadline_ns = ksem_test_clock(CLOCK_REALTIME) + 100 * KSEM_TEST_MS;
	__u64 now_ns;

	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, KSEM_FLAG_REALTIME, deadline_ns));
	now_ns = ksem_test_clock(CLOCK_REALTIME);
	EXPECT_LE(deadline_ns, now_ns);
	EXPECT_GE(deadline_ns + LATE_MS * KSEM_TEST_MS, now_ns);
}

/* A time of the other clock would be over, or fifty years ahead. */
TEST_F(acquire_ex, clocks_are_not_mixed_up)
{
	struct ksem_test_waiter waiter;

	ASSERT_LT(ksem_test_in_ms(HOUR_MS), ksem_test_clock(CLOCK_REALTIME));
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, KSEM_FLAG_REALTIME, ksem_test_in_ms(HOUR_MS)));
	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, 0, 1,
				       ksem_test_clock(CLOCK_REALTIME)));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(acquire_ex, free_permit_ends_the_call_before_the_deadline)
{
	__u64 deadline_ns = ksem_test_in_ms(HOUR_MS);

	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, timed(self->fd, 0, deadline_ns));
	EXPECT_GT(deadline_ns, ksem_test_now());
}

TEST_F(acquire_ex, grant_ends_the_wait_before_the_deadline)
{
	__u32 flags[] = { 0, KSEM_FLAG_REALTIME };
	struct ksem_test_waiter waiter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		__u64 now_ns = ksem_test_clock(flags[i] ? CLOCK_REALTIME : CLOCK_MONOTONIC);

		ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, flags[i], 1,
					       now_ns + HOUR_MS * KSEM_TEST_MS));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
		ASSERT_EQ(0, ksem_test_release(self->other, 1));
		EXPECT_EQ(0, ksem_test_join(&waiter));
	}
}

TEST_F(acquire_ex, no_deadline_waits_for_ever)
{
	__u32 flags[] = { 0, KSEM_FLAG_REALTIME };
	struct ksem_test_waiter waiter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, flags[i], 1,
					       KSEM_NO_DEADLINE));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
		EXPECT_FALSE(ksem_test_done(&waiter));
		ASSERT_EQ(0, ksem_test_release(self->other, 1));
		EXPECT_EQ(0, ksem_test_join(&waiter));
	}
}

TEST_F(acquire_ex, largest_deadline_waits)
{
	__u32 flags[] = { 0, KSEM_FLAG_REALTIME };
	struct ksem_test_waiter waiter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, flags[i], 1,
					       INT64_MAX));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
		EXPECT_FALSE(ksem_test_done(&waiter));
		ASSERT_EQ(0, ksem_test_release(self->other, 1));
		EXPECT_EQ(0, ksem_test_join(&waiter));
	}
}

/* Even though a permit is free: arguments are checked first. */
TEST_F(acquire_ex, deadline_above_the_largest_is_invalid)
{
	__u64 deadlines[] = { 1ULL << 63, (1ULL << 63) + 1, KSEM_NO_DEADLINE - 1,
			      (__u64)-2000000000 };
	size_t i;

	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		EXPECT_EQ(-EINVAL, timed(self->fd, 0, deadlines[i]));
		EXPECT_EQ(-EINVAL, timed(self->fd, KSEM_FLAG_REALTIME, deadlines[i]));
		EXPECT_EQ(-EINVAL, ksem_test_acquire_ex(self->fd, 0, 0, deadlines[i], NULL));
	}
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
}

TEST_F(acquire_ex, expired_wait_changes_nothing)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 3,
						   ksem_test_in_ms(20), NULL));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_demand);
}

/* Or its time was up before it could be seen. */
static bool is_queued_or_done(int fd, struct ksem_test_waiter *waiter)
{
	return ksem_test_until(ksem_test_info(fd).out_waiters || ksem_test_done(waiter));
}

TEST_F(acquire_ex, expired_head_lets_those_behind_pass)
{
	struct ksem_test_waiter head, next;

	ASSERT_TRUE(ksem_test_start_ex(&head, self->fd, 0, 3, ksem_test_in_ms(300)));
	ASSERT_TRUE(is_queued_or_done(self->fd, &head));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_TRUE(ksem_test_start(&next, self->fd, 1));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_join(&head));
	EXPECT_EQ(0, ksem_test_join(&next));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

/* Waits of one microsecond, over and over, and then there are permits. */
struct storm {
	pthread_t thread;
	int fd;
	bool *stop;
	int taken;
	int errors;
};

static void *storm_main(void *data)
{
	struct storm *storm = data;

	while (!__atomic_load_n(storm->stop, __ATOMIC_ACQUIRE)) {
		int result = timed(storm->fd, 0, ksem_test_now() + 1000);

		storm->taken += !result;
		storm->errors += result && result != -ETIMEDOUT;
	}
	return NULL;
}

TEST_F(acquire_ex, storm_of_short_waits_takes_what_comes)
{
	struct storm storms[3];
	bool stop = false;
	int taken = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		storms[i] = (struct storm){ .fd = self->fd, .stop = &stop };
		ASSERT_EQ(0, pthread_create(&storms[i].thread, NULL, storm_main,
					    &storms[i]));
	}
	ASSERT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_timeouts > 200));
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_own == 2));
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		ASSERT_EQ(0, pthread_join(storms[i].thread, NULL));
		taken += storms[i].taken;
		EXPECT_EQ(0, storms[i].errors);
	}
	EXPECT_EQ(2, taken);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

/*
 * Time namespaces
 */

/* 0 if a deadline 100 ms ahead ends the wait after about 100 ms. */
static int wait_100_ms(int fd)
{
	__u64 begin_ns = ksem_test_now(), waited_ns;
	int result = timed(fd, 0, begin_ns + 100 * KSEM_TEST_MS);

	if (result != -ETIMEDOUT)
		return result ? result : 1;
	waited_ns = ksem_test_now() - begin_ns;
	return waited_ns < 100 * KSEM_TEST_MS ? 2 :
	       waited_ns > LATE_MS * KSEM_TEST_MS ? 3 : 0;
}

TEST_F(acquire_ex, deadline_is_of_a_time_namespace_ahead)
{
	int result = ksem_test_in_time_namespace(1000000, wait_100_ms, self->fd);

	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

/* Not so far behind that the clock would have to be negative. */
TEST_F(acquire_ex, deadline_is_of_a_time_namespace_behind)
{
	int result;

	ASSERT_TRUE(ksem_test_until(ksem_test_now() > 3000 * KSEM_TEST_MS));
	result = ksem_test_in_time_namespace(-2, wait_100_ms, self->fd);
	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

/* 0 if neither of the two greatest deadlines is over. */
static int wait_for_ever(int fd)
{
	__u64 deadlines[] = { INT64_MAX, KSEM_NO_DEADLINE };
	struct ksem_test_waiter waiter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		if (!ksem_test_start_ex(&waiter, fd, 0, 1, deadlines[i]) ||
		    !ksem_test_wait_queued(fd, 1) || ksem_test_post(fd, 1))
			return 1;
		if (ksem_test_join(&waiter))
			return 2;
	}
	return 0;
}

TEST_F(acquire_ex, largest_deadlines_do_not_overflow_in_a_time_namespace)
{
	int ahead, behind;

	ASSERT_TRUE(ksem_test_until(ksem_test_now() > 3000 * KSEM_TEST_MS));
	ahead = ksem_test_in_time_namespace(1000000, wait_for_ever, self->fd);
	behind = ksem_test_in_time_namespace(-2, wait_for_ever, self->fd);
	if (ahead == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, ahead);
	EXPECT_EQ(0, behind);
}

/* CLOCK_REALTIME is the same in all of them. */
static int wait_100_ms_realtime(int fd)
{
	__u64 begin_ns = ksem_test_clock(CLOCK_REALTIME), waited_ns;
	int result = timed(fd, KSEM_FLAG_REALTIME, begin_ns + 100 * KSEM_TEST_MS);

	if (result != -ETIMEDOUT)
		return result ? result : 1;
	waited_ns = ksem_test_clock(CLOCK_REALTIME) - begin_ns;
	return waited_ns < 100 * KSEM_TEST_MS ? 2 :
	       waited_ns > LATE_MS * KSEM_TEST_MS ? 3 : 0;
}

TEST_F(acquire_ex, realtime_deadline_is_the_same_in_a_time_namespace)
{
	int result = ksem_test_in_time_namespace(1000000, wait_100_ms_realtime, self->fd);

	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

/*
 * Numbers, flags, states
 */

TEST_F(acquire_ex, n_permits_are_taken)
{
	ASSERT_EQ(0, ksem_test_post(self->other, 5));
	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, 0, 4, KSEM_NO_DEADLINE, NULL));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(acquire_ex, more_than_max_is_invalid)
{
	__u32 numbers[] = { 9, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS + 1, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT_EQ(-EINVAL, ksem_test_acquire_ex(self->fd, 0, numbers[i], 0, NULL));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_timeouts);
}

TEST_F(acquire_ex, zero_permits_succeed_whatever_the_deadline)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, 0, 0, 0, NULL));
	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, 0, 0, KSEM_NO_DEADLINE, NULL));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(acquire_ex, shutdown_is_found_before_the_deadline)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, timed(self->fd, 0, 0));
	EXPECT_EQ(-ESHUTDOWN, timed(self->fd, 0, KSEM_NO_DEADLINE));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire_ex(self->fd, 0, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, ksem_test_acquire_ex(self->fd, 0, 9, 0, NULL));
}

TEST_F(acquire_ex, shutdown_ends_a_timed_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, 0, 1,
				       ksem_test_in_ms(HOUR_MS)));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
}

TEST_F(acquire_ex, recovery_is_told_to_a_waiter)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, KSEM_FLAG_TOKEN, 1,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	close(self->other);
	EXPECT_EQ(1, ksem_test_join(&waiter));
	EXPECT_EQ(0, timed(self->fd, 0, 0));
}

static unsigned int handled;

static void on_signal(int sig)
{
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static int catch_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	return sigaction(SIGUSR1, &action, NULL);
}

TEST_F(acquire_ex, signal_handler_ends_the_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, catch_signal());
	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, KSEM_FLAG_TOKEN, 1,
				       ksem_test_in_ms(HOUR_MS)));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, ksem_test_join(&waiter));
	EXPECT_EQ(1, handled);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

TEST_F(acquire_ex, uninterruptible_wait_outlasts_a_signal_handler)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, catch_signal());
	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, KSEM_FLAG_UNINTERRUPTIBLE,
				       1, KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	/* Nothing but a fatal signal wakes a thread in that state. */
	ASSERT_TRUE(ksem_test_until(ksem_test_task_state(waiter.tid) == 'D'));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, handled);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(1, handled);
}

TEST_F(acquire_ex, uninterruptible_wait_ends_at_its_deadline)
{
	EXPECT_EQ(-ETIMEDOUT, timed(self->fd, KSEM_FLAG_UNINTERRUPTIBLE,
				    ksem_test_in_ms(20)));
}

TEST_F(acquire_ex, uninterruptible_wait_ends_with_shutdown)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, KSEM_FLAG_UNINTERRUPTIBLE,
				       1, KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
}

TEST_F(acquire_ex, uninterruptible_wait_ends_with_SIGKILL)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(timed(self->fd, KSEM_FLAG_UNINTERRUPTIBLE,
				     KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

/*
 * Tokens
 */

static __u64 token_of(int fd)
{
	__u64 token = 0;

	if (ksem_test_acquire_ex(fd, KSEM_FLAG_TOKEN, 1, 0, &token))
		return 0;
	return ksem_test_release(fd, 1) ? 0 : token;
}

TEST_F(acquire_ex, tokens_grow)
{
	__u64 last = 0, token;
	int i;

	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	for (i = 0; i < 100; i++) {
		token = token_of(self->fd);
		ASSERT_LT(last, token);
		last = token;
	}
}

TEST_F(acquire_ex, tokens_grow_over_all_semaphores)
{
	int second = ksem_test_nonfair(1, 1), third = ksem_test_signal(1, 1);
	__u64 last = 0, token;
	int i;

	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	for (i = 0; i < 30; i++) {
		token = i % 3 == 0 ? token_of(self->fd) :
			i % 3 == 1 ? token_of(second) : token_of(third);
		ASSERT_LT(last, token);
		last = token;
	}
	close(second);
	close(third);
}

/* Four processes draw tokens at once: no two are the same, each sees its grow. */
#define DRAWERS		4
#define DRAWS		100

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

TEST_F(acquire_ex, tokens_are_unique_over_processes)
{
	size_t size = DRAWERS * DRAWS * sizeof(__u64);
	__u64 *tokens = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[DRAWERS];
	int i, draw;

	ASSERT_NE(MAP_FAILED, (void *)tokens);
	for (i = 0; i < DRAWERS; i++) {
		children[i] = ksem_test_fork();
		if (children[i])
			continue;
		int fd = ksem_test_fair(1, 1);

		for (draw = 0; draw < DRAWS; draw++)
			tokens[i * DRAWS + draw] = token_of(fd);
		_exit(0);
	}
	for (i = 0; i < DRAWERS; i++) {
		ASSERT_EQ(0, ksem_test_reap(children[i]));
		for (draw = 1; draw < DRAWS; draw++)
			EXPECT_LT(tokens[i * DRAWS + draw - 1], tokens[i * DRAWS + draw]);
	}
	qsort(tokens, DRAWERS * DRAWS, sizeof(*tokens), by_value);
	for (i = 1; i < DRAWERS * DRAWS; i++)
		EXPECT_LT(tokens[i - 1], tokens[i]);
}

/* The one queued first is granted first: its token is the smaller one. */
TEST_F(acquire_ex, tokens_follow_the_order_of_grants)
{
	struct ksem_test_waiter first, second;
	__u64 before, after;

	before = token_of(ksem_test_fair(1, 1));
	ASSERT_TRUE(ksem_test_start_ex(&first, self->fd, KSEM_FLAG_TOKEN, 1,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_start_ex(&second, self->fd, KSEM_FLAG_TOKEN, 1,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 2));
	/* Drawn after they were queued, before they are granted. */
	after = token_of(ksem_test_fair(1, 1));
	EXPECT_LT(before, after);
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	ASSERT_EQ(0, ksem_test_join(&first));
	ASSERT_EQ(0, ksem_test_join(&second));
	EXPECT_LT(after, first.ex.out_token);
	EXPECT_LT(first.ex.out_token, second.ex.out_token);
}

/* The counter began at load with the wall clock, so it survives a reboot. */
TEST_F(acquire_ex, tokens_are_about_the_wall_clock_since_boot)
{
	__u64 real_ns = ksem_test_clock(CLOCK_REALTIME);
	__u64 boot_ns = real_ns - ksem_test_clock(CLOCK_BOOTTIME);
	__u64 token = token_of(ksem_test_fair(1, 1));
	__u64 minute_ns = 60000 * KSEM_TEST_MS;

	EXPECT_LT(boot_ns - minute_ns, token);
	EXPECT_GT(real_ns + minute_ns, token);
}

TEST_F(acquire_ex, token_is_not_written_unless_asked_for)
{
	__u64 token;

	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, 0, 1, 0, &token));
	EXPECT_EQ(KSEM_TEST_POISON_64, token);
	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, 0, &token));
	EXPECT_NE(KSEM_TEST_POISON_64, token);
}

TEST_F(acquire_ex, token_of_0_permits_is_0)
{
	__u64 token;

	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 0, 0, &token));
	EXPECT_EQ(0, token);
}

/* A failing call has no token; what it leaves is the 0 of no grant, or nothing. */
TEST_F(acquire_ex, failing_call_leaves_no_token)
{
	__u64 token;

	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1,
						   ksem_test_in_ms(20), &token));
	EXPECT_TRUE(token == 0 || token == KSEM_TEST_POISON_64);
}

/*
 * A result that cannot be written
 */

/**
 * struct _test_data_fault - a request in a page of its own
 * @fd: acquires, with a token.
 * @other: holds the only permit at first.
 * @ex: the request.
 * @size: of the page.
 * @waiter: runs it.
 */
FIXTURE(fault) {
	int fd;
	int other;
	struct ksem_acquire_ex *ex;
	size_t size;
	struct ksem_test_waiter waiter;
};

FIXTURE_SETUP(fault)
{
	self->fd = ksem_test_fair(1, 8);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	self->size = sysconf(_SC_PAGESIZE);
	self->ex = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->ex);
	*self->ex = (struct ksem_acquire_ex){
		.size = sizeof(*self->ex),
		.flags = KSEM_FLAG_TOKEN,
		.n = 1,
		.deadline_ns = KSEM_NO_DEADLINE,
	};
	self->waiter = (struct ksem_test_waiter){
		.fd = self->fd,
		.cmd = KSEM_IOC_ACQUIRE_EX,
		.arg = self->ex,
	};
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd);
	close(self->other);
}

static bool queue_it(FIXTURE_DATA(fault) * self)
{
	return ksem_test_launch(&self->waiter) &&
	       ksem_test_wait_queued(self->fd, 1);
}

TEST_F(fault, read_only_result_is_found_before_the_request_is_queued)
{
	ASSERT_EQ(0, mprotect(self->ex, self->size, PROT_READ));
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_ACQUIRE_EX, self->ex));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
}

TEST_F(fault, read_only_result_takes_no_free_permit)
{
	struct ksem_info before, after;

	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(0, mprotect(self->ex, self->size, PROT_READ));
	before = ksem_test_info(self->fd);
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_ACQUIRE_EX, self->ex));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(1, after.out_available);
}

TEST_F(fault, page_unmapped_during_the_wait_returns_the_grant)
{
	ASSERT_TRUE(queue_it(self));
	ASSERT_EQ(0, munmap(self->ex, self->size));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_acquires);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(fault, page_made_read_only_during_the_wait_returns_the_grant)
{
	ASSERT_TRUE(queue_it(self));
	ASSERT_EQ(0, mprotect(self->ex, self->size, PROT_READ));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
}

TEST_F(fault, returned_grant_goes_to_the_next_waiter)
{
	struct ksem_test_waiter next;

	ASSERT_TRUE(queue_it(self));
	ASSERT_TRUE(ksem_test_queue(&next, self->fd, 1, 2));
	ASSERT_EQ(0, munmap(self->ex, self->size));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(0, ksem_test_join(&next));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(fault, news_of_a_recovery_goes_back_with_the_grant)
{
	ASSERT_TRUE(queue_it(self));
	ASSERT_EQ(0, munmap(self->ex, self->size));
	close(self->other);
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(KSEM_INFO_RECOVERED,
		  ksem_test_info(self->fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

TEST_F(fault, signal_semaphore_gets_back_what_was_consumed)
{
	int fd = ksem_test_signal(0, 8);

	self->waiter.fd = fd;
	ASSERT_TRUE(ksem_test_launch(&self->waiter));
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_EQ(0, munmap(self->ex, self->size));
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	close(fd);
}

/* A wait that ends without a grant has nothing to write. */
TEST_F(fault, unmapped_page_does_not_hide_a_timeout)
{
	self->ex->deadline_ns = ksem_test_in_ms(1000);
	ASSERT_TRUE(ksem_test_launch(&self->waiter));
	ASSERT_TRUE(is_queued_or_done(self->fd, &self->waiter));
	ASSERT_EQ(0, munmap(self->ex, self->size));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_join(&self->waiter));
}

/*
 * A userfaultfd holds the writing of the result up, for as long as the test
 * likes: the grant is made, and not delivered.
 */
static int watch(void *page, size_t size)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)page, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0)
		return -errno;
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    madvise(page, size, MADV_DONTNEED)) {
		close(uffd);
		return -EINVAL;
	}
	return uffd;
}

/* True once somebody has touched the page, and hangs there. */
static bool touched(int uffd)
{
	struct pollfd poll_fd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&poll_fd, 1, 10000) == 1 &&
	       read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

static int supply_page(int uffd, void *page, size_t size)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)page, .len = size },
	};

	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

static int take_page_away(int uffd, void *page, size_t size)
{
	struct uffdio_range range = { .start = (uintptr_t)page, .len = size };

	return munmap(page, size) || ioctl(uffd, UFFDIO_WAKE, &range);
}

TEST_F(fault, undelivered_grant_counts_as_held_but_nobody_can_use_it)
{
	struct ksem_info info;
	int uffd;

	ASSERT_TRUE(queue_it(self));
	uffd = watch(self->ex, self->size);
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_TRUE(touched(uffd));

	info = ksem_test_info(self->fd);
	EXPECT_EQ(0, info.out_available);
	EXPECT_EQ(1, info.out_held);
	EXPECT_EQ(1, info.out_own);
	EXPECT_EQ(1, info.out_holders);
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(-EPERM, ksem_test_forget(self->fd, 1));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->fd, 1, self->other));

	EXPECT_EQ(0, supply_page(uffd, self->ex, self->size));
	EXPECT_EQ(0, ksem_test_join(&self->waiter));
	EXPECT_NE(0, self->ex->out_token);
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	close(uffd);
}

/* What the handle held before stays releasable meanwhile, and no more. */
TEST_F(fault, sibling_can_release_what_was_delivered_before)
{
	int uffd;

	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_TRUE(queue_it(self));
	uffd = watch(self->ex, self->size);
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_TRUE(touched(uffd));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 3));
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, supply_page(uffd, self->ex, self->size));
	EXPECT_EQ(0, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	close(uffd);
}

TEST_F(fault, undelivered_grant_returns_whole)
{
	int uffd;

	ASSERT_TRUE(queue_it(self));
	uffd = watch(self->ex, self->size);
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_TRUE(touched(uffd));
	ASSERT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	ASSERT_EQ(0, take_page_away(uffd, self->ex, self->size));
	EXPECT_EQ(-EFAULT, ksem_test_join(&self->waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
	close(uffd);
}

TEST_HARNESS_MAIN
