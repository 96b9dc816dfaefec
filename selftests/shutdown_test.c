// SPDX-License-Identifier: GPL-2.0-only
/* The end of a semaphore: what still works, what does not, who is woken. */
#include "ksem_test.h"

FIXTURE(shutdown) {
	int fd;
	int other;
};

FIXTURE_VARIANT(shutdown) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(shutdown, fair) { .flags = KSEM_CREATE_FAIR };
FIXTURE_VARIANT_ADD(shutdown, nonfair) { .flags = 0 };

FIXTURE_SETUP(shutdown)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 5, 10));
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(shutdown)
{
	close(self->fd);
	close(self->other);
}

TEST_F(shutdown, it_is_shown_and_sticky)
{
	EXPECT_EQ(variant->flags, ksem_test_info(self->fd).out_flags);
	EXPECT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(variant->flags | KSEM_INFO_SHUTDOWN,
		  ksem_test_info(self->other).out_flags);
	close(self->fd);
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->other, 1));
}

TEST_F(shutdown, second_shutdown_succeeds)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_shutdown(self->other));
}

TEST_F(shutdown, counts_stay)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 2));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->other).out_own);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

TEST_F(shutdown, taking_and_adding_are_ESHUTDOWN)
{
	int unbound = ksem_test_open(O_RDWR);
	__u32 n;

	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire_ex(self->fd, 0, 1, 0, NULL));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN |
						   KSEM_FLAG_UNINTERRUPTIBLE, 1,
						   KSEM_NO_DEADLINE, NULL));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire_ex(self->fd, 0, 1, NULL));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 1));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_resize(self->fd, 6));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_attach(unbound, self->fd));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_capacity);
	close(unbound);
}

TEST_F(shutdown, giving_back_and_looking_still_work)
{
	struct ksem_holder_entry holder[4];
	struct ksem_waiter_entry waiter[4];
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	__u64 features;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 1));
	EXPECT_EQ(0, ksem_test_forget(self->fd, 1));
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 1, self->other));
	EXPECT_EQ(0, ksem_test_holders(self->fd, holder, 4, &holders));
	EXPECT_EQ(2, holders.out_count);
	EXPECT_EQ(0, ksem_test_waiters(self->fd, waiter, 4, &waiters));
	EXPECT_EQ(0, waiters.out_count);
	EXPECT_EQ(0, ksem_test_features(self->fd, &features));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(shutdown, closing_handles_still_return_what_they_hold)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	close(self->other);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_reclaimed);
}

/* Nothing is granted any more, though it would fit. */
TEST_F(shutdown, permits_that_come_back_serve_nobody)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	ASSERT_EQ(0, ksem_test_release(self->other, 5));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_own);
}

TEST_F(shutdown, it_wakes_waiters_of_every_kind)
{
	struct ksem_test_waiter plain, timed, real, stubborn, token;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_start(&plain, self->fd, 1));
	ASSERT_TRUE(ksem_test_start_ex(&timed, self->fd, 0, 2,
				       ksem_test_in_ms(3600000)));
	ASSERT_TRUE(ksem_test_start_ex(&real, self->other, KSEM_FLAG_REALTIME, 3,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_start_ex(&stubborn, self->fd,
				       KSEM_FLAG_UNINTERRUPTIBLE, 4,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_start_ex(&token, self->fd, KSEM_FLAG_TOKEN, 10,
				       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 5));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_demand);
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&plain));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&timed));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&real));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&stubborn));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&token));
}

/* Three times what is served under one hold of the lock. */
#define MANY	100

TEST_F(shutdown, it_wakes_a_hundred_waiters)
{
	static struct ksem_test_waiter waiters[MANY];
	int i;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(ksem_test_start(&waiters[i], self->fd, 1 + i % 3));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, MANY));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiters[i]));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_demand);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_held);
}

TEST_F(shutdown, waiter_of_another_process_is_woken)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	child = ksem_test_child_acquire(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_reap(child));
}

/* The one that ends the waits may be killed or gone at once. */
TEST_F(shutdown, waiters_end_though_the_handles_close_at_once)
{
	struct ksem_test_waiter waiter;
	int own = ksem_test_attached(self->fd);

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&waiter, own, 1, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	close(self->fd);
	close(self->other);
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
	close(own);
}

TEST_F(shutdown, bad_arguments_are_still_found_first)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, 11));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 11));
	EXPECT_EQ(-EINVAL, ksem_test_acquire_ex(self->fd, 0, 1, 1ULL << 63, NULL));
	EXPECT_EQ(-EINVAL, ksem_test_post(self->fd, -1));
	EXPECT_EQ(-EINVAL, ksem_test_resize(self->fd, -1));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 1));
	EXPECT_EQ(-EINVAL, ksem_test_reduce(self->fd, 6));
}

TEST_F(shutdown, zero_permits_are_ESHUTDOWN_where_one_would_be)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire(self->fd, 0));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire(self->fd, 0));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_acquire_ex(self->fd, 0, 0, 0, NULL));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_try_acquire_ex(self->fd, 0, 0, NULL));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_post(self->fd, 0));
	EXPECT_EQ(0, ksem_test_release(self->fd, 0));
	EXPECT_EQ(0, ksem_test_reduce(self->fd, 0));
	EXPECT_EQ(0, ksem_test_forget(self->fd, 0));
	EXPECT_EQ(0, ksem_test_transfer(self->fd, 0, self->other));
}

TEST_F(shutdown, new_semaphore_on_a_new_handle_is_unaffected)
{
	int fd;

	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	fd = ksem_test_fair(1, 1);
	EXPECT_EQ(0, ksem_test_acquire(fd, 1));
	close(fd);
}

TEST_HARNESS_MAIN
