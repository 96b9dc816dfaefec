// SPDX-License-Identifier: GPL-2.0-only
/*
 * The error contract, for every call of the library: -1 or NULL with errno, and
 * errno left alone on success (LIB() looks at that). Every symbol is called
 * here, so this is the program that is linked with the shared library too.
 */
#include "lib_test.h"

static const struct timespec now_or_never;

TEST(attr_null_is_einval)
{
	const struct timespec handoff = { .tv_nsec = 1 };

	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_fair(NULL, true)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_signal(NULL, true)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_initial(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_per_process(NULL, true)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_temporary(NULL, true)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_max(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_handoff(NULL, &handoff)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_handoff(NULL, NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_label(NULL, "label")));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_access(NULL, O_RDWR)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_inherit(NULL, true)));
	ksem_attr_free(NULL);
}

TEST(handle_null_is_einval)
{
	struct ksem *k;

	EXPECT_EQ(-EINVAL, LIB_NEW(k, ksem_attach(NULL)));
	EXPECT_EQ(NULL, k);
	EXPECT_EQ(-EINVAL, LIB(ksem_fd(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_close(NULL)));
}

TEST(name_null_is_einval)
{
	struct ksem *k;

	EXPECT_EQ(-EINVAL, LIB_NEW(k, ksem_open(NULL, 0, 0, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(k, ksem_open(NULL, O_CREAT, 0600, NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_unlink(NULL)));
	EXPECT_EQ(-EBADF, LIB_NEW(k, ksem_create_at(-1, "name", 0600, NULL)));
	EXPECT_EQ(NULL, k);
}

TEST(acquire_null_is_einval)
{
	struct ksem_acquire_ex acquire_ex = { .size = sizeof(acquire_ex) };
	struct ksem_try_acquire_ex try_acquire_ex = {
		.size = sizeof(try_acquire_ex),
	};

	EXPECT_EQ(-EINVAL, LIB(ksem_acquire(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_n(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_uninterruptible(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_uninterruptible_n(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_try_acquire(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_try_acquire_n(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed(NULL, &now_or_never)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed_n(NULL, 1, &now_or_never)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock(NULL, CLOCK_MONOTONIC,
						  &now_or_never)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock_n(NULL, 1, CLOCK_REALTIME,
						    &now_or_never)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_ex(NULL, &acquire_ex)));
	EXPECT_EQ(-EINVAL, LIB(ksem_try_acquire_ex(NULL, &try_acquire_ex)));
	EXPECT_EQ(-EINVAL, LIB(ksem_recovered(NULL)));
}

TEST(release_null_is_einval)
{
	EXPECT_EQ(-EINVAL, LIB(ksem_release(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_release_n(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_post(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_post_n(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_drain(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_reduce(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_forget(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_resize(NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_transfer(NULL, NULL, 1)));
	EXPECT_EQ(-EINVAL, LIB(ksem_shutdown(NULL)));
}

TEST(look_null_is_einval)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct ksem_holders holders = { .size = sizeof(holders) };
	struct ksem_waiters waiters = { .size = sizeof(waiters) };
	int available;

	EXPECT_EQ(-EINVAL, LIB(ksem_available(NULL, &available)));
	EXPECT_EQ(-EINVAL, LIB(ksem_queue_length(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_has_waiters(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_is_fair(NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_info(NULL, &info)));
	EXPECT_EQ(-EINVAL, LIB(ksem_holders(NULL, &holders)));
	EXPECT_EQ(-EINVAL, LIB(ksem_waiters(NULL, &waiters)));
}

FIXTURE(contract)
{
	struct ksem *k;
};

FIXTURE_SETUP(contract)
{
	self->k = lib_create(2, false);
	ASSERT_NE(NULL, self->k);
}

FIXTURE_TEARDOWN(contract)
{
	EXPECT_EQ(0, ksem_close(self->k));
}

/* Of arguments that the library itself would follow. */
TEST_F(contract, null_argument_is_einval)
{
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed(self->k, NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed_n(self->k, 1, NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock(self->k, CLOCK_MONOTONIC,
						  NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock_n(self->k, 1, CLOCK_REALTIME,
						    NULL)));
	EXPECT_EQ(-EINVAL, LIB(ksem_transfer(self->k, NULL, 0)));
	EXPECT_EQ(-EINVAL, LIB(ksem_available(self->k, NULL)));
	EXPECT_EQ(2, lib_available(self->k));
}

/* Of structures that only the kernel follows. */
TEST_F(contract, null_structure_is_efault)
{
	EXPECT_EQ(-EFAULT, LIB(ksem_acquire_ex(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_try_acquire_ex(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_info(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_holders(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_waiters(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_features(self->k, NULL)));
	EXPECT_EQ(-EFAULT, LIB(ksem_features(NULL, NULL)));
}

TEST_F(contract, success_leaves_errno_alone)
{
	struct ksem *k = self->k, *other;

	EXPECT_EQ(0, LIB(ksem_acquire(k)));
	EXPECT_EQ(0, LIB(ksem_acquire_uninterruptible(k)));
	EXPECT_EQ(0, LIB(ksem_release_n(k, 2)));
	EXPECT_EQ(0, LIB(ksem_try_acquire(k)));
	EXPECT_EQ(0, LIB(ksem_acquire_timed(k, &now_or_never)));
	EXPECT_EQ(0, LIB(ksem_release(k)));
	EXPECT_EQ(1, LIB(ksem_drain(k)));
	EXPECT_EQ(0, LIB(ksem_post(k)));
	EXPECT_EQ(0, LIB(ksem_reduce(k, 1)));
	EXPECT_EQ(0, LIB(ksem_forget(k, 1)));
	EXPECT_EQ(0, LIB(ksem_resize(k, 1)));
	EXPECT_EQ(0, LIB_NEW(other, ksem_attach(k)));
	EXPECT_EQ(0, LIB(ksem_transfer(k, other, 1)));
	EXPECT_EQ(0, LIB(ksem_shutdown(k)));
	EXPECT_EQ(0, LIB(ksem_recovered(k)));
	EXPECT_EQ(0, LIB(ksem_close(other)));
}

/* A caller that closes the descriptor underneath gets an errno, no crash. */
TEST_F(contract, closed_descriptor_is_ebadf)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct ksem *k = self->k, *other;

	close(ksem_fd(k));
	EXPECT_EQ(-EBADF, LIB(ksem_acquire(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_try_acquire(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_acquire_timed(k, &now_or_never)));
	EXPECT_EQ(-EBADF, LIB(ksem_release(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_post(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_drain(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_queue_length(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_has_waiters(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_is_fair(k)));
	EXPECT_EQ(-EBADF, LIB(ksem_info(k, &info)));
	EXPECT_EQ(-EBADF, LIB_NEW(other, ksem_attach(k)));
	EXPECT_EQ(NULL, other);
	EXPECT_EQ(-EBADF, LIB(ksem_close(k)));
	self->k = lib_create(0, false);
}

/* The kernel's EINVAL for what is beyond max, not a number cut to fit. */
TEST_F(contract, n_beyond_max_is_einval)
{
	static const unsigned int bad[] = { 0x80000000, 0x80000001, 0xffffffff };
	struct ksem *k = self->k;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_n(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_uninterruptible_n(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_try_acquire_n(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed_n(k, bad[i],
							    &now_or_never)));
		EXPECT_EQ(-EINVAL, LIB(ksem_release_n(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_post_n(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_reduce(k, bad[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_forget(k, bad[i])));
	}
	EXPECT_EQ(2, lib_available(k));
}

TEST_F(contract, zero_permits_change_nothing)
{
	struct ksem *k = self->k;

	EXPECT_EQ(0, LIB(ksem_acquire_n(k, 0)));
	EXPECT_EQ(0, LIB(ksem_acquire_uninterruptible_n(k, 0)));
	EXPECT_EQ(0, LIB(ksem_try_acquire_n(k, 0)));
	EXPECT_EQ(0, LIB(ksem_acquire_timed_n(k, 0, &now_or_never)));
	EXPECT_EQ(0, LIB(ksem_release_n(k, 0)));
	EXPECT_EQ(0, LIB(ksem_post_n(k, 0)));
	EXPECT_EQ(0, LIB(ksem_reduce(k, 0)));
	EXPECT_EQ(0, LIB(ksem_forget(k, 0)));
	EXPECT_EQ(0, LIB(ksem_transfer(k, k, 0)));
	EXPECT_EQ(2, lib_available(k));
	EXPECT_EQ(0, lib_info(k).out_held);
}

TEST_HARNESS_MAIN
