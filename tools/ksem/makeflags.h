/* SPDX-License-Identifier: GPL-2.0-only */
/* makeflags.c: MAKEFLAGS with a jobserver in it. */
#ifndef KSEM_MAKEFLAGS_H
#define KSEM_MAKEFLAGS_H

#include <stdbool.h>

/*
 * @flags with -j and the jobserver at @path, in the place of those that are in it.
 * @nested: there was one. To be freed.
 */
char *makeflags_with(const char *flags, unsigned int jobs, const char *path, bool *nested);

#endif /* KSEM_MAKEFLAGS_H */
