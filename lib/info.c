// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking at a semaphore, which never changes it.
 */
#include <unistd.h>

#include "internal.h"

int ksem_info(const struct ksem *k, struct ksem_info *info)
{
	return ksem_call(k, KSEM_IOC_INFO, info);
}

int ksem_holders(const struct ksem *k, struct ksem_holders *holders)
{
	return ksem_call(k, KSEM_IOC_HOLDERS, holders);
}

int ksem_waiters(const struct ksem *k, struct ksem_waiters *waiters)
{
	return ksem_call(k, KSEM_IOC_WAITERS, waiters);
}

int ksem_available(const struct ksem *k, int *available)
{
	struct ksem_info info = { .size = sizeof(info) };

	if (!available)
		return ksem_fail(EINVAL);
	if (ksem_info(k, &info))
		return -1;
	*available = info.out_available;
	return 0;
}

int ksem_queue_length(const struct ksem *k)
{
	struct ksem_info info = { .size = sizeof(info) };

	if (ksem_info(k, &info))
		return -1;
	return info.out_waiters < INT_MAX ? (int)info.out_waiters : INT_MAX;
}

int ksem_has_waiters(const struct ksem *k)
{
	int length = ksem_queue_length(k);

	return length < 0 ? -1 : length > 0;
}

int ksem_is_fair(const struct ksem *k)
{
	struct ksem_info info = { .size = sizeof(info) };

	if (ksem_info(k, &info))
		return -1;
	return !!(info.out_flags & KSEM_CREATE_FAIR);
}

int ksem_features(const struct ksem *k, struct ksem_features *features)
{
	int saved = errno;
	struct ksem device;
	int result;

	if (k)
		return ksem_call(k, KSEM_IOC_FEATURES, features);
	device.fd = open(KSEM_DEVICE, O_RDONLY | O_CLOEXEC);
	if (device.fd < 0)
		return -1;
	result = ksem_call(&device, KSEM_IOC_FEATURES, features);
	if (result)
		saved = errno;
	close(device.fd);
	errno = saved;
	return result;
}
