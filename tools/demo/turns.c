// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers take turns at the permits of one fair semaphore. In the middle
 * everybody keeps what they hold for a while, so that one can see who holds and
 * who waits, and what exactly one kill -9 changes.
 */
#include <err.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "demo.h"

#define SAMPLE_MS	400
#define STARTED_EACH	4	/* workers, from sample to sample */
#define MAX_SHOWN	10	/* rows of the table of holders and waiters */

enum phase {
	PHASE_TURNS,
	PHASE_KEEP,
	PHASE_END,
};

/* Written by the worker, read by the presenter. */
struct worker {
	atomic_ullong granted_ns;	/* when its last acquire returned */
	atomic_bool told;		/* of permits recovered */
	atomic_bool keeps;		/* holds, and will until the phase ends */
};

struct board {
	atomic_int phase;
	struct worker worker[DEMO_WORKERS];
};

struct show {
	struct ksem *pool;
	struct board *board;
	pid_t pid[DEMO_WORKERS];
	int started;
	unsigned long long began_ns;
	struct demo_turns saw;
};

/* Who holds and who waits, at one moment. */
struct picture {
	struct ksem_info info;
	struct ksem_holder_entry holder[DEMO_WORKERS];
	struct ksem_waiter_entry waiter[DEMO_WORKERS];
	unsigned int holders, waiters;
	unsigned long long now_ns;
};

/* In steps, so as not to keep a presenter waiting who wants to end. */
static void spend(struct board *board, int ms)
{
	for (; ms > 0 && atomic_load(&board->phase) != PHASE_END; ms -= 20)
		demo_pause(20);
}

static void work(const struct show *show, int number)
{
	struct worker *me = &show->board->worker[number];
	struct board *board = show->board;
	struct ksem *own = demo_attach(show->pool);
	unsigned int n = 1 + number % 3;

	srandom(getpid());
	while (atomic_load(&board->phase) != PHASE_END) {
		demo_must(ksem_acquire_n(own, n), "ksem_acquire_n");
		if (ksem_recovered(own))
			atomic_store(&me->told, true);
		atomic_store(&me->granted_ns, demo_now_ns());
		spend(board, 300 + random() % 400);
		while (atomic_load(&board->phase) == PHASE_KEEP) {
			atomic_store(&me->keeps, true);
			demo_pause(20);
		}
		atomic_store(&me->keeps, false);
		demo_must(ksem_release_n(own, n), "ksem_release_n");
		spend(board, random() % 300);
	}
	_exit(0);
}

static void start_worker(struct show *show)
{
	int number = show->started++;

	show->pid[number] = demo_fork();
	if (!show->pid[number])
		work(show, number);
}

static void print_repeated(char c, int n)
{
	while (n-- > 0)
		putchar(c);
}

static void print_sample(struct show *show)
{
	struct ksem_info info = demo_info(show->pool);
	int held = info.out_held;

	if (held > show->saw.most_held)
		show->saw.most_held = held;
	printf("%5.1f s  [", (demo_now_ns() - show->began_ns) / 1e9);
	print_repeated('#', held);
	print_repeated('.', info.out_available);
	printf("] ");
	print_repeated('w', info.out_waiters);
	printf("%*s%4d  %4d  %7u  %6llu\n", DEMO_WORKERS - (int)info.out_waiters, "",
	       held, info.out_available, info.out_waiters,
	       (unsigned long long)info.out_acquires);
}

static void show_turns(struct show *show, int samples)
{
	printf("         # held  . free         w waiting %*sheld  free  waiting  grants\n",
	       DEMO_WORKERS - 17, "");
	while (samples--) {
		int i;

		for (i = 0; i < STARTED_EACH && show->started < DEMO_WORKERS; i++)
			start_worker(show);
		demo_pause(SAMPLE_MS);
		print_sample(show);
	}
}

static void look(const struct show *show, struct picture *p)
{
	struct ksem_holders holders = {
		.size = sizeof(holders),
		.entries = (uintptr_t)p->holder,
		.count = DEMO_WORKERS,
		.entry_size = sizeof(p->holder[0]),
	};
	struct ksem_waiters waiters = {
		.size = sizeof(waiters),
		.entries = (uintptr_t)p->waiter,
		.count = DEMO_WORKERS,
		.entry_size = sizeof(p->waiter[0]),
	};

	demo_must(ksem_holders(show->pool, &holders), "ksem_holders");
	demo_must(ksem_waiters(show->pool, &waiters), "ksem_waiters");
	p->info = demo_info(show->pool);
	p->holders = holders.out_count;
	p->waiters = waiters.out_count;
	p->now_ns = demo_now_ns();
}

/* The one with the most permits: the queue will move. */
static const struct ksem_holder_entry *find_victim(const struct picture *p)
{
	const struct ksem_holder_entry *victim = &p->holder[0];
	unsigned int i;

	for (i = 1; i < p->holders; i++)
		if (p->holder[i].permits > victim->permits)
			victim = &p->holder[i];
	return victim;
}

static unsigned int count_keepers(const struct board *board)
{
	unsigned int keepers = 0;
	int i;

	for (i = 0; i < DEMO_WORKERS; i++)
		keepers += atomic_load(&board->worker[i].keeps);
	return keepers;
}

/*
 * Once each worker keeps what it holds or waits, nothing moves any more. Now
 * and then what the victim would give back is not enough for the head of the
 * queue: another turn then.
 */
static const struct ksem_holder_entry *stop_turns(struct show *show, struct picture *p)
{
	for (;;) {
		const struct ksem_holder_entry *victim;

		atomic_store(&show->board->phase, PHASE_KEEP);
		do {
			demo_pause(20);
		} while (count_keepers(show->board) +
			 demo_info(show->pool).out_waiters != DEMO_WORKERS);
		look(show, p);
		victim = find_victim(p);
		if (p->waiters &&
		    p->info.out_available + victim->permits >= p->waiter[0].permits)
			return victim;
		atomic_store(&show->board->phase, PHASE_TURNS);
		demo_pause(SAMPLE_MS);
	}
}

static double age(const struct picture *p, unsigned long long since_ns)
{
	return (p->now_ns - since_ns) / 1e9;
}

static void print_holders_and_waiters(const struct picture *p,
				      const struct ksem_holder_entry *victim)
{
	unsigned int rows = p->holders > p->waiters ? p->holders : p->waiters;
	unsigned int i;

	printf("  %2u workers hold                         %2u wait, the first on top\n",
	       p->holders, p->waiters);
	printf("    process  permits    since                process    wants    since\n");
	for (i = 0; i < rows && i < MAX_SHOWN; i++) {
		const struct ksem_holder_entry *h = &p->holder[i];
		const struct ksem_waiter_entry *w = &p->waiter[i];

		if (i < p->holders)
			printf("  %9u  %7u  %5.1f s %s", h->opener_pid, h->permits,
			       age(p, h->since_ns), h == victim ? "<- victim" : "         ");
		else
			printf("%38s", "");
		if (i < p->waiters)
			printf("     %9u  %7u  %5.1f s", w->pid, w->permits,
			       age(p, w->since_ns));
		putchar('\n');
	}
	if (rows > MAX_SHOWN)
		printf("%9s%44s\n", p->holders > MAX_SHOWN ? "..." : "",
		       p->waiters > MAX_SHOWN ? "..." : "");
}

static int number_of(const struct show *show, pid_t pid)
{
	int i;

	for (i = 0; i < DEMO_WORKERS; i++)
		if (show->pid[i] == pid)
			return i;
	errx(1, "process %d is not one of ours", pid);
}

static bool still_waits(const struct picture *p, unsigned int pid)
{
	unsigned int i;

	for (i = 0; i < p->waiters; i++)
		if (p->waiter[i].pid == pid)
			return true;
	return false;
}

/* Those who got the permits: each tells when its acquire returned. */
static void print_served(struct show *show, const struct picture *before,
			 const struct picture *after, unsigned long long killed_ns)
{
	unsigned int i;

	for (i = 0; i < before->waiters; i++) {
		pid_t pid = before->waiter[i].pid;
		struct worker *w = &show->board->worker[number_of(show, pid)];
		double ms;

		if (still_waits(after, pid))
			continue;
		while (atomic_load(&w->granted_ns) < killed_ns)
			demo_pause(1);
		ms = (atomic_load(&w->granted_ns) - killed_ns) / 1e6;
		printf("  process %d, which waited for %u, runs %.1f ms after the kill\n",
		       pid, before->waiter[i].permits, ms);
		if (atomic_load(&w->told))
			printf("    and is told that permits were recovered\n");
		if (!show->saw.next) {
			show->saw.next = pid;
			show->saw.next_ms = ms;
			show->saw.next_told = atomic_load(&w->told);
		}
	}
}

static void print_counts(const char *when, const struct ksem_info *info)
{
	printf("  %-8s %9d  %4u  %7u  %9llu\n", when, info->out_available, info->out_held,
	       info->out_waiters, (unsigned long long)info->out_reclaimed);
}

static void show_kill(struct show *show)
{
	const struct ksem_holder_entry *victim;
	struct picture before, after;
	unsigned long long killed_ns;
	pid_t pid;

	printf("\nNow everybody keeps what they hold, for a closer look.\n\n");
	victim = stop_turns(show, &before);
	print_holders_and_waiters(&before, victim);
	demo_pause(2500);

	pid = victim->opener_pid;
	printf("\n  # kill -9 %d\n\n", pid);
	demo_pause(700);
	killed_ns = demo_now_ns();
	demo_kill(pid);
	look(show, &after);
	show->pid[number_of(show, pid)] = 0;

	printf("           available  held  waiting  reclaimed\n");
	print_counts("before", &before.info);
	print_counts("after", &after.info);
	putchar('\n');
	print_served(show, &before, &after, killed_ns);
	demo_pause(2000);

	show->saw.victim = pid;
	show->saw.victim_held = victim->permits;
	show->saw.reclaimed = after.info.out_reclaimed - before.info.out_reclaimed;
	demo_check(show->saw.reclaimed == victim->permits, "the victim's permits are back");
	demo_check(after.info.out_capacity == DEMO_PERMITS &&
		   after.info.out_available + after.info.out_held == DEMO_PERMITS,
		   "there are as many permits as before");
	demo_check(show->saw.next == (pid_t)before.waiter[0].pid,
		   "the first in the queue is next");
	demo_check(show->saw.next_told, "the next is told that permits were recovered");
}

static void end_turns(struct show *show)
{
	struct ksem_info info;
	int i;

	atomic_store(&show->board->phase, PHASE_END);
	for (i = 0; i < DEMO_WORKERS; i++)
		if (show->pid[i])
			demo_end(show->pid[i]);
	info = demo_info(show->pool);
	show->saw.grants = info.out_acquires;
	show->saw.available = info.out_available;
	printf("\nThe workers go home: %d of %d permits are free.\n", info.out_available,
	       DEMO_PERMITS);
	demo_check(info.out_available == DEMO_PERMITS, "all permits are back in the end");
	demo_pause(1000);
}

static struct ksem *create_pool(void)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *pool;

	if (!attr || ksem_attr_set_fair(attr, true) || ksem_attr_set_label(attr, "demo"))
		err(1, "attributes");
	pool = demo_create(DEMO_PERMITS, attr);
	ksem_attr_free(attr);
	return pool;
}

struct demo_turns demo_turns(void)
{
	struct show show = {
		.pool = create_pool(),
		.board = demo_share(sizeof(*show.board)),
	};

	demo_title("20 permits, 30 workers: each takes 1, 2 or 3 permits, works, gives them back");
	show.began_ns = demo_now_ns();
	show_turns(&show, 11);
	show_kill(&show);
	atomic_store(&show.board->phase, PHASE_TURNS);
	printf("\nThe others go on; there is work for all 20 permits.\n\n");
	show_turns(&show, 4);
	end_turns(&show);
	demo_must(ksem_close(show.pool), "ksem_close");
	return show.saw;
}
