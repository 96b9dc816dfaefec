// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's main program, and what its scenarios and peers share.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define NSEC_PER_SEC	1000000000ULL
#define DEFAULT_ROUNDS	11
#define MAX_ROUNDS	10000
/* Late work of a boot is over by then; virtual seconds cost nothing. */
#define SETTLE_SECONDS	10
/* For 100,000 semaphores, twice as many handles, and the rest. */
#define MAX_FILES	(1 << 18)

struct bench_options bench = {
	.mode = BENCH_WALL,
	.rounds = DEFAULT_ROUNDS,
};

static const struct bench_scenario *const scenarios[] = {
	&bench_pair,
	&bench_hand_off,
	&bench_contention,
	&bench_queue,
	&bench_objects,
	&bench_death,
	&bench_poll,
	NULL,
};

void bench_fail(const char *what, ...)
{
	int error = errno;
	va_list args;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	_exit(1);
}

void bench_report(const char *scenario, const char *peer, const char *figure,
		  const char *unit, double value, const char *parameters, ...)
{
	va_list args;

	printf("%s\t%s\t", scenario, peer);
	va_start(args, parameters);
	vprintf(parameters, args);
	va_end(args);
	printf("\t%s\t%s\t%.10g\n", figure, unit, value);
	fflush(stdout);
}

uint64_t bench_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

uint64_t bench_now(void)
{
	return bench.mode == BENCH_INSTRUCTIONS ? __rdtsc() : bench_ns();
}

const char *bench_unit(void)
{
	return bench.mode == BENCH_INSTRUCTIONS ? "instructions" : "ns";
}

/*
 * Short runs, many of them: between two ticks of the timer fit several, and
 * what interrupts one is not in the least.
 */
double bench_least(void (*run)(void *arg, unsigned long loops), void *arg,
		   unsigned long loops)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < BENCH_RUNS; i++) {
		uint64_t start = bench_now(), took;

		run(arg, loops);
		took = bench_now() - start;
		if (took < least)
			least = took;
	}
	return (double)least / loops;
}

void *bench_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	bench_check(memory != MAP_FAILED, "mmap");
	return memory;
}

void bench_drop(void *memory, size_t size)
{
	bench_check(!munmap(memory, size), "munmap");
}

int bench_spawn(void (*body)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;

	/* Or the child would write what the parent has not written yet, too. */
	fflush(stdout);
	pid = fork();
	bench_check(pid >= 0, "fork");
	if (pid)
		return pid;
	bench_check(!prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	if (getppid() != parent)
		_exit(1);
	body(arg);
	fflush(stdout);
	_exit(0);
}

void bench_reap(int pid)
{
	int status;

	bench_check(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFSIGNALED(status)) {
		errno = EPIPE;
		bench_fail("process %d was killed by signal %d", pid, WTERMSIG(status));
	}
	if (WEXITSTATUS(status))
		_exit(1);	/* it has said why */
}

void bench_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	bench_check(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

void bench_set_priority(int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	int policy = priority ? SCHED_FIFO : SCHED_OTHER;

	bench_check(!sched_setscheduler(0, policy, &param), "sched_setscheduler");
}

unsigned int bench_processors(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/*
 * A task that is about to sleep, or has just been woken, may show the state of
 * a sleeper and still be on its way. This file waits until it has left the
 * processor; it begins with the system call's number, or with "running".
 */
static bool is_asleep(int pid)
{
	char path[32], first;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	bench_check(fd >= 0, path);
	bench_check(read(fd, &first, 1) == 1, path);
	close(fd);
	return first >= '0' && first <= '9';
}

void bench_until_asleep(const int *pids, unsigned int n)
{
	const struct timespec nap = { .tv_nsec = 100000 };

	for (unsigned int i = 0; i < n; i++)
		while (!is_asleep(pids[i]))
			nanosleep(&nap, NULL);
}

bool bench_has(const struct bench_peer *peer, unsigned int can)
{
	if (bench.peer && strcmp(bench.peer, peer->name))
		return false;
	return (peer->can & can) == can &&
	       (!peer->is_available || peer->is_available());
}

const struct bench_peer *bench_peer_by_name(const char *name)
{
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}

static const struct bench_scenario *scenario_by_name(const char *name)
{
	for (const struct bench_scenario *const *s = scenarios; *s; s++)
		if (!strcmp((*s)->name, name))
			return *s;
	return NULL;
}

__attribute__((noreturn, format(printf, 1, 2)))
static void usage(const char *problem, ...)
{
	va_list args;

	va_start(args, problem);
	vfprintf(stderr, problem, args);
	va_end(args);
	fputs("\nusage: ksem-bench [-i | -w] [-r ROUNDS] [-p PEER] [SCENARIO...]\n"
	      "  -i         count instructions: needs QEMU's -icount shift=0\n"
	      "  -w         wall clock (default)\n"
	      "  -r ROUNDS  wall clock: samples of each figure\n"
	      "  -p PEER    this one only\n"
	      "scenarios:", stderr);
	for (const struct bench_scenario *const *s = scenarios; *s; s++)
		fprintf(stderr, " %s", (*s)->name);
	fputs("\npeers:", stderr);
	for (const struct bench_peer *const *p = bench_peers; *p; p++)
		fprintf(stderr, "%s %s", p == bench_peers ? "" : ",", (*p)->name);
	fputs("\n", stderr);
	exit(2);
}

static unsigned int rounds_from(const char *text)
{
	char *end;
	unsigned long rounds = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !rounds || rounds > MAX_ROUNDS)
		usage("rounds are 1 to %d, not '%s'", MAX_ROUNDS, text);
	return rounds;
}

static void set_mode(enum bench_mode mode, bool *chosen)
{
	if (*chosen && mode != bench.mode)
		usage("-i and -w exclude each other");
	bench.mode = mode;
	*chosen = true;
}

static void parse_options(int argc, char **argv)
{
	bool mode_chosen = false;
	int option;

	while ((option = getopt(argc, argv, "iwr:p:")) != -1) {
		switch (option) {
		case 'i':
			set_mode(BENCH_INSTRUCTIONS, &mode_chosen);
			break;
		case 'w':
			set_mode(BENCH_WALL, &mode_chosen);
			break;
		case 'r':
			bench.rounds = rounds_from(optarg);
			break;
		case 'p':
			bench.peer = optarg;
			break;
		default:
			usage("bad option");
		}
	}
	if (bench.peer && !bench_peer_by_name(bench.peer))
		usage("no peer '%s'", bench.peer);
	for (int i = optind; i < argc; i++)
		if (!scenario_by_name(argv[i]))
			usage("no scenario '%s'", argv[i]);
}

static void raise_limits(void)
{
	const struct rlimit files = { MAX_FILES, MAX_FILES };

	bench_check(!setrlimit(RLIMIT_NOFILE, &files), "setrlimit (be root)");
}

/* Ticks of a loop of known length: as many as it has instructions? */
static bool counts_instructions(void)
{
	const uint64_t loops = 10000, most = 2 * loops + 100;

	for (int i = 0; i < 10; i++) {
		uint64_t n = loops, ticks, start = __rdtsc();

		__asm__ volatile("1:	dec %0\n\t"
				 "jnz 1b" : "+r" (n));
		ticks = __rdtsc() - start;
		if (ticks >= 2 * loops && ticks <= most)
			return true;
	}
	return false;
}

static void settle(void)
{
	if (bench.mode == BENCH_WALL)
		return;
	errno = ENOTSUP;
	bench_check(bench_processors() == 1 && counts_instructions(),
		    "-i: one processor under QEMU's -icount shift=0, please");
	sleep(SETTLE_SECONDS);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	if (bench.peer && !bench_has(bench_peer_by_name(bench.peer), 0)) {
		errno = ENODEV;
		bench_fail("%s", bench.peer);
	}
	raise_limits();
	settle();
	for (const struct bench_scenario *const *s = scenarios; *s; s++) {
		bool wanted = optind == argc;

		for (int i = optind; i < argc; i++)
			wanted |= !strcmp(argv[i], (*s)->name);
		if (wanted)
			(*s)->run();
	}
	return 0;
}
