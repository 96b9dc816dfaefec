// SPDX-License-Identifier: GPL-2.0-only
/*
 * What core.c needs of a kernel. Everything here complains of wrong use: a lock
 * taken twice, a reference too many or too few.
 */
#include <stdlib.h>

#include "shim.h"

u64 shim_now_ns;
u64 shim_jiffies;
unsigned int shim_tasks;
struct task_struct *shim_current;

static void shim_check(bool good, const char *what)
{
	if (!good)
		fail("%s", what);
}

u64 ktime_get_ns(void)
{
	return shim_now_ns;
}

u64 get_jiffies_64(void)
{
	return shim_jiffies;
}

/*
 * The lock
 */

void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

void spin_lock(spinlock_t *lock)
{
	shim_check(!lock->held, "the lock is taken twice");
	lock->held = true;
}

void spin_unlock(spinlock_t *lock)
{
	shim_check(lock->held, "the lock is dropped twice");
	shim_unlocking(lock);
	lock->held = false;
}

void lockdep_assert_held(const spinlock_t *lock)
{
	shim_check(lock->held, "the lock is not held");
}

/*
 * Processes and threads
 */

struct pid *shim_pid_new(void)
{
	struct pid *pid = malloc(sizeof(*pid));

	pid->refs = 1;
	return pid;
}

struct pid *get_pid(struct pid *pid)
{
	pid->refs++;
	return pid;
}

void put_pid(struct pid *pid)
{
	if (pid && !--pid->refs)
		free(pid);
}

struct task_struct *shim_task_new(unsigned int id, struct pid *tgid)
{
	struct task_struct *task = malloc(sizeof(*task));

	task->refs = 1;
	task->id = id;
	task->tgid = tgid;
	shim_tasks++;
	return task;
}

struct task_struct *get_task_struct(struct task_struct *task)
{
	task->refs++;
	return task;
}

void put_task_struct(struct task_struct *task)
{
	if (--task->refs)
		return;
	free(task);
	shim_tasks--;
}
