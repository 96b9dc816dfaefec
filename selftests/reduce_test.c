// SPDX-License-Identifier: GPL-2.0-only
/* Taking permits out, now or as they come back. */
#include "ksem_test.h"

FIXTURE(reduce) {
	int fd;
	int other;
};

FIXTURE_SETUP(reduce)
{
	self->fd = ksem_test_fair(10, 20);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(reduce)
{
	close(self->fd);
	close(self->other);
}

TEST_F(reduce, capacity_and_available_shrink)
{
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(9, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(9, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 9));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(20, ksem_test_info(self->fd).out_max);
}

TEST_F(reduce, below_what_is_held_leaves_a_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 9));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 4));
	EXPECT_EQ(-3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(6, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(9, ksem_test_info(self->fd).out_held);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(reduce, beyond_the_capacity_is_invalid)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, 11));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 10));
	EXPECT_EQ(-10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	EXPECT_EQ(-10, ksem_test_info(self->fd).out_available);
}

TEST_F(reduce, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, -1));
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, KSEM_MAX_PERMITS + 1));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_capacity);
}

TEST_F(reduce, deepest_deficit_is_the_largest_number)
{
	int fd = ksem_test_fair(KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);

	ASSERT_EQ(0, ksem_test_acquire(fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(0, ksem_test_reduce(fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-(__s32)KSEM_MAX_PERMITS, ksem_test_info(fd).out_available);
	EXPECT_EQ(0, ksem_test_info(fd).out_capacity);
	EXPECT_TRUE(ksem_test_conserved(fd));
	EXPECT_EQ(0, ksem_test_release(fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(0, ksem_test_info(fd).out_available);
	close(fd);
}

TEST_F(reduce, releases_fill_the_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 3));
	EXPECT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(-1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(reduce, closing_fills_the_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 10));
	close(self->other);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
}

/* Room is made by nothing but the head's arrival: the waiter stays. */
TEST_F(reduce, waiters_stay_queued)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 5));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->other, 6));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(reduce, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(reduce, it_works_after_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 4));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, 7));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_capacity);
}

TEST_HARNESS_MAIN
