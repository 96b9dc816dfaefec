// SPDX-License-Identifier: GPL-2.0-only
/*
 * What poll and select say of a handle: EPOLLIN where a try of one would
 * succeed, EPOLLOUT where there is something to release, or on a signal
 * semaphore room for a post. How pollers hear of changes: poll_edge_test.c.
 */
#include "ksem_test.h"
#include "ksem_test_poll.h"
#include "ksem_test_proc.h"

#include <sys/select.h>

TEST(an_unbound_handle_has_an_error)
{
	EXPECT_EQ(EPOLLERR, ksem_test_events(ksem_test_open(O_RDWR)));
}

FIXTURE(level) {
	int fd;
	int other;
};

FIXTURE_VARIANT(level) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(level, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(level, nonfair) { .flags = 0 };

FIXTURE_SETUP(level)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 1, 10));
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(level)
{
	close(self->other);
	close(self->fd);
}

TEST_F(level, in_is_set_where_a_permit_is_free)
{
	EXPECT_EQ(EPOLLIN, ksem_test_events(self->fd));
	EXPECT_EQ(EPOLLIN, ksem_test_events(self->other));
}

TEST_F(level, in_is_clear_where_none_is_free)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	EXPECT_EQ(0, ksem_test_events(self->fd));
}

TEST_F(level, in_is_clear_in_a_deficit)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(0, ksem_test_events(self->fd));
}

TEST_F(level, out_is_set_for_a_holder_and_for_no_other)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(EPOLLOUT, ksem_test_events(self->fd));
	EXPECT_EQ(0, ksem_test_events(self->other));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_events(self->fd));
}

TEST_F(level, out_goes_with_a_transfer)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 1, self->other));
	EXPECT_EQ(0, ksem_test_events(self->fd));
	EXPECT_EQ(EPOLLOUT, ksem_test_events(self->other));
}

TEST_F(level, out_is_clear_after_forget)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_forget(self->fd, 1));
	EXPECT_EQ(0, ksem_test_events(self->fd));
}

TEST_F(level, both_are_set_where_one_is_free_and_one_is_held)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_events(self->fd));
}

TEST_F(level, in_and_hup_are_set_after_a_shutdown)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_events(self->fd));
	EXPECT_EQ(EPOLLIN | EPOLLHUP | EPOLLOUT, ksem_test_events(self->other));
}

TEST_F(level, in_needs_the_right_to_read)
{
	int fd = ksem_test_attached_mode(self->fd, O_WRONLY);

	EXPECT_EQ(0, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 1, fd));
	EXPECT_EQ(EPOLLOUT, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(EPOLLHUP, ksem_test_events(fd) & EPOLLHUP);
}

TEST_F(level, out_needs_the_right_to_write)
{
	int fd = ksem_test_attached_mode(self->fd, O_RDONLY);

	EXPECT_EQ(EPOLLIN, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_EQ(0, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_events(fd));
}

TEST_F(level, select_says_the_same)
{
	struct timeval now = { 0, 0 };
	fd_set in, out;

	FD_ZERO(&in);
	FD_SET(self->fd, &in);
	FD_SET(self->other, &in);
	out = in;
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(3, select(self->other + 1, &in, &out, NULL, &now));
	EXPECT_TRUE(FD_ISSET(self->fd, &in));
	EXPECT_FALSE(FD_ISSET(self->fd, &out));
	EXPECT_TRUE(FD_ISSET(self->other, &in));
	EXPECT_TRUE(FD_ISSET(self->other, &out));
}

TEST_F(level, polling_takes_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	ASSERT_EQ(EPOLLIN, ksem_test_events(self->fd));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST(in_is_clear_where_others_are_queued_on_a_fair_semaphore)
{
	int fd = ksem_test_fair(1, 10);
	struct ksem_test_waiter head;

	ASSERT_TRUE(ksem_test_queue(&head, fd, 2, 1));
	EXPECT_EQ(0, ksem_test_events(fd));
}

TEST(in_is_set_where_the_head_may_be_passed)
{
	int fd = ksem_test_new_handoff(0, 1, 10, KSEM_HANDOFF_NEVER);
	struct ksem_test_waiter head;

	ASSERT_TRUE(ksem_test_queue(&head, fd, 2, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_events(fd));
}

TEST(in_is_clear_where_the_head_is_due)
{
	int fd = ksem_test_new_handoff(0, 1, 10, 1);
	struct ksem_test_waiter head;

	ASSERT_TRUE(ksem_test_queue(&head, fd, 2, 1));
	EXPECT_EQ(0, ksem_test_events(fd));
}

TEST(a_signal_semaphore_is_writable_below_its_maximum)
{
	int fd = ksem_test_signal(0, 2);

	EXPECT_EQ(EPOLLOUT, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_events(fd));
	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	EXPECT_EQ(EPOLLOUT, ksem_test_events(fd));
}

/* What a file of another kind can. */

TEST(seeking_is_refused)
{
	EXPECT_EQ(-1, lseek(ksem_test_fair(1, 1), 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

TEST(mapping_is_refused)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, ksem_test_fair(1, 1), 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
