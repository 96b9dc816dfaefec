// SPDX-License-Identifier: GPL-2.0-only
/* ksem_open, ksem_create_at, ksem_unlink: what a name is, and what is none. */
#include "lib_mount.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

FIXTURE(name)
{
	struct ksem *k;
	struct ksem *other;
	int dir;
};

FIXTURE_SETUP(name)
{
	ASSERT_EQ(0, lib_mount_own());
	self->dir = open(KSEM_MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->dir);
	self->k = NULL;
	self->other = NULL;
}

FIXTURE_TEARDOWN(name)
{
	if (self->k)
		EXPECT_EQ(0, ksem_close(self->k));
	if (self->other)
		EXPECT_EQ(0, ksem_close(self->other));
	close(self->dir);
}

/* NAM-01 */
TEST_F(name, second_opener_finds_what_the_first_made)
{
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 100)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(lib_id(self->k), lib_id(self->other));
	EXPECT_EQ(100, lib_available(self->other));
	EXPECT_EQ(100, lib_info(self->other).out_capacity);
}

/* NAM-02 */
TEST_F(name, exclusive_on_existing_is_eexist)
{
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT | O_EXCL, 1)));
	EXPECT_EQ(-EEXIST, LIB_NEW(self->other,
				   lib_open("db", O_CREAT | O_EXCL, 1)));
	EXPECT_EQ(-EEXIST, LIB_NEW(self->other,
				   ksem_create_at(self->dir, "db", 0600, NULL)));
}

/* NAM-03 */
TEST_F(name, missing_is_enoent)
{
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k,
				   ksem_open(LIB_PATH("db"), 0, 0, NULL)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k,
				   lib_open(LIB_PATH("no/db"), O_CREAT, 1)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k, lib_open("", O_CREAT, 1)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k,
				   ksem_create_at(self->dir, "", 0600, NULL)));
}

/* NAM-04: also where they make no sense. */
TEST_F(name, existing_ignores_mode_and_attributes)
{
	struct ksem_attr *attr = ksem_attr_new();

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 3)));
	EXPECT_EQ(0, LIB(ksem_attr_set_initial(attr, 9)));
	EXPECT_EQ(0, LIB(ksem_attr_set_max(attr, 0)));
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_handoff(attr, NULL)));
	EXPECT_EQ(0, LIB_NEW(self->other, ksem_open("db", O_CREAT, -1, attr)));
	ksem_attr_free(attr);
	EXPECT_EQ(3, lib_available(self->other));
	EXPECT_EQ(0, lib_info(self->other).out_flags);
}

/* NAM-05 */
TEST_F(name, each_open_is_a_holder_of_its_own)
{
	struct ksem *third;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 3)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	ASSERT_EQ(0, LIB_NEW(third, ksem_open("db", O_CREAT, 0600, NULL)));
	EXPECT_EQ(3, lib_info(self->k).out_handles);
	EXPECT_EQ(0, LIB(ksem_acquire_n(third, 2)));
	EXPECT_EQ(-EPERM, LIB(ksem_release(self->other)));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_close(third)));
	EXPECT_EQ(3, lib_available(self->k));
}

/* NAM-06 */
TEST_F(name, open_and_close_can_be_repeated)
{
	struct ksem *k;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, LIB_NEW(k, lib_open("kept", O_CREAT, 3 + i)));
		EXPECT_EQ(3, lib_available(k));
		EXPECT_EQ(0, LIB(ksem_close(k)));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, LIB_NEW(k, lib_open("new", O_CREAT, 3 + i)));
		EXPECT_EQ(3 + i, lib_available(k));
		EXPECT_EQ(0, LIB(ksem_close(k)));
		EXPECT_EQ(0, LIB(ksem_unlink("new")));
	}
}

/* NAM-07 */
TEST_F(name, too_long_is_enametoolong)
{
	char name[PATH_MAX + 1];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = 0;
	EXPECT_EQ(-ENAMETOOLONG, LIB_NEW(self->k, lib_open(name, 0, 1)));
	EXPECT_EQ(-ENAMETOOLONG, LIB_NEW(self->k, lib_open(name, O_CREAT, 1)));
	EXPECT_EQ(-ENAMETOOLONG,
		  LIB_NEW(self->k, ksem_create_at(self->dir, name, 0600, NULL)));
	EXPECT_EQ(-ENAMETOOLONG, LIB(ksem_unlink(name)));
	name[NAME_MAX] = 0;
	EXPECT_EQ(0, LIB_NEW(self->k, lib_open(name, O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_unlink(name)));
	/* A path that does not even fit into the library's buffer. */
	memset(name, '/', sizeof(name));
	name[PATH_MAX] = 0;
	EXPECT_EQ(-ENAMETOOLONG, LIB_NEW(self->other, lib_open(name, 0, 1)));
	EXPECT_EQ(-ENAMETOOLONG, LIB(ksem_unlink(name)));
}

/* NAM-07: of what ksem_create_at() takes, which is no path. */
TEST_F(name, name_in_a_directory_has_no_slash)
{
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k,
				   ksem_create_at(self->dir, "/", 0600, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create_at(self->dir, "tmp/db",
							   0600, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k,
				   ksem_create_at(self->dir, ".", 0600, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k,
				   ksem_create_at(self->dir, "..", 0600, NULL)));
	EXPECT_EQ(-EFAULT, LIB_NEW(self->k,
				   ksem_create_at(self->dir, NULL, 0600, NULL)));
}

/* NAM-08 */
TEST_F(name, unlink_missing_is_enoent)
{
	EXPECT_EQ(-ENOENT, LIB(ksem_unlink("db")));
	EXPECT_EQ(-ENOENT, LIB(ksem_unlink(LIB_PATH("db"))));
	EXPECT_EQ(-ENOENT, LIB(ksem_unlink("")));
}

/* NAM-09 */
TEST_F(name, unlink_leaves_users_alone)
{
	struct lib_caller waiter;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	ASSERT_TRUE(lib_queue(&waiter, self->other, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_unlink("db")));
	EXPECT_FALSE(lib_exists(LIB_PATH("db")));
	EXPECT_EQ(1, lib_info(self->k).out_waiters);
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&waiter));
}

/* NAM-15 */
TEST_F(name, unlinked_name_is_free_for_another)
{
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_unlink("db")));
	ASSERT_EQ(0, LIB_NEW(self->other,
			     lib_open("db", O_CREAT | O_EXCL, 2)));
	EXPECT_NE(lib_id(self->k), lib_id(self->other));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(2, lib_available(self->other));
}

/* NAM-15, NAM-16: nobody has it open in between. */
TEST_F(name, name_keeps_the_semaphore)
{
	__u64 id;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_post_n(self->k, 6)));
	id = lib_id(self->k);
	EXPECT_EQ(0, LIB(ksem_close(self->k)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(id, lib_id(self->k));
	EXPECT_EQ(7, lib_available(self->k));
	EXPECT_EQ(1, lib_info(self->k).out_handles);
}

/* A bare name is below the mount, whatever the working directory is. */
TEST_F(name, bare_name_and_paths_are_the_same)
{
	static const char *const paths[] = {
		"db", LIB_PATH("db"), "./db", "../ksem/db", "/sys/fs//ksem/./db",
	};
	unsigned int i;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	ASSERT_EQ(0, chdir(KSEM_MOUNT));
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ASSERT_EQ(0, LIB_NEW(self->other,
				     ksem_open(paths[i], 0, 0, NULL)));
		EXPECT_EQ(lib_id(self->k), lib_id(self->other));
		EXPECT_EQ(0, ksem_close(self->other));
	}
	self->other = NULL;
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(0, LIB(ksem_unlink(LIB_PATH("db"))));
}

TEST_F(name, directories_and_relative_paths_create)
{
	ASSERT_EQ(0, mkdir(LIB_PATH("dir"), 0755));
	ASSERT_EQ(0, chdir(LIB_PATH("dir")));
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("./db", O_CREAT, 1)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open(LIB_PATH("dir/db"), 0, 0,
						    NULL)));
	EXPECT_EQ(lib_id(self->k), lib_id(self->other));
	EXPECT_FALSE(lib_exists(LIB_PATH("db")));
	EXPECT_EQ(0, LIB(ksem_unlink("../dir/db")));
	EXPECT_FALSE(lib_exists("db"));
}

/* NAM-12, NAM-13: as many name spaces as there are mounts. */
TEST_F(name, other_mounts_have_other_names)
{
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	ASSERT_EQ(0, lib_mount("/tmp", "ksemfs", ""));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->other, ksem_open("/tmp/db", 0, 0,
							  NULL)));
	ASSERT_EQ(0, LIB_NEW(self->other, lib_open("/tmp/db", O_CREAT, 2)));
	EXPECT_NE(lib_id(self->k), lib_id(self->other));
	/* In another mount namespace the bare name may be another one too. */
	ASSERT_EQ(0, lib_mount_own());
	EXPECT_EQ(-ENOENT, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
}

TEST_F(name, create_at_makes_what_attributes_say)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem_info info;

	EXPECT_EQ(0, LIB(ksem_attr_set_initial(attr, 4)));
	EXPECT_EQ(0, LIB(ksem_attr_set_max(attr, 5)));
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_label(attr, "label")));
	ASSERT_EQ(0, LIB_NEW(self->k,
			     ksem_create_at(self->dir, "db", 0600, attr)));
	ksem_attr_free(attr);
	info = lib_info(self->k);
	EXPECT_EQ(4, info.out_available);
	EXPECT_EQ(4, info.out_capacity);
	EXPECT_EQ(5, info.out_max);
	EXPECT_EQ(KSEM_CREATE_FAIR, info.out_flags);
	EXPECT_STREQ("label", (char *)info.out_label);
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(info.out_id, lib_id(self->other));
}

TEST_F(name, without_attributes_it_is_one_permit)
{
	struct ksem_info info;

	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, NULL)));
	info = lib_info(self->k);
	EXPECT_EQ(1, info.out_available);
	EXPECT_EQ(0, info.out_flags);
	EXPECT_EQ(KSEM_MAX_PERMITS, info.out_max);
	EXPECT_EQ(KSEM_HANDOFF_DEFAULT_NS, info.out_handoff_ns);
	EXPECT_EQ(KSEM_RIGHT_READ | KSEM_RIGHT_WRITE, info.out_rights);
}

/* What it cannot be made with, it is not made with. */
TEST_F(name, bad_attributes_leave_no_name)
{
	struct ksem_attr *attr = ksem_attr_new();
	int fds = lib_count_fds();

	EXPECT_EQ(0, LIB(ksem_attr_set_initial(attr, 6)));
	EXPECT_EQ(0, LIB(ksem_attr_set_max(attr, 5)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k,
				   ksem_open("db", O_CREAT, 0600, attr)));
	EXPECT_EQ(0, LIB(ksem_attr_set_max(attr, 6)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k,
				   ksem_open("db", O_CREAT, 010000, attr)));
	EXPECT_FALSE(lib_exists(LIB_PATH("db")));
	EXPECT_EQ(fds, lib_count_fds());
	EXPECT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, attr)));
	ksem_attr_free(attr);
}

TEST_F(name, other_flags_are_einval)
{
	static const int bad[] = {
		O_EXCL, O_RDWR, O_WRONLY, O_CREAT | O_RDWR, O_CREAT | O_TRUNC,
		O_CREAT | O_CLOEXEC, O_NONBLOCK, -1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, LIB_NEW(self->k, lib_open("db", bad[i], 1)));
	EXPECT_FALSE(lib_exists(LIB_PATH("db")));
}

TEST_F(name, temporary_goes_with_the_last_handle)
{
	struct ksem_attr *attr = ksem_attr_new();

	EXPECT_EQ(0, LIB(ksem_attr_set_temporary(attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, attr)));
	ksem_attr_free(attr);
	EXPECT_EQ(KSEM_CREATE_TEMPORARY, lib_info(self->k).out_flags);
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(0, LIB(ksem_close(self->k)));
	EXPECT_TRUE(lib_exists(LIB_PATH("db")));
	EXPECT_EQ(0, LIB(ksem_close(self->other)));
	EXPECT_FALSE(lib_exists(LIB_PATH("db")));
	self->k = NULL;
	EXPECT_EQ(-ENOENT, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
}

/* The same account, whichever of the two handles is used. */
TEST_F(name, per_process_joins_what_a_process_opens)
{
	struct ksem_attr *attr = ksem_attr_new();
	pid_t pid;

	EXPECT_EQ(0, LIB(ksem_attr_set_per_process(attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, attr)));
	ksem_attr_free(attr);
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	pid = ksem_test_fork();
	if (!pid) {
		struct ksem *own;

		if (LIB_NEW(own, ksem_open("db", 0, 0, NULL)))
			ksem_test_exit(LIB_BROKEN);
		ksem_test_exit(LIB(ksem_release(own)));
	}
	EXPECT_EQ(-EPERM, ksem_test_reap(pid));
}

/* O_NONBLOCK is for the way in: reading waits afterwards. */
TEST_F(name, opened_handle_blocks)
{
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(0, fcntl(ksem_fd(self->k), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(ksem_fd(self->other), F_GETFL) & O_NONBLOCK);
}

TEST_F(name, shut_down_is_eshutdown)
{
	int fds = lib_count_fds();

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_shutdown(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(-ESHUTDOWN, LIB_NEW(self->other, lib_open("db", O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_close(self->k)));
	self->k = NULL;
	EXPECT_EQ(fds, lib_count_fds());
}

/* What a name has given, or a creation, is a handle like any other. */
TEST_F(name, from_fd_and_attach_take_its_descriptor)
{
	int fd;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 3)));
	fd = open(LIB_PATH("db"), O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_from_fd(fd)));
	EXPECT_EQ(0, LIB(ksem_post(self->other)));
	EXPECT_EQ(-EBADF, LIB(ksem_acquire(self->other)));
	EXPECT_EQ(0, LIB(ksem_close(self->other)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_attach(self->k)));
	EXPECT_EQ(lib_id(self->k), lib_id(self->other));
	EXPECT_EQ(4, lib_available(self->other));
}

static int unix_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	return bind(fd, (void *)&address, sizeof(address)) ? -errno : close(fd);
}

TEST_F(name, other_files_are_einval)
{
	static const char *const other[] = {
		"/tmp/regular", "/tmp/socket", "/dev/null", "/dev/ksem",
		"/proc/self/status",
	};
	int fds = lib_count_fds();
	unsigned int i;

	ASSERT_EQ(0, lib_mount("/tmp", "tmpfs", ""));
	ASSERT_EQ(0, mknod("/tmp/regular", S_IFREG | 0666, 0));
	ASSERT_EQ(0, unix_socket("/tmp/socket"));
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		EXPECT_EQ(-EINVAL, lib_opened(other[i], 0, 0, O_RDONLY));
		EXPECT_EQ(-EINVAL, lib_opened(other[i], O_CREAT, 0, O_RDONLY));
	}
	EXPECT_EQ(-EISDIR, LIB_NEW(self->k, ksem_open("/tmp", 0, 0, NULL)));
	EXPECT_EQ(-EISDIR, LIB_NEW(self->k, ksem_open(".", O_CREAT, 0, NULL)));
	EXPECT_EQ(-EINVAL, lib_opened("/tmp", 0, 0, O_RDONLY));
	EXPECT_EQ(-EINVAL, lib_opened(KSEM_MOUNT, 0, 0, O_RDONLY));
	EXPECT_EQ(fds, lib_count_fds());
}

/* Without a reader or a writer at its other end. */
TEST_F(name, ordinary_fifo_is_einval_and_does_not_hang)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int fds = lib_count_fds();
	unsigned int i;

	ASSERT_EQ(0, lib_mount("/tmp", "tmpfs", ""));
	ASSERT_EQ(0, mkfifo("/tmp/fifo", 0666));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		EXPECT_EQ(-EINVAL, lib_opened("/tmp/fifo", 0, 0, modes[i]));
		EXPECT_EQ(-EINVAL, lib_opened("/tmp/fifo", O_CREAT, 0, modes[i]));
	}
	EXPECT_EQ(fds, lib_count_fds());
}

/* Where the directory is none of ours, or none at all. */
TEST_F(name, other_directories_cannot_have_one)
{
	int fds = lib_count_fds();
	int dir = open("/", O_RDONLY | O_DIRECTORY);

	ASSERT_EQ(0, lib_mount("/tmp", "tmpfs", ""));
	ASSERT_EQ(0, mknod("/tmp/regular", S_IFREG | 0666, 0));
	EXPECT_EQ(-ENOTTY, LIB_NEW(self->k, lib_open("/tmp/db", O_CREAT, 1)));
	EXPECT_EQ(-ENOTTY, LIB_NEW(self->k, lib_open("/db", O_CREAT, 1)));
	EXPECT_EQ(-ENOTTY, LIB_NEW(self->k,
				   ksem_create_at(dir, "db", 0600, NULL)));
	close(dir);
	EXPECT_EQ(-EBADF, LIB_NEW(self->k,
				  ksem_create_at(AT_FDCWD, "db", 0600, NULL)));
	EXPECT_EQ(-ENOTDIR, LIB_NEW(self->k, lib_open("/tmp/regular/db",
						      O_CREAT, 1)));
	EXPECT_FALSE(lib_exists("/tmp/db"));
	EXPECT_EQ(fds, lib_count_fds());
}

/* The mount point is an empty directory then. */
TEST_F(name, without_a_mount_bare_names_are_enoent)
{
	int fds;

	close(self->dir);
	self->dir = -1;
	fds = lib_count_fds();
	ASSERT_EQ(0, umount(KSEM_MOUNT));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k, ksem_open("db", 0, 0, NULL)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	EXPECT_EQ(-ENOENT, LIB_NEW(self->k, lib_open("db", O_CREAT | O_EXCL, 1)));
	EXPECT_EQ(-ENOENT, LIB(ksem_unlink("db")));
	EXPECT_EQ(fds, lib_count_fds());
}

TEST_F(name, full_file_system_is_enospc)
{
	int fds = lib_count_fds();

	ASSERT_EQ(0, lib_mount("/tmp", "ksemfs", "max=1"));
	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("/tmp/1", O_CREAT, 1)));
	EXPECT_EQ(-ENOSPC, LIB_NEW(self->other, lib_open("/tmp/2", O_CREAT, 1)));
	EXPECT_EQ(0, LIB(ksem_close(self->k)));
	self->k = NULL;
	EXPECT_EQ(fds, lib_count_fds());
	EXPECT_EQ(0, LIB(ksem_unlink("/tmp/1")));
	EXPECT_EQ(0, LIB_NEW(self->other, lib_open("/tmp/2", O_CREAT, 1)));
}

TEST_F(name, read_only_mount_is_erofs)
{
	int fds;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
	fds = lib_count_fds();
	ASSERT_EQ(0, mount("none", KSEM_MOUNT, NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, LIB_NEW(self->other, lib_open("new", O_CREAT, 1)));
	EXPECT_EQ(-EROFS, LIB(ksem_unlink("db")));
	EXPECT_EQ(fds, lib_count_fds());
	/* To use what is there writes nothing to the file system. */
	EXPECT_EQ(0, LIB_NEW(self->other, ksem_open("db", 0, 0, NULL)));
}

/* Whichever step it is that finds no descriptor left. */
TEST_F(name, emfile_leaves_no_name)
{
	struct rlimit limit = { .rlim_max = 1024 };
	int next = lib_next_fd(), fds = lib_count_fds(), spare;

	for (spare = 0; spare < 2; spare++) {
		limit.rlim_cur = next + spare;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		EXPECT_EQ(-EMFILE, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
		limit.rlim_cur = limit.rlim_max;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		EXPECT_FALSE(lib_exists(LIB_PATH("db")));
		EXPECT_EQ(fds, lib_count_fds());
	}
	limit.rlim_cur = next + spare;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, LIB_NEW(self->k, lib_open("db", O_CREAT, 1)));
}

/* The device that is opened meanwhile must not be taken for it. */
TEST_F(name, closed_directory_is_ebadf)
{
	int dir = dup(self->dir);

	ASSERT_LE(0, dir);
	close(dir);
	EXPECT_EQ(-EBADF, LIB_NEW(self->k, ksem_create_at(dir, "db", 0600, NULL)));
}

/* It can neither be opened nor created: that is said, and not tried for ever. */
TEST_F(name, what_hides_a_name_is_eexist)
{
	struct ksem_attr *attr = ksem_attr_new();

	EXPECT_EQ(0, LIB(ksem_attr_set_temporary(attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, NULL)));
	ASSERT_EQ(0, LIB_NEW(self->other, ksem_open("temporary", O_CREAT, 0600, attr)));
	ksem_attr_free(attr);
	ASSERT_EQ(0, mount(LIB_PATH("temporary"), LIB_PATH("db"), NULL, MS_BIND, NULL));
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(-EEXIST, LIB_NEW(self->other, ksem_open("db", O_CREAT, 0600, NULL)));
	ASSERT_EQ(0, umount(LIB_PATH("db")));
	EXPECT_EQ(0, LIB_NEW(self->other, ksem_open("db", O_CREAT, 0600, NULL)));
}

TEST_HARNESS_MAIN
