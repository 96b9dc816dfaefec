// SPDX-License-Identifier: GPL-2.0-only
/*
 * A holder goes, one way or the other: its permits are back, and those whose
 * turn it is have them, before anybody can ask; and a survivor learns of it.
 */
#include "ksem_test.h"
#include "ksem_test_proc.h"

/* A process ends, with permits of three semaphores, and a thread that waits. */

enum end {
	END_EXIT,
	END_UNDERSCORE_EXIT,
	END_ABORT,
	END_SEGV,
	END_KILL,
};

FIXTURE(process) {
	int fd[3];
	int ready[2];
};

FIXTURE_VARIANT(process) {
	enum end end;
	int status;
};

FIXTURE_VARIANT_ADD(process, exits) { .end = END_EXIT, .status = 0 };

FIXTURE_VARIANT_ADD(process, exits_at_once) {
	.end = END_UNDERSCORE_EXIT, .status = 0,
};

FIXTURE_VARIANT_ADD(process, aborts) {
	.end = END_ABORT, .status = 256 + SIGABRT,
};

FIXTURE_VARIANT_ADD(process, crashes) {
	.end = END_SEGV, .status = 256 + SIGSEGV,
};

FIXTURE_VARIANT_ADD(process, is_killed) {
	.end = END_KILL, .status = 256 + SIGKILL,
};

FIXTURE_SETUP(process)
{
	int i;

	for (i = 0; i < 3; i++) {
		self->fd[i] = i & 1 ? ksem_test_nonfair(10, 10) : ksem_test_fair(10, 10);
		ASSERT_LE(0, self->fd[i]);
	}
	ASSERT_EQ(0, pipe2(self->ready, O_CLOEXEC));
}

FIXTURE_TEARDOWN(process)
{
	int i;

	for (i = 0; i < 3; i++)
		close(self->fd[i]);
}

static void end_process(enum end end)
{
	switch (end) {
	case END_EXIT:
		exit(0);
	case END_UNDERSCORE_EXIT:
		_exit(0);
	case END_ABORT:
		abort();
	case END_SEGV:
		raise(SIGSEGV);
		break;
	case END_KILL:
		for (;;)
			pause();
	}
}

/* Through each semaphore's handle: 1 + 2 held, and a wait for ten if @waits. */
static void ending_process(int *fds, int ready, enum end end, bool waits)
{
	struct ksem_test_waiter waiter[3];
	int own[3], i;

	for (i = 0; i < 3; i++) {
		own[i] = ksem_test_attached(fds[i]);
		if (ksem_test_acquire(own[i], 1) || ksem_test_try_acquire(own[i], 2))
			_exit(1);
		if (waits && !ksem_test_queue(&waiter[i], own[i], 10, 1))
			_exit(2);
	}
	if (write(ready, "", 1) != 1)
		_exit(3);
	end_process(end);
	_exit(4);
}

static pid_t start_ending_process(int *fds, int *ready, enum end end, bool waits)
{
	pid_t pid = ksem_test_fork();
	char byte;

	if (!pid)
		ending_process(fds, ready[1], end, waits);
	return read(ready[0], &byte, 1) == 1 ? pid : -1;
}

TEST_F(process, and_its_permits_are_back_when_it_is_reaped)
{
	struct ksem_info info;
	pid_t pid;
	int i;

	pid = start_ending_process(self->fd, self->ready, variant->end, false);
	ASSERT_LT(0, pid);
	if (variant->end == END_KILL)
		kill(pid, SIGKILL);
	ASSERT_EQ(variant->status, ksem_test_reap(pid));
	for (i = 0; i < 3; i++) {
		info = ksem_test_info(self->fd[i]);
		EXPECT_EQ(10, info.out_available);
		EXPECT_EQ(3, info.out_reclaimed);
		EXPECT_EQ(1, info.out_handles);
	}
}

TEST_F(process, and_its_waits_are_over_when_it_is_reaped)
{
	struct ksem_info info;
	pid_t pid;
	int i;

	pid = start_ending_process(self->fd, self->ready, variant->end, true);
	ASSERT_LT(0, pid);
	if (variant->end == END_KILL)
		kill(pid, SIGKILL);
	ASSERT_EQ(variant->status, ksem_test_reap(pid));
	for (i = 0; i < 3; i++) {
		info = ksem_test_info(self->fd[i]);
		EXPECT_EQ(10, info.out_available);
		EXPECT_EQ(0, info.out_waiters);
		EXPECT_EQ(1, info.out_handles);
	}
}

TEST(a_killed_holder_makes_room_for_a_waiter)
{
	int fd = ksem_test_fair(1, 1);
	struct ksem_test_waiter waiter;
	pid_t child = ksem_test_child_hold(fd, 1);

	ASSERT_LT(0, child);
	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	/* Granted already when the child was reported dead. */
	EXPECT_EQ(0, ksem_test_info(fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(fd).out_own);
	EXPECT_EQ(1, ksem_test_join(&waiter));
}

TEST(a_killed_holder_of_many_gives_all_back)
{
	int fd = ksem_test_fair(KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
	pid_t child = ksem_test_child_hold(fd, KSEM_MAX_PERMITS);

	ASSERT_LT(0, child);
	ASSERT_EQ(0, ksem_test_info(fd).out_available);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(KSEM_MAX_PERMITS, ksem_test_info(fd).out_available);
	EXPECT_EQ(KSEM_MAX_PERMITS, ksem_test_info(fd).out_reclaimed);
}

TEST(a_killed_waiter_makes_room_for_the_next)
{
	int fd = ksem_test_fair(1, 2);
	struct ksem_test_waiter next;
	pid_t child = ksem_test_child_wait(fd, 2);

	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_TRUE(ksem_test_queue(&next, fd, 1, 2));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(0, ksem_test_join(&next));
}

TEST(holder_and_waiter_killed_together_leave_nothing_behind)
{
	int fd = ksem_test_fair(1, 1);
	pid_t holder = ksem_test_child_hold(fd, 1), waiter;

	ASSERT_LT(0, holder);
	waiter = ksem_test_child_wait_hold(fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	kill(holder, SIGKILL);
	kill(waiter, SIGKILL);
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(holder));
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(waiter));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	EXPECT_EQ(0, ksem_test_info(fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
}

TEST(the_next_waiters_are_granted_before_close_returns)
{
	int fd = ksem_test_fair(10, 10), other = ksem_test_attached(fd);
	struct ksem_test_waiter waiter[3];
	struct ksem_info info;
	int i;

	ASSERT_EQ(0, ksem_test_acquire(fd, 10));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(ksem_test_queue(&waiter[i], other, 4, i + 1));
	close(fd);
	info = ksem_test_info(other);
	EXPECT_EQ(1, info.out_waiters);
	EXPECT_EQ(2, info.out_available);
	EXPECT_EQ(8, info.out_own);
}

/* What a survivor learns. */

TEST(the_first_grant_after_a_recovery_is_told_and_no_other)
{
	int fd = ksem_test_fair(3, 3);
	pid_t child = ksem_test_child_hold(fd, 1);

	ASSERT_LT(0, child);
	EXPECT_FALSE(ksem_test_info(fd).out_flags & KSEM_INFO_RECOVERED);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_TRUE(ksem_test_info(fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(1, ksem_test_acquire(fd, 1));
	EXPECT_FALSE(ksem_test_info(fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(fd, 1));
}

FIXTURE(recovery) {
	int fd;
};

FIXTURE_VARIANT(recovery) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(recovery, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(recovery, nonfair) { .flags = 0 };

FIXTURE_SETUP(recovery)
{
	int gone;

	self->fd = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 3, 10));
	gone = ksem_test_attached(self->fd);
	ASSERT_EQ(0, ksem_test_acquire(gone, 2));
	/* A plain close with permits is one too. */
	close(gone);
}

FIXTURE_TEARDOWN(recovery)
{
	close(self->fd);
}

TEST_F(recovery, is_told_by_try_acquire)
{
	EXPECT_EQ(1, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
}

TEST_F(recovery, is_told_by_acquire_ex)
{
	EXPECT_EQ(1, ksem_test_acquire_ex(self->fd, 0, 1, KSEM_NO_DEADLINE, NULL));
	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, 0, 1, KSEM_NO_DEADLINE, NULL));
}

TEST_F(recovery, is_told_by_try_acquire_ex)
{
	EXPECT_EQ(1, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, NULL));
	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, NULL));
}

TEST_F(recovery, is_told_by_drain)
{
	__u32 n;

	EXPECT_EQ(1, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(3, n);
}

TEST_F(recovery, is_not_told_where_nothing_is_granted)
{
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 4));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 4, 1, NULL));
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

TEST_F(recovery, is_told_once_however_many_have_gone)
{
	int i, gone;

	for (i = 0; i < 3; i++) {
		gone = ksem_test_attached(self->fd);
		ASSERT_EQ(!i, ksem_test_acquire(gone, 1));
		ASSERT_EQ(0, ksem_test_release(gone, 1));
		close(gone);
	}
	gone = ksem_test_attached(self->fd);
	ASSERT_EQ(0, ksem_test_acquire(gone, 1));
	close(gone);
	gone = ksem_test_attached(self->fd);
	ASSERT_EQ(1, ksem_test_acquire(gone, 1));
	close(gone);
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(recovery, is_told_to_a_waiter)
{
	struct ksem_test_waiter waiter;
	pid_t child;

	ASSERT_EQ(1, ksem_test_acquire(self->fd, 1));
	child = ksem_test_child_hold(self->fd, 2);
	ASSERT_LT(0, child);
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(1, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
}

TEST(a_handle_that_released_all_is_no_recovery)
{
	int fd = ksem_test_fair(1, 1), gone = ksem_test_attached(fd);

	ASSERT_EQ(0, ksem_test_acquire(gone, 1));
	ASSERT_EQ(0, ksem_test_release(gone, 1));
	close(gone);
	EXPECT_EQ(0, ksem_test_info(fd).out_reclaimed);
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
}

TEST(a_signal_semaphore_gets_nothing_back)
{
	int fd = ksem_test_signal(2, 2), gone = ksem_test_attached(fd);

	ASSERT_EQ(0, ksem_test_acquire(gone, 2));
	close(gone);
	EXPECT_EQ(0, ksem_test_info(fd).out_available);
	EXPECT_EQ(0, ksem_test_info(fd).out_reclaimed);
	ASSERT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
}

TEST_HARNESS_MAIN
