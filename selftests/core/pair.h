/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A semaphore of core.c and one of the model, side by side: each operation is
 * done to both, and then all that can be seen of the two is compared, and the
 * promises are looked after that need no model.
 */
#ifndef PAIR_H
#define PAIR_H

#include "../../module/core.h"
#include "model.h"
#include "shim.h"

#define PAIR_ACTORS	200
#define PAIR_HANDLES	MODEL_HANDLES
#define PAIR_PROCESSES	4

enum actor_stage {
	ACTOR_IDLE,
	ACTOR_QUEUED,
	ACTOR_INTERRUPTED,	/* not queued, but its place is kept */
	ACTOR_GRANTED,		/* its result is not out yet */
	ACTOR_SHUT,
};

/*
 * A thread with a request. @w is a block of its own, and changes when another
 * ends the wait: who looks at the waiter after that looks at freed memory.
 */
struct actor {
	enum actor_stage stage;
	struct ksem_waiter *w;
	struct task_struct *task;
	struct model_request r;
	u64 ticket;
	u64 arrived;		/* 0: was never queued */
	bool woken;		/* and has not tried since: it will, before it sleeps */
	bool owns_w;		/* is just doing something: @w stays */
};

/* An unfinished sweep: core.c's first ticket that it leaves alone, the model's last in it. */
struct pair_sweep {
	u64 sweep_end;
	u64 end;
};

#define PAIR_SWEEPS	8

struct pair {
	struct ksem_sem sem;
	struct model m;
	/* By handle: several may have the same, which is as old as the first of them. */
	struct ksem_holder *holder[PAIR_HANDLES];
	u64 bound[PAIR_HANDLES];
	u64 bindings;
	struct pid *process[PAIR_PROCESSES];
	struct actor actor[PAIR_ACTORS];
	unsigned int nr_sweeps;
	struct pair_sweep sweep[PAIR_SWEEPS];
	u64 arrivals;
	u64 last_token;
	unsigned int nr_ended;	/* by others, in this step */
	struct {
		unsigned int id;
		u8 state;
		bool recovered;
	} ended[KSEM_BATCH];
};

/* How a request is made. */
struct pair_request {
	unsigned int handle;
	unsigned int process;
	u32 n;
	enum ksem_patience patience;
	bool barge;
	bool defer;
	bool token;
	bool mute;
};

struct pair *pair_new(u32 flags, u32 initial, u32 max, u64 handoff);
void pair_free(struct pair *p);

int pair_request(struct pair *p, unsigned int id, const struct pair_request *req);
int pair_resume(struct pair *p, unsigned int id, enum ksem_patience patience);
void pair_drain(struct pair *p, unsigned int id, const struct pair_request *req);
void pair_retry(struct pair *p, unsigned int id);
void pair_leave(struct pair *p, unsigned int id, enum ksem_waiter_state why);
void pair_forget_place(struct pair *p, unsigned int id);
void pair_finish(struct pair *p, unsigned int id);
void pair_take_more(struct pair *p, unsigned int id, u32 most);
void pair_give_back(struct pair *p, unsigned int id, u32 n);
void pair_go_on(struct pair *p, unsigned int i);

void pair_acquire_fast(struct pair *p, const struct pair_request *req);
void pair_release_fast(struct pair *p, unsigned int handle, u32 n);
void pair_release(struct pair *p, unsigned int handle, u32 n);
void pair_post(struct pair *p, u32 n);
void pair_reduce(struct pair *p, u32 n);
void pair_resize(struct pair *p, u32 capacity);
void pair_forget(struct pair *p, unsigned int handle, u32 n);
void pair_transfer(struct pair *p, unsigned int from, unsigned int to, u32 n);
void pair_shutdown(struct pair *p);
void pair_poll(struct pair *p, unsigned int handle);
void pair_end_polls(struct pair *p);
void pair_tell_pollers(struct pair *p, unsigned int handle);
int pair_attach(struct pair *p, unsigned int handle, unsigned int process);
void pair_detach(struct pair *p, unsigned int handle);

#endif /* PAIR_H */
