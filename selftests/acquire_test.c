// SPDX-License-Identifier: GPL-2.0-only
/* Acquire without a deadline: taking at once, waiting, and being granted. */
#include "ksem_test.h"

FIXTURE(acquire) {
	int fd;		/* acquires */
	int other;	/* makes room */
};

FIXTURE_VARIANT(acquire) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(acquire, fair) { .flags = KSEM_CREATE_FAIR };
FIXTURE_VARIANT_ADD(acquire, nonfair) { .flags = 0 };

FIXTURE_SETUP(acquire)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 3, 8));
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(acquire)
{
	close(self->fd);
	close(self->other);
}

TEST_F(acquire, free_permits_are_taken_at_once)
{
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
}

TEST_F(acquire, empty_semaphore_makes_it_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_FALSE(ksem_test_done(&waiter));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

/* For 1 and for 3 permits, in four rounds. */
TEST_F(acquire, release_in_another_thread_ends_the_wait)
{
	struct ksem_test_waiter waiter;
	int round;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	for (round = 0; round < 4; round++) {
		__u32 n = round % 2 ? 3 : 1;

		ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, n, 1));
		ASSERT_EQ(0, ksem_test_release(self->other, n));
		ASSERT_EQ(0, ksem_test_join(&waiter));
		ASSERT_EQ(0, ksem_test_transfer(self->fd, n, self->other));
	}
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
}

TEST_F(acquire, parent_and_child_hand_over)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(ksem_test_wait_queued(self->other, 1) ?
			       ksem_test_post(self->other, 1) : 1);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_held);
}

TEST_F(acquire, one_release_wakes_one_of_two)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_FALSE(ksem_test_done(&waiters[1]));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
}

/* A thread that holds one waits for the next like anybody. */
TEST_F(acquire, holder_that_acquires_again_waits)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
}

TEST_F(acquire, zero_permits_are_granted_at_once)
{
	struct ksem_info before, after;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	before = ksem_test_info(self->fd);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(acquire, zero_permits_are_granted_past_a_queue)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(0, ksem_test_acquire(self->other, 0));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(acquire, zero_permits_are_granted_in_a_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_EQ(0, ksem_test_reduce(self->other, 1));
	ASSERT_EQ(-1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
}

/* Not because of what is there: 3 permits are free. */
TEST_F(acquire, more_than_max_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, 9));
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, KSEM_MAX_PERMITS + 1UL));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
}

TEST_F(acquire, more_than_the_capacity_waits_until_it_grows)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 8, 1));
	ASSERT_EQ(0, ksem_test_post(self->other, 4));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(8, ksem_test_info(self->fd).out_own);
}

TEST_F(acquire, post_ends_the_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	ASSERT_EQ(0, ksem_test_post(self->other, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
}

TEST_F(acquire, resize_ends_the_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	ASSERT_EQ(0, ksem_test_resize(self->other, 5));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(acquire, close_of_a_holder_ends_the_wait_and_says_so)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 3, 1));
	close(self->other);
	EXPECT_EQ(1, ksem_test_join(&waiter));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
}

TEST_F(acquire, recovery_is_told_to_the_first_grant_only)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	close(self->other);
	EXPECT_EQ(KSEM_INFO_RECOVERED,
		  ksem_test_info(self->fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
}

TEST_F(acquire, zero_permits_do_not_consume_the_news_of_a_recovery)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	close(self->other);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

TEST_F(acquire, shutdown_is_ESHUTDOWN_with_permits_free)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->fd, 0));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
}

TEST_F(acquire, shutdown_ends_the_wait)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
}

TEST_F(acquire, waiter_sleeps_interruptibly)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_TRUE(ksem_test_until(ksem_test_task_state(waiter.tid) == 'S'));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

static void on_signal(int sig)
{
}

TEST_F(acquire, signal_handler_ends_the_wait)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
}

/* Mutual exclusion, and what was written under it is seen by the next. */
struct counter {
	pthread_t thread;
	int fd;
	long *count;
	int rounds;
	int errors;
};

static void *counter_main(void *data)
{
	struct counter *counter = data;
	int i;

	for (i = 0; i < counter->rounds; i++) {
		counter->errors += ksem_test_acquire(counter->fd, 1) < 0;
		*counter->count += 1;
		counter->errors += ksem_test_release(counter->fd, 1) < 0;
	}
	return NULL;
}

TEST_F(acquire, unprotected_counter_is_exact)
{
	struct counter counters[4];
	long count = 0;
	size_t i;

	ASSERT_EQ(0, ksem_test_resize(self->other, 1));
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		counters[i] = (struct counter){
			.fd = i % 2 ? self->fd : self->other,
			.count = &count,
			.rounds = 500,
		};
		ASSERT_EQ(0, pthread_create(&counters[i].thread, NULL,
					    counter_main, &counters[i]));
	}
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		ASSERT_EQ(0, pthread_join(counters[i].thread, NULL));
		EXPECT_EQ(0, counters[i].errors);
	}
	EXPECT_EQ(2000, count);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

/* One actor more than permits: never more inside than there are permits. */
struct actor {
	pthread_t thread;
	int fd;
	int *inside;
	int most;
	int errors;
};

static void *actor_main(void *data)
{
	struct actor *actor = data;
	int i, inside;

	for (i = 0; i < 300; i++) {
		actor->errors += ksem_test_acquire(actor->fd, 1) < 0;
		inside = __atomic_add_fetch(actor->inside, 1, __ATOMIC_SEQ_CST);
		if (inside > actor->most)
			actor->most = inside;
		sched_yield();
		__atomic_sub_fetch(actor->inside, 1, __ATOMIC_SEQ_CST);
		actor->errors += ksem_test_release(actor->fd, 1) < 0;
	}
	return NULL;
}

TEST_F(acquire, no_more_inside_than_permits)
{
	struct actor actors[4];
	int inside = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		actors[i] = (struct actor){ .fd = self->fd, .inside = &inside };
		ASSERT_EQ(0, pthread_create(&actors[i].thread, NULL, actor_main,
					    &actors[i]));
	}
	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		ASSERT_EQ(0, pthread_join(actors[i].thread, NULL));
		EXPECT_GE(3, actors[i].most);
		EXPECT_EQ(0, actors[i].errors);
	}
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
}

/* A fair grant is made by the releaser: nothing is left for others to see. */
TEST(fair_grant_is_made_before_the_waiter_runs)
{
	int fd = ksem_test_fair(1, 1), other = ksem_test_attached(fd);
	struct ksem_test_waiter waiter;
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_acquire(other, 1));
	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	ASSERT_EQ(0, ksem_test_release(other, 1));
	info = ksem_test_info(fd);
	EXPECT_EQ(0, info.out_available);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(1, info.out_own);
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
	close(other);
}

/* An arriving acquire does not pass those who wait. */
TEST(fair_newcomer_queues_behind_a_waiter_that_does_not_fit)
{
	int fd = ksem_test_fair(1, 4);
	struct ksem_test_waiter big, small;

	ASSERT_TRUE(ksem_test_queue(&big, fd, 2, 1));
	ASSERT_TRUE(ksem_test_queue(&small, fd, 1, 2));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&big));
	EXPECT_EQ(1, ksem_test_info(fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&small));
	close(fd);
}

TEST_HARNESS_MAIN
