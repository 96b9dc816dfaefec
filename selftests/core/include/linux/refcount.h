/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_REFCOUNT_H
#define SHIM_REFCOUNT_H

typedef struct {
	int refs;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	r->refs = n;
}

#endif /* SHIM_REFCOUNT_H */
