// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the jobs that run at the same time, and misses none.
 *
 *	job run KIND COMMAND...		a job of KIND (0 to 2): counts itself, then
 *					becomes the command
 *	job report			what was counted: peak, now, jobs of each kind
 *	gcc ..., lto1 ...		by these names it stands in front of the real ones, and
 *					counts what they do at link time: kind 2
 *
 * $JOBS names the file. Each job has a lock on a byte of it, taken before it becomes
 * its command, which inherits the descriptor: the kernel drops the lock when the last
 * process of the job has ended, however it ended. The number of running jobs only
 * grows where one takes its lock. Each counts the locks just then, one at a time.
 *
 * Built as a library that lto1 is started with, it makes a job of each child that
 * lto1 forks.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KINDS		3
#define KIND_LTO	2
#define PAUSE_MS	100
#define COUNT_LOCK	4096	/* the byte that is locked while somebody counts */
#define FIRST_SLOT	4097
#define SLOTS		4096

struct counts {
	unsigned int peak;
	unsigned int jobs[KINDS];
};

static struct flock lock_of(off_t start, off_t len)
{
	return (struct flock){ .l_type = F_WRLCK, .l_start = start, .l_len = len };
}

/* Locks of an open file description: inherited, and gone with the last copy. */
static int open_jobs(void)
{
	const char *name = getenv("JOBS");
	int fd;

	if (!name)
		errx(125, "JOBS is not set");
	fd = open(name, O_RDWR | O_CREAT, 0666);
	if (fd < 0)
		err(125, "%s", name);
	return fd;
}

static void set_count_lock(int fd, short type)
{
	struct flock lock = lock_of(COUNT_LOCK, 1);

	lock.l_type = type;
	if (fcntl(fd, F_OFD_SETLKW, &lock))
		err(125, "lock");
}

static void take_slot(int fd)
{
	int i;

	for (i = 0; i < SLOTS; i++) {
		struct flock lock = lock_of(FIRST_SLOT + i, 1);

		if (!fcntl(fd, F_OFD_SETLK, &lock))
			return;
	}
	errx(125, "more than %d jobs", SLOTS);
}

/* Slots that others have: a question for a range tells of the first lock in it. */
static unsigned int count_others(int fd)
{
	off_t start = FIRST_SLOT;
	unsigned int others = 0;

	while (start < FIRST_SLOT + SLOTS) {
		struct flock lock = lock_of(start, FIRST_SLOT + SLOTS - start);

		if (fcntl(fd, F_OFD_GETLK, &lock))
			err(125, "count");
		if (lock.l_type == F_UNLCK)
			break;
		others++;
		start = lock.l_start + lock.l_len;
	}
	return others;
}

static struct counts read_counts(int fd)
{
	struct counts counts = { 0 };

	if (pread(fd, &counts, sizeof(counts), 0) < 0)
		err(125, "read");
	return counts;
}

/* Returns the descriptor that has the lock, which stays open: the lock is the job. */
static int start_job(int kind)
{
	int fd = open_jobs();
	struct counts counts;
	unsigned int running;

	set_count_lock(fd, F_WRLCK);
	take_slot(fd);
	running = 1 + count_others(fd);
	counts = read_counts(fd);
	if (running > counts.peak)
		counts.peak = running;
	counts.jobs[kind]++;
	if (pwrite(fd, &counts, sizeof(counts), 0) != sizeof(counts))
		err(125, "write");
	set_count_lock(fd, F_UNLCK);
	return fd;
}

#ifdef JOB_LIBRARY

/* Not to keep the parent's slot when the parent has ended. */
static void child_is_a_job(void)
{
	close(atoi(getenv("JOB_SLOT")));
	start_job(KIND_LTO);
}

__attribute__((constructor)) static void watch_forks(void)
{
	if (getenv("JOB_SLOT"))
		pthread_atfork(NULL, NULL, child_is_a_job);
}

#else

static void report(void)
{
	int fd = open_jobs();
	struct counts counts = read_counts(fd);

	printf("peak=%u running=%u jobs0=%u jobs1=%u jobs2=%u\n", counts.peak,
	       count_others(fd), counts.jobs[0], counts.jobs[1], counts.jobs[2]);
}

static void start_link_job(void)
{
	char slot[16];

	snprintf(slot, sizeof(slot), "%d", start_job(KIND_LTO));
	setenv("JOB_SLOT", slot, 1);
}

/* Of gcc's work at link time make runs this: a gcc for each partition. */
static void run_gcc(char **argv)
{
	char **arg = argv;

	while (*arg && strcmp(*arg, "-fltrans"))
		arg++;
	if (*arg)
		start_link_job();
	execv("/usr/bin/gcc-14", argv);
	err(127, "/usr/bin/gcc-14");
}

/* The real one stands beside it. What is a job already is no other one here. */
static void run_lto1(char **argv)
{
	static char real[4096];

	if (!getenv("JOB_SLOT"))
		start_link_job();
	setenv("LD_PRELOAD", "/usr/lib/job.so", 1);
	snprintf(real, sizeof(real), "%s.real", argv[0]);
	execv(real, argv);
	err(127, "%s", real);
}

/* Long enough for others to run at the same time, however small the command is. */
static void run_job(char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };

	start_job(atoi(argv[0]));
	nanosleep(&pause, NULL);
	execvp(argv[1], argv + 1);
	err(127, "%s", argv[1]);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (!strcmp(name, "gcc"))
		run_gcc(argv);
	if (!strcmp(name, "lto1"))
		run_lto1(argv);
	if (argc == 2 && !strcmp(argv[1], "report")) {
		report();
		return 0;
	}
	if (argc < 4 || strcmp(argv[1], "run") || atoi(argv[2]) < 0 || atoi(argv[2]) >= KINDS)
		errx(125, "usage: job run KIND COMMAND... | job report");
	run_job(argv + 2);
}

#endif
