// SPDX-License-Identifier: GPL-2.0-only
/* ksem_create, ksem_attach, ksem_attach_fd, ksem_from_fd, ksem_fd, ksem_close. */
#include "lib_test.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

FIXTURE(handle)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_SETUP(handle)
{
	self->k = lib_create(3, false);
	ASSERT_NE(NULL, self->k);
	self->other = NULL;
}

FIXTURE_TEARDOWN(handle)
{
	if (self->other)
		EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

TEST_F(handle, create_out_of_range_leaks_nothing)
{
	int fds = lib_count_fds();

	EXPECT_EQ(-EINVAL, LIB_NEW(self->other, ksem_create(0x80000000, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->other, ksem_create(-1, NULL)));
	EXPECT_EQ(fds, lib_count_fds());
}

TEST_F(handle, create_empty_and_full)
{
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_create(0, NULL)));
	EXPECT_EQ(0, lib_available(self->other));
	EXPECT_EQ(0, ksem_close(self->other));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_create(KSEM_MAX_PERMITS, NULL)));
	EXPECT_EQ(KSEM_MAX_PERMITS, lib_available(self->other));
}

/* No descriptor left: the error is open(2)'s. */
TEST_F(handle, create_reports_emfile)
{
	struct rlimit limit = { .rlim_cur = lib_next_fd(), .rlim_max = 1024 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, LIB_NEW(self->other, ksem_create(1, NULL)));
	EXPECT_EQ(-EMFILE, LIB_NEW(self->other, ksem_attach(self->k)));
}

TEST_F(handle, attach_makes_a_holder_of_its_own)
{
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach(self->k)));
	EXPECT_EQ(lib_info(self->k).out_id, lib_info(self->other).out_id);
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->other, 2)));
	EXPECT_EQ(2, lib_info(self->other).out_own);
	EXPECT_EQ(0, lib_info(self->k).out_own);
	EXPECT_EQ(-EPERM, LIB(ksem_release(self->k)));
}

TEST_F(handle, attach_sets_close_on_exec)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *inherited;

	ASSERT_EQ(0, ksem_attr_set_inherit(attr, true));
	ASSERT_EQ(0, LIB_NEW(inherited, ksem_create(1, attr)));
	ksem_attr_free(attr);
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach(inherited)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(ksem_fd(self->other), F_GETFD));
	EXPECT_EQ(0, ksem_close(inherited));
}

TEST_F(handle, attach_has_the_access_of_the_other)
{
	struct ksem *reader;

	ASSERT_EQ(0, LIB_NEW(reader, ksem_attach_fd(ksem_fd(self->k),
						    O_RDONLY)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach(reader)));
	EXPECT_EQ(O_RDONLY, fcntl(ksem_fd(self->other), F_GETFL) & O_ACCMODE);
	EXPECT_EQ(KSEM_RIGHT_READ, lib_info(self->other).out_rights);
	EXPECT_EQ(-EBADF, LIB(ksem_post(self->other)));
	EXPECT_EQ(0, ksem_close(reader));
}

/* More than the other has is not to be had. */
TEST_F(handle, attach_fd_cannot_widen_rights)
{
	struct ksem *reader;

	ASSERT_EQ(0, LIB_NEW(reader, ksem_attach_fd(ksem_fd(self->k),
						    O_RDONLY)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach_fd(ksem_fd(reader),
							 O_RDWR)));
	EXPECT_EQ(KSEM_RIGHT_READ, lib_info(self->other).out_rights);
	EXPECT_EQ(0, ksem_close(reader));
}

TEST_F(handle, attach_fd_leaves_the_descriptor_alone)
{
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach_fd(ksem_fd(self->k),
							 O_RDWR)));
	EXPECT_NE(ksem_fd(self->k), ksem_fd(self->other));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(2, lib_available(self->other));
}

TEST_F(handle, attach_fd_access_is_one_of_three)
{
	int fd = ksem_fd(self->k), fds = lib_count_fds();

	EXPECT_EQ(-EINVAL, LIB_NEW(self->other, ksem_attach_fd(fd, O_ACCMODE)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->other,
				   ksem_attach_fd(fd, O_RDWR | O_CREAT)));
	EXPECT_EQ(fds, lib_count_fds());
}

TEST_F(handle, attach_fd_errors_leak_nothing)
{
	int fds = lib_count_fds();
	int unbound = ksem_test_open(O_RDWR);
	int null = open("/dev/null", O_RDWR);

	EXPECT_EQ(-EBADF, LIB_NEW(self->other, ksem_attach_fd(-1, O_RDWR)));
	EXPECT_EQ(-EBADF, LIB_NEW(self->other,
				  ksem_attach_fd(lib_next_fd(), O_RDWR)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->other, ksem_attach_fd(null, O_RDWR)));
	EXPECT_EQ(-ENXIO, LIB_NEW(self->other, ksem_attach_fd(unbound, O_RDWR)));
	close(null);
	close(unbound);
	EXPECT_EQ(0, ksem_shutdown(self->k));
	EXPECT_EQ(-ESHUTDOWN, LIB_NEW(self->other, ksem_attach(self->k)));
	EXPECT_EQ(fds, lib_count_fds());
}

/* The same open file description is the same holder. */
TEST_F(handle, from_fd_adopts_a_duplicate)
{
	int fd = dup(ksem_fd(self->k));

	ASSERT_EQ(0, LIB_NEW(self->other, ksem_from_fd(fd)));
	EXPECT_EQ(fd, ksem_fd(self->other));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
}

TEST_F(handle, from_fd_adopts_one_that_cannot_read)
{
	int fd = ksem_test_attached_mode(ksem_fd(self->k), O_WRONLY);

	ASSERT_EQ(0, LIB_NEW(self->other, ksem_from_fd(fd)));
	EXPECT_EQ(0, LIB(ksem_post(self->other)));
}

TEST_F(handle, from_fd_adopts_one_that_was_shut_down)
{
	int fd = dup(ksem_fd(self->k));

	EXPECT_EQ(0, ksem_shutdown(self->k));
	EXPECT_EQ(0, LIB_NEW(self->other, ksem_from_fd(fd)));
}

TEST_F(handle, from_fd_refuses_an_unbound_handle)
{
	int fd = ksem_test_open(O_RDWR);

	EXPECT_EQ(-ENXIO, LIB_NEW(self->other, ksem_from_fd(fd)));
	/* It is still open, and still ours. */
	EXPECT_EQ(0, ksem_test_attach(fd, ksem_fd(self->k)));
	close(fd);
}

TEST_F(handle, from_fd_refuses_other_files)
{
	int fds[] = {
		open("/dev/null", O_RDWR),
		open("/", O_RDONLY | O_DIRECTORY),
		open("/proc/self/status", O_RDONLY),
		eventfd(1, 0),
		socket(AF_UNIX, SOCK_STREAM, 0),
		memfd_create("", 0),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(-EINVAL, LIB_NEW(self->other, ksem_from_fd(fds[i])));
		EXPECT_EQ(0, close(fds[i]));
	}
}

TEST_F(handle, from_fd_refuses_what_is_not_open)
{
	int fd = open("/dev/null", O_PATH);

	EXPECT_EQ(-EBADF, LIB_NEW(self->other, ksem_from_fd(-1)));
	EXPECT_EQ(-EBADF, LIB_NEW(self->other, ksem_from_fd(lib_next_fd())));
	EXPECT_EQ(-EBADF, LIB_NEW(self->other, ksem_from_fd(fd)));
	close(fd);
}

TEST_F(handle, fork_shares_the_holder)
{
	pid_t pid = ksem_test_fork();

	if (!pid)
		ksem_test_exit(LIB(ksem_acquire_n(self->k, 2)));
	EXPECT_EQ(0, ksem_test_reap(pid));
	EXPECT_EQ(2, lib_info(self->k).out_own);
	EXPECT_EQ(0, LIB(ksem_release_n(self->k, 2)));
}

TEST_F(handle, close_returns_what_is_held)
{
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach(self->k)));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->other, 2)));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_close(self->other)));
	self->other = NULL;
	EXPECT_EQ(3, lib_available(self->k));
	EXPECT_EQ(2, lib_info(self->k).out_reclaimed);
}

/* A worker that attaches and is killed: the main job. */
TEST_F(handle, killed_holder_gives_back)
{
	pid_t pid = ksem_test_child_hold(ksem_fd(self->k), 3);

	ASSERT_LT(0, pid);
	EXPECT_EQ(-EAGAIN, LIB(ksem_try_acquire(self->k)));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(pid));
	EXPECT_EQ(0, LIB(ksem_try_acquire_n(self->k, 3)));
	EXPECT_EQ(1, LIB(ksem_recovered(self->k)));
}

TEST_HARNESS_MAIN
