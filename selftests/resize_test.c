// SPDX-License-Identifier: GPL-2.0-only
/* Setting the capacity. */
#include "ksem_test.h"

FIXTURE(resize) {
	int fd;
	int other;
};

FIXTURE_SETUP(resize)
{
	self->fd = ksem_test_fair(10, 20);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(resize)
{
	close(self->fd);
	close(self->other);
}

TEST_F(resize, capacity_grows)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 15));
	EXPECT_EQ(15, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(12, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_held);
}

TEST_F(resize, capacity_shrinks)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 5));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(resize, held_permits_stay_held_and_leave_a_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 8));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 5));
	EXPECT_EQ(-3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(8, ksem_test_info(self->other).out_own);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
	EXPECT_EQ(0, ksem_test_release(self->other, 8));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(resize, to_0_stops_everything)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 0));
	EXPECT_EQ(-10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_capacity);
	ASSERT_EQ(0, ksem_test_release(self->other, 10));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
}

TEST_F(resize, out_of_a_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_EQ(0, ksem_test_resize(self->fd, 2));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 12));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(resize, up_to_max_and_not_beyond)
{
	EXPECT_EQ(0, ksem_test_resize(self->fd, 20));
	EXPECT_EQ(-EOVERFLOW, ksem_test_resize(self->fd, 21));
	EXPECT_EQ(-EOVERFLOW, ksem_test_resize(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(20, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(20, ksem_test_info(self->fd).out_max);
}

TEST_F(resize, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_resize(self->fd, KSEM_MAX_PERMITS + 1));
	EXPECT_EQ(-EINVAL, ksem_test_resize(self->fd, -1));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_capacity);
}

TEST_F(resize, to_the_same_changes_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_resize(self->fd, 10));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(resize, growth_serves_waiters)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 4, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 3, 2));
	ASSERT_EQ(0, ksem_test_resize(self->fd, 15));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_resize(self->fd, 17));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(resize, shutdown_is_ESHUTDOWN)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_resize(self->fd, 12));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_resize(self->fd, 10));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_resize(self->fd, 0));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_capacity);
}

TEST_HARNESS_MAIN
