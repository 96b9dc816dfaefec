/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long the machine has stood still. The processors of a virtual machine do, while
 * the machine below it has other things to do: for a tenth of a second and more, where
 * that one is busy. A test of how long something takes must not count it.
 *
 * It is seen by a watch on each CPU: a thread that goes before all others, sleeps for
 * a millisecond at a time, and notes when it was woken late. Where the right to
 * SCHED_FIFO is missing nothing is seen.
 */
#ifndef KSEM_TEST_STILL_H
#define KSEM_TEST_STILL_H

#include "ksem_test_cpu.h"

#define KSEM_TEST_WATCH_NS	1000000ULL
#define KSEM_TEST_STILL_NS	2000000ULL	/* as late as that: still */
#define KSEM_TEST_WATCHES	8		/* CPUs, at most */

struct ksem_test_still {
	pthread_mutex_t lock;	/* of the next two */
	__u64 still_ns;
	__u64 seen_ns;		/* until when it is counted */
	bool stop;
	unsigned int nr;
	struct ksem_test_cpu_watch {
		struct ksem_test_still *still;
		pthread_t thread;
		__u64 awake_ns;	/* when it was last awake */
	} watch[KSEM_TEST_WATCHES];
};

/* Several CPUs may stand still at the same time: that counts once. */
static inline void ksem_test_note_still(struct ksem_test_still *s, __u64 from_ns, __u64 to_ns)
{
	pthread_mutex_lock(&s->lock);
	from_ns = from_ns > s->seen_ns ? from_ns : s->seen_ns;
	if (to_ns > from_ns) {
		s->still_ns += to_ns - from_ns;
		s->seen_ns = to_ns;
	}
	pthread_mutex_unlock(&s->lock);
}

/* True once each watch has been awake since @now: it has told what it knows until then. */
static inline bool ksem_test_watches_have_told(struct ksem_test_still *s, __u64 now)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (__atomic_load_n(&s->watch[i].awake_ns, __ATOMIC_ACQUIRE) < now)
			return false;
	return true;
}

/* How long since the last call; what comes from now on is for the next one. */
static inline __u64 ksem_test_stood_still(struct ksem_test_still *s)
{
	__u64 now = ksem_test_now(), still_ns;

	ksem_test_until(ksem_test_watches_have_told(s, now));
	pthread_mutex_lock(&s->lock);
	still_ns = s->still_ns;
	s->still_ns = 0;
	s->seen_ns = ksem_test_now();
	pthread_mutex_unlock(&s->lock);
	return still_ns;
}

static inline void *ksem_test_watch_main(void *data)
{
	struct ksem_test_cpu_watch *watch = data;
	struct ksem_test_still *s = watch->still;
	struct timespec next;
	__u64 next_ns, now;

	if (!ksem_test_seize_cpu()) {
		/* It never has anything to tell. */
		__atomic_store_n(&watch->awake_ns, ~0ULL, __ATOMIC_RELEASE);
		return NULL;
	}
	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		next_ns = ksem_test_now() + KSEM_TEST_WATCH_NS;
		next.tv_sec = next_ns / 1000000000;
		next.tv_nsec = next_ns % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		now = ksem_test_now();
		if (now > next_ns + KSEM_TEST_STILL_NS)
			ksem_test_note_still(s, next_ns, now);
		__atomic_store_n(&watch->awake_ns, now, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Watch the CPUs that this thread may use. */
static inline bool ksem_test_watch(struct ksem_test_still *s)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int cpu;

	*s = (struct ksem_test_still){ .lock = PTHREAD_MUTEX_INITIALIZER };
	while (s->nr < KSEM_TEST_WATCHES && (cpu = ksem_test_nth_cpu(s->nr)) >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		pthread_attr_init(&attr);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
		s->watch[s->nr].still = s;
		if (pthread_create(&s->watch[s->nr].thread, &attr, ksem_test_watch_main,
				   &s->watch[s->nr]))
			return false;
		s->nr++;
	}
	return true;
}

static inline void ksem_test_unwatch(struct ksem_test_still *s)
{
	__atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
	while (s->nr)
		pthread_join(s->watch[--s->nr].thread, NULL);
}

#endif /* KSEM_TEST_STILL_H */
