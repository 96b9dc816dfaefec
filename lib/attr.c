// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of a semaphore to be created. A setter refuses only what cannot
 * be stored; whether the whole makes sense is for the kernel to say, once, at
 * the creation.
 */
#include <string.h>

#include "internal.h"

struct ksem_attr *ksem_attr_new(void)
{
	int saved = errno;
	struct ksem_attr *attr = malloc(sizeof(*attr));

	if (!attr)
		return NULL;
	*attr = ksem_attr_defaults();
	errno = saved;
	return attr;
}

void ksem_attr_free(struct ksem_attr *attr)
{
	int saved = errno;

	free(attr);
	errno = saved;
}

static int set_flag(struct ksem_attr *attr, __u32 flag, bool on)
{
	if (!attr)
		return ksem_fail(EINVAL);
	attr->create.flags &= ~flag;
	if (on)
		attr->create.flags |= flag;
	return 0;
}

int ksem_attr_set_fair(struct ksem_attr *attr, bool fair)
{
	return set_flag(attr, KSEM_CREATE_FAIR, fair);
}

int ksem_attr_set_signal(struct ksem_attr *attr, bool signal)
{
	return set_flag(attr, KSEM_CREATE_SIGNAL, signal);
}

int ksem_attr_set_per_process(struct ksem_attr *attr, bool per_process)
{
	return set_flag(attr, KSEM_CREATE_PER_PROCESS, per_process);
}

int ksem_attr_set_temporary(struct ksem_attr *attr, bool temporary)
{
	return set_flag(attr, KSEM_CREATE_TEMPORARY, temporary);
}

int ksem_attr_set_initial(struct ksem_attr *attr, unsigned int initial)
{
	if (!attr)
		return ksem_fail(EINVAL);
	attr->create.initial = initial;
	return 0;
}

int ksem_attr_set_max(struct ksem_attr *attr, unsigned int max)
{
	if (!attr)
		return ksem_fail(EINVAL);
	attr->create.max = max;
	return 0;
}

int ksem_attr_set_handoff(struct ksem_attr *attr,
			  const struct timespec *handoff)
{
	long long ns;

	if (!attr)
		return ksem_fail(EINVAL);
	if (!handoff) {
		attr->create.handoff_ns = KSEM_HANDOFF_NEVER;
		return 0;
	}
	if (!ksem_timespec_valid(handoff))
		return ksem_fail(EINVAL);
	ns = ksem_timespec_ns(handoff);
	if (ns <= 0)
		return ksem_fail(EINVAL);
	attr->create.handoff_ns = ns;
	return 0;
}

int ksem_attr_set_label(struct ksem_attr *attr, const char *label)
{
	size_t length = label ? strlen(label) : 0;

	if (!attr || length >= sizeof(attr->create.label))
		return ksem_fail(EINVAL);
	memset(attr->create.label, 0, sizeof(attr->create.label));
	if (length)
		memcpy(attr->create.label, label, length);
	return 0;
}

int ksem_attr_set_access(struct ksem_attr *attr, int access)
{
	if (!attr)
		return ksem_fail(EINVAL);
	if (access != O_RDONLY && access != O_WRONLY && access != O_RDWR)
		return ksem_fail(EINVAL);
	attr->access = access;
	return 0;
}

int ksem_attr_set_inherit(struct ksem_attr *attr, bool inherit)
{
	if (!attr)
		return ksem_fail(EINVAL);
	attr->inherit = inherit;
	return 0;
}
