// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of eight waiters of a fair semaphore gets a thousand signals a second, several
 * in each wait: it keeps its place over all of them, and has its turns as the others do.
 *
 * It is not in the queue while it handles a signal. Where its turn comes just then the
 * next one is granted, and it is the first once it is back: it has been passed once.
 * On kernels where everything takes ten times as long it is away for long, and on a
 * busy machine its timer, the signal and the release come in one burst: it is passed
 * in most rounds (8 of 9 turns), or twice (8 of 10). So less is asked there, and
 * signals and turns are in slow motion, both: as many signals in each wait as
 * elsewhere. That no place is lost is counted, whatever the time it takes.
 */
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

#define THREADS		8
#define TURNS		800
#define HOLD_US		500
#define PERIOD_NS	1000000ULL
#define LEAST_PERCENT	90
#define LEAST_IF_SLOW	75
#define TRIES		4	/* as long again, where a machine that stood still took turns */
#define LEAST_SIGNALS	2	/* a turn: half of what comes while the others hold */

struct waiter {
	int fd;
	bool *stop;
	pthread_t thread;
	pid_t tid;
	unsigned int turns;
	unsigned int wrong;
};

FIXTURE(signalled) {
	int fd;
	bool stop;
	struct waiter waiter[THREADS];
};

FIXTURE_VARIANT(signalled) {
	int sig;
};

FIXTURE_VARIANT_ADD(signalled, and_restarted) { .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signalled, and_ended) { .sig = KSEM_TEST_SIG_END };

static void *take_turns(void *data)
{
	struct waiter *w = data;
	int result;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(w->stop, __ATOMIC_ACQUIRE)) {
		result = ksem_test_acquire(w->fd, 1);
		/* The same call again takes the old place. */
		if (result == -EINTR)
			continue;
		usleep(HOLD_US * ksem_test_slow());
		w->wrong += result || ksem_test_release(w->fd, 1);
		__atomic_add_fetch(&w->turns, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

FIXTURE_SETUP(signalled)
{
	int i;

	ksem_test_limit();
	ksem_test_catch_signals();
	self->fd = ksem_test_fair(1, 1);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < THREADS; i++) {
		self->waiter[i].fd = ksem_test_attached(self->fd);
		self->waiter[i].stop = &self->stop;
		ASSERT_EQ(0, pthread_create(&self->waiter[i].thread, NULL, take_turns,
					    &self->waiter[i]));
	}
}

FIXTURE_TEARDOWN(signalled)
{
	close(self->fd);
}

static unsigned int turns_of(struct waiter *w)
{
	return __atomic_load_n(&w->turns, __ATOMIC_ACQUIRE);
}

/* Turns of all but the first. */
static unsigned int turns_of_others(struct waiter *w)
{
	unsigned int sum = 0;
	int i;

	for (i = 1; i < THREADS; i++)
		sum += turns_of(&w[i]);
	return sum;
}

/* Signals at a steady rate, until the others have had @turns. */
static void signal_until(struct waiter *w, int sig, unsigned int turns)
{
	__u64 period_ns = PERIOD_NS * ksem_test_slow(), next_ns = ksem_test_now();
	struct timespec next;

	while (turns_of_others(w) < turns) {
		ksem_test_tgkill(w->tid, sig);
		next_ns += period_ns;
		next.tv_sec = next_ns / 1000000000;
		next.tv_nsec = next_ns % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

TEST_F_TIMEOUT(signalled, waiter_does_not_starve, KSEM_TEST_LONG)
{
	unsigned int turns = TURNS * ksem_test_scale(), own, others, wrong = 0, percent;
	unsigned int least = ksem_test_slow() > 1 ? LEAST_IF_SLOW : LEAST_PERCENT, all = 0;
	unsigned int signals, own_before, others_before, tries;
	struct waiter *w = self->waiter;
	struct ksem_info info;
	__u64 began, took;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_TRUE(ksem_test_until(turns_of(&w[i])));
	own_before = turns_of(w);
	others_before = turns_of_others(w);
	began = ksem_test_now();
	for (tries = 1, percent = 0; tries <= TRIES && percent < least; tries++) {
		signal_until(w, variant->sig, others_before + tries * turns);
		own = turns_of(w) - own_before;
		others = turns_of_others(w) - others_before;
		percent = 100ULL * own * (THREADS - 1) / others;
	}
	took = ksem_test_now() - began;
	signals = ksem_test_signals_handled();
	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		wrong += w[i].wrong;
		all += w[i].turns;
	}
	info = ksem_test_info(self->fd);
	TH_LOG("%u turns beside %u of each other one; %u signals in %llu ms broke off %llu waits",
	       own, others / (THREADS - 1), signals,
	       (unsigned long long)(took / KSEM_TEST_MS), (unsigned long long)info.out_interrupts);
	ksem_test_figure_worst("turns beside a signalled waiter", own + others,
			       wrong + (percent < least), "lowest", percent,
			       "% of the others' mean");
	EXPECT_EQ(0, wrong);
	EXPECT_LE(least, percent);
	EXPECT_EQ(1, info.out_available);
	/* A wait counts once, however often it is resumed; the last may have had no turn. */
	EXPECT_LE(info.out_waits, all + 1ULL);
	/* Several in each wait, or it would prove little. */
	EXPECT_LE(LEAST_SIGNALS * own, signals);
	/* One that lost its place each time would never get to the head. */
	EXPECT_LT(own, info.out_interrupts);
}

TEST_HARNESS_MAIN
