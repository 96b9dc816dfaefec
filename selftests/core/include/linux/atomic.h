/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ATOMIC_H
#define SHIM_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

typedef struct {
	s64 counter;
} atomic64_t;

static inline s64 atomic64_inc_return(atomic64_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

/* What core.c publishes so is a waiter's end: from here on the waiter is gone. */
void shim_published(const u8 *state);

/* The same pair as the kernel's; who uses it says what it is for. */
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
/* The same. */
#define smp_store_release(p, v)					\
	do {							\
		typeof(p) _p = (p);				\
								\
		__atomic_store_n(_p, v, __ATOMIC_RELEASE);	\
		shim_published(_p);				\
	} while (0)

/* There is one thread. */
#define data_race(expr)	(expr)

#endif /* SHIM_ATOMIC_H */
