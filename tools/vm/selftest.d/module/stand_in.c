// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module with the real one's name and device and nothing else, which goes
 * wrong on request: the runner must see it.
 */

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what opening the device does: none, warn or oops; leave: warn when unloaded");

static int stand_in_open(struct inode *inode, struct file *file)
{
	int *nowhere = NULL;

	WARN_ON(!strcmp(fault, "warn"));
	if (!strcmp(fault, "oops"))
		WRITE_ONCE(*nowhere, 1);
	return 0;
}

static const struct file_operations stand_in_fops = {
	.owner = THIS_MODULE,
	.open = stand_in_open,
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
