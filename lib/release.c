// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Release, and what else changes the number of permits.
 */
#include "internal.h"

int ksem_release_n(struct ksem *k, unsigned int n)
{
	return ksem_call_n(k, KSEM_IOC_RELEASE, n);
}

int ksem_release(struct ksem *k)
{
	return ksem_release_n(k, 1);
}

int ksem_post_n(struct ksem *k, unsigned int n)
{
	struct ksem_post post = { .size = sizeof(post), .n = n };

	return ksem_call(k, KSEM_IOC_POST, &post);
}

int ksem_post(struct ksem *k)
{
	return ksem_post_n(k, 1);
}

int ksem_reduce(struct ksem *k, unsigned int n)
{
	struct ksem_reduce reduce = { .size = sizeof(reduce), .n = n };

	return ksem_call(k, KSEM_IOC_REDUCE, &reduce);
}

int ksem_forget(struct ksem *k, unsigned int n)
{
	struct ksem_forget forget = { .size = sizeof(forget), .n = n };

	return ksem_call(k, KSEM_IOC_FORGET, &forget);
}

int ksem_resize(struct ksem *k, unsigned int capacity)
{
	struct ksem_resize resize = {
		.size = sizeof(resize),
		.capacity = capacity,
	};

	return ksem_call(k, KSEM_IOC_RESIZE, &resize);
}

int ksem_transfer(struct ksem *k, const struct ksem *to, unsigned int n)
{
	struct ksem_transfer transfer = { .size = sizeof(transfer), .n = n };

	if (!to)
		return ksem_fail(EINVAL);
	transfer.fd = to->fd;
	return ksem_call(k, KSEM_IOC_TRANSFER, &transfer);
}

int ksem_shutdown(struct ksem *k)
{
	struct ksem_shutdown shutdown = { .size = sizeof(shutdown) };

	return ksem_call(k, KSEM_IOC_SHUTDOWN, &shutdown);
}
