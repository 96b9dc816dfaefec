// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container that dies: namespaces of its own, users included, and a ksemfs that it
 * has mounted itself. What its processes held and waited for is of two instances, its
 * own and the outside's; one of its handles lives on outside.
 */
#include "ksem_test_cgroup.h"
#include "ksem_test_fs.h"
#include "ksem_test_gone.h"
#include "ksem_test_socket.h"
#include "ksem_test_userns.h"

#define NAMESPACES	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | \
			 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* In every mount namespace of a test there is such a directory. */
#define INSIDE		"/tmp"

/* What the container has made: "pool", a directory, and "t", which is temporary. */
#define NAMES		3

FIXTURE(container) {
	char cgroup[80];
	int dir;	/* the outside's instance */
	int out;	/* a handle on its semaphore "out" */
	int sent;	/* opened inside by the name "pool", and sent out */
	int live;	/* another handle on that, of the outside's */
	pid_t init;
};

FIXTURE_VARIANT(container) {
	bool by_cgroup;
};

FIXTURE_VARIANT_ADD(container, whose_init_is_killed) { .by_cgroup = false };

FIXTURE_VARIANT_ADD(container, whose_cgroup_is_killed) { .by_cgroup = true };

/* A process with a handle of its own acquires @n of "pool", and lives until killed. */
static void start_process(int dir, unsigned long n)
{
	pid_t pid = ksem_test_fork();

	if (pid < 0)
		_exit(1);
	if (pid)
		return;
	ksem_test_acquire(ksem_test_open_at(dir, "pool", O_RDWR), n);
	for (;;)
		pause();
}

/* Waits for a byte: the outside has got so far. */
static void wait_for_outside(int socket)
{
	char byte;

	if (read(socket, &byte, 1) != 1)
		_exit(1);
}

/* Root inside, once the outside has said who that is. Returns the root directory. */
static int mount_inside(int socket)
{
	int dir;

	wait_for_outside(socket);
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		_exit(2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ksem_test_mount_at(INSIDE, NULL))
		_exit(3);
	dir = ksem_test_open_dir(INSIDE);
	if (mkdirat(dir, "d", 0755) || ksem_test_named(dir, "t", KSEM_CREATE_TEMPORARY) < 0)
		_exit(4);
	return dir;
}

/* Of 4 of "pool": 1 held here, 1 by a handle to send, 1 by a process. 2 are waited for. */
static void run_init(int socket)
{
	int dir = mount_inside(socket);
	int own = ksem_test_named(dir, "pool", 0);
	int sent = ksem_test_open_at(dir, "pool", O_RDWR);
	int out = ksem_test_open_at(AT_FDCWD, KSEM_TEST_MOUNT "/out", O_RDWR);

	if (ksem_test_acquire(own, 1) || ksem_test_acquire(sent, 1) || ksem_test_acquire(out, 2))
		_exit(5);
	start_process(dir, 1);
	if (!ksem_test_until(ksem_test_info(own).out_available == 1) ||
	    !ksem_test_send_fd(socket, sent))
		_exit(6);
	wait_for_outside(socket);
	start_process(dir, 2);
	for (;;)
		pause();
}

/* The process is root inside, and a user without any rights outside. */
static bool let_in(FIXTURE_DATA(container) * self, int socket)
{
	char proc[32], map[32];

	snprintf(proc, sizeof(proc), "/proc/%d", self->init);
	snprintf(map, sizeof(map), "0 %d 1", KSEM_TEST_OWNER);
	return ksem_test_write(proc, "uid_map", map) && ksem_test_write(proc, "gid_map", map) &&
	       (!self->cgroup[0] || ksem_test_cgroup_enter(self->cgroup, self->init)) &&
	       write(socket, "", 1) == 1;
}

/* All of "pool" is held then: one permit here, and one by the handle that was sent. */
static bool start_container(FIXTURE_DATA(container) * self)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return false;
	self->init = syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!self->init) {
		close(sockets[0]);
		close(self->dir);
		close(self->out);
		run_init(sockets[1]);
	}
	close(sockets[1]);
	if (self->init < 0 || !let_in(self, sockets[0]))
		return false;
	self->sent = ksem_test_receive_fd(sockets[0]);
	self->live = ksem_test_attached(self->sent);
	return !ksem_test_acquire(self->live, 1) && write(sockets[0], "", 1) == 1 &&
	       ksem_test_wait_queued(self->live, 1) && !close(sockets[0]);
}

FIXTURE_SETUP(container)
{
	self->cgroup[0] = '\0';
	self->init = 0;
	self->dir = -1;
	if (!ksem_test_is_root())
		return;
	umask(0);
	if (variant->by_cgroup)
		ASSERT_TRUE(ksem_test_cgroup_make(self->cgroup, KSEM_TEST_CGROUPS));
	self->dir = ksem_test_mounted("mode=0777");
	self->out = ksem_test_named(self->dir, "out", 0);
	ASSERT_LE(0, self->out);
	ASSERT_TRUE(start_container(self));
}

FIXTURE_TEARDOWN(container)
{
	if (self->init > 0)
		ksem_test_kill(self->init);
	ksem_test_cgroup_remove(self->cgroup);
}

/* Everything in it is dead when its first process can be reaped. */
static int kill_container(FIXTURE_DATA(container) * self)
{
	pid_t init = self->init;

	if (self->cgroup[0])
		ksem_test_write(self->cgroup, "cgroup.kill", "1");
	else
		kill(self->init, SIGKILL);
	self->init = 0;
	return ksem_test_reap(init);
}

TEST_F(container, gives_all_its_permits_back)
{
	struct ksem_info info;

	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(0, ksem_test_info(self->live).out_available);
	EXPECT_EQ(2, ksem_test_info(self->out).out_available);
	ASSERT_EQ(256 + SIGKILL, kill_container(self));
	info = ksem_test_info(self->live);
	EXPECT_EQ(2, info.out_available);
	EXPECT_EQ(2, info.out_reclaimed);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(2, info.out_handles);
	info = ksem_test_info(self->out);
	EXPECT_EQ(4, info.out_available);
	EXPECT_EQ(2, info.out_reclaimed);
	EXPECT_EQ(1, info.out_handles);
}

TEST_F(container, leaves_handles_outside_with_their_permits)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(256 + SIGKILL, kill_container(self));
	EXPECT_EQ(1, ksem_test_info(self->sent).out_own);
	EXPECT_EQ(1, ksem_test_info(self->live).out_own);
	EXPECT_EQ(1, ksem_test_acquire(self->sent, 2));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->live, 1));
	EXPECT_EQ(0, ksem_test_release(self->sent, 3));
	EXPECT_EQ(0, ksem_test_release(self->live, 1));
	EXPECT_EQ(-EPERM, ksem_test_release(self->live, 1));
	EXPECT_EQ(4, ksem_test_info(self->live).out_available);
}

/* Each of them wants more than is free before all in the container is dead. */
TEST_F(container, makes_room_for_waiters_outside)
{
	struct ksem_test_waiter pool, out;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_TRUE(ksem_test_queue(&pool, self->live, 2, 2));
	ASSERT_TRUE(ksem_test_queue(&out, self->out, 4, 1));
	ASSERT_EQ(256 + SIGKILL, kill_container(self));
	/* Granted already when it was reported dead. */
	EXPECT_EQ(3, ksem_test_info(self->live).out_own);
	EXPECT_EQ(4, ksem_test_info(self->out).out_own);
	EXPECT_EQ(1, ksem_test_join(&pool));
	EXPECT_EQ(1, ksem_test_join(&out));
}

TEST_F(container, takes_its_temporary_name_with_it)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(65536 - NAMES, ksem_test_room(self->sent));
	ASSERT_EQ(256 + SIGKILL, kill_container(self));
	/* The other names stay: a file of theirs is open. */
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->sent) > 65536 - NAMES));
	EXPECT_EQ(65536 - NAMES + 1, ksem_test_room(self->sent));
}

static int make_one_in_userns(void)
{
	int dir = ksem_test_mount_in_userns(0, NULL);

	return dir < 0 ? dir : ksem_test_create_at(dir, "a", 0, 0600, -1);
}

/* With limits of one for the container's user, and for all user namespaces. */
static int make_the_only_name(void)
{
	long user = ksem_test_set_parameter("max_names_per_user", 1);
	long userns = ksem_test_set_parameter("max_names_userns", 1);
	int result = ksem_test_as(0, 0, make_one_in_userns());

	ksem_test_set_parameter("max_names_per_user", user);
	ksem_test_set_parameter("max_names_userns", userns);
	return result;
}

TEST_F(container, counts_for_no_limit_once_its_last_handle_goes)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(256 + SIGKILL, kill_container(self));
	EXPECT_EQ(-ENOSPC, make_the_only_name());
	close(self->sent);
	EXPECT_TRUE(ksem_test_until(!make_the_only_name()));
	close(self->live);
	/* So that there is nothing of the test's own either. */
	close(self->out);
	close(self->dir);
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	EXPECT_TRUE(ksem_test_until(ksem_test_nothing_is_left()));
}

TEST_HARNESS_MAIN
