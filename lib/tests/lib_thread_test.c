// SPDX-License-Identifier: GPL-2.0-only
/* Many threads in one handle, and in many. */
#include "lib_test.h"

#define THREADS	4
#define ROUNDS	2000

FIXTURE(threads)
{
	struct ksem *k;
};

FIXTURE_VARIANT(threads)
{
	bool fair;
};

FIXTURE_VARIANT_ADD(threads, fair)
{
	.fair = true,
};

FIXTURE_VARIANT_ADD(threads, nonfair)
{
	.fair = false,
};

FIXTURE_SETUP(threads)
{
	self->k = lib_create(1, variant->fair);
	ASSERT_NE(NULL, self->k);
}

FIXTURE_TEARDOWN(threads)
{
	EXPECT_EQ(0, ksem_close(self->k));
}

/* Guarded by the semaphore, and by nothing else. */
static unsigned long counter;

static int count_by_acquire(struct ksem *k)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (ksem_acquire(k))
			return -1;
		counter++;
		if (ksem_release(k))
			return -1;
	}
	return 0;
}

static int count_by_short_waits(struct ksem *k)
{
	const struct timespec t = { .tv_nsec = 1000 };
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		while (ksem_acquire_timed(k, &t))
			if (errno != ETIMEDOUT)
				return -1;
		counter++;
		if (ksem_release(k))
			return -1;
	}
	/* The failures on the way are no failures of this call. */
	errno = LIB_ERRNO;
	return 0;
}

static int count_by_own_handle(struct ksem *k)
{
	struct ksem *own = ksem_attach(k);
	int result;

	if (!own)
		return -1;
	result = count_by_acquire(own);
	return ksem_close(own) || result ? -1 : 0;
}

static void count(struct __test_metadata *_metadata, struct ksem *k,
		  int (*call)(struct ksem *k))
{
	struct lib_caller callers[THREADS];
	unsigned int i;

	counter = 0;
	for (i = 0; i < THREADS; i++)
		ASSERT_TRUE(lib_start(&callers[i], k, call));
	for (i = 0; i < THREADS; i++) {
		pthread_join(callers[i].thread, NULL);
		EXPECT_EQ(0, callers[i].result);
	}
	EXPECT_EQ(THREADS * ROUNDS, counter);
	EXPECT_EQ(1, lib_available(k));
}

/* BLK-08, BLK-18 */
TEST_F(threads, one_handle_serves_all)
{
	count(_metadata, self->k, count_by_acquire);
}

TEST_F(threads, a_handle_for_each)
{
	count(_metadata, self->k, count_by_own_handle);
}

/* TIM-18 */
TEST_F(threads, short_waits_lose_nothing)
{
	count(_metadata, self->k, count_by_short_waits);
}

static int take_news(struct ksem *k)
{
	return ksem_recovered(k);
}

/* The news is taken by one thread only, however many ask. */
TEST_F(threads, recovered_is_said_to_one)
{
	struct ksem *other = ksem_attach(self->k);
	struct lib_caller callers[THREADS];
	int news = 0;
	unsigned int i;

	ASSERT_NE(NULL, other);
	EXPECT_EQ(0, LIB(ksem_acquire(other)));
	EXPECT_EQ(0, ksem_close(other));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	for (i = 0; i < THREADS; i++)
		ASSERT_TRUE(lib_start(&callers[i], self->k, take_news));
	for (i = 0; i < THREADS; i++)
		news += lib_join(&callers[i]);
	EXPECT_EQ(1, news);
}

/* CLS-11: the wait holds the file that another thread closes. */
TEST_F(threads, close_under_a_waiter_cancels_nothing)
{
	struct ksem *other = ksem_attach(self->k);
	struct lib_caller caller;

	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	ASSERT_TRUE(lib_queue(&caller, other, ksem_acquire, 1));
	close(ksem_fd(other));
	EXPECT_EQ(1, LIB(ksem_queue_length(self->k)));
	EXPECT_EQ(0, LIB(ksem_release(self->k)));
	EXPECT_EQ(0, lib_join(&caller));
	/* The last reference went with the wait, and its permit with it. */
	EXPECT_TRUE(ksem_test_until(lib_available(self->k) == 1));
	EXPECT_EQ(-EBADF, LIB(ksem_close(other)));
}

TEST_HARNESS_MAIN
