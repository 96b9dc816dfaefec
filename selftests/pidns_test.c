// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process ids and times as their reader's namespaces show them.
 */
#include "ksem_test.h"
#include "ksem_test_proc.h"

#include <linux/sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

/* The only holder, as this process sees it; permits 0 if that is wrong. */
static struct ksem_holder_entry only_holder(int fd)
{
	struct ksem_holder_entry entry[2];
	struct ksem_holders holders;

	if (ksem_test_holders(fd, entry, 2, &holders) ||
	    holders.out_count != 1 || holders.out_total != 1)
		entry[0].permits = 0;
	return entry[0];
}

/* The only waiter; permits 0 if that is wrong. */
static struct ksem_waiter_entry only_waiter(int fd)
{
	struct ksem_waiter_entry entry[2];
	struct ksem_waiters waiters;

	if (ksem_test_waiters(fd, entry, 2, &waiters) ||
	    waiters.out_count != 1 || waiters.out_total != 1)
		entry[0].permits = 0;
	return entry[0];
}

/*
 * What a member of another namespace has seen, in memory that it shares with the
 * test.
 */
struct view {
	pid_t self;
	pid_t tid;
	int fd;
	struct ksem_holder_entry holder;
	struct ksem_waiter_entry waiter;
};

FIXTURE(pids) {
	int fd;
	struct view *view;
	pid_t child;
};

FIXTURE_SETUP(pids)
{
	self->child = 0;
	self->fd = ksem_test_fair(5, 5);
	ASSERT_LE(0, self->fd);
	self->view = mmap(NULL, sizeof(*self->view), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->view);
}

FIXTURE_TEARDOWN(pids)
{
	if (self->child > 0)
		ksem_test_kill(self->child);
	close(self->fd);
}

/* Fork the first process of a new pid namespace; -1 with errno as fork does. */
static pid_t fork_into_new_pid_namespace(void)
{
	if (unshare(CLONE_NEWPID))
		return -1;
	return ksem_test_fork();
}

/* Hold three permits, through an own handle, until killed. */
static void hold_in_namespace(int fd, struct view *view)
{
	int own = ksem_test_attached(fd);

	if (ksem_test_acquire(own, 3))
		_exit(1);
	view->holder = only_holder(own);
	__atomic_store_n(&view->self, getpid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
}

TEST_F(pids, of_a_holder_are_those_of_the_readers_namespace)
{
	struct ksem_holder_entry entry;

	self->child = fork_into_new_pid_namespace();
	if (self->child < 0)
		SKIP(return, "new pid namespace: %s", strerror(errno));
	if (!self->child)
		hold_in_namespace(self->fd, self->view);
	ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->view->self, __ATOMIC_ACQUIRE)));
	/* The holder itself: the first of its namespace. */
	EXPECT_EQ(1, self->view->self);
	EXPECT_EQ(3, self->view->holder.permits);
	EXPECT_EQ(1, self->view->holder.opener_pid);
	EXPECT_EQ(1, self->view->holder.acquirer_pid);
	/* The same, seen from outside. */
	entry = only_holder(self->fd);
	EXPECT_EQ(3, entry.permits);
	EXPECT_EQ(self->child, entry.opener_pid);
	EXPECT_EQ(self->child, entry.acquirer_pid);
}

/* Wait for three permits until killed. */
static void wait_in_namespace(int fd, struct view *view)
{
	struct ksem_test_waiter waiter;

	if (!ksem_test_queue(&waiter, fd, 3, 1))
		_exit(1);
	view->waiter = only_waiter(fd);
	view->tid = waiter.tid;
	__atomic_store_n(&view->self, getpid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
}

TEST_F(pids, of_a_waiter_are_those_of_the_readers_namespace)
{
	struct ksem_waiter_entry entry;
	char path[64];

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	self->child = fork_into_new_pid_namespace();
	if (self->child < 0)
		SKIP(return, "new pid namespace: %s", strerror(errno));
	if (!self->child)
		wait_in_namespace(self->fd, self->view);
	ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->view->self, __ATOMIC_ACQUIRE)));
	EXPECT_EQ(3, self->view->waiter.permits);
	EXPECT_EQ(1, self->view->waiter.pid);
	EXPECT_EQ(self->view->tid, self->view->waiter.tid);
	EXPECT_NE(1, self->view->waiter.tid);
	entry = only_waiter(self->fd);
	EXPECT_EQ(self->child, entry.pid);
	snprintf(path, sizeof(path), "/proc/%d/task/%u", self->child, entry.tid);
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_NE(entry.pid, entry.tid);
}

TEST_F(pids, of_those_outside_the_readers_namespace_are_0)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	self->child = fork_into_new_pid_namespace();
	if (self->child < 0)
		SKIP(return, "new pid namespace: %s", strerror(errno));
	if (!self->child) {
		self->view->holder = only_holder(self->fd);
		self->view->waiter = only_waiter(self->fd);
		_exit(0);
	}
	ASSERT_EQ(0, ksem_test_reap(self->child));
	EXPECT_EQ(4, self->view->holder.permits);
	EXPECT_EQ(0, self->view->holder.opener_pid);
	EXPECT_EQ(0, self->view->holder.acquirer_pid);
	EXPECT_EQ(2, self->view->waiter.permits);
	EXPECT_EQ(0, self->view->waiter.pid);
	EXPECT_EQ(0, self->view->waiter.tid);
	EXPECT_EQ(getpid(), only_holder(self->fd).opener_pid);
	EXPECT_EQ(waiter.tid, only_waiter(self->fd).tid);
	self->child = 0;
}

TEST_F(pids, tell_the_opener_from_the_last_acquirer)
{
	pid_t child = ksem_test_fork();

	if (!child) {
		if (ksem_test_acquire(self->fd, 2))
			_exit(1);
		self->view->holder = only_holder(self->fd);
		ksem_test_exit(0);
	}
	ASSERT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(getpid(), self->view->holder.opener_pid);
	EXPECT_EQ(child, self->view->holder.acquirer_pid);
	/* The child is gone, the account is not; its number may be another's. */
	EXPECT_EQ(2, only_holder(self->fd).permits);
	EXPECT_EQ(getpid(), only_holder(self->fd).opener_pid);
	EXPECT_EQ(0, only_holder(self->fd).acquirer_pid);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(getpid(), only_holder(self->fd).acquirer_pid);
}

/* Hold two permits, and say through which descriptor. */
static void hold_and_tell(int fd, struct view *view)
{
	int own = ksem_test_attached(fd);

	if (ksem_test_acquire(own, 2))
		_exit(1);
	__atomic_store_n(&view->fd, own, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

TEST_F(pids, of_an_opener_that_is_gone_are_0)
{
	int pidfd, copy;

	self->child = ksem_test_fork();
	if (!self->child)
		hold_and_tell(self->fd, self->view);
	ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->view->fd, __ATOMIC_ACQUIRE)));
	pidfd = syscall(SYS_pidfd_open, self->child, 0);
	copy = syscall(SYS_pidfd_getfd, pidfd, self->view->fd, 0);
	if (copy < 0)
		SKIP(return, "pidfd_getfd: %s", strerror(errno));
	EXPECT_EQ(self->child, only_holder(self->fd).opener_pid);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(self->child));
	EXPECT_EQ(2, only_holder(self->fd).permits);
	EXPECT_EQ(0, only_holder(self->fd).opener_pid);
	EXPECT_EQ(0, only_holder(self->fd).acquirer_pid);
	self->child = 0;
}

/* A namespace whose monotonic clock is ahead. */

#define AHEAD_S		1000000

static bool enter_time_namespace(void)
{
	char offset[64];
	int file, length;

	if (unshare(CLONE_NEWTIME))
		return false;
	file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	length = snprintf(offset, sizeof(offset), "monotonic %d 0", AHEAD_S);
	if (file < 0 || write(file, offset, length) != length)
		return false;
	close(file);
	return true;
}

/* One of them is of a coarse clock, and nobody knows how slow the machine is. */
static bool is_about(__u64 expected_ns, __u64 ns)
{
	__u64 slack_ns = 100000000000ULL;

	return ns + slack_ns > expected_ns && ns < expected_ns + slack_ns;
}

TEST_F(pids, and_times_are_those_of_the_readers_time_namespace)
{
	struct ksem_test_waiter waiter;
	__u64 now_ns = ksem_test_now(), ahead_ns = now_ns + AHEAD_S * 1000000000ULL;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	EXPECT_TRUE(is_about(now_ns, only_holder(self->fd).since_ns));
	EXPECT_TRUE(is_about(now_ns, only_waiter(self->fd).since_ns));
	if (!enter_time_namespace())
		SKIP(return, "new time namespace: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child) {
		self->view->holder = only_holder(self->fd);
		self->view->waiter = only_waiter(self->fd);
		_exit(0);
	}
	ASSERT_EQ(0, ksem_test_reap(self->child));
	EXPECT_TRUE(is_about(ahead_ns, self->view->holder.since_ns));
	EXPECT_TRUE(is_about(ahead_ns, self->view->waiter.since_ns));
	self->child = 0;
}

TEST_HARNESS_MAIN
