/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: what a build with KSEM_DEBUG=1 adds, to make races wide and late touches
 * visible: a random delay after each hold of a semaphore's lock and after each wait that
 * is published as ended, and waiters from a slab cache instead of the stack, where KASAN
 * sees who touches one that is gone. Nothing of it is in an ordinary build. For core.c
 * alone: it has the parameter.
 */
#ifndef KSEM_DEBUG_H
#define KSEM_DEBUG_H

#ifdef KSEM_DEBUG
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/random.h>

#define KSEM_DEBUG_MAX_DELAY_US	1000U

static unsigned int debug_delay_us = 50;
module_param(debug_delay_us, uint, 0644);
MODULE_PARM_DESC(debug_delay_us, "Delays are shorter than this; 0: none (default 50, at most 1000)");

static inline void ksem_debug_delay(void)
{
	unsigned int limit = READ_ONCE(debug_delay_us);

	if (limit)
		udelay(get_random_u32() % min(limit, KSEM_DEBUG_MAX_DELAY_US));
}
#else
static inline void ksem_debug_delay(void) { }
#endif

#endif /* KSEM_DEBUG_H */
