// SPDX-License-Identifier: GPL-2.0-only
/* Every form of acquire that has no clock, and what ksem_recovered() says. */
#include "lib_test.h"

FIXTURE(acquire)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_VARIANT(acquire)
{
	bool fair;
};

FIXTURE_VARIANT_ADD(acquire, fair)
{
	.fair = true,
};

FIXTURE_VARIANT_ADD(acquire, nonfair)
{
	.fair = false,
};

FIXTURE_SETUP(acquire)
{
	self->k = lib_create(3, variant->fair);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
}

FIXTURE_TEARDOWN(acquire)
{
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

static int acquire_two(struct ksem *k)
{
	return ksem_acquire_n(k, 2);
}

static int acquire_two_uninterruptible(struct ksem *k)
{
	return ksem_acquire_uninterruptible_n(k, 2);
}

static int acquire_two_with_token(struct ksem *k)
{
	struct ksem_acquire_ex request = {
		.size = sizeof(request),
		.flags = KSEM_FLAG_TOKEN,
		.n = 2,
		.deadline_ns = KSEM_NO_DEADLINE,
	};

	return ksem_acquire_ex(k, &request);
}

static int try_two_with_token(struct ksem *k)
{
	struct ksem_try_acquire_ex request = {
		.size = sizeof(request),
		.flags = KSEM_FLAG_TOKEN,
		.n = 2,
	};

	return ksem_try_acquire_ex(k, &request);
}

TEST_F(acquire, one_and_n_are_taken)
{
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(2, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	EXPECT_EQ(0, lib_available(self->k));
	EXPECT_EQ(3, lib_info(self->k).out_own);
}

TEST_F(acquire, uninterruptible_takes_one_and_n)
{
	EXPECT_EQ(0, LIB(ksem_acquire_uninterruptible(self->k)));
	EXPECT_EQ(2, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_acquire_uninterruptible_n(self->k, 2)));
	EXPECT_EQ(0, lib_available(self->k));
}

/* TRY-01, TRY-02 */
TEST_F(acquire, try_takes_or_leaves)
{
	EXPECT_EQ(-EAGAIN, LIB(ksem_try_acquire_n(self->k, 4)));
	EXPECT_EQ(3, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_try_acquire_n(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_try_acquire(self->k)));
	EXPECT_EQ(-EAGAIN, LIB(ksem_try_acquire(self->k)));
	EXPECT_EQ(0, lib_available(self->k));
}

/* BLK-02 */
TEST_F(acquire, waits_for_a_release)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	ASSERT_TRUE(lib_queue(&caller, self->other, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(1, lib_info(self->other).out_own);
}

/* NPM-17 */
TEST_F(acquire, n_waits_until_all_are_there)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	ASSERT_TRUE(lib_queue(&caller, self->other, acquire_two, 1));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(1, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(2, lib_info(self->other).out_own);
}

TEST_F(acquire, uninterruptible_waits_for_a_release)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	ASSERT_TRUE(lib_queue(&caller, self->other,
			      acquire_two_uninterruptible, 1));
	EXPECT_EQ(0, LIB(ksem_release_n(self->k, 2)));
	EXPECT_EQ(0, lib_join(&caller));
}

/* CLS-01, CLS-06, TRY-09 */
TEST_F(acquire, shutdown_ends_every_form)
{
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 3)));
	ASSERT_TRUE(lib_queue(&caller, self->other, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_shutdown(self->k)));
	EXPECT_EQ(-ESHUTDOWN, lib_join(&caller));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_acquire_uninterruptible(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_try_acquire(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(acquire_two_with_token(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(try_two_with_token(self->k)));
	EXPECT_EQ(-ESHUTDOWN, LIB(ksem_drain(self->k)));
	EXPECT_EQ(0, LIB(ksem_release_n(self->k, 3)));
}

TEST_F(acquire, ex_gives_growing_tokens)
{
	struct ksem_acquire_ex acquire = {
		.size = sizeof(acquire),
		.flags = KSEM_FLAG_TOKEN,
		.n = 1,
		.deadline_ns = KSEM_NO_DEADLINE,
		.out_token = KSEM_TEST_POISON_64,
	};
	struct ksem_try_acquire_ex try_acquire = {
		.size = sizeof(try_acquire),
		.flags = KSEM_FLAG_TOKEN,
		.n = 1,
		.out_token = KSEM_TEST_POISON_64,
	};

	EXPECT_EQ(0, LIB(ksem_acquire_ex(self->k, &acquire)));
	EXPECT_NE(KSEM_TEST_POISON_64, acquire.out_token);
	EXPECT_EQ(0, LIB(ksem_try_acquire_ex(self->k, &try_acquire)));
	EXPECT_LT(acquire.out_token, try_acquire.out_token);
}

/* What the library does not know is for the kernel to judge. */
TEST_F(acquire, ex_passes_the_structure_on)
{
	struct ksem_acquire_ex request = { .deadline_ns = KSEM_NO_DEADLINE };

	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_ex(self->k, &request)));
	request.size = sizeof(request);
	EXPECT_EQ(0, LIB(ksem_acquire_ex(self->k, &request)));
	request.flags = KSEM_FLAG_BARGE;
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_ex(self->k, &request)));
	request.flags = 0;
	request.reserved = 1;
	EXPECT_EQ(-EINVAL, LIB(ksem_acquire_ex(self->k, &request)));
}

/* TRY-15 */
TEST_F(acquire, try_passes_a_queue_by_barging)
{
	struct ksem_try_acquire_ex request = {
		.size = sizeof(request),
		.flags = KSEM_FLAG_BARGE,
		.n = 1,
	};
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	ASSERT_TRUE(lib_queue(&caller, self->other, acquire_two, 1));
	if (variant->fair)
		EXPECT_EQ(-EAGAIN, LIB(ksem_try_acquire(self->k)));
	EXPECT_EQ(0, LIB(ksem_try_acquire_ex(self->k, &request)));
	EXPECT_EQ(0, LIB(ksem_release_n(self->k, 3)));
	EXPECT_EQ(0, lib_join(&caller));
}

TEST_F(acquire, drain_takes_all_at_once)
{
	EXPECT_EQ(3, LIB(ksem_drain(self->k)));
	EXPECT_EQ(3, lib_info(self->k).out_own);
	EXPECT_EQ(0, LIB(ksem_drain(self->k)));
}

TEST_F(acquire, drain_of_the_largest_number)
{
	EXPECT_EQ(0, LIB(ksem_resize(self->k, KSEM_MAX_PERMITS)));
	EXPECT_EQ(KSEM_MAX_PERMITS, LIB(ksem_drain(self->k)));
}

/* Recovered: the news comes with the next grant, whatever form it has. */

FIXTURE(recovered)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_VARIANT(recovered)
{
	int (*take)(struct ksem *k);
};

static int take_timed(struct ksem *k)
{
	const struct timespec second = { .tv_sec = 1 };

	return ksem_acquire_timed(k, &second);
}

static int take_clock(struct ksem *k)
{
	const struct timespec past = { 0 };

	return ksem_acquire_clock(k, CLOCK_REALTIME, &past);
}

static int take_all(struct ksem *k)
{
	return ksem_drain(k) == 3 ? 0 : LIB_BROKEN;
}

FIXTURE_VARIANT_ADD(recovered, acquire)
{
	.take = ksem_acquire,
};

FIXTURE_VARIANT_ADD(recovered, acquire_n)
{
	.take = acquire_two,
};

FIXTURE_VARIANT_ADD(recovered, uninterruptible)
{
	.take = ksem_acquire_uninterruptible,
};

FIXTURE_VARIANT_ADD(recovered, try_acquire)
{
	.take = ksem_try_acquire,
};

FIXTURE_VARIANT_ADD(recovered, timed)
{
	.take = take_timed,
};

FIXTURE_VARIANT_ADD(recovered, clock)
{
	.take = take_clock,
};

FIXTURE_VARIANT_ADD(recovered, acquire_ex)
{
	.take = acquire_two_with_token,
};

FIXTURE_VARIANT_ADD(recovered, try_acquire_ex)
{
	.take = try_two_with_token,
};

FIXTURE_VARIANT_ADD(recovered, drain)
{
	.take = take_all,
};

FIXTURE_SETUP(recovered)
{
	self->k = lib_create(3, false);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
}

FIXTURE_TEARDOWN(recovered)
{
	EXPECT_EQ(0, ksem_close(self->k));
}

TEST_F(recovered, is_said_once_after_a_success)
{
	EXPECT_EQ(0, LIB(ksem_acquire(self->other)));
	EXPECT_EQ(0, LIB(ksem_close(self->other)));
	EXPECT_EQ(0, LIB(ksem_recovered(self->k)));
	EXPECT_EQ(0, LIB(variant->take(self->k)));
	EXPECT_EQ(1, LIB(ksem_recovered(self->k)));
	EXPECT_EQ(0, LIB(ksem_recovered(self->k)));
}

TEST_F(recovered, is_not_said_when_all_was_released)
{
	EXPECT_EQ(0, LIB(ksem_acquire(self->other)));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, LIB(ksem_close(self->other)));
	EXPECT_EQ(0, LIB(variant->take(self->k)));
	EXPECT_EQ(0, LIB(ksem_recovered(self->k)));
}

/* A waiter learns of it too. */
TEST(recovered_reaches_a_waiter)
{
	struct ksem *k = lib_create(1, true), *other = ksem_attach(k);
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire(other)));
	ASSERT_TRUE(lib_queue(&caller, k, ksem_acquire, 1));
	EXPECT_EQ(0, LIB(ksem_close(other)));
	EXPECT_EQ(0, lib_join(&caller));
	EXPECT_EQ(1, LIB(ksem_recovered(k)));
	EXPECT_EQ(0, ksem_close(k));
}

TEST_HARNESS_MAIN
