// SPDX-License-Identifier: GPL-2.0-only
/* Moving held permits to another handle's account. */
#include "ksem_test.h"

FIXTURE(transfer) {
	int fd;		/* holds 4 of 10 */
	int other;
};

FIXTURE_SETUP(transfer)
{
	self->fd = ksem_test_fair(10, 20);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
}

FIXTURE_TEARDOWN(transfer)
{
	close(self->fd);
	close(self->other);
}

TEST_F(transfer, permits_change_their_account)
{
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 3, self->other));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(6, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_holders);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_acquires);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_releases);
}

TEST_F(transfer, receiver_releases_and_giver_cannot)
{
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 4, self->other));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_release(self->other, 4));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
}

TEST_F(transfer, permits_return_with_the_receiver)
{
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 3, self->other));
	close(self->other);
	EXPECT_EQ(9, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(transfer, more_than_held_is_EPERM)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->fd, 5, self->other));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->other, 3, self->fd));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(2, ksem_test_info(self->other).out_own);
}

TEST_F(transfer, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_transfer(self->fd, 0, self->other));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(0, ksem_test_transfer(self->other, 0, self->fd));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(transfer, to_itself_changes_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_transfer(self->fd, 4, self->fd));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->fd, 5, self->fd));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(transfer, handle_of_another_semaphore_is_EXDEV)
{
	int stranger = ksem_test_fair(10, 20);

	EXPECT_EQ(-EXDEV, ksem_test_transfer(self->fd, 1, stranger));
	EXPECT_EQ(-EXDEV, ksem_test_transfer(self->fd, 0, stranger));
	EXPECT_EQ(-EXDEV, ksem_test_transfer(self->fd, 5, stranger));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(stranger).out_own);
	close(stranger);
}

TEST_F(transfer, unbound_receiver_is_ENXIO)
{
	int unbound = ksem_test_open(O_RDWR);

	EXPECT_EQ(-ENXIO, ksem_test_transfer(self->fd, 1, unbound));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	close(unbound);
}

TEST_F(transfer, descriptor_that_is_not_open_is_EBADF)
{
	int closed = dup(self->other);

	close(closed);
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->fd, 1, closed));
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->fd, 1, -1));
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->fd, 0, -1));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
}

TEST_F(transfer, descriptor_of_another_kind_is_invalid)
{
	int null = open("/dev/null", O_RDWR);

	EXPECT_EQ(-EINVAL, ksem_test_transfer(self->fd, 1, null));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	close(null);
}

TEST_F(transfer, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_transfer(self->fd, -1, -1));
	EXPECT_EQ(-EINVAL, ksem_test_transfer(self->fd, -1, self->other));
	EXPECT_EQ(-EINVAL, ksem_test_transfer(self->fd, KSEM_MAX_PERMITS + 1,
					      self->other));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
}

/* The permits were never free: who waits for them waits on. */
TEST_F(transfer, it_passes_the_queue)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 8, 1));
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 4, self->other));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(10, ksem_test_info(self->other).out_own);
}

TEST_F(transfer, it_works_after_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 3, self->other));
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 0, self->other));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->fd, 2, self->other));
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
}

TEST_F(transfer, on_a_signal_semaphore_it_is_EOPNOTSUPP)
{
	int fd = ksem_test_signal(4, 8), other = ksem_test_attached(fd);

	EXPECT_EQ(-EOPNOTSUPP, ksem_test_transfer(fd, 1, other));
	EXPECT_EQ(-EOPNOTSUPP, ksem_test_transfer(fd, 0, other));
	ASSERT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_EQ(-EOPNOTSUPP, ksem_test_transfer(fd, 1, other));
	close(fd);
	close(other);
}

TEST_HARNESS_MAIN
