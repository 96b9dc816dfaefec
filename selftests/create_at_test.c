// SPDX-License-Identifier: GPL-2.0-only
/*
 * create_at: a semaphore, its name and a handle on it, in one step or not at all;
 * and names that go with the last handle.
 */
#include "ksem_test_cpu.h"
#include "ksem_test_fs.h"
#include "ksem_test_proc.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* A file system with a directory that is not the test's own. */

FIXTURE(at) {
	int dir;
	int fd;
	long room;
};

FIXTURE_SETUP(at)
{
	ASSERT_TRUE(ksem_test_mount_for_all(&self->dir));
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->room = ksem_test_room(self->dir);
}

FIXTURE_TEARDOWN(at)
{
	close(self->fd);
	close(self->dir);
}

/* Nothing has been made: no node, no handle. */
static bool unchanged(FIXTURE_DATA(at) * self)
{
	struct ksem_info info;

	return ksem_test_get_info(self->fd, &info) == -ENXIO &&
	       ksem_test_room(self->dir) == self->room;
}

static int create_with(FIXTURE_DATA(at) * self, struct ksem_create_at arg)
{
	return ksem_test_ioctl(self->dir, KSEM_IOC_CREATE_AT, &arg);
}

static int create_named(FIXTURE_DATA(at) * self, const char *name)
{
	return ksem_test_create_at(self->dir, name, 0, 0600, self->fd);
}

TEST_F(at, node_has_all_that_was_asked_for)
{
	struct ksem_create_at arg = ksem_test_create_at_arg("a", KSEM_CREATE_PER_PROCESS, 3, 7);
	struct ksem_info info;
	struct stat st;
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	arg.handoff_ns = 12345;
	arg.mode = 0640;
	ASSERT_EQ(0, create_with(self, arg));
	ASSERT_EQ(0, fstatat(self->dir, "a", &st, 0));
	EXPECT_EQ(S_IFIFO | 0640, st.st_mode);
	EXPECT_EQ(1, st.st_nlink);
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	info = ksem_test_info(fd);
	EXPECT_EQ(3, info.out_available);
	EXPECT_EQ(3, info.out_capacity);
	EXPECT_EQ(7, info.out_max);
	EXPECT_EQ(12345, info.out_handoff_ns);
	EXPECT_EQ(KSEM_CREATE_PER_PROCESS, info.out_flags);
	EXPECT_STREQ("selftest", (char *)info.out_label);
	EXPECT_EQ(1, info.out_handles);
	close(fd);
}

TEST_F(at, mode_is_less_the_umask)
{
	struct stat st;

	if (self->dir < 0)
		SKIP(return, "needs root");
	umask(027);
	ASSERT_EQ(0, ksem_test_create_at(self->dir, "a", 0, 0777, -1));
	ASSERT_EQ(0, fstatat(self->dir, "a", &st, 0));
	EXPECT_EQ(S_IFIFO | 0750, st.st_mode);
}

TEST_F(at, node_is_the_callers)
{
	struct stat st;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OTHER,
				  ksem_test_create_at(self->dir, "a", 0, 0600, -1)));
	ASSERT_EQ(0, fstatat(self->dir, "a", &st, 0));
	EXPECT_EQ(KSEM_TEST_OWNER, st.st_uid);
	EXPECT_EQ(KSEM_TEST_OTHER, st.st_gid);
}

TEST_F(at, group_is_that_of_a_directory_with_the_sgid_bit)
{
	struct stat st;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	ASSERT_EQ(0, fchownat(self->dir, "d", 0, KSEM_TEST_OWNER, 0));
	ASSERT_EQ(0, fchmodat(self->dir, "d", 02777, 0));
	ASSERT_EQ(0, ksem_test_create_at(ksem_test_open_dir(KSEM_TEST_MOUNT "/d"), "a", 0, 0600,
					 -1));
	ASSERT_EQ(0, fstatat(self->dir, "d/a", &st, 0));
	EXPECT_EQ(KSEM_TEST_OWNER, st.st_gid);
}

/* The handle. */

TEST_F(at, descriptor_becomes_a_handle)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_named(self, "a"));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	EXPECT_EQ(ksem_test_info(self->fd).out_id, ksem_test_info(fd).out_id);
	EXPECT_EQ(2, ksem_test_info(fd).out_handles);
	EXPECT_EQ(0, ksem_test_info(fd).out_own);
	close(fd);
}

TEST_F(at, rights_are_those_of_the_descriptor_whatever_the_mode_is)
{
	int fd = ksem_test_open(O_RDONLY);

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_create_at(self->dir, "r", 0, 0, fd));
	EXPECT_EQ(KSEM_RIGHT_READ, ksem_test_info(fd).out_rights);
	EXPECT_EQ(-EBADF, ksem_test_post(fd, 1));
	ASSERT_EQ(0, ksem_test_create_at(self->dir, "rw", 0, 0, self->fd));
	EXPECT_EQ(KSEM_RIGHT_READ | KSEM_RIGHT_WRITE, ksem_test_info(self->fd).out_rights);
	close(fd);
}

TEST_F(at, semaphore_lives_without_a_handle)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_named(self, "a"));
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	close(self->fd);
	self->fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(6, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

/* Errors change nothing. */

TEST_F(at, name_that_is_there_is_EEXIST)
{
	int first;

	if (self->dir < 0)
		SKIP(return, "needs root");
	first = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	self->room = ksem_test_room(self->dir);
	EXPECT_EQ(-EEXIST, create_named(self, "a"));
	EXPECT_EQ(-EEXIST, create_named(self, "d"));
	/* With an account that others could share. */
	EXPECT_EQ(-EEXIST, ksem_test_create_at(self->dir, "a", KSEM_CREATE_PER_PROCESS, 0600,
					       self->fd));
	EXPECT_TRUE(unchanged(self));
	EXPECT_EQ(1, ksem_test_info(first).out_handles);
	EXPECT_EQ(0, create_named(self, "b"));
	close(first);
}

TEST_F(at, handle_of_a_name_that_is_there_is_not_counted)
{
	long limit;
	int first;

	if (self->dir < 0)
		SKIP(return, "needs root");
	limit = ksem_test_set_parameter("max_handles", 2);
	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	first = ksem_test_named(self->dir, "a", 0);
	EXPECT_EQ(-EEXIST, create_named(self, "a"));
	EXPECT_EQ(-EEXIST, create_named(self, "a"));
	EXPECT_EQ(0, create_named(self, "b"));
	EXPECT_EQ(2, ksem_test_set_parameter("max_handles", limit));
	close(first);
}

TEST_F(at, names_that_are_none)
{
	char name[300];

	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(-ENOENT, create_named(self, ""));
	EXPECT_EQ(-EINVAL, create_named(self, "."));
	EXPECT_EQ(-EINVAL, create_named(self, ".."));
	EXPECT_EQ(-EINVAL, create_named(self, "/"));
	EXPECT_EQ(-EINVAL, create_named(self, "a/b"));
	EXPECT_EQ(-EINVAL, create_named(self, "/a"));
	EXPECT_EQ(-EINVAL, create_named(self, "a/"));
	memset(name, 'x', sizeof(name));
	name[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, create_named(self, name));
	name[256] = 'x';
	name[299] = 0;
	EXPECT_EQ(-ENAMETOOLONG, create_named(self, name));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(at, names_that_look_odd)
{
	char longest[256] = "";

	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(0, ksem_test_create_at(self->dir, "...", 0, 0600, -1));
	EXPECT_EQ(0, ksem_test_create_at(self->dir, ".hidden", 0, 0600, -1));
	EXPECT_EQ(0, ksem_test_create_at(self->dir, "\n\t \377", 0, 0600, -1));
	memset(longest, 'x', 255);
	EXPECT_EQ(0, ksem_test_create_at(self->dir, longest, 0, 0600, -1));
	EXPECT_TRUE(ksem_test_exists(self->dir, longest));
	EXPECT_TRUE(ksem_test_exists(self->dir, "\n\t \377"));
}

TEST_F(at, name_in_bad_memory_faults)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct ksem_create_at arg = ksem_test_create_at_arg(NULL, KSEM_CREATE_FAIR, 1, 1);
	__u64 names[] = { 0, 8, (uintptr_t)pages + page, -page, ~0ULL, 1ULL << 63,
			  (uintptr_t)pages + page - 3 };
	size_t i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mprotect(pages + page, page, PROT_NONE));
	memcpy(pages + page - 3, "abc", 3);
	arg.fd = self->fd;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		arg.name = names[i];
		EXPECT_EQ(-EFAULT, create_with(self, arg))
			TH_LOG("%llx", names[i]);
	}
	EXPECT_TRUE(unchanged(self));
	/* A name may end where the memory does. */
	memcpy(pages + page - 3, "ab", 3);
	EXPECT_EQ(0, create_with(self, arg));
}

/* A 32-bit program's upper half of the address is zero, or there is nothing there. */
TEST_F(at, address_has_64_bits)
{
	struct ksem_create_at arg = ksem_test_create_at_arg("a", KSEM_CREATE_FAIR, 1, 1);

	if (self->dir < 0)
		SKIP(return, "needs root");
	arg.fd = self->fd;
	arg.name |= 1ULL << 62;
	EXPECT_EQ(-EFAULT, create_with(self, arg));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(at, values_out_of_range_are_invalid)
{
	const struct ksem_create_at good = ksem_test_create_at_arg("a", KSEM_CREATE_FAIR, 4, 8);
	struct ksem_create_at bad[] = {
		good, good, good, good, good, good, good, good, good, good,
	};
	size_t i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	bad[0].max = 0;
	bad[1].max = KSEM_MAX_PERMITS + 1;
	bad[2].initial = 9;
	bad[3].handoff_ns = 1;
	bad[4].flags = 0;
	bad[5].flags |= KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS;
	memset(bad[6].label, 'x', sizeof(bad[6].label));
	bad[7].mode = 01600;
	bad[8].mode = 0600 | 1U << 31;
	bad[9].flags |= KSEM_CREATE_TEMPORARY << 1;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bad[i].fd = self->fd;
		EXPECT_EQ(-EINVAL, create_with(self, bad[i]))
			TH_LOG("%zu", i);
	}
	EXPECT_TRUE(unchanged(self));
}

/* Its own words, then what they refer to, then the module's limits and the directory. */
TEST_F(at, of_two_errors_tells_the_first)
{
	struct ksem_create_at arg = ksem_test_create_at_arg("", 0, 4, 0);
	int bound;

	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(-EINVAL, create_with(self, arg));
	arg.name = 8;
	EXPECT_EQ(-EINVAL, create_with(self, arg));
	arg = ksem_test_create_at_arg("", 0, 4, 8);
	arg.fd = 4000;
	EXPECT_EQ(-EBADF, create_with(self, arg));
	bound = ksem_test_named(self->dir, "a", 0);
	ASSERT_LE(0, bound);
	arg.fd = bound;
	EXPECT_EQ(-EBUSY, create_with(self, arg));
	arg = ksem_test_create_at_arg("a", 0, 4, 8);
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	EXPECT_EQ(-EEXIST, create_with(self, arg));
	close(bound);
}

TEST_F(at, descriptors_that_will_not_do)
{
	int pipe_fds[2], bound = ksem_test_fair(1, 1);

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, pipe2(pipe_fds, O_CLOEXEC));
	EXPECT_EQ(-EBADF, ksem_test_create_at(self->dir, "a", 0, 0600, 999));
	EXPECT_EQ(-EINVAL, ksem_test_create_at(self->dir, "a", 0, 0600, -2));
	EXPECT_EQ(-EINVAL, ksem_test_create_at(self->dir, "a", 0, 0600, INT32_MIN));
	EXPECT_EQ(-EINVAL, ksem_test_create_at(self->dir, "a", 0, 0600, pipe_fds[0]));
	EXPECT_EQ(-EINVAL, ksem_test_create_at(self->dir, "a", 0, 0600, self->dir));
	EXPECT_EQ(-EBADF, ksem_test_create_at(self->dir, "a", 0, 0600,
					      open("/", O_PATH | O_CLOEXEC)));
	EXPECT_EQ(-EBUSY, ksem_test_create_at(self->dir, "a", 0, 0600, bound));
	EXPECT_TRUE(unchanged(self));
	EXPECT_FALSE(ksem_test_exists(self->dir, "a"));
	EXPECT_EQ(1, ksem_test_info(bound).out_handles);
	close(bound);
}

TEST_F(at, directory_that_may_not_be_written_is_EACCES)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, fchmod(self->dir, 0755));
	EXPECT_EQ(-EACCES, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
					create_named(self, "a")));
	ASSERT_EQ(0, fchmod(self->dir, 0666));
	EXPECT_EQ(-EACCES, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
					create_named(self, "a")));
	EXPECT_TRUE(unchanged(self));
	ASSERT_EQ(0, fchmod(self->dir, 0333));
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER, create_named(self, "a")));
}

TEST_F(at, read_only_mount_is_EROFS)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, create_named(self, "a"));
	EXPECT_TRUE(unchanged(self));
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT | MS_BIND, NULL));
	EXPECT_EQ(0, create_named(self, "a"));
}

TEST_F(at, directory_that_is_gone_is_ENOENT)
{
	int gone;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	gone = ksem_test_open_dir(KSEM_TEST_MOUNT "/d");
	ASSERT_EQ(0, unlinkat(self->dir, "d", AT_REMOVEDIR));
	EXPECT_EQ(-ENOENT, ksem_test_create_at(gone, "a", 0, 0600, self->fd));
	close(gone);
	EXPECT_TRUE(unchanged(self));
}

TEST_F(at, limit_of_the_instance_is_ENOSPC)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "max=2"));
	ASSERT_EQ(0, ksem_test_create_at(self->dir, "a", 0, 0600, -1));
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	self->room = 0;
	EXPECT_EQ(-ENOSPC, create_named(self, "b"));
	EXPECT_EQ(-1, mkdirat(self->dir, "e", 0777));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_TRUE(unchanged(self));
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(0, create_named(self, "b"));
}

/* The limits of the module: with room for one, one can be made after the failure. */
TEST_F(at, limits_of_the_module_are_ENOSPC_and_met_exactly)
{
	long semaphores, handles;
	int second, third;

	if (self->dir < 0)
		SKIP(return, "needs root");
	second = ksem_test_open(O_RDWR);
	third = ksem_test_open(O_RDWR);
	semaphores = ksem_test_set_parameter("max_semaphores", 0);
	EXPECT_EQ(-ENOSPC, create_named(self, "a"));
	ksem_test_set_parameter("max_semaphores", 2);
	handles = ksem_test_set_parameter("max_handles", 0);
	EXPECT_EQ(-ENOSPC, create_named(self, "a"));
	EXPECT_TRUE(unchanged(self));
	ksem_test_set_parameter("max_handles", 1);
	EXPECT_EQ(0, create_named(self, "a"));
	EXPECT_EQ(-ENOSPC, ksem_test_create_at(self->dir, "b", 0, 0600, second));
	ksem_test_set_parameter("max_handles", 10);
	EXPECT_EQ(0, ksem_test_create_at(self->dir, "b", 0, 0600, second));
	EXPECT_EQ(-ENOSPC, ksem_test_create_at(self->dir, "c", 0, 0600, third));
	ksem_test_set_parameter("max_semaphores", semaphores);
	ksem_test_set_parameter("max_handles", handles);
	close(second);
	close(third);
}

/* After each failure everything is there for the next that succeeds. */
TEST_F(at, failures_leak_no_limit)
{
	long semaphores, handles;
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "max=2"));
	semaphores = ksem_test_set_parameter("max_semaphores", 1);
	handles = ksem_test_set_parameter("max_handles", 1);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EEXIST, create_named(self, "d"));
		EXPECT_EQ(-ENOENT, create_named(self, ""));
		EXPECT_EQ(-EBADF, ksem_test_create_at(self->dir, "b", 0, 0600, 999));
	}
	EXPECT_EQ(0, create_named(self, "a"));
	ksem_test_set_parameter("max_semaphores", semaphores);
	ksem_test_set_parameter("max_handles", handles);
}

TEST_F(at, other_directories_and_files_are_ENOTTY)
{
	int bound;

	if (self->dir < 0)
		SKIP(return, "needs root");
	bound = ksem_test_named(self->dir, "a", 0);
	EXPECT_EQ(-ENOTTY, ksem_test_create_at(ksem_test_open_dir("/"), "b", 0, 0600, -1));
	EXPECT_EQ(-ENOTTY, ksem_test_create_at(ksem_test_open_dir("/tmp"), "b", 0, 0600, -1));
	EXPECT_EQ(-ENOTTY, ksem_test_create_at(bound, "b", 0, 0600, -1));
	EXPECT_EQ(-ENOTTY, ksem_test_create_at(self->fd, "b", 0, 0600, -1));
	EXPECT_EQ(-EBADF, ksem_test_create_at(open(KSEM_TEST_MOUNT, O_PATH | O_CLOEXEC), "b", 0,
					      0600, -1));
	EXPECT_FALSE(ksem_test_exists(self->dir, "b"));
	close(bound);
}

TEST_F(at, directory_has_no_other_command)
{
	unsigned int nr;

	if (self->dir < 0)
		SKIP(return, "needs root");
	for (nr = 0; nr < 256; nr++) {
		if (nr == _IOC_NR(KSEM_IOC_CREATE_AT))
			continue;
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->dir, _IO('k', nr), 0))
			TH_LOG("nr %#x", nr);
	}
	EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->dir, _IOR('k', 0x92, int), 0));
	EXPECT_EQ(-EFAULT, ksem_test_ioctl_n(self->dir, KSEM_IOC_CREATE_AT, 0));
}

TEST_F(at, watcher_of_the_directory_hears_of_it)
{
	char buffer[sizeof(struct inotify_event) + 256];
	struct inotify_event *event = (void *)buffer;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_LE(0, inotify_add_watch(watch, KSEM_TEST_MOUNT, IN_CREATE | IN_DELETE));
	EXPECT_EQ(-EINVAL, create_named(self, "."));
	ASSERT_EQ(0, create_named(self, "a"));
	ASSERT_LT(0, read(watch, buffer, sizeof(buffer)));
	EXPECT_EQ(IN_CREATE, event->mask);
	EXPECT_STREQ("a", event->name);
	EXPECT_EQ(-1, read(watch, buffer, sizeof(buffer)));
	close(watch);
}

TEST_F(at, watcher_of_a_name_hears_of_no_handle)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct inotify_event event;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_named(self, "a"));
	ASSERT_LE(0, inotify_add_watch(watch, KSEM_TEST_MOUNT "/a",
				       IN_OPEN | IN_CLOSE | IN_ATTRIB));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	ASSERT_EQ(0, fchmodat(self->dir, "a", 0640, 0));
	ASSERT_EQ(sizeof(event), read(watch, &event, sizeof(event)));
	EXPECT_EQ(IN_ATTRIB, event.mask);
	EXPECT_EQ(-1, read(watch, &event, sizeof(event)));
	close(watch);
}

/* Many make the same name at the same time: who has made it has its handle. */

#define RACERS		8
#define RACES		200

struct race {
	pthread_barrier_t barrier;
	int dir;
	char name[8];
};

struct racer {
	struct race *race;
	pthread_t thread;
	unsigned int won;
	unsigned int wrong;
};

static void *racer_main(void *data)
{
	struct racer *racer = data;
	struct ksem_info info;
	int i, fd, result;

	for (i = 0; i < RACES; i++) {
		fd = ksem_test_open(O_RDWR);
		pthread_barrier_wait(&racer->race->barrier);
		result = ksem_test_create_at(racer->race->dir, racer->race->name, 0, 0600, fd);
		racer->won += !result;
		racer->wrong += result && result != -EEXIST;
		racer->wrong += ksem_test_get_info(fd, &info) != (result ? -ENXIO : 0);
		/* Then another may win as well. */
		if (!result)
			ksem_test_unlink(racer->race->dir, racer->race->name);
		pthread_barrier_wait(&racer->race->barrier);
		close(fd);
	}
	return NULL;
}

TEST_F(at, race_for_a_name_gives_a_handle_to_winners_only)
{
	struct race race = { .dir = self->dir, .name = "a" };
	struct racer racer[RACERS] = { };
	unsigned int i, won = 0;

	if (self->dir < 0)
		SKIP(return, "needs root");
	pthread_barrier_init(&race.barrier, NULL, RACERS);
	for (i = 0; i < RACERS; i++) {
		racer[i].race = &race;
		ASSERT_EQ(0, pthread_create(&racer[i].thread, NULL, racer_main, &racer[i]));
	}
	for (i = 0; i < RACERS; i++) {
		pthread_join(racer[i].thread, NULL);
		won += racer[i].won;
		EXPECT_EQ(0, racer[i].wrong);
	}
	EXPECT_LE(RACES, won);
	EXPECT_TRUE(unchanged(self));
}

/* One descriptor for two names: it becomes a handle once. */
static void *create_b(void *data)
{
	FIXTURE_DATA(at) * self = data;

	return (void *)(long)create_named(self, "b");
}

TEST_F(at, one_of_two_that_race_for_a_descriptor_is_EBUSY)
{
	pthread_t thread;
	void *other;
	int i, mine;

	if (self->dir < 0)
		SKIP(return, "needs root");
	for (i = 0; i < RACES; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, create_b, self));
		mine = create_named(self, "a");
		pthread_join(thread, &other);
		ASSERT_TRUE((!mine && (long)other == -EBUSY) || (mine == -EBUSY && !other));
		ASSERT_EQ(!mine, ksem_test_exists(self->dir, "a"));
		ASSERT_EQ(!!mine, ksem_test_exists(self->dir, "b"));
		ASSERT_EQ(0, ksem_test_unlink(self->dir, mine ? "b" : "a"));
		close(self->fd);
		self->fd = ksem_test_open(O_RDWR);
	}
	EXPECT_TRUE(unchanged(self));
}

/* Temporary: the name goes with the last handle. */

static int create_temporary(FIXTURE_DATA(at) * self, int fd)
{
	return ksem_test_create_at(self->dir, "t", KSEM_CREATE_TEMPORARY, 0666, fd);
}

static bool is_there(FIXTURE_DATA(at) * self)
{
	return ksem_test_exists(self->dir, "t");
}

/* The handle is a child's alone, until that is killed. */
static pid_t hand_over(FIXTURE_DATA(at) * self)
{
	pid_t child = ksem_test_fork();

	if (!child)
		for (;;)
			pause();
	close(self->fd);
	self->fd = -1;
	return child;
}

TEST_F(at, temporary_name_goes_with_its_only_handle)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	EXPECT_EQ(KSEM_CREATE_TEMPORARY | KSEM_CREATE_FAIR,
		  ksem_test_info(self->fd).out_flags);
	EXPECT_TRUE(is_there(self));
	close(self->fd);
	EXPECT_FALSE(is_there(self));
	EXPECT_EQ(self->room, ksem_test_room(self->dir));
	self->fd = -1;
}

TEST_F(at, temporary_name_waits_for_its_first_handle)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, -1));
	EXPECT_TRUE(is_there(self));
	fd = ksem_test_open_at(self->dir, "t", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(is_there(self));
	close(fd);
	EXPECT_FALSE(is_there(self));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(at, temporary_name_stays_until_the_last_of_many)
{
	int dup_fd, opened, attached;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	dup_fd = fcntl(self->fd, F_DUPFD_CLOEXEC, 0);
	opened = ksem_test_open_at(self->dir, "t", O_RDONLY);
	attached = ksem_test_attached(self->fd);
	ASSERT_LE(0, attached);
	close(self->fd);
	EXPECT_TRUE(is_there(self));
	close(opened);
	close(dup_fd);
	EXPECT_TRUE(is_there(self));
	EXPECT_EQ(1, ksem_test_info(attached).out_handles);
	close(attached);
	EXPECT_FALSE(is_there(self));
	self->fd = -1;
}

TEST_F(at, temporary_name_goes_when_all_who_share_a_handle_are_killed)
{
	pid_t child;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	child = hand_over(self);
	EXPECT_TRUE(is_there(self));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_FALSE(is_there(self));
	EXPECT_EQ(self->room, ksem_test_room(self->dir));
}

/* O_DIRECT is found out by the VFS when the file has been opened. */
TEST_F(at, temporary_name_stays_after_an_open_that_fails)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, -1));
	EXPECT_EQ(-EINVAL, ksem_test_open_at(self->dir, "t", O_RDWR | O_DIRECT));
	EXPECT_TRUE(is_there(self));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "t", O_RDWR));
}

/* A reader that holds the directory's lock, in a fault that nobody serves. */
struct reader {
	pthread_t thread;
	int dir;
	int uffd;
	char *page;
};

static void *reader_main(void *data)
{
	struct reader *reader = data;

	syscall(SYS_getdents64, reader->dir, reader->page, 4096);
	return NULL;
}

/* 0, or -errno: -EOPNOTSUPP where faults cannot be left unserved. */
static int reader_start(struct reader *reader, int dir)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pollfd fault = { .events = POLLIN };

	reader->dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	reader->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (reader->uffd < 0)
		return -EOPNOTSUPP;
	reader->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)reader->page;
	reg.range.len = 4096;
	if (reader->page == MAP_FAILED || ioctl(reader->uffd, UFFDIO_API, &api) ||
	    ioctl(reader->uffd, UFFDIO_REGISTER, &reg) ||
	    pthread_create(&reader->thread, NULL, reader_main, reader))
		return -errno;
	fault.fd = reader->uffd;
	return poll(&fault, 1, 10000) == 1 ? 0 : -ETIMEDOUT;
}

static void reader_end(struct reader *reader)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)reader->page, .len = 4096 },
	};

	ioctl(reader->uffd, UFFDIO_ZEROPAGE, &zero);
	pthread_join(reader->thread, NULL);
	close(reader->uffd);
	close(reader->dir);
}

TEST_F(at, temporary_name_makes_no_close_wait_for_a_reader_of_the_directory)
{
	struct reader reader;
	pid_t child;
	int result;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	child = hand_over(self);
	result = reader_start(&reader, self->dir);
	if (result == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, result);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	reader_end(&reader);
	EXPECT_TRUE(ksem_test_until(!is_there(self)));
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->dir) == self->room));
}

/* As many as a work queue of the kernel works on at a time, and more. */
#define MANY	300

/* Temporary semaphores in @dir, each with one handle. */
static bool create_many(int dir, int *fd)
{
	char name[8];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%d", i);
		fd[i] = ksem_test_open(O_RDWR);
		if (ksem_test_create_at(dir, name, KSEM_CREATE_TEMPORARY, 0600, fd[i]))
			return false;
	}
	return true;
}

static int make_directory(int at, const char *name)
{
	return mkdirat(at, name, 0777) ? -errno :
					 openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Names that wait for one directory keep no name of another. */
TEST_F(at, temporary_name_has_its_turn_beside_hundreds_that_cannot_go)
{
	struct reader blocking, passing;
	int i, result, fd[MANY], blocked, free_again;

	if (self->dir < 0)
		SKIP(return, "needs root");
	blocked = make_directory(self->dir, "blocked");
	free_again = make_directory(self->dir, "free");
	ASSERT_TRUE(create_many(blocked, fd));
	ASSERT_EQ(0, ksem_test_create_at(free_again, "t", KSEM_CREATE_TEMPORARY, 0600, self->fd));
	result = reader_start(&blocking, blocked);
	if (result == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, result);
	for (i = 0; i < MANY; i++)
		close(fd[i]);
	ASSERT_EQ(0, reader_start(&passing, free_again));
	close(self->fd);
	self->fd = -1;
	reader_end(&passing);
	EXPECT_TRUE(ksem_test_until(!ksem_test_exists(free_again, "t")));
	EXPECT_TRUE(ksem_test_exists(blocked, "0"));
	reader_end(&blocking);
	close(blocked);
	close(free_again);
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->dir) == self->room - 2));
}

/* A child that creates the name; its end is create_at's. */
static pid_t creator(FIXTURE_DATA(at) * self, uid_t uid, int fd)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		if (!ksem_test_become(uid, uid))
			_exit(ESRCH);
		ksem_test_exit(ksem_test_create_at(self->dir, "t", 0, 0600, fd));
	}
	return pid;
}

/*
 * Two that wait for the directory, in this order, on one CPU: when the first one lets it go
 * the second has its turn before the first asks for it again.
 */
static bool creators_queue(FIXTURE_DATA(at) * self, pid_t *first, pid_t *second, uid_t uid)
{
	bool queued;

	if (!ksem_test_share_one_cpu())
		return false;
	*first = creator(self, 0, -1);
	queued = ksem_test_until(ksem_test_task_state(*first) == 'D');
	/* The child has it from here. */
	if (!ksem_test_seize_cpu())
		return false;
	*second = creator(self, uid, -1);
	return ksem_test_let_go_of_cpu() && queued &&
	       ksem_test_until(ksem_test_task_state(*second) == 'D');
}

/* The last handle goes, and the name cannot. Returns what reader_start() does. */
static int spend_while_read(FIXTURE_DATA(at) * self, struct reader *reader)
{
	int result = reader_start(reader, self->dir);

	if (result)
		return result;
	close(self->fd);
	self->fd = -1;
	return 0;
}

/* Whoever wants a name that cannot be opened any more does not have to wait for its end. */
TEST_F(at, temporary_name_that_is_spent_is_free)
{
	static const struct timespec pause = { .tv_nsec = 300 * KSEM_TEST_MS };
	struct reader reader;
	pid_t child;
	int result;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	result = spend_while_read(self, &reader);
	if (result == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, result);
	child = creator(self, 0, -1);
	/* It is the first to find the directory free: the name is tried ever more seldom. */
	nanosleep(&pause, NULL);
	reader_end(&reader);
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "t", O_RDWR));
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->dir) == self->room - 1));
}

/* ENOENT: a successor has to know that the name is not taken for long. */
TEST_F(at, temporary_name_that_is_spent_is_not_there_if_it_was_shut_down)
{
	struct reader reader;
	int result;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_can_open_at(self->dir, "t", O_RDWR));
	result = spend_while_read(self, &reader);
	if (result == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, result);
	EXPECT_EQ(-ENOENT, ksem_test_can_open_at(self->dir, "t", O_RDWR));
	reader_end(&reader);
}

TEST_F(at, temporary_name_goes_with_what_is_mounted_on_it)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_own_mounts());
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_EQ(0, mount("/dev/null", KSEM_TEST_MOUNT "/t", NULL, MS_BIND, NULL));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(ksem_test_until(!is_there(self)));
	EXPECT_TRUE(ksem_test_until(access(KSEM_TEST_MOUNT "/t", F_OK)));
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->dir) == self->room));
}

#define TURNS	10

/*
 * Two find the name of a semaphore that is spent, one of whom may not write there: whoever
 * of them it is that takes it away, it is free for the other.
 */
TEST_F(at, temporary_name_that_somebody_else_took_away_is_free)
{
	static const struct timespec pause = { .tv_nsec = 20 * KSEM_TEST_MS };
	struct reader reader;
	pid_t mine, other;
	int i, result;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, fchmod(self->dir, 0755));
	for (i = 0; i < TURNS; i++) {
		ASSERT_EQ(0, create_temporary(self, self->fd));
		result = reader_start(&reader, self->dir);
		if (result == -EOPNOTSUPP)
			SKIP(return, "no userfaultfd");
		ASSERT_EQ(0, result);
		close(self->fd);
		ASSERT_TRUE(creators_queue(self, &mine, &other, KSEM_TEST_OTHER));
		/* The module itself tries ever more seldom. */
		nanosleep(&pause, NULL);
		reader_end(&reader);
		EXPECT_EQ(0, ksem_test_reap(mine)) TH_LOG("turn %d", i);
		result = ksem_test_reap(other);
		EXPECT_TRUE(result == -EACCES || result == -EEXIST) TH_LOG("%d", result);
		ASSERT_EQ(0, ksem_test_unlink(self->dir, "t"));
		self->fd = ksem_test_open(O_RDWR);
	}
	EXPECT_TRUE(ksem_test_until(unchanged(self)));
}

TEST_F(at, whoever_waits_for_the_directory_can_be_killed)
{
	struct reader reader;
	pid_t child;
	int result;

	if (self->dir < 0)
		SKIP(return, "needs root");
	result = reader_start(&reader, self->dir);
	if (result == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, result);
	child = creator(self, 0, self->fd);
	ASSERT_TRUE(ksem_test_until(ksem_test_task_state(child) == 'D'));
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	reader_end(&reader);
	EXPECT_TRUE(unchanged(self));
	/* What it was about to bind is free. */
	EXPECT_EQ(0, create_named(self, "t"));
}

TEST_F(at, temporary_name_is_found_wherever_it_was_moved)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0777));
	ASSERT_EQ(0, renameat(self->dir, "t", self->dir, "d/u"));
	close(self->fd);
	self->fd = -1;
	EXPECT_FALSE(ksem_test_exists(self->dir, "d/u"));
	EXPECT_EQ(0, unlinkat(self->dir, "d", AT_REMOVEDIR));
	EXPECT_EQ(self->room, ksem_test_room(self->dir));
}

TEST_F(at, temporary_name_that_was_unlinked_takes_no_other_along)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "t"));
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 4));
	ASSERT_EQ(0, ksem_test_create_at(self->dir, "t", 0, 0600, -1));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(is_there(self));
	EXPECT_EQ(self->room - 1, ksem_test_room(self->dir));
}

TEST_F(at, temporary_name_outlives_its_shutdown)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_can_open_at(self->dir, "t", O_RDWR));
	EXPECT_TRUE(is_there(self));
	close(self->fd);
	self->fd = -1;
	EXPECT_FALSE(is_there(self));
}

TEST_F(at, temporary_name_goes_with_its_file_system_and_the_handle_stays)
{
	int attached;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	close(self->dir);
	self->dir = -1;
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	attached = ksem_test_attached(self->fd);
	ASSERT_LE(0, attached);
	EXPECT_EQ(0, ksem_test_acquire(attached, 3));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	close(attached);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
}

TEST_F(at, watcher_hears_of_a_temporary_name_that_goes)
{
	char buffer[sizeof(struct inotify_event) + 256];
	struct inotify_event *event = (void *)buffer;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, create_temporary(self, self->fd));
	ASSERT_LE(0, inotify_add_watch(watch, KSEM_TEST_MOUNT, IN_CREATE | IN_DELETE));
	close(self->fd);
	self->fd = -1;
	ASSERT_LT(0, read(watch, buffer, sizeof(buffer)));
	EXPECT_EQ(IN_DELETE, event->mask);
	EXPECT_STREQ("t", event->name);
	close(watch);
}

TEST_F(at, temporary_needs_a_name)
{
	struct ksem_create create = {
		.size = sizeof(create),
		.flags = KSEM_CREATE_FAIR | KSEM_CREATE_TEMPORARY,
		.initial = 1,
		.max = 1,
	};

	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, KSEM_IOC_CREATE, &create));
	EXPECT_TRUE(unchanged(self));
}

/*
 * The last handle goes at the moment at which the name is opened: either there is
 * a new handle, which keeps the name, or there is none.
 */

struct opener {
	pthread_barrier_t barrier;
	int dir;
	int result;
};

static void *opener_main(void *data)
{
	struct opener *opener = data;

	pthread_barrier_wait(&opener->barrier);
	opener->result = ksem_test_open_at(opener->dir, "t", O_RDWR);
	return NULL;
}

TEST_F(at, temporary_name_is_opened_whole_or_not_at_all)
{
	struct opener opener = { .dir = self->dir };
	unsigned int i, opened = 0;
	pthread_t thread;

	if (self->dir < 0)
		SKIP(return, "needs root");
	pthread_barrier_init(&opener.barrier, NULL, 2);
	for (i = 0; i < RACES; i++) {
		ASSERT_EQ(0, create_temporary(self, self->fd));
		ASSERT_EQ(0, pthread_create(&thread, NULL, opener_main, &opener));
		pthread_barrier_wait(&opener.barrier);
		close(self->fd);
		pthread_join(thread, NULL);
		if (opener.result >= 0) {
			ASSERT_TRUE(is_there(self));
			ASSERT_EQ(1, ksem_test_info(opener.result).out_handles);
			close(opener.result);
			opened++;
		} else {
			ASSERT_EQ(-ENOENT, opener.result);
		}
		/* Whoever looks a name up may keep the directory from changing for a moment. */
		ASSERT_TRUE(ksem_test_until(!is_there(self)));
		self->fd = ksem_test_open(O_RDWR);
	}
	printf("# opened in time: %u of %u\n", opened, i);
	fflush(stdout);
	EXPECT_TRUE(ksem_test_until(unchanged(self)));
}

TEST_HARNESS_MAIN
