/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_SIGNAL_H
#define SHIM_SCHED_SIGNAL_H

#include <linux/sched.h>

static inline struct pid *task_tgid(struct task_struct *task)
{
	return task->tgid;
}

#endif /* SHIM_SCHED_SIGNAL_H */
