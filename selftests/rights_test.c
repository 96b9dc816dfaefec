// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a handle may do follows from its open mode, and from the handle that it
 * was attached through.
 */
#include "ksem_test.h"

/* Every operation that needs a right, and which. */
FIXTURE_VARIANT(rights) {
	int (*op)(int fd, int other, __u32 n);
	__u32 needs;
	bool looks;		/* it changes nothing even when it may */
};

FIXTURE(rights) {
	int owner;
};

#define READ	KSEM_RIGHT_READ
#define WRITE	KSEM_RIGHT_WRITE

static int op_acquire(int fd, int other, __u32 n)
{
	return ksem_test_acquire(fd, n);
}

static int op_try_acquire(int fd, int other, __u32 n)
{
	return ksem_test_try_acquire(fd, n);
}

static int op_release(int fd, int other, __u32 n)
{
	return ksem_test_release(fd, n);
}

static int op_acquire_ex(int fd, int other, __u32 n)
{
	return ksem_test_acquire_ex(fd, 0, n, KSEM_NO_DEADLINE, NULL);
}

static int op_try_acquire_ex(int fd, int other, __u32 n)
{
	return ksem_test_try_acquire_ex(fd, 0, n, NULL);
}

static int op_barge(int fd, int other, __u32 n)
{
	return ksem_test_try_acquire_ex(fd, KSEM_FLAG_BARGE, n, NULL);
}

static int op_post(int fd, int other, __u32 n)
{
	return ksem_test_post(fd, n);
}

static int op_drain(int fd, int other, __u32 n)
{
	return ksem_test_drain(fd, &n);
}

static int op_reduce(int fd, int other, __u32 n)
{
	return ksem_test_reduce(fd, n);
}

static int op_forget(int fd, int other, __u32 n)
{
	return ksem_test_forget(fd, n);
}

static int op_resize(int fd, int other, __u32 n)
{
	return ksem_test_resize(fd, n);
}

static int op_transfer(int fd, int other, __u32 n)
{
	return ksem_test_transfer(fd, n, other);
}

static int op_shutdown(int fd, int other, __u32 n)
{
	return ksem_test_shutdown(fd);
}

static int op_info(int fd, int other, __u32 n)
{
	struct ksem_info info;

	return ksem_test_get_info(fd, &info);
}

static int op_holders(int fd, int other, __u32 n)
{
	struct ksem_holder_entry entries[4];
	struct ksem_holders holders;

	return ksem_test_holders(fd, entries, ARRAY_SIZE(entries), &holders);
}

static int op_waiters(int fd, int other, __u32 n)
{
	struct ksem_waiter_entry entries[4];
	struct ksem_waiters waiters;

	return ksem_test_waiters(fd, entries, ARRAY_SIZE(entries), &waiters);
}

FIXTURE_VARIANT_ADD(rights, acquire) { .op = op_acquire, .needs = READ };
FIXTURE_VARIANT_ADD(rights, try_acquire) { .op = op_try_acquire, .needs = READ };
FIXTURE_VARIANT_ADD(rights, release) { .op = op_release, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, acquire_ex) { .op = op_acquire_ex, .needs = READ };
FIXTURE_VARIANT_ADD(rights, try_acquire_ex) { .op = op_try_acquire_ex, .needs = READ };
FIXTURE_VARIANT_ADD(rights, barge) { .op = op_barge, .needs = READ | WRITE };
FIXTURE_VARIANT_ADD(rights, post) { .op = op_post, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, drain) { .op = op_drain, .needs = READ };
FIXTURE_VARIANT_ADD(rights, reduce) { .op = op_reduce, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, forget) { .op = op_forget, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, resize) { .op = op_resize, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, transfer) { .op = op_transfer, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, shutdown) { .op = op_shutdown, .needs = WRITE };
FIXTURE_VARIANT_ADD(rights, info) { .op = op_info, .needs = READ, .looks = true };
FIXTURE_VARIANT_ADD(rights, holders) { .op = op_holders, .needs = READ, .looks = true };
FIXTURE_VARIANT_ADD(rights, waiters) { .op = op_waiters, .needs = READ, .looks = true };

FIXTURE_SETUP(rights)
{
	self->owner = ksem_test_fair(10, 20);
	ASSERT_LE(0, self->owner);
}

FIXTURE_TEARDOWN(rights)
{
	close(self->owner);
}

/*
 * Does the operation on @fd, whose rights are @has, do what it should? @fd is
 * given 2 permits first where it can have any.
 */
static bool obeys(int owner, int fd, __u32 has, const FIXTURE_VARIANT(rights) * variant)
{
	struct ksem_info before, after;
	bool allowed = (has & variant->needs) == variant->needs;
	int result;

	if (fd < 0 || ksem_test_acquire(owner, 2))
		return false;
	if (has & WRITE && ksem_test_transfer(owner, 2, fd))
		return false;
	before = ksem_test_info(owner);
	result = variant->op(fd, owner, 1);
	after = ksem_test_info(owner);
	close(fd);
	if (allowed)
		return !result && variant->looks == !memcmp(&before, &after, sizeof(after));
	return result == -EBADF && !memcmp(&before, &after, sizeof(after));
}

TEST_F(rights, read_only_handle)
{
	int fd = ksem_test_attached_mode(self->owner, O_RDONLY);

	EXPECT_TRUE(obeys(self->owner, fd, READ, variant));
}

TEST_F(rights, write_only_handle)
{
	int fd = ksem_test_attached_mode(self->owner, O_WRONLY);

	EXPECT_TRUE(obeys(self->owner, fd, WRITE, variant));
}

TEST_F(rights, read_write_handle)
{
	int fd = ksem_test_attached_mode(self->owner, O_RDWR);

	EXPECT_TRUE(obeys(self->owner, fd, READ | WRITE, variant));
}

/* Linux's fourth access mode: open checks both rights and gives neither. */
TEST_F(rights, handle_of_mode_3_has_none)
{
	int fd = ksem_test_attached_mode(self->owner, O_ACCMODE);

	EXPECT_TRUE(obeys(self->owner, fd, 0, variant));
}

TEST_F(rights, attached_through_read_only_handle_cannot_write)
{
	int between = ksem_test_attached_mode(self->owner, O_RDONLY);
	int fd = ksem_test_attached_mode(between, O_RDWR);

	EXPECT_TRUE(obeys(self->owner, fd, READ, variant));
	close(between);
}

TEST_F(rights, attached_through_write_only_handle_cannot_read)
{
	int between = ksem_test_attached_mode(self->owner, O_WRONLY);
	int fd = ksem_test_attached_mode(between, O_RDWR);

	EXPECT_TRUE(obeys(self->owner, fd, WRITE, variant));
	close(between);
}

TEST_F(rights, nothing_is_left_where_modes_have_nothing_in_common)
{
	int between = ksem_test_attached_mode(self->owner, O_WRONLY);
	int fd = ksem_test_attached_mode(between, O_RDONLY);

	EXPECT_TRUE(obeys(self->owner, fd, 0, variant));
	close(between);
}

TEST_F(rights, missing_right_is_reported_for_0_permits_too)
{
	__u32 modes[] = { O_RDONLY, O_WRONLY, O_ACCMODE };
	__u32 rights[] = { READ, WRITE, 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = ksem_test_attached_mode(self->owner, modes[i]);

		ASSERT_LE(0, fd);
		if ((rights[i] & variant->needs) != variant->needs)
			EXPECT_EQ(-EBADF, variant->op(fd, self->owner, 0));
		close(fd);
	}
}

FIXTURE(handle) {
	int owner;
};

FIXTURE_SETUP(handle)
{
	self->owner = ksem_test_fair(4, 8);
	ASSERT_LE(0, self->owner);
}

FIXTURE_TEARDOWN(handle)
{
	close(self->owner);
}

TEST_F(handle, info_shows_its_rights)
{
	int read_only = ksem_test_attached_mode(self->owner, O_RDONLY);
	int through = ksem_test_attached_mode(read_only, O_RDWR);

	EXPECT_EQ(READ | WRITE, ksem_test_info(self->owner).out_rights);
	EXPECT_EQ(READ, ksem_test_info(read_only).out_rights);
	EXPECT_EQ(READ, ksem_test_info(through).out_rights);
	close(read_only);
	close(through);
}

TEST_F(handle, lost_right_does_not_return_down_the_chain)
{
	int first = ksem_test_attached_mode(self->owner, O_RDONLY);
	int second = ksem_test_attached_mode(first, O_RDWR);
	int third = ksem_test_attached_mode(second, O_RDWR);

	close(first);
	close(second);
	EXPECT_EQ(-EBADF, ksem_test_post(third, 1));
	EXPECT_EQ(0, ksem_test_acquire(third, 1));
	close(third);
}

TEST_F(handle, creator_is_bound_by_its_mode)
{
	int read_only = ksem_test_open(O_RDONLY);
	int write_only = ksem_test_open(O_WRONLY);

	ASSERT_EQ(0, ksem_test_create(read_only, 0, 1, 2));
	ASSERT_EQ(0, ksem_test_create(write_only, 0, 1, 2));
	EXPECT_EQ(0, ksem_test_acquire(read_only, 1));
	EXPECT_EQ(-EBADF, ksem_test_release(read_only, 1));
	EXPECT_EQ(0, ksem_test_post(write_only, 1));
	EXPECT_EQ(-EBADF, ksem_test_acquire(write_only, 1));
	close(read_only);
	close(write_only);
}

TEST_F(handle, transfer_needs_the_right_of_the_receiver)
{
	int read_only = ksem_test_attached_mode(self->owner, O_RDONLY);
	int through = ksem_test_attached_mode(read_only, O_RDWR);

	ASSERT_EQ(0, ksem_test_acquire(self->owner, 1));
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->owner, 1, read_only));
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->owner, 1, through));
	EXPECT_EQ(-EBADF, ksem_test_transfer(self->owner, 0, read_only));
	EXPECT_EQ(1, ksem_test_info(self->owner).out_own);
	close(read_only);
	close(through);
}

TEST_F(handle, barge_without_the_right_is_found_before_the_number)
{
	int read_only = ksem_test_attached_mode(self->owner, O_RDONLY);

	EXPECT_EQ(-EBADF, ksem_test_try_acquire_ex(read_only, KSEM_FLAG_BARGE, 9, NULL));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire_ex(read_only, 0, 9, NULL));
	close(read_only);
}

/* A descriptor passed on has the rights of its handle, whoever has it. */
TEST_F(handle, duplicate_has_the_same_rights)
{
	int read_only = ksem_test_attached_mode(self->owner, O_RDONLY);
	int copy = dup(read_only);

	ASSERT_LE(0, copy);
	EXPECT_EQ(0, ksem_test_acquire(copy, 1));
	EXPECT_EQ(-EBADF, ksem_test_release(copy, 1));
	close(read_only);
	close(copy);
}

/* Errors are found in the order of the header's table. */
TEST_F(handle, missing_right_is_found_before_the_pointer)
{
	int read_only = ksem_test_attached_mode(self->owner, O_RDONLY);
	int write_only = ksem_test_attached_mode(self->owner, O_WRONLY);

	EXPECT_EQ(-EBADF, ksem_test_ioctl(read_only, KSEM_IOC_POST, NULL));
	EXPECT_EQ(-EBADF, ksem_test_ioctl(read_only, KSEM_IOC_TRANSFER, NULL));
	EXPECT_EQ(-EBADF, ksem_test_ioctl(write_only, KSEM_IOC_INFO, NULL));
	EXPECT_EQ(-EBADF, ksem_test_ioctl(write_only, KSEM_IOC_ACQUIRE_EX, NULL));
	EXPECT_EQ(-EBADF, ksem_test_acquire(write_only, ~0UL));
	EXPECT_EQ(-EBADF, ksem_test_release(read_only, ~0UL));
	close(read_only);
	close(write_only);
}

TEST_HARNESS_MAIN
