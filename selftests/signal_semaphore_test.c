// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal semaphores: acquire consumes, release and post produce, and nobody
 * holds anything.
 */
#include "ksem_test.h"

FIXTURE(signal) {
	int fd;
	int other;
};

FIXTURE_VARIANT(signal) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(signal, fair) { .flags = KSEM_CREATE_SIGNAL | KSEM_CREATE_FAIR };
FIXTURE_VARIANT_ADD(signal, nonfair) { .flags = KSEM_CREATE_SIGNAL };

FIXTURE_SETUP(signal)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 4, 8));
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(signal)
{
	close(self->fd);
	close(self->other);
}

TEST_F(signal, acquire_consumes)
{
	struct ksem_info info;

	EXPECT_EQ(0, ksem_test_acquire(self->fd, 3));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(1, info.out_available);
	EXPECT_EQ(1, info.out_capacity);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(0, info.out_own);
	EXPECT_EQ(0, info.out_holders);
	EXPECT_EQ(1, info.out_acquires);
}

TEST_F(signal, try_acquire_consumes)
{
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 4));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
}

TEST_F(signal, drain_consumes)
{
	__u32 n;

	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(4, n);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
}

/* With a token, a grant has two steps; neither leaves anything held. */
TEST_F(signal, consuming_with_a_token_leaves_nothing_held)
{
	__u64 token;

	EXPECT_EQ(0, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, 0, &token));
	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, &token));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
}

TEST_F(signal, release_needs_no_account)
{
	EXPECT_EQ(0, ksem_test_release(self->fd, 3));
	EXPECT_EQ(7, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_releases);
	EXPECT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(8, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, post_is_the_same_as_release)
{
	EXPECT_EQ(0, ksem_test_post(self->fd, 3));
	EXPECT_EQ(7, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(7, ksem_test_info(self->fd).out_capacity);
}

TEST_F(signal, beyond_max_is_EOVERFLOW)
{
	EXPECT_EQ(-EOVERFLOW, ksem_test_release(self->fd, 5));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 5));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_release(self->fd, 4));
	EXPECT_EQ(-EOVERFLOW, ksem_test_release(self->fd, 1));
	EXPECT_EQ(-EOVERFLOW, ksem_test_post(self->fd, 1));
	EXPECT_EQ(8, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, consumed_permits_make_room_below_max)
{
	ASSERT_EQ(0, ksem_test_release(self->fd, 4));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(-EOVERFLOW, ksem_test_release(self->fd, 1));
}

TEST_F(signal, number_out_of_range_is_invalid)
{
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, 9));
	EXPECT_EQ(-EINVAL, ksem_test_release(self->fd, KSEM_MAX_PERMITS + 1UL));
	EXPECT_EQ(-EINVAL, ksem_test_post(self->fd, -1));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, zero_permits_succeed_and_change_nothing)
{
	struct ksem_info before = ksem_test_info(self->fd), after;

	EXPECT_EQ(0, ksem_test_acquire(self->fd, 0));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 0));
	EXPECT_EQ(0, ksem_test_release(self->fd, 0));
	EXPECT_EQ(0, ksem_test_post(self->fd, 0));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	after = ksem_test_info(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(signal, nothing_comes_back_with_a_closing_handle)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	close(self->other);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_flags & KSEM_INFO_RECOVERED);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
}

TEST_F(signal, nothing_granted_with_a_token_comes_back)
{
	__u64 token;

	ASSERT_EQ(0, ksem_test_acquire_ex(self->other, KSEM_FLAG_TOKEN, 3, 0, &token));
	close(self->other);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(signal, nothing_comes_back_with_a_killed_process)
{
	pid_t child = ksem_test_child_hold(self->fd, 3);

	ASSERT_LT(0, child);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(signal, holders_are_empty)
{
	struct ksem_holder_entry entries[4];
	struct ksem_holders holders;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(0, ksem_test_holders(self->fd, entries, 4, &holders));
	EXPECT_EQ(0, holders.out_count);
	EXPECT_EQ(0, holders.out_total);
}

TEST_F(signal, reduce_takes_from_what_is_available)
{
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 3));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, 2));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, resize_sets_what_is_available)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 6));
	EXPECT_EQ(6, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EOVERFLOW, ksem_test_resize(self->fd, 9));
	EXPECT_EQ(0, ksem_test_resize(self->fd, 0));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, resize_serves_waiters)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 3, 1));
	ASSERT_EQ(0, ksem_test_resize(self->other, 5));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(signal, release_and_post_serve_waiters)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 4));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 2, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
}

TEST_F(signal, shutdown_refuses_release_too)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_release(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_release(self->fd, 0));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_resize(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
}

static int post_fd;

static void post_one(int sig)
{
	ksem_test_post(post_fd, 1);
}

TEST_F(signal, post_from_a_signal_handler_ends_a_timed_wait)
{
	struct sigaction action = { .sa_handler = post_one };
	struct ksem_test_waiter waiter;

	post_fd = self->other;
	ASSERT_EQ(0, ksem_test_acquire(self->other, 4));
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(ksem_test_start_ex(&waiter, self->fd, 0, 1,
				       ksem_test_in_ms(3600000)));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, raise(SIGUSR1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

/* A ring of four slots: what is produced is consumed, in order, once. */
#define ITEMS	1000
#define SLOTS	4

struct ring {
	int empty;
	int full;
	unsigned int slots[SLOTS];
	int errors;
};

static void *producer_main(void *data)
{
	struct ring *ring = data;
	unsigned int i;

	for (i = 0; i < ITEMS; i++) {
		ring->errors += ksem_test_acquire(ring->empty, 1) < 0;
		ring->slots[i % SLOTS] = i;
		ring->errors += ksem_test_release(ring->full, 1) < 0;
	}
	return NULL;
}

TEST_F(signal, producer_and_consumer_meet)
{
	struct ring ring = { .empty = self->fd };
	pthread_t producer;
	unsigned int i;

	ring.full = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(ring.full, variant->flags, 0, SLOTS));
	ASSERT_EQ(0, pthread_create(&producer, NULL, producer_main, &ring));
	for (i = 0; i < ITEMS; i++) {
		ASSERT_EQ(0, ksem_test_acquire(ring.full, 1));
		ASSERT_EQ(i, ring.slots[i % SLOTS]);
		ASSERT_EQ(0, ksem_test_release(ring.empty, 1));
	}
	ASSERT_EQ(0, pthread_join(producer, NULL));
	EXPECT_EQ(0, ring.errors);
	EXPECT_EQ(SLOTS, ksem_test_info(ring.empty).out_available);
	EXPECT_EQ(0, ksem_test_info(ring.full).out_available);
	close(ring.full);
}

TEST_HARNESS_MAIN
