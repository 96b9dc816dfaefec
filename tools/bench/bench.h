/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark: what scenarios and peers have in common.
 *
 * A peer is a way to count permits; a scenario is a way to use it. One process
 * makes a semaphore, then forks; each process joins it and uses it as a user.
 */
#ifndef KSEM_BENCH_H
#define KSEM_BENCH_H

#include <linux/ksem.h>

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How time is counted. INSTRUCTIONS: one virtual processor, whose time stamp
 * counter goes on by one with each instruction (QEMU's -icount shift=0).
 */
enum bench_mode {
	BENCH_INSTRUCTIONS,
	BENCH_WALL,
};

/* What the command line asked for. */
struct bench_options {
	enum bench_mode mode;
	unsigned int rounds;	/* wall clock: of all peers in turn */
	const char *peer;	/* only this one; NULL: all */
};

extern struct bench_options bench;

/* A semaphore that processes share: in shared memory, made before they fork. */
struct bench_sem {
	unsigned int permits;
	/*
	 * Set before create() by who will use try_acquire(): eventfd and pipe
	 * have to know. acquire() must have a permit then, or it fails.
	 */
	bool tries;
	union {
		sem_t posix;
		int futex;
		int id;		/* SysV */
		int fd;
		int fds[2];
	};
};

/* One process's use of it. */
struct bench_user {
	struct bench_sem *sem;
	int fd;
	int flags;		/* SysV */
};

/* What a peer can do besides acquiring and releasing one permit. */
#define BENCH_MANY	(1 << 0)	/* have more than one permit */
#define BENCH_N		(1 << 1)	/* acquire n in one step */
#define BENCH_TRY	(1 << 2)	/* fail instead of waiting */
#define BENCH_TIMED	(1 << 3)	/* wait until a deadline */
#define BENCH_TOKEN	(1 << 4)	/* say a fencing token */
#define BENCH_POST	(1 << 5)	/* release what another process acquired */
#define BENCH_BLOCK	(1 << 6)	/* wait at all: the floors don't */
#define BENCH_RECLAIM	(1 << 7)	/* a dead process's permits come back */
#define BENCH_RELEASE_N	(1 << 8)	/* release n in one step; BENCH_N can, too */
#define BENCH_POLL	(1 << 9)	/* user->fd polls readable: a permit is free */

/*
 * A peer. Whatever fails ends the program with a message: a benchmark has no
 * use for a half result. create() and destroy() are measured, too.
 */
struct bench_peer {
	const char *name;
	unsigned int can;
	/* The most permits that it can have; 0: as many as anybody asks for. */
	unsigned int max_permits;	/* of one semaphore */
	/* NULL: always there. Else false where this kernel has no such thing. */
	bool (*is_available)(void);
	void (*create)(struct bench_sem *sem, unsigned int permits);
	void (*destroy)(struct bench_sem *sem);
	/*
	 * create() in two steps, for those that need a descriptor first; else
	 * NULL.
	 */
	void (*prepare)(struct bench_sem *sem);
	void (*create_prepared)(struct bench_sem *sem, unsigned int permits);
	void (*join)(struct bench_user *user, struct bench_sem *sem);
	void (*leave)(struct bench_user *user);
	void (*acquire)(struct bench_user *user);
	void (*release)(struct bench_user *user);
	/* n permits in one step (BENCH_N; release_n: BENCH_RELEASE_N). */
	void (*acquire_n)(struct bench_user *user, unsigned int n);
	void (*release_n)(struct bench_user *user, unsigned int n);
	/* BENCH_TRY: false if there is no permit. */
	bool (*try_acquire)(struct bench_user *user);
	/* BENCH_TIMED: deadline in ns of CLOCK_MONOTONIC. */
	void (*timed_acquire)(struct bench_user *user, uint64_t deadline);
	/* BENCH_TOKEN. */
	void (*token_acquire)(struct bench_user *user);
	/*
	 * loops times acquire and release, written out: where a pair costs ten
	 * instructions a call through a pointer would be most of it.
	 */
	void (*pairs)(struct bench_user *user, unsigned long loops);
};

/* All peers, NULL at the end; in the order of the tables. */
extern const struct bench_peer *const bench_peers[];

/* Does this run have the peer, and can it do all of these? */
bool bench_has(const struct bench_peer *peer, unsigned int can);
const struct bench_peer *bench_peer_by_name(const char *name);

/* A scenario: all its figures for all peers. */
struct bench_scenario {
	const char *name;
	void (*run)(void);
};

extern const struct bench_scenario bench_pair, bench_hand_off, bench_contention,
	bench_queue, bench_objects, bench_death, bench_poll;

/*
 * One sample of one figure, as a line on standard output:
 *
 *	scenario TAB peer TAB parameters TAB figure TAB unit TAB value
 *
 * parameters: "-" or "name=value,name=value"; a figure that is told several
 * times has several samples. unit: instructions, ns, bytes, 1/s, ratio, ...
 */
__attribute__((format(printf, 6, 7)))
void bench_report(const char *scenario, const char *peer, const char *figure,
		  const char *unit, double value, const char *parameters, ...);

/* Instructions or nanoseconds, by the mode; and the name of the unit. */
uint64_t bench_now(void);
/*
 * The least that one of BENCH_RUNS runs of loops takes, for one loop, in
 * bench_now()'s unit.
 */
#define BENCH_RUNS	40
double bench_least(void (*run)(void *arg, unsigned long loops), void *arg,
		   unsigned long loops);
const char *bench_unit(void);
/* Nanoseconds of CLOCK_MONOTONIC in either mode. */
uint64_t bench_ns(void);

/* Zeroed memory that processes forked later share. */
void *bench_shared(size_t size);
void bench_drop(void *memory, size_t size);
/* Ends the program: "bench: what: strerror(errno)". */
__attribute__((noreturn, format(printf, 1, 2)))
void bench_fail(const char *what, ...);
/* Fails unless ok; says what. */
static inline void bench_check(bool ok, const char *what)
{
	if (__builtin_expect(!ok, false))
		bench_fail("%s", what);
}

/* fork(), the child dies with its parent; runs body(arg) and exits with 0. */
int bench_spawn(void (*body)(void *arg), void *arg);
/* Waits for a process; fails unless it exited with 0. */
void bench_reap(int pid);
/* The calling process runs on this processor only. */
void bench_pin(unsigned int cpu);
/*
 * The calling thread runs before all of a lower real-time priority; 0: it is like
 * everybody else. Those that it starts later have the same.
 */
void bench_set_priority(int priority);
unsigned int bench_processors(void);
/* Sleeps until n processes or threads are asleep in system calls. */
void bench_until_asleep(const int *pids, unsigned int n);

#endif /* KSEM_BENCH_H */
