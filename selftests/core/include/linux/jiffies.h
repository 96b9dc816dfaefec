/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_JIFFIES_H
#define SHIM_JIFFIES_H

#include <linux/types.h>

u64 get_jiffies_64(void);

#endif /* SHIM_JIFFIES_H */
