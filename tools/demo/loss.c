// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same accident with a POSIX semaphore in shared memory and with ksem: a
 * process takes permits of both and is killed.
 */
#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#include "demo.h"

#define EACH	4	/* permits of each semaphore that a victim holds */
#define KILLS	(DEMO_PERMITS / EACH)

/* A process that has what it wants, told through the pipe, and then stays. */
static pid_t start_victim(const struct ksem *k, sem_t *posix)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	demo_must(pipe(ready), "pipe");
	pid = demo_fork();
	if (!pid) {
		int i;

		demo_must(ksem_acquire_n(demo_attach(k), EACH), "ksem_acquire_n");
		for (i = 0; i < EACH; i++)
			demo_must(sem_wait(posix), "sem_wait");
		if (write(ready[1], &byte, 1) != 1)
			err(1, "write");
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "process %d failed", pid);
	close(ready[0]);
	return pid;
}

static void print_state(const char *event, int ksem_free, int posix_free)
{
	static const char free_bar[] = "....................";
	static const char lost_bar[] = "xxxxxxxxxxxxxxxxxxxx";

	printf("  %-16s [%.*s%.*s] %2d      [%.*s%.*s] %2d\n", event,
	       ksem_free, free_bar, DEMO_PERMITS - ksem_free, lost_bar, ksem_free,
	       posix_free, free_bar, DEMO_PERMITS - posix_free, lost_bar, posix_free);
}

static int ksem_free(const struct ksem *k)
{
	int available;

	demo_must(ksem_available(k, &available), "ksem_available");
	return available;
}

static int posix_free(sem_t *posix)
{
	int available;

	demo_must(sem_getvalue(posix, &available), "sem_getvalue");
	return available;
}

/* Who comes next, and gives each a second. */
static void show_next(struct ksem *k, sem_t *posix)
{
	struct timespec second = { .tv_sec = 1 };
	struct timespec deadline;
	bool granted, lost;

	granted = !ksem_acquire_timed(k, &second);
	printf("  ksem:  %s\n", granted ? "granted" : "not granted");
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec++;
	lost = sem_timedwait(posix, &deadline) && errno == ETIMEDOUT;
	printf("  sem_t: %s\n", lost ?
	       "timed out; whoever waits without a time-out waits for ever" : "granted");
	demo_check(granted, "ksem has a permit for the next");
	demo_check(lost, "the POSIX semaphore has none");
	if (granted)
		demo_must(ksem_release(k), "ksem_release");
}

struct demo_loss demo_loss(void)
{
	struct ksem *k = demo_create(DEMO_PERMITS, NULL);
	struct demo_loss saw = { .kills = KILLS };
	sem_t *posix = demo_share(sizeof(*posix));
	char event[32];
	int i;

	demo_must(sem_init(posix, true, DEMO_PERMITS), "sem_init");
	demo_title("The same beside a POSIX semaphore: 5 processes, each holding 4 of 20 permits");
	printf("                   ksem                           sem_t, process-shared\n");
	print_state("", ksem_free(k), posix_free(posix));
	for (i = 0; i < KILLS; i++) {
		pid_t pid = start_victim(k, posix);

		demo_pause(300);
		demo_kill(pid);
		snprintf(event, sizeof(event), "# kill -9 %d", pid);
		print_state(event, ksem_free(k), posix_free(posix));
	}
	saw.ksem_available = ksem_free(k);
	saw.posix_available = posix_free(posix);
	demo_check(saw.ksem_available == DEMO_PERMITS, "ksem lost no permit");

	printf("\nThe next one wants 1 permit and waits at most a second:\n");
	show_next(k, posix);
	demo_must(ksem_close(k), "ksem_close");
	demo_pause(1000);
	return saw;
}
