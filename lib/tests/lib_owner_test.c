// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem_open, ksem_create_at, ksem_unlink: modes, users, access, close-on-exec, and
 * the same without a device.
 */
#include "lib_mount.h"

/* A directory that is everybody's. */
#define TMP			LIB_PATH("tmp/")

FIXTURE(owner)
{
	struct ksem *k;
};

FIXTURE_SETUP(owner)
{
	ASSERT_EQ(0, lib_mount_own());
	ASSERT_EQ(0, mkdir(TMP, 01777));
	self->k = NULL;
}

FIXTURE_TEARDOWN(owner)
{
	if (self->k)
		EXPECT_EQ(0, ksem_close(self->k));
}

static mode_t mode_of(const char *path)
{
	struct stat s;

	return stat(path, &s) ? 0 : s.st_mode;
}

/* PRM-08 */
TEST_F(owner, mode_is_masked_by_umask)
{
	umask(027);
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0666, NULL)));
	EXPECT_EQ(S_IFIFO | 0640, mode_of(LIB_PATH("db")));
}

/* PRM-01, PRM-05 */
TEST_F(owner, another_user_is_eacces)
{
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("db", O_CREAT, 0600, NULL)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("db", 0, 0, O_RDWR)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("db", O_CREAT, 0, O_RDONLY)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("new", O_CREAT, 0600, O_RDWR)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(LIB(ksem_unlink("db"))));
	EXPECT_FALSE(lib_exists(LIB_PATH("new")));
	EXPECT_TRUE(lib_exists(LIB_PATH("db")));
}

TEST_F(owner, tmp_is_for_everybody_and_sticky)
{
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened(TMP "db", O_CREAT, 0600, O_RDWR)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open(TMP "root", O_CREAT, 0666, NULL)));
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened(TMP "root", O_CREAT, 0, O_RDWR)));
	EXPECT_EQ(-EPERM, LIB_AS_NOBODY(LIB(ksem_unlink(TMP "root"))));
	EXPECT_EQ(0, LIB_AS_NOBODY(LIB(ksem_unlink(TMP "db"))));
}

/* PRM-07: to wait and to give are two rights. */
TEST_F(owner, each_right_is_given_alone)
{
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("r", O_CREAT, 0604, NULL)));
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened("r", 0, 0, O_RDONLY)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("r", 0, 0, O_WRONLY)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("r", 0, 0, O_RDWR)));
	EXPECT_EQ(0, ksem_close(self->k));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("w", O_CREAT, 0602, NULL)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened("w", 0, 0, O_RDONLY)));
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened("w", 0, 0, O_WRONLY)));
}

/* The name's creator has what it asked for, as with open(2). */
TEST_F(owner, mode_does_not_bind_its_creator)
{
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened(TMP "db", O_CREAT, 0, O_RDWR)));
	EXPECT_EQ(S_IFIFO, mode_of(TMP "db"));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened(TMP "db", 0, 0, O_RDWR)));
}

TEST_F(owner, access_is_that_of_the_attributes)
{
	struct ksem *reader, *writer;

	ASSERT_EQ(0, LIB_NEW(self->k, lib_open_access("db", O_CREAT, 0600, 2,
						      O_RDONLY)));
	ASSERT_EQ(0, LIB_NEW(reader, lib_open_access("db", 0, 0, 1, O_RDONLY)));
	ASSERT_EQ(0, LIB_NEW(writer, lib_open_access("db", 0, 0, 1, O_WRONLY)));
	EXPECT_EQ(KSEM_RIGHT_READ, lib_info(self->k).out_rights);
	EXPECT_EQ(0, LIB(ksem_acquire(reader)));
	EXPECT_EQ(-EBADF, LIB(ksem_release(reader)));
	EXPECT_EQ(-EBADF, LIB(ksem_acquire(writer)));
	EXPECT_EQ(0, LIB(ksem_post(writer)));
	EXPECT_EQ(2, lib_available(self->k));
	EXPECT_EQ(0, ksem_close(reader));
	EXPECT_EQ(0, ksem_close(writer));
}

/* Where it is created, and where it is opened. */
TEST_F(owner, close_on_exec_unless_inherited)
{
	struct ksem_attr *attr = ksem_attr_new();
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("a", O_CREAT, 0600,
							NULL)));
		EXPECT_EQ(FD_CLOEXEC, fcntl(ksem_fd(self->k), F_GETFD));
		EXPECT_EQ(0, ksem_close(self->k));
	}
	EXPECT_EQ(0, LIB(ksem_attr_set_inherit(attr, true)));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, LIB_NEW(self->k, ksem_open("b", O_CREAT, 0600,
							attr)));
		EXPECT_EQ(0, fcntl(ksem_fd(self->k), F_GETFD));
		EXPECT_EQ(0, ksem_close(self->k));
	}
	self->k = NULL;
	ksem_attr_free(attr);
}

/* The device of this mount namespace is gone, or of somebody else's. */

FIXTURE(no_device)
{
	struct ksem *k;
};

FIXTURE_VARIANT(no_device)
{
	bool there;
};

FIXTURE_VARIANT_ADD(no_device, absent)
{
	.there = false,
};

FIXTURE_VARIANT_ADD(no_device, forbidden)
{
	.there = true,
};

/* With a device there, only without privileges is it as if there were none. */
FIXTURE_SETUP(no_device)
{
	struct stat device;

	ASSERT_EQ(0, stat("/dev/ksem", &device));
	ASSERT_EQ(0, lib_mount_own());
	ASSERT_EQ(0, mkdir(TMP, 01777));
	ASSERT_EQ(0, lib_mount("/dev", "tmpfs", "mode=0755"));
	if (variant->there)
		ASSERT_EQ(0, mknod("/dev/ksem", S_IFCHR | 0600, device.st_rdev));
	self->k = NULL;
}

FIXTURE_TEARDOWN(no_device)
{
	if (self->k)
		EXPECT_EQ(0, ksem_close(self->k));
}

/* A creation's result; it is a handle, and the one that it should be. */
static int created(const char *path, int flags)
{
	struct ksem *k;
	int result = LIB_NEW(k, lib_open(path, flags, 3));

	if (!result && (lib_available(k) != 3 || LIB(ksem_acquire(k)) ||
			fcntl(ksem_fd(k), F_GETFD) != FD_CLOEXEC))
		return LIB_BROKEN;
	return result;
}

TEST_F(no_device, names_can_be_made_and_opened)
{
	EXPECT_EQ(0, LIB_AS_NOBODY(created(TMP "db", O_CREAT)));
	EXPECT_EQ(0, LIB_AS_NOBODY(created(TMP "db", O_CREAT)));
	EXPECT_EQ(-EEXIST, LIB_AS_NOBODY(created(TMP "db", O_CREAT | O_EXCL)));
	EXPECT_EQ(0, LIB_NEW(self->k, ksem_open(TMP "db", 0, 0, NULL)));
	EXPECT_EQ(-ENOTTY, LIB_AS_NOBODY(created("/db", O_CREAT)));
}

static int created_temporary(const char *path)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;
	int result = LIB(ksem_attr_set_temporary(attr, true));

	if (!result)
		result = LIB_NEW(k, ksem_open(path, O_CREAT, 0600, attr));
	if (result)
		return result;
	if (!lib_exists(path))
		return LIB_BROKEN;
	return LIB(ksem_close(k));
}

TEST_F(no_device, temporary_goes_with_the_last_handle)
{
	EXPECT_EQ(0, LIB_AS_NOBODY(created_temporary(TMP "db")));
	EXPECT_FALSE(lib_exists(TMP "db"));
}

/* Here the mode does bind: better none than one that nobody can open. */
TEST_F(no_device, mode_that_keeps_its_creator_out_leaves_no_name)
{
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened(TMP "db", O_CREAT, 0, O_RDWR)));
	EXPECT_EQ(-EACCES, LIB_AS_NOBODY(lib_opened(TMP "db", O_CREAT, 0400, O_RDWR)));
	EXPECT_FALSE(lib_exists(TMP "db"));
	EXPECT_EQ(0, LIB_AS_NOBODY(lib_opened(TMP "db", O_CREAT, 0400, O_RDONLY)));
}

TEST_HARNESS_MAIN
