// SPDX-License-Identifier: GPL-2.0-only
/* Giving up held permits for good. */
#include "ksem_test.h"

FIXTURE(forget) {
	int fd;
	int other;
};

FIXTURE_SETUP(forget)
{
	self->fd = ksem_test_fair(10, 20);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 6));
}

FIXTURE_TEARDOWN(forget)
{
	close(self->fd);
	close(self->other);
}

TEST_F(forget, account_and_capacity_shrink)
{
	EXPECT_EQ(0, ksem_test_forget(self->fd, 4));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(6, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(forget, forgotten_permits_never_come_back)
{
	ASSERT_EQ(0, ksem_test_forget(self->fd, 4));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 3));
	close(self->fd);
	EXPECT_EQ(6, ksem_test_info(self->other).out_available);
	EXPECT_EQ(2, ksem_test_info(self->other).out_reclaimed);
}

TEST_F(forget, last_permit_ends_the_holding)
{
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
	ASSERT_EQ(0, ksem_test_forget(self->fd, 6));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
}

TEST_F(forget, more_than_held_is_EPERM)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	EXPECT_EQ(-EPERM, ksem_test_forget(self->fd, 7));
	EXPECT_EQ(-EPERM, ksem_test_forget(self->other, 3));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(10, ksem_test_info(self->fd).out_capacity);
}

TEST_F(forget, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_forget(self->fd, -1));
	EXPECT_EQ(-EINVAL, ksem_test_forget(self->fd, KSEM_MAX_PERMITS + 1));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_own);
}

TEST_F(forget, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_forget(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(0, ksem_test_forget(self->other, 0));
}

TEST_F(forget, nobody_is_granted_by_it)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 5, 1));
	ASSERT_EQ(0, ksem_test_forget(self->fd, 6));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(forget, capacity_can_be_posted_again)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 10));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, ksem_test_forget(self->fd, 6));
	EXPECT_EQ(0, ksem_test_post(self->fd, 6));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 1));
}

/* What reduce has taken out already cannot be taken out again. */
TEST_F(forget, beyond_the_capacity_it_fills_the_deficit)
{
	ASSERT_EQ(0, ksem_test_reduce(self->other, 10));
	ASSERT_EQ(-6, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_forget(self->fd, 4));
	EXPECT_EQ(-2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
	EXPECT_EQ(0, ksem_test_forget(self->fd, 2));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
}

TEST_F(forget, part_of_it_fills_the_deficit_where_some_capacity_is_left)
{
	ASSERT_EQ(0, ksem_test_resize(self->other, 1));
	ASSERT_EQ(-5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_forget(self->fd, 3));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(-3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
}

TEST_F(forget, it_works_after_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(0, ksem_test_forget(self->fd, 2));
	EXPECT_EQ(0, ksem_test_forget(self->fd, 0));
	EXPECT_EQ(-EPERM, ksem_test_forget(self->fd, 5));
	EXPECT_EQ(8, ksem_test_info(self->fd).out_capacity);
}

TEST_F(forget, on_a_signal_semaphore_it_is_EOPNOTSUPP)
{
	int fd = ksem_test_signal(4, 8);

	EXPECT_EQ(-EOPNOTSUPP, ksem_test_forget(fd, 1));
	EXPECT_EQ(-EOPNOTSUPP, ksem_test_forget(fd, 0));
	EXPECT_EQ(-EINVAL, ksem_test_forget(fd, -1));
	EXPECT_EQ(4, ksem_test_info(fd).out_available);
	ASSERT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_EQ(-EOPNOTSUPP, ksem_test_forget(fd, 1));
	close(fd);
}

TEST_HARNESS_MAIN
