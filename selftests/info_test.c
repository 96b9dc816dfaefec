// SPDX-License-Identifier: GPL-2.0-only
/* What a semaphore shows of itself: state, and what it has seen. */
#include <poll.h>

#include "ksem_test.h"
#include "ksem_test_proc.h"

FIXTURE(info) {
	int fd;
	int other;
};

FIXTURE_SETUP(info)
{
	self->fd = ksem_test_fair(5, 10);
	ASSERT_LE(0, self->fd);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(info)
{
	close(self->fd);
	close(self->other);
}

TEST_F(info, fresh_semaphore)
{
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_get_info(self->fd, &info));
	EXPECT_EQ(5, info.out_available);
	EXPECT_EQ(5, info.out_capacity);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(0, info.out_own);
	EXPECT_EQ(10, info.out_max);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(0, info.out_holders);
	EXPECT_EQ(2, info.out_handles);
	EXPECT_EQ(KSEM_CREATE_FAIR, info.out_flags);
	EXPECT_EQ(KSEM_RIGHT_READ | KSEM_RIGHT_WRITE, info.out_rights);
	EXPECT_EQ(0, info.out_demand);
	EXPECT_EQ(0, info.out_handoff_ns);
	EXPECT_NE(0, info.out_id);
	EXPECT_STREQ("selftest", (char *)info.out_label);
}

TEST_F(info, fresh_totals_are_0)
{
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_get_info(self->fd, &info));
	EXPECT_EQ(0, info.out_acquires);
	EXPECT_EQ(0, info.out_waits);
	EXPECT_EQ(0, info.out_timeouts);
	EXPECT_EQ(0, info.out_interrupts);
	EXPECT_EQ(0, info.out_releases);
	EXPECT_EQ(0, info.out_reclaimed);
	EXPECT_EQ(0, info.out_wait_total_ns);
	EXPECT_EQ(0, info.out_wait_max_ns);
}

TEST_F(info, looking_changes_nothing)
{
	struct ksem_info first = ksem_test_info(self->fd);
	struct ksem_info second = ksem_test_info(self->fd);

	EXPECT_EQ(0, memcmp(&first, &second, sizeof(first)));
}

TEST_F(info, held_is_of_all_and_own_of_the_handle)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(4, ksem_test_info(self->other).out_held);
	EXPECT_EQ(3, ksem_test_info(self->other).out_own);
	EXPECT_EQ(1, ksem_test_info(self->other).out_available);
}

TEST_F(info, holders_come_and_go)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_holders);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_holders);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
	close(self->other);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_holders);
}

TEST_F(info, transfer_moves_a_holder)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 1, self->other));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_holders);
	ASSERT_EQ(0, ksem_test_transfer(self->fd, 1, self->other));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_holders);
}

TEST_F(info, waiters_and_demand_follow_the_queue)
{
	struct ksem_test_waiter first, second;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&first, self->fd, 2, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_demand);
	ASSERT_TRUE(ksem_test_queue(&second, self->fd, 3, 2));
	EXPECT_EQ(5, ksem_test_info(self->fd).out_demand);
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_demand);
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_demand);
	EXPECT_EQ(0, ksem_test_join(&first));
	EXPECT_EQ(0, ksem_test_join(&second));
}

static void on_signal(int sig)
{
}

/* One waiter, two, the first gives up, the second is granted. */
TEST_F(info, waiters_are_still_there_when_the_first_has_left)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ksem_test_waiter first, second;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	ASSERT_TRUE(ksem_test_queue(&first, self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&second, self->fd, 1, 2));
	ASSERT_EQ(0, pthread_kill(first.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, ksem_test_join(&first));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_demand);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&second));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

/* The most that can be wanted does not fit into 32 bits. */
TEST_F(info, demand_is_wider_than_one_request)
{
	int fd = ksem_test_fair(0, KSEM_MAX_PERMITS);
	struct ksem_test_waiter waiters[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], fd, KSEM_MAX_PERMITS, i + 1));
	EXPECT_EQ(3ULL * KSEM_MAX_PERMITS, ksem_test_info(fd).out_demand);
	ASSERT_EQ(0, ksem_test_shutdown(fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiters[i]));
	close(fd);
}

TEST_F(info, five_waiters_are_five)
{
	struct ksem_test_waiter waiters[5];
	int i;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	for (i = 0; i < 5; i++)
		ASSERT_TRUE(ksem_test_start(&waiters[i], self->fd, 1));
	EXPECT_TRUE(ksem_test_wait_queued(self->fd, 5));
	ASSERT_EQ(0, ksem_test_release(self->other, 5));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, ksem_test_join(&waiters[i]));
}

/* What the module notes for itself is not shown. */
TEST_F(info, flags_show_nothing_of_waiters_and_pollers)
{
	struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };
	struct ksem_test_waiter waiter;

	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 6, 1));
	EXPECT_EQ(KSEM_CREATE_FAIR, ksem_test_info(self->fd).out_flags);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(info, acquires_count_grants)
{
	struct ksem_test_waiter waiter;
	__u32 n;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_acquires);
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_acquires);
	ASSERT_EQ(0, ksem_test_drain(self->other, &n));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_acquires);
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_acquires);
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_acquires);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_acquires);
}

TEST_F(info, waits_count_queued_requests)
{
	struct ksem_test_waiter waiter;
	__u64 ms;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waits);
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waits);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	/* One that comes too late is a try. */
	for (ms = KSEM_TEST_FIRST_MS; ksem_test_info(self->fd).out_waits == 1; ms *= 2) {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1,
							   ksem_test_in_ms(ms), NULL));
	}
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waits);
}

TEST_F(info, timeouts_count_expired_requests)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_timeouts);
	ASSERT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1, 0, NULL));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_timeouts);
	ASSERT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1,
						   ksem_test_in_ms(10), NULL));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_timeouts);
}

TEST_F(info, interrupts_count_broken_waits)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_interrupts);
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, ksem_test_join(&waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_interrupts);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_timeouts);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_held);
}

TEST_F(info, releases_count_releases)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	ASSERT_EQ(0, ksem_test_release(self->fd, 3));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_releases);
	ASSERT_EQ(0, ksem_test_release(self->fd, 0));
	ASSERT_EQ(-EPERM, ksem_test_release(self->fd, 2));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_releases);
}

/* A release that has waiters to serve takes another path through the module. */
TEST_F(info, releases_that_serve_count_once)
{
	struct ksem_test_waiter waiters[2];
	int i;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(ksem_test_queue(&waiters[i], self->fd, 1, i + 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_releases);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_acquires);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, ksem_test_join(&waiters[i]));
}

TEST_F(info, reclaimed_counts_permits_of_closed_handles)
{
	int third = ksem_test_attached(self->fd);

	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	close(self->other);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_reclaimed);
	ASSERT_EQ(1, ksem_test_acquire(third, 2));
	ASSERT_EQ(0, ksem_test_release(third, 1));
	close(third);
	EXPECT_EQ(4, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_releases);
}

TEST_F(info, reclaimed_counts_permits_of_killed_processes)
{
	pid_t child = ksem_test_child_hold(self->fd, 4);

	ASSERT_LT(0, child);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(5, ksem_test_info(self->fd).out_available);
}

TEST_F(info, handle_without_permits_reclaims_nothing)
{
	ASSERT_EQ(0, ksem_test_acquire(self->other, 3));
	ASSERT_EQ(0, ksem_test_release(self->other, 3));
	close(self->other);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_reclaimed);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_flags & KSEM_INFO_RECOVERED);
}

/* Two waits, the first of at least 30 ms, the second shorter or not. */
TEST_F(info, wait_times_add_up)
{
	__u64 ms30 = 30 * KSEM_TEST_MS;
	struct ksem_info first, second;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1,
						   ksem_test_in_ms(600), NULL));
	first = ksem_test_info(self->fd);
	/* The deadline was fixed before the wait began. */
	EXPECT_LT(ms30, first.out_wait_max_ns);
	EXPECT_EQ(first.out_wait_max_ns, first.out_wait_total_ns);
	ASSERT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1,
						   ksem_test_in_ms(300), NULL));
	second = ksem_test_info(self->fd);
	EXPECT_LT(first.out_wait_total_ns, second.out_wait_total_ns);
	EXPECT_LE(first.out_wait_max_ns, second.out_wait_max_ns);
	EXPECT_GE(2 * second.out_wait_max_ns, second.out_wait_total_ns);
}

TEST_F(info, wait_time_of_a_granted_request_counts)
{
	struct ksem_test_waiter waiter;
	__u64 begin_ns, end_ns;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	begin_ns = ksem_test_now();
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_wait_total_ns);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	end_ns = ksem_test_now();
	EXPECT_LT(0, ksem_test_info(self->fd).out_wait_total_ns);
	EXPECT_GE(end_ns - begin_ns, ksem_test_info(self->fd).out_wait_total_ns);
	EXPECT_EQ(0, ksem_test_join(&waiter));
}

TEST_F(info, wait_time_of_a_request_that_was_shut_down_counts)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_join(&waiter));
	EXPECT_LT(0, ksem_test_info(self->fd).out_wait_total_ns);
}

/* It may be made again, and counts when that ends. */
TEST_F(info, wait_time_of_an_interrupted_request_does_not_count)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 5));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_wait_total_ns);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_wait_max_ns);
}

TEST_F(info, label_is_zeros_behind_its_end)
{
	struct ksem_info info = ksem_test_info(self->fd);
	size_t i;

	for (i = strlen("selftest"); i < KSEM_LABEL_SIZE; i++)
		EXPECT_EQ(0, info.out_label[i]);
}

/* All of it at one instant: sums hold while others work. */

struct churn {
	int fd;
	bool over;
};

static void *churn_main(void *data)
{
	struct churn *churn = data;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&churn->over, __ATOMIC_ACQUIRE); i++) {
		ksem_test_acquire(churn->fd, 1 + i % 3);
		ksem_test_release(churn->fd, 1 + i % 3);
	}
	return NULL;
}

TEST_F(info, snapshot_is_consistent)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS, releases = 0;
	struct churn churn = { .fd = self->other };
	pthread_t thread;
	int changes = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, churn_main, &churn));
	/* Two looks at the same thing prove nothing. */
	while (changes < 5000 && ksem_test_now() < give_up) {
		struct ksem_info info = ksem_test_info(self->fd);

		changes += info.out_releases != releases;
		releases = info.out_releases;
		ASSERT_EQ(5, info.out_available + (__s32)info.out_held);
		ASSERT_EQ(!!info.out_held, info.out_holders);
		ASSERT_EQ(info.out_acquires - info.out_holders, info.out_releases);
	}
	EXPECT_LT(0, changes);
	__atomic_store_n(&churn.over, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

TEST_HARNESS_MAIN
