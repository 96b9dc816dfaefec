// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a semaphore is to be made with: by 'create', 'run -j', 'jobserver' and 'apply'.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "spec.h"

struct spec spec_default(void)
{
	return (struct spec){ .max = KSEM_MAX_PERMITS, .mode = 0666 };
}

bool spec_parse_handoff(struct spec *spec, const char *text)
{
	spec->handoff_never = !strcmp(text, "never");
	if (spec->handoff_never)
		return true;
	return number_duration(text, NSEC_PER_MSEC, &spec->handoff) &&
	       (spec->handoff.tv_sec || spec->handoff.tv_nsec);
}

static bool is_printable(const char *label)
{
	for (; *label; label++)
		if (*label < ' ' || *label > '~')
			return false;
	return true;
}

static bool has_handoff(const struct spec *spec)
{
	return spec->handoff_never || spec->handoff.tv_sec || spec->handoff.tv_nsec;
}

const char *spec_fault(const struct spec *spec)
{
	if (!spec->max)
		return "max has to be at least 1";
	if (spec->capacity > spec->max)
		return "capacity is more than max";
	if (spec->fair && has_handoff(spec))
		return "a fair semaphore has no handoff";
	if (spec->signal && spec->per_process)
		return "nobody holds permits of a signal semaphore: not per process";
	if (spec->label && strlen(spec->label) >= KSEM_LABEL_SIZE)
		return "label is longer than 31 bytes";
	if (spec->label && !is_printable(spec->label))
		return "label is not printable ASCII";
	return NULL;
}

unsigned int spec_flags(const struct spec *spec)
{
	return (spec->fair ? KSEM_CREATE_FAIR : 0) |
	       (spec->signal ? KSEM_CREATE_SIGNAL : 0) |
	       (spec->per_process ? KSEM_CREATE_PER_PROCESS : 0);
}

unsigned long long spec_handoff_ns(const struct spec *spec)
{
	if (spec->fair)
		return 0;
	if (spec->handoff_never)
		return KSEM_HANDOFF_NEVER;
	if (!has_handoff(spec))
		return KSEM_HANDOFF_DEFAULT_NS;
	return spec->handoff.tv_sec * NSEC_PER_SEC + spec->handoff.tv_nsec;
}

/* The setters refuse only what spec_fault() has found already. */
struct ksem_attr *spec_attr(const struct spec *spec)
{
	struct ksem_attr *attr = must(ksem_attr_new());

	ksem_attr_set_initial(attr, spec->capacity);
	ksem_attr_set_max(attr, spec->max);
	ksem_attr_set_fair(attr, spec->fair);
	ksem_attr_set_signal(attr, spec->signal);
	ksem_attr_set_per_process(attr, spec->per_process);
	ksem_attr_set_label(attr, spec->label);
	if (has_handoff(spec))
		ksem_attr_set_handoff(attr, spec->handoff_never ? NULL : &spec->handoff);
	return attr;
}
