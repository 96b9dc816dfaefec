// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thousand descriptors in one epoll, a permit becomes free: from the release
 * until epoll_wait() has told, and what epoll_wait() costs where one can be
 * had. The descriptors are of as many semaphores, or all of one.
 *
 * One process does it all, so nobody has to be woken: this is polling alone,
 * without the scheduler.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"

#define HANDLES		1000
#define REPEATS		50

struct polled {
	const struct bench_peer *peer;
	unsigned int semaphores;	/* of all handles together */
	int epoll;
	struct bench_sem sems[HANDLES];
	struct bench_user handles[HANDLES];
	int fds[HANDLES];		/* the same: epoll takes a number once */
	struct bench_user holder;	/* of the first semaphore's permit */
};

struct samples {
	uint64_t told;
	uint64_t wait;
};

/* The first semaphore has one permit, the others none. */
static void create_semaphores(struct polled *polled)
{
	for (unsigned int i = 0; i < polled->semaphores; i++)
		polled->peer->create(&polled->sems[i], i == 0);
	polled->peer->join(&polled->holder, &polled->sems[0]);
	polled->peer->acquire(&polled->holder);
}

static void poll_handles(struct polled *polled)
{
	struct epoll_event event = { .events = EPOLLIN };

	polled->epoll = epoll_create1(EPOLL_CLOEXEC);
	bench_check(polled->epoll >= 0, "epoll_create1");
	for (unsigned int i = 0; i < HANDLES; i++) {
		struct bench_user *handle = &polled->handles[i];

		polled->peer->join(handle, &polled->sems[i % polled->semaphores]);
		polled->fds[i] = dup(handle->fd);
		bench_check(polled->fds[i] >= 0, "dup");
		bench_check(!epoll_ctl(polled->epoll, EPOLL_CTL_ADD, polled->fds[i], &event),
			    "epoll_ctl");
	}
}

static void close_all(struct polled *polled)
{
	close(polled->epoll);
	for (unsigned int i = 0; i < HANDLES; i++) {
		close(polled->fds[i]);
		polled->peer->leave(&polled->handles[i]);
	}
	polled->peer->leave(&polled->holder);
	for (unsigned int i = 0; i < polled->semaphores; i++)
		polled->peer->destroy(&polled->sems[i]);
}

static void expect_ready(const struct polled *polled, int n)
{
	struct epoll_event event;

	bench_check(epoll_wait(polled->epoll, &event, 1, 0) == n, "epoll_wait");
}

static void keep_least(uint64_t *least, uint64_t sample)
{
	if (sample < *least)
		*least = sample;
}

static void sample(struct polled *polled, struct samples *samples)
{
	uint64_t began;

	expect_ready(polled, 0);
	began = bench_now();
	polled->peer->release(&polled->holder);
	expect_ready(polled, 1);
	keep_least(&samples->told, bench_now() - began);
	began = bench_now();
	expect_ready(polled, 1);
	keep_least(&samples->wait, bench_now() - began);
	polled->peer->acquire(&polled->holder);
}

static void report(const struct polled *polled, const char *figure, uint64_t value)
{
	bench_report("poll", polled->peer->name, figure, bench_unit(), value,
		     "handles=%u,semaphores=%u", HANDLES, polled->semaphores);
}

static void measure(const struct bench_peer *peer, unsigned int semaphores)
{
	struct samples samples = { UINT64_MAX, UINT64_MAX };
	struct polled *polled;

	if (!bench_has(peer, BENCH_POLL))
		return;
	polled = calloc(1, sizeof(*polled));
	bench_check(polled, "calloc");
	polled->peer = peer;
	polled->semaphores = semaphores;
	create_semaphores(polled);
	poll_handles(polled);
	for (unsigned int i = 0; i < REPEATS; i++)
		sample(polled, &samples);
	close_all(polled);
	report(polled, "release until told", samples.told);
	report(polled, "epoll_wait", samples.wait);
	free(polled);
}

static void measure_peers(unsigned int semaphores)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		measure(*p, semaphores);
}

static void poll_all(void)
{
	unsigned int rounds = bench.mode == BENCH_INSTRUCTIONS ? 1 : bench.rounds;

	for (unsigned int i = 0; i < rounds; i++) {
		measure_peers(HANDLES);
		measure_peers(1);
	}
}

const struct bench_scenario bench_poll = { "poll", poll_all };
