/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LOCKDEP_H
#define SHIM_LOCKDEP_H

#include <linux/spinlock.h>

void lockdep_assert_held(const spinlock_t *lock);

#endif /* SHIM_LOCKDEP_H */
