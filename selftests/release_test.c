// SPDX-License-Identifier: GPL-2.0-only
/* Giving back what one holds, and nothing else. */
#include "ksem_test.h"

#include <stdatomic.h>

FIXTURE(release) {
	int fd;
	int other;
};

FIXTURE_SETUP(release)
{
	self->fd = ksem_test_fair(5, 10);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(release)
{
	close(self->fd);
	close(self->other);
}

TEST_F(release, permits_become_available_again)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
}

TEST_F(release, more_than_held_is_EPERM_and_returns_nothing)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 3));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
}

TEST_F(release, release_of_nothing_held_is_EPERM)
{
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

/* Nobody's account is charged for another's release. */
TEST_F(release, permits_of_another_handle_are_EPERM)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 4));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(4, ksem_test_info(self->other).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(release, permits_cannot_be_released_twice)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(release, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_release(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

/* What a program means by -1, and the like. */
TEST_F(release, number_out_of_range_is_invalid)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	EXPECT_EQ(-EINVAL, ksem_test_release(self->fd, KSEM_MAX_PERMITS + 1UL));
	EXPECT_EQ(-EINVAL, ksem_test_release(self->fd, 0xffffffffUL));
	EXPECT_EQ(-EINVAL, ksem_test_release(self->fd, -1UL));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_own);
}

TEST_F(release, another_thread_may_release)
{
	struct ksem_test_waiter thread = { .fd = self->fd, .cmd = KSEM_IOC_RELEASE,
					   .n = 2 };

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_TRUE(ksem_test_launch(&thread));
	EXPECT_EQ(0, ksem_test_join(&thread));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(release, it_serves_all_who_fit_in_order)
{
	struct ksem_test_waiter waiters[4];
	int i;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], self->other, i + 1, i + 1));
	/* 1 + 2 + 3 would be 6. */
	ASSERT_EQ(0, ksem_test_release(self->fd, 5));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiters[2]));
	ASSERT_EQ(0, ksem_test_post(self->fd, 4));
	EXPECT_EQ(0, ksem_test_join(&waiters[3]));
}

TEST_F(release, deficit_is_filled_first)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(release, it_works_after_shutdown)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 4));
	EXPECT_EQ(0, ksem_test_release(self->fd, 3));
	EXPECT_EQ(0, ksem_test_release(self->fd, 0));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(release, it_says_nothing_of_a_recovery)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	close(self->other);
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

/* Two threads release the one permit of their handle, each with all its might. */

#define DUELS	1000

struct duel {
	int fd;
	atomic_int round;	/* of the other thread: begins when it changes */
	atomic_int over;	/* the rounds that the other thread has ended */
	atomic_int released;
};

static void *duel(void *data)
{
	struct duel *d = data;
	int i;

	for (i = 1; i <= DUELS; i++) {
		while (d->round < i)
			sched_yield();
		d->released += !ksem_test_release(d->fd, 1);
		d->over = i;
	}
	return NULL;
}

TEST(a_permit_cannot_be_released_by_two_at_a_time)
{
	struct duel d = { .fd = ksem_test_fair(1, 2) };
	pthread_t other;
	int i;

	ASSERT_EQ(0, pthread_create(&other, NULL, duel, &d));
	for (i = 1; i <= DUELS; i++) {
		ASSERT_EQ(0, ksem_test_acquire(d.fd, 1));
		d.released = 0;
		d.round = i;
		d.released += !ksem_test_release(d.fd, 1);
		while (d.over < i)
			sched_yield();
		ASSERT_EQ(1, atomic_load(&d.released));
		ASSERT_EQ(1, ksem_test_info(d.fd).out_available);
	}
	pthread_join(other, NULL);
	close(d.fd);
}

/* Three times what is served under one hold of the lock. */
#define MANY	100

TEST(one_release_serves_a_hundred_waiters)
{
	int fd = ksem_test_fair(MANY, MANY), other = ksem_test_attached(fd);
	static struct ksem_test_waiter waiters[MANY];
	int i;

	ASSERT_EQ(0, ksem_test_acquire(other, MANY));
	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(ksem_test_start(&waiters[i], fd, 1));
	ASSERT_TRUE(ksem_test_wait_queued(fd, MANY));
	ASSERT_EQ(0, ksem_test_release(other, MANY));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, ksem_test_join(&waiters[i]));
	EXPECT_EQ(MANY, ksem_test_info(fd).out_own);
	EXPECT_EQ(0, ksem_test_info(fd).out_available);
	EXPECT_EQ(0, ksem_test_info(fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(fd).out_demand);
	close(fd);
	close(other);
}

/* A releaser that has served them all has granted before it returns. */
TEST(grants_of_many_are_made_when_release_returns)
{
	int fd = ksem_test_fair(MANY, MANY), other = ksem_test_attached(fd);
	static struct ksem_test_waiter waiters[MANY];
	struct ksem_info info;
	int i;

	ASSERT_EQ(0, ksem_test_acquire(other, MANY));
	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(ksem_test_start(&waiters[i], fd, 1));
	ASSERT_TRUE(ksem_test_wait_queued(fd, MANY));
	ASSERT_EQ(0, ksem_test_release(other, MANY));
	info = ksem_test_info(fd);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(MANY, info.out_own);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, ksem_test_join(&waiters[i]));
	close(fd);
	close(other);
}

TEST_HARNESS_MAIN
