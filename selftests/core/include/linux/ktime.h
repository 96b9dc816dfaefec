/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KTIME_H
#define SHIM_KTIME_H

#include <linux/types.h>

u64 ktime_get_ns(void);

#endif /* SHIM_KTIME_H */
