// SPDX-License-Identifier: GPL-2.0-only
/* Looking: available, queue_length, has_waiters, is_fair, info, holders, ... */
#include "lib_test.h"

FIXTURE(look)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_SETUP(look)
{
	self->k = lib_create(2, true);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
}

FIXTURE_TEARDOWN(look)
{
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

static int acquire_two(struct ksem *k)
{
	return ksem_acquire_n(k, 2);
}

/* INT-09 */
TEST_F(look, looking_changes_nothing)
{
	int available = -1;

	EXPECT_EQ(0, LIB(ksem_available(self->k, &available)));
	EXPECT_EQ(2, available);
	EXPECT_EQ(0, LIB(ksem_available(self->k, &available)));
	EXPECT_EQ(2, available);
}

/* INT-12 */
TEST_F(look, available_can_be_negative)
{
	int available = -1;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->other, 2)));
	EXPECT_EQ(0, LIB(ksem_reduce(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_available(self->k, &available)));
	EXPECT_EQ(-2, available);
}

TEST_F(look, available_is_left_alone_on_failure)
{
	struct ksem *writer = ksem_attach_fd(ksem_fd(self->k), O_WRONLY);
	int available = 4711;

	ASSERT_NE(NULL, writer);
	EXPECT_EQ(-EBADF, LIB(ksem_available(writer, &available)));
	EXPECT_EQ(4711, available);
	EXPECT_EQ(0, ksem_close(writer));
}

/* INT-02, INT-05 */
TEST_F(look, queue_is_seen_to_grow_and_shrink)
{
	struct lib_caller first, second;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_has_waiters(self->k)));
	EXPECT_EQ(0, LIB(ksem_queue_length(self->k)));
	ASSERT_TRUE(lib_queue(&first, self->other, ksem_acquire, 1));
	EXPECT_EQ(1, LIB(ksem_has_waiters(self->k)));
	ASSERT_TRUE(lib_queue(&second, self->other, ksem_acquire, 2));
	EXPECT_EQ(1, LIB(ksem_has_waiters(self->k)));
	EXPECT_EQ(2, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&first));
	EXPECT_EQ(1, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&second));
	EXPECT_EQ(0, LIB(ksem_has_waiters(self->k)));
}

TEST_F(look, is_fair_tells_the_two_apart)
{
	struct ksem *nonfair = lib_create(1, false);

	EXPECT_EQ(1, LIB(ksem_is_fair(self->k)));
	EXPECT_EQ(0, LIB(ksem_is_fair(nonfair)));
	EXPECT_EQ(0, ksem_close(nonfair));
}

/* INT-08 */
TEST_F(look, info_is_the_kernels_snapshot)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	ASSERT_TRUE(lib_queue(&caller, self->other, acquire_two, 1));
	EXPECT_EQ(0, LIB(ksem_info(self->k, &info)));
	EXPECT_EQ(1, info.out_available);
	EXPECT_EQ(1, info.out_own);
	EXPECT_EQ(1, info.out_waiters);
	EXPECT_EQ(2, info.out_demand);
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&caller));
}

TEST_F(look, info_wants_its_size)
{
	struct ksem_info info = { .size = 0 };

	EXPECT_EQ(-EINVAL, LIB(ksem_info(self->k, &info)));
}

/* INT-10 */
TEST_F(look, holders_are_listed)
{
	struct ksem_holder_entry entries[2] = { 0 };
	struct ksem_holders holders = {
		.size = sizeof(holders),
		.entries = (uintptr_t)entries,
		.count = 2,
		.entry_size = sizeof(entries[0]),
	};

	EXPECT_EQ(0, LIB(ksem_acquire(self->other)));
	EXPECT_EQ(0, LIB(ksem_holders(self->k, &holders)));
	EXPECT_EQ(1, holders.out_count);
	EXPECT_EQ(1, holders.out_total);
	EXPECT_EQ(getpid(), (pid_t)entries[0].opener_pid);
	EXPECT_EQ(getpid(), (pid_t)entries[0].acquirer_pid);
	EXPECT_EQ(1, entries[0].permits);
}

/* INT-04 */
TEST_F(look, waiters_are_listed_in_order)
{
	struct ksem_waiter_entry entries[3] = { 0 };
	struct ksem_waiters waiters = {
		.size = sizeof(waiters),
		.entries = (uintptr_t)entries,
		.count = 3,
		.entry_size = sizeof(entries[0]),
	};
	struct lib_caller first, second;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	ASSERT_TRUE(lib_queue(&first, self->other, acquire_two, 1));
	ASSERT_TRUE(lib_queue(&second, self->other, ksem_acquire, 2));
	EXPECT_EQ(0, LIB(ksem_waiters(self->k, &waiters)));
	EXPECT_EQ(2, waiters.out_total);
	EXPECT_EQ(2, waiters.out_count);
	EXPECT_EQ(getpid(), (pid_t)entries[0].pid);
	EXPECT_EQ(first.tid, (pid_t)entries[0].tid);
	EXPECT_EQ(2, entries[0].permits);
	EXPECT_EQ(second.tid, (pid_t)entries[1].tid);
	EXPECT_EQ(0, LIB(ksem_shutdown(self->k)));
	EXPECT_EQ(-ESHUTDOWN, lib_join(&first));
	EXPECT_EQ(-ESHUTDOWN, lib_join(&second));
}

/* A first call with no array asks for the length. */
TEST_F(look, lists_say_how_long_they_are)
{
	struct ksem_holders holders = {
		.size = sizeof(holders),
		.entry_size = sizeof(struct ksem_holder_entry),
	};
	struct ksem_waiters waiters = {
		.size = sizeof(waiters),
		.entry_size = sizeof(struct ksem_waiter_entry),
	};

	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(0, LIB(ksem_acquire(self->other)));
	EXPECT_EQ(0, LIB(ksem_holders(self->k, &holders)));
	EXPECT_EQ(0, holders.out_count);
	EXPECT_EQ(2, holders.out_total);
	EXPECT_EQ(0, LIB(ksem_waiters(self->k, &waiters)));
	EXPECT_EQ(0, waiters.out_total);
}

TEST_F(look, features_of_a_handle)
{
	struct ksem_features features = { .size = sizeof(features) };

	EXPECT_EQ(0, LIB(ksem_features(self->k, &features)));
	EXPECT_EQ(KSEM_FEATURE_BASE, features.out_features & KSEM_FEATURE_BASE);
}

TEST_F(look, features_of_the_device_leak_nothing)
{
	struct ksem_features features = { .size = sizeof(features) };
	int fds = lib_count_fds();

	EXPECT_EQ(0, LIB(ksem_features(NULL, &features)));
	EXPECT_EQ(KSEM_FEATURE_BASE, features.out_features & KSEM_FEATURE_BASE);
	features.size = 0;
	EXPECT_EQ(-EINVAL, LIB(ksem_features(NULL, &features)));
	EXPECT_EQ(fds, lib_count_fds());
}

TEST_HARNESS_MAIN
