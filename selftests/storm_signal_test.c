// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals at the highest rate to threads that wait and are granted: whatever a
 * signal meets, a wait ends with the permit or without it, and both sides know
 * which.
 */
#include "ksem_test_cpu.h"
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

#define THREADS		4
#define SIGNALS		1000

struct storm {
	int fd;
	bool shared;	/* all use this handle, else each has one */
	bool stop;
	int inside;
};

struct target {
	struct storm *storm;
	pthread_t thread;
	pid_t tid;
	bool done;
	unsigned int sent;		/* signals; the sender's */
	unsigned int handled;		/* of them */
	unsigned long long granted;
	unsigned long long interrupted;
	unsigned long long violations;
};

FIXTURE(signals) {
	struct storm storm;
	struct target target[THREADS];
};

FIXTURE_VARIANT(signals) {
	bool fair;
	bool shared;
	int sig;
};

FIXTURE_VARIANT_ADD(signals, restart_fair) { .fair = true, .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signals, restart_nonfair) { .fair = false, .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signals, end_fair) { .fair = true, .sig = KSEM_TEST_SIG_END };

FIXTURE_VARIANT_ADD(signals, end_nonfair) { .fair = false, .sig = KSEM_TEST_SIG_END };

/* The places of all are in one handle. */
FIXTURE_VARIANT_ADD(signals, restart_fair_in_one_handle) {
	.fair = true, .shared = true, .sig = KSEM_TEST_SIG_RESTART,
};

FIXTURE_VARIANT_ADD(signals, end_nonfair_in_one_handle) {
	.fair = false, .shared = true, .sig = KSEM_TEST_SIG_END,
};

/* The one permit is held from before this until after it. */
static bool is_alone(struct storm *storm)
{
	bool alone = __atomic_add_fetch(&storm->inside, 1, __ATOMIC_SEQ_CST) == 1;

	/* The others come and queue. */
	sched_yield();
	__atomic_sub_fetch(&storm->inside, 1, __ATOMIC_SEQ_CST);
	return alone;
}

static __thread struct target *this_target;

static void on_signal(int sig)
{
	__atomic_add_fetch(&this_target->handled, 1, __ATOMIC_RELEASE);
}

static bool catch_signal(int sig)
{
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = sig == KSEM_TEST_SIG_RESTART ? SA_RESTART : 0,
	};

	return !sigaction(sig, &action, NULL);
}

static void *target_main(void *data)
{
	struct target *t = data;
	int own = t->storm->shared ? t->storm->fd : ksem_test_attached(t->storm->fd), result;

	this_target = t;
	__atomic_store_n(&t->tid, gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&t->storm->stop, __ATOMIC_ACQUIRE)) {
		result = ksem_test_acquire(own, 1);
		if (!result) {
			t->granted++;
			t->violations += !is_alone(t->storm);
			t->violations += ksem_test_release(own, 1) != 0;
		} else if (result == -EINTR) {
			t->interrupted++;
		} else {
			t->violations++;
		}
	}
	if (!t->storm->shared)
		close(own);
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

FIXTURE_SETUP(signals)
{
	int i;

	ksem_test_limit();
	ASSERT_TRUE(catch_signal(variant->sig));
	self->storm.fd = variant->fair ? ksem_test_fair(1, 1) : ksem_test_nonfair(1, 1);
	ASSERT_LE(0, self->storm.fd);
	self->storm.shared = variant->shared;
	for (i = 0; i < THREADS; i++) {
		self->target[i].storm = &self->storm;
		ASSERT_EQ(0, pthread_create(&self->target[i].thread, NULL, target_main,
					    &self->target[i]));
	}
	for (i = 0; i < THREADS; i++)
		ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->target[i].tid,
							    __ATOMIC_ACQUIRE)));
}

FIXTURE_TEARDOWN(signals)
{
	close(self->storm.fd);
}

/*
 * A signal to each target that has handled its last one: with that still pending the
 * next would be lost, and the time it takes too. Returns how many were sent.
 */
static unsigned int send_signals(struct target *target, int sig)
{
	unsigned int sent = 0;
	struct target *t;

	for (t = target; t < target + THREADS; t++) {
		if (__atomic_load_n(&t->handled, __ATOMIC_ACQUIRE) != t->sent)
			continue;
		t->sent++;
		sent += !ksem_test_tgkill(t->tid, sig);
	}
	return sent;
}

/* Have both sides met, many times? How often is up to the scheduler. */
static bool storm_has_met(struct storm *storm, unsigned int signals)
{
	struct ksem_info info = ksem_test_info(storm->fd);

	return info.out_interrupts >= signals / 10 && info.out_acquires >= signals / 100;
}

TEST_F_TIMEOUT(signals, against_grants_lose_nothing, KSEM_TEST_LONG)
{
	unsigned int signals = SIGNALS * ksem_test_scale(), sent = 0, more, i;
	struct target sum = { 0 };
	struct ksem_info info;

	while (sent < signals || !storm_has_met(&self->storm, signals)) {
		more = send_signals(self->target, variant->sig);
		sent += more;
		if (!more)
			sched_yield();
	}
	__atomic_store_n(&self->storm.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++) {
		/* Who waits for a grant that was lost waits for ever. */
		ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->target[i].done,
							    __ATOMIC_ACQUIRE)));
		pthread_join(self->target[i].thread, NULL);
		sum.sent += self->target[i].sent;
		sum.handled += self->target[i].handled;
		sum.granted += self->target[i].granted;
		sum.interrupted += self->target[i].interrupted;
		sum.violations += self->target[i].violations;
	}
	info = ksem_test_info(self->storm.fd);
	sum.violations += info.out_available != 1 || info.out_waiters || info.out_reclaimed;
	sum.violations += info.out_acquires != sum.granted || info.out_releases != sum.granted;
	sum.violations += variant->sig == KSEM_TEST_SIG_RESTART ? sum.interrupted :
			  info.out_interrupts != sum.interrupted;
	TH_LOG("%llu waits broken off, %llu grants", (unsigned long long)info.out_interrupts,
	       sum.granted);
	ksem_test_figure("signals against grants", sum.handled, sum.violations);
	EXPECT_EQ(0, sum.violations);
	EXPECT_EQ(sum.sent, sum.handled);
}

TEST_HARNESS_MAIN
