// SPDX-License-Identifier: GPL-2.0-only
/* Taking what is free now, or EAGAIN. */
#include "ksem_test.h"

FIXTURE(try_acquire) {
	int fd;
};

FIXTURE_VARIANT(try_acquire) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(try_acquire, fair) { .flags = KSEM_CREATE_FAIR };
FIXTURE_VARIANT_ADD(try_acquire, nonfair) { .flags = 0 };

FIXTURE_SETUP(try_acquire)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 2, 100));
}

FIXTURE_TEARDOWN(try_acquire)
{
	close(self->fd);
}

TEST_F(try_acquire, takes_until_nothing_is_left)
{
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
}

TEST_F(try_acquire, takes_all_or_nothing)
{
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 3));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 2));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(try_acquire, counts_down_by_n)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 98));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 5));
	EXPECT_EQ(95, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 5));
	EXPECT_EQ(90, ksem_test_info(self->fd).out_available);
}

TEST_F(try_acquire, succeeds_again_after_release)
{
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 2));
}

TEST_F(try_acquire, succeeds_after_a_post_by_another_thread)
{
	struct ksem_post post = { .size = sizeof(post), .n = 1 };
	struct ksem_test_waiter poster = { .fd = self->fd, .cmd = KSEM_IOC_POST,
					   .arg = &post };

	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	ASSERT_TRUE(ksem_test_launch(&poster));
	EXPECT_TRUE(ksem_test_until(!ksem_test_try_acquire(self->fd, 1)));
	EXPECT_EQ(0, ksem_test_join(&poster));
}

TEST_F(try_acquire, zero_permits_succeed_on_an_empty_semaphore)
{
	struct ksem_info before, after;

	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	before = ksem_test_info(self->fd);
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(try_acquire, in_a_deficit_only_zero_permits_succeed)
{
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 1));
	ASSERT_EQ(-1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 0));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
}

TEST_F(try_acquire, more_than_max_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 101));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 0x80000000UL));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 0xffffffffUL));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(try_acquire, more_than_the_capacity_is_EAGAIN)
{
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 100));
}

TEST_F(try_acquire, shutdown_is_ESHUTDOWN)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire(self->fd, 0));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 101));
}

TEST_F(try_acquire, recovery_is_told_once)
{
	int other = ksem_test_attached(self->fd);

	ASSERT_EQ(0, ksem_test_try_acquire(other, 1));
	close(other);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 3));
	EXPECT_EQ(1, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
}

TEST_F(try_acquire, it_does_not_queue)
{
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 2));
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
}

TEST(fair_try_fails_where_others_are_queued)
{
	int fd = ksem_test_fair(1, 4);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 2, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(fd, 1));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	EXPECT_EQ(0, ksem_test_try_acquire(fd, 0));
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
}

/* handoff_ns = never: the head is never due. */
TEST(nonfair_try_takes_past_the_queue)
{
	int fd = ksem_test_new_handoff(0, 1, 4, KSEM_HANDOFF_NEVER);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 2, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(fd, 1));
	EXPECT_EQ(1, ksem_test_info(fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(fd, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
}

TEST(nonfair_try_fails_once_the_head_is_due)
{
	int fd = ksem_test_new_handoff(0, 1, 4, 1);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 2, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(fd, 1));
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
}

TEST_HARNESS_MAIN
