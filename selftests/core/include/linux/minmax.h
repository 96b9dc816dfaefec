/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_MINMAX_H
#define SHIM_MINMAX_H

#include <limits.h>

#include <linux/kernel.h>

#endif /* SHIM_MINMAX_H */
