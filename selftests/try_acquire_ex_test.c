// SPDX-License-Identifier: GPL-2.0-only
/* A try with a token, or past the queue. */
#include "ksem_test.h"

FIXTURE(try_acquire_ex) {
	int fd;
};

FIXTURE_SETUP(try_acquire_ex)
{
	self->fd = ksem_test_fair(2, 8);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(try_acquire_ex)
{
	close(self->fd);
}

static int try_it(int fd, __u32 flags, __u32 n)
{
	return ksem_test_try_acquire_ex(fd, flags, n, NULL);
}

TEST_F(try_acquire_ex, takes_all_or_nothing)
{
	EXPECT_EQ(-EAGAIN, try_it(self->fd, 0, 3));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, try_it(self->fd, 0, 2));
	EXPECT_EQ(-EAGAIN, try_it(self->fd, 0, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
}

TEST_F(try_acquire_ex, zero_permits_succeed)
{
	ASSERT_EQ(0, try_it(self->fd, 0, 2));
	EXPECT_EQ(0, try_it(self->fd, 0, 0));
	EXPECT_EQ(0, try_it(self->fd, KSEM_FLAG_BARGE, 0));
	EXPECT_EQ(0, try_it(self->fd, KSEM_FLAG_TOKEN, 0));
}

TEST_F(try_acquire_ex, more_than_max_is_invalid)
{
	__u32 numbers[] = { 9, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS + 1, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-EINVAL, try_it(self->fd, 0, numbers[i]));
		EXPECT_EQ(-EINVAL, try_it(self->fd, KSEM_FLAG_BARGE, numbers[i]));
	}
}

TEST_F(try_acquire_ex, shutdown_is_ESHUTDOWN)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, try_it(self->fd, 0, 1));
	EXPECT_EQ(-ESHUTDOWN, try_it(self->fd, KSEM_FLAG_BARGE, 1));
	EXPECT_EQ(-ESHUTDOWN, try_it(self->fd, 0, 0));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(try_acquire_ex, recovery_is_told_once)
{
	int other = ksem_test_attached(self->fd);

	ASSERT_EQ(0, try_it(other, 0, 1));
	close(other);
	EXPECT_EQ(1, try_it(self->fd, KSEM_FLAG_TOKEN, 1));
	EXPECT_EQ(0, try_it(self->fd, KSEM_FLAG_TOKEN, 1));
}

TEST_F(try_acquire_ex, tokens_grow)
{
	__u64 first, second;

	ASSERT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, &first));
	ASSERT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, &second));
	EXPECT_NE(KSEM_TEST_POISON_64, first);
	EXPECT_LT(first, second);
}

TEST_F(try_acquire_ex, token_is_not_written_unless_asked_for)
{
	__u64 token;

	ASSERT_EQ(0, ksem_test_try_acquire_ex(self->fd, 0, 1, &token));
	EXPECT_EQ(KSEM_TEST_POISON_64, token);
}

TEST_F(try_acquire_ex, token_of_0_permits_is_0)
{
	__u64 token;

	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 0, &token));
	EXPECT_EQ(0, token);
}

TEST_F(try_acquire_ex, failing_try_leaves_no_token)
{
	__u64 token;

	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 3, &token));
	EXPECT_TRUE(token == 0 || token == KSEM_TEST_POISON_64);
}

TEST_F(try_acquire_ex, queue_is_passed_with_BARGE_only)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 3, 1));
	EXPECT_EQ(-EAGAIN, try_it(self->fd, 0, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, try_it(self->fd, KSEM_FLAG_BARGE, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(try_acquire_ex, barge_takes_no_more_than_is_free)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 3, 1));
	EXPECT_EQ(-EAGAIN, try_it(self->fd, KSEM_FLAG_BARGE, 3));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(try_acquire_ex, barge_passes_a_head_that_is_due)
{
	int fd = ksem_test_new_handoff(0, 1, 4, 1);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 2, 1));
	EXPECT_EQ(-EAGAIN, try_it(fd, 0, 1));
	EXPECT_EQ(0, try_it(fd, KSEM_FLAG_BARGE, 1));
	ASSERT_EQ(0, ksem_test_post(fd, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
}

TEST_F(try_acquire_ex, barge_gets_a_token)
{
	struct ksem_test_waiter waiter;
	__u64 token;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 3, 1));
	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_BARGE | KSEM_FLAG_TOKEN,
					      1, &token));
	EXPECT_NE(KSEM_TEST_POISON_64, token);
	EXPECT_NE(0, token);
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

/* Flags of the waiting form mean nothing here, so they are refused. */
TEST_F(try_acquire_ex, flags_of_acquire_ex_are_invalid)
{
	EXPECT_EQ(-EINVAL, try_it(self->fd, KSEM_FLAG_UNINTERRUPTIBLE, 1));
	EXPECT_EQ(-EINVAL, try_it(self->fd, KSEM_FLAG_REALTIME, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(try_acquire_ex, read_only_result_faults_and_takes_nothing)
{
	long size = sysconf(_SC_PAGESIZE);
	struct ksem_try_acquire_ex *ex = mmap(NULL, size, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ksem_info before = ksem_test_info(self->fd), after;

	ASSERT_NE(MAP_FAILED, (void *)ex);
	*ex = (struct ksem_try_acquire_ex){
		.size = sizeof(*ex),
		.flags = KSEM_FLAG_TOKEN,
		.n = 1,
	};
	ASSERT_EQ(0, mprotect(ex, size, PROT_READ));
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_TRY_ACQUIRE_EX, ex));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	munmap(ex, size);
}

TEST_F(try_acquire_ex, read_only_result_leaves_the_news_of_a_recovery)
{
	long size = sysconf(_SC_PAGESIZE);
	struct ksem_try_acquire_ex *ex = mmap(NULL, size, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int other = ksem_test_attached(self->fd);

	ASSERT_NE(MAP_FAILED, (void *)ex);
	*ex = (struct ksem_try_acquire_ex){
		.size = sizeof(*ex),
		.flags = KSEM_FLAG_TOKEN,
		.n = 1,
	};
	ASSERT_EQ(0, mprotect(ex, size, PROT_READ));
	ASSERT_EQ(0, ksem_test_acquire(other, 1));
	close(other);
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_TRY_ACQUIRE_EX, ex));
	EXPECT_EQ(1, try_it(self->fd, 0, 1));
	munmap(ex, size);
}

TEST_HARNESS_MAIN
