// SPDX-License-Identifier: GPL-2.0-only
/* The list of who waits. */
#include "ksem_test.h"
#include "ksem_test_timens.h"

FIXTURE(waiters) {
	int fd;
	int other;
	struct ksem_waiter_entry entries[8];
	struct ksem_waiters arg;
};

FIXTURE_SETUP(waiters)
{
	self->fd = ksem_test_fair(5, 200);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
}

FIXTURE_TEARDOWN(waiters)
{
	close(self->fd);
	close(self->other);
}

static int list(FIXTURE_DATA(waiters) * self, __u32 count)
{
	return ksem_test_waiters(self->fd, self->entries, count, &self->arg);
}

TEST_F(waiters, nobody_waits_while_permits_are_only_held)
{
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_count);
	EXPECT_EQ(0, self->arg.out_total);
	EXPECT_EQ(KSEM_TEST_POISON_32, self->entries[0].permits);
}

TEST_F(waiters, they_are_in_the_order_of_the_queue)
{
	struct ksem_test_waiter waiters[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], self->fd, i + 1, i + 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(3, self->arg.out_count);
	EXPECT_EQ(3, self->arg.out_total);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i + 1, self->entries[i].permits);
		EXPECT_EQ(getpid(), self->entries[i].pid);
		EXPECT_EQ(waiters[i].tid, self->entries[i].tid);
		EXPECT_EQ(0, self->entries[i].reserved);
	}
	EXPECT_EQ(KSEM_TEST_POISON_32, self->entries[3].permits);
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiters[i]));
}

TEST_F(waiters, one_that_was_granted_is_gone)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(1, self->arg.out_count);
	EXPECT_EQ(waiters[1].tid, self->entries[0].tid);
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_count);
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
}

TEST_F(waiters, one_that_timed_out_is_gone)
{
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1,
						   ksem_test_in_ms(10), NULL));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_total);
}

TEST_F(waiters, waiters_of_every_handle_are_listed)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->other, 2, 2));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(2, self->arg.out_count);
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
}

TEST_F(waiters, pid_and_tid_of_another_process_are_its_own)
{
	pid_t child = ksem_test_child_acquire(self->fd, 1);

	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(child, self->entries[0].pid);
	EXPECT_EQ(child, self->entries[0].tid);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_total);
}

TEST_F(waiters, since_is_when_it_was_queued)
{
	struct ksem_test_waiter waiter;
	__u64 before_ns, after_ns;

	before_ns = ksem_test_now();
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	after_ns = ksem_test_now();
	EXPECT_EQ(0, list(self, 8));
	EXPECT_LE(before_ns, self->entries[0].since_ns);
	EXPECT_GE(after_ns, self->entries[0].since_ns);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

/* 0 if the head began to wait less than a minute ago, by this process's clock. */
static int began_lately(int fd)
{
	struct ksem_waiter_entry entry;
	struct ksem_waiters arg;
	__u64 now_ns = ksem_test_now();

	if (ksem_test_waiters(fd, &entry, 1, &arg) || arg.out_count != 1)
		return 1;
	return entry.since_ns > now_ns ||
	       entry.since_ns + 60000 * KSEM_TEST_MS < now_ns ? 2 : 0;
}

TEST_F(waiters, since_is_in_the_readers_time_namespace)
{
	struct ksem_test_waiter waiter;
	int result;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(0, began_lately(self->fd));
	result = ksem_test_in_time_namespace(1000000, began_lately, self->fd);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

static int began_at_zero(int fd)
{
	struct ksem_waiter_entry entry = { .since_ns = 1 };
	struct ksem_waiters arg;

	if (ksem_test_waiters(fd, &entry, 1, &arg) || arg.out_count != 1)
		return 1;
	return entry.since_ns ? 2 : 0;
}

/* Of a clock that began after the wait did. */
TEST_F(waiters, since_before_the_readers_clock_began_is_zero)
{
	struct ksem_test_waiter waiter;
	long zero_s;
	int result;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	zero_s = ksem_test_now() / (1000 * KSEM_TEST_MS) + 1;
	ASSERT_TRUE(ksem_test_until(ksem_test_now() > zero_s * 1000ULL * KSEM_TEST_MS));
	result = ksem_test_in_time_namespace(-zero_s, began_at_zero, self->fd);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

/*
 * The array
 */

TEST_F(waiters, short_array_says_how_many_there_are)
{
	struct ksem_test_waiter waiters[2];

	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 2, 2));
	EXPECT_EQ(0, list(self, 1));
	EXPECT_EQ(1, self->arg.out_count);
	EXPECT_EQ(2, self->arg.out_total);
	EXPECT_EQ(1, self->entries[0].permits);
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
}

TEST_F(waiters, count_0_needs_no_array)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	self->arg = (struct ksem_waiters){
		.size = sizeof(self->arg),
		.entry_size = sizeof(self->entries[0]),
		.out_count = KSEM_TEST_POISON_32,
		.out_total = KSEM_TEST_POISON_32,
	};
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_WAITERS, &self->arg));
	EXPECT_EQ(0, self->arg.out_count);
	EXPECT_EQ(1, self->arg.out_total);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(waiters, bad_array_faults_where_it_would_be_written)
{
	static const __u64 addresses[] = { 0, 8, ~7ULL, 1ULL << 63, 1ULL << 32 };
	struct ksem_test_waiter waiter;
	size_t i;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		self->arg = (struct ksem_waiters){
			.size = sizeof(self->arg),
			.entries = addresses[i],
			.count = 1,
			.entry_size = sizeof(self->entries[0]),
		};
		EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_WAITERS,
						   &self->arg))
			TH_LOG("address %llx", addresses[i]);
	}
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(waiters, larger_entries_get_zeros_behind)
{
	struct {
		struct ksem_waiter_entry entry;
		__u64 newer;
	} entries[2];
	struct ksem_test_waiter waiters[2];

	ASSERT_TRUE(ksem_test_queue(&waiters[0], self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&waiters[1], self->fd, 2, 2));
	memset(entries, KSEM_TEST_POISON, sizeof(entries));
	self->arg = (struct ksem_waiters){
		.size = sizeof(self->arg),
		.entries = (uintptr_t)entries,
		.count = 2,
		.entry_size = sizeof(entries[0]),
	};
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_WAITERS, &self->arg));
	EXPECT_EQ(1, entries[0].entry.permits);
	EXPECT_EQ(0, entries[0].newer);
	EXPECT_EQ(2, entries[1].entry.permits);
	EXPECT_EQ(0, entries[1].newer);
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	EXPECT_EQ(0, ksem_test_join(&waiters[0]));
	EXPECT_EQ(0, ksem_test_join(&waiters[1]));
}

TEST_F(waiters, entry_size_out_of_range_is_invalid)
{
	__u32 sizes[] = { 0, 1, 8, sizeof(self->entries[0]) - 1,
			  sizeof(self->entries[0]) + 1, sizeof(self->entries[0]) + 4,
			  sysconf(_SC_PAGESIZE) + 8, 0x80000000, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->arg = (struct ksem_waiters){
			.size = sizeof(self->arg),
			.entries = (uintptr_t)self->entries,
			.count = i % 2,
			.entry_size = sizes[i],
		};
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, KSEM_IOC_WAITERS,
						   &self->arg))
			TH_LOG("entry size %u", sizes[i]);
	}
}

/* Several times what is read in one piece. */
#define MANY	110

TEST_F(waiters, more_than_a_hundred)
{
	static struct ksem_test_waiter waiters[MANY];
	static struct ksem_waiter_entry entries[MANY];
	__u32 i;

	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], self->fd, i + 1, i + 1));
	ASSERT_EQ(0, ksem_test_waiters(self->fd, entries, MANY, &self->arg));
	EXPECT_EQ(MANY, self->arg.out_count);
	EXPECT_EQ(MANY, self->arg.out_total);
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(i + 1, entries[i].permits);
		EXPECT_EQ(waiters[i].tid, entries[i].tid);
	}
	/* Arrays that end at the end of a piece, and within one. */
	for (i = 32; i <= 33; i++) {
		ASSERT_EQ(0, ksem_test_waiters(self->fd, entries, i, &self->arg));
		EXPECT_EQ(i, self->arg.out_count);
		EXPECT_EQ(MANY, self->arg.out_total);
		EXPECT_EQ(i, entries[i - 1].permits);
	}
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiters[i]));
}

/* A queue whose length is a whole number of pieces has an end too. */
TEST_F(waiters, exactly_32)
{
	struct ksem_test_waiter waiters[32];
	struct ksem_waiter_entry entries[40];
	int i;

	for (i = 0; i < 32; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], self->fd, 1, i + 1));
	ASSERT_EQ(0, ksem_test_waiters(self->fd, entries, 40, &self->arg));
	EXPECT_EQ(32, self->arg.out_count);
	EXPECT_EQ(32, self->arg.out_total);
	EXPECT_EQ(KSEM_TEST_POISON_32, entries[32].permits);
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	for (i = 0; i < 32; i++)
		EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiters[i]));
}

TEST_HARNESS_MAIN
