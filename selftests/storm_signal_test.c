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
	bool stop;
	int inside;
};

struct target {
	struct storm *storm;
	pthread_t thread;
	pid_t tid;
	bool done;
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
	int sig;
};

FIXTURE_VARIANT_ADD(signals, restart_fair) { .fair = true, .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signals, restart_nonfair) { .fair = false, .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signals, end_fair) { .fair = true, .sig = KSEM_TEST_SIG_END };

FIXTURE_VARIANT_ADD(signals, end_nonfair) { .fair = false, .sig = KSEM_TEST_SIG_END };

/* The one permit is held from before this until after it. */
static bool is_alone(struct storm *storm)
{
	bool alone = __atomic_add_fetch(&storm->inside, 1, __ATOMIC_SEQ_CST) == 1;

	/* The others come and queue. */
	sched_yield();
	__atomic_sub_fetch(&storm->inside, 1, __ATOMIC_SEQ_CST);
	return alone;
}

static void *target_main(void *data)
{
	struct target *t = data;
	int own = ksem_test_attached(t->storm->fd), result;

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
	close(own);
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

FIXTURE_SETUP(signals)
{
	int i;

	ksem_test_limit();
	ksem_test_catch_signals();
	self->storm.fd = variant->fair ? ksem_test_fair(1, 1) : ksem_test_nonfair(1, 1);
	ASSERT_LE(0, self->storm.fd);
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

/* Have both sides met, many times? How often is up to the scheduler. */
static bool storm_has_met(struct storm *storm, unsigned int signals)
{
	struct ksem_info info = ksem_test_info(storm->fd);

	return info.out_interrupts >= signals / 10 && info.out_acquires >= signals / 100;
}

TEST_F_TIMEOUT(signals, against_grants_lose_nothing, KSEM_TEST_LONG)
{
	unsigned int signals = SIGNALS * ksem_test_scale(), sent, i;
	struct target sum = { 0 };
	struct ksem_info info;

	for (sent = 0; sent % 64 || ksem_test_signals_handled() < signals ||
	     !storm_has_met(&self->storm, signals); sent++)
		ksem_test_tgkill(self->target[sent % THREADS].tid, variant->sig);
	__atomic_store_n(&self->storm.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++) {
		/* Who waits for a grant that was lost waits for ever. */
		ASSERT_TRUE(ksem_test_until(__atomic_load_n(&self->target[i].done,
							    __ATOMIC_ACQUIRE)));
		pthread_join(self->target[i].thread, NULL);
		sum.granted += self->target[i].granted;
		sum.interrupted += self->target[i].interrupted;
		sum.violations += self->target[i].violations;
	}
	info = ksem_test_info(self->storm.fd);
	sum.violations += info.out_available != 1 || info.out_waiters || info.out_reclaimed;
	sum.violations += info.out_acquires != sum.granted || info.out_releases != sum.granted;
	sum.violations += variant->sig == KSEM_TEST_SIG_RESTART ? sum.interrupted :
			  info.out_interrupts != sum.interrupted;
	TH_LOG("%llu waits broken off, %llu grants, %u signals sent",
	       (unsigned long long)info.out_interrupts, sum.granted, sent);
	ksem_test_figure("signals against grants", ksem_test_signals_handled(), sum.violations);
	EXPECT_EQ(0, sum.violations);
}

TEST_HARNESS_MAIN
