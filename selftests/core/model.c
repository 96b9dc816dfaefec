// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <linux/ksem.h>

#include "model.h"

void model_init(struct model *m, u32 flags, u32 initial, u32 max, u64 handoff)
{
	memset(m, 0, sizeof(*m));
	m->fair = flags & KSEM_CREATE_FAIR;
	m->signal = flags & KSEM_CREATE_SIGNAL;
	m->per_process = flags & KSEM_CREATE_PER_PROCESS;
	m->temporary = flags & KSEM_CREATE_TEMPORARY;
	m->available = initial;
	m->capacity = initial;
	m->max = max;
	m->handoff = handoff;
}

/*
 * Questions
 */

s64 model_demand(const struct model *m)
{
	s64 demand = 0;
	unsigned int i;

	for (i = 0; i < m->nr_waiters; i++)
		demand += m->waiter[i].n;
	return demand;
}

/* Whose account a handle's permits are in: a process's has the number of its opener. */
struct model_holder *model_holder_of(struct model *m, unsigned int handle)
{
	return &m->holder[m->per_process ? m->opener[handle] - 1 : handle];
}

static s64 owned(const struct model_holder *holder)
{
	return holder->held + holder->pending;
}

unsigned int model_nr_holders(const struct model *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < MODEL_HANDLES; i++)
		nr += owned(&m->holder[i]) > 0;
	return nr;
}

/* Nothing is going on but counting; there may be news for who can tell them. */
bool model_is_ordinary(const struct model *m)
{
	return !m->shut && !m->serving && !m->polled && !m->nr_waiters;
}

/* Two processors' clocks may differ a little: then no time has passed. */
static u64 waited(const struct model *m, const struct model_request *r)
{
	return r->place && m->now > r->since ? m->now - r->since : 0;
}

/* Promise 4: has it been passed for long enough? */
static bool is_due(const struct model *m, const struct model_request *r)
{
	return m->handoff != KSEM_HANDOFF_NEVER && waited(m, r) >= m->handoff;
}

/* May a request that is not queued have n now? */
static bool may_have(const struct model *m, u32 n, u64 place)
{
	const struct model_request *head = &m->waiter[0];

	if (m->serving || m->available < n)
		return false;
	if (!m->nr_waiters)
		return true;
	if (place && place < head->place)
		return true;
	return !m->fair && !is_due(m, head);
}

static bool is_readable(const struct model *m)
{
	return m->shut || may_have(m, 1, 0);
}

static bool is_writable(const struct model *m)
{
	return m->signal && m->available < m->max;
}

/*
 * Parts of operations
 */

/* Of several that poll exclusively, one is called for each permit. */
static void call_pollers(struct model_news *news, s64 nr)
{
	if (nr > INT_MAX)
		nr = INT_MAX;
	if (nr > news->pollers)
		news->pollers = nr;
}

/*
 * Pollers learn of what has become true since anybody last looked, and where it
 * was true already, of more of it.
 */
static void look(struct model *m, struct model_news *news)
{
	bool in = is_readable(m);
	bool out = is_writable(m);

	/* A step may look twice, and what the first look found stays. */
	if (!news->pollers)
		news->pollers = 1;
	m->polled = m->polled && m->watched;
	if (!m->polled)
		return;
	if (in && !m->saw_in) {
		news->in = true;
		call_pollers(news, m->available);
	} else if (in && m->available > m->before) {
		news->in = true;
		call_pollers(news, m->available - m->before);
	}
	if (out && !m->saw_out) {
		news->out = true;
		call_pollers(news, m->max - m->available);
	} else if (out && m->available < m->before) {
		news->out = true;
		call_pollers(news, m->before - m->available);
	}
	m->saw_in = in;
	m->saw_out = out;
}

static void hold(struct model *m, struct model_holder *holder, s64 n)
{
	if (!holder->held && holder->polled && m->polled)
		holder->edge = true;
	if (!owned(holder))
		holder->since = m->jiffies;
	holder->held += n;
}

/* Free permits become the requester's. */
static void move(struct model *m, struct model_request *r, s64 n)
{
	struct model_holder *holder = model_holder_of(m, r->handle);

	m->available -= n;
	if (m->signal) {
		m->capacity -= n;
		return;
	}
	holder->process = r->process;
	if (!r->defer) {
		hold(m, holder, n);
		return;
	}
	if (!owned(holder))
		holder->since = m->jiffies;
	holder->pending += n;
}

static void grant(struct model *m, struct model_request *r)
{
	move(m, r, r->n);
	m->totals.acquires++;
	if (r->mute)
		return;
	r->recovered = m->recovered;
	m->recovered = false;
}

static void count_wait(struct model *m, const struct model_request *r)
{
	m->totals.wait_total_ns += waited(m, r);
	if (waited(m, r) > m->totals.wait_max_ns)
		m->totals.wait_max_ns = waited(m, r);
}

static void enqueue(struct model *m, struct model_request *r)
{
	unsigned int i;

	if (!r->place) {
		r->place = ++m->arrivals;
		r->since = m->now;
		m->totals.waits++;
	}
	for (i = m->nr_waiters++; i > 0 && m->waiter[i - 1].place > r->place; i--)
		m->waiter[i] = m->waiter[i - 1];
	m->waiter[i] = *r;
	m->waiter[i].nudged = m->serving;
}

static int find(const struct model *m, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < m->nr_waiters; i++)
		if (m->waiter[i].id == id)
			return i;
	return -1;
}

static struct model_request dequeue(struct model *m, unsigned int i)
{
	struct model_request r = m->waiter[i];

	m->nr_waiters--;
	for (; i < m->nr_waiters; i++)
		m->waiter[i] = m->waiter[i + 1];
	return r;
}

/*
 * How many from the head on have their turn now, were there no bound on the
 * work. *nudge: the last of them is not granted but told to try for itself.
 */
static unsigned int turns(const struct model *m, bool *nudge)
{
	s64 available = m->available;
	unsigned int i;

	*nudge = false;
	for (i = 0; i < m->nr_waiters; i++) {
		const struct model_request *r = &m->waiter[i];

		if (m->shut)
			continue;
		if (available < r->n)
			return i;
		if (!m->fair && !is_due(m, r)) {
			*nudge = true;
			return i + 1;
		}
		available -= r->n;
	}
	return i;
}

static void tell(struct model_news *news, enum model_item_kind kind,
		 const struct model_request *r)
{
	news->item[news->nr].kind = kind;
	news->item[news->nr].id = r->id;
	news->item[news->nr].recovered = r->recovered;
	news->nr++;
}

static void end_head(struct model *m, struct model_news *news)
{
	struct model_request r = dequeue(m, 0);

	count_wait(m, &r);
	if (!m->shut)
		grant(m, &r);
	tell(news, m->shut ? MODEL_SHUT : MODEL_GRANTED, &r);
}

/* A batch's worth of those whose turn it is. */
static void serve(struct model *m, struct model_news *news)
{
	bool nudge;
	unsigned int todo = turns(m, &nudge);

	for (; todo > 0; todo--) {
		struct model_request *head = &m->waiter[0];

		if (news->nr == MODEL_BATCH) {
			/* The first to stop here goes on, for all who are there. */
			news->more = !m->serving;
			news->end = m->arrivals;
			m->serving = true;
			return;
		}
		if (todo == 1 && nudge) {
			if (!head->nudged)
				tell(news, MODEL_NUDGED, head);
			head->nudged = true;
			break;
		}
		end_head(m, news);
	}
	m->serving = false;
}

/* What may have made room ends here. */
static void settle(struct model *m, struct model_news *news)
{
	serve(m, news);
	look(m, news);
}

/*
 * Nor does one who asks leave a head without its turn; a sweep is others' work. What
 * was refused is news before what that leaves.
 */
static void settle_request(struct model *m, struct model_news *news)
{
	look(m, news);
	if (!m->serving)
		settle(m, news);
}

/*
 * Requests
 */

int model_request(struct model *m, struct model_request *r, enum model_patience patience,
		  struct model_news *news)
{
	int ret = 0;

	/* Whatever ends a request that has been queued before ends its wait. */
	if (m->shut) {
		ret = -ESHUTDOWN;
		count_wait(m, r);
	} else if (may_have(m, r->n, r->place) || (r->barge && m->available >= r->n)) {
		count_wait(m, r);
		grant(m, r);
	} else if (patience == MODEL_WAIT) {
		enqueue(m, r);
		ret = -EINPROGRESS;
	} else if (patience == MODEL_TRY) {
		ret = -EAGAIN;
	} else {
		count_wait(m, r);
		m->totals.timeouts++;
		ret = -ETIMEDOUT;
	}
	settle_request(m, news);
	return ret;
}

int model_drain(struct model *m, struct model_request *r, struct model_news *news)
{
	u32 most = r->n;
	int ret = 0;

	r->n = 0;
	if (m->shut) {
		ret = -ESHUTDOWN;
	} else if (may_have(m, 1, 0)) {
		r->n = m->available < most ? m->available : most;
		grant(m, r);
	}
	settle_request(m, news);
	return ret;
}

/* What a try for more would get is a part of the same grant. */
void model_take_more(struct model *m, struct model_request *r, u32 most,
		     struct model_news *news)
{
	if (most && !m->shut && may_have(m, 1, 0)) {
		s64 n = m->available < most ? m->available : most;

		move(m, r, n);
		r->n += n;
	}
	settle_request(m, news);
}

/* A waiter that was told to try; true: its wait is over. */
bool model_retry(struct model *m, struct model_request *r, struct model_news *news)
{
	int i = find(m, r->id);

	if (i >= 0)
		m->waiter[i].nudged = false;
	if (i == 0 && !m->serving && !m->shut && m->available >= r->n) {
		dequeue(m, 0);
		count_wait(m, r);
		grant(m, r);
	}
	settle(m, news);
	i = find(m, r->id);
	if (i >= 0 && m->serving)
		m->waiter[i].nudged = true;
	return i < 0;
}

/* A waiter that gives up; false: too late, its wait is over. */
bool model_leave(struct model *m, struct model_request *r, bool expired,
		 struct model_news *news)
{
	int i = find(m, r->id);

	if (i >= 0) {
		dequeue(m, i);
		if (expired) {
			count_wait(m, r);
			m->totals.timeouts++;
		} else {
			m->totals.interrupts++;
		}
	}
	settle(m, news);
	return i >= 0;
}

void model_deliver(struct model *m, const struct model_request *r)
{
	struct model_holder *holder = model_holder_of(m, r->handle);

	if (m->signal)
		return;
	if (!holder->held && holder->polled && m->polled)
		holder->edge = true;
	holder->held += r->n;
	holder->pending -= r->n;
}

/* Without any of it left there was no grant. */
void model_give_back(struct model *m, const struct model_request *r, u32 count,
		     struct model_news *news)
{
	struct model_holder *holder = model_holder_of(m, r->handle);
	bool whole = count == r->n;
	s64 n = count;

	if (m->signal) {
		m->capacity += n;
	} else if (r->defer) {
		holder->pending -= n;
	} else {
		/* A thread that shares the handle may have released some. */
		if (n > holder->held)
			n = holder->held;
		holder->held -= n;
	}
	m->available += n;
	m->totals.acquires -= whole;
	m->recovered |= whole && r->recovered;
	settle(m, news);
}

/* One whose sweep is unfinished goes on, unless others have finished it. */
void model_serve(struct model *m, u64 end, struct model_news *news)
{
	if (m->serving)
		serve(m, news);
	news->end = end;
	news->more = m->serving && m->waiter[0].place <= end;
	look(m, news);
}

/*
 * Counts
 */

static int add(struct model *m, s64 n)
{
	if (m->shut)
		return -ESHUTDOWN;
	if (m->capacity + n > m->max)
		return -EOVERFLOW;
	m->capacity += n;
	m->available += n;
	return 0;
}

int model_release(struct model *m, unsigned int handle, u32 n, struct model_news *news)
{
	struct model_holder *holder = model_holder_of(m, handle);
	int ret = 0;

	if (m->signal) {
		ret = add(m, n);
	} else if (holder->held < n) {
		ret = -EPERM;
	} else {
		holder->held -= n;
		m->available += n;
	}
	if (!ret)
		m->totals.releases++;
	settle(m, news);
	return ret;
}

int model_post(struct model *m, u32 n, struct model_news *news)
{
	int ret = add(m, n);

	settle(m, news);
	return ret;
}

int model_reduce(struct model *m, u32 n, struct model_news *news)
{
	int ret = n > m->capacity ? -EINVAL : 0;

	if (!ret) {
		m->capacity -= n;
		m->available -= n;
	}
	settle(m, news);
	return ret;
}

int model_resize(struct model *m, u32 capacity, struct model_news *news)
{
	int ret = 0;

	if (m->shut) {
		ret = -ESHUTDOWN;
	} else if (capacity > m->max) {
		ret = -EOVERFLOW;
	} else {
		m->available += capacity - m->capacity;
		m->capacity = capacity;
	}
	settle(m, news);
	return ret;
}

int model_forget(struct model *m, unsigned int handle, u32 n)
{
	struct model_holder *holder = model_holder_of(m, handle);

	if (holder->held < n)
		return -EPERM;
	holder->held -= n;
	m->capacity -= n;
	/* What a reduce has taken out already can't be taken out once more. */
	if (m->capacity < 0) {
		m->available -= m->capacity;
		m->capacity = 0;
	}
	return 0;
}

int model_transfer(struct model *m, unsigned int from, unsigned int to, u32 n)
{
	struct model_holder *giver = model_holder_of(m, from);
	struct model_holder *receiver = model_holder_of(m, to);

	if (giver->held < n)
		return -EPERM;
	if (giver == receiver || !n)
		return 0;
	giver->held -= n;
	hold(m, receiver, n);
	return 0;
}

void model_shutdown(struct model *m, struct model_news *news)
{
	if (!m->shut) {
		m->shut = true;
		news->hup = true;
		/* Readable for another reason now: that is news. */
		m->saw_in = false;
	}
	settle(m, news);
}

/*
 * Handles
 */

void model_poll(struct model *m, unsigned int handle, struct model_news *level)
{
	struct model_holder *holder = model_holder_of(m, handle);

	m->polled = true;
	m->watched = true;
	holder->polled = true;
	m->saw_in = is_readable(m);
	m->saw_out = is_writable(m);
	level->in = m->saw_in;
	level->out = m->signal ? m->saw_out : holder->held > 0;
	level->hup = m->shut;
}

void model_end_polls(struct model *m)
{
	m->watched = false;
}

/* How many handles have this account. */
static unsigned int nr_handles_of(struct model *m, const struct model_holder *holder)
{
	unsigned int i, nr = 0;

	for (i = 0; i < MODEL_HANDLES; i++)
		nr += m->opener[i] && model_holder_of(m, i) == holder;
	return nr;
}

/* @opener: 1 and up. */
int model_attach(struct model *m, unsigned int handle, unsigned int opener)
{
	struct model_holder *holder;

	if (m->spent)
		return -ENOENT;
	if (m->shut)
		return -ESHUTDOWN;
	m->opener[handle] = opener;
	holder = model_holder_of(m, handle);
	if (nr_handles_of(m, holder) == 1)
		memset(holder, 0, sizeof(*holder));
	return 0;
}

/* True if it was the last of its account. */
bool model_detach(struct model *m, unsigned int handle, struct model_news *news)
{
	struct model_holder *holder = model_holder_of(m, handle);
	unsigned int i, rest = 0;
	bool last;
	s64 n = 0;

	m->opener[handle] = 0;
	last = !nr_handles_of(m, holder);
	for (i = 0; i < MODEL_HANDLES; i++)
		rest += m->opener[i];
	m->spent |= m->temporary && !rest;
	if (last) {
		n = holder->held;
		memset(holder, 0, sizeof(*holder));
	}
	m->available += n;
	m->totals.reclaimed += n;
	m->recovered |= n > 0;
	settle(m, news);
	return last;
}
