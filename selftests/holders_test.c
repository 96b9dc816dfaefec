// SPDX-License-Identifier: GPL-2.0-only
/* The list of who holds permits. */
#include "ksem_test.h"
#include "ksem_test_timens.h"

FIXTURE(holders) {
	int fd;
	int other;
	struct ksem_holder_entry entries[8];
	struct ksem_holders arg;
};

FIXTURE_SETUP(holders)
{
	self->fd = ksem_test_fair(200, 200);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(holders)
{
	close(self->fd);
	close(self->other);
}

static int list(FIXTURE_DATA(holders) * self, __u32 count)
{
	return ksem_test_holders(self->fd, self->entries, count, &self->arg);
}

TEST_F(holders, nobody_holds_anything_at_first)
{
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_count);
	EXPECT_EQ(0, self->arg.out_total);
	EXPECT_EQ(KSEM_TEST_POISON_32, self->entries[0].permits);
}

TEST_F(holders, each_handle_with_permits_is_one)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(2, self->arg.out_count);
	EXPECT_EQ(2, self->arg.out_total);
	EXPECT_EQ(2, self->entries[0].permits);
	EXPECT_EQ(3, self->entries[1].permits);
	EXPECT_EQ(0, self->entries[0].reserved);
	EXPECT_EQ(KSEM_TEST_POISON_32, self->entries[2].permits);
}

/* In the order of binding, whoever acquired first. */
TEST_F(holders, they_are_in_the_order_of_binding)
{
	int third = ksem_test_attached(self->fd);

	ASSERT_EQ(0, ksem_test_acquire(third, 3));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, list(self, 8));
	ASSERT_EQ(3, self->arg.out_count);
	EXPECT_EQ(1, self->entries[0].permits);
	EXPECT_EQ(2, self->entries[1].permits);
	EXPECT_EQ(3, self->entries[2].permits);
	close(third);
}

TEST_F(holders, holder_that_released_all_is_gone)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(1, self->arg.out_count);
	close(self->other);
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(0, self->arg.out_count);
}

TEST_F(holders, pids_are_those_of_the_opener_and_the_acquirer)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(getpid(), self->entries[0].opener_pid);
	EXPECT_EQ(getpid(), self->entries[0].acquirer_pid);
}

/* A child that shares the handle acquires: the opener stays, and then it exits. */
TEST_F(holders, acquirer_is_the_last_process_that_acquired)
{
	int go[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	child = ksem_test_fork();
	if (!child) {
		close(go[1]);
		if (ksem_test_acquire(self->fd, 1) < 0)
			_exit(1);
		_exit(read(go[0], &byte, 1));
	}
	close(go[0]);
	ASSERT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_own == 2));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(getpid(), self->entries[0].opener_pid);
	EXPECT_EQ(child, self->entries[0].acquirer_pid);
	close(go[1]);
	ASSERT_EQ(0, ksem_test_reap(child));
	/* Its number may be another's now. */
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(getpid(), self->entries[0].opener_pid);
	EXPECT_EQ(0, self->entries[0].acquirer_pid);
	EXPECT_EQ(2, self->entries[0].permits);
}

/* Not the process that made room for it. */
TEST_F(holders, acquirer_of_a_wait_is_the_one_that_waited)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 200));
	child = ksem_test_fork();
	if (!child) {
		ksem_test_acquire(self->fd, 1);
		for (;;)
			pause();
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(1, self->entries[0].permits);
	EXPECT_EQ(child, self->entries[0].acquirer_pid);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
}

/* It is a process that acquires, not a thread of it. */
TEST_F(holders, acquirer_of_a_thread_is_its_process)
{
	struct ksem_test_waiter thread;

	ASSERT_TRUE(ksem_test_start(&thread, self->fd, 1));
	ASSERT_EQ(0, ksem_test_join(&thread));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(getpid(), self->entries[0].acquirer_pid);
}

TEST_F(holders, acquirer_is_0_where_permits_came_by_transfer)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 2, self->other));
	EXPECT_EQ(0, list(self, 8));
	ASSERT_EQ(1, self->arg.out_count);
	EXPECT_EQ(2, self->entries[0].permits);
	EXPECT_EQ(getpid(), self->entries[0].opener_pid);
	EXPECT_EQ(0, self->entries[0].acquirer_pid);
}

TEST_F(holders, permits_of_a_waiter_count_from_the_grant)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 200));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 3, 1));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(1, self->arg.out_count);
	ASSERT_EQ(0, ksem_test_release(self->fd, 3));
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(2, self->arg.out_count);
	EXPECT_EQ(3, self->entries[1].permits);
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

/* The clock is coarse: it is behind by a tick or two, and by more where a host is busy. */
#define COARSE_NS	(200 * KSEM_TEST_MS)

TEST_F(holders, since_is_when_the_first_permit_came)
{
	__u64 before_ns, after_ns, since_ns;

	before_ns = ksem_test_now();
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	after_ns = ksem_test_now();
	ASSERT_EQ(0, list(self, 8));
	since_ns = self->entries[0].since_ns;
	EXPECT_LE(before_ns, since_ns + COARSE_NS);
	EXPECT_GE(after_ns + COARSE_NS, since_ns);
}

TEST_F(holders, since_stays_while_something_is_held)
{
	__u64 since_ns;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, list(self, 8));
	since_ns = self->entries[0].since_ns;
	usleep(1000000);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 2, self->fd));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(0, list(self, 8));
	EXPECT_GE(since_ns + COARSE_NS, self->entries[0].since_ns);
	/* With a break it starts anew. */
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, list(self, 8));
	EXPECT_LT(since_ns + 800 * KSEM_TEST_MS, self->entries[0].since_ns);
}

/* 0 if the first holder began less than a minute ago, by this process's clock. */
static int began_lately(int fd)
{
	struct ksem_holder_entry entry;
	struct ksem_holders arg;
	__u64 now_ns = ksem_test_now() + COARSE_NS;

	if (ksem_test_holders(fd, &entry, 1, &arg) || arg.out_count != 1)
		return 1;
	return entry.since_ns > now_ns ||
	       entry.since_ns + 60000 * KSEM_TEST_MS < now_ns ? 2 : 0;
}

TEST_F(holders, since_is_in_the_readers_time_namespace)
{
	int result;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, began_lately(self->fd));
	result = ksem_test_in_time_namespace(1000000, began_lately, self->fd);
	if (result == -EPERM)
		SKIP(return, "cannot make a time namespace");
	EXPECT_EQ(0, result);
}

/*
 * The array
 */

TEST_F(holders, short_array_says_how_many_there_are)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	EXPECT_EQ(0, list(self, 1));
	EXPECT_EQ(1, self->arg.out_count);
	EXPECT_EQ(2, self->arg.out_total);
	EXPECT_EQ(1, self->entries[0].permits);
}

TEST_F(holders, count_0_needs_no_array)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	self->arg = (struct ksem_holders){
		.size = sizeof(self->arg),
		.entry_size = sizeof(self->entries[0]),
		.out_count = KSEM_TEST_POISON_32,
		.out_total = KSEM_TEST_POISON_32,
	};
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_HOLDERS, &self->arg));
	EXPECT_EQ(0, self->arg.out_count);
	EXPECT_EQ(2, self->arg.out_total);
}

TEST_F(holders, only_what_is_there_is_written)
{
	long size = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ksem_holder_entry *last = (void *)(pages + size - sizeof(*last));

	ASSERT_NE(MAP_FAILED, (void *)pages);
	ASSERT_EQ(0, mprotect(pages + size, size, PROT_NONE));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 7));
	self->arg = (struct ksem_holders){
		.size = sizeof(self->arg),
		.entries = (uintptr_t)last,
		.count = ~0U,
		.entry_size = sizeof(*last),
	};
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_HOLDERS, &self->arg));
	EXPECT_EQ(1, self->arg.out_count);
	EXPECT_EQ(7, last->permits);
	munmap(pages, 2 * size);
}

TEST_F(holders, bad_array_faults_where_it_would_be_written)
{
	static const __u64 addresses[] = { 0, 8, ~7ULL, 1ULL << 63, 1ULL << 32 };
	size_t i;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		self->arg = (struct ksem_holders){
			.size = sizeof(self->arg),
			.entries = addresses[i],
			.count = 1,
			.entry_size = sizeof(self->entries[0]),
		};
		EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, KSEM_IOC_HOLDERS,
						   &self->arg))
			TH_LOG("address %llx", addresses[i]);
	}
	EXPECT_EQ(0, list(self, 8));
	EXPECT_EQ(1, self->arg.out_count);
}

TEST_F(holders, larger_entries_get_zeros_behind)
{
	struct {
		struct ksem_holder_entry entry;
		__u64 newer[2];
	} entries[2];

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	memset(entries, KSEM_TEST_POISON, sizeof(entries));
	self->arg = (struct ksem_holders){
		.size = sizeof(self->arg),
		.entries = (uintptr_t)entries,
		.count = 2,
		.entry_size = sizeof(entries[0]),
	};
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, KSEM_IOC_HOLDERS, &self->arg));
	EXPECT_EQ(1, entries[0].entry.permits);
	EXPECT_EQ(2, entries[1].entry.permits);
	EXPECT_EQ(0, entries[0].newer[0]);
	EXPECT_EQ(0, entries[0].newer[1]);
	EXPECT_EQ(0, entries[1].newer[1]);
}

TEST_F(holders, entry_size_out_of_range_is_invalid)
{
	__u32 sizes[] = { 0, 1, 8, sizeof(self->entries[0]) - 1,
			  sizeof(self->entries[0]) + 1, sizeof(self->entries[0]) + 4,
			  sysconf(_SC_PAGESIZE) + 8, 0x80000000, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->arg = (struct ksem_holders){
			.size = sizeof(self->arg),
			.entries = (uintptr_t)self->entries,
			.count = i % 2,
			.entry_size = sizes[i],
		};
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, KSEM_IOC_HOLDERS,
						   &self->arg))
			TH_LOG("entry size %u", sizes[i]);
	}
}

/* Several times what is read in one piece; every second one holds something. */
#define MANY	130

TEST_F(holders, more_than_a_hundred)
{
	static struct ksem_holder_entry entries[MANY];
	int fds[MANY];
	__u32 i;

	for (i = 0; i < MANY; i++) {
		fds[i] = ksem_test_attached(self->fd);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, ksem_test_acquire(fds[i], 1 + i % 2));
	for (i = 0; i < MANY; i += 2)
		ASSERT_EQ(0, ksem_test_release(fds[i], 1));
	ASSERT_EQ(0, ksem_test_holders(self->fd, entries, MANY, &self->arg));
	EXPECT_EQ(MANY / 2, self->arg.out_count);
	EXPECT_EQ(MANY / 2, self->arg.out_total);
	for (i = 0; i < MANY / 2; i++)
		EXPECT_EQ(2, entries[i].permits);
	/* An array that ends within a later piece. */
	entries[41].permits = KSEM_TEST_POISON_32;
	ASSERT_EQ(0, ksem_test_holders(self->fd, entries, 41, &self->arg));
	EXPECT_EQ(41, self->arg.out_count);
	EXPECT_EQ(MANY / 2, self->arg.out_total);
	EXPECT_EQ(KSEM_TEST_POISON_32, entries[41].permits);
}

/* The list is read while handles come and go: nobody is in it twice. */
static void *come_and_go(void *data)
{
	int fd = *(int *)data;
	int i;

	for (i = 0; i < 300; i++) {
		int own = ksem_test_attached(fd);

		ksem_test_acquire(own, 1);
		close(own);
	}
	return NULL;
}

TEST_F(holders, list_is_read_while_handles_come_and_go)
{
	pthread_t threads[2];
	int fds[40], i;

	for (i = 0; i < 40; i++) {
		fds[i] = ksem_test_attached(self->fd);
		ASSERT_LE(0, ksem_test_acquire(fds[i], 1));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, come_and_go, &self->fd));
	for (i = 0; i < 200; i++) {
		struct ksem_holder_entry entries[64];

		ASSERT_EQ(0, ksem_test_holders(self->fd, entries, 64, &self->arg));
		ASSERT_LE(40, self->arg.out_total);
		ASSERT_GE(42, self->arg.out_total);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_EQ(42, ksem_test_info(self->fd).out_handles);
}

TEST_HARNESS_MAIN
