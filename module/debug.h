/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: what a build with KSEM_DEBUG=1 adds, to make races wide and late touches
 * visible: a random delay of 0 to 50 us after each unlock and each publication,
 * and waiters from a slab cache instead of the stack, where KASAN sees who
 * touches one that is gone. Nothing of it is in an ordinary build.
 */
#ifndef KSEM_DEBUG_H
#define KSEM_DEBUG_H

#ifdef KSEM_DEBUG
#include <linux/delay.h>
#include <linux/random.h>

static inline void ksem_debug_delay(void)
{
	udelay(get_random_u32() % 51);
}
#else
static inline void ksem_debug_delay(void) { }
#endif

#endif /* KSEM_DEBUG_H */
