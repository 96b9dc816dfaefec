/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_WAIT_H
#define SHIM_WAIT_H

#include <linux/types.h>

typedef struct {
	bool ready;
	bool active;	/* the test's: somebody is in it */
} wait_queue_head_t;

static inline void init_waitqueue_head(wait_queue_head_t *wq)
{
	wq->ready = true;
	wq->active = false;
}

/* There is one thread: nothing has to be ordered. */
static inline bool waitqueue_active(const wait_queue_head_t *wq)
{
	return wq->active;
}

#endif /* SHIM_WAIT_H */
