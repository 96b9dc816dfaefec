// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module with the real one's name and device and nothing else, which goes
 * wrong on request: the runner must see it.
 */

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what writing to the device does, by name; leave: warn when unloaded");

static DEFINE_SPINLOCK(first_lock);
static DEFINE_SPINLOCK(second_lock);
static int shared;
static int *last;
static int __rcu *guarded;
static int forty = 40;

static void stand_in_warn(void)
{
	WARN_ON(1);
}

static void stand_in_oops(void)
{
	int *nowhere = NULL;

	WRITE_ONCE(*nowhere, 1);
}

static void stand_in_touch_freed(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	kfree(p);
	WRITE_ONCE(*p, 1);
}

static void stand_in_lock_both_ways(void)
{
	spin_lock(&first_lock);
	spin_lock(&second_lock);
	spin_unlock(&second_lock);
	spin_unlock(&first_lock);

	spin_lock(&second_lock);
	spin_lock(&first_lock);
	spin_unlock(&first_lock);
	spin_unlock(&second_lock);
}

static void stand_in_sleep_locked(void)
{
	spin_lock(&first_lock);
	might_sleep();
	spin_unlock(&first_lock);
}

static void stand_in_look_unguarded(void)
{
	WRITE_ONCE(last, rcu_dereference(guarded));
}

/* Longer than the detector of tasks that hang takes, which is told so by run. */
static void stand_in_hang(void)
{
	schedule_timeout_uninterruptible(200 * HZ);
}

static void stand_in_wait_no_more(struct rcu_head *head)
{
}

/* The same of the two that see a processor that does not get away; RCU has to wait for it. */
static void stand_in_stay(void)
{
	static struct rcu_head head;
	unsigned long end = jiffies + 120 * HZ;

	call_rcu(&head, stand_in_wait_no_more);
	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
}

static void stand_in_shift(void)
{
	WRITE_ONCE(shared, 1 << READ_ONCE(forty));
}

/* Many: some word somewhere may look like the address of one. */
static void stand_in_leak(void)
{
	int i;

	for (i = 0; i < 8; i++)
		WRITE_ONCE(last, kmalloc(64, GFP_KERNEL));
	WRITE_ONCE(last, NULL);
}

/* For two writers at a time. */
static void stand_in_race(void)
{
	unsigned long end = jiffies + 60 * HZ;

	while (time_before(jiffies, end)) {
		shared++;
		barrier();
	}
}

/* The same. What one looks at the other may give back. */
static void stand_in_race_with_free(void)
{
	unsigned long end = jiffies + 60 * HZ;
	int *p;

	while (time_before(jiffies, end)) {
		p = READ_ONCE(last);
		if (p)
			WRITE_ONCE(forty, READ_ONCE(*p));
		kfree(xchg(&last, kzalloc(sizeof(*p), GFP_KERNEL)));
	}
}

static void stand_in_use_uninitialised(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (p && READ_ONCE(*p))
		WRITE_ONCE(shared, 1);
	kfree(p);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "warn", stand_in_warn },
	{ "oops", stand_in_oops },
	{ "freed", stand_in_touch_freed },
	{ "deadlock", stand_in_lock_both_ways },
	{ "atomic", stand_in_sleep_locked },
	{ "unguarded", stand_in_look_unguarded },
	{ "hang", stand_in_hang },
	{ "stay", stand_in_stay },
	{ "shift", stand_in_shift },
	{ "leak", stand_in_leak },
	{ "race", stand_in_race },
	{ "race-free", stand_in_race_with_free },
	{ "uninitialised", stand_in_use_uninitialised },
};

static ssize_t stand_in_write(struct file *file, const char __user *buf, size_t count,
			      loff_t *pos)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(fault, faults[i].name))
			faults[i].commit();
	return count;
}

static const struct file_operations stand_in_fops = {
	.owner = THIS_MODULE,
	.write = stand_in_write,
};

static struct miscdevice stand_in_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ksem",
	.mode = 0666,
	.fops = &stand_in_fops,
};

static int __init stand_in_init(void)
{
	return misc_register(&stand_in_device);
}

static void __exit stand_in_exit(void)
{
	misc_deregister(&stand_in_device);
	WARN_ON(!strcmp(fault, "leave"));
}

module_init(stand_in_init);
module_exit(stand_in_exit);
MODULE_DESCRIPTION("Stand-in for ksem in the tests of tools/vm");
MODULE_LICENSE("GPL");
