/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim's side that the tests see; include/ is the side that core.c sees. */
#ifndef SHIM_H
#define SHIM_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

extern u64 shim_now_ns;
extern u64 shim_jiffies;
/* How many there are. */
extern unsigned int shim_tasks;

struct pid *shim_pid_new(void);
struct task_struct *shim_task_new(unsigned int id, struct pid *tgid);

/* The test's: everything that is promised "at every unlock" is looked at here. */
void shim_unlocking(spinlock_t *lock);
/* The test's: says what went wrong, and does not return. */
__noreturn __printf(1, 2) void fail(const char *what, ...);

#endif /* SHIM_H */
