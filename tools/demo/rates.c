// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fairness costs: processes that want the only permit again and again,
 * without a pause. Fair hands each permit to the one who is next and has to
 * wait until it runs; non-fair lets who is running have it.
 */
#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "demo.h"

#define PROCESSES	6
#define PERMITS		1
#define RUN_MS		1200

static void hurry(const struct ksem *k, const atomic_bool *stop)
{
	struct ksem *own = demo_attach(k);

	while (!atomic_load(stop)) {
		demo_must(ksem_acquire(own), "ksem_acquire");
		demo_must(ksem_release(own), "ksem_release");
	}
	_exit(0);
}

static struct ksem *create(bool fair)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	if (!attr || ksem_attr_set_fair(attr, fair))
		err(1, "attributes");
	k = demo_create(PERMITS, attr);
	ksem_attr_free(attr);
	return k;
}

static unsigned long long measure(bool fair)
{
	struct ksem *k = create(fair);
	atomic_bool *stop = demo_share(sizeof(*stop));
	unsigned long long began_ns = demo_now_ns();
	unsigned long long rate;
	struct ksem_info info;
	pid_t pid[PROCESSES];
	int i;

	for (i = 0; i < PROCESSES; i++) {
		pid[i] = demo_fork();
		if (!pid[i])
			hurry(k, stop);
	}
	demo_pause(RUN_MS);
	info = demo_info(k);
	rate = info.out_acquires * 1e9 / (demo_now_ns() - began_ns);
	atomic_store(stop, true);
	for (i = 0; i < PROCESSES; i++)
		demo_end(pid[i]);
	printf("  %-10s %9llu grants a second; longest wait %7.1f ms\n",
	       fair ? "fair" : "non-fair", rate, info.out_wait_max_ns / 1e6);
	demo_must(ksem_close(k), "ksem_close");
	return rate;
}

struct demo_rates demo_rates(void)
{
	struct demo_rates saw;

	demo_title("The price of fairness: 6 processes want the only permit, again and again");
	saw.fair = measure(true);
	saw.nonfair = measure(false);
	demo_check(saw.fair && saw.nonfair, "both made progress");
	demo_pause(500);
	return saw;
}
