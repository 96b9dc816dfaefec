// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: the manager, and main()
 */
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define MS		1000000ULL
#define SECOND		1000000000ULL

/* How often the manager looks, and signals threads that are where they were. */
#define TICK_NS		(4 * MS)
#define SINGLE_TICK_NS	(20 * MS)
/* No call may take longer, nor a killed process to die. */
#define STUCK_NS	(60 * SECOND)
/* A sibling may have made a wait endless: then the process is killed. */
#define RESCUE_NS	(SECOND / 2)
#define LONE_RESCUE_NS	(20 * SECOND)
/* How often a limit of the module is met, for a tick. */
#define SQUEEZE_NS	(SECOND / 2)
#define REPORT_NS	(5 * SECOND)
/* The first part of a run, one in so many seconds, is traced, and some of that read. */
#define TRACED_PART	4
#define TRACE_LINES	4000
#define MANAGER_POINTS	16384
#define NARROW_NAME	"/ksem/ksem-fuzz32"

/**
 * struct child - a worker as the manager knows it
 * @pid: its process; 0: none.
 * @killed: when it was killed; 0: it was not.
 * @last_call: how many calls it makes before it is killed; kept over its deaths.
 * @seq: of its threads at the last look.
 * @since: since when they have been there.
 */
struct child {
	pid_t pid;
	__u64 killed;
	__u64 last_call;
	__u32 seq[2];
	__u64 since[2];
};

static struct fuzz_shared *shared;
static struct child children[FUZZ_MAX_WORKERS];
static unsigned int nr_workers = 3;
static __u64 kill_calls = 50000;
static __u64 seconds = 10;
static unsigned int nr_loaded;
static unsigned int nr_killed;
static unsigned int nr_rescued;
static __u64 longest_death;
static bool verbose;
static bool only_print;
static struct fuzz_kcov kcov;

/* Where in the kernel a thread is, as far as it can be said. */
static void show_stack(unsigned int worker, unsigned int thread)
{
	struct fuzz_thread_state *t = &shared->worker[worker].thread[thread];
	char name[80], line[160];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%u/stack", t->tid);
	printf("thread %u: %s %s\n", thread, t->seq & 1 ? "in" : "after", fuzz_ops[t->op].name);
	f = t->seq & 1 ? fopen(name, "r") : NULL;
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		printf("  %s", line);
	fclose(f);
}

static void violation(const char *what, unsigned int worker)
{
	printf("VIOLATION in worker %u: %s\n", worker, what);
	if (!shared->violations)
		snprintf(shared->first, FUZZ_LINE, "worker %u: %s", worker, what);
	show_stack(worker, 0);
	show_stack(worker, 1);
	puts("the program:");
	fuzz_print(stdout, &shared->worker[worker].running, "  ");
	shared->violations++;
	shared->stop = 1;
}

/* What the manager reaches itself from now on. */
static void begin_points(void)
{
	if (!kcov.pcs)
		fuzz_kcov_start(&kcov, MANAGER_POINTS);
	fuzz_kcov_reset(&kcov);
}

/*
 * The system's files
 */

static bool read_file(const char *name, char *text, size_t bytes)
{
	FILE *f = fopen(name, "r");
	bool ok;

	if (!f)
		return false;
	ok = fgets(text, bytes, f);
	fclose(f);
	return ok;
}

static bool write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (!f)
		return false;
	fputs(text, f);
	return !fclose(f);
}

/* Where the module's code begins, by /proc/modules. */
static __u64 find_text(void)
{
	FILE *f = fopen("/proc/modules", "r");
	unsigned long long at = 0;
	char line[256], name[64];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %*u %*d %*s %*s %llx", name, &at) == 2 &&
		    !strcmp(name, "ksem"))
			break;
		at = 0;
	}
	fclose(f);
	return at;
}

/* Failures on request are to hit ordinary allocations too. */
static void prepare_failures(void)
{
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

/*
 * Tracing
 */

#define TRACING	"/sys/kernel/tracing/"
#define MAX_LISTENERS	64

static int listeners[MAX_LISTENERS];
static unsigned int nr_listeners;

/* A second one that hears of the event, on each processor; nobody reads what it hears. */
static void add_listener(const char *event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .sample_period = 1,
	};
	char name[300], text[32];
	int cpu;

	snprintf(name, sizeof(name), TRACING "events/ksem/%s/id", event);
	if (!read_file(name, text, sizeof(text)))
		return;
	attr.config = strtoull(text, NULL, 10);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN) && nr_listeners < MAX_LISTENERS; cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd >= 0)
			listeners[nr_listeners++] = fd;
	}
}

/*
 * The kernel rewrites code for this, which an emulated machine does not bear while
 * another processor runs there: only while there is no worker.
 */
static void start_tracing(void)
{
	DIR *events = opendir(TRACING "events/ksem");
	struct dirent *entry;

	if (!events)
		return;
	while ((entry = readdir(events)))
		add_listener(entry->d_name);
	closedir(events);
	write_file(TRACING "events/ksem/enable", "1");
}

static void stop_tracing(void)
{
	write_file(TRACING "events/ksem/enable", "0");
	while (nr_listeners)
		close(listeners[--nr_listeners]);
}

/* What was traced, as text: the points of whoever reads count too. */
static void read_trace(void)
{
	char text[4096];
	unsigned int i;
	FILE *f = fopen(TRACING "trace", "r");

	if (!f)
		return;
	begin_points();
	for (i = 0; i < TRACE_LINES && fgets(text, sizeof(text), f); i++) {
		if (i % 64)
			continue;
		fuzz_kcov_collect(&kcov, shared);
		begin_points();
	}
	fuzz_kcov_collect(&kcov, shared);
	fclose(f);
	write_file(TRACING "trace", "");
}

/*
 * The module
 */

#define MODULE		"ksem"
#define MODULE_FILE	"/vm/ksem.ko"
#define PARAMETERS	"/sys/module/" MODULE "/parameters/"
#define DELAY		PARAMETERS "debug_delay_us"
#define SHORT_DELAY	"20"

/* All that it was loaded with, as it is loaded with. */
static void read_parameters(char *text, size_t bytes)
{
	DIR *dir = opendir(PARAMETERS);
	struct dirent *entry;
	char file[300], value[32];

	text[0] = 0;
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		size_t used = strlen(text);

		snprintf(file, sizeof(file), PARAMETERS "%s", entry->d_name);
		if (entry->d_name[0] == '.' || !read_file(file, value, sizeof(value)))
			continue;
		value[strcspn(value, "\n")] = 0;
		snprintf(text + used, bytes - used, "%s=%s ", entry->d_name, value);
	}
	closedir(dir);
}

/* Unloads it and loads it again: what it does then is seldom done. */
static void reload(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	char parameters[1024];

	if (fd < 0)
		return;
	read_parameters(parameters, sizeof(parameters));
	begin_points();
	if (syscall(SYS_delete_module, MODULE, O_NONBLOCK))
		fuzz_die("unloading the module");
	fuzz_kcov_collect(&kcov, shared);
	begin_points();
	if (syscall(SYS_finit_module, fd, parameters, 0))
		fuzz_die("loading the module");
	close(fd);
	/* It may be elsewhere now. */
	shared->text = find_text();
	fuzz_kcov_collect(&kcov, shared);
}

/* Where a build has delays but they were not asked for: short ones, until they are stopped. */
static bool start_delays(void)
{
	char text[32];

	return read_file(DELAY, text, sizeof(text)) && !strcmp(text, "0\n") &&
	       write_file(DELAY, SHORT_DELAY);
}

static void stop_delays(bool started)
{
	if (started)
		write_file(DELAY, "0");
}

/*
 * Limits
 */

static int create_one(void);
static int create_node(void);

/**
 * struct limit - a limit of the module
 * @file: where it is set.
 * @create: makes one thing that it counts, which goes when the descriptor that is returned
 *	is closed; or returns -1.
 */
struct limit {
	const char *file;
	int (*create)(void);
};

/* Nothing of this process's counts for the last one. */
static const struct limit limits[] = {
	{ PARAMETERS "max_semaphores", create_one },
	{ PARAMETERS "max_handles", create_one },
	{ PARAMETERS "max_names_per_user", create_node },
	{ PARAMETERS "max_names_userns", NULL },
};

static char limit_was[ARRAY_SIZE(limits)][32];

static void read_limits(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (!read_file(limits[i].file, limit_was[i], sizeof(limit_was[i])))
			fuzz_die(limits[i].file);
}

static void set_limit(unsigned int i, const char *text)
{
	if (!write_file(limits[i].file, text))
		fuzz_die(limits[i].file);
}

static void reset_limits(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		set_limit(i, limit_was[i]);
}

static int create_one(void)
{
	struct ksem_create create = {
		.size = sizeof(create), .max = 1, .handoff_ns = KSEM_HANDOFF_DEFAULT_NS,
	};
	int fd = open("/dev/ksem", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fuzz_die("/dev/ksem");
	if (!ioctl(fd, KSEM_IOC_CREATE, &create))
		return fd;
	close(fd);
	return -1;
}

/* A new file system. Returns its root. */
static int mount_names(void)
{
	int dir;

	if (mount("none", FUZZ_MOUNT_POINT, "ksemfs", 0, "max=16"))
		fuzz_die("mounting ksemfs");
	dir = open(FUZZ_MOUNT_POINT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fuzz_die(FUZZ_MOUNT_POINT);
	return dir;
}

static void unmount_names(void)
{
	if (umount2(FUZZ_MOUNT_POINT, MNT_DETACH))
		fuzz_die("unmounting ksemfs");
}

static int create_node(void)
{
	int dir = mount_names(), ret;

	unmount_names();
	ret = mkdirat(dir, "a", 0700);
	if (!ret)
		return dir;
	close(dir);
	return -1;
}

/* With a limit of one there is room for one, and for no second: so nothing is left over. */
static bool nothing_left(unsigned int limit)
{
	int first, second = -1;

	set_limit(limit, "1");
	first = limits[limit].create();
	if (first >= 0) {
		second = limits[limit].create();
		close(first);
	}
	set_limit(limit, limit_was[limit]);
	if (second >= 0) {
		close(second);
		fprintf(stderr, "ksem-fuzz: %s limits nothing\n", limits[limit].file);
	}
	return first >= 0 && second < 0;
}

/* What dead processes had goes a little after them. */
static void check_nothing_left(void)
{
	unsigned int i, tries;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (tries = 0; limits[i].create && !nothing_left(i); tries++) {
			if (tries == 40) {
				printf("VIOLATION: something is left of what %s counts\n",
				       limits[i].file);
				shared->violations++;
				return;
			}
			fuzz_sleep(50 * MS);
		}
	}
}

/*
 * Children
 */

static __u64 calls_of(unsigned int i)
{
	return shared->worker[i].thread[0].calls + shared->worker[i].thread[1].calls;
}

static void start_child(unsigned int i)
{
	struct child *c = &children[i];
	const char *file = "/proc/self/exe";
	char number[8];

	/* The last one is a 32-bit program, where there is one. */
	if (i && i == nr_workers - 1 && !access(NARROW_NAME, X_OK))
		file = NARROW_NAME;
	snprintf(number, sizeof(number), "%u", i);
	shared->worker[i].thread[0].tid = 0;
	shared->worker[i].thread[1].tid = 0;
	shared->worker[i].thread[0].failing = 0;
	shared->worker[i].thread[1].failing = 0;
	shared->worker[i].full = 0;
	fflush(stdout);
	c->killed = 0;
	c->pid = fork();
	if (c->pid < 0)
		fuzz_die("fork");
	if (!c->pid) {
		execl(file, "ksem-fuzz", "-W", number, NULL);
		fuzz_die(file);
	}
}

static void kill_child(unsigned int i)
{
	struct child *c = &children[i];

	if (c->pid && !c->killed) {
		c->killed = fuzz_now(CLOCK_MONOTONIC);
		kill(c->pid, SIGKILL);
	}
}

/* A fault on request that has hit the frame of a signal kills by SIGSEGV. */
static bool was_asked_for(unsigned int i, int status)
{
	struct fuzz_worker *w = &shared->worker[i];

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV &&
	       (w->thread[0].failing || w->thread[1].failing);
}

static void note_death(unsigned int i, int status)
{
	struct child *c = &children[i];
	__u64 took;

	c->pid = 0;
	if (!c->killed) {
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			return;
		if (was_asked_for(i, status)) {
			nr_rescued++;
			return;
		}
		printf("worker %u: wait status %#x\n", i, status);
		violation("it died", i);
		return;
	}
	took = fuzz_now(CLOCK_MONOTONIC) - c->killed;
	if (took > longest_death)
		longest_death = took;
}

/* Returns how many are still there. */
static unsigned int reap(void)
{
	unsigned int i, alive = 0;
	int status;

	for (i = 0; i < nr_workers; i++) {
		struct child *c = &children[i];

		if (!c->pid)
			continue;
		if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
			note_death(i, status);
			continue;
		}
		alive++;
		if (c->killed && fuzz_now(CLOCK_MONOTONIC) - c->killed > STUCK_NS) {
			violation("it was killed and does not die", i);
			fuzz_die("giving up");
		}
	}
	return alive;
}

/* A thread that is where it was at the last look gets a signal. */
static void watch_thread(unsigned int i, unsigned int j, __u64 now)
{
	struct fuzz_thread_state *t = &shared->worker[i].thread[j];
	struct child *c = &children[i];
	__u64 rescue = shared->mode == MODE_FUZZ ? RESCUE_NS : LONE_RESCUE_NS;
	__u32 seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);

	if (seq != c->seq[j] || !(seq & 1) || !t->tid) {
		c->seq[j] = seq;
		c->since[j] = now;
		return;
	}
	if (shared->worker[i].tampered && now - c->since[j] > rescue) {
		nr_rescued++;
		kill_child(i);
	} else if (now - c->since[j] > STUCK_NS) {
		violation("a call does not end", i);
		kill_child(i);
	} else {
		syscall(SYS_tgkill, c->pid, t->tid, SIGALRM);
	}
}

static void watch(void)
{
	__u64 now = fuzz_now(CLOCK_MONOTONIC);
	unsigned int i;

	for (i = 0; i < nr_workers; i++) {
		if (!children[i].pid || children[i].killed)
			continue;
		watch_thread(i, 0, now);
		watch_thread(i, 1, now);
	}
}

static void collect(void)
{
	unsigned int i;

	for (i = 0; i < nr_workers; i++) {
		struct fuzz_worker *w = &shared->worker[i];

		if (!__atomic_load_n(&w->full, __ATOMIC_ACQUIRE))
			continue;
		if (shared->nr_corpus < FUZZ_MAX_CORPUS) {
			shared->corpus[shared->nr_corpus] = w->found;
			__atomic_store_n(&shared->nr_corpus, shared->nr_corpus + 1,
					 __ATOMIC_RELEASE);
		}
		__atomic_store_n(&w->full, 0, __ATOMIC_RELEASE);
	}
}

/*
 * Telling
 */

static __u64 count_calls(void)
{
	unsigned int i;
	__u64 calls = 0;

	for (i = 0; i < nr_workers; i++)
		calls += calls_of(i);
	return calls;
}

static unsigned int count_points(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < FUZZ_TEXT; i++)
		nr += shared->points[i];
	return nr;
}

static void tell(__u64 took)
{
	__u64 calls = count_calls();

	printf("%llu s: %llu calls, %llu a second, corpus %u, %u points, %u killed, %u rescued\n",
	       took / SECOND, (unsigned long long)calls,
	       took ? calls * SECOND / took : 0, shared->nr_corpus, count_points(),
	       nr_killed, nr_rescued);
	fflush(stdout);
}

static void tell_operations(void)
{
	unsigned int op, i, j;

	for (op = 0; op < NR_OPS; op++) {
		unsigned long ok = 0, failed = 0;

		for (i = 0; i < nr_workers; i++) {
			for (j = 0; j < 2; j++) {
				ok += shared->worker[i].thread[j].ok[op];
				failed += shared->worker[i].thread[j].failed[op];
			}
		}
		printf("%-16s %10lu succeeded %10lu failed\n", fuzz_ops[op].name, ok, failed);
	}
}

static void tell_section(const char *section)
{
	char name[80], text[32];

	snprintf(name, sizeof(name), "/sys/module/ksem/sections/%s", section);
	if (read_file(name, text, sizeof(text)))
		printf("@section %s %s", section, text);
}

/* For the host, in lines that begin with an @. */
static void tell_host(unsigned int from)
{
	unsigned int i;

	tell_section(".text");
	tell_section(".text.unlikely");
	for (i = 0; i < FUZZ_TEXT; i++)
		if (shared->points[i])
			printf("@point %#llx\n", (unsigned long long)shared->text + i);
	for (i = from; i < shared->nr_corpus; i++)
		fuzz_print(stdout, &shared->corpus[i], "@program ");
}

/*
 * The run
 */

/* A limit is met for a tick. */
static void squeeze(__u64 now)
{
	static __u64 next;
	static int squeezed = -1;
	static unsigned int turn;

	if (squeezed >= 0) {
		reset_limits();
		squeezed = -1;
	} else if (now >= next) {
		next = now + SQUEEZE_NS;
		squeezed = turn++ % ARRAY_SIZE(limits);
		set_limit(squeezed, "0");
	}
}

/* A worker that has made so many calls, more or less, is killed whatever it is doing. */
static void kill_tired(void)
{
	static struct fuzz_random random = { .state = 1 };
	unsigned int i;

	for (i = 0; kill_calls && i < nr_workers; i++) {
		struct child *c = &children[i];

		if (!c->pid || c->killed || calls_of(i) < c->last_call)
			continue;
		nr_killed++;
		kill_child(i);
		c->last_call = calls_of(i) + kill_calls / 2 + fuzz_below(&random, kill_calls);
	}
}

static void replace_dead(void)
{
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		if (!children[i].pid)
			start_child(i);
}

static void start_all(void)
{
	unsigned int i;

	shared->stop = 0;
	for (i = 0; i < nr_workers; i++) {
		/* They end at different times. */
		children[i].last_call = calls_of(i) + (i + 1) * kill_calls / nr_workers;
		start_child(i);
	}
}

static void stop_all(void)
{
	shared->stop = 1;
	/* They may be in the middle of a wait. */
	while (reap()) {
		watch();
		fuzz_sleep(TICK_NS);
	}
}

static void fuzz_until(__u64 began, __u64 end)
{
	__u64 now = fuzz_now(CLOCK_MONOTONIC), told = now;

	while (!shared->stop && now < end) {
		fuzz_sleep(TICK_NS);
		now = fuzz_now(CLOCK_MONOTONIC);
		watch();
		collect();
		squeeze(now);
		kill_tired();
		reap();
		if (!shared->stop)
			replace_dead();
		if (now - told >= REPORT_NS) {
			tell(now - began);
			told = now;
		}
	}
	reset_limits();
}

static void fuzz_all(void)
{
	__u64 began = fuzz_now(CLOCK_MONOTONIC);
	bool delays;

	start_tracing();
	delays = start_delays();
	start_all();
	fuzz_until(began, began + seconds * SECOND / TRACED_PART);
	stop_all();
	stop_delays(delays);
	stop_tracing();
	read_trace();
	if (!shared->violations) {
		start_all();
		fuzz_until(began, began + seconds * SECOND);
		stop_all();
	}
	tell(fuzz_now(CLOCK_MONOTONIC) - began);
}

static void run_to_its_end(__u64 began)
{
	start_child(0);
	while (reap()) {
		fuzz_sleep(SINGLE_TICK_NS);
		watch();
		if (shared->mode == MODE_SINGLE && !shared->max_programs &&
		    fuzz_now(CLOCK_MONOTONIC) - began >= seconds * SECOND)
			shared->stop = 1;
	}
}

/* One worker. Distilling goes on where a program has been its end. */
static void run_one(void)
{
	__u64 began = fuzz_now(CLOCK_MONOTONIC);

	do {
		run_to_its_end(began);
	} while (shared->mode == MODE_DISTILL && !shared->stop);
	if (children[0].killed) {
		fputs("ksem-fuzz: a call had no end, and the worker was killed\n", stderr);
		exit(2);
	}
	if (shared->mode == MODE_SINGLE)
		tell(fuzz_now(CLOCK_MONOTONIC) - began);
}

/*
 * Beginning
 */

static void map_shared(int fd)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		fuzz_die("mmap");
}

static void make_shared(void)
{
	int swap[2], fd = memfd_create("fuzz", 0);

	if (fd < 0 || ftruncate(fd, sizeof(*shared)) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, swap))
		fuzz_die("shared memory");
	if (dup2(fd, FUZZ_FD_SHARED) < 0 || dup2(swap[0], FUZZ_FD_SWAP) < 0 ||
	    dup2(swap[1], FUZZ_FD_OUT) < 0)
		fuzz_die("dup2");
	close(fd);
	close(swap[0]);
	close(swap[1]);
	map_shared(FUZZ_FD_SHARED);
}

/* The workers' names. There is room for some that are gone, too. */
static void make_names(void)
{
	int dir = mount_names();

	if (dup2(dir, FUZZ_FD_NAMES) < 0)
		fuzz_die("dup2");
	close(dir);
}

/* Their semaphores go too, but for those of processes that are about to be gone. */
static void remove_names(void)
{
	close(FUZZ_FD_NAMES);
	unmount_names();
}

static void load(const char *name)
{
	struct fuzz_program program;
	unsigned int line = 0;
	FILE *f = fopen(name, "r");
	int ret;

	if (!f)
		fuzz_die(name);
	while ((ret = fuzz_parse(f, &program, &line)) > 0) {
		if (shared->nr_corpus == FUZZ_MAX_CORPUS)
			break;
		shared->corpus[shared->nr_corpus++] = program;
	}
	fclose(f);
	if (ret < 0) {
		fprintf(stderr, "ksem-fuzz: %s:%u: not a call\n", name, line);
		exit(2);
	}
}

static void show_usage(void)
{
	fputs("usage: ksem-fuzz [options]\n"
	      "  -c FILE      programs to begin with; may be repeated\n"
	      "  -s SEED      of everything (1)\n"
	      "  -t SECONDS   how long (10)\n"
	      "  -w WORKERS   processes (3); the last one is 32-bit\n"
	      "  -K CALLS     after about which a worker is killed (50000); 0: never\n"
	      "  -1           one thread, the same at each run of a seed\n"
	      "  -n PROGRAMS  with -1: after which it ends\n"
	      "  -r           run the programs of -c once and show each result\n"
	      "  -d           reduce the programs of -c to few that reach as much\n"
	      "  -p           print the programs of -c, nothing else: needs no module\n"
	      "  -l           print each program before it runs\n"
	      "  -v           print what became of each operation\n"
	      "exit status: 0, 1 a broken promise, 2 it could not run\n", stderr);
	exit(2);
}

static __u64 number(const char *text, __u64 least, __u64 most)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || n < least || n > most)
		show_usage();
	return n;
}

static void parse_options(int argc, char **argv)
{
	int option;

	shared->seed = 1;
	while ((option = getopt(argc, argv, "c:s:t:w:K:1n:rdplv")) != -1) {
		switch (option) {
		case 'c':
			load(optarg);
			break;
		case 's':
			shared->seed = number(optarg, 0, 1ULL << 32);
			break;
		case 't':
			seconds = number(optarg, 1, 1000000);
			break;
		case 'w':
			nr_workers = number(optarg, 1, FUZZ_MAX_WORKERS);
			break;
		case 'K':
			kill_calls = number(optarg, 0, 1000000000);
			break;
		case '1':
			shared->mode = MODE_SINGLE;
			break;
		case 'n':
			shared->max_programs = number(optarg, 1, ~0U);
			break;
		case 'r':
			shared->mode = MODE_REPLAY;
			break;
		case 'd':
			shared->mode = MODE_DISTILL;
			break;
		case 'p':
			only_print = true;
			break;
		case 'l':
			shared->log = 1;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			show_usage();
		}
	}
	if (optind != argc || (shared->max_programs && shared->mode != MODE_SINGLE))
		show_usage();
	if (shared->mode != MODE_FUZZ)
		nr_workers = 1;
	shared->nr_workers = nr_workers;
	nr_loaded = shared->nr_corpus;
}

static void find_guide(void)
{
	shared->text = find_text();
	shared->guided = shared->text && !access("/sys/kernel/debug/kcov", R_OK | W_OK);
	if (shared->guided)
		return;
	puts("there is no KCOV here: unguided");
	if (shared->mode == MODE_DISTILL) {
		fputs("ksem-fuzz: -d needs KCOV\n", stderr);
		exit(2);
	}
}

static void print_corpus(void)
{
	unsigned int i;

	for (i = 0; i < shared->nr_corpus; i++)
		fuzz_print(stdout, &shared->corpus[i], "");
}

static int be_worker(const char *text)
{
	map_shared(FUZZ_FD_SHARED);
	return fuzz_worker(shared, number(text, 0, FUZZ_MAX_WORKERS - 1));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-W"))
		return be_worker(argv[2]);
	make_shared();
	parse_options(argc, argv);
	if (only_print) {
		print_corpus();
		return 0;
	}
	find_guide();
	if (shared->mode == MODE_FUZZ && shared->guided)
		reload();
	read_limits();
	make_names();
	prepare_failures();
	if (shared->mode == MODE_FUZZ)
		fuzz_all();
	else
		run_one();
	/* What is on its way between workers goes too. */
	close(FUZZ_FD_SWAP);
	close(FUZZ_FD_OUT);
	remove_names();
	check_nothing_left();
	if (verbose)
		tell_operations();
	if (shared->mode == MODE_SINGLE)
		printf("hash %016llx\n", (unsigned long long)shared->worker[0].hash);
	if (shared->mode != MODE_REPLAY)
		tell_host(shared->mode == MODE_DISTILL ? 0 : nr_loaded);
	/* Last, so that it is in the end of a log too. */
	printf("%u violations%s%s\n", shared->violations, *shared->first ? ", the first in " : "",
	       shared->first);
	return shared->violations > 0;
}
