// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a handle lives: as long as anybody has it. How long a semaphore
 * lives: as long as a handle is bound to it. What comes back when a handle goes:
 * crash_test.c.
 */
#include "ksem_test.h"
#include "ksem_test_exec.h"
#include "ksem_test_proc.h"
#include "ksem_test_socket.h"

#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

/* An exec'ed copy: is the descriptor still there, and how many are free? */
static int exec_main(int fd)
{
	struct ksem_info info;

	return ksem_test_get_info(fd, &info) ?: info.out_available;
}

/* One of ten permits is held through a handle that goes; one handle stays. */

FIXTURE(handle) {
	int fd;
	int stays;
};

FIXTURE_SETUP(handle)
{
	self->stays = ksem_test_fair(10, 10);
	ASSERT_LE(0, self->stays);
	self->fd = ksem_test_attached(self->stays);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
}

FIXTURE_TEARDOWN(handle)
{
	close(self->fd);
	close(self->stays);
}

TEST_F(handle, returns_its_permits_when_it_is_closed)
{
	struct ksem_info info;

	close(self->fd);
	info = ksem_test_info(self->stays);
	EXPECT_EQ(10, info.out_available);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(0, info.out_holders);
	EXPECT_EQ(1, info.out_handles);
	self->fd = -1;
}

TEST_F(handle, lives_as_long_as_a_dup)
{
	int copy = dup(self->fd);

	close(self->fd);
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(3, ksem_test_info(copy).out_own);
	EXPECT_EQ(0, ksem_test_release(copy, 1));
	close(copy);
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
	self->fd = -1;
}

TEST_F(handle, is_replaced_by_dup2)
{
	ASSERT_EQ(self->fd, dup2(self->stays, self->fd));
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
}

TEST_F(handle, is_shared_with_a_forked_child)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(ksem_test_acquire(self->fd, 2) ?:
			       (int)ksem_test_info(self->fd).out_own);
	EXPECT_EQ(5, ksem_test_reap(child));
	/* The child's exit returned nothing: the account is this process's too. */
	EXPECT_EQ(5, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_release(self->fd, 5));
}

TEST_F(handle, can_be_released_by_a_forked_child)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(ksem_test_release(self->fd, 3));
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
}

TEST_F(handle, lives_as_long_as_a_forked_child)
{
	pid_t child = ksem_test_fork();

	if (!child)
		for (;;)
			pause();
	close(self->fd);
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
	self->fd = -1;
}

TEST_F(handle, is_closed_by_exec_if_it_was_opened_so)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(ksem_test_exec(self->fd));
	EXPECT_EQ(-EBADF, ksem_test_reap(child));
}

TEST_F(handle, is_kept_over_exec_if_it_was_opened_so)
{
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(fcntl(self->fd, F_SETFD, 0) ?: ksem_test_exec(self->fd));
	close(self->fd);
	EXPECT_EQ(7, ksem_test_reap(child));
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
	self->fd = -1;
}

TEST_F(handle, returns_its_permits_when_exec_closes_it)
{
	pid_t child = ksem_test_fork();

	if (!child) {
		int own = ksem_test_attached(self->stays);

		ksem_test_exit(ksem_test_acquire(own, 2) ?:
			       fcntl(self->stays, F_SETFD, 0) ?:
			       ksem_test_exec(self->stays));
	}
	EXPECT_EQ(7, ksem_test_reap(child));
}

/* A handle in a message. */

FIXTURE(message) {
	int fd;
	int stays;
	int socket[2];
};

FIXTURE_SETUP(message)
{
	self->stays = ksem_test_fair(10, 10);
	self->fd = ksem_test_attached(self->stays);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->socket));
	ASSERT_TRUE(ksem_test_send_fd(self->socket[0], self->fd));
	close(self->fd);
}

FIXTURE_TEARDOWN(message)
{
	close(self->socket[0]);
	close(self->socket[1]);
	close(self->stays);
}

TEST_F(message, keeps_a_handle_in_flight)
{
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(2, ksem_test_info(self->stays).out_handles);
}

TEST_F(message, hands_over_the_account)
{
	int fd = ksem_test_receive_fd(self->socket[1]);

	EXPECT_EQ(3, ksem_test_info(fd).out_own);
	EXPECT_EQ(0, ksem_test_release(fd, 1));
	close(fd);
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
}

TEST_F(message, that_is_never_read_returns_the_permits)
{
	close(self->socket[0]);
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
	close(self->socket[1]);
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
}

TEST_F(message, outlives_its_sender)
{
	pid_t child = ksem_test_fork();
	int fd;

	if (!child) {
		int own = ksem_test_attached(self->stays);

		ksem_test_exit(ksem_test_acquire(own, 2) ?:
			       !ksem_test_send_fd(self->socket[0], own));
	}
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(5, ksem_test_info(self->stays).out_available);
	close(ksem_test_receive_fd(self->socket[1]));
	fd = ksem_test_receive_fd(self->socket[1]);
	EXPECT_EQ(2, ksem_test_info(fd).out_own);
	close(fd);
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
}

TEST_F(handle, taken_with_pidfd_getfd_is_the_same)
{
	int pidfd, copy;
	pid_t child;

	child = ksem_test_fork();
	if (!child)
		for (;;)
			pause();
	close(self->fd);
	pidfd = syscall(SYS_pidfd_open, child, 0);
	copy = syscall(SYS_pidfd_getfd, pidfd, self->fd, 0);
	if (copy < 0) {
		ksem_test_kill(child);
		SKIP(return, "pidfd_getfd: %s", strerror(errno));
	}
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(3, ksem_test_info(copy).out_own);
	close(copy);
	EXPECT_EQ(10, ksem_test_info(self->stays).out_available);
	self->fd = -1;
}

/* Threads. */

TEST_F(handle, keeps_its_permits_when_a_thread_exits)
{
	struct ksem_test_waiter thread;

	ASSERT_TRUE(ksem_test_start(&thread, self->fd, 2));
	ASSERT_EQ(0, ksem_test_join(&thread));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(5, ksem_test_info(self->stays).out_available);
}

static void *exit_thread(void *data)
{
	syscall(SYS_exit, 0);
	return NULL;
}

TEST_F(handle, keeps_its_permits_when_the_main_thread_exits)
{
	struct ksem_test_waiter waiter;
	pid_t child = ksem_test_fork();

	if (!child) {
		int own = ksem_test_attached(self->stays);

		close(self->fd);
		if (ksem_test_acquire(own, 1) || !ksem_test_start(&waiter, own, 10))
			_exit(1);
		exit_thread(NULL);
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->stays, 1));
	EXPECT_EQ(6, ksem_test_info(self->stays).out_available);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(7, ksem_test_info(self->stays).out_available);
}

/* A descriptor that is closed while a thread waits with it. */

TEST(a_wait_goes_on_when_its_descriptor_is_closed)
{
	int fd = ksem_test_fair(0, 1), other = ksem_test_attached(fd);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	close(fd);
	EXPECT_EQ(1, ksem_test_info(other).out_waiters);
	EXPECT_EQ(2, ksem_test_info(other).out_handles);
	ASSERT_EQ(0, ksem_test_post(other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	/* It was granted, and with the wait the handle's last user went. */
	EXPECT_EQ(1, ksem_test_info(other).out_available);
	EXPECT_EQ(1, ksem_test_info(other).out_handles);
	EXPECT_EQ(1, ksem_test_info(other).out_reclaimed);
}

TEST(a_wait_on_a_closed_descriptor_ends_at_its_deadline)
{
	int other = ksem_test_fair(0, 1), fd;
	struct ksem_test_waiter waiter;
	__u64 ms = KSEM_TEST_FIRST_MS;
	bool waits;

	do {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		fd = ksem_test_attached(other);
		ASSERT_TRUE(ksem_test_start_ex(&waiter, fd, 0, 1, ksem_test_in_ms(ms)));
		ASSERT_TRUE(ksem_test_until(ksem_test_info(other).out_waiters ||
					    ksem_test_done(&waiter)));
		close(fd);
		waits = ksem_test_info(other).out_waiters;
		EXPECT_EQ(-ETIMEDOUT, ksem_test_join(&waiter));
		ms *= 2;
	} while (!waits);
	EXPECT_EQ(1, ksem_test_info(other).out_handles);
}

TEST(a_restart_on_a_closed_descriptor_fails)
{
	int fd = ksem_test_fair(0, 1), other = ksem_test_attached(fd);
	struct ksem_test_waiter waiter;

	ksem_test_catch_signals();
	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	close(fd);
	ASSERT_EQ(0, ksem_test_tgkill(waiter.tid, KSEM_TEST_SIG_RESTART));
	EXPECT_EQ(-EBADF, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(other).out_waiters);
	EXPECT_EQ(1, ksem_test_info(other).out_handles);
}

TEST(a_wait_can_be_shut_down_when_its_descriptor_is_closed)
{
	int fd = ksem_test_fair(0, 1), other = ksem_test_attached(fd);
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	close(fd);
	ASSERT_EQ(0, ksem_test_shutdown(other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
}

/* The semaphore. */

TEST(a_semaphore_survives_its_creator)
{
	int socket[2], fd;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socket));
	child = ksem_test_fork();
	if (!child) {
		int created = ksem_test_fair(5, 5);
		int attached = ksem_test_attached(created);

		ksem_test_exit(ksem_test_acquire(created, 2) ?:
			       !ksem_test_send_fd(socket[1], attached));
	}
	ASSERT_EQ(0, ksem_test_reap(child));
	fd = ksem_test_receive_fd(socket[0]);
	EXPECT_EQ(5, ksem_test_info(fd).out_available);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
	EXPECT_EQ(1, ksem_test_acquire(fd, 1));
}

TEST(two_semaphores_never_have_the_same_id)
{
	int fd = ksem_test_fair(1, 1), again;
	__u64 id = ksem_test_info(fd).out_id;

	close(fd);
	again = ksem_test_fair(1, 1);
	EXPECT_NE(id, ksem_test_info(again).out_id);
	EXPECT_EQ(ksem_test_info(again).out_id,
		  ksem_test_info(ksem_test_attached(again)).out_id);
}

TEST(an_unbound_handle_can_be_closed)
{
	EXPECT_EQ(0, close(ksem_test_open(O_RDWR)));
}

/* A permit taken and given by bytes, through a handle that is new and closed after it. */
static int use_handle(void)
{
	int fd = ksem_test_fair(1, 1);
	char byte;

	if (fd < 0)
		return fd;
	return read(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1 || close(fd) ? -EIO : 0;
}

/* Or his lack of memory would hold up the close, and with it the return of permits. */
TEST(no_watcher_hears_of_a_handle)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct inotify_event event;

	ASSERT_LE(0, inotify_add_watch(watch, KSEM_TEST_DEVICE,
				       IN_OPEN | IN_CLOSE | IN_ACCESS | IN_MODIFY | IN_ATTRIB));
	EXPECT_EQ(0, use_handle());
	/* Of the file itself he does. */
	ASSERT_EQ(0, utimensat(AT_FDCWD, KSEM_TEST_DEVICE, NULL, 0));
	ASSERT_EQ(sizeof(event), read(watch, &event, sizeof(event)));
	EXPECT_EQ(IN_ATTRIB, event.mask);
	EXPECT_EQ(-1, read(watch, &event, sizeof(event)));
	close(watch);
}

/* Each close of a handle, of whomever, would have to look through all those locks. */
TEST(nobody_can_lock_the_device)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = ksem_test_open(O_RDWR);

	EXPECT_EQ(-1, fcntl(fd, F_SETLK, &lock));
	EXPECT_EQ(ENOLCK, errno);
	EXPECT_EQ(-1, fcntl(fd, F_OFD_SETLK, &lock));
	EXPECT_EQ(ENOLCK, errno);
	EXPECT_EQ(-1, fcntl(fd, F_GETLK, &lock));
	EXPECT_EQ(ENOLCK, errno);
	EXPECT_EQ(-1, flock(fd, LOCK_EX | LOCK_NB));
	EXPECT_EQ(ENOLCK, errno);
	close(fd);
}

TEST(the_module_stays_while_a_handle_is_open)
{
	int fd = ksem_test_open(O_RDWR);

	ASSERT_LE(0, fd);
	if (!ksem_test_is_root() || access("/sys/module/ksem/refcnt", F_OK))
		SKIP(return, "needs root, and ksem as a module");
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ksem", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, ksem_test_create(fd, KSEM_CREATE_FAIR, 1, 1));
}

TEST_HARNESS_MAIN
