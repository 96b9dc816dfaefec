// SPDX-License-Identifier: GPL-2.0-only
/* Release, post, reduce, forget, resize, transfer, shutdown. */
#include "lib_test.h"

FIXTURE(release)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_VARIANT(release)
{
	bool fair;
};

FIXTURE_VARIANT_ADD(release, fair)
{
	.fair = true,
};

FIXTURE_VARIANT_ADD(release, nonfair)
{
	.fair = false,
};

FIXTURE_SETUP(release)
{
	self->k = lib_create(5, variant->fair);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
}

FIXTURE_TEARDOWN(release)
{
	EXPECT_TRUE(ksem_test_conserved(ksem_fd(self->k)));
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

/* BLK-03, INT-01 */
TEST_F(release, gives_back_what_was_acquired)
{
	unsigned int i;

	for (i = 1; i <= 5; i++) {
		EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, i)));
		EXPECT_EQ(5 - (int)i, lib_available(self->k));
		EXPECT_EQ(0, LIB(ksem_release_n(self->k, i)));
		EXPECT_EQ(5, lib_available(self->k));
	}
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(5, lib_available(self->k));
}

/* Promise 7: other holders' permits are not to be had. */
TEST_F(release, beyond_the_own_account_is_eperm)
{
	EXPECT_EQ(-EPERM, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->other, 2)));
	EXPECT_EQ(-EPERM, LIB(ksem_release_n(self->k, 3)));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(2, lib_info(self->k).out_own);
}

static void *release_in_thread(void *k)
{
	return LIB(ksem_release(k)) ? k : NULL;
}

/* REL-15 */
TEST_F(release, any_thread_may)
{
	pthread_t thread;
	void *failed;

	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, release_in_thread, self->k));
	ASSERT_EQ(0, pthread_join(thread, &failed));
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(5, lib_available(self->k));
}

/* REL-04, LIM-04 */
TEST(beyond_max_is_eoverflow)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	ASSERT_EQ(0, ksem_attr_set_max(attr, 2));
	k = ksem_create(2, attr);
	ksem_attr_free(attr);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(-EOVERFLOW, LIB(ksem_post(k)));
	EXPECT_EQ(-EOVERFLOW, LIB(ksem_post_n(k, KSEM_MAX_PERMITS)));
	EXPECT_EQ(-EOVERFLOW, LIB(ksem_resize(k, 3)));
	EXPECT_EQ(2, lib_available(k));
	EXPECT_EQ(0, ksem_close(k));
}

/* REL-07, REL-08 are rows of lib_contract_test. */

/* NPM-01, LIM-14 */
TEST_F(release, post_adds_to_the_capacity)
{
	EXPECT_EQ(0, LIB(ksem_post(self->k)));
	EXPECT_EQ(0, LIB(ksem_post_n(self->k, 100)));
	EXPECT_EQ(106, lib_available(self->k));
	EXPECT_EQ(106, lib_info(self->k).out_capacity);
}

TEST_F(release, post_wakes_a_waiter)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 5)));
	ASSERT_TRUE(lib_queue(&caller, self->other, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_post(self->k)));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(6, lib_info(self->k).out_held);
}

/* LIM-09, in ksem's terms: beyond the capacity is an error. */
TEST_F(release, reduce_may_leave_a_deficit)
{
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	EXPECT_EQ(0, LIB(ksem_reduce(self->k, 1)));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_reduce(self->k, 3)));
	EXPECT_EQ(-2, lib_available(self->k));
	EXPECT_EQ(1, lib_info(self->k).out_capacity);
	EXPECT_EQ(-EINVAL, LIB(ksem_reduce(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_release_n(self->k, 3)));
	EXPECT_EQ(1, lib_available(self->k));
}

TEST_F(release, forget_shrinks_account_and_capacity)
{
	EXPECT_EQ(-EPERM, LIB(ksem_forget(self->k, 1)));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	EXPECT_EQ(0, LIB(ksem_forget(self->k, 2)));
	EXPECT_EQ(1, lib_info(self->k).out_own);
	EXPECT_EQ(3, lib_info(self->k).out_capacity);
	EXPECT_EQ(2, lib_available(self->k));
	EXPECT_EQ(-EPERM, LIB(ksem_release_n(self->k, 2)));
}

TEST_F(release, resize_sets_the_capacity)
{
	EXPECT_EQ(0, LIB(ksem_resize(self->k, 9)));
	EXPECT_EQ(9, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 4)));
	EXPECT_EQ(0, LIB(ksem_resize(self->k, 1)));
	EXPECT_EQ(-3, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_resize(self->k, 0)));
	EXPECT_EQ(-4, lib_available(self->k));
}

/* LIM-16 */
TEST_F(release, resize_wakes_a_waiter)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 5)));
	ASSERT_TRUE(lib_queue(&caller, self->other, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_resize(self->k, 6)));
	EXPECT_EQ(0, lib_join(&caller));
}

TEST_F(release, transfer_moves_between_accounts)
{
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	EXPECT_EQ(0, LIB(ksem_transfer(self->k, self->other, 2)));
	EXPECT_EQ(1, lib_info(self->k).out_own);
	EXPECT_EQ(2, lib_info(self->other).out_own);
	EXPECT_EQ(-EPERM, LIB(ksem_transfer(self->k, self->other, 2)));
	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 2)));
}

TEST_F(release, transfer_stays_within_the_semaphore)
{
	struct ksem *foreign = lib_create(1, false);

	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(-EXDEV, LIB(ksem_transfer(self->k, foreign, 1)));
	EXPECT_EQ(1, lib_info(self->k).out_own);
	EXPECT_EQ(0, ksem_close(foreign));
}

TEST_F(release, works_after_shutdown)
{
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 4)));
	EXPECT_EQ(0, LIB(ksem_shutdown(self->k)));
	EXPECT_EQ(0, LIB(ksem_shutdown(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, LIB(ksem_transfer(self->k, self->other, 1)));
	EXPECT_EQ(0, LIB(ksem_forget(self->k, 1)));
	EXPECT_EQ(0, LIB(ksem_reduce(self->k, 1)));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_post(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_resize(self->k, 9)));
	EXPECT_EQ(KSEM_INFO_SHUTDOWN,
		  lib_info(self->k).out_flags & KSEM_INFO_SHUTDOWN);
}

TEST(signal_semaphore_is_produced_and_consumed)
{
	struct ksem *k = lib_create_signal(0, 2);

	ASSERT_NE(NULL, k);
	EXPECT_EQ(0, LIB(ksem_release(k)));
	EXPECT_EQ(0, LIB(ksem_post(k)));
	EXPECT_EQ(-EOVERFLOW, LIB(ksem_release(k)));
	EXPECT_EQ(0, LIB(ksem_acquire(k)));
	EXPECT_EQ(0, lib_info(k).out_own);
	EXPECT_EQ(1, LIB(ksem_drain(k)));
	EXPECT_EQ(-EOPNOTSUPP, LIB(ksem_forget(k, 0)));
	EXPECT_EQ(-EOPNOTSUPP, LIB(ksem_transfer(k, k, 0)));
	EXPECT_EQ(0, LIB(ksem_resize(k, 2)));
	EXPECT_EQ(2, lib_available(k));
	EXPECT_EQ(0, LIB(ksem_reduce(k, 1)));
	EXPECT_EQ(1, lib_available(k));
	EXPECT_EQ(0, ksem_close(k));
}

TEST_HARNESS_MAIN
