/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_H
#define SHIM_SCHED_H

#include <linux/pid.h>

/* A thread. Freed with its last reference, which a waker may have. */
struct task_struct {
	unsigned int refs;
	unsigned int id;
	struct pid *tgid;
};

extern struct task_struct *shim_current;
#define current shim_current

#endif /* SHIM_SCHED_H */
