// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scenario "objects": what it costs to have a semaphore: create and destroy,
 * and the kernel's memory for each of many.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

#define OBJECTS		50
#define ALIVE		100000
/* A kernel has identifiers for 32,000, unless its command line says so. */
#define ALIVE_SYSV	30000

struct object_run {
	const struct bench_peer *peer;
	struct bench_sem *sems;
	int next;
};

static void create_and_destroy(void *arg, unsigned long loops)
{
	struct object_run *run = arg;

	while (loops--) {
		run->peer->create(run->sems, 1);
		run->peer->destroy(run->sems);
	}
}

static void create_prepared_and_destroy(void *arg, unsigned long loops)
{
	struct object_run *run = arg;

	while (loops--) {
		struct bench_sem *sem = &run->sems[run->next++];

		run->peer->create_prepared(sem, 1);
		run->peer->destroy(sem);
	}
}

static double full_cost(struct object_run *run)
{
	create_and_destroy(run, OBJECTS);
	return bench_least(create_and_destroy, run, OBJECTS);
}

/* All descriptors that the runs will use have been opened before. */
static double prepared_cost(struct object_run *run)
{
	const int count = OBJECTS * (1 + BENCH_RUNS);

	for (int i = 0; i < count; i++)
		run->peer->prepare(&run->sems[i]);
	create_prepared_and_destroy(run, OBJECTS);
	return bench_least(create_prepared_and_destroy, run, OBJECTS);
}

static void report_cost(const struct bench_peer *peer)
{
	const size_t size = OBJECTS * (1 + BENCH_RUNS) * sizeof(struct bench_sem);
	struct object_run run = { .peer = peer, .sems = bench_shared(size) };

	if (peer->prepare) {
		bench_report("objects", peer->name, "create + destroy", bench_unit(),
			     full_cost(&run), "op=open");
		bench_report("objects", peer->name, "create + destroy", bench_unit(),
			     prepared_cost(&run), "-");
	} else {
		bench_report("objects", peer->name, "create + destroy", bench_unit(),
			     full_cost(&run), "-");
	}
	bench_drop(run.sems, size);
}

static void open_and_close(void *arg, unsigned long loops)
{
	while (loops--) {
		int fd = open(arg, O_RDWR | O_CLOEXEC);

		bench_check(fd >= 0, arg);
		close(fd);
	}
}

/* The floor of what begins with opening a device. */
static void report_open(void)
{
	char path[] = "/dev/null";

	open_and_close(path, OBJECTS);
	bench_report("objects", "open /dev/null", "create + destroy", bench_unit(),
		     bench_least(open_and_close, path, OBJECTS), "op=open");
}

static void report_costs(void)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		if (bench_has(*p, BENCH_BLOCK))
			report_cost(*p);
	if (!bench.peer)
		report_open();
}

/*
 * All memory that is in no free list. The lists of each processor are among
 * them: what /proc/meminfo takes for used they may keep by the megabyte.
 */
static double used_memory(void)
{
	long long used = 0, number;
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[256];

	bench_check(file, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " managed %lld", &number) == 1)
			used += number;
		else if (sscanf(line, " nr_free_pages %lld", &number) == 1 ||
			 sscanf(line, " count: %lld", &number) == 1)
			used -= number;
	}
	fclose(file);
	return (double)used * sysconf(_SC_PAGESIZE);
}

/* What is freed after a grace period of RCU, is by then. */
static double settled_memory(void)
{
	sleep(1);
	return used_memory();
}

/* In a process of its own, whose end takes all descriptors along. */
struct memory_run {
	const struct bench_peer *peer;
	struct bench_sem *sems;
	struct bench_user *users;
	int alive;
};

static void report_memory(struct memory_run *run, const char *objects, double before)
{
	bench_report("objects", run->peer->name, "memory", "bytes",
		     (settled_memory() - before) / run->alive, "alive=%d,object=%s",
		     run->alive, objects);
}

/*
 * A descriptor's place in the process's table is no part of a semaphore: the
 * table is made as long as it will be at first.
 */
static void fill_table(int length)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD, length);

	bench_check(fd >= 0, "F_DUPFD");
	close(fd);
}

static void measure_memory(void *arg)
{
	struct memory_run *run = arg;
	double before;

	fill_table(2 * run->alive + OBJECTS);
	before = settled_memory();
	for (int i = 0; i < run->alive; i++)
		run->peer->create(&run->sems[i], 1);
	report_memory(run, "semaphore", before);
	if (run->peer->prepare) {
		before = settled_memory();
		for (int i = 0; i < run->alive; i++)
			run->peer->join(&run->users[i], &run->sems[i]);
		report_memory(run, "handle", before);
	}
	for (int i = 0; i < run->alive; i++)
		run->peer->destroy(&run->sems[i]);
}

static void run_memory(const char *name, int alive)
{
	const size_t sems_size = alive * sizeof(struct bench_sem);
	const size_t users_size = alive * sizeof(struct bench_user);
	struct memory_run run = {
		.peer = bench_peer_by_name(name),
		.alive = alive,
	};

	if (!bench_has(run.peer, 0))
		return;
	run.sems = bench_shared(sems_size);
	run.users = bench_shared(users_size);
	bench_reap(bench_spawn(measure_memory, &run));
	bench_drop(run.sems, sems_size);
	bench_drop(run.users, users_size);
}

/* What the slab allocator gives for one, its own additions included. */
static void report_slab(const char *cache)
{
	char path[64];
	unsigned int size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/slab_size", cache);
	file = fopen(path, "r");
	bench_check(file, path);
	bench_check(fscanf(file, "%u", &size) == 1, path);
	fclose(file);
	bench_report("objects", "ksem", "slab object", "bytes", size, "cache=%s", cache);
}

static void report_slabs(void)
{
	if (!bench_has(bench_peer_by_name("ksem"), 0))
		return;
	report_slab("ksem_sem");
	report_slab("ksem_handle");
}

static void run_objects(void)
{
	unsigned int rounds = bench.mode == BENCH_WALL ? bench.rounds : 1;

	while (rounds--)
		report_costs();
	run_memory("ksem", ALIVE);
	run_memory("ntsync", ALIVE);
	run_memory("eventfd", ALIVE);
	run_memory("SysV", ALIVE_SYSV);
	report_slabs();
}

const struct bench_scenario bench_objects = { "objects", run_objects };
