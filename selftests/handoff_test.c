// SPDX-License-Identifier: GPL-2.0-only
/*
 * Non-fair semaphores: how long newcomers pass the head of the queue, and what
 * becomes of a wake-up whose receiver gives up.
 */
#include "ksem_test.h"
#include "ksem_test_cpu.h"
#include "ksem_test_proc.h"

#define HOUR_NS		(KSEM_TEST_HOUR_MS * KSEM_TEST_MS)

TEST(zero_is_refused_for_a_nonfair_semaphore)
{
	EXPECT_EQ(-EINVAL, ksem_test_new_handoff(0, 1, 1, 0));
	EXPECT_EQ(-EINVAL, ksem_test_new_handoff(KSEM_CREATE_SIGNAL, 1, 1, 0));
}

TEST(a_number_is_refused_for_a_fair_semaphore)
{
	EXPECT_EQ(-EINVAL, ksem_test_new_handoff(KSEM_CREATE_FAIR, 1, 1, 1));
	EXPECT_EQ(-EINVAL, ksem_test_new_handoff(KSEM_CREATE_FAIR, 1, 1, KSEM_HANDOFF_DEFAULT_NS));
	EXPECT_EQ(-EINVAL, ksem_test_new_handoff(KSEM_CREATE_FAIR, 1, 1, KSEM_HANDOFF_NEVER));
}

/* One permit is free, and the head wants two; it is due from the beginning. */

FIXTURE(due) {
	int fd;
	struct ksem_test_waiter head;
};

FIXTURE_SETUP(due)
{
	self->fd = ksem_test_new_handoff(0, 1, 100, 1);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(ksem_test_queue(&self->head, self->fd, 2, 1));
}

FIXTURE_TEARDOWN(due)
{
	close(self->fd);
}

TEST_F(due, head_makes_tries_fail)
{
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire_ex(self->fd, 0, 1, NULL));
	EXPECT_EQ(-ETIMEDOUT, ksem_test_acquire_ex(self->fd, 0, 1, 1, NULL));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(due, head_leaves_nothing_to_drain)
{
	__u32 n;

	EXPECT_EQ(0, ksem_test_drain(self->fd, &n));
	EXPECT_EQ(0, n);
}

TEST_F(due, head_is_passed_by_barge)
{
	EXPECT_EQ(0, ksem_test_try_acquire_ex(self->fd, KSEM_FLAG_BARGE, 1, NULL));
}

TEST_F(due, head_makes_newcomers_queue)
{
	struct ksem_test_waiter newcomer;

	ASSERT_TRUE(ksem_test_queue(&newcomer, self->fd, 1, 2));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	/* Two for the head, and then one for the newcomer. */
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&newcomer));
}

TEST_F(due, head_is_granted_in_place)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_join(&self->head));
}

TEST_F(due, head_that_is_granted_lets_newcomers_pass_again)
{
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	ASSERT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
}

/* One permit is free, and the head wants two; it may be passed for long. */

FIXTURE(not_due) {
	int fd;
	struct ksem_test_waiter head;
};

FIXTURE_VARIANT(not_due) {
	__u64 handoff_ns;
};

FIXTURE_VARIANT_ADD(not_due, for_an_hour) { .handoff_ns = HOUR_NS };

FIXTURE_VARIANT_ADD(not_due, until_the_last_number) {
	.handoff_ns = KSEM_HANDOFF_NEVER - 1,
};

FIXTURE_VARIANT_ADD(not_due, ever) { .handoff_ns = KSEM_HANDOFF_NEVER };

FIXTURE_SETUP(not_due)
{
	self->fd = ksem_test_new_handoff(0, 1, 100, variant->handoff_ns);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(ksem_test_queue(&self->head, self->fd, 2, 1));
}

FIXTURE_TEARDOWN(not_due)
{
	close(self->fd);
}

TEST_F(not_due, head_is_passed_by_a_try)
{
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
}

TEST_F(not_due, head_is_passed_by_an_acquire)
{
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
}

TEST_F(not_due, head_holds_up_those_behind_it)
{
	struct ksem_test_waiter second;

	/* Queued while nothing was free; what comes would be enough for it. */
	ASSERT_EQ(0, ksem_test_try_acquire(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&second, self->fd, 1, 2));
	ASSERT_EQ(0, ksem_test_release(self->fd, 1));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	EXPECT_EQ(0, ksem_test_join(&self->head));
	EXPECT_EQ(0, ksem_test_join(&second));
}

TEST(the_default_is_short_enough_to_see)
{
	int fd = ksem_test_nonfair(1, 100);
	struct ksem_test_waiter head;

	ASSERT_EQ(KSEM_HANDOFF_DEFAULT_NS, ksem_test_info(fd).out_handoff_ns);
	ASSERT_TRUE(ksem_test_queue(&head, fd, 2, 1));
	EXPECT_TRUE(ksem_test_until(ksem_test_try_acquire(fd, 1) == -EAGAIN ||
				    ksem_test_release(fd, 1)));
}

TEST(a_head_is_due_by_its_arrival_and_not_by_its_turn)
{
	struct ksem_test_waiter head, second;
	int fd = ksem_test_new_handoff(0, 0, 100, 200 * KSEM_TEST_MS);
	__u64 queued_ns;

	ASSERT_TRUE(ksem_test_queue(&head, fd, 1, 1));
	ASSERT_TRUE(ksem_test_queue(&second, fd, 2, 2));
	queued_ns = ksem_test_now();
	ASSERT_TRUE(ksem_test_until(ksem_test_now() - queued_ns > 200 * KSEM_TEST_MS));
	/* The second becomes the head, and has waited long enough for it. */
	ASSERT_EQ(0, ksem_test_post(fd, 2));
	ASSERT_EQ(0, ksem_test_join(&head));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(fd, 1));
	EXPECT_EQ(1, ksem_test_info(fd).out_available);
}

TEST(a_restarted_head_is_due_by_its_first_arrival)
{
	int fd = ksem_test_new_handoff(0, 1, 100, 200 * KSEM_TEST_MS);
	struct ksem_test_waiter head;
	__u64 queued_ns;

	ksem_test_catch_signals();
	ASSERT_TRUE(ksem_test_queue(&head, fd, 2, 1));
	queued_ns = ksem_test_now();
	ASSERT_TRUE(ksem_test_until(ksem_test_now() - queued_ns > 200 * KSEM_TEST_MS));
	ASSERT_EQ(0, ksem_test_tgkill(head.tid, KSEM_TEST_SIG_RESTART));
	ASSERT_TRUE(ksem_test_until(ksem_test_info(fd).out_interrupts));
	ASSERT_TRUE(ksem_test_wait_queued(fd, 1));
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(fd, 1));
}

/*
 * A head that wants 8 against processes that want 1 each and never let go of
 * their last permit as long as they get another one.
 */

#define STREAM	4

struct stream {
	int fd;
	unsigned int *steps;	/* in memory that all processes share */
	pid_t pid[STREAM];
	struct ksem_test_waiter head;
};

FIXTURE(stream) {
	struct stream s;
};

FIXTURE_SETUP(stream)
{
	self->s.steps = mmap(NULL, sizeof(*self->s.steps), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->s.steps);
}

FIXTURE_TEARDOWN(stream)
{
	int i;

	for (i = 0; i < STREAM; i++)
		ksem_test_kill(self->s.pid[i]);
	close(self->s.fd);
}

static void stream_main(struct stream *s)
{
	int own = ksem_test_attached(s->fd);

	close(s->fd);
	for (;;) {
		if (ksem_test_acquire(own, 1) < 0)
			_exit(1);
		/* Hand over hand, until there is no other to be had. */
		while (ksem_test_try_acquire(own, 1) >= 0) {
			__atomic_add_fetch(s->steps, 1, __ATOMIC_RELAXED);
			if (ksem_test_release(own, 1))
				_exit(2);
		}
		if (ksem_test_release(own, 1))
			_exit(3);
	}
}

/* Each process has a permit before the head asks for all of them. */
static bool start_stream(struct stream *s, __u64 handoff_ns)
{
	int i;

	s->fd = ksem_test_new_handoff(0, 8, 8, handoff_ns);
	if (s->fd < 0)
		return false;
	for (i = 0; i < STREAM; i++) {
		s->pid[i] = ksem_test_fork();
		if (!s->pid[i])
			stream_main(s);
	}
	return ksem_test_until(ksem_test_info(s->fd).out_holders == STREAM) &&
	       ksem_test_start(&s->head, s->fd, 8) &&
	       ksem_test_until(ksem_test_info(s->fd).out_waits);
}

static unsigned int steps(struct stream *s)
{
	return __atomic_load_n(s->steps, __ATOMIC_RELAXED);
}

TEST_F(stream, is_ended_by_a_head_that_is_due)
{
	ASSERT_TRUE(start_stream(&self->s, KSEM_HANDOFF_DEFAULT_NS));
	EXPECT_EQ(0, ksem_test_join(&self->s.head));
	EXPECT_EQ(8, ksem_test_info(self->s.fd).out_own);
}

TEST_F(stream, goes_on_when_the_head_is_through)
{
	ASSERT_TRUE(start_stream(&self->s, KSEM_HANDOFF_DEFAULT_NS));
	ASSERT_EQ(0, ksem_test_join(&self->s.head));
	ASSERT_EQ(0, ksem_test_release(self->s.fd, 8));
	EXPECT_TRUE(ksem_test_until(ksem_test_info(self->s.fd).out_holders == STREAM));
}

TEST_F(stream, is_not_ended_by_a_head_that_is_never_due)
{
	unsigned int from;

	ASSERT_TRUE(start_stream(&self->s, KSEM_HANDOFF_NEVER));
	from = steps(&self->s);
	EXPECT_TRUE(ksem_test_until(steps(&self->s) - from > 2000));
	EXPECT_FALSE(ksem_test_done(&self->s.head));
}

/* A due head gives up: newcomers pass again. */

FIXTURE(quitting) {
	int fd;
	struct ksem_test_quitter head;
};

FIXTURE_VARIANT(quitting) {
	enum ksem_test_way way;
};

FIXTURE_VARIANT_ADD(quitting, by_timeout) { .way = KSEM_TEST_TIMEOUT };

FIXTURE_VARIANT_ADD(quitting, by_signal) { .way = KSEM_TEST_SIGNAL };

FIXTURE_VARIANT_ADD(quitting, by_kill) { .way = KSEM_TEST_KILL };

FIXTURE_SETUP(quitting)
{
}

FIXTURE_TEARDOWN(quitting)
{
	close(self->fd);
}

/* False if the head has timed out before the try met it. */
static bool try_fails_for_head(int fd, struct ksem_test_quitter *head,
			       enum ksem_test_way way, __u64 ms)
{
	return fd >= 0 && ksem_test_quitter_queue(head, fd, 2, way, ms, 1) &&
	       ksem_test_try_acquire(fd, 1) == -EAGAIN;
}

TEST_F(quitting, due_head_lets_newcomers_pass_again)
{
	__u64 ms;

	for (ms = KSEM_TEST_FIRST_MS; ; ms *= 2) {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		self->fd = ksem_test_new_handoff(0, 1, 100, 1);
		if (try_fails_for_head(self->fd, &self->head, variant->way, ms))
			break;
	}
	ASSERT_TRUE(ksem_test_quitter_quit(&self->head));
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1));
}

/*
 * A head is woken, and gives up before it has run: it shares a CPU with the
 * test, which has seized it. Whoever is next must not wait for another release.
 */

FIXTURE(woken) {
	int fd;
	struct ksem_test_quitter head;
	struct ksem_test_waiter next;
};

FIXTURE_VARIANT(woken) {
	enum ksem_test_way way;
	int ends[2];		/* how the head may end */
};

FIXTURE_VARIANT_ADD(woken, and_out_of_time) {
	.way = KSEM_TEST_TIMEOUT, .ends = { 0, -ETIMEDOUT },
};

FIXTURE_VARIANT_ADD(woken, and_signalled) {
	.way = KSEM_TEST_SIGNAL, .ends = { 0, -EINTR },
};

FIXTURE_VARIANT_ADD(woken, and_killed) {
	.way = KSEM_TEST_KILL, .ends = { 256 + SIGKILL, 256 + SIGKILL },
};

FIXTURE_SETUP(woken)
{
	self->fd = -1;
}

FIXTURE_TEARDOWN(woken)
{
	ksem_test_let_go_of_cpu();
	close(self->fd);
}

/* Wake the head, then have it give up; false if it timed out before. */
static bool wake_and_hinder(int fd, struct ksem_test_quitter *head,
			    struct ksem_test_waiter *next,
			    enum ksem_test_way way, __u64 ms)
{
	struct ksem_info info;
	__u64 late_ns;

	if (!ksem_test_quitter_queue(head, fd, 1, way, ms, 1))
		return false;
	late_ns = ksem_test_in_ms(ms);
	if (!ksem_test_start(next, fd, 1) ||
	    !ksem_test_until(ksem_test_info(fd).out_waits == 2))
		return false;
	ksem_test_seize_cpu();
	info = ksem_test_info(fd);
	ksem_test_post(fd, 1);
	if (way == KSEM_TEST_TIMEOUT)
		while (ksem_test_now() < late_ns)
			continue;
	else
		kill(head->pid, way == KSEM_TEST_KILL ? SIGKILL : KSEM_TEST_SIG_END);
	ksem_test_let_go_of_cpu();
	return info.out_waiters == 2;
}

TEST_F(woken, head_passes_its_wakeup_on)
{
	int ended;
	__u64 ms;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	for (ms = KSEM_TEST_FIRST_MS; ; ms *= 2) {
		ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		self->fd = ksem_test_new_handoff(0, 0, 100, KSEM_HANDOFF_NEVER);
		if (wake_and_hinder(self->fd, &self->head, &self->next, variant->way, ms))
			break;
	}
	ended = ksem_test_reap(self->head.pid);
	EXPECT_TRUE(ended == variant->ends[0] || ended == variant->ends[1]);
	/* The head may have got the permit after all; or else the next has it. */
	EXPECT_TRUE(!ended || !ksem_test_join(&self->next));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
}

TEST_HARNESS_MAIN
