// SPDX-License-Identifier: GPL-2.0-only
/* Timed acquire: what a timespec means, and which clocks there are. */
#include "lib_test.h"

#define MS	KSEM_TEST_MS

FIXTURE(timed)
{
	struct ksem *k;
	struct ksem *other;
};

FIXTURE_VARIANT(timed)
{
	bool fair;
};

FIXTURE_VARIANT_ADD(timed, fair)
{
	.fair = true,
};

FIXTURE_VARIANT_ADD(timed, nonfair)
{
	.fair = false,
};

/* All permits are taken, by @other. */
FIXTURE_SETUP(timed)
{
	self->k = lib_create(3, variant->fair);
	ASSERT_NE(NULL, self->k);
	self->other = ksem_attach(self->k);
	ASSERT_NE(NULL, self->other);
	ASSERT_EQ(0, ksem_acquire_n(self->other, 3));
}

FIXTURE_TEARDOWN(timed)
{
	EXPECT_EQ(0, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, ksem_close(self->other));
	EXPECT_EQ(0, ksem_close(self->k));
}

/* TIM-01 */
TEST_F(timed, relative_ends_no_earlier)
{
	const struct timespec t = { .tv_nsec = 20 * MS };
	__u64 start = ksem_test_now();

	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_timed(self->k, &t)));
	EXPECT_LE(20 * MS, ksem_test_now() - start);
	EXPECT_EQ(1, lib_info(self->k).out_timeouts);
}

/* TIM-02 */
TEST_F(timed, relative_n_takes_no_part)
{
	const struct timespec t = { .tv_nsec = 5 * MS };

	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 2)));
	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_timed_n(self->k, 3, &t)));
	EXPECT_EQ(2, lib_available(self->k));
	EXPECT_EQ(0, LIB(ksem_acquire_timed_n(self->k, 2, &t)));
}

/* TIM-03 */
TEST_F(timed, relative_does_not_wait_for_a_free_permit)
{
	const struct timespec t = { .tv_sec = 3600 };

	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, LIB(ksem_acquire_timed(self->k, &t)));
	EXPECT_EQ(0, lib_info(self->k).out_waits);
}

static int timed_hour(struct ksem *k)
{
	const struct timespec t = { .tv_sec = 3600 };

	return ksem_acquire_timed(k, &t);
}

TEST_F(timed, relative_is_granted_while_waiting)
{
	struct lib_caller caller;

	ASSERT_TRUE(lib_queue(&caller, self->k, timed_hour, 1));
	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(0, lib_join(&caller));
}

/* TIM-04, TRY-18: a try that says ETIMEDOUT. */
TEST_F(timed, relative_zero_or_less_does_not_wait)
{
	static const struct timespec none[] = {
		{ 0, 0 }, { -1, 0 }, { -1, 999999999 }, { -1000000, 5 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_timed(self->k,
							     &none[i])));
	EXPECT_EQ(0, lib_info(self->k).out_waits);
	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 2)));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, LIB(ksem_acquire_timed(self->k, &none[i])));
}

/* TIM-05 */
TEST_F(timed, absolute_one_day_ago_times_out_at_once)
{
	struct timespec real = lib_in_ms(CLOCK_REALTIME, 0);
	struct timespec mono = lib_in_ms(CLOCK_MONOTONIC, 0);

	real.tv_sec -= 24 * 60 * 60;
	mono.tv_sec -= 24 * 60 * 60;
	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k, CLOCK_REALTIME,
						     &real)));
	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k, CLOCK_MONOTONIC,
						     &mono)));
	EXPECT_EQ(0, lib_info(self->k).out_waits);
}

/* TIM-06, TRY-20 */
TEST_F(timed, absolute_past_takes_what_is_free)
{
	struct timespec real = lib_in_ms(CLOCK_REALTIME, -1000);
	struct timespec mono = lib_in_ms(CLOCK_MONOTONIC, -1);

	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 3)));
	EXPECT_EQ(0, LIB(ksem_acquire_clock_n(self->k, 2, CLOCK_REALTIME,
					      &real)));
	EXPECT_EQ(0, LIB(ksem_acquire_clock(self->k, CLOCK_MONOTONIC, &mono)));
}

static const struct timespec bad_nsec[] = {
	{ 0, 1000000000 }, { 0, 1000000001 }, { 0, LONG_MAX }, { 0, -1 },
	{ 0, LONG_MIN }, { -1, -1 }, { -1, 1000000000 },
};

/* TIM-07, with nothing free, and below with something free. */
TEST_F(timed, nsec_out_of_range_is_einval)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_nsec); i++) {
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed(self->k,
							  &bad_nsec[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock(self->k,
							  CLOCK_MONOTONIC,
							  &bad_nsec[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock(self->k,
							  CLOCK_REALTIME,
							  &bad_nsec[i])));
	}
	EXPECT_EQ(0, lib_info(self->k).out_waits);
}

TEST_F(timed, nsec_out_of_range_takes_no_free_permit)
{
	unsigned int i;

	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 3)));
	for (i = 0; i < ARRAY_SIZE(bad_nsec); i++) {
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_timed(self->k,
							  &bad_nsec[i])));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock_n(self->k, 0,
							    CLOCK_MONOTONIC,
							    &bad_nsec[i])));
	}
	EXPECT_EQ(3, lib_available(self->k));
}

/* TIM-08 */
TEST_F(timed, absolute_negative_seconds_are_past)
{
	static const struct timespec negative[] = {
		{ -1, 999999999 }, { -2, 0 }, { LONG_MIN, 0 },
		{ LONG_MIN, 999999999 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(negative); i++) {
		EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k,
							     CLOCK_REALTIME,
							     &negative[i])));
		EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k,
							     CLOCK_MONOTONIC,
							     &negative[i])));
		EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_timed(self->k,
							     &negative[i])));
	}
}

/* TIM-11 */
TEST_F(timed, both_clocks_end_no_earlier)
{
	struct timespec real = lib_in_ms(CLOCK_REALTIME, 20);
	struct timespec mono = lib_in_ms(CLOCK_MONOTONIC, 40);

	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k, CLOCK_REALTIME,
						     &real)));
	EXPECT_LE(lib_ns(&real), ksem_test_clock(CLOCK_REALTIME));
	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_clock(self->k, CLOCK_MONOTONIC,
						     &mono)));
	EXPECT_LE(lib_ns(&mono), ksem_test_clock(CLOCK_MONOTONIC));
}

/* TIM-12 */
TEST_F(timed, other_clocks_are_einval_even_with_a_free_permit)
{
	static const clockid_t bad[] = {
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
		CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI, 123456, -1,
	};
	struct timespec past = { 0 };
	unsigned int i;

	EXPECT_EQ(0, LIB(ksem_release_n(self->other, 3)));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock(self->k, bad[i],
							  &past)));
		EXPECT_EQ(-EINVAL, LIB(ksem_acquire_clock_n(self->k, 0, bad[i],
							    &past)));
	}
	EXPECT_EQ(3, lib_available(self->k));
}

/* TIM-13, in the kernel's words and in those of the library. */

static int ex_for_ever(struct ksem *k)
{
	struct ksem_acquire_ex request = {
		.size = sizeof(request),
		.n = 1,
		.deadline_ns = KSEM_NO_DEADLINE,
	};

	return ksem_acquire_ex(k, &request);
}

static const struct timespec latest = { LONG_MAX, 999999999 };

static int timed_latest(struct ksem *k)
{
	return ksem_acquire_timed(k, &latest);
}

static int monotonic_latest(struct ksem *k)
{
	return ksem_acquire_clock(k, CLOCK_MONOTONIC, &latest);
}

static int realtime_latest(struct ksem *k)
{
	return ksem_acquire_clock(k, CLOCK_REALTIME, &latest);
}

/* One that fits in 64 bits only as long as now is not added. */
static int timed_almost_latest(struct ksem *k)
{
	const struct timespec t = { .tv_sec = sizeof(time_t) > 4 ?
					      9223372036 : INT_MAX };

	return ksem_acquire_timed(k, &t);
}

TEST_F(timed, very_late_deadlines_wait)
{
	static int (*const calls[])(struct ksem *k) = {
		ex_for_ever, timed_latest, monotonic_latest, realtime_latest,
		timed_almost_latest,
	};
	struct lib_caller caller;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_TRUE(lib_queue(&caller, self->k, calls[i], 1));
		EXPECT_EQ(0, LIB(ksem_release(self->other)));
		EXPECT_EQ(0, lib_join(&caller));
		EXPECT_EQ(0, LIB(ksem_transfer(self->k, self->other, 1)));
	}
	EXPECT_EQ(0, lib_info(self->k).out_timeouts);
}

/* TIM-16 */
TEST_F(timed, failure_changes_nothing)
{
	const struct timespec t = { .tv_nsec = 1 };

	EXPECT_EQ(0, LIB(ksem_release(self->other)));
	EXPECT_EQ(-ETIMEDOUT, LIB(ksem_acquire_timed_n(self->k, 2, &t)));
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(0, lib_info(self->k).out_own);
	EXPECT_EQ(2, lib_info(self->k).out_held);
}

TEST_F(timed, shutdown_ends_the_wait)
{
	struct lib_caller caller;

	ASSERT_TRUE(lib_queue(&caller, self->k, timed_hour, 1));
	EXPECT_EQ(0, LIB(ksem_shutdown(self->other)));
	EXPECT_EQ(-ESHUTDOWN, lib_join(&caller));
	EXPECT_EQ(-ESHUTDOWN, LIB(timed_hour(self->k)));
}

TEST_HARNESS_MAIN
