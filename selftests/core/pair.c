// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/list.h>

#include "pair.h"

/* The hooks of the shim have no other way to know. */
static struct pair *current_pair;

#define expect(cond)						\
	do {							\
		if (!(cond))					\
			fail("line %d: %s", __LINE__, #cond);	\
	} while (0)

#define same(core, model)						\
	do {								\
		s64 _core = (core), _model = (model);			\
									\
		if (_core != _model)					\
			fail("%s: %lld, the model: %lld", #core,	\
			     (long long)_core, (long long)_model);	\
	} while (0)

/*
 * At every unlock
 */

static s64 held_by_all(struct ksem_sem *sem)
{
	struct ksem_holder *holder;
	s64 held = 0;

	list_for_each_entry(holder, &sem->holders, node)
		held += (s64)holder->held + holder->pending;
	return held;
}

static struct ksem_waiter *head_of(struct ksem_sem *sem)
{
	struct rb_node *node = rb_first_cached(&sem->queue);

	return node ? rb_entry(node, struct ksem_waiter, node) : NULL;
}

/* Promises 1 and 5. */
void shim_unlocking(spinlock_t *lock)
{
	struct ksem_sem *sem = container_of(lock, struct ksem_sem, lock);
	struct ksem_waiter *head = head_of(sem);
	bool fair = sem->state & KSEM_S_FAIR;

	if (sem->available + held_by_all(sem) != sem->capacity)
		fail("conservation: %lld + %lld is not %lld", (long long)sem->available,
		     (long long)held_by_all(sem), (long long)sem->capacity);
	if (!head || sem->state & KSEM_S_SERVING)
		return;
	if (sem->available >= head->n && (fair || !head->woken))
		fail("idle permits: %lld, and the head wants %u", (long long)sem->available,
		     head->n);
	if (sem->state & KSEM_S_SHUTDOWN)
		fail("a waiter is left after shutdown");
}

/*
 * Another has ended a wait: the thread may return, end, and take its stack with
 * it before that other does anything else.
 */
void shim_published(const u8 *state)
{
	struct ksem_waiter *w = container_of((u8 *)state, struct ksem_waiter, state);
	struct pair *p = current_pair;
	struct actor *a = &p->actor[w->task->id];
	unsigned int i = p->nr_ended++;
	struct ksem_waiter *moved;

	if (i == KSEM_BATCH)
		fail("more than %d waits ended in one hold of the lock", KSEM_BATCH);
	p->ended[i].id = a->r.id;
	p->ended[i].state = w->state;
	p->ended[i].recovered = w->recovered;
	expect(ksem_waiter_ended(w));
	/* The thread itself, which takes part in a sweep, does not return yet. */
	if (a->owns_w)
		return;
	moved = malloc(sizeof(*moved));
	*moved = *w;
	moved->task = NULL;
	memset(&moved->node, 0x5a, sizeof(moved->node));
	free(w);
	a->w = moved;
	put_task_struct(a->task);
	a->task = NULL;
}

/*
 * Comparing
 */

static void compare_counts(struct pair *p)
{
	struct ksem_sem *sem = &p->sem;
	struct model *m = &p->m;

	same(sem->available, m->available);
	same(sem->capacity, m->capacity);
	same(sem->nr_waiters, m->nr_waiters);
	same(sem->demand, model_demand(m));
	same(sem->nr_holders, model_nr_holders(m));
	same(!!(sem->state & KSEM_S_SHUTDOWN), m->shut);
	same(!!(sem->state & KSEM_S_RECOVERED), m->recovered);
	same(!!(sem->state & KSEM_S_SERVING), m->serving);
	same(!!(sem->state & KSEM_S_QUEUED), m->nr_waiters > 0);
	same(!!(sem->state & KSEM_S_SPENT), m->spent);
	same(!!(sem->state & KSEM_S_POLLED), m->polled);
	same(sem->acquires, m->totals.acquires);
	same(sem->releases, m->totals.releases);
	same(sem->waits, m->totals.waits);
	same(sem->timeouts, m->totals.timeouts);
	same(sem->interrupts, m->totals.interrupts);
	same(sem->reclaimed, m->totals.reclaimed);
	same(sem->wait_total_ns, m->totals.wait_total_ns);
	same(sem->wait_max_ns, m->totals.wait_max_ns);
}

static void compare_queue(struct pair *p)
{
	struct rb_node *node = rb_first_cached(&p->sem.queue);
	unsigned int i;

	for (i = 0; i < p->m.nr_waiters; i++, node = rb_next(node)) {
		struct ksem_waiter *w = rb_entry(node, struct ksem_waiter, node);

		expect(node);
		same(w->task->id, p->m.waiter[i].id);
		same(w->since_ns, p->m.waiter[i].since);
		same(w->woken, p->m.waiter[i].nudged);
		same(w->state, KSEM_W_QUEUED);
		expect(!ksem_waiter_ended(w));
	}
	expect(!node);
}

static void compare_holders(struct pair *p)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PAIR_HANDLES; i++) {
		struct ksem_holder *holder = p->holder[i];
		struct model_holder *mh;

		same(!!holder, !!p->m.opener[i]);
		if (!holder)
			continue;
		nr++;
		mh = model_holder_of(&p->m, i);
		same(holder->held, mh->held);
		same(holder->pending, mh->pending);
		same(holder->edge, mh->edge);
		expect(holder->acquirer == (mh->process ? p->process[mh->process - 1] : NULL));
		if (mh->held + mh->pending)
			same(holder->since, mh->since);
	}
	same(p->sem.nr_handles, nr);
}

/* Handles whose account it is; @first: one of them. */
static unsigned int nr_handles_of(struct pair *p, const struct ksem_holder *holder,
				  unsigned int *first)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PAIR_HANDLES; i++) {
		if (p->holder[i] != holder)
			continue;
		*first = i;
		nr++;
	}
	return nr;
}

/* In the order in which they were bound, and no others. */
static void compare_holders_list(struct pair *p)
{
	struct ksem_holder *holder;
	unsigned int i = 0, nr = 0;
	u64 last = 0;

	list_for_each_entry(holder, &p->sem.holders, node) {
		expect(holder->nr_handles);
		same(holder->nr_handles, nr_handles_of(p, holder, &i));
		expect(p->bound[i] > last);
		last = p->bound[i];
		nr += holder->nr_handles;
	}
	same(p->sem.nr_handles, nr);
}

static void compare(struct pair *p)
{
	compare_counts(p);
	compare_queue(p);
	compare_holders(p);
	compare_holders_list(p);
}

/*
 * Promises that need no model
 */

/* The one in the queue that came first; NULL: there is none. */
static struct actor *first_arrived(struct pair *p)
{
	struct actor *first = NULL;
	unsigned int i;

	for (i = 0; i < PAIR_ACTORS; i++) {
		struct actor *a = &p->actor[i];

		if (a->stage == ACTOR_QUEUED && (!first || a->arrived < first->arrived))
			first = a;
	}
	return first;
}

/* Promises 3 and 4: nobody earlier is left, or else it may be passed still. */
static void check_order(struct pair *p, const struct actor *a)
{
	struct actor *first = first_arrived(p);

	if (!first || a->r.barge || (a->arrived && a->arrived < first->arrived))
		return;
	if (p->m.fair)
		fail("%u is granted before %u", a->r.id, first->r.id);
	if (p->m.now > first->r.since && p->m.now - first->r.since >= p->m.handoff)
		fail("%u passes %u, which is due", a->r.id, first->r.id);
}

/* Promise 10, and no token for those who did not ask. */
static void check_token(struct pair *p, const struct ksem_waiter *w)
{
	if (!w->want_token) {
		same(w->token, 0);
		return;
	}
	expect(w->token > p->last_token);
	p->last_token = w->token;
}

/* Promise 5, as seen from outside: a nudge counts until the thread has tried. */
static void check_head(struct pair *p)
{
	struct actor *first = first_arrived(p);

	if (first && !p->m.serving && p->sem.available >= first->r.n)
		expect(!p->m.fair && first->woken);
}

static bool is_swept(struct pair *p, const struct actor *a)
{
	unsigned int i;

	for (i = 0; i < p->nr_sweeps; i++)
		if (a->ticket < p->sweep[i].sweep_end)
			return true;
	return false;
}

/* While a sweep is on, everybody who waits is part of one, or will not sleep. */
static void check_sweeps(struct pair *p)
{
	unsigned int i;

	if (!p->m.serving)
		return;
	for (i = 0; i < PAIR_ACTORS; i++)
		if (p->actor[i].stage == ACTOR_QUEUED)
			expect(p->actor[i].woken || is_swept(p, &p->actor[i]));
}

/*
 * A step
 */

static void step_begin(struct pair *p)
{
	current_pair = p;
	p->nr_ended = 0;
	p->m.now = shim_now_ns;
	p->m.jiffies = shim_jiffies;
	p->m.before = p->m.available;
}

/* What others have learned of this step: the same, and in the same order. */
static void take_item(struct pair *p, const struct model_news *news, unsigned int i,
		      unsigned int *ended)
{
	struct actor *a = &p->actor[news->item[i].id];

	expect(a->stage == ACTOR_QUEUED);
	if (news->item[i].kind == MODEL_NUDGED) {
		expect(!p->m.fair);
		expect(a == first_arrived(p));
		expect(a->task);
		a->woken = true;
		return;
	}
	expect(*ended < p->nr_ended);
	same(p->ended[*ended].id, news->item[i].id);
	same(p->ended[*ended].recovered, news->item[i].recovered);
	same(p->ended[*ended].state,
	     news->item[i].kind == MODEL_SHUT ? KSEM_W_SHUT : KSEM_W_GRANTED);
	++*ended;
	a->r.recovered = news->item[i].recovered;
	if (news->item[i].kind == MODEL_SHUT) {
		a->stage = ACTOR_SHUT;
		return;
	}
	a->stage = ACTOR_GRANTED;
	check_order(p, a);
	check_token(p, a->w);
}

static void compare_events(const struct ksem_wake *wake, const struct model_news *news)
{
	same(!!(wake->events & KSEM_EV_IN), news->in);
	same(!!(wake->events & KSEM_EV_OUT), news->out);
	same(!!(wake->events & KSEM_EV_HUP), news->hup);
	same(wake->nr_pollers, news->pollers);
	same(wake->more, news->more);
}

/* What a step has done to others. */
static void take_items(struct pair *p, struct ksem_wake *wake, const struct model_news *news)
{
	unsigned int i, ended = 0;

	same(wake->nr, news->nr);
	for (i = 0; i < news->nr; i++) {
		same(wake->task[i]->id, news->item[i].id);
		take_item(p, news, i, &ended);
		put_task_struct(wake->task[i]);
	}
	same(ended, p->nr_ended);
}

static void step_close(struct pair *p, struct ksem_wake *wake, const struct model_news *news)
{
	compare_events(wake, news);
	if (wake->more) {
		expect(p->nr_sweeps < PAIR_SWEEPS);
		p->sweep[p->nr_sweeps].sweep_end = wake->sweep_end;
		p->sweep[p->nr_sweeps].end = news->end;
		p->nr_sweeps++;
	}
	compare(p);
	check_head(p);
	check_sweeps(p);
}

/* Ends a step that may have done something to others. */
static void step_end(struct pair *p, struct ksem_wake *wake, const struct model_news *news)
{
	take_items(p, wake, news);
	step_close(p, wake, news);
}

/*
 * A pair comes and goes
 */

struct pair *pair_new(u32 flags, u32 initial, u32 max, u64 handoff)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct ksem_create create = {
		.size = sizeof(create),
		.flags = flags,
		.initial = initial,
		.max = max,
		.handoff_ns = handoff,
		.label = "pair",
	};
	unsigned int i;

	for (i = 0; i < PAIR_PROCESSES; i++)
		p->process[i] = shim_pid_new();
	/* What was there before must not matter. */
	memset(&p->sem, 0xa5, sizeof(p->sem));
	ksem_sem_init(&p->sem, &create);
	expect(p->sem.poll_wq.ready);
	expect(p->sem.refs.refs == 1);
	expect(!memcmp(p->sem.label, create.label, sizeof(create.label)));
	same(p->sem.max, max);
	same(p->sem.handoff_ns, handoff);
	model_init(&p->m, flags, initial, max, handoff);
	p->last_token = ksem_last_token.counter;
	compare(p);
	return p;
}

/* All holders are gone, and all requests have ended. */
void pair_free(struct pair *p)
{
	unsigned int i;

	same(p->sem.available, p->sem.capacity);
	same(p->sem.nr_holders, 0);
	same(p->sem.nr_waiters, 0);
	same(p->nr_sweeps, 0);
	expect(list_empty(&p->sem.holders));
	expect(!shim_tasks);
	for (i = 0; i < PAIR_PROCESSES; i++) {
		same(p->process[i]->refs, 1);
		put_pid(p->process[i]);
	}
	free(p);
}

/*
 * Requests
 */

/* The thread's own part of a request is over. */
static void actor_release(struct actor *a)
{
	free(a->w);
	a->w = NULL;
	if (a->task)
		put_task_struct(a->task);
	a->task = NULL;
}

static struct actor *actor_begin(struct pair *p, unsigned int id, const struct pair_request *req)
{
	struct actor *a = &p->actor[id];

	expect(a->stage == ACTOR_IDLE);
	*a = (struct actor) {
		.r = {
			.id = id,
			.handle = req->handle,
			.process = req->process + 1,
			.n = req->n,
			.barge = req->barge,
			.defer = req->defer,
			.mute = req->mute,
		},
	};
	a->task = shim_task_new(id, p->process[req->process]);
	a->w = malloc(sizeof(*a->w));
	*a->w = (struct ksem_waiter) {
		.holder = p->holder[req->handle],
		.task = a->task,
		.n = req->n,
		.want_token = req->token,
		.barge = req->barge,
		.defer = req->defer,
		.mute = req->mute,
	};
	return a;
}

static enum model_patience model_patience_of(enum ksem_patience patience)
{
	switch (patience) {
	case KSEM_TRY:
		return MODEL_TRY;
	case KSEM_TRY_EXPIRED:
		return MODEL_TRY_EXPIRED;
	default:
		return MODEL_WAIT;
	}
}

/* The thread finds its request granted by its own call. */
static void actor_granted(struct pair *p, struct actor *a)
{
	same(a->w->state, KSEM_W_GRANTED);
	same(a->w->recovered, a->r.recovered);
	a->stage = ACTOR_GRANTED;
	check_order(p, a);
	check_token(p, a->w);
}

static int actor_request(struct pair *p, struct actor *a, enum ksem_patience patience)
{
	struct model_news news = { };
	struct ksem_wake wake;
	int ret;

	ret = ksem_sem_request(&p->sem, a->w, patience, &wake);
	same(ret, model_request(&p->m, &a->r, model_patience_of(patience), &news));
	if (ret == -EINPROGRESS) {
		if (!a->arrived)
			a->arrived = ++p->arrivals;
		a->ticket = a->w->ticket;
		a->woken = a->w->woken;
		a->stage = ACTOR_QUEUED;
	} else if (ret) {
		same(a->w->state, KSEM_W_IDLE);
		actor_release(a);
		a->stage = ACTOR_IDLE;
	} else {
		actor_granted(p, a);
	}
	step_end(p, &wake, &news);
	return ret;
}

int pair_request(struct pair *p, unsigned int id, const struct pair_request *req)
{
	step_begin(p);
	return actor_request(p, actor_begin(p, id, req), req->patience);
}

/* The thread asks again for what a signal has interrupted. */
int pair_resume(struct pair *p, unsigned int id, enum ksem_patience patience)
{
	struct actor *a = &p->actor[id];

	expect(a->stage == ACTOR_INTERRUPTED);
	step_begin(p);
	a->task = shim_task_new(id, p->process[a->r.process - 1]);
	a->w->task = a->task;
	a->w->state = KSEM_W_IDLE;
	a->w->woken = false;
	a->woken = false;
	same(a->w->ticket, a->ticket);
	return actor_request(p, a, patience);
}

void pair_drain(struct pair *p, unsigned int id, const struct pair_request *req)
{
	struct model_news news = { };
	struct ksem_wake wake;
	struct actor *a;
	int ret;

	step_begin(p);
	a = actor_begin(p, id, req);
	ret = ksem_sem_drain(&p->sem, a->w, &wake);
	same(ret, model_drain(&p->m, &a->r, &news));
	same(a->w->n, a->r.n);
	if (a->w->n) {
		actor_granted(p, a);
	} else {
		same(a->w->state, KSEM_W_IDLE);
		actor_release(a);
	}
	step_end(p, &wake, &news);
}

/* The rest of what was asked for, by the thread that has been granted a part. */
void pair_take_more(struct pair *p, unsigned int id, u32 most)
{
	struct actor *a = &p->actor[id];
	struct actor newcomer = { .r = a->r };
	struct model_news news = { };
	struct ksem_wake wake;
	u32 before = a->w->n;

	expect(a->stage == ACTOR_GRANTED && a->r.defer);
	step_begin(p);
	if (!a->task)
		a->task = shim_task_new(id, p->process[a->r.process - 1]);
	a->w->task = a->task;
	ksem_sem_take_more(&p->sem, a->w, most, &wake);
	model_take_more(&p->m, &a->r, most, &news);
	same(a->w->n, a->r.n);
	expect(a->w->n - before <= most);
	/* It has had its turn: for more it has none. */
	newcomer.r.barge = false;
	if (a->w->n > before)
		check_order(p, &newcomer);
	step_end(p, &wake, &news);
}

/* Did another part of this step end the request's wait? */
static bool was_ended(struct pair *p, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < p->nr_ended; i++)
		if (p->ended[i].id == id)
			return true;
	return false;
}

void pair_retry(struct pair *p, unsigned int id)
{
	struct actor *a = &p->actor[id];
	bool was_queued = a->stage == ACTOR_QUEUED;
	struct model_news news = { };
	struct ksem_wake wake;
	bool ended;

	step_begin(p);
	a->owns_w = true;
	ended = ksem_sem_retry(&p->sem, a->w, &wake);
	a->owns_w = false;
	a->woken = false;
	same(ended, model_retry(&p->m, &a->r, &news));
	/* It takes for itself, or it takes part in a sweep. */
	if (ended && was_queued && !was_ended(p, id))
		actor_granted(p, a);
	take_items(p, &wake, &news);
	if (!ended)
		a->woken = a->w->woken;
	step_close(p, &wake, &news);
}

void pair_leave(struct pair *p, unsigned int id, enum ksem_waiter_state why)
{
	struct actor *a = &p->actor[id];
	struct model_news news = { };
	struct ksem_wake wake;
	u8 state = a->w->state;
	bool left;

	step_begin(p);
	a->owns_w = true;
	ksem_sem_leave(&p->sem, a->w, why, &wake);
	a->owns_w = false;
	left = a->stage == ACTOR_QUEUED;
	same(left, model_leave(&p->m, &a->r, why == KSEM_W_EXPIRED, &news));
	same(a->w->state, left ? why : state);
	if (left) {
		put_task_struct(a->task);
		a->task = NULL;
		a->stage = ACTOR_INTERRUPTED;
		if (why == KSEM_W_EXPIRED)
			pair_forget_place(p, id);
	}
	step_end(p, &wake, &news);
}

void pair_forget_place(struct pair *p, unsigned int id)
{
	struct actor *a = &p->actor[id];

	expect(a->stage == ACTOR_INTERRUPTED);
	actor_release(a);
	a->stage = ACTOR_IDLE;
}

/* The result of a request is out. */
void pair_finish(struct pair *p, unsigned int id)
{
	struct actor *a = &p->actor[id];

	step_begin(p);
	if (a->stage == ACTOR_GRANTED && a->r.defer) {
		ksem_sem_deliver(&p->sem, a->w->holder, a->w->n);
		model_deliver(&p->m, &a->r);
	}
	actor_release(a);
	a->stage = ACTOR_IDLE;
	compare(p);
}

/* Nobody will learn of a grant, or of a part of it. */
void pair_give_back(struct pair *p, unsigned int id, u32 n)
{
	struct actor *a = &p->actor[id];
	struct model_news news = { };
	struct ksem_wake wake;

	expect(a->stage == ACTOR_GRANTED);
	step_begin(p);
	ksem_sem_give_back(&p->sem, a->w, n, &wake);
	model_give_back(&p->m, &a->r, n, &news);
	a->w->n -= n;
	a->r.n -= n;
	if (!a->w->n) {
		actor_release(a);
		a->stage = ACTOR_IDLE;
	}
	step_end(p, &wake, &news);
}

/* The thread whose sweep it is. */
void pair_go_on(struct pair *p, unsigned int i)
{
	struct pair_sweep sweep = p->sweep[i];
	struct ksem_wake wake = { .sweep_end = sweep.sweep_end };
	struct model_news news = { };

	step_begin(p);
	p->sweep[i] = p->sweep[--p->nr_sweeps];
	ksem_sem_serve(&p->sem, &wake);
	model_serve(&p->m, sweep.end, &news);
	step_end(p, &wake, &news);
}

/*
 * Counts
 */

/* The result is out at once: what was pending is held. */
static void result_out(struct pair *p, const struct model_request *r)
{
	ksem_sem_deliver(&p->sem, p->holder[r->handle], r->n);
	model_deliver(&p->m, r);
	compare(p);
}

/* Of the three ways the one that the request asks for. */
static int acquire_fast(struct pair *p, const struct pair_request *req, u64 *token)
{
	struct ksem_holder *holder = p->holder[req->handle];

	if (req->token)
		return ksem_sem_acquire_token_fast(&p->sem, holder, req->n, token);
	if (req->defer)
		return ksem_sem_acquire_pending_fast(&p->sem, holder, req->n);
	return ksem_sem_acquire_fast(&p->sem, holder, req->n);
}

/* Only where nothing is special; what it would do there is what a try does. */
void pair_acquire_fast(struct pair *p, const struct pair_request *req)
{
	struct model_request r = {
		.handle = req->handle,
		.process = req->process + 1,
		.n = req->n,
		.defer = req->token || req->defer,
		.mute = req->defer && !req->token,
	};
	struct model_news news = { };
	int ret, expected = 1;
	u64 token = 0;

	step_begin(p);
	if (model_is_ordinary(&p->m) && (r.mute || !p->m.recovered))
		expected = model_request(&p->m, &r, MODEL_TRY, &news);
	shim_current = shim_task_new(PAIR_ACTORS, p->process[req->process]);
	ret = acquire_fast(p, req, &token);
	put_task_struct(shim_current);
	shim_current = NULL;
	same(ret, expected);
	expect(!r.recovered && !news.nr && !news.in && !news.out);
	compare(p);
	if (ret)
		return;
	if (req->token) {
		expect(token > p->last_token);
		p->last_token = token;
	}
	if (r.defer)
		result_out(p, &r);
}

void pair_release_fast(struct pair *p, unsigned int handle, u32 n)
{
	bool enough = p->m.signal ? p->m.available + n <= p->m.max :
				    model_holder_of(&p->m, handle)->held >= n;
	bool expected = model_is_ordinary(&p->m) && enough;
	struct model_news news = { };
	bool released;

	step_begin(p);
	released = ksem_sem_release_fast(&p->sem, p->holder[handle], n);
	same(released, expected);
	if (released) {
		same(0, model_release(&p->m, handle, n, &news));
		expect(!news.nr && !news.in && !news.out);
	}
	compare(p);
}

void pair_release(struct pair *p, unsigned int handle, u32 n)
{
	struct model_news news = { };
	struct ksem_wake wake;

	step_begin(p);
	same(ksem_sem_release(&p->sem, p->holder[handle], n, &wake),
	     model_release(&p->m, handle, n, &news));
	step_end(p, &wake, &news);
}

void pair_post(struct pair *p, u32 n)
{
	struct model_news news = { };
	struct ksem_wake wake;

	step_begin(p);
	same(ksem_sem_post(&p->sem, n, &wake), model_post(&p->m, n, &news));
	step_end(p, &wake, &news);
}

void pair_reduce(struct pair *p, u32 n)
{
	struct model_news news = { };
	struct ksem_wake wake;

	step_begin(p);
	same(ksem_sem_reduce(&p->sem, n, &wake), model_reduce(&p->m, n, &news));
	step_end(p, &wake, &news);
}

void pair_resize(struct pair *p, u32 capacity)
{
	struct model_news news = { };
	struct ksem_wake wake;

	step_begin(p);
	same(ksem_sem_resize(&p->sem, capacity, &wake), model_resize(&p->m, capacity, &news));
	step_end(p, &wake, &news);
}

void pair_forget(struct pair *p, unsigned int handle, u32 n)
{
	step_begin(p);
	same(ksem_sem_forget(&p->sem, p->holder[handle], n), model_forget(&p->m, handle, n));
	compare(p);
}

void pair_transfer(struct pair *p, unsigned int from, unsigned int to, u32 n)
{
	step_begin(p);
	same(ksem_sem_transfer(&p->sem, p->holder[from], p->holder[to], n),
	     model_transfer(&p->m, from, to, n));
	compare(p);
}

void pair_shutdown(struct pair *p)
{
	struct model_news news = { };
	struct ksem_wake wake;

	step_begin(p);
	ksem_sem_shutdown(&p->sem, &wake);
	model_shutdown(&p->m, &news);
	step_end(p, &wake, &news);
	same(ksem_sem_alive(&p->sem), -ESHUTDOWN);
}

/*
 * Handles
 */

void pair_poll(struct pair *p, unsigned int handle)
{
	struct model_news level = { };
	unsigned int events;

	step_begin(p);
	p->sem.poll_wq.active = true;
	events = ksem_sem_poll(&p->sem, p->holder[handle]);
	model_poll(&p->m, handle, &level);
	same(!!(events & KSEM_EV_IN), level.in);
	same(!!(events & KSEM_EV_OUT), level.out);
	same(!!(events & KSEM_EV_HUP), level.hup);
	compare(p);
}

/* All pollers go. */
void pair_end_polls(struct pair *p)
{
	p->sem.poll_wq.active = false;
	model_end_polls(&p->m);
}

/* Whoever leaves with a grant tells the account's pollers of the edge. */
void pair_tell_pollers(struct pair *p, unsigned int handle)
{
	p->holder[handle]->edge = false;
	model_holder_of(&p->m, handle)->edge = false;
}

static void holder_free(struct ksem_holder *h)
{
	put_pid(h->acquirer);
	put_pid(h->opener);
	free(h);
}

/* A handle that @process has opened. */
int pair_attach(struct pair *p, unsigned int handle, unsigned int process)
{
	struct ksem_holder *fresh = malloc(sizeof(*fresh));
	struct ksem_holder *h = fresh;
	unsigned int sibling;
	int ret;

	ksem_holder_init(fresh, get_pid(p->process[process]));
	step_begin(p);
	ret = ksem_sem_attach(&p->sem, &h);
	same(ret, model_attach(&p->m, handle, process + 1));
	if (ret || h != fresh)
		holder_free(fresh);
	if (!ret) {
		if (h == fresh)
			p->bound[handle] = ++p->bindings;
		else if (nr_handles_of(p, h, &sibling))
			p->bound[handle] = p->bound[sibling];
		else
			fail("an account of nobody's");
		p->holder[handle] = h;
		expect(h->opener == p->process[process] || h == fresh);
	}
	same(ksem_sem_alive(&p->sem), p->m.shut ? -ESHUTDOWN : 0);
	compare(p);
	return ret;
}

void pair_detach(struct pair *p, unsigned int handle)
{
	struct ksem_holder *h = p->holder[handle];
	struct model_news news = { };
	struct ksem_wake wake;
	bool last;

	step_begin(p);
	last = ksem_sem_detach(&p->sem, h, &wake);
	same(last, model_detach(&p->m, handle, &news));
	p->holder[handle] = NULL;
	if (last)
		holder_free(h);
	step_end(p, &wake, &news);
}
