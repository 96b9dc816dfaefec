/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The demonstration: five scenes, each of which shows something while it
 * happens, checks it, and returns the numbers for the summary at the end.
 */
#ifndef DEMO_H
#define DEMO_H

#include <ksem.h>
#include <stdbool.h>
#include <stddef.h>

#define DEMO_PERMITS	20

/* 20 permits, and workers that take turns; one of them is killed. */
#define DEMO_WORKERS	30

struct demo_turns {
	unsigned long long grants;
	int most_held;
	pid_t victim;
	unsigned int victim_held;
	unsigned int reclaimed;
	pid_t next;		/* the first in the queue at the kill */
	double next_ms;		/* from the kill until it ran */
	bool next_told;		/* of permits recovered */
	int available;		/* in the end */
};

struct demo_turns demo_turns(void);

/* The same loss to a POSIX semaphore and to one of ksem's. */
struct demo_loss {
	int kills;
	int posix_available;
	int ksem_available;
};

struct demo_loss demo_loss(void);

/* The order of service, fair and non-fair. */
#define DEMO_REQUESTS	8

struct demo_order {
	int served[DEMO_REQUESTS];	/* requests, from 1 on, in order of service */
	int passed;			/* requests served before the first */
};

struct demo_orders {
	struct demo_order fair;
	struct demo_order nonfair;
};

struct demo_orders demo_order(void);

/* What each costs where many want the same few permits without a pause. */
struct demo_rates {
	unsigned long long fair;	/* grants in a second */
	unsigned long long nonfair;
};

struct demo_rates demo_rates(void);

/* A killed sub-make, under make's own jobserver and under ksem. */
struct demo_jobserver {
	int slots;
	int fifo_left;
	double fifo_seconds;
	int ksem_left;
	double ksem_seconds;
	unsigned int reclaimed;
};

struct demo_jobserver demo_jobserver(void);

/* What the scenes share: demo.c. */

void demo_title(const char *title);
void demo_pause(unsigned int ms);
unsigned long long demo_now_ns(void);

/* Says what does not hold; the exit status will tell. */
void demo_check(bool holds, const char *what);

/* For what can only fail if the machine is out of order: ends the program. */
void demo_must(int result, const char *what);

void *demo_share(size_t size);
struct ksem *demo_create(unsigned int permits, const struct ksem_attr *attr);
struct ksem *demo_attach(const struct ksem *k);
struct ksem_info demo_info(const struct ksem *k);

/* A fork whose child ends with its parent. */
pid_t demo_fork(void);

/* With -9; returns when it is gone. */
void demo_kill(pid_t pid);

/* Returns when the process has ended by itself, as it should. */
void demo_end(pid_t pid);

#endif /* DEMO_H */
