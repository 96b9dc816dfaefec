// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: the module, /dev/ksem and the limits
 */
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "handle.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static unsigned int max_semaphores = 1000000;
module_param(max_semaphores, uint, 0644);
MODULE_PARM_DESC(max_semaphores, "Semaphores that may exist at a time (default 1000000)");

static unsigned int max_handles = 4000000;
module_param(max_handles, uint, 0644);
MODULE_PARM_DESC(max_handles, "Handles that may be bound at a time (default 4000000)");

static atomic_t nr_semaphores = ATOMIC_INIT(0);
static atomic_t nr_handles = ATOMIC_INIT(0);

/* One more, if the limit allows. */
bool ksem_limit_get(atomic_t *nr, unsigned int limit)
{
	int old = atomic_read(nr);

	do {
		if ((unsigned int)old >= limit)
			return false;
	} while (!atomic_try_cmpxchg(nr, &old, old + 1));
	return true;
}

/* One more semaphore, if the limit allows. */
bool ksem_limit_get_semaphore(void)
{
	return ksem_limit_get(&nr_semaphores, READ_ONCE(max_semaphores));
}

void ksem_limit_put_semaphore(void)
{
	atomic_dec(&nr_semaphores);
}

/* One more bound handle, if the limit allows. */
bool ksem_limit_get_handle(void)
{
	return ksem_limit_get(&nr_handles, READ_ONCE(max_handles));
}

void ksem_limit_put_handle(void)
{
	atomic_dec(&nr_handles);
}

static struct miscdevice ksem_miscdevice = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ksem",
	.fops = &ksem_handle_fops,
	.mode = 0666,
};

static int __init ksem_init(void)
{
	int ret;

	/* Tokens go on growing over a reload, and over a reboot. */
	atomic64_set(&ksem_last_token, ktime_get_real_ns());
	ret = ksem_handle_init();
	if (ret)
		return ret;
	ret = ksemfs_init();
	if (ret)
		goto err_handle;
	ret = misc_register(&ksem_miscdevice);
	if (ret)
		goto err_ksemfs;
	/*
	 * Last: what is mounted, or open, keeps no module that fails to load, and of the
	 * two that make it reachable this one fails only if there is a ksemfs already.
	 */
	ret = ksemfs_register();
	if (ret)
		goto err_misc;
	return 0;

err_misc:
	misc_deregister(&ksem_miscdevice);
err_ksemfs:
	ksemfs_exit();
err_handle:
	ksem_handle_exit();
	return ret;
}

static void __exit ksem_exit(void)
{
	ksemfs_unregister();
	misc_deregister(&ksem_miscdevice);
	ksemfs_exit();
	ksem_handle_exit();
}

module_init(ksem_init);
module_exit(ksem_exit);

MODULE_DESCRIPTION("Counting semaphores that survive their holders");
MODULE_AUTHOR("The ksem authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
