/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Storms: many at a time, by chance, counted, and as long as KSEM_TEST_SCALE
 * says. Each prints the seed that it used; KSEM_STRESS_SEED makes it use that one
 * again.
 */
#ifndef KSEM_TEST_STORM_H
#define KSEM_TEST_STORM_H

#include "ksem_test.h"

/* The harness's time-out is fixed: a storm has this one, and its own. */
#define KSEM_TEST_LONG	86400

/* From the beginning of a storm: one that hangs is ended. */
static inline void ksem_test_limit(void)
{
	alarm(300 * ksem_test_scale());
}

/* How often something is to be done that is usually done @turns times. */
static inline unsigned int ksem_test_turns(unsigned int turns)
{
	return turns * ksem_test_scale() / ksem_test_factor("KSEM_TEST_ONE_IN") ?: 1;
}

static inline unsigned int ksem_test_new_seed(void)
{
	const char *text = getenv("KSEM_STRESS_SEED");

	return text ? strtoul(text, NULL, 0) : ksem_test_now();
}

/* A thread's or a process's own numbers. */
static inline unsigned int ksem_test_own_seed(unsigned int seed, unsigned int who)
{
	/* Not 0, from which the generator would not get away. */
	return (seed + who * 2654435761U) | 1;
}

/* The next number; quick, since it is part of what is counted. */
static inline unsigned int ksem_test_chance(unsigned int *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline void ksem_test_busy_until(__u64 until_ns)
{
	while (ksem_test_now() < until_ns)
		continue;
}

/* Of work, while other processors go their way. */
static inline void ksem_test_busy_for_up_to(unsigned int us, unsigned int *seed)
{
	ksem_test_busy_until(ksem_test_now() + ksem_test_chance(seed) % (us * 1000));
}

/* For qsort(). */
static inline int ksem_test_compare_ns(const void *a, const void *b)
{
	const __s64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Memory that all processes forked from now on share; MAP_FAILED. */
static inline void *ksem_test_shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static inline void ksem_test_count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

/* For @parties threads of any processes; @barrier is in memory that they share. */
static inline bool ksem_test_barrier_init(pthread_barrier_t *barrier, unsigned int parties)
{
	pthread_barrierattr_t attr;
	bool ok;

	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	ok = !pthread_barrier_init(barrier, &attr, parties);
	pthread_barrierattr_destroy(&attr);
	return ok;
}

#endif /* KSEM_TEST_STORM_H */
