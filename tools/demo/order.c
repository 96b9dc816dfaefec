// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fair and non-fair: the same requests arrive in the same order, each only when
 * the one before is queued or served, and the order of service differs.
 */
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

#define TAKEN	17	/* so that 3 are free when the requests arrive */

static const unsigned int wanted[DEMO_REQUESTS] = { 8, 1, 2, 5, 3, 1, 4, 2 };

/* Written by the process that makes the request. */
struct request {
	unsigned long long token;
	double waited_ms;
};

struct run {
	struct request request[DEMO_REQUESTS];
	struct demo_order order;
	struct ksem_info info;
};

/* Of two grants, the later one has the larger token. */
static void make_request(const struct ksem *k, unsigned int n, struct request *r)
{
	struct ksem_acquire_ex acquire = {
		.size = sizeof(acquire),
		.flags = KSEM_FLAG_TOKEN,
		.n = n,
		.deadline_ns = KSEM_NO_DEADLINE,
	};
	struct ksem *own = demo_attach(k);
	unsigned long long began_ns = demo_now_ns();

	demo_must(ksem_acquire_ex(own, &acquire), "ksem_acquire_ex");
	r->waited_ms = (demo_now_ns() - began_ns) / 1e6;
	r->token = acquire.out_token;
	demo_must(ksem_release_n(own, n), "ksem_release_n");
	_exit(0);
}

/* Starts a request; returns when it is queued (the process) or through (0). */
static pid_t arrive(const struct ksem *k, unsigned int n, struct request *r)
{
	int before = ksem_queue_length(k);
	pid_t pid = demo_fork();
	int status;

	if (!pid)
		make_request(k, n, r);
	while (ksem_queue_length(k) == before) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (status)
				errx(1, "a request failed");
			return 0;
		}
		demo_pause(1);
	}
	return pid;
}

/* How long others may pass the head: non-fair for ever, to see it clearly. */
static struct ksem *create(bool fair)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	if (!attr || (fair ? ksem_attr_set_fair(attr, true) :
			     ksem_attr_set_handoff(attr, NULL)))
		err(1, "attributes");
	k = demo_create(DEMO_PERMITS, attr);
	ksem_attr_free(attr);
	return k;
}

static void find_order(struct run *run)
{
	int i, j, place;

	for (i = 0; i < DEMO_REQUESTS; i++) {
		place = 0;
		for (j = 0; j < DEMO_REQUESTS; j++)
			place += run->request[j].token < run->request[i].token;
		run->order.served[place] = i + 1;
		if (!i)
			run->order.passed = place;
	}
}

static void serve(bool fair, struct run *run)
{
	struct ksem *k = create(fair);
	pid_t pid[DEMO_REQUESTS];
	int i;

	demo_must(ksem_acquire_n(k, TAKEN), "ksem_acquire_n");
	for (i = 0; i < DEMO_REQUESTS; i++)
		pid[i] = arrive(k, wanted[i], &run->request[i]);
	demo_pause(200);
	demo_must(ksem_release_n(k, TAKEN), "ksem_release_n");
	for (i = 0; i < DEMO_REQUESTS; i++)
		if (pid[i])
			demo_end(pid[i]);
	run->info = demo_info(k);
	find_order(run);
	demo_must(ksem_close(k), "ksem_close");
}

static void print_request(const struct run *run, int place)
{
	int number = run->order.served[place];

	printf("       no. %d  %5u  %6.1f ms", number, wanted[number - 1],
	       run->request[number - 1].waited_ms);
}

static void print_runs(const struct run *fair, const struct run *nonfair)
{
	int i;

	printf("  served       fair: wants     waited        non-fair: wants     waited\n");
	for (i = 0; i < DEMO_REQUESTS; i++) {
		printf("  %6d", i + 1);
		print_request(fair, i);
		printf("   ");
		print_request(nonfair, i);
		putchar('\n');
		demo_pause(150);
	}
	printf("  queued:            %2llu of %d                         %2llu of %d\n",
	       (unsigned long long)fair->info.out_waits, DEMO_REQUESTS,
	       (unsigned long long)nonfair->info.out_waits, DEMO_REQUESTS);
	printf("  passed the first:  %2d                              %2d\n",
	       fair->order.passed, nonfair->order.passed);
	printf("  (Here the first may be passed for ever; by default for 4 ms.)\n");
}

struct demo_orders demo_order(void)
{
	struct run *fair = demo_share(sizeof(*fair));
	struct run *nonfair = demo_share(sizeof(*nonfair));
	int i;

	demo_title("Fair and non-fair: 3 of 20 permits are free, no. 1 wants 8, more arrive");
	serve(true, fair);
	serve(false, nonfair);
	print_runs(fair, nonfair);
	for (i = 0; i < DEMO_REQUESTS; i++)
		demo_check(fair->order.served[i] == i + 1, "fair is first come, first served");
	/* Those for 1, 2 and 3 find what they want; 5 and 4 have to queue. */
	demo_check(nonfair->order.passed == 5, "non-fair: who fits passes");
	demo_pause(1500);
	return (struct demo_orders) { fair->order, nonfair->order };
}
