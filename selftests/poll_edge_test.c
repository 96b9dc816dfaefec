// SPDX-License-Identifier: GPL-2.0-only
/*
 * How pollers hear of changes: an edge each time EPOLLIN, EPOLLOUT or EPOLLHUP
 * becomes true, and one when there is more of what was there already.
 */
#include "ksem_test.h"
#include "ksem_test_cpu.h"
#include "ksem_test_poll.h"
#include "ksem_test_proc.h"
#include "ksem_test_uring.h"

/* Two handles; the first is watched, and nothing is free. */

FIXTURE(edge) {
	int fd;
	int other;
	int epoll;
};

FIXTURE_VARIANT(edge) {
	__u32 flags;
};

FIXTURE_VARIANT_ADD(edge, fair) { .flags = KSEM_CREATE_FAIR };

FIXTURE_VARIANT_ADD(edge, nonfair) { .flags = 0 };

FIXTURE_SETUP(edge)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_EQ(0, ksem_test_create(self->fd, variant->flags, 1, 10));
	self->other = ksem_test_attached(self->fd);
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	self->epoll = ksem_test_watch(self->fd, EPOLLET);
	ASSERT_LE(0, self->epoll);
	ASSERT_EQ(0, ksem_test_reported(self->epoll));
}

FIXTURE_TEARDOWN(edge)
{
	close(self->epoll);
	close(self->other);
	close(self->fd);
}

TEST_F(edge, of_in_comes_with_a_release)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_once)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_with_more_of_what_there_is_already)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_again)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ksem_test_release(self->other, 1));
		EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
		ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
		EXPECT_EQ(0, ksem_test_reported(self->epoll));
	}
}

TEST_F(edge, of_in_comes_again_after_a_drain)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_drain(self->other, &n));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_again_after_a_reduce)
{
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_reduce(self->other, 1));
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_with_a_post)
{
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_with_a_resize)
{
	ASSERT_EQ(0, ksem_test_resize(self->other, 2));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_when_a_holder_closes)
{
	close(self->other);
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_comes_when_a_holder_is_killed)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	child = ksem_test_child_hold(self->fd, 1);
	ASSERT_LT(0, child);
	ksem_test_reported(self->epoll);
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_in_wakes_a_sleeping_poller)
{
	/* It sleeps, or it has not looked yet: it is told either way. */
	pid_t child = ksem_test_fork();

	if (!child)
		ksem_test_exit(ksem_test_reports(self->epoll));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reap(child));
}

TEST_F(edge, of_in_does_not_come_where_a_waiter_takes_the_permit)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->other, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(0, ksem_test_events(self->fd));
	/* On a non-fair one it was free for a moment. */
	EXPECT_TRUE(!(variant->flags & KSEM_CREATE_FAIR) || !ksem_test_reported(self->epoll));
}

TEST_F(edge, of_hup_comes_with_a_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_reported(self->epoll));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_hup_comes_where_in_was_set_already)
{
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_comes_with_an_acquire_by_another_thread)
{
	struct ksem_test_waiter waiter;

	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_TRUE(ksem_test_start(&waiter, self->fd, 1));
	ASSERT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_comes_with_each_kind_of_acquire)
{
	__u32 n;

	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, NULL));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_acquire_ex(self->fd, KSEM_FLAG_TOKEN, 1, KSEM_NO_DEADLINE, NULL));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_comes_with_a_transfer)
{
	ASSERT_EQ(0, ksem_test_transfer(self->other, 1, self->fd));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_comes_when_a_wait_is_granted)
{
	struct ksem_test_waiter waiter;

	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	ASSERT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_comes_with_the_first_permit_only)
{
	ASSERT_EQ(0, ksem_test_post(self->other, 3));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	ASSERT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
}

TEST_F(edge, of_out_does_not_come_for_another_handle)
{
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	ASSERT_EQ(EPOLLIN, ksem_test_reported(self->epoll));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
}

TEST_F(edge, is_seen_by_a_level_triggered_poller_as_long_as_it_lasts)
{
	int epoll = ksem_test_watch(self->fd, 0);

	EXPECT_EQ(0, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	EXPECT_EQ(0, ksem_test_reported(epoll));
}

TEST_F(edge, is_reported_once_with_oneshot)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int epoll = ksem_test_watch(self->fd, EPOLLONESHOT);

	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_acquire(self->other, 1));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_reported(epoll));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_MOD, self->fd, &event));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
}

/* A child that asks to be told when no other is, and exits with what it hears. */
static pid_t exclusive_poller(int fd)
{
	pid_t pid = ksem_test_fork();

	if (!pid)
		ksem_test_exit(ksem_test_reports(ksem_test_watch(fd, EPOLLEXCLUSIVE)));
	return pid;
}

TEST_F(edge, is_told_to_as_many_exclusive_pollers_as_permits_came)
{
	pid_t pid[3];
	int i, status, told = 0;

	for (i = 0; i < 3; i++) {
		pid[i] = exclusive_poller(self->fd);
		ASSERT_TRUE(ksem_test_until(ksem_test_task_state(pid[i]) == 'S'));
	}
	ASSERT_EQ(0, ksem_test_post(self->other, 2));
	ASSERT_TRUE(ksem_test_until((told += waitpid(-1, &status, WNOHANG) > 0) == 2));
	EXPECT_EQ(EPOLLIN, WEXITSTATUS(status));
	for (i = 0; i < 3; i++)
		kill(pid[i], SIGKILL);
}

/* Each of them may release it, and none knows of the others. */
TEST_F(edge, of_out_is_told_to_all_exclusive_pollers)
{
	pid_t pid[3];
	int i;

	for (i = 0; i < 3; i++) {
		pid[i] = exclusive_poller(self->fd);
		ASSERT_TRUE(ksem_test_until(ksem_test_task_state(pid[i]) == 'S'));
	}
	ASSERT_EQ(0, ksem_test_transfer(self->other, 1, self->fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(EPOLLOUT, ksem_test_reap(pid[i]));
}

TEST_F(edge, of_hup_is_told_to_all_exclusive_pollers)
{
	pid_t pid[3];
	int i;

	for (i = 0; i < 3; i++) {
		pid[i] = exclusive_poller(self->fd);
		ASSERT_TRUE(ksem_test_until(ksem_test_task_state(pid[i]) == 'S'));
	}
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(EPOLLIN | EPOLLHUP, ksem_test_reap(pid[i]));
}

TEST_F(edge, is_reported_through_nested_epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	int outer = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(outer, EPOLL_CTL_ADD, self->epoll, &event));
	EXPECT_EQ(0, ksem_test_reported(outer));
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(outer));
}

TEST_F(edge, is_not_reported_for_a_closed_handle)
{
	close(self->fd);
	ASSERT_EQ(0, ksem_test_release(self->other, 1));
	EXPECT_EQ(0, ksem_test_reported(self->epoll));
	self->fd = -1;
}

TEST_F(edge, of_error_gives_way_when_the_handle_is_bound)
{
	int fd = ksem_test_open(O_RDWR), epoll = ksem_test_watch(fd, 0);

	EXPECT_EQ(EPOLLERR, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_post(self->other, 1));
	ASSERT_EQ(0, ksem_test_attach(fd, self->other));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
}

TEST(a_poller_that_leaves_by_a_timeout_is_forgotten)
{
	int fd = ksem_test_fair(0, 10);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	EXPECT_EQ(0, poll(&poll_fd, 1, 1));
	EXPECT_EQ(0, ksem_test_post(fd, 1));
	EXPECT_EQ(1, poll(&poll_fd, 1, 1));
}

TEST(a_handle_can_be_closed_while_another_thread_polls_it)
{
	int fd = ksem_test_fair(0, 10), other = ksem_test_attached(fd);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	pid_t child = ksem_test_fork();

	if (!child) {
		/* The child's poll is all that keeps the handle. */
		close(other);
		ksem_test_exit(poll(&poll_fd, 1, -1) == 1 ? poll_fd.revents : 1);
	}
	close(fd);
	EXPECT_EQ(2, ksem_test_info(other).out_handles);
	ASSERT_EQ(0, ksem_test_post(other, 1));
	EXPECT_EQ(POLLIN, ksem_test_reap(child));
	EXPECT_EQ(1, ksem_test_info(other).out_handles);
}

TEST(leaving_the_maximum_of_a_signal_semaphore_is_an_edge_of_out)
{
	int fd = ksem_test_signal(2, 2), epoll = ksem_test_watch(fd, EPOLLET);

	ASSERT_EQ(EPOLLIN, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_acquire(fd, 2));
	EXPECT_EQ(EPOLLOUT, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_post(fd, 2));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_reduce(fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reported(epoll));
}

TEST(more_room_in_a_signal_semaphore_is_an_edge_of_out)
{
	int fd = ksem_test_signal(2, 3), epoll = ksem_test_watch(fd, EPOLLET);

	ASSERT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_acquire(fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reported(epoll));
	EXPECT_EQ(0, ksem_test_reported(epoll));
}

TEST(a_post_to_a_signal_semaphore_is_an_edge_of_in)
{
	int fd = ksem_test_signal(0, 2), epoll = ksem_test_watch(fd, EPOLLET);

	ASSERT_EQ(EPOLLOUT, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_release(fd, 1));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, ksem_test_reported(epoll));
}

/* The last one that was in the way gives up: a try would succeed again. */

struct blockade {
	int fd;
	int epoll;
	struct ksem_test_quitter head;
};

FIXTURE(quitting) {
	struct blockade b;
};

FIXTURE_VARIANT(quitting) {
	enum ksem_test_way way;
	bool fair;
};

FIXTURE_VARIANT_ADD(quitting, fair_by_timeout) {
	.way = KSEM_TEST_TIMEOUT, .fair = true,
};

FIXTURE_VARIANT_ADD(quitting, fair_by_signal) {
	.way = KSEM_TEST_SIGNAL, .fair = true,
};

FIXTURE_VARIANT_ADD(quitting, fair_by_kill) {
	.way = KSEM_TEST_KILL, .fair = true,
};

FIXTURE_VARIANT_ADD(quitting, due_by_timeout) { .way = KSEM_TEST_TIMEOUT };

FIXTURE_VARIANT_ADD(quitting, due_by_signal) { .way = KSEM_TEST_SIGNAL };

FIXTURE_VARIANT_ADD(quitting, due_by_kill) { .way = KSEM_TEST_KILL };

FIXTURE_SETUP(quitting)
{
}

FIXTURE_TEARDOWN(quitting)
{
	close(self->b.epoll);
	close(self->b.fd);
}

/* One is free, the head wants two. False if it has timed out too early. */
static bool block(struct blockade *b, enum ksem_test_way way, bool fair, __u64 ms)
{
	b->fd = fair ? ksem_test_fair(1, 10) : ksem_test_new_handoff(0, 1, 10, 1);
	b->epoll = ksem_test_watch(b->fd, EPOLLET);
	return b->epoll >= 0 && ksem_test_reported(b->epoll) == EPOLLIN &&
	       ksem_test_quitter_queue(&b->head, b->fd, 2, way, ms, 1) &&
	       ksem_test_try_acquire(b->fd, 1) == -EAGAIN && !ksem_test_reported(b->epoll);
}

TEST_F(quitting, head_is_an_edge)
{
	__u64 ms;

	for (ms = KSEM_TEST_FIRST_MS; !block(&self->b, variant->way, variant->fair, ms); ms *= 2)
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
	ASSERT_TRUE(ksem_test_quitter_quit(&self->b.head));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(self->b.epoll));
}

TEST(a_granted_head_is_an_edge_if_something_is_left)
{
	int fd = ksem_test_fair(1, 10), epoll = ksem_test_watch(fd, EPOLLET);
	pid_t child;

	ASSERT_EQ(EPOLLIN, ksem_test_reported(epoll));
	child = ksem_test_child_wait_hold(fd, 2);
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(fd, 1));
	ASSERT_EQ(0, ksem_test_post(fd, 2));
	EXPECT_EQ(EPOLLIN, ksem_test_reported(epoll));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
	ksem_test_kill(child);
}

/*
 * A head that was woken, and kept from running until it is due, is served by the try
 * that it makes fail. What is left then is news to whoever made that try.
 */

/* One held, the head wants it, and an edge tells of it. False if it was due before that. */
static bool wake_a_head(FIXTURE_DATA(edge) * self, struct ksem_test_waiter *head, __u64 ms)
{
	self->fd = ksem_test_new_handoff(0, 2, 10, ms * KSEM_TEST_MS);
	self->other = ksem_test_attached(self->fd);
	self->epoll = ksem_test_watch(self->fd, EPOLLET);
	return ksem_test_acquire(self->other, 2) >= 0 && ksem_test_queue(head, self->fd, 1, 1) &&
	       ksem_test_seize_cpu() && !ksem_test_release(self->other, 2) &&
	       ksem_test_info(self->fd).out_waiters == 1 &&
	       ksem_test_reported(self->epoll) & EPOLLIN;
}

static void let_the_head_go(FIXTURE_DATA(edge) * self, struct ksem_test_waiter *head)
{
	ksem_test_let_go_of_cpu();
	ksem_test_shutdown(self->other);
	ksem_test_join(head);
	close(self->epoll);
	close(self->other);
	close(self->fd);
}

/* Without a sleep: it would run. False if it did all the same, after a stall of the machine. */
static bool keep_a_head_until_due(FIXTURE_DATA(edge) * self, struct ksem_test_waiter *head,
				  __u64 ms)
{
	__u64 due_ns;

	if (!wake_a_head(self, head, ms))
		return false;
	for (due_ns = ksem_test_now() + ms * KSEM_TEST_MS; ksem_test_now() < due_ns; )
		continue;
	return ksem_test_info(self->fd).out_waiters == 1;
}

TEST(what_a_failing_try_leaves_is_an_edge)
{
	FIXTURE_DATA(edge) edge;
	struct ksem_test_waiter head;
	__u64 ms;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to choose CPU and priority");
	for (ms = KSEM_TEST_FIRST_MS; !keep_a_head_until_due(&edge, &head, ms); ms *= 2) {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		let_the_head_go(&edge, &head);
	}
	ASSERT_EQ(-EAGAIN, ksem_test_try_acquire(edge.other, 1));
	EXPECT_EQ(0, ksem_test_info(edge.fd).out_waiters);
	EXPECT_EQ(EPOLLIN, ksem_test_reported(edge.epoll) & EPOLLIN);
	let_the_head_go(&edge, &head);
}

#define HANDOFF_NS	(200 * KSEM_TEST_MS)

/*
 * A head that was woken for two permits, and has not had the CPU to take one until it
 * is due. On a machine that stood still it was due before, or has been given the CPU as
 * one that was kept from it too long, and has got one already.
 */
static bool wake_head_that_becomes_due(struct ksem_test_waiter *head, int fd)
{
	__u64 woken;
	int tries;

	for (tries = 0; tries < 10; tries++) {
		if (!ksem_test_queue(head, fd, 1, 1) || !ksem_test_seize_cpu() ||
		    ksem_test_post(fd, 2))
			return false;
		woken = ksem_test_now();
		if (ksem_test_info(fd).out_available == 2) {
			while (ksem_test_now() <= woken + HANDOFF_NS)
				;
			if (ksem_test_info(fd).out_available == 2)
				return true;
		}
		if (!ksem_test_let_go_of_cpu() || ksem_test_join(head) ||
		    ksem_test_try_acquire(fd, 1))
			return false;
	}
	return false;
}

/*
 * Room and permits come at the same moment when a head that was due, and so in the way
 * of every try, takes some of what is there. Nobody takes the other one's wake-up.
 */
TEST(two_kinds_of_edges_at_once_are_told_to_all_exclusive_pollers)
{
	int fd = ksem_test_new_handoff(KSEM_CREATE_SIGNAL, 0, 2, HANDOFF_NS), told = 0;
	struct ksem_test_ring ring = { .fd = -1 };
	struct ksem_test_waiter head;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	if (ksem_test_ring_open(&ring))
		SKIP(return, "no io_uring");
	ASSERT_TRUE(wake_head_that_becomes_due(&head, fd));
	ASSERT_EQ(1, ksem_test_ring_poll(&ring, fd, EPOLLOUT | EPOLLEXCLUSIVE, false));
	ASSERT_EQ(1, ksem_test_ring_poll(&ring, fd, EPOLLIN | EPOLLEXCLUSIVE, false));
	ASSERT_EQ(-EAGAIN, ksem_test_ring_result(&ring, false, NULL));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	EXPECT_EQ(0, ksem_test_join(&head));
	EXPECT_TRUE(ksem_test_until((told += ksem_test_ring_result(&ring, false, NULL) > 0) == 2));
	ksem_test_ring_close(&ring);
	close(fd);
}

/* Before it is bound there is nothing for epoll to wait for, and MOD does not look again. */
TEST(handle_that_was_bound_in_a_set_is_heard_once_it_is_added_again)
{
	struct epoll_event event = { .events = EPOLLIN };
	int other = ksem_test_fair(0, 1), fd = ksem_test_open(O_RDWR);
	int epoll = ksem_test_watch(fd, 0);

	ASSERT_LE(0, epoll);
	EXPECT_EQ(EPOLLERR, ksem_test_reported(epoll));
	ASSERT_EQ(0, ksem_test_attach(fd, other));
	EXPECT_EQ(0, ksem_test_reported(epoll));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(0, ksem_test_post(other, 1));
	EXPECT_EQ(EPOLLIN, ksem_test_reports(epoll));
	close(epoll);
	close(fd);
	close(other);
}

TEST_HARNESS_MAIN
