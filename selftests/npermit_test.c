// SPDX-License-Identifier: GPL-2.0-only
/* Several permits in one request. */
#include "ksem_test.h"

FIXTURE(npermit) {
	int fd;
	int other;
};

FIXTURE_SETUP(npermit)
{
	self->fd = ksem_test_fair(10, 1000);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(npermit)
{
	close(self->fd);
	close(self->other);
}

TEST_F(npermit, counts_follow_each_step)
{
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(9, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 9));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_post(self->fd, 100));
	EXPECT_EQ(101, ksem_test_info(self->fd).out_available);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(npermit, release_i_and_acquire_i_come_back_to_one)
{
	int i;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 9));
	for (i = 1; i <= 5; i++) {
		EXPECT_EQ(0, ksem_test_release(self->fd, i));
		EXPECT_EQ(1 + i, ksem_test_info(self->fd).out_available);
		EXPECT_EQ(0, ksem_test_acquire(self->fd, i));
		EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	}
}

TEST_F(npermit, big_request_waits_until_all_of_it_is_there)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 8));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 5, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

/* Nothing is set aside for the one who waits, and nothing is hidden. */
TEST_F(npermit, free_count_and_demand_show_both_sides)
{
	struct ksem_test_waiter big, small;
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 8));
	ASSERT_TRUE(ksem_test_queue(&big, self->fd, 5, 1));
	ASSERT_TRUE(ksem_test_queue(&small, self->fd, 2, 2));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(2, info.out_available);
	EXPECT_EQ(7, info.out_demand);
	ASSERT_EQ(0, ksem_test_release(self->other, 8));
	EXPECT_EQ(0, ksem_test_join(&big));
	EXPECT_EQ(0, ksem_test_join(&small));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_demand);
}

TEST_F(npermit, small_request_queues_behind_a_big_one)
{
	struct ksem_test_waiter big, small;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 9));
	ASSERT_TRUE(ksem_test_queue(&big, self->fd, 3, 1));
	ASSERT_TRUE(ksem_test_queue(&small, self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(0, ksem_test_join(&big));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&small));
}

TEST_F(npermit, nobody_passes_a_head_that_does_not_fit)
{
	struct ksem_test_waiter big, small;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 10));
	ASSERT_TRUE(ksem_test_queue(&big, self->fd, 3, 1));
	ASSERT_TRUE(ksem_test_queue(&small, self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	EXPECT_EQ(0, ksem_test_join(&big));
	EXPECT_EQ(0, ksem_test_join(&small));
}

/* Two threads take 4, 10 and 8 of 10: never more than 10 are out. */
struct taker {
	pthread_t thread;
	int fd;
	int *out;
	int most;
	int errors;
};

static void *taker_main(void *data)
{
	static const int sizes[] = { 4, 10, 8 };
	struct taker *taker = data;
	size_t i;
	int out;

	for (i = 0; i < 90; i++) {
		int n = sizes[i % ARRAY_SIZE(sizes)];

		taker->errors += ksem_test_acquire(taker->fd, n) < 0;
		out = __atomic_add_fetch(taker->out, n, __ATOMIC_SEQ_CST);
		if (out > taker->most)
			taker->most = out;
		__atomic_sub_fetch(taker->out, n, __ATOMIC_SEQ_CST);
		taker->errors += ksem_test_release(taker->fd, n) < 0;
	}
	return NULL;
}

TEST_F(npermit, requests_of_many_sizes_never_exceed_the_capacity)
{
	struct taker takers[2];
	int out = 0, i;

	for (i = 0; i < 2; i++) {
		takers[i] = (struct taker){ .fd = i ? self->fd : self->other,
					    .out = &out };
		ASSERT_EQ(0, pthread_create(&takers[i].thread, NULL, taker_main,
					    &takers[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(takers[i].thread, NULL));
		EXPECT_EQ(0, takers[i].errors);
		EXPECT_GE(10, takers[i].most);
	}
	EXPECT_EQ(10, ksem_test_info(self->fd).out_available);
}

/* The largest request among the smallest: each gets its turn. */
static void *largest_main(void *data)
{
	struct taker *taker = data;
	int i;

	for (i = 0; i < 50; i++) {
		taker->errors += ksem_test_acquire(taker->fd, taker->most) < 0;
		taker->errors += ksem_test_release(taker->fd, taker->most) < 0;
	}
	return NULL;
}

TEST(largest_and_smallest_requests_all_finish)
{
	__u32 kinds[] = { KSEM_CREATE_FAIR, 0 };
	struct taker takers[4];
	size_t kind, i;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		int fd = ksem_test_open(O_RDWR);

		ASSERT_EQ(0, ksem_test_create(fd, kinds[kind], KSEM_MAX_PERMITS,
					      KSEM_MAX_PERMITS));
		for (i = 0; i < ARRAY_SIZE(takers); i++) {
			takers[i] = (struct taker){
				.fd = ksem_test_attached(fd),
				.most = i ? 1 : KSEM_MAX_PERMITS,
			};
			ASSERT_EQ(0, pthread_create(&takers[i].thread, NULL,
						    largest_main, &takers[i]));
		}
		for (i = 0; i < ARRAY_SIZE(takers); i++) {
			ASSERT_EQ(0, pthread_join(takers[i].thread, NULL));
			EXPECT_EQ(0, takers[i].errors);
			close(takers[i].fd);
		}
		EXPECT_EQ(KSEM_MAX_PERMITS, ksem_test_info(fd).out_available);
		close(fd);
	}
}

TEST_HARNESS_MAIN
