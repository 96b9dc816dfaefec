// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on core.c and on the model, compared after each one.
 *
 *   random_test [-s SEED] [-n OPERATIONS]
 *
 * The seed is printed first; with it a run is repeated exactly. On the first
 * difference the last operations are printed, and the exit status is 1.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>

#include "pair.h"

#define DEFAULT_OPERATIONS	400000
/* So many operations of a kind of semaphore are sure to reach everything. */
#define ENOUGH_OPERATIONS	50000

#define LOG_LINES	40
#define LOG_WIDTH	100

/* What the operations tend to. */
enum mood {
	MIXED,
	PILE_UP,
	FLOOD,
	STORM,
	NR_MOODS,
};

static unsigned long long seed;
static u64 random_state;
static unsigned long step;
static unsigned int nr_passed;

/* The semaphore of this episode, and what is special about the episode. */
static struct pair *p;
static enum mood mood;
static bool with_polls;
static bool with_large;

static char log_line[LOG_LINES][LOG_WIDTH];
static unsigned long nr_logged;

/*
 * Reporting
 */

static __printf(1, 2) void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(log_line[nr_logged++ % LOG_LINES], LOG_WIDTH, format, args);
	va_end(args);
}

static void print_context(void)
{
	unsigned long i = nr_logged > LOG_LINES ? nr_logged - LOG_LINES : 0;

	printf("# seed %llu, step %lu; the last operations:\n", seed, step);
	for (; i < nr_logged; i++)
		printf("#   %s\n", log_line[i % LOG_LINES]);
	if (p)
		printf("# available %lld, capacity %lld, %u queued\n",
		       (long long)p->sem.available, (long long)p->sem.capacity,
		       p->sem.nr_waiters);
	fflush(stdout);
}

void fail(const char *what, ...)
{
	va_list args;

	printf("not ok %u - the model agrees\n# ", nr_passed + 1);
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	printf("\n");
	print_context();
	printf("%u passed, 1 failed, 0 skipped\n", nr_passed);
	fflush(stdout);
	_exit(1);
}

/*
 * Chance
 */

static u64 random_u64(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 to limit - 1 */
static u64 below(u64 limit)
{
	return random_u64() % limit;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

/* How many permits: 1 to max, mostly few; in some episodes any number. */
static u32 some_permits(void)
{
	u32 max = p->sem.max;
	u32 n = 1;

	if (one_in(with_large ? 4 : 200))
		n = one_in(2) ? 1 + below(max) : max - below(2);
	else if (one_in(3))
		n = 1 + below(4);
	return n < 1 ? 1 : n > max ? max : n;
}

static unsigned int some_handle(void)
{
	unsigned int i = below(PAIR_HANDLES);

	while (!p->holder[i])
		i = (i + 1) % PAIR_HANDLES;
	return i;
}

/* An actor in this stage, or -1. */
static int some_actor(enum actor_stage stage)
{
	unsigned int start = below(PAIR_ACTORS), i;

	for (i = 0; i < PAIR_ACTORS; i++) {
		unsigned int id = (start + i) % PAIR_ACTORS;

		if (p->actor[id].stage == stage)
			return id;
	}
	return -1;
}

static struct pair_request some_request(void)
{
	return (struct pair_request) {
		.handle = some_handle(),
		.process = below(PAIR_PROCESSES),
		.n = some_permits(),
		.patience = KSEM_QUEUE,
		.token = one_in(2),
		.defer = one_in(3),
		.mute = one_in(4),
	};
}

/*
 * Operations: each returns false, and has done nothing, where it does not apply.
 */

static bool do_request(void)
{
	struct pair_request req = some_request();
	int id = some_actor(ACTOR_IDLE);

	if (id < 0)
		return false;
	if (one_in(8))
		req.patience = KSEM_TRY_EXPIRED;
	note("%d: request %u on %u%s%s", id, req.n, req.handle, req.defer ? " deferred" : "",
	     req.patience == KSEM_TRY_EXPIRED ? " expired" : "");
	pair_request(p, id, &req);
	return true;
}

static bool do_try(void)
{
	struct pair_request req = some_request();
	int id = some_actor(ACTOR_IDLE);

	if (id < 0)
		return false;
	req.patience = KSEM_TRY;
	req.barge = one_in(4);
	note("%d: try %u on %u%s%s", id, req.n, req.handle, req.defer ? " deferred" : "",
	     req.barge ? " barge" : "");
	pair_request(p, id, &req);
	return true;
}

static bool do_drain(void)
{
	struct pair_request req = some_request();
	int id = some_actor(ACTOR_IDLE);

	if (id < 0)
		return false;
	if (one_in(2))
		req.n = KSEM_MAX_PERMITS;
	note("%d: drain %u on %u%s", id, req.n, req.handle, req.defer ? " deferred" : "");
	pair_drain(p, id, &req);
	return true;
}

static bool do_resume(void)
{
	int id = some_actor(ACTOR_INTERRUPTED);
	bool expired = one_in(8);

	if (id < 0)
		return false;
	note("%d: resume%s", id, expired ? " expired" : "");
	pair_resume(p, id, expired ? KSEM_TRY_EXPIRED : KSEM_QUEUE);
	return true;
}

static bool do_drop_place(void)
{
	int id = some_actor(ACTOR_INTERRUPTED);

	if (id < 0)
		return false;
	note("%d: drop place", id);
	pair_forget_place(p, id);
	return true;
}

/* One that was woken; sometimes another, who may always ask. */
static bool do_retry(void)
{
	unsigned int start = below(PAIR_ACTORS), i;
	int id = -1;

	for (i = start; i < start + PAIR_ACTORS && id < 0; i++) {
		struct actor *a = &p->actor[i % PAIR_ACTORS];

		if (a->stage == ACTOR_QUEUED && a->woken)
			id = i % PAIR_ACTORS;
	}
	if (id < 0 && one_in(4))
		id = some_actor(one_in(4) ? ACTOR_GRANTED : ACTOR_QUEUED);
	if (id < 0)
		return false;
	note("%d: retry", id);
	pair_retry(p, id);
	return true;
}

/* The one who came first leaves more often than chance would have it. */
static bool do_leave(void)
{
	bool expired = one_in(2);
	int id = some_actor(one_in(8) ? ACTOR_GRANTED : ACTOR_QUEUED);

	if (p->m.nr_waiters && one_in(4))
		id = p->m.waiter[0].id;
	if (id < 0)
		return false;
	note("%d: leave, %s", id, expired ? "expired" : "interrupted");
	pair_leave(p, id, expired ? KSEM_W_EXPIRED : KSEM_W_INTERRUPTED);
	return true;
}

static bool do_finish(void)
{
	int id = some_actor(one_in(8) ? ACTOR_SHUT : ACTOR_GRANTED);

	if (id < 0)
		return false;
	note("%d: finish", id);
	pair_finish(p, id);
	return true;
}

static bool do_take_more(void)
{
	int id = some_actor(ACTOR_GRANTED);
	u32 most;

	if (id < 0 || !p->actor[id].r.defer)
		return false;
	most = p->sem.max - p->actor[id].r.n;
	if (!one_in(8))
		most = below(most < 8 ? most + 1 : 8);
	note("%d: take %u more", id, most);
	pair_take_more(p, id, most);
	return true;
}

/* All of it, or a part of what is not out yet. */
static bool do_give_back(void)
{
	int id = some_actor(ACTOR_GRANTED);
	u32 n;

	if (id < 0)
		return false;
	n = p->actor[id].r.n;
	if (p->actor[id].r.defer && one_in(2))
		n = 1 + below(n);
	note("%d: give %u back", id, n);
	pair_give_back(p, id, n);
	return true;
}

static bool do_go_on(void)
{
	unsigned int i;

	if (!p->nr_sweeps)
		return false;
	i = below(p->nr_sweeps);
	note("a sweep goes on, up to place %llu", (unsigned long long)p->sweep[i].end);
	pair_go_on(p, i);
	return true;
}

static bool do_acquire_fast(void)
{
	struct pair_request req = {
		.handle = some_handle(),
		.process = below(PAIR_PROCESSES),
		.n = some_permits(),
		.token = below(2),
		.defer = below(2),
	};

	note("acquire %u on %u, the fast way%s%s", req.n, req.handle,
	     req.token ? ", with a token" : "", req.defer ? ", deferred" : "");
	pair_acquire_fast(p, &req);
	return true;
}

static bool do_release_fast(void)
{
	unsigned int handle = some_handle();
	u32 n = one_in(2) ? 1 : some_permits();

	note("release %u on %u, the fast way", n, handle);
	pair_release_fast(p, handle, n);
	return true;
}

static bool do_release(void)
{
	unsigned int handle = some_handle();
	u32 held = p->holder[handle]->held;
	u32 n = held && !one_in(8) ? 1 + below(held) : some_permits();

	if (held && mood == FLOOD)
		n = held;
	note("release %u of %u on %u", n, held, handle);
	pair_release(p, handle, n);
	return true;
}

static bool do_post(void)
{
	u32 n = some_permits();

	if (mood == FLOOD && p->sem.capacity >= 0 && p->sem.capacity < p->sem.max)
		n = p->sem.max - p->sem.capacity;
	note("post %u", n);
	pair_post(p, n);
	return true;
}

static bool do_reduce(void)
{
	u32 n = one_in(8) ? 0 : some_permits();

	if (mood == PILE_UP && p->sem.available > 0 && p->sem.available <= p->sem.capacity)
		n = p->sem.available;
	note("reduce %u", n);
	pair_reduce(p, n);
	return true;
}

static bool do_resize(void)
{
	u32 n = below((u64)p->sem.max + 2);

	if (mood == PILE_UP)
		n = below(4);
	else if (mood == FLOOD)
		n = p->sem.max;
	note("resize %u", n);
	pair_resize(p, n);
	return true;
}

static bool do_forget(void)
{
	unsigned int handle = some_handle();
	u32 n = below((u64)p->holder[handle]->held + 2);

	if (p->m.signal)
		return false;
	note("forget %u on %u", n, handle);
	pair_forget(p, handle, n);
	return true;
}

static bool do_transfer(void)
{
	unsigned int from = some_handle(), to = some_handle();
	u32 n = below((u64)p->holder[from]->held + 2);

	if (p->m.signal)
		return false;
	note("transfer %u from %u to %u", n, from, to);
	pair_transfer(p, from, to, n);
	return true;
}

static bool do_shutdown(void)
{
	if (!p->m.shut && !one_in(p->m.serving ? 2 : 20))
		return false;
	note("shutdown");
	pair_shutdown(p);
	return true;
}

static bool do_poll(void)
{
	unsigned int handle = some_handle();

	if (!with_polls)
		return false;
	note("poll %u", handle);
	pair_poll(p, handle);
	return true;
}

static bool do_end_polls(void)
{
	/* Seldom: what is to be found out takes more than one step of many. */
	if (!p->m.watched || !one_in(8))
		return false;
	note("nobody polls any more");
	pair_end_polls(p);
	return true;
}

static bool do_tell_pollers(void)
{
	unsigned int handle = some_handle();

	if (!p->holder[handle]->edge)
		return false;
	note("tell pollers of %u", handle);
	pair_tell_pollers(p, handle);
	return true;
}

static int bind(unsigned int handle)
{
	unsigned int process = below(PAIR_PROCESSES);

	note("attach %u of process %u", handle, process);
	return pair_attach(p, handle, process);
}

static bool do_attach(void)
{
	unsigned int i;

	for (i = 0; i < PAIR_HANDLES && p->holder[i]; i++)
		;
	if (i == PAIR_HANDLES)
		return false;
	bind(i);
	return true;
}

/* Whatever this thread was at, it is not any more. */
static void end_actor(unsigned int id)
{
	switch (p->actor[id].stage) {
	case ACTOR_QUEUED:
		note("%u: leave", id);
		pair_leave(p, id, KSEM_W_INTERRUPTED);
		pair_forget_place(p, id);
		break;
	case ACTOR_INTERRUPTED:
		pair_forget_place(p, id);
		break;
	case ACTOR_GRANTED:
		note("%u: give back", id);
		pair_give_back(p, id, p->actor[id].r.n);
		break;
	case ACTOR_SHUT:
		pair_finish(p, id);
		break;
	case ACTOR_IDLE:
		break;
	}
}

static void end_handle(unsigned int handle)
{
	unsigned int i;

	for (i = 0; i < PAIR_ACTORS; i++)
		if (p->actor[i].r.handle == handle)
			end_actor(i);
	note("detach %u", handle);
	pair_detach(p, handle);
}

/* A process dies: its threads' requests end, its handle goes. One stays. */
static bool do_kill(void)
{
	unsigned int handle = some_handle();

	if (p->sem.nr_handles == 1)
		return false;
	end_handle(handle);
	return true;
}

static bool do_pass_time(void)
{
	u64 ns = 1 + below(1000);

	if (!p->m.fair && p->m.handoff != KSEM_HANDOFF_NEVER && !one_in(4))
		ns = below(2 * p->m.handoff) + 1;
	note("%llu ns pass", (unsigned long long)ns);
	shim_now_ns += ns;
	return true;
}

/* The clock of another processor may be a little behind. */
static bool do_turn_clock_back(void)
{
	u64 ns = below(30);

	note("%llu ns back", (unsigned long long)ns);
	shim_now_ns -= ns;
	return true;
}

struct operation {
	bool (*run)(void);
	unsigned int weight[NR_MOODS];
};

static const struct operation operations[] = {
	/*			  MIXED	PILE	FLOOD	STORM */
	{ do_request,		{ 14,	60,	12,	12 } },
	{ do_try,		{ 6,	2,	4,	4 } },
	{ do_drain,		{ 1,	3,	1,	1 } },
	{ do_resume,		{ 4,	2,	4,	16 } },
	{ do_drop_place,	{ 2,	1,	2,	3 } },
	{ do_retry,		{ 8,	2,	10,	10 } },
	{ do_leave,		{ 6,	2,	4,	22 } },
	{ do_finish,		{ 12,	8,	16,	8 } },
	{ do_take_more,		{ 4,	1,	4,	2 } },
	{ do_give_back,		{ 4,	1,	4,	6 } },
	{ do_go_on,		{ 10,	4,	12,	6 } },
	{ do_acquire_fast,	{ 4,	2,	1,	1 } },
	{ do_release_fast,	{ 4,	1,	1,	1 } },
	{ do_release,		{ 12,	1,	18,	10 } },
	{ do_post,		{ 2,	0,	6,	1 } },
	{ do_reduce,		{ 1,	4,	1,	1 } },
	{ do_resize,		{ 2,	4,	6,	1 } },
	{ do_forget,		{ 1,	0,	1,	1 } },
	{ do_transfer,		{ 2,	0,	1,	1 } },
	{ do_shutdown,		{ 1,	0,	1,	1 } },
	{ do_poll,		{ 2,	1,	1,	1 } },
	{ do_end_polls,		{ 1,	1,	1,	1 } },
	{ do_tell_pollers,	{ 1,	0,	1,	0 } },
	{ do_attach,		{ 3,	1,	1,	1 } },
	{ do_kill,		{ 2,	0,	1,	1 } },
	{ do_pass_time,		{ 8,	6,	8,	8 } },
	{ do_turn_clock_back,	{ 1,	1,	1,	1 } },
};

static bool (*some_operation(void))(void)
{
	unsigned int i, rest, total = 0;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		total += operations[i].weight[mood];
	rest = below(total);
	for (i = 0; rest >= operations[i].weight[mood]; i++)
		rest -= operations[i].weight[mood];
	return operations[i].run;
}

/*
 * Episodes
 */

static const u64 handoffs[] = { 1, 1000, KSEM_HANDOFF_DEFAULT_NS, KSEM_HANDOFF_NEVER };

static void begin_episode(u32 flags)
{
	static const u32 maxima[] = { 8, 300, 300, KSEM_MAX_PERMITS };
	u32 max = maxima[below(ARRAY_SIZE(maxima))];
	u32 initial = below(5);
	u64 handoff = flags & KSEM_CREATE_FAIR ? 0 : handoffs[below(ARRAY_SIZE(handoffs))];
	unsigned int i;

	if (max < KSEM_MAX_PERMITS)
		max = 1 + below(max);
	if (one_in(4) || initial > max)
		initial = max;
	with_polls = one_in(2);
	with_large = one_in(4);
	if (!(flags & KSEM_CREATE_SIGNAL) && one_in(2))
		flags |= KSEM_CREATE_PER_PROCESS;
	if (one_in(2))
		flags |= KSEM_CREATE_TEMPORARY;
	note("a new semaphore: %u of %u, flags %#x, hand-off %lld", initial, max, flags,
	     (long long)handoff);
	p = pair_new(flags, initial, max, handoff);
	for (i = 0; i < 1 + below(PAIR_HANDLES); i++)
		bind(i);
}

static void end_episode(void)
{
	unsigned int i;

	if (one_in(2)) {
		note("shutdown at the end");
		pair_shutdown(p);
	}
	for (i = 0; i < PAIR_HANDLES; i++)
		if (p->holder[i])
			end_handle(i);
	while (do_go_on())
		;
	/* One more may come, unless the semaphore was temporary. */
	if (!bind(0))
		end_handle(0);
	pair_free(p);
	p = NULL;
}

/* What has been reached, over the episodes of one kind of semaphore. */
static struct {
	unsigned long episodes;
	unsigned long grants;
	unsigned long sweeps;
	unsigned long helped;
	unsigned long longest_queue;
} reached;

/* @before: was a sweep on? Others may finish one for the thread that began it. */
static void count_reached(bool before)
{
	reached.sweeps += p->m.serving && !before;
	reached.helped += !p->m.serving && before && p->nr_sweeps;
	if (p->sem.nr_waiters > reached.longest_queue)
		reached.longest_queue = p->sem.nr_waiters;
}

static void run_step(void)
{
	bool before = p->m.serving;

	shim_now_ns += below(20);
	shim_jiffies += below(2);
	if (p->nr_sweeps == PAIR_SWEEPS)
		do_go_on();
	else
		while (!some_operation()())
			;
	step++;
	count_reached(before);
}

/* A flood comes where there is something to sweep away. */
static enum mood next_mood(void)
{
	if (mood == PILE_UP)
		return FLOOD;
	return one_in(2) ? PILE_UP : below(NR_MOODS);
}

static void run_episode(u32 flags, unsigned long operations)
{
	begin_episode(flags);
	while (operations-- > 0) {
		if (one_in(100))
			mood = next_mood();
		/* Little is left to see a while after a shutdown. */
		if (p->m.shut && one_in(50))
			break;
		run_step();
	}
	reached.grants += p->sem.acquires;
	reached.episodes++;
	end_episode();
}

static void check_reached(const char *name)
{
	printf("# %s: %lu semaphores, %lu grants, %lu sweeps, %lu finished by others, ",
	       name, reached.episodes, reached.grants, reached.sweeps, reached.helped);
	printf("%lu queued at most\n", reached.longest_queue);
	if (!reached.sweeps || !reached.helped || reached.longest_queue <= 2 * KSEM_BATCH)
		fail("these operations are not enough of a test");
}

static void run_kind(const char *name, u32 flags, unsigned long operations)
{
	unsigned long end = step + operations;

	memset(&reached, 0, sizeof(reached));
	while (step < end) {
		unsigned long length = 100 + below(2000);

		run_episode(flags, length < end - step ? length : end - step);
	}
	if (operations >= ENOUGH_OPERATIONS)
		check_reached(name);
	nr_passed++;
	printf("ok %u - %s: %lu random operations agree with the model\n", nr_passed, name,
	       operations);
	fflush(stdout);
}

static void on_sanitizer_report(void)
{
	printf("not ok %u - no sanitizer complains\n", nr_passed + 1);
	print_context();
	printf("%u passed, 1 failed, 0 skipped\n", nr_passed);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned long operations = DEFAULT_OPERATIONS;
	struct timespec now;
	int option;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = now.tv_sec * 1000000000ULL + now.tv_nsec;
	while ((option = getopt(argc, argv, "s:n:")) != -1) {
		if (option == 's') {
			seed = strtoull(optarg, NULL, 0);
		} else if (option == 'n') {
			operations = strtoul(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: random_test [-s SEED] [-n OPERATIONS]\n");
			return 2;
		}
	}
	printf("# seed %llu\n1..4\n", seed);
	fflush(stdout);
	random_state = seed;
	shim_now_ns = 1000;
	__sanitizer_set_death_callback(on_sanitizer_report);

	run_kind("fair", KSEM_CREATE_FAIR, operations / 4);
	run_kind("non-fair", 0, operations / 4);
	run_kind("fair signal", KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL, operations / 4);
	run_kind("non-fair signal", KSEM_CREATE_SIGNAL, operations / 4);
	printf("%u passed, 0 failed, 0 skipped\n", nr_passed);
	return 0;
}
