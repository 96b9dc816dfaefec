// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many waiters on one semaphore, released one at a time and all at once: does
 * a grant cost more where the queue is longer?
 *
 * The waiters are threads, each of which joins the semaphore for itself, as a
 * process would: for the peers that keep books it is a holder of its own. Ten
 * thousand processes would need gigabytes, and switching between their
 * address spaces would be most of what is measured; it is the same for all.
 * The releaser is another process, with one thread.
 *
 * All permits are the releaser's at first. A waiter keeps what it is granted,
 * and queues for one more when it is told to.
 *
 * The releaser runs with a real-time priority, so that none of those whom it
 * wakes takes its processor away before the release has returned. The waiters
 * have a lower one: the scheduler's tree of all others who could run grows with
 * the burst, and would be most of what is seen to grow.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define MAX_WAITERS	10000
#define STACK_SIZE	(64 * 1024)
#define GO		SIGUSR1

/*
 * Enough for the minimum to be one without a tick; more of them were tried, and
 * changed nothing. All permits together have to fit into a SysV semaphore:
 * 32,767.
 */
struct repeats {
	unsigned int waiters;
	unsigned int singles;	/* one permit released: the queue is whole */
	unsigned int bursts;	/* all of it released */
	bool wall;		/* with the wall clock, too */
};

static const struct repeats all_repeats[] = {
	{ 1, 100, 50, false },
	{ 10, 100, 50, true },
	{ 100, 60, 30, false },
	{ 1000, 40, 10, true },
	{ MAX_WAITERS, 5, 2, false },
};

/* What the processes share. */
struct queue {
	const struct bench_peer *peer;
	unsigned int waiters;
	struct bench_sem sem;
	atomic_uint started;		/* threads */
	atomic_uint queued;		/* acquisitions begun, ever */
	atomic_uint granted;		/* and ended */
	unsigned int awaited;		/* granted: the releaser waits for so many */
	uint64_t awaited_at;		/* when they were */
	unsigned int last;		/* who was the last of them */
	int tell[2];			/* a pipe: they are */
	int process;
	int threads[MAX_WAITERS];
};

struct samples {
	uint64_t release;
	uint64_t burst;
	uint64_t longest_call;
};

struct waiter {
	struct queue *queue;
	unsigned int index;
};

static void await_go(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, GO);
	bench_check(sigwaitinfo(&set, NULL) == GO, "sigwaitinfo");
}

static void tell_releaser(struct queue *queue, unsigned int index)
{
	queue->awaited_at = bench_now();
	queue->last = index;
	bench_check(write(queue->tell[1], "", 1) == 1, "write");
}

static void *wait_again_and_again(void *arg)
{
	struct waiter *self = arg;
	struct queue *queue = self->queue;
	struct bench_user user;

	queue->peer->join(&user, &queue->sem);
	queue->threads[self->index] = gettid();
	queue->started++;
	for (;;) {
		await_go();
		queue->queued++;
		queue->peer->acquire(&user);
		if (++queue->granted == queue->awaited)
			tell_releaser(queue, self->index);
	}
	return NULL;
}

static void start_thread(struct waiter *waiter)
{
	pthread_attr_t attr;
	pthread_t thread;

	errno = pthread_attr_init(&attr);
	bench_check(!errno, "pthread_attr_init");
	errno = pthread_attr_setstacksize(&attr, STACK_SIZE);
	bench_check(!errno, "pthread_attr_setstacksize");
	errno = pthread_create(&thread, &attr, wait_again_and_again, waiter);
	bench_check(!errno, "pthread_create");
	pthread_attr_destroy(&attr);
}

/* The waiters' process: its first thread only starts them. */
static void start_waiters(void *arg)
{
	static struct waiter waiters[MAX_WAITERS];
	struct queue *queue = arg;

	bench_set_priority(1);
	for (unsigned int i = 0; i < queue->waiters; i++) {
		waiters[i] = (struct waiter){ queue, i };
		start_thread(&waiters[i]);
	}
	await_go();
}

static void go(const struct queue *queue, int thread)
{
	bench_check(!syscall(SYS_tgkill, queue->process, thread, GO), "tgkill");
}

/*
 * How many threads of the whole machine run or could. With many waiters their
 * own files in /proc would take longer to read than all the rest.
 */
static unsigned int count_running(void)
{
	FILE *file = fopen("/proc/loadavg", "r");
	unsigned int running = 0;

	bench_check(file && fscanf(file, "%*f %*f %*f %u/", &running) == 1, "/proc/loadavg");
	fclose(file);
	return running;
}

/* Returns when all of them wait for a permit: only who asks runs. */
static void queue_up(struct queue *queue, unsigned int first, unsigned int n)
{
	unsigned int queued = queue->queued + n;

	for (unsigned int i = first; i < first + n; i++)
		go(queue, queue->threads[i]);
	while (queue->queued < queued || count_running() > 1)
		usleep(100);
}

static void await_grants(struct queue *queue)
{
	char told;

	bench_check(read(queue->tell[0], &told, 1) == 1, "read");
}

static void keep_least(uint64_t *least, uint64_t sample)
{
	if (sample < *least)
		*least = sample;
}

static void release_one(struct queue *queue, struct bench_user *user, struct samples *samples)
{
	uint64_t began;

	queue->awaited = queue->granted + 1;
	began = bench_now();
	queue->peer->release(user);
	keep_least(&samples->release, bench_now() - began);
	await_grants(queue);
	queue_up(queue, queue->last, 1);
}

/* Returns the longest call. */
static uint64_t release_each(struct queue *queue, struct bench_user *user)
{
	uint64_t longest = 0, began, took;

	for (unsigned int i = 0; i < queue->waiters; i++) {
		began = bench_now();
		queue->peer->release(user);
		took = bench_now() - began;
		longest = took > longest ? took : longest;
	}
	return longest;
}

static uint64_t release_all(struct queue *queue, struct bench_user *user)
{
	uint64_t began;

	if (!(queue->peer->can & BENCH_RELEASE_N))
		return release_each(queue, user);
	began = bench_now();
	queue->peer->release_n(user, queue->waiters);
	return bench_now() - began;
}

static void release_burst(struct queue *queue, struct bench_user *user, struct samples *samples)
{
	uint64_t began;

	queue_up(queue, 0, queue->waiters);
	queue->awaited = queue->granted + queue->waiters;
	began = bench_now();
	keep_least(&samples->longest_call, release_all(queue, user));
	await_grants(queue);
	keep_least(&samples->burst, queue->awaited_at - began);
}

static struct samples sample(struct queue *queue, struct bench_user *user,
			     const struct repeats *repeats)
{
	struct samples samples = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

	bench_set_priority(2);
	for (unsigned int i = 0; i < repeats->bursts; i++)
		release_burst(queue, user, &samples);
	queue_up(queue, 0, queue->waiters);
	for (unsigned int i = 0; i < repeats->singles; i++)
		release_one(queue, user, &samples);
	bench_set_priority(0);
	return samples;
}

static void acquire_all(const struct bench_peer *peer, struct bench_user *user,
			unsigned int permits)
{
	for (unsigned int i = 0; i < permits; i++)
		peer->acquire(user);
}

static struct queue *make_queue(const struct bench_peer *peer, unsigned int waiters)
{
	struct queue *queue = bench_shared(sizeof(*queue));

	queue->peer = peer;
	queue->waiters = waiters;
	bench_check(!pipe(queue->tell), "pipe");
	return queue;
}

static void await_start(struct queue *queue)
{
	while (queue->started < queue->waiters)
		usleep(1000);
}

/* In the middle of their waits. */
static void end_waiters(struct queue *queue)
{
	go(queue, queue->process);
	bench_reap(queue->process);
}

static void free_queue(struct queue *queue)
{
	close(queue->tell[0]);
	close(queue->tell[1]);
	munmap(queue, sizeof(*queue));
}

static void report(const struct bench_peer *peer, const struct repeats *repeats,
		   const struct samples *samples)
{
	unsigned int waiters = repeats->waiters;

	bench_report("queue", peer->name, "release", bench_unit(), samples->release,
		     "waiters=%u,released=one", waiters);
	bench_report("queue", peer->name, "burst", bench_unit(),
		     (double)samples->burst / waiters, "waiters=%u,released=all", waiters);
	bench_report("queue", peer->name, "release call", bench_unit(),
		     samples->longest_call, "waiters=%u,released=all", waiters);
}

/* flock and OFD locks have one permit: a burst of one is no burst. */
static void measure(const struct bench_peer *peer, const struct repeats *repeats)
{
	unsigned int permits = repeats->singles + repeats->waiters * repeats->bursts;
	struct queue *queue;
	struct bench_user user;
	struct samples samples;

	if (!bench_has(peer, BENCH_BLOCK | BENCH_MANY))
		return;
	queue = make_queue(peer, repeats->waiters);
	peer->create(&queue->sem, permits);
	peer->join(&user, &queue->sem);
	acquire_all(peer, &user, permits);
	queue->process = bench_spawn(start_waiters, queue);
	await_start(queue);
	samples = sample(queue, &user, repeats);
	end_waiters(queue);
	peer->leave(&user);
	peer->destroy(&queue->sem);
	free_queue(queue);
	report(peer, repeats, &samples);
}

static void measure_peers(const struct repeats *repeats)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		measure(*p, repeats);
}

static void all_lengths(void)
{
	const unsigned int n = sizeof(all_repeats) / sizeof(*all_repeats);

	for (unsigned int i = 0; i < n; i++)
		if (bench.mode == BENCH_INSTRUCTIONS || all_repeats[i].wall)
			measure_peers(&all_repeats[i]);
}

static void queue(void)
{
	unsigned int rounds = bench.mode == BENCH_INSTRUCTIONS ? 1 : bench.rounds;

	/* Blocked before anybody is started: each waiter inherits it. */
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, GO);
	bench_check(!sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	for (unsigned int i = 0; i < rounds; i++)
		all_lengths();
	bench_check(!sigprocmask(SIG_UNBLOCK, &set, NULL), "sigprocmask");
}

const struct bench_scenario bench_queue = { "queue", queue };
