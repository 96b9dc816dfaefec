// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksemfs as a file system: mounting, directories, rights, limits, and what becomes
 * of semaphores whose file system goes.
 */
#include "ksem_test_cgroup.h"
#include "ksem_test_fs.h"
#include "ksem_test_proc.h"
#include "ksem_test_userns.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

FIXTURE(fs) {
	int dir;
};

FIXTURE_SETUP(fs)
{
	ASSERT_TRUE(ksem_test_mount_for_all(&self->dir));
}

FIXTURE_TEARDOWN(fs)
{
	close(self->dir);
}

static int make(FIXTURE_DATA(fs) * self, const char *name)
{
	return ksem_test_create_at(self->dir, name, 0, 0666, -1);
}

static int make_dir(FIXTURE_DATA(fs) * self, const char *name)
{
	return mkdirat(self->dir, name, 0777) ? -errno : 0;
}

static bool exists(FIXTURE_DATA(fs) * self, const char *name)
{
	return ksem_test_exists(self->dir, name);
}

static int move(FIXTURE_DATA(fs) * self, const char *from, const char *to, unsigned int flags)
{
	return renameat2(self->dir, from, self->dir, to, flags) ? -errno : 0;
}

static int remove_dir(FIXTURE_DATA(fs) * self, const char *name)
{
	return unlinkat(self->dir, name, AT_REMOVEDIR) ? -errno : 0;
}

static struct stat stat_of(FIXTURE_DATA(fs) * self, const char *name)
{
	struct stat st;

	memset(&st, KSEM_TEST_POISON, sizeof(st));
	fstatat(self->dir, name, &st, AT_SYMLINK_NOFOLLOW);
	return st;
}

/* How many names there are, "." and ".." not counted; a few at a time, in many calls. */
static int names_in(const char *path)
{
	int n = 0, dir = ksem_test_open_dir(path);
	struct dirent64 entries[2], *entry;
	char *at, *end;
	long size;

	while ((size = syscall(SYS_getdents64, dir, entries, sizeof(entries))) > 0) {
		end = (char *)entries + size;
		for (at = (char *)entries; at < end; at += entry->d_reclen) {
			entry = (struct dirent64 *)at;
			n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
		}
	}
	close(dir);
	return size ? -1 : n;
}

/* Another instance, on a directory of this one. */
static int mount_another(FIXTURE_DATA(fs) * self, const char *name, const char *options)
{
	char path[64];
	int result = make_dir(self, name);

	snprintf(path, sizeof(path), KSEM_TEST_MOUNT "/%s", name);
	if (!result)
		result = ksem_test_mount_at(path, options);
	return result ?: ksem_test_open_dir(path);
}

/* Mounting. */

TEST_F(fs, options_are_those_of_the_root)
{
	char options[80];
	struct stat st;
	int dir;

	if (self->dir < 0)
		SKIP(return, "needs root");
	snprintf(options, sizeof(options), "mode=1751,uid=%d,gid=%d,max=5", KSEM_TEST_OWNER,
		 KSEM_TEST_OTHER);
	dir = mount_another(self, "d", options);
	ASSERT_EQ(0, fstat(dir, &st));
	EXPECT_EQ(S_IFDIR | 01751, st.st_mode);
	EXPECT_EQ(KSEM_TEST_OWNER, st.st_uid);
	EXPECT_EQ(KSEM_TEST_OTHER, st.st_gid);
	EXPECT_EQ(2, st.st_nlink);
	EXPECT_EQ(5, ksem_test_room(dir));
	close(dir);
}

TEST_F(fs, defaults)
{
	struct stat st;
	int dir;

	if (self->dir < 0)
		SKIP(return, "needs root");
	dir = mount_another(self, "d", NULL);
	ASSERT_EQ(0, fstat(dir, &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(65536, ksem_test_room(dir));
	close(dir);
}

static const char * const bad_options[] = {
	"mode=2755", "mode=8", "mode=", "mode", "mode=10000", "uid=-1", "uid=x", "uid=4294967295",
	"gid=4294967295", "max=2147483648", "max=-1", "max=", "max", "size=4", "max=1,foo",
	"source=a,max=x", "source=a", "foo=1",
};

TEST_F(fs, bad_options_are_EINVAL)
{
	size_t i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make_dir(self, "d"));
	for (i = 0; i < ARRAY_SIZE(bad_options); i++) {
		EXPECT_EQ(-EINVAL, ksem_test_mount_at(KSEM_TEST_MOUNT "/d", bad_options[i]))
			TH_LOG("%s", bad_options[i]);
	}
	EXPECT_EQ(0, ksem_test_mount_at(KSEM_TEST_MOUNT "/d", "max=2147483647,mode=01777"));
}

/* Root of a user namespace may mount one, and fill the log of the machine. */
TEST_F(fs, bad_options_are_not_told_to_the_kernel_log)
{
	char record[1024];
	ssize_t bytes;
	size_t i;
	int log;

	if (self->dir < 0)
		SKIP(return, "needs root");
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	for (i = 0; i < ARRAY_SIZE(bad_options); i++)
		ksem_test_mount_at(KSEM_TEST_MOUNT, bad_options[i]);
	/* The VFS has its own words for a source without a name, where there is none yet. */
	EXPECT_EQ(-1, mount(NULL, KSEM_TEST_MOUNT, "ksemfs", 0, "source"));
	EXPECT_EQ(-1, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "source"));
	while ((bytes = read(log, record, sizeof(record) - 1)) > 0) {
		record[bytes] = 0;
		EXPECT_EQ(NULL, strstr(record, "ksem")) TH_LOG("%s", record);
		EXPECT_EQ(NULL, strstr(record, "VFS")) TH_LOG("%s", record);
		EXPECT_EQ(NULL, strstr(record, "source")) TH_LOG("%s", record);
	}
	EXPECT_EQ(EAGAIN, errno);
	close(log);
}

TEST_F(fs, bad_option_is_told_to_who_wants_to_know)
{
	static const struct {
		const char *key;
		const char *value;
		const char *text;
	} bad[] = {
		{ "max", "2147483648", "e ksemfs: max: more than 2147483647" },
		{ "mode", "8", "e ksemfs: mode: not a number" },
		{ "foo", "1", "e ksemfs: Unknown parameter 'foo'" },
	};
	int context;
	size_t i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	context = syscall(SYS_fsopen, "ksemfs", FSOPEN_CLOEXEC);
	ASSERT_LE(0, context);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[80] = "";

		EXPECT_EQ(-1, syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, bad[i].key,
				      bad[i].value, 0));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_LT(0, read(context, text, sizeof(text) - 1));
		EXPECT_STREQ(bad[i].text, strtok(text, "\n"));
	}
	close(context);
}

TEST_F(fs, proc_mounts_shows_the_options)
{
	static const char mine[] = "none " KSEM_TEST_MOUNT "/d ksemfs ";
	bool found = false;
	char line[256];
	FILE *mounts;

	if (self->dir < 0)
		SKIP(return, "needs root");
	close(mount_another(self, "d", "mode=0711,uid=3,gid=4,max=9"));
	mounts = fopen("/proc/self/mounts", "re");
	while (fgets(line, sizeof(line), mounts))
		if (!strncmp(line, mine, sizeof(mine) - 1))
			found = strstr(line, ",mode=711,uid=3,gid=4,max=9 ");
	fclose(mounts);
	EXPECT_TRUE(found);
}

TEST_F(fs, remount_changes_max_and_nothing_else)
{
	struct stat st;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, make(self, "b"));
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "max=1"));
	EXPECT_EQ(0, ksem_test_room(self->dir));
	EXPECT_EQ(-ENOSPC, make(self, "c"));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT,
			   "mode=0777,uid=0,gid=0,max=3"));
	EXPECT_EQ(0, make(self, "c"));
	EXPECT_EQ(-1, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "mode=0700,max=7"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "uid=5,max=7"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT, "gid=5,max=7"));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, fstat(self->dir, &st));
	EXPECT_EQ(S_IFDIR | 0777, st.st_mode);
	EXPECT_EQ(-ENOSPC, make(self, "d"));
}

TEST_F(fs, read_only_file_system_takes_no_names)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, mount(NULL, KSEM_TEST_MOUNT, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, make(self, "b"));
	EXPECT_EQ(-EROFS, make_dir(self, "d"));
	EXPECT_EQ(-EROFS, ksem_test_unlink(self->dir, "a"));
	/* A semaphore is no file of it: acquiring and releasing write nothing. */
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_EQ(0, ksem_test_release(fd, 1));
	close(fd);
}

TEST_F(fs, instances_are_name_spaces_of_their_own)
{
	int other, here, there;

	if (self->dir < 0)
		SKIP(return, "needs root");
	other = mount_another(self, "d", NULL);
	here = ksem_test_named(self->dir, "a", 0);
	EXPECT_EQ(-ENOENT, ksem_test_can_open_at(other, "a", O_RDWR));
	there = ksem_test_named(other, "a", 0);
	ASSERT_LE(0, there);
	EXPECT_NE(ksem_test_info(here).out_id, ksem_test_info(there).out_id);
	EXPECT_EQ(0, ksem_test_acquire(here, 4));
	EXPECT_EQ(0, ksem_test_acquire(there, 4));
	EXPECT_EQ(-1, renameat(self->dir, "a", other, "b"));
	EXPECT_EQ(EXDEV, errno);
	close(here);
	close(there);
	close(other);
}

/* The names that others see are those of their mount namespace. */
TEST_F(fs, mount_namespace_that_goes_takes_the_names_and_leaves_the_handles)
{
	struct ksem_info info;
	pid_t child;
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_fair(0, 1);
	child = ksem_test_fork();
	if (!child) {
		int dir = ksem_test_mounted(NULL);
		int own = ksem_test_open(O_RDWR);

		if (ksem_test_create_at(dir, "a", 0, 0600, own) || ksem_test_acquire(own, 4))
			_exit(1);
		dup2(own, 200);
		close(own);
		ksem_test_post(fd, 1);
		for (;;)
			pause();
	}
	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_FALSE(exists(self, "a"));
	close(fd);
	fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), 200, 0);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	info = ksem_test_info(fd);
	EXPECT_EQ(4, info.out_own);
	EXPECT_EQ(1, info.out_handles);
	EXPECT_EQ(0, ksem_test_release(fd, 4));
	close(fd);
}

/* Unmounting. */

TEST_F(fs, mount_is_busy_while_a_name_is_open)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	close(self->dir);
	EXPECT_EQ(-1, umount(KSEM_TEST_MOUNT));
	EXPECT_EQ(EBUSY, errno);
	close(fd);
	EXPECT_EQ(0, umount(KSEM_TEST_MOUNT));
	self->dir = -1;
}

TEST_F(fs, mount_is_not_busy_with_handles_that_were_not_opened_by_name)
{
	int fd, other;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, ksem_test_acquire(fd, 3));
	close(self->dir);
	self->dir = -1;
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	EXPECT_EQ(3, ksem_test_info(fd).out_own);
	other = ksem_test_attached(fd);
	EXPECT_EQ(0, ksem_test_acquire(other, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(other, 1));
	EXPECT_EQ(0, ksem_test_release(fd, 3));
	close(other);
	EXPECT_EQ(4, ksem_test_info(fd).out_available);
	close(fd);
}

/* Lazily: holders and waiters go on, and nobody comes by name any more. */
TEST_F(fs, lazy_umount_leaves_holders_and_waiters_alone)
{
	struct ksem_test_waiter waiter;
	int holder, fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	holder = ksem_test_open_at(self->dir, "a", O_RDWR);
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	ASSERT_EQ(0, ksem_test_acquire(holder, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 2, 1));
	ASSERT_EQ(0, umount2(KSEM_TEST_MOUNT, MNT_DETACH));
	EXPECT_EQ(-1, access(KSEM_TEST_MOUNT "/a", F_OK));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(4, ksem_test_info(holder).out_own);
	EXPECT_FALSE(ksem_test_done(&waiter));
	EXPECT_EQ(0, ksem_test_release(holder, 2));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(self->dir);
	self->dir = -1;
	EXPECT_EQ(2, ksem_test_info(fd).out_own);
	close(holder);
	EXPECT_EQ(2, ksem_test_info(fd).out_available);
	close(fd);
}

TEST_F(fs, limits_come_back_with_the_file_system)
{
	long semaphores, names;
	int dir;

	if (self->dir < 0)
		SKIP(return, "needs root");
	names = ksem_test_set_parameter("max_names_per_user", 2);
	dir = mount_another(self, "d", NULL);
	EXPECT_EQ(0, ksem_test_create_at(dir, "a", 0, 0600, -1));
	EXPECT_EQ(-ENOSPC, ksem_test_create_at(dir, "b", 0, 0600, -1));
	close(dir);
	EXPECT_EQ(0, umount(KSEM_TEST_MOUNT "/d"));
	semaphores = ksem_test_set_parameter("max_semaphores", 1);
	EXPECT_EQ(0, make(self, "a"));
	ksem_test_set_parameter("max_semaphores", semaphores);
	ksem_test_set_parameter("max_names_per_user", names);
}

/* Directories and names. */

TEST_F(fs, statfs_counts_nodes)
{
	struct statfs fs;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, fstatfs(self->dir, &fs));
	EXPECT_EQ(KSEM_TEST_MAGIC, fs.f_type);
	EXPECT_EQ(65536, fs.f_files);
	EXPECT_EQ(65536, fs.f_ffree);
	EXPECT_EQ(255, fs.f_namelen);
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, make_dir(self, "d"));
	ASSERT_EQ(0, fstatfs(self->dir, &fs));
	EXPECT_EQ(65534, fs.f_ffree);
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "a"));
	ASSERT_EQ(0, remove_dir(self, "d"));
	EXPECT_EQ(65536, ksem_test_room(self->dir));
}

/* A name that is away takes up room as long as somebody has opened it. */
TEST_F(fs, node_counts_until_the_last_open_goes)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(65535, ksem_test_room(self->dir));
	close(fd);
	EXPECT_EQ(65536, ksem_test_room(self->dir));
}

TEST_F(fs, unlink_leaves_present_users_alone)
{
	struct ksem_test_waiter waiter;
	struct stat st;
	int fd, fresh;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	ASSERT_EQ(0, ksem_test_acquire(fd, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, fd, 1, 1));
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(-ENOENT, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	/* The name is free, and of a semaphore of its own. */
	fresh = ksem_test_named(self->dir, "a", 0);
	EXPECT_NE(ksem_test_info(fd).out_id, ksem_test_info(fresh).out_id);
	EXPECT_EQ(0, ksem_test_release(fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	close(fd);
	close(fresh);
}

TEST_F(fs, directories_count_their_links)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(2, stat_of(self, ".").st_nlink);
	ASSERT_EQ(0, make_dir(self, "d"));
	ASSERT_EQ(0, make_dir(self, "d/e"));
	ASSERT_EQ(0, make(self, "a"));
	EXPECT_EQ(3, stat_of(self, ".").st_nlink);
	EXPECT_EQ(3, stat_of(self, "d").st_nlink);
	EXPECT_EQ(1, stat_of(self, "a").st_nlink);
	EXPECT_EQ(-ENOTEMPTY, remove_dir(self, "d"));
	ASSERT_EQ(0, remove_dir(self, "d/e"));
	ASSERT_EQ(0, remove_dir(self, "d"));
	EXPECT_EQ(2, stat_of(self, ".").st_nlink);
	EXPECT_EQ(-ENOTDIR, remove_dir(self, "a"));
	EXPECT_EQ(-EISDIR, ksem_test_unlink(self->dir, "."));
}

TEST_F(fs, readdir_finds_each_name_once)
{
	char name[8];
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make_dir(self, "d"));
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		ASSERT_EQ(0, make(self, name));
	}
	EXPECT_EQ(301, names_in(KSEM_TEST_MOUNT));
	EXPECT_EQ(0, names_in(KSEM_TEST_MOUNT "/d"));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "s7"));
	EXPECT_EQ(300, names_in(KSEM_TEST_MOUNT));
	EXPECT_EQ(-1, read(self->dir, name, 1));
	EXPECT_EQ(EISDIR, errno);
}

TEST_F(fs, rename_moves_a_semaphore_with_its_counts)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, make_dir(self, "d"));
	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	ASSERT_EQ(0, move(self, "a", "d/b", 0));
	EXPECT_FALSE(exists(self, "a"));
	ASSERT_EQ(0, move(self, "d", "e", 0));
	close(fd);
	fd = ksem_test_open_at(self->dir, "e/b", O_RDWR);
	EXPECT_EQ(1, ksem_test_info(fd).out_reclaimed);
	EXPECT_EQ(-EINVAL, move(self, "e", "e/f", 0));
	EXPECT_EQ(3, stat_of(self, ".").st_nlink);
	close(fd);
}

TEST_F(fs, rename_over_a_name_takes_that_one_away)
{
	int mover, target;

	if (self->dir < 0)
		SKIP(return, "needs root");
	mover = ksem_test_named(self->dir, "a", 0);
	target = ksem_test_named(self->dir, "b", 0);
	EXPECT_EQ(-EEXIST, move(self, "a", "b", RENAME_NOREPLACE));
	EXPECT_TRUE(exists(self, "a"));
	ASSERT_EQ(0, move(self, "a", "b", 0));
	EXPECT_FALSE(exists(self, "a"));
	EXPECT_EQ(65535, ksem_test_room(self->dir));
	EXPECT_EQ(0, ksem_test_acquire(target, 4));
	EXPECT_EQ(4, ksem_test_info(mover).out_available);
	close(target);
	target = ksem_test_open_at(self->dir, "b", O_RDWR);
	EXPECT_EQ(ksem_test_info(mover).out_id, ksem_test_info(target).out_id);
	EXPECT_EQ(0, move(self, "b", "c", RENAME_NOREPLACE));
	close(mover);
	close(target);
}

TEST_F(fs, rename_can_exchange_two)
{
	int a, b, fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	a = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, make_dir(self, "d"));
	b = ksem_test_named(self->dir, "b", 0);
	ASSERT_EQ(0, move(self, "a", "b", RENAME_EXCHANGE));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	EXPECT_EQ(ksem_test_info(b).out_id, ksem_test_info(fd).out_id);
	close(fd);
	ASSERT_EQ(0, move(self, "b", "d", RENAME_EXCHANGE));
	fd = ksem_test_open_at(self->dir, "d", O_RDWR);
	EXPECT_EQ(ksem_test_info(a).out_id, ksem_test_info(fd).out_id);
	EXPECT_EQ(-ENOENT, move(self, "a", "none", RENAME_EXCHANGE));
	EXPECT_EQ(-EINVAL, move(self, "a", "none", RENAME_WHITEOUT));
	close(fd);
	close(a);
	close(b);
}

TEST_F(fs, nothing_else_can_be_made)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	EXPECT_EQ(-1, mknodat(self->dir, "b", S_IFIFO | 0600, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mknodat(self->dir, "b", S_IFCHR | 0600, makedev(1, 3)));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mknodat(self->dir, "b", S_IFSOCK | 0600, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, symlinkat("a", self->dir, "b"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, linkat(self->dir, "a", self->dir, "b", 0));
	EXPECT_EQ(EPERM, errno);
	/* No regular file, by O_CREAT, mknod or O_TMPFILE. */
	EXPECT_EQ(-EACCES, ksem_test_can_open_at(self->dir, "b", O_RDWR | O_CREAT));
	EXPECT_EQ(-1, mknodat(self->dir, "b", S_IFREG | 0600, 0));
	EXPECT_EQ(-EOPNOTSUPP, ksem_test_can_open_at(self->dir, ".", O_RDWR | O_TMPFILE));
	EXPECT_FALSE(exists(self, "b"));
	EXPECT_EQ(65535, ksem_test_room(self->dir));
}

TEST_F(fs, node_is_opened_as_a_fifo_is)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	/* O_TRUNC and O_CREAT of what is there do nothing. */
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR | O_TRUNC));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR | O_CREAT));
	EXPECT_EQ(-EEXIST, ksem_test_can_open_at(self->dir, "a", O_RDWR | O_CREAT | O_EXCL));
	EXPECT_EQ(-ENOTDIR, ksem_test_can_open_at(self->dir, "a", O_RDONLY | O_DIRECTORY));
	EXPECT_EQ(-ENOTDIR, ksem_test_can_open_at(self->dir, "a/b", O_RDONLY));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDONLY | O_NONBLOCK | O_NOCTTY));
	EXPECT_EQ(-1, truncate(KSEM_TEST_MOUNT "/a", 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(3, ksem_test_info(fd).out_available);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
	close(fd);
}

TEST_F(fs, each_open_is_a_holder)
{
	int a, b, other;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	a = ksem_test_open_at(self->dir, "a", O_RDWR);
	b = ksem_test_open_at(self->dir, "a", O_RDWR);
	other = ksem_test_attached(a);
	ASSERT_EQ(0, ksem_test_acquire(a, 2));
	EXPECT_EQ(-EPERM, ksem_test_release(b, 1));
	EXPECT_EQ(0, ksem_test_transfer(a, 1, b));
	EXPECT_EQ(0, ksem_test_release(b, 1));
	EXPECT_EQ(3, ksem_test_info(other).out_handles);
	close(a);
	EXPECT_EQ(4, ksem_test_info(b).out_available);
	close(b);
	close(other);
}

TEST_F(fs, open_path_is_no_handle)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	fd = ksem_test_open_at(self->dir, "a", O_PATH);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, ksem_test_acquire(fd, 1));
	EXPECT_EQ(-EBADF, ksem_test_attach(ksem_test_open(O_RDWR), fd));
	close(fd);
}

TEST_F(fs, after_a_shutdown_nobody_comes_by_name)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_named(self->dir, "a", 0);
	ASSERT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_can_open_at(self->dir, "a", O_RDONLY));
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
	EXPECT_EQ(-EEXIST, make(self, "a"));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(0, make(self, "a"));
	close(fd);
}

TEST_F(fs, open_beyond_the_limit_of_handles_is_ENOSPC)
{
	long handles;
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	fd = ksem_test_named(self->dir, "a", 0);
	handles = ksem_test_set_parameter("max_handles", 1);
	EXPECT_EQ(-ENOSPC, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	ksem_test_set_parameter("max_handles", 2);
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	ksem_test_set_parameter("max_handles", handles);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
	close(fd);
}

TEST_F(fs, failing_open_keeps_nothing_of_the_semaphore)
{
	long semaphores;
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	semaphores = ksem_test_set_parameter("max_semaphores", 1);
	fd = ksem_test_named(self->dir, "a", 0);
	EXPECT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_can_open_at(self->dir, "a", O_RDWR));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "a"));
	close(fd);
	EXPECT_EQ(0, make(self, "b"));
	ksem_test_set_parameter("max_semaphores", semaphores);
}

/* What inotify tells of a directory. */

static bool next_event(int watch, __u32 mask, const char *name)
{
	char buffer[sizeof(struct inotify_event) + 256] = { };
	struct inotify_event *event = (void *)buffer;

	/* One at a time: the length of the names decides how many fit. */
	return read(watch, buffer, sizeof(*event) + 16 * (1 + strlen(name) / 16)) > 0 &&
	       event->mask == mask && !strcmp(event->name, name);
}

TEST_F(fs, watcher_hears_of_each_change)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_LE(0, inotify_add_watch(watch, KSEM_TEST_MOUNT,
				       IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB));
	ASSERT_EQ(0, make(self, "a"));
	EXPECT_TRUE(next_event(watch, IN_CREATE, "a"));
	ASSERT_EQ(0, make_dir(self, "d"));
	EXPECT_TRUE(next_event(watch, IN_CREATE | IN_ISDIR, "d"));
	ASSERT_EQ(0, fchmodat(self->dir, "a", 0600, 0));
	EXPECT_TRUE(next_event(watch, IN_ATTRIB, "a"));
	ASSERT_EQ(0, move(self, "a", "b", 0));
	EXPECT_TRUE(next_event(watch, IN_MOVED_FROM, "a"));
	EXPECT_TRUE(next_event(watch, IN_MOVED_TO, "b"));
	ASSERT_EQ(0, ksem_test_unlink(self->dir, "b"));
	EXPECT_TRUE(next_event(watch, IN_DELETE, "b"));
	ASSERT_EQ(0, remove_dir(self, "d"));
	EXPECT_TRUE(next_event(watch, IN_DELETE | IN_ISDIR, "d"));
	close(watch);
}

TEST_F(fs, changes_show_in_the_times_of_the_directory)
{
	const struct timespec past[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, utimensat(self->dir, "a", past, 0));
	EXPECT_EQ(2000, stat_of(self, "a").st_mtime);
	EXPECT_EQ(1000, stat_of(self, "a").st_atime);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, utimensat(self->dir, ".", past, 0));
		ASSERT_EQ(0, i == 0 ? make(self, "b") : i == 1 ? move(self, "b", "c", 0) :
			     i == 2 ? ksem_test_unlink(self->dir, "c") : make_dir(self, "d"));
		EXPECT_LT(2000, stat_of(self, ".").st_mtime)
			TH_LOG("step %d", i);
	}
}

/* Rights: owner, group and others, each with each mode. */

#define GROUP	500

struct user {
	uid_t uid;
	gid_t gid;
	int shift;	/* of its bits in the mode */
};

TEST_F(fs, open_asks_for_the_rights_that_the_mode_gives)
{
	static const struct user users[] = {
		{ KSEM_TEST_OWNER, KSEM_TEST_OTHER, 6 },
		{ KSEM_TEST_OTHER, GROUP, 3 },
		{ KSEM_TEST_OTHER, KSEM_TEST_OTHER, 0 },
	};
	int i, rights;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, fchownat(self->dir, "a", KSEM_TEST_OWNER, GROUP, 0));
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		for (rights = 0; rights < 8; rights++) {
			uid_t uid = users[i].uid;
			gid_t gid = users[i].gid;

			/* The others' bits are the reverse: only its own count. */
			ASSERT_EQ(0, fchmodat(self->dir, "a",
					      (0777 & ~(7 << users[i].shift) &
					       ~((rights * 0111))) |
					      rights << users[i].shift, 0));
			EXPECT_EQ(rights & 4 ? 0 : -EACCES,
				  ksem_test_as(uid, gid, ksem_test_can_open_at(self->dir, "a",
									       O_RDONLY)));
			EXPECT_EQ(rights & 2 ? 0 : -EACCES,
				  ksem_test_as(uid, gid, ksem_test_can_open_at(self->dir, "a",
									       O_WRONLY)));
			EXPECT_EQ((rights & 6) == 6 ? 0 : -EACCES,
				  ksem_test_as(uid, gid, ksem_test_can_open_at(self->dir, "a",
									       O_RDWR)));
		}
	}
}

TEST_F(fs, root_may_open_whatever_the_mode_is)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, fchmodat(self->dir, "a", 0, 0));
	EXPECT_EQ(0, ksem_test_can_open_at(self->dir, "a", O_RDWR));
}

/* The rights of a handle are those of its open mode. */
static int use_read_only(int dir)
{
	int fd = ksem_test_open_at(dir, "a", O_RDONLY);

	if (fd < 0)
		return fd;
	if (ksem_test_acquire(fd, 1) || ksem_test_info(fd).out_rights != KSEM_RIGHT_READ)
		return -ENXIO;
	return ksem_test_release(fd, 1);
}

static int use_write_only(int dir)
{
	int fd = ksem_test_open_at(dir, "a", O_WRONLY);

	if (fd < 0)
		return fd;
	if (ksem_test_acquire(fd, 1) != -EBADF)
		return -ENXIO;
	return ksem_test_post(fd, 1);
}

TEST_F(fs, handle_has_the_rights_of_its_open_mode)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, fchmodat(self->dir, "a", 0640, 0));
	ASSERT_EQ(0, fchownat(self->dir, "a", KSEM_TEST_OWNER, GROUP, 0));
	EXPECT_EQ(-EBADF, ksem_test_as(KSEM_TEST_OTHER, GROUP, use_read_only(self->dir)));
	EXPECT_EQ(-EACCES, ksem_test_as(KSEM_TEST_OTHER, GROUP, use_write_only(self->dir)));
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, GROUP, use_write_only(self->dir)));
}

/* Who has it open keeps it, whatever the mode becomes. */
TEST_F(fs, mode_counts_at_open_only)
{
	int fd;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, make(self, "a"));
	fd = ksem_test_open_at(self->dir, "a", O_RDWR);
	ASSERT_EQ(0, fchmodat(self->dir, "a", 0, 0));
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_EQ(0, ksem_test_release(fd, 1));
	close(fd);
}

TEST_F(fs, only_the_owner_changes_mode_and_name)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER, make(self, "a")));
	EXPECT_EQ(-EPERM, ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
				       fchmodat(self->dir, "a", 0666, 0) ? -errno : 0));
	EXPECT_EQ(-EPERM, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
				       fchownat(self->dir, "a", KSEM_TEST_OTHER, -1, 0) ?
				       -errno : 0));
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
				  fchmodat(self->dir, "a", 0600, 0) ? -errno : 0));
	EXPECT_EQ(S_IFIFO | 0600, stat_of(self, "a").st_mode);
	/* A directory that all may write to, and one that is sticky. */
	ASSERT_EQ(0, fchmod(self->dir, 01777));
	EXPECT_EQ(-EPERM, ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
				       ksem_test_unlink(self->dir, "a")));
	EXPECT_EQ(-EPERM, ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
				       move(self, "a", "b", 0)));
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
				  ksem_test_unlink(self->dir, "a")));
	ASSERT_EQ(0, make(self, "a"));
	ASSERT_EQ(0, fchmod(self->dir, 0777));
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
				  ksem_test_unlink(self->dir, "a")));
}

static bool set_protected_fifos(const char *value)
{
	return ksem_test_write("/proc/sys/fs", "protected_fifos", value);
}

/* A FIFO of another's in a sticky directory: O_CREAT is refused, and nothing else. */
TEST_F(fs, protected_fifos_forbid_O_CREAT_only)
{
	static const char * const values[] = { "0", "1", "2" };
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	if (!set_protected_fifos("0"))
		SKIP(return, "no fs.protected_fifos");
	ASSERT_EQ(0, fchmod(self->dir, 01777));
	ASSERT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER, make(self, "a")));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(set_protected_fifos(values[i]));
		EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
					  ksem_test_can_open_at(self->dir, "a", O_RDWR)));
		EXPECT_EQ(i ? -EACCES : 0,
			  ksem_test_as(KSEM_TEST_OTHER, KSEM_TEST_OTHER,
				       ksem_test_can_open_at(self->dir, "a",
							     O_RDWR | O_CREAT)));
		EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER,
					  ksem_test_can_open_at(self->dir, "a",
								O_RDWR | O_CREAT)));
	}
	set_protected_fifos("1");
}

/* Limits. */

TEST_F(fs, limit_per_user_counts_all_instances)
{
	long old;
	int other;

	if (self->dir < 0)
		SKIP(return, "needs root");
	other = mount_another(self, "d", "mode=0777");
	old = ksem_test_set_parameter("max_names_per_user", 2);
	EXPECT_EQ(0, ksem_test_as(1, 1, make(self, "a")));
	EXPECT_EQ(0, ksem_test_as(1, 1, ksem_test_create_at(other, "a", 0, 0600, -1)));
	EXPECT_EQ(-ENOSPC, ksem_test_as(1, 1, make(self, "b")));
	EXPECT_EQ(-ENOSPC, ksem_test_as(1, 1, make_dir(self, "b")));
	EXPECT_EQ(0, ksem_test_as(2, 2, make(self, "b")));
	/* Who made it is charged, whoever owns it and whoever takes it away. */
	EXPECT_EQ(0, fchownat(self->dir, "a", 2, 2, 0));
	EXPECT_EQ(-ENOSPC, ksem_test_as(1, 1, make(self, "c")));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(0, ksem_test_as(1, 1, make_dir(self, "c")));
	EXPECT_EQ(-ENOSPC, ksem_test_as(1, 1, make_dir(self, "e")));
	EXPECT_EQ(0, ksem_test_as(2, 2, make(self, "e")));
	EXPECT_EQ(-ENOSPC, ksem_test_as(2, 2, make(self, "f")));
	/* Root has the directory, and comes before them in the order of numbers. */
	EXPECT_EQ(0, make(self, "f"));
	EXPECT_EQ(-ENOSPC, make(self, "g"));
	ksem_test_set_parameter("max_names_per_user", old);
	close(other);
}

TEST_F(fs, limit_of_nobody_is_of_nobody)
{
	long old;

	if (self->dir < 0)
		SKIP(return, "needs root");
	old = ksem_test_set_parameter("max_names_per_user", 0);
	EXPECT_EQ(-ENOSPC, make(self, "a"));
	ksem_test_set_parameter("max_names_per_user", 1);
	EXPECT_EQ(0, make(self, "a"));
	EXPECT_EQ(-ENOSPC, make(self, "b"));
	/* Which takes up no room of the instance. */
	EXPECT_EQ(65535, ksem_test_room(self->dir));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(0, make(self, "b"));
	ksem_test_set_parameter("max_names_per_user", old);
}

/* A user namespace's own mount. */

static int use_userns(uid_t inside)
{
	int dir = ksem_test_mount_in_userns(inside, NULL), fd = ksem_test_open(O_RDWR);
	struct stat st;

	if (dir < 0)
		return dir;
	if (ksem_test_create_at(dir, "a", 0, 0600, fd) || fstatat(dir, "a", &st, 0))
		return -ENXIO;
	if (st.st_uid != inside || st.st_gid != inside || mkdirat(dir, "d", 0755))
		return -EBADF;
	if (ksem_test_can_open_at(dir, "a", O_RDWR) || fstat(dir, &st) || st.st_uid != inside)
		return -EACCES;
	return ksem_test_acquire(fd, 4) ?: ksem_test_unlink(dir, "a");
}

TEST_F(fs, user_namespace_can_mount_one)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	/* As root inside: 0 has to be a number there for the root directory's sake. */
	EXPECT_EQ(0, ksem_test_as(0, 0, use_userns(0)));
}

TEST_F(fs, ids_that_a_user_namespace_has_not_are_EINVAL)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(-EINVAL, ksem_test_as(0, 0, ksem_test_mount_in_userns(0, "uid=7")));
	EXPECT_EQ(-EINVAL, ksem_test_as(0, 0, ksem_test_mount_in_userns(0, "gid=7")));
}

TEST_F(fs, user_namespace_without_a_root_has_to_give_ids)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(-EINVAL, ksem_test_as(0, 0, ksem_test_mount_in_userns(5, NULL)));
	EXPECT_EQ(-EINVAL, ksem_test_as(0, 0, ksem_test_mount_in_userns(5, "uid=5")));
	EXPECT_EQ(-EINVAL, ksem_test_as(0, 0, ksem_test_mount_in_userns(5, "gid=5")));
	EXPECT_LE(0, ksem_test_as(0, 0, ksem_test_mount_in_userns(5, "uid=5,gid=5")));
}

static int make_two_in_userns(void)
{
	int dir = ksem_test_mount_in_userns(0, NULL);

	if (dir < 0)
		return dir;
	return ksem_test_create_at(dir, "a", 0, 0600, -1) ?:
	       ksem_test_create_at(dir, "b", 0, 0600, -1);
}

TEST_F(fs, limit_of_user_namespaces_is_of_them_alone)
{
	long old;

	if (self->dir < 0)
		SKIP(return, "needs root");
	old = ksem_test_set_parameter("max_names_userns", 1);
	EXPECT_EQ(-ENOSPC, ksem_test_as(0, 0, make_two_in_userns()));
	EXPECT_EQ(0, make(self, "a"));
	EXPECT_EQ(0, make(self, "b"));
	ksem_test_set_parameter("max_names_userns", 2);
	/* What the dead had made has gone with their mount. */
	EXPECT_EQ(0, ksem_test_as(0, 0, make_two_in_userns()));
	EXPECT_EQ(0, ksem_test_as(0, 0, make_two_in_userns()));
	ksem_test_set_parameter("max_names_userns", old);
}

/* In two mounts, the second of which has room for one. */
static int make_where_others_had_none_left(void)
{
	int full = ksem_test_mount_in_userns(0, NULL), dir;

	if (full < 0)
		return full;
	if (mount("none", "/tmp", "ksemfs", 0, "max=1"))
		return -errno;
	dir = ksem_test_open_dir("/tmp");
	if (ksem_test_create_at(full, "a", 0, 0600, -1))
		return -EBUSY;
	if (ksem_test_create_at(dir, "b", 0, 0600, -1) != -ENOSPC)
		return -EEXIST;
	return ksem_test_unlink(full, "a") ?: ksem_test_create_at(dir, "b", 0, 0600, -1);
}

TEST_F(fs, limit_of_user_namespaces_takes_no_room_of_an_instance)
{
	long old;

	if (self->dir < 0)
		SKIP(return, "needs root");
	old = ksem_test_set_parameter("max_names_userns", 1);
	EXPECT_EQ(0, ksem_test_as(0, 0, make_where_others_had_none_left()));
	ksem_test_set_parameter("max_names_userns", old);
}

/* The kuid counts, not the number that a namespace shows. */
TEST_F(fs, limit_per_user_is_met_in_a_user_namespace_too)
{
	long old, userns;

	if (self->dir < 0)
		SKIP(return, "needs root");
	old = ksem_test_set_parameter("max_names_per_user", 2);
	/* What fails takes up no room of the namespaces. */
	userns = ksem_test_set_parameter("max_names_userns", 2);
	EXPECT_EQ(0, ksem_test_as(KSEM_TEST_OWNER, KSEM_TEST_OWNER, make(self, "a")));
	EXPECT_EQ(-ENOSPC, ksem_test_as(0, 0, make_two_in_userns()));
	EXPECT_EQ(0, ksem_test_unlink(self->dir, "a"));
	EXPECT_EQ(0, ksem_test_as(0, 0, make_two_in_userns()));
	ksem_test_set_parameter("max_names_userns", userns);
	ksem_test_set_parameter("max_names_per_user", old);
}

/* Memory of nodes is charged to who makes them. */

#define MANY_NODES	2000

static int make_many(FIXTURE_DATA(fs) * self, const char *cgroup)
{
	long long before;
	char name[8];
	int i;

	if (!ksem_test_cgroup_enter(cgroup, getpid()))
		return -ENXIO;
	before = ksem_test_read_number(cgroup, "memory.stat", "slab ");
	for (i = 0; i < MANY_NODES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (make(self, name))
			return -ENOSPC;
	}
	/*
	 * At least the semaphore, the inode and the dentry: not less than 1 kB each. The
	 * kernel's figures lag by up to two seconds.
	 */
	return ksem_test_until(ksem_test_read_number(cgroup, "memory.stat", "slab ") - before >=
			       MANY_NODES * 1000LL) ? 0 : -ERANGE;
}

TEST_F_TIMEOUT(fs, memory_of_nodes_is_charged, 120)
{
	char cgroup[80] = "";

	if (self->dir < 0)
		SKIP(return, "needs root");
	ksem_test_write(KSEM_TEST_CGROUPS, "cgroup.subtree_control", "+memory");
	if (!ksem_test_cgroup_make(cgroup, KSEM_TEST_CGROUPS) ||
	    ksem_test_read_number(cgroup, "memory.stat", "slab ") < 0)
		SKIP(return, "no memory controller");
	EXPECT_EQ(0, ksem_test_as(0, 0, make_many(self, cgroup)));
	EXPECT_EQ(65536 - MANY_NODES, ksem_test_room(self->dir));
	close(self->dir);
	self->dir = -1;
	EXPECT_EQ(0, umount(KSEM_TEST_MOUNT));
	ksem_test_cgroup_remove(cgroup);
}

/* The mount alone: nothing of it is open, which would keep the module as well. */
TEST_F(fs, mount_keeps_the_module)
{
	if (self->dir < 0)
		SKIP(return, "needs root");
	close(self->dir);
	self->dir = -1;
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ksem", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_HARNESS_MAIN
