// SPDX-License-Identifier: GPL-2.0-only
/* Adding permits that nobody held. */
#include "ksem_test.h"

FIXTURE(post) {
	int fd;
};

FIXTURE_SETUP(post)
{
	self->fd = ksem_test_fair(2, 6);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(post)
{
	close(self->fd);
}

TEST_F(post, available_and_capacity_grow)
{
	EXPECT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_releases);
}

TEST_F(post, it_needs_no_account)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 3));
}

TEST_F(post, up_to_max_and_not_beyond)
{
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 5));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 1));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_available);
}

/* It is the capacity that max bounds, not what happens to be free. */
TEST_F(post, held_permits_count_towards_max)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 5));
	EXPECT_EQ(0, ksem_test_post(self->fd, 4));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_capacity);
}

TEST_F(post, more_than_max_is_EOVERFLOW)
{
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 7));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, KSEM_MAX_PERMITS));
}

TEST_F(post, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_post(self->fd, KSEM_MAX_PERMITS + 1));
	EXPECT_EQ(-EINVAL, ksem_test_post(self->fd, -1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(post, counts_near_the_largest_number_do_not_wrap)
{
	int fd = ksem_test_fair(KSEM_MAX_PERMITS - 1, KSEM_MAX_PERMITS);

	EXPECT_EQ(-EOVERFLOW, ksem_test_post(fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(fd, 2));
	EXPECT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(fd, 1));
	EXPECT_EQ(KSEM_MAX_PERMITS, ksem_test_info(fd).out_available);
	close(fd);
}

TEST_F(post, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_post(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(post, it_serves_waiters)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 2, 2));
	ASSERT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(post, deficit_is_filled_first)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 2));
	ASSERT_EQ(-2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(post, shutdown_is_ESHUTDOWN)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 0));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 7));
	EXPECT_EQ(-EINVAL, ksem_test_post(self->fd, -1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_HARNESS_MAIN
