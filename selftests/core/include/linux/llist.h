/* SPDX-License-Identifier: GPL-2.0-only */
/* core.c never touches it: the place in a list that the sleeping side keeps. */
#ifndef SHIM_LINUX_LLIST_H
#define SHIM_LINUX_LLIST_H

struct llist_node {
	struct llist_node *next;
};

#endif
