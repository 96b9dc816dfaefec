// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: a worker: takes or makes programs and runs them with two threads
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define KCOV_POINTS	16384
/*
 * A program's calls are repeated so often, but not for longer. What it begins with costs
 * more than the calls do, and under emulation, on a kernel full of checks, one of these
 * takes 0.1 ms: in a few milliseconds there would be few rounds in which they meet.
 */
#define MAX_ROUNDS	256
#define ROUNDS_NS	60000000ULL
/* Rare ones in one of so many rounds. */
#define RARE_EVERY	8
/* Of so many programs one has the books of its semaphores checked. */
#define CHECK_EVERY	8

static struct fuzz_process process;

static void on_signal(int sig)
{
	(void)sig;
}

static void set_handler(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	if (sigaction(sig, &sa, NULL))
		fuzz_die("sigaction");
}

/* What belongs to a thread; the calling thread is the one. */
static void begin_thread(struct fuzz_thread *t)
{
	t->fail_fd = -1;
	/* How much there is to fail depends on what has run before. */
	if (t->process->shared->mode != MODE_SINGLE)
		t->fail_fd = fuzz_move_fd(open("/proc/thread-self/fail-nth",
					       O_RDWR | O_CLOEXEC), FUZZ_FD_OWN);
	fuzz_kcov_start(&t->kcov, KCOV_POINTS);
	__atomic_store_n(&t->state->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static bool is_for(const struct fuzz_call *c, const struct fuzz_thread *t, unsigned int round)
{
	return c->thread == t->index && !(fuzz_ops[c->op].rare && round % RARE_EVERY);
}

/* The calls of one thread, after those that prepare. */
static void run_share(struct fuzz_thread *t)
{
	struct fuzz_process *p = t->process;
	__u64 began = fuzz_now(CLOCK_MONOTONIC);
	unsigned int round, i;

	for (round = 0; round < p->rounds; round++) {
		if (round && fuzz_now(CLOCK_MONOTONIC) - began > ROUNDS_NS)
			break;
		for (i = p->first; i < p->program.nr; i++)
			if (is_for(&p->program.call[i], t, round))
				fuzz_run_call(t, &p->program.call[i]);
	}
}

/* Whoever is ready first does not let the other wait for what will not come. */
static void hurry(struct fuzz_thread *other)
{
	if (__atomic_load_n(&other->state->seq, __ATOMIC_ACQUIRE) & 1)
		syscall(SYS_tgkill, getpid(), other->state->tid, SIGALRM);
}

static void *be_sibling(void *arg)
{
	struct fuzz_thread *t = arg;
	struct fuzz_process *p = t->process;
	__u32 seen = 0;

	begin_thread(t);
	for (;;) {
		while (__atomic_load_n(&p->go, __ATOMIC_ACQUIRE) == seen)
			fuzz_futex_wait(&p->go, seen);
		seen++;
		fuzz_kcov_reset(&t->kcov);
		run_share(t);
		hurry(&p->thread[0]);
		__atomic_store_n(&p->done, seen, __ATOMIC_RELEASE);
		fuzz_futex_wake(&p->done, 1);
	}
	return NULL;
}

static void run_with_sibling(struct fuzz_process *p)
{
	__u32 mine = p->go + 1, done;

	__atomic_store_n(&p->go, mine, __ATOMIC_RELEASE);
	fuzz_futex_wake(&p->go, 1);
	run_share(&p->thread[0]);
	hurry(&p->thread[1]);
	while ((done = __atomic_load_n(&p->done, __ATOMIC_ACQUIRE)) != mine)
		fuzz_futex_wait(&p->done, done);
}

/* May others come by the handles that this call is about? */
static bool is_private(const struct fuzz_call *c)
{
	const struct fuzz_op_info *op = &fuzz_ops[c->op];

	switch (c->op) {
	case OP_SEND:
	case OP_RECEIVE:
	case OP_FORK:
	case OP_CROWD:
		return false;
	case OP_CREATE_AT:
		return c->other < FUZZ_KEPT_SLOTS;
	default:
		return (!fuzz_op_has(op, 's') || c->slot < FUZZ_KEPT_SLOTS) &&
		       (!fuzz_op_has(op, 'o') || c->other < FUZZ_KEPT_SLOTS);
	}
}

/* Does another thread change what this program's calls are about, or a process? */
static void judge(struct fuzz_process *p)
{
	unsigned int i;

	p->both = false;
	p->unreliable = false;
	p->exact = true;
	p->first = p->program.nr;
	p->self->tampered = 0;
	p->self->running = p->program;
	for (i = 0; i < p->program.nr; i++) {
		const struct fuzz_call *c = &p->program.call[i];

		if (p->threads == 1 || !c->thread)
			continue;
		if (p->first == p->program.nr)
			p->first = i;
		p->both = true;
	}
	for (i = 0; i < p->first; i++)
		if (!is_private(&p->program.call[i]))
			p->exact = false;
	for (i = p->first; i < p->program.nr; i++)
		if (p->program.call[i].op == OP_TAMPER)
			p->self->tampered = 1;
}

static void check_books(struct fuzz_process *p)
{
	unsigned int slot;

	for (slot = 0; slot < FUZZ_SLOTS; slot++)
		if (p->slot[slot] >= 0)
			fuzz_check_semaphore(&p->thread[0], p->slot[slot]);
}

static void close_slots(struct fuzz_process *p, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		fuzz_close_slot(p, from);
}

static void mix(struct fuzz_process *p, __u64 value)
{
	p->self->hash = (p->self->hash ^ value) * 0x100000001b3ULL;
}

/* All calls in their order; what only time decides is not for the hash. */
static void run_alone(struct fuzz_process *p, bool show)
{
	unsigned int i;

	for (i = 0; i < p->program.nr; i++) {
		const struct fuzz_call *c = &p->program.call[i];
		long ret;

		if (show) {
			fuzz_print_call(stdout, c);
			fflush(stdout);
		}
		ret = fuzz_run_call(&p->thread[0], c);
		if (show)
			printf(" -> %s\n", ret < 0 ? strerrorname_np(-ret) : ret ? "1" : "0");
		mix(p, c->op);
		if (fuzz_ops[c->op].cmd)
			mix(p, ret);
	}
}

/* Runs what is in p->program. Returns how much of what it reached was new. */
static unsigned int run_program(struct fuzz_process *p, bool check)
{
	unsigned int i, found = 0;

	judge(p);
	fuzz_kcov_reset(&p->thread[0].kcov);
	if (p->threads == 1) {
		run_alone(p, p->shared->mode == MODE_REPLAY);
	} else {
		for (i = 0; i < p->first; i++)
			fuzz_run_call(&p->thread[0], &p->program.call[i]);
		if (p->both) {
			p->unreliable = true;
			p->exact = false;
			run_with_sibling(p);
		}
	}
	if (check)
		check_books(p);
	close_slots(p, 0, FUZZ_KEPT_SLOTS);
	for (i = 0; i < p->threads; i++)
		if (!i || p->both)
			found += fuzz_kcov_collect(&p->thread[i].kcov, p->shared);
	p->self->programs++;
	return found;
}

/*
 * Fuzzing
 */

static const struct fuzz_program *random_of_corpus(struct fuzz_process *p, __u32 nr)
{
	struct fuzz_random *r = &p->thread[0].random;
	/* What came last leads on most. */
	__u32 recent = nr > 64 && fuzz_below(r, 2) ? 64 : nr;

	return &p->shared->corpus[nr - 1 - fuzz_below(r, recent)];
}

static void next_program(struct fuzz_process *p)
{
	struct fuzz_random *r = &p->thread[0].random;
	__u32 nr = __atomic_load_n(&p->shared->nr_corpus, __ATOMIC_ACQUIRE);

	if (!nr || !fuzz_below(r, 4)) {
		fuzz_generate(r, &p->program, p->threads);
	} else {
		p->program = *random_of_corpus(p, nr);
		fuzz_mutate(r, &p->program, random_of_corpus(p, nr), p->threads);
	}
}

static void report(struct fuzz_process *p)
{
	struct fuzz_worker *self = p->self;

	/* The manager has not come round yet: another program will find the same. */
	if (__atomic_load_n(&self->full, __ATOMIC_ACQUIRE))
		return;
	self->found = p->program;
	__atomic_store_n(&self->full, 1, __ATOMIC_RELEASE);
}

/* A worker alone keeps its own corpus: when is as certain as what. */
static void keep(struct fuzz_process *p)
{
	struct fuzz_shared *s = p->shared;

	if (s->nr_corpus == FUZZ_MAX_CORPUS)
		return;
	s->corpus[s->nr_corpus] = p->program;
	__atomic_store_n(&s->nr_corpus, s->nr_corpus + 1, __ATOMIC_RELEASE);
}

static void log_program(struct fuzz_process *p)
{
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		fuzz_die("memory");
	fprintf(f, "@log worker %u\n", p->number);
	fuzz_print(f, &p->program, "@log ");
	fclose(f);
	if (write(STDOUT_FILENO, text, bytes) < 0)
		fuzz_die("write");
	free(text);
}

static void fuzz_once(struct fuzz_process *p)
{
	bool single = p->shared->mode == MODE_SINGLE;
	struct fuzz_random *r = &p->thread[0].random;

	next_program(p);
	p->rounds = 1 + fuzz_below(r, MAX_ROUNDS);
	if (p->shared->log)
		log_program(p);
	if (!run_program(p, single || !fuzz_below(r, CHECK_EVERY)))
		return;
	if (single)
		keep(p);
	else
		report(p);
}

/* Each program that is known, once: what they reach is reached. */
static void run_corpus(struct fuzz_process *p)
{
	struct fuzz_shared *s = p->shared;
	__u32 i, nr = s->nr_corpus;

	p->rounds = 1;
	for (i = 0; i < nr && !s->stop; i++) {
		/* The workers share the work. */
		if (i % s->nr_workers != p->number)
			continue;
		p->program = s->corpus[i];
		run_program(p, true);
		if (s->mode == MODE_REPLAY)
			puts("");
	}
}

static void fuzz(struct fuzz_process *p)
{
	struct fuzz_shared *s = p->shared;

	/* One that follows a killed one has something better to do. */
	if (!p->self->programs)
		run_corpus(p);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED) &&
	       (!s->max_programs || p->self->programs < s->max_programs))
		fuzz_once(p);
}

/*
 * Distilling: a small corpus that reaches the points that the whole one does. Edges
 * don't count here.
 */

/* Runs the program on its own account. Returns how many wanted points it reaches. */
static unsigned int wanted_points(struct fuzz_process *p, const struct fuzz_program *program)
{
	unsigned int i, nr = 0;

	memset(p->shared->points, 0, sizeof(p->shared->points));
	p->program = *program;
	p->rounds = 2;
	run_program(p, false);
	for (i = 0; i < FUZZ_TEXT; i++)
		nr += p->shared->points[i] && !p->shared->covered[i];
	return nr;
}

/* Without each call that it reaches as much without. */
static void shorten(struct fuzz_process *p, struct fuzz_program *program, unsigned int points)
{
	struct fuzz_program less;
	unsigned int i = program->nr;

	while (i--) {
		if (program->nr == 1)
			return;
		less = *program;
		less.nr--;
		memmove(&less.call[i], &less.call[i + 1], (less.nr - i) * sizeof(less.call[0]));
		memset(&less.call[less.nr], 0, sizeof(less.call[0]));
		if (wanted_points(p, &less) >= points)
			*program = less;
	}
}

static void distill_one(struct fuzz_process *p, struct fuzz_program program)
{
	struct fuzz_shared *s = p->shared;
	unsigned int i, points = wanted_points(p, &program);

	if (!points)
		return;
	shorten(p, &program, points);
	/* What a race reached once may not be reached again. */
	if (!wanted_points(p, &program))
		return;
	for (i = 0; i < FUZZ_TEXT; i++)
		s->covered[i] |= s->points[i];
	s->corpus[s->kept++] = program;
}

/* A worker that follows one that has died goes on behind the program that was its end. */
static void distill(struct fuzz_process *p)
{
	struct fuzz_shared *s = p->shared;

	while (s->distilled < s->nr_corpus)
		distill_one(p, s->corpus[s->distilled++]);
	s->nr_corpus = s->kept;
	memcpy(s->points, s->covered, sizeof(s->points));
	s->stop = 1;
}

/*
 * Beginning and end
 */

/* A handle that outlives programs, and which others are given. */
static void open_kept(struct fuzz_process *p)
{
	unsigned int slot;

	for (slot = FUZZ_KEPT_SLOTS; slot < FUZZ_SLOTS; slot++) {
		struct fuzz_call c = { .op = OP_OPEN, .slot = slot, .flags = 2 };

		fuzz_run_call(&p->thread[0], &c);
		c = (struct fuzz_call) {
			.op = OP_CREATE, .slot = slot, .n = 3, .m = KSEM_MAX_PERMITS,
			.flags = slot % 4,
			.arg = slot & KSEM_CREATE_FAIR ? 0 : KSEM_HANDOFF_DEFAULT_NS,
		};
		fuzz_run_call(&p->thread[0], &c);
	}
}

static void begin(struct fuzz_process *p, struct fuzz_shared *shared, unsigned int number)
{
	unsigned int i;

	p->shared = shared;
	p->self = &shared->worker[number];
	p->number = number;
	p->page = sysconf(_SC_PAGESIZE);
	p->threads = shared->mode == MODE_FUZZ || shared->mode == MODE_DISTILL ? 2 : 1;
	p->epoll = fuzz_move_fd(epoll_create1(EPOLL_CLOEXEC), FUZZ_FD_OWN);
	if (p->epoll < 0)
		fuzz_die("epoll");
	if (dup3(FUZZ_FD_NAMES, FUZZ_FD_MINE, O_CLOEXEC) < 0)
		fuzz_die("dup3");
	for (i = 0; i < FUZZ_SLOTS; i++)
		p->slot[i] = -1;
	for (i = 0; i < 2; i++) {
		struct fuzz_thread *t = &p->thread[i];

		t->process = p;
		t->state = &p->self->thread[i];
		t->state->seq &= ~1U;
		t->index = i;
		/* A worker that follows a killed one does not do the same again. */
		t->random.state = (shared->seed * FUZZ_MAX_WORKERS + number * 2 + i + 1) *
				  0x9e3779b97f4a7c15ULL + p->self->programs;
		fuzz_area_init(&t->area, p->page);
	}
}

int fuzz_worker(struct fuzz_shared *shared, unsigned int number)
{
	struct fuzz_process *p = &process;
	pthread_t sibling;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_handler(SIGALRM, 0);
	set_handler(SIGUSR1, SA_RESTART);
	begin(p, shared, number);
	begin_thread(&p->thread[0]);
	if (p->threads == 2 && pthread_create(&sibling, NULL, be_sibling, &p->thread[1]))
		fuzz_die("thread");
	if (shared->mode == MODE_FUZZ)
		open_kept(p);
	if (shared->mode == MODE_DISTILL)
		distill(p);
	else if (shared->mode == MODE_REPLAY)
		run_corpus(p);
	else
		fuzz(p);
	close_slots(p, 0, FUZZ_SLOTS);
	return 0;
}
