// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permits as bytes: read(2) acquires, write(2) releases.
 */
#include "ksem_test_actor.h"
#include "ksem_test_fs.h"
#include "ksem_test_poll.h"
#include "ksem_test_proc.h"
#include "ksem_test_uring.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* Room for more than one read takes. */
#define ROOM		(KSEM_READ_MAX + 4096)
#define FREE		70000

static char room[ROOM];

/* Poisoned before; -errno, or how many. */
static int take(int fd, size_t k)
{
	ssize_t n;

	memset(room, KSEM_TEST_POISON, sizeof(room));
	n = read(fd, room, k);
	return n < 0 ? -errno : n;
}

static int give(int fd, size_t k)
{
	static const char bytes[ROOM];
	ssize_t n = write(fd, bytes, k);

	return n < 0 ? -errno : n;
}

/* What has been read is @n times '+', and nothing else was written. */
static bool got(size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(room); i++)
		if (room[i] != (i < n ? '+' : (char)KSEM_TEST_POISON))
			return false;
	return true;
}

static int set_nonblock(int fd, bool on)
{
	return fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

/* Each kind of semaphore, with ten permits. */

FIXTURE(kind) {
	int fd;
};

FIXTURE_VARIANT(kind) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(kind, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(kind, nonfair) { .flags = 0 };

FIXTURE_VARIANT_ADD(kind, fair_signal) { .flags = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL };

FIXTURE_VARIANT_ADD(kind, nonfair_signal) { .flags = KSEM_CREATE_SIGNAL };

FIXTURE_VARIANT_ADD(kind, per_process) { .flags = KSEM_CREATE_PER_PROCESS };

FIXTURE_SETUP(kind)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 10, FREE));
}

FIXTURE_TEARDOWN(kind)
{
	close(self->fd);
}

static __u32 held(FIXTURE_DATA(kind) * self, __u32 n, const FIXTURE_VARIANT(kind) * variant)
{
	return variant->flags & KSEM_CREATE_SIGNAL ? 0 : n;
}

TEST_F(kind, read_takes_one_to_k)
{
	struct ksem_info info;

	EXPECT_EQ(1, take(self->fd, 1));
	EXPECT_TRUE(got(1));
	EXPECT_EQ(4, take(self->fd, 4));
	EXPECT_TRUE(got(4));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(5, info.out_available);
	EXPECT_EQ(held(self, 5, variant), info.out_own);
	EXPECT_EQ(2, info.out_acquires);
	/* More than there is. */
	EXPECT_EQ(5, take(self->fd, 100));
	EXPECT_TRUE(got(5));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(kind, read_of_0_bytes_takes_nothing)
{
	struct ksem_info info;

	EXPECT_EQ(0, take(self->fd, 0));
	ASSERT_EQ(10, take(self->fd, 10));
	/* Nor does it wait. */
	EXPECT_EQ(0, take(self->fd, 0));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(held(self, 10, variant), info.out_own);
	EXPECT_EQ(1, info.out_acquires);
}

TEST_F(kind, read_takes_65536_at_most)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, FREE - 10));
	EXPECT_EQ(KSEM_READ_MAX, take(self->fd, ROOM));
	EXPECT_TRUE(got(KSEM_READ_MAX));
	EXPECT_EQ(FREE - KSEM_READ_MAX, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(FREE - KSEM_READ_MAX, take(self->fd, ROOM));
}

TEST_F(kind, nonblocking_read_of_nothing_is_EAGAIN)
{
	struct ksem_info before, after;

	ASSERT_EQ(0, set_nonblock(self->fd, true));
	EXPECT_EQ(10, take(self->fd, 20));
	before = ksem_test_info(self->fd);
	EXPECT_EQ(-EAGAIN, take(self->fd, 1));
	EXPECT_EQ(-EAGAIN, take(self->fd, 20));
	EXPECT_TRUE(got(0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(kind, write_gives_k_back_whatever_the_bytes_are)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 7));
	EXPECT_EQ(3, write(self->fd, "abc", 3));
	EXPECT_EQ(1, write(self->fd, "", 1));
	EXPECT_EQ(0, write(self->fd, "", 0));
	EXPECT_EQ(7, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(held(self, 3, variant), ksem_test_info(self->fd).out_own);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_releases);
}

TEST_F(kind, write_of_too_many_changes_nothing)
{
	bool is_signal = variant->flags & KSEM_CREATE_SIGNAL;
	struct ksem_info before, after;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	before = ksem_test_info(self->fd);
	/* Up to max there may be, of what nobody holds. */
	EXPECT_EQ(is_signal ? -EOVERFLOW : -EPERM, give(self->fd, is_signal ? FREE - 7 : 3));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(2, give(self->fd, 2));
}

TEST_F(kind, blocked_read_ends_with_a_permit)
{
	struct ksem_info info;
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 10));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(take(self->fd, 5) * 10 + got(1));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(1, info.out_demand);
	EXPECT_EQ(1, give(self->fd, 1));
	EXPECT_EQ(11, ksem_test_reap(child));
	EXPECT_EQ(held(self, 10, variant), ksem_test_info(self->fd).out_held);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(kind, shutdown_is_the_end_of_the_file)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 10));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(take(self->fd, 5));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(0, take(self->fd, 1));
	EXPECT_TRUE(got(0));
	ASSERT_EQ(0, set_nonblock(self->fd, true));
	EXPECT_EQ(0, take(self->fd, 1));
	EXPECT_EQ(variant->flags & KSEM_CREATE_SIGNAL ? -ESHUTDOWN : 10, give(self->fd, 10));
}

/* Other permits are free again: it is not for want of them that it ends. */
TEST_F(kind, read_after_shutdown_takes_no_free_permit)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, take(self->fd, 3));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_acquires);
}

TEST_F(kind, nothing_is_nothing_even_after_a_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, take(self->fd, 0));
	EXPECT_EQ(0, give(self->fd, 0));
}

TEST_F(kind, poll_agrees_with_read)
{
	ASSERT_EQ(0, set_nonblock(self->fd, true));
	EXPECT_EQ(EPOLLIN, ksem_test_events(self->fd) & EPOLLIN);
	ASSERT_EQ(10, take(self->fd, 10));
	EXPECT_EQ(0, ksem_test_events(self->fd) & EPOLLIN);
	EXPECT_EQ(-EAGAIN, take(self->fd, 1));
	EXPECT_EQ(EPOLLOUT, ksem_test_events(self->fd) & EPOLLOUT);
	ASSERT_EQ(10, give(self->fd, 10));
	EXPECT_EQ(EPOLLIN, ksem_test_events(self->fd) & EPOLLIN);
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_events(self->fd) & (EPOLLIN | EPOLLHUP));
}

/* A handle that can do it, or not. */

TEST(unbound_handle_is_ENXIO)
{
	int fd = ksem_test_open(O_RDWR);

	EXPECT_EQ(-ENXIO, take(fd, 1));
	EXPECT_EQ(-ENXIO, take(fd, 0));
	EXPECT_EQ(-ENXIO, give(fd, 1));
	EXPECT_EQ(-ENXIO, give(fd, 0));
	close(fd);
}

TEST(right_that_is_missing_is_EBADF)
{
	int fd = ksem_test_fair(3, 3);
	int in = ksem_test_attached_mode(fd, O_RDONLY);
	int out = ksem_test_attached_mode(fd, O_WRONLY);
	int through = ksem_test_attached_mode(in, O_RDWR);

	EXPECT_EQ(1, take(in, 1));
	EXPECT_EQ(-EBADF, give(in, 1));
	EXPECT_EQ(-EBADF, take(out, 1));
	/* Its open mode has the right, but what it was attached through has not. */
	EXPECT_EQ(1, take(through, 1));
	EXPECT_EQ(-EBADF, give(through, 1));
	EXPECT_EQ(-EBADF, give(through, 0));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	close(through);
	close(out);
	close(in);
	close(fd);
}

TEST(there_is_no_position)
{
	int fd = ksem_test_fair(3, 3);
	char byte;

	EXPECT_EQ(-1, pread(fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(3, ksem_test_info(fd).out_available);
	close(fd);
}

TEST(handle_from_a_name_is_read_as_well)
{
	int dir, fd, in, out;

	if (!ksem_test_is_root())
		SKIP(return, "needs root");
	dir = ksem_test_mounted(NULL);
	fd = ksem_test_named(dir, "a", 0);
	in = ksem_test_open_at(dir, "a", O_RDONLY | O_NONBLOCK);
	out = ksem_test_open_at(dir, "a", O_WRONLY);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	EXPECT_EQ(3, take(in, 3));
	EXPECT_EQ(-EBADF, give(in, 1));
	EXPECT_EQ(-EBADF, take(out, 1));
	EXPECT_EQ(-EPERM, give(out, 1));
	EXPECT_EQ(1, take(in, 3));
	EXPECT_EQ(-EAGAIN, take(in, 1));
	close(in);
	EXPECT_EQ(4, ksem_test_info(fd).out_available);
	close(out);
	close(fd);
	close(dir);
}

/* Memory that ends within what is read: what fits stays, the rest goes back. */

FIXTURE(memory) {
	char *pages;
	size_t page;
	int fd;
};

FIXTURE_SETUP(memory)
{
	self->page = sysconf(_SC_PAGESIZE);
	self->pages = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, mprotect(self->pages + self->page, self->page, PROT_NONE));
	self->fd = ksem_test_fair(1000, 1000);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->fd);
	munmap(self->pages, 2 * self->page);
}

TEST_F(memory, fault_part_way_keeps_what_was_copied)
{
	const size_t fits[] = { 1, 63, 64, 65, 200 };
	struct ksem_info info;
	__u64 before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fits); i++) {
		before = ksem_test_info(self->fd).out_acquires;
		ASSERT_EQ(fits[i], read(self->fd, self->pages + self->page - fits[i], 300))
			TH_LOG("%zu", fits[i]);
		EXPECT_EQ('+', self->pages[self->page - 1]);
		info = ksem_test_info(self->fd);
		EXPECT_EQ(fits[i], info.out_own);
		EXPECT_EQ(1000 - fits[i], info.out_available);
		EXPECT_EQ(before + 1, info.out_acquires);
		ASSERT_EQ(fits[i], give(self->fd, fits[i]));
	}
}

TEST_F(memory, fault_at_once_changes_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(-1, read(self->fd, self->pages + self->page, 300));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->fd, self->pages + self->page, 1));
	EXPECT_EQ(EFAULT, errno);
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(memory, what_a_fault_gives_back_serves_those_who_wait)
{
	struct ksem_test_waiter waiter;
	int other = ksem_test_attached(self->fd);
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(other, 1000));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(read(self->fd, self->pages + self->page, 1) < 0 ? -errno : 0);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&waiter, other, 1, 2));
	EXPECT_EQ(1, give(other, 1));
	EXPECT_EQ(-EFAULT, ksem_test_reap(child));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	close(other);
}

TEST_F(memory, fault_consumes_no_more_of_a_signal_semaphore)
{
	int fd = ksem_test_signal(100, 100);

	EXPECT_EQ(10, read(fd, self->pages + self->page - 10, 50));
	EXPECT_EQ(90, ksem_test_info(fd).out_available);
	EXPECT_EQ(90, ksem_test_info(fd).out_capacity);
	close(fd);
}

/* Order on a fair semaphore. */

FIXTURE(queue) {
	int fd;
	int other;
	struct ksem_test_waiter first;
	struct ksem_test_waiter last;
	pid_t reader;
};

FIXTURE_SETUP(queue)
{
	self->fd = ksem_test_fair(3, 10);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
}

FIXTURE_TEARDOWN(queue)
{
	close(self->other);
	close(self->fd);
}

static pid_t start_reader(int fd, size_t k)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(take(fd, k));
	return child;
}

TEST_F(queue, read_waits_in_its_turn)
{
	ASSERT_TRUE(ksem_test_queue(&self->first, self->other, 2, 1));
	self->reader = start_reader(self->other, 5);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 2));
	ASSERT_TRUE(ksem_test_queue(&self->last, self->other, 1, 3));
	/* One: for the head too little, and nobody passes it. */
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(0, ksem_test_join(&self->first));
	/* The reader had one, and no more: another was queued. */
	EXPECT_EQ(1, ksem_test_reap(self->reader));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->last));
}

TEST_F(queue, read_takes_what_is_left_where_nobody_is_queued)
{
	self->reader = start_reader(self->other, 5);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	EXPECT_EQ(0, ksem_test_release(self->fd, 3));
	EXPECT_EQ(3, ksem_test_reap(self->reader));
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
	/* It waited for one, and was granted once. */
	EXPECT_EQ(2, ksem_test_info(self->fd).out_acquires);
}

TEST_F(queue, read_does_not_pass_the_queue)
{
	ASSERT_TRUE(ksem_test_queue(&self->first, self->other, 3, 1));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(0, set_nonblock(self->fd, true));
	EXPECT_EQ(-EAGAIN, take(self->fd, 1));
	EXPECT_EQ(0, ksem_test_events(self->fd) & EPOLLIN);
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(0, ksem_test_join(&self->first));
}

/* Signals. */

FIXTURE(blocked) {
	int fd;
	pid_t reader;
};

/* One byte has a way of its own. */
FIXTURE_VARIANT(blocked) {
	size_t bytes;
};

FIXTURE_VARIANT_ADD(blocked, one) { .bytes = 1 };

FIXTURE_VARIANT_ADD(blocked, many) { .bytes = 4 };

FIXTURE_SETUP(blocked)
{
	self->fd = ksem_test_fair(0, 10);
	self->reader = ksem_test_fork();
	if (!self->reader) {
		ksem_test_catch_signals();
		ksem_test_exit(take(self->fd, variant->bytes));
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
}

FIXTURE_TEARDOWN(blocked)
{
	close(self->fd);
}

TEST_F(blocked, read_goes_on_in_its_place_with_sa_restart)
{
	struct ksem_test_waiter behind;

	ASSERT_TRUE(ksem_test_queue(&behind, self->fd, 1, 2));
	ASSERT_EQ(0, kill(self->reader, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_wait_requeued(self->fd, 1, 2));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(1, ksem_test_reap(self->reader));
	EXPECT_FALSE(ksem_test_done(&behind));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&behind));
}

TEST_F(blocked, read_ends_with_EINTR_without_sa_restart)
{
	ASSERT_EQ(0, kill(self->reader, KSEM_TEST_SIG_END));
	EXPECT_EQ(-EINTR, ksem_test_reap(self->reader));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_interrupts);
}

TEST_F(blocked, read_can_be_killed)
{
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(self->reader));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

/* Read again is the same request: it has its place, unless something else came between. */

FIXTURE(thread) {
	int fd;
	pthread_t thread;
	pid_t tid;
	int result;
};

static void *read_twice(void *data)
{
	FIXTURE_DATA(thread) * self = data;

	__atomic_store_n(&self->tid, gettid(), __ATOMIC_RELEASE);
	self->result = take(self->fd, 4);
	if (self->result == -EINTR)
		self->result = take(self->fd, 3);
	return NULL;
}

FIXTURE_SETUP(thread)
{
	self->tid = 0;
	ksem_test_catch_signals();
	self->fd = ksem_test_fair(0, 10);
}

FIXTURE_TEARDOWN(thread)
{
	close(self->fd);
}

TEST_F(thread, read_again_takes_its_old_place)
{
	struct ksem_test_waiter behind;

	ASSERT_EQ(0, pthread_create(&self->thread, NULL, read_twice, self));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&behind, self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_tgkill(self->tid, KSEM_TEST_SIG_END));
	ASSERT_TRUE(ksem_test_wait_requeued(self->fd, 1, 2));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	pthread_join(self->thread, NULL);
	EXPECT_EQ(1, self->result);
	EXPECT_FALSE(ksem_test_done(&behind));
	EXPECT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&behind));
}

/* News of a recovery are for those who can be told. */
TEST(read_leaves_the_news_of_a_recovery)
{
	int fd = ksem_test_fair(3, 3);
	int lost = ksem_test_attached(fd);

	ASSERT_EQ(0, ksem_test_acquire(lost, 1));
	close(lost);
	EXPECT_EQ(2, take(fd, 2));
	EXPECT_EQ(KSEM_INFO_RECOVERED, ksem_test_info(fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(1, ksem_test_try_acquire(fd, 1));
	close(fd);
}

TEST(blocked_read_leaves_the_news_of_a_recovery)
{
	int fd = ksem_test_fair(1, 3);
	pid_t reader, lost = ksem_test_child_hold(fd, 1);

	ASSERT_LT(0, lost);
	reader = start_reader(fd, 2);
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(lost));
	EXPECT_EQ(1, ksem_test_reap(reader));
	EXPECT_EQ(0, ksem_test_release(fd, 1));
	EXPECT_EQ(1, ksem_test_acquire(fd, 1));
	close(fd);
}

/* Vectors, and other ways to read. */

TEST(vectors_are_filled_one_after_the_other)
{
	int fd = ksem_test_fair(10, 10);
	char a[3] = { }, b[4] = { }, c[100] = { };
	struct iovec in[] = { { a, 3 }, { NULL, 0 }, { b, 4 }, { c, 100 } };

	EXPECT_EQ(10, readv(fd, in, 4));
	EXPECT_EQ(0, memcmp(a, "+++", 3));
	EXPECT_EQ(0, memcmp(b, "++++", 4));
	EXPECT_EQ(0, memcmp(c, "+++\0", 4));
	in[3].iov_len = 1;
	EXPECT_EQ(8, writev(fd, in, 4));
	EXPECT_EQ(8, ksem_test_info(fd).out_available);
	EXPECT_EQ(-1, writev(fd, in, 3));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(2, ksem_test_info(fd).out_own);
	close(fd);
}

TEST(read_with_RWF_NOWAIT_does_not_wait)
{
	int fd = ksem_test_fair(1, 1);
	char byte = 0;
	struct iovec iov = { &byte, 1 };

	EXPECT_EQ(1, preadv2(fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ('+', byte);
	EXPECT_EQ(-1, preadv2(fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, pwritev2(fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	close(fd);
}

TEST(splice_and_sendfile_are_refused)
{
	int fd = ksem_test_fair(4, 4), fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	EXPECT_EQ(-1, splice(fd, NULL, fds[1], NULL, 2, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sendfile(fds[1], fd, NULL, 2));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(2, write(fds[1], "ab", 2));
	EXPECT_EQ(-1, splice(fds[0], NULL, fd, NULL, 2, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(2, ksem_test_info(fd).out_available);
	EXPECT_EQ(2, ksem_test_info(fd).out_own);
	close(fd);
}

TEST(writes_are_seen_by_epoll)
{
	int fd = ksem_test_fair(0, 10), other = ksem_test_attached(fd), epoll;

	epoll = ksem_test_watch(fd, EPOLLET);
	ASSERT_EQ(0, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_post(other, 2));
	EXPECT_EQ(EPOLLIN, ksem_test_reports(epoll));
	/* A blocked or a free read: permits in hand are news of their own. */
	EXPECT_EQ(2, take(fd, 2));
	EXPECT_EQ(EPOLLOUT, ksem_test_reports(epoll));
	EXPECT_EQ(1, give(fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reports(epoll));
	close(epoll);
	close(other);
	close(fd);
}

/* io_uring: it tries, polls, and tries again. */

FIXTURE(ring) {
	struct ksem_test_ring ring;
	int error;
	int fd;
	char bytes[16];
};

FIXTURE_VARIANT(ring) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(ring, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(ring, nonfair) { .flags = 0 };

FIXTURE_SETUP(ring)
{
	memset(self->bytes, 0, sizeof(self->bytes));
	self->error = ksem_test_ring_open(&self->ring);
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 4, 8));
}

FIXTURE_TEARDOWN(ring)
{
	if (!self->error)
		ksem_test_ring_close(&self->ring);
	close(self->fd);
}

TEST_F(ring, read_and_write_complete)
{
	if (self->error)
		SKIP(return, "no io_uring");
	ASSERT_EQ(1, ksem_test_ring_read(&self->ring, self->fd, self->bytes, 3));
	EXPECT_EQ(3, ksem_test_ring_result(&self->ring, true, NULL));
	EXPECT_EQ(0, memcmp(self->bytes, "+++\0", 4));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
	ASSERT_EQ(1, ksem_test_ring_write(&self->ring, self->fd, self->bytes, 2));
	EXPECT_EQ(2, ksem_test_ring_result(&self->ring, true, NULL));
	ASSERT_EQ(1, ksem_test_ring_write(&self->ring, self->fd, self->bytes, 2));
	EXPECT_EQ(-EPERM, ksem_test_ring_result(&self->ring, true, NULL));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
}

TEST_F(ring, blocked_read_completes_when_a_permit_comes)
{
	if (self->error)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_EQ(1, ksem_test_ring_read(&self->ring, self->fd, self->bytes, 3));
	EXPECT_EQ(-EAGAIN, ksem_test_ring_result(&self->ring, false, NULL));
	ASSERT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(2, ksem_test_ring_result(&self->ring, true, NULL));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, memcmp(self->bytes, "++\0", 3));
}

TEST_F(ring, blocked_read_ends_with_a_shutdown)
{
	if (self->error)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_EQ(1, ksem_test_ring_read(&self->ring, self->fd, self->bytes, 3));
	EXPECT_EQ(-EAGAIN, ksem_test_ring_result(&self->ring, false, NULL));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_ring_result(&self->ring, true, NULL));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_own);
}

TEST_F(ring, read_that_its_ring_gives_up_takes_nothing)
{
	if (self->error)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_EQ(1, ksem_test_ring_read(&self->ring, self->fd, self->bytes, 3));
	EXPECT_EQ(-EAGAIN, ksem_test_ring_result(&self->ring, false, NULL));
	ksem_test_ring_close(&self->ring);
	self->error = -EBADF;
	EXPECT_EQ(0, ksem_test_release(self->fd, 4));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

/* Linux AIO: it is done at once, in the call. */

static int aio_one(__u16 opcode, int fd, void *bytes, size_t n, long *result)
{
	struct iocb iocb = {
		.aio_lio_opcode = opcode,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)bytes,
		.aio_nbytes = n,
	};
	struct iocb *list = &iocb;
	aio_context_t context = 0;
	struct io_event event = { };
	int submitted;

	if (syscall(SYS_io_setup, 1, &context))
		return -errno;
	submitted = syscall(SYS_io_submit, context, 1, &list);
	if (submitted < 0)
		submitted = -errno;
	else if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		submitted = -errno;
	syscall(SYS_io_destroy, context);
	*result = event.res;
	return submitted;
}

TEST(linux_aio_reads_and_writes)
{
	int fd = ksem_test_fair(3, 3);
	char bytes[8] = { };
	long result;

	EXPECT_EQ(1, aio_one(IOCB_CMD_PREAD, fd, bytes, 2, &result));
	EXPECT_EQ(2, result);
	EXPECT_EQ(0, memcmp(bytes, "++\0", 3));
	EXPECT_EQ(1, aio_one(IOCB_CMD_PWRITE, fd, bytes, 1, &result));
	EXPECT_EQ(1, result);
	EXPECT_EQ(1, aio_one(IOCB_CMD_PWRITE, fd, bytes, 2, &result));
	EXPECT_EQ(-EPERM, result);
	ASSERT_EQ(0, set_nonblock(fd, true));
	EXPECT_EQ(1, aio_one(IOCB_CMD_PREAD, fd, bytes, 8, &result));
	EXPECT_EQ(2, result);
	EXPECT_EQ(1, aio_one(IOCB_CMD_PREAD, fd, bytes, 8, &result));
	EXPECT_EQ(-EAGAIN, result);
	EXPECT_EQ(3, ksem_test_info(fd).out_own);
	close(fd);
}

/* Many readers and writers: no more inside than permits, nothing lost. */

#define BYTES_THREADS	8
#define BYTES_ROUNDS	300
#define BYTES_PERMITS	5

struct tokens {
	int fd;
	int inside;
	int most;
	int wrong;
};

static void *tokens_main(void *data)
{
	struct tokens *tokens = data;
	int i, n, inside, fd = ksem_test_attached(tokens->fd);
	char bytes[4];

	for (i = 0; i < BYTES_ROUNDS; i++) {
		n = read(fd, bytes, 1 + i % 4);
		inside = __atomic_add_fetch(&tokens->inside, n, __ATOMIC_SEQ_CST);
		if (n < 1 || inside > BYTES_PERMITS)
			tokens->wrong++;
		if (i % 3 == 0)
			sched_yield();
		__atomic_sub_fetch(&tokens->inside, n, __ATOMIC_SEQ_CST);
		if (write(fd, bytes, n) != n)
			tokens->wrong++;
	}
	close(fd);
	return NULL;
}

TEST(tokens_of_many_threads_are_never_more_than_the_permits)
{
	pthread_t thread[BYTES_THREADS];
	int i, j;

	for (i = 0; i < 2; i++) {
		struct tokens tokens = { };

		tokens.fd = i ? ksem_test_nonfair(BYTES_PERMITS, 8) :
				ksem_test_fair(BYTES_PERMITS, 8);
		for (j = 0; j < BYTES_THREADS; j++)
			ASSERT_EQ(0, pthread_create(&thread[j], NULL, tokens_main, &tokens));
		for (j = 0; j < BYTES_THREADS; j++)
			pthread_join(thread[j], NULL);
		EXPECT_EQ(0, tokens.wrong);
		EXPECT_EQ(BYTES_PERMITS, ksem_test_info(tokens.fd).out_available);
		EXPECT_EQ(0, ksem_test_info(tokens.fd).out_held);
		close(tokens.fd);
	}
}

TEST_HARNESS_MAIN
