/* SPDX-License-Identifier: GPL-2.0-only */
/* spec.c: what a semaphore is to be made with. */
#ifndef KSEM_SPEC_H
#define KSEM_SPEC_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include <ksem.h>

/* @handoff: of a semaphore that is not fair; {0, 0}: the default. */
struct spec {
	unsigned int capacity;
	unsigned int max;
	bool fair;
	bool signal;
	bool per_process;
	bool handoff_never;
	struct timespec handoff;
	const char *label;
	mode_t mode;
};

/* All but the capacity as it is where nothing is said. */
struct spec spec_default(void);

/* "never", or milliseconds. */
bool spec_parse_handoff(struct spec *spec, const char *text);

/* What contradicts something else in it, in words; NULL: nothing. */
const char *spec_fault(const struct spec *spec);

/* What info has to show of it. */
unsigned int spec_flags(const struct spec *spec);
unsigned long long spec_handoff_ns(const struct spec *spec);

/* To be freed with ksem_attr_free(). */
struct ksem_attr *spec_attr(const struct spec *spec);

#endif /* KSEM_SPEC_H */
