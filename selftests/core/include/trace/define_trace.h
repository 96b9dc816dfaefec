/* SPDX-License-Identifier: GPL-2.0-only */
/* There are no tracepoints to define: see <linux/tracepoint.h>. */
