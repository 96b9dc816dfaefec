/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The semaphore once more, as naive as can be: arrays, and every question
 * answered by looking at all of it. Written from what the uapi header and the
 * documentation promise; it shares no line with the module.
 */
#ifndef MODEL_H
#define MODEL_H

#include <linux/types.h>

#define MODEL_HANDLES	8
#define MODEL_WAITERS	256
/* What one hold of the lock may do at most: promise 9. */
#define MODEL_BATCH	32

/* One request. The first part is the caller's. */
struct model_request {
	unsigned int id;
	unsigned int handle;
	unsigned int process;
	u32 n;
	bool barge;
	bool defer;
	bool mute;		/* it can't be told the news */
	u64 place;		/* 0: it was never queued */
	u64 since;
	bool nudged;		/* it will try before it sleeps */
	bool recovered;		/* granted with the news */
};

enum model_patience {
	MODEL_TRY,
	MODEL_TRY_EXPIRED,
	MODEL_WAIT,
};

/* An account: of one handle, or of all that one process has opened. */
struct model_holder {
	s64 held;
	s64 pending;
	u64 since;
	unsigned int process;	/* the last that acquired; 0: none has */
	bool polled;
	bool edge;		/* it can release again: pollers want to know */
};

struct model_totals {
	u64 acquires;
	u64 releases;
	u64 waits;
	u64 timeouts;
	u64 interrupts;
	u64 reclaimed;
	u64 wait_total_ns;
	u64 wait_max_ns;
};

enum model_item_kind {
	MODEL_NUDGED,
	MODEL_GRANTED,
	MODEL_SHUT,
};

/* What one step has done to others, in this order. */
struct model_news {
	unsigned int nr;
	struct {
		enum model_item_kind kind;
		unsigned int id;
		bool recovered;
	} item[MODEL_BATCH];
	bool in;
	bool out;
	bool hup;
	s64 pollers;	/* how many of them can do something about it */
	bool more;		/* the caller's sweep is unfinished */
	u64 end;		/* and leaves alone who comes after this place */
};

struct model {
	bool fair;
	bool signal;
	bool per_process;
	bool temporary;
	s64 max;
	u64 handoff;
	/* The caller's, for each step: the clocks, and what was available before. */
	u64 now;
	u64 jiffies;
	s64 before;

	s64 available;
	s64 capacity;
	bool shut;
	bool recovered;
	bool spent;
	unsigned int opener[MODEL_HANDLES];	/* 0: not attached */
	struct model_holder holder[MODEL_HANDLES];
	unsigned int nr_waiters;
	struct model_request waiter[MODEL_WAITERS];	/* by place */
	u64 arrivals;
	bool serving;
	bool polled;
	bool watched;		/* somebody is still polling */
	bool saw_in;
	bool saw_out;
	struct model_totals totals;
};

void model_init(struct model *m, u32 flags, u32 initial, u32 max, u64 handoff);

int model_request(struct model *m, struct model_request *r, enum model_patience patience,
		  struct model_news *news);
int model_drain(struct model *m, struct model_request *r, struct model_news *news);
void model_take_more(struct model *m, struct model_request *r, u32 most,
		     struct model_news *news);
bool model_retry(struct model *m, struct model_request *r, struct model_news *news);
bool model_leave(struct model *m, struct model_request *r, bool expired,
		 struct model_news *news);
void model_deliver(struct model *m, const struct model_request *r);
void model_give_back(struct model *m, const struct model_request *r, u32 n,
		     struct model_news *news);
void model_serve(struct model *m, u64 end, struct model_news *news);

int model_release(struct model *m, unsigned int handle, u32 n, struct model_news *news);
int model_post(struct model *m, u32 n, struct model_news *news);
int model_reduce(struct model *m, u32 n, struct model_news *news);
int model_resize(struct model *m, u32 capacity, struct model_news *news);
int model_forget(struct model *m, unsigned int handle, u32 n);
int model_transfer(struct model *m, unsigned int from, unsigned int to, u32 n);
void model_shutdown(struct model *m, struct model_news *news);
void model_poll(struct model *m, unsigned int handle, struct model_news *level);
void model_end_polls(struct model *m);
int model_attach(struct model *m, unsigned int handle, unsigned int opener);
bool model_detach(struct model *m, unsigned int handle, struct model_news *news);

/* Questions that the test has too. */
struct model_holder *model_holder_of(struct model *m, unsigned int handle);
s64 model_demand(const struct model *m);
unsigned int model_nr_holders(const struct model *m);
bool model_is_ordinary(const struct model *m);

#endif /* MODEL_H */
