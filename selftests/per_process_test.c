// SPDX-License-Identifier: GPL-2.0-only
/*
 * KSEM_CREATE_PER_PROCESS: all handles that one process has opened are one
 * holder.
 */
#include <linux/sched.h>

#include "ksem_test_exec.h"
#include "ksem_test_fs.h"
#include "ksem_test_poll.h"
#include "ksem_test_proc.h"

#define PER_PROCESS_PERMITS	6

static int new_semaphore(__u32 flags)
{
	return ksem_test_new_handoff(flags | KSEM_CREATE_PER_PROCESS, PER_PROCESS_PERMITS, 10,
				     flags & KSEM_CREATE_FAIR ? 0 : KSEM_HANDOFF_DEFAULT_NS);
}

/*
 * An exec'ed copy, with a handle that it has inherited: is what it opens itself of
 * the same account?
 */
static int exec_main(int inherited)
{
	int own = ksem_test_attached(inherited);

	if (own < 0 || fcntl(inherited, F_GETFD) < 0)
		return -EBADF;
	return ksem_test_release(own, 1) ?: (int)ksem_test_info(own).out_own;
}

/* Two handles of this process's on each kind. */

FIXTURE(shared) {
	int fd;
	int other;
};

FIXTURE_VARIANT(shared) {
	__u32 flags;
	bool named;
};

FIXTURE_VARIANT_ADD(shared, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(shared, nonfair) { .flags = 0 };

FIXTURE_VARIANT_ADD(shared, named) { .flags = KSEM_CREATE_FAIR, .named = true };

FIXTURE_SETUP(shared)
{
	int dir;

	self->fd = -1;
	self->other = -1;
	if (!variant->named) {
		self->fd = new_semaphore(variant->flags);
		self->other = ksem_test_attached(self->fd);
	} else if (ksem_test_is_root()) {
		dir = ksem_test_mounted("mode=0755");
		self->fd = ksem_test_named(dir, "a", KSEM_CREATE_PER_PROCESS);
		ASSERT_EQ(0, ksem_test_post(self->fd, PER_PROCESS_PERMITS - 4));
		self->other = ksem_test_open_at(dir, "a", O_RDWR);
		close(dir);
	} else {
		return;
	}
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(shared)
{
	close(self->fd);
	close(self->other);
}

TEST_F(shared, account_is_that_of_all_handles_of_a_process)
{
	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
	EXPECT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(-EPERM, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_forget(self->other, 1));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(KSEM_CREATE_PER_PROCESS,
		  ksem_test_info(self->fd).out_flags & KSEM_CREATE_PER_PROCESS);
}

TEST_F(shared, bytes_are_read_here_and_written_there)
{
	char bytes[4];

	if (self->fd < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(4, read(self->fd, bytes, 4));
	EXPECT_EQ(3, write(self->other, bytes, 3));
	EXPECT_EQ(-1, write(self->other, bytes, 2));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(1, write(self->fd, bytes, 1));
	EXPECT_EQ(PER_PROCESS_PERMITS, ksem_test_info(self->fd).out_available);
}

TEST_F(shared, list_of_holders_has_the_process_once)
{
	struct ksem_holder_entry entry[3];
	struct ksem_holders holders;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	ASSERT_EQ(0, ksem_test_holders(self->fd, entry, 3, &holders));
	EXPECT_EQ(1, holders.out_count);
	EXPECT_EQ(1, holders.out_total);
	EXPECT_EQ(3, entry[0].permits);
	EXPECT_EQ(getpid(), entry[0].opener_pid);
	EXPECT_EQ(getpid(), entry[0].acquirer_pid);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_handles);
}

TEST_F(shared, permits_come_back_with_the_last_handle_only)
{
	int third;

	if (self->fd < 0)
		SKIP(return, "needs root");
	third = ksem_test_attached(self->other);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 4));
	close(self->fd);
	EXPECT_EQ(PER_PROCESS_PERMITS - 4, ksem_test_info(third).out_available);
	EXPECT_EQ(0, ksem_test_info(third).out_reclaimed);
	EXPECT_EQ(4, ksem_test_info(third).out_own);
	close(third);
	EXPECT_EQ(4, ksem_test_info(self->other).out_own);
	EXPECT_EQ(0, ksem_test_release(self->other, 4));
	EXPECT_EQ(PER_PROCESS_PERMITS, ksem_test_info(self->other).out_available);
	self->fd = -1;
}

TEST_F(shared, account_of_another_process_is_another)
{
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	child = ksem_test_child_hold(self->fd, 3);
	ASSERT_LT(0, child);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_holders);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(-EPERM, ksem_test_release(self->other, 3));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
}

TEST_F(shared, inherited_handle_is_of_its_openers_account)
{
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(ksem_test_release(self->other, 1) ?:
			       ksem_test_acquire(self->other, 2));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
}

TEST_F(shared, child_that_opens_for_itself_has_its_own)
{
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	child = ksem_test_fork();
	if (!child) {
		int own = ksem_test_attached(self->fd);

		if (ksem_test_release(own, 1) != -EPERM || ksem_test_acquire(own, 3))
			_exit(1);
		/* The inherited one is still the parent's. */
		if (ksem_test_info(self->fd).out_own != 2 || ksem_test_info(own).out_own != 3)
			_exit(2);
		ksem_test_exit(ksem_test_release(self->other, 1));
	}
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(shared, inherited_handle_keeps_the_account_of_a_dead_process)
{
	int ready[2], status;
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	child = ksem_test_fork();
	if (!child) {
		int own = ksem_test_attached(self->fd);
		pid_t grandchild;

		if (own < 0 || ksem_test_acquire(own, 2))
			_exit(1);
		grandchild = fork();
		if (!grandchild) {
			char byte;

			/* Until the test closes its end. */
			close(ready[1]);
			_exit(read(ready[0], &byte, 1));
		}
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(PER_PROCESS_PERMITS - 2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
	close(ready[1]);
	EXPECT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_holders == 0));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_reclaimed);
	close(ready[0]);
}

TEST_F(shared, account_is_the_same_over_exec)
{
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	child = ksem_test_fork();
	if (!child) {
		int own = ksem_test_attached(self->fd);

		fcntl(own, F_SETFD, 0);
		if (own < 0 || ksem_test_acquire(own, 3))
			_exit(1);
		ksem_test_exit(ksem_test_exec(own));
	}
	/* It has released one through a handle of its own, and two were left. */
	EXPECT_EQ(2, ksem_test_reap(child));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(PER_PROCESS_PERMITS, ksem_test_info(self->fd).out_available);
}

TEST_F(shared, transfer_between_own_handles_changes_nothing)
{
	struct ksem_info before, after;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	before = ksem_test_info(self->fd);
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 3, self->other));
	EXPECT_EQ(0, ksem_test_transfer(self->other, 2, self->fd));
	EXPECT_EQ(-EPERM, ksem_test_transfer(self->other, 4, self->fd));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(shared, transfer_to_another_process_is_one)
{
	int there[2], fd = -1;
	pid_t child;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, pipe2(there, O_CLOEXEC));
	child = ksem_test_fork();
	if (!child) {
		fd = ksem_test_attached(self->fd);
		if (write(there[1], &fd, sizeof(fd)) < 0)
			_exit(1);
		ksem_test_until(ksem_test_info(fd).out_own == 2);
		ksem_test_exit(ksem_test_release(fd, 2));
	}
	ASSERT_EQ(sizeof(fd), read(there[0], &fd, sizeof(fd)));
	fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), fd, 0);
	ASSERT_LE(0, fd);
	/* A received handle stays its opener's. */
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	EXPECT_EQ(0, ksem_test_info(fd).out_own);
	EXPECT_EQ(0, ksem_test_transfer(self->other, 2, fd));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	close(fd);
}

TEST_F(shared, edge_of_out_is_told_on_every_handle_of_the_account)
{
	int first, second;

	if (self->fd < 0)
		SKIP(return, "needs root");
	first = ksem_test_watch(self->fd, EPOLLET);
	second = ksem_test_watch(self->other, EPOLLET);
	EXPECT_EQ(EPOLLIN, ksem_test_reported(first));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(second));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reports(first));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reports(second));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_events(self->fd) & EPOLLOUT);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reports(first));
	close(first);
	close(second);
}

TEST_F(shared, wait_of_one_handle_is_granted_to_the_account)
{
	struct ksem_test_waiter waiter;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_acquire(self->fd, PER_PROCESS_PERMITS));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 2, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(PER_PROCESS_PERMITS, ksem_test_info(self->fd).out_own);
}

TEST_F(shared, wait_keeps_the_account_when_its_descriptor_is_closed)
{
	struct ksem_test_waiter waiter;
	pid_t holder;

	if (self->fd < 0)
		SKIP(return, "needs root");
	holder = ksem_test_child_hold(self->fd, PER_PROCESS_PERMITS);
	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 1, 1));
	close(self->other);
	self->other = -1;
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(holder));
	EXPECT_EQ(1, ksem_test_join(&waiter));
	/* The grant was to the account, which the other handle has still. */
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
}

/* Of single handles. */

TEST(without_the_flag_each_handle_has_its_own)
{
	int fd = ksem_test_fair(4, 4), other = ksem_test_attached(fd);

	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	EXPECT_EQ(0, ksem_test_info(other).out_own);
	EXPECT_EQ(-EPERM, ksem_test_release(other, 1));
	close(fd);
	EXPECT_EQ(4, ksem_test_info(other).out_available);
	close(other);
}

TEST(signal_semaphore_cannot_be_per_process)
{
	int fd = ksem_test_open(O_RDWR);
	struct ksem_info info;

	EXPECT_EQ(-EINVAL, ksem_test_create(fd, KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS, 1,
					    1));
	EXPECT_EQ(-EINVAL, ksem_test_create(fd, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL |
					    KSEM_CREATE_PER_PROCESS, 1, 1));
	EXPECT_EQ(-ENXIO, ksem_test_get_info(fd, &info));
	close(fd);
}

TEST(accounts_of_two_semaphores_are_two)
{
	int fd = new_semaphore(0), other = new_semaphore(0);

	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	EXPECT_EQ(-EPERM, ksem_test_release(other, 1));
	EXPECT_EQ(0, ksem_test_info(other).out_own);
	close(fd);
	close(other);
}

/* The account that it brought with it is freed: on a debug kernel a search for leaks tells. */
TEST(attach_that_is_refused_leaves_no_account)
{
	int fd = new_semaphore(KSEM_CREATE_FAIR), late = ksem_test_open(O_RDWR);
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_attach(late, fd));
	EXPECT_EQ(-ENXIO, ksem_test_get_info(late, &info));
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
	close(late);
	close(fd);
}

/* It is who opened the handle that counts, not who bound it. */
TEST(account_is_that_of_the_opener_whoever_binds)
{
	int fd = new_semaphore(KSEM_CREATE_FAIR), unbound = ksem_test_open(O_RDWR);
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	child = ksem_test_fork();
	if (!child)
		ksem_test_exit(ksem_test_attach(unbound, fd));
	ASSERT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(2, ksem_test_info(unbound).out_own);
	EXPECT_EQ(0, ksem_test_release(unbound, 2));
	close(unbound);
	close(fd);
}

/* A number that is used again is another process. */
TEST(process_with_the_number_of_a_dead_one_has_its_own_account)
{
	int fd = new_semaphore(KSEM_CREATE_FAIR), kept = -1, pidfd;
	pid_t first, next;
	struct clone_args again = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&first,
		.set_tid_size = 1,
	};

	first = ksem_test_fork();
	if (!first) {
		int own = ksem_test_attached(fd);

		if (own < 0 || ksem_test_acquire(own, 2))
			_exit(1);
		/* Where the parent looks for it. */
		dup2(own, 200);
		for (;;)
			pause();
	}
	pidfd = syscall(SYS_pidfd_open, first, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_TRUE(ksem_test_until((kept = syscall(SYS_pidfd_getfd, pidfd, 200, 0)) >= 0));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(first));
	ASSERT_EQ(2, ksem_test_info(kept).out_own);
	next = syscall(SYS_clone3, &again, sizeof(again));
	if (!next)
		ksem_test_exit(ksem_test_release(ksem_test_attached(fd), 1));
	ASSERT_EQ(first, next);
	EXPECT_EQ(-EPERM, ksem_test_reap(next));
	EXPECT_EQ(2, ksem_test_info(kept).out_own);
	close(kept);
	EXPECT_EQ(2, ksem_test_info(fd).out_reclaimed);
	close(fd);
}

/*
 * Threads that open, acquire, release and close: as long as one handle stays, no
 * permit comes back by itself, and in the end all are there.
 */

#define PP_THREADS	8
#define PP_ROUNDS	300

struct crowd {
	int fd;
	int wrong;
};

static void *crowd_main(void *data)
{
	struct crowd *crowd = data;
	unsigned int i;

	for (i = 0; i < PP_ROUNDS; i++) {
		int in = ksem_test_attached(crowd->fd), out;
		unsigned int n = 1 + i % 3;

		if (ksem_test_acquire(in, n) < 0)
			__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
		out = ksem_test_attached_mode(in, O_WRONLY);
		close(in);
		/* Of the account it does not matter which permits they are. */
		if (ksem_test_release(out, n))
			__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
		close(out);
	}
	return NULL;
}

TEST(threads_that_come_and_go_lose_nothing)
{
	pthread_t thread[PP_THREADS];
	struct ksem_info info;
	int i, j;

	for (i = 0; i < 2; i++) {
		struct crowd crowd = { .fd = new_semaphore(i ? KSEM_CREATE_FAIR : 0) };

		for (j = 0; j < PP_THREADS; j++)
			ASSERT_EQ(0, pthread_create(&thread[j], NULL, crowd_main, &crowd));
		for (j = 0; j < PP_THREADS; j++)
			pthread_join(thread[j], NULL);
		EXPECT_EQ(0, crowd.wrong);
		info = ksem_test_info(crowd.fd);
		EXPECT_EQ(PER_PROCESS_PERMITS, info.out_available);
		EXPECT_EQ(0, info.out_held);
		EXPECT_EQ(0, info.out_reclaimed);
		EXPECT_EQ(1, info.out_handles);
		close(crowd.fd);
	}
}

/* The first and the last handle of an account at the same moment. */
static void *open_and_close_main(void *data)
{
	struct crowd *crowd = data;
	unsigned int i;

	for (i = 0; i < PP_ROUNDS; i++) {
		int fd = ksem_test_attached(crowd->fd);

		if (fd < 0 || ksem_test_try_acquire(fd, 1) == -EPERM)
			__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

TEST(account_is_made_and_ended_by_many_threads_at_a_time)
{
	struct crowd crowd = { };
	pthread_t thread[PP_THREADS];
	struct ksem_info info;
	int j;

	/* Of another process's, so that this one's account comes and goes. */
	crowd.fd = new_semaphore(0);
	if (ksem_test_fork() == 0) {
		for (j = 0; j < PP_THREADS; j++)
			pthread_create(&thread[j], NULL, open_and_close_main, &crowd);
		for (j = 0; j < PP_THREADS; j++)
			pthread_join(thread[j], NULL);
		_exit(crowd.wrong ? 1 : 0);
	}
	EXPECT_EQ(0, ksem_test_reap(-1));
	info = ksem_test_info(crowd.fd);
	EXPECT_EQ(PER_PROCESS_PERMITS, info.out_available);
	EXPECT_EQ(info.out_acquires, info.out_reclaimed);
	EXPECT_EQ(1, info.out_handles);
	EXPECT_EQ(0, info.out_holders);
	close(crowd.fd);
}

TEST_HARNESS_MAIN
