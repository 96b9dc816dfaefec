// SPDX-License-Identifier: GPL-2.0-only
/* Taking all that is free in one step. */
#include "ksem_test.h"

FIXTURE(drain) {
	int fd;
	int other;
};

FIXTURE_SETUP(drain)
{
	self->fd = ksem_test_fair(5, 10);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(drain)
{
	close(self->fd);
	close(self->other);
}

TEST_F(drain, drainer_holds_all_that_was_free)
{
	__u32 n;

	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(5, n);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_acquires);
	EXPECT_EQ(0, ksem_test_release(self->fd, 5));
}

TEST_F(drain, it_takes_what_others_left)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(2, n);
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
}

TEST_F(drain, nothing_free_is_0)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_acquires);
}

TEST_F(drain, deficit_is_0)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_EQ(0, ksem_test_reduce(self->other, 3));
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(-3, ksem_test_info(self->fd).out_available);
}

TEST_F(drain, fair_with_a_queue_is_0)
{
	struct ksem_test_waiter waiter;
	__u32 n;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 6, 1));
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(drain, nonfair_drains_past_the_queue_until_its_head_is_due)
{
	int never = ksem_test_new_handoff(0, 2, 8, KSEM_HANDOFF_NEVER);
	int soon = ksem_test_new_handoff(0, 2, 8, 1);
	struct ksem_test_waiter waiters[2];
	__u32 n;

	ASSERT_TRUE(ksem_test_queue(&waiters[0], never, 3, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], soon, 3, 1));
	EXPECT_EQ(0, ksem_test_drain(never, &n));
	EXPECT_EQ(2, n);
	EXPECT_EQ(0, ksem_test_drain(soon, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, ksem_test_post(never, 3));
	ASSERT_EQ(0, ksem_test_post(soon, 1));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
	close(never);
	close(soon);
}

TEST_F(drain, shutdown_is_ESHUTDOWN)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(drain, recovery_is_told_once)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	close(self->other);
	EXPECT_EQ(1, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(5, n);
	ASSERT_EQ(0, ksem_test_release(self->fd, 5));
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
}

/* A drain that takes nothing is no grant: the next one tells. */
TEST_F(drain, empty_drain_leaves_the_news_of_a_recovery)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 1));
	close(self->other);
	ASSERT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(1, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(1, n);
}

TEST_F(drain, token_is_given_where_asked_for)
{
	struct ksem_drain drain = {
		.size = sizeof(drain),
		.flags = KSEM_FLAG_TOKEN,
		.out_n = KSEM_TEST_POISON_32,
	};
	__u64 before, after;

	ASSERT_EQ(0, ksem_test_acquire_ex(self->other, KSEM_FLAG_TOKEN, 1, 0, &before));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_DRAIN, &drain));
	EXPECT_EQ(5, drain.out_n);
	ASSERT_EQ(0, ksem_test_release(self->fd, 5));
	ASSERT_EQ(0, ksem_test_acquire_ex(self->other, KSEM_FLAG_TOKEN, 1, 0, &after));
	EXPECT_LT(before, drain.out_token);
	EXPECT_GT(after, drain.out_token);
}

TEST_F(drain, token_is_not_written_unless_asked_for)
{
	struct ksem_drain drain = {
		.size = sizeof(drain),
		.out_token = KSEM_TEST_POISON_64,
	};

	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_DRAIN, &drain));
	EXPECT_EQ(5, drain.out_n);
	EXPECT_EQ(KSEM_TEST_POISON_64, drain.out_token);
}

TEST_F(drain, reserved_word_stays_zero)
{
	struct ksem_drain drain = { .size = sizeof(drain) };

	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_DRAIN, &drain));
	EXPECT_EQ(0, drain.reserved);
}

/* Half of the structure can be written: what was taken is known to nobody. */
TEST_F(drain, token_in_unwritable_memory_faults_and_takes_nothing)
{
	long size = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ksem_drain *drain = (void *)(pages + size -
				   offsetof(struct ksem_drain, out_token));
	struct ksem_info before = ksem_test_info(self->fd), after;

	ASSERT_NE(MAP_FAILED, (void *)pages);
	*drain = (struct ksem_drain){
		.size = sizeof(*drain),
		.flags = KSEM_FLAG_TOKEN,
	};
	ASSERT_EQ(0, mprotect(pages + size, size, PROT_READ));
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_DRAIN, drain));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	munmap(pages, 2 * size);
}

TEST_F(drain, read_only_result_leaves_the_news_of_a_recovery)
{
	long size = sysconf(_SC_PAGESIZE);
	struct ksem_drain *drain = mmap(NULL, size, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 n;

	ASSERT_NE(MAP_FAILED, (void *)drain);
	drain->size = sizeof(*drain);
	ASSERT_EQ(0, mprotect(drain, size, PROT_READ));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	close(self->other);
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_DRAIN, drain));
	EXPECT_EQ(1, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(5, n);
	munmap(drain, size);
}

TEST_HARNESS_MAIN
