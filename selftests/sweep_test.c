// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sweep, which serves more than 32 waiters in pieces, does not depend on the
 * thread that began it: those who come meanwhile take part.
 */
#include "ksem_test.h"
#include "ksem_test_cpu.h"

#include <stdatomic.h>
#include <sys/resource.h>

#define CROWD		100
#define BATCH		32

/*
 * The sweep of a thread that does not get on. It shares a CPU with the crowd,
 * whose threads have a real-time priority: the first one that it wakes keeps the
 * CPU until the test is over. Nothing else in the test uses that CPU.
 */
struct stalled {
	int fd;
	int other;
	int cpu;
	long rt_runtime_us;
	atomic_bool over;
	atomic_bool gave_up;	/* a thread of the crowd has let go of the CPU before */
	atomic_int granted;
	atomic_int timed;	/* 1: it still waits */
};

/* Real-time threads may have all of a CPU with -1. The old value, or 0. */
static long set_rt_runtime(long us)
{
	FILE *file = fopen("/proc/sys/kernel/sched_rt_runtime_us", "r+e");
	long old = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &old) != 1)
		old = 0;
	rewind(file);
	fprintf(file, "%ld\n", us);
	return fclose(file) ? 0 : old;
}

static void *wait_and_keep_the_cpu(void *data)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	struct stalled *s = data;

	if (!ksem_test_pin(s->cpu) || !ksem_test_seize_cpu() || ksem_test_acquire(s->fd, 1))
		return NULL;
	s->granted++;
	while (!s->over && ksem_test_now() < give_up)
		;
	s->gave_up = !s->over;
	return NULL;
}

/* One permit for each of the crowd, and as many again. */
static void *post_and_stall(void *data)
{
	struct stalled *s = data;

	if (ksem_test_pin(s->cpu))
		ksem_test_post(s->other, 2 * CROWD);
	return NULL;
}

static bool start_thread(void *(*main)(void *data), void *data)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attr, main, data);
	pthread_attr_destroy(&attr);
	return !error;
}

/* So many more of the crowd wait. */
static bool gather(struct stalled *s, unsigned int n)
{
	unsigned int queued = ksem_test_info(s->fd).out_waiters + n;

	while (n--)
		if (!start_thread(wait_and_keep_the_cpu, s))
			return false;
	return ksem_test_wait_queued(s->fd, queued);
}

/* True with the first batch granted and the rest in the queue. */
static bool sweep_and_stall(struct stalled *s)
{
	unsigned int queued = ksem_test_info(s->fd).out_waiters;

	return start_thread(post_and_stall, s) && ksem_test_until(s->granted) &&
	       ksem_test_info(s->fd).out_waiters == queued - BATCH;
}

static bool stall(struct stalled *s)
{
	return gather(s, CROWD) && sweep_and_stall(s);
}

FIXTURE(stalled) {
	struct stalled *s;
};

FIXTURE_SETUP(stalled)
{
	struct stalled *s = calloc(1, sizeof(*s));

	ASSERT_NE(NULL, s);
	self->s = s;
	s->fd = ksem_test_fair(0, 1000);
	s->other = ksem_test_attached(s->fd);
	ASSERT_LE(0, s->other);
	s->cpu = ksem_test_nth_cpu(0);
	s->rt_runtime_us = set_rt_runtime(-1);
}

FIXTURE_TEARDOWN(stalled)
{
	self->s->over = true;
	if (self->s->rt_runtime_us)
		set_rt_runtime(self->s->rt_runtime_us);
}

static bool can_stall(struct stalled *s)
{
	return s->rt_runtime_us && ksem_test_pin(ksem_test_nth_cpu(1));
}

TEST_F(stalled, sweep_does_not_hold_a_newcomer_up)
{
	__u64 deadline_ns;

	if (!can_stall(self->s))
		SKIP(return, "needs two CPUs, and root");
	ASSERT_TRUE(stall(self->s));
	deadline_ns = ksem_test_in_ms(5000);
	EXPECT_EQ(0, ksem_test_acquire_ex(self->s->other, 0, 1, deadline_ns, NULL));
	/* It was not the deadline that woke it. */
	EXPECT_GT(deadline_ns, ksem_test_now());
	EXPECT_EQ(0, ksem_test_info(self->s->fd).out_waiters);
}

TEST_F(stalled, sweep_gets_on_with_each_release)
{
	if (!can_stall(self->s))
		SKIP(return, "needs two CPUs, and root");
	ASSERT_TRUE(stall(self->s));
	ASSERT_EQ(0, ksem_test_release(self->s->fd, 1));
	EXPECT_EQ(CROWD - 2 * BATCH, ksem_test_info(self->s->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_release(self->s->fd, 1));
	EXPECT_EQ(CROWD - 3 * BATCH, ksem_test_info(self->s->fd).out_waiters);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->s->other, 1));
	ASSERT_EQ(0, ksem_test_release(self->s->fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->s->fd).out_waiters);
	EXPECT_EQ(0, ksem_test_try_acquire(self->s->other, 1));
}

/* On the CPU of the one who starts it. */
static void *wait_for_some_time(void *data)
{
	struct stalled *s = data;

	s->timed = ksem_test_acquire_ex(s->fd, 0, 1, ksem_test_in_ms(3000), NULL);
	return NULL;
}

TEST_F(stalled, sweep_lets_nobody_time_out_beside_free_permits)
{
	if (!can_stall(self->s))
		SKIP(return, "needs two CPUs, and root");
	self->s->timed = 1;
	ASSERT_TRUE(gather(self->s, BATCH));
	ASSERT_TRUE(start_thread(wait_for_some_time, self->s));
	ASSERT_TRUE(ksem_test_wait_queued(self->s->fd, BATCH + 1));
	ASSERT_TRUE(gather(self->s, CROWD - BATCH));
	ASSERT_TRUE(sweep_and_stall(self->s));
	ASSERT_EQ(1, atomic_load(&self->s->timed));
	ASSERT_TRUE(ksem_test_until(self->s->timed != 1));
	EXPECT_EQ(0, atomic_load(&self->s->timed));
	EXPECT_EQ(0, ksem_test_info(self->s->fd).out_timeouts);
}

/*
 * Two are granted at once. The first that is woken takes the CPU away from the
 * thread that was to wake the second, which has one for itself.
 */
TEST_F(stalled, waker_has_woken_all_whom_it_has_granted)
{
	struct ksem_test_waiter waiter;

	if (!can_stall(self->s))
		SKIP(return, "needs two CPUs, and root");
	ASSERT_TRUE(gather(self->s, 1));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->s->fd, 1, 2));
	ASSERT_TRUE(start_thread(post_and_stall, self->s));
	ASSERT_EQ(0, ksem_test_join(&waiter));
	EXPECT_FALSE(atomic_load(&self->s->gave_up));
}

/* Threads that come back at once, and run before the one that woke them. */

#define EAGER		150
#define ROUNDS		50

struct eager {
	int fd;
	atomic_bool failed;
	atomic_int done;
};

static void *come_back_at_once(void *data)
{
	struct eager *e = data;
	int i;

	if (setpriority(PRIO_PROCESS, gettid(), -20))
		e->failed = true;
	for (i = 0; i < ROUNDS && !e->failed; i++)
		if (ksem_test_acquire(e->fd, 1) || ksem_test_release(e->fd, 1))
			e->failed = true;
	e->done++;
	return NULL;
}

/* All of them fit: once they have been let in, none should have to queue again. */
static __u64 waits_of_a_burst(struct eager *e)
{
	int i;

	e->fd = ksem_test_fair(0, 1000);
	for (i = 0; i < EAGER; i++)
		if (!start_thread(come_back_at_once, e))
			return KSEM_TEST_POISON_64;
	if (!ksem_test_wait_queued(e->fd, EAGER) || ksem_test_post(e->fd, EAGER + 50) ||
	    !ksem_test_until(e->done == EAGER) || e->failed)
		return KSEM_TEST_POISON_64;
	return ksem_test_info(e->fd).out_waits;
}

TEST(a_crowd_that_fits_does_not_stay_in_the_queue)
{
	struct eager *e;
	int i;

	if (!ksem_test_is_root())
		SKIP(return, "needs root");
	for (i = 0; i < 5; i++) {
		e = calloc(1, sizeof(*e));
		ASSERT_NE(NULL, e);
		EXPECT_GT(EAGER * ROUNDS / 10, waits_of_a_burst(e));
	}
}

TEST_HARNESS_MAIN
