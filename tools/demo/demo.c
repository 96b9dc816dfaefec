// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demonstration's main program and summary, and what its scenes share.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

static int failures;

void demo_title(const char *title)
{
	static int number;
	int width;

	width = printf("\n%d. %s\n", ++number, title) - 2;
	while (width--)
		putchar('-');
	putchar('\n');
	demo_pause(800);
}

void demo_pause(unsigned int ms)
{
	struct timespec t = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * NSEC_PER_MSEC,
	};

	nanosleep(&t, NULL);
}

unsigned long long demo_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

void demo_check(bool holds, const char *what)
{
	if (holds)
		return;
	failures++;
	printf("DOES NOT HOLD: %s\n", what);
}

void demo_must(int result, const char *what)
{
	if (result)
		err(1, "%s", what);
}

void *demo_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

struct ksem *demo_create(unsigned int permits, const struct ksem_attr *attr)
{
	struct ksem *k = ksem_create(permits, attr);

	if (!k)
		err(1, "ksem_create");
	return k;
}

struct ksem *demo_attach(const struct ksem *k)
{
	struct ksem *own = ksem_attach(k);

	if (!own)
		err(1, "ksem_attach");
	return own;
}

struct ksem_info demo_info(const struct ksem *k)
{
	struct ksem_info info = { .size = sizeof(info) };

	demo_must(ksem_info(k, &info), "ksem_info");
	return info;
}

pid_t demo_fork(void)
{
	pid_t pid;

	/* Or the child would have a copy of what is not yet written. */
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void demo_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (!WIFSIGNALED(status))
		errx(1, "process %d had failed", pid);
}

void demo_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status)
		errx(1, "process %d failed", pid);
}

static void print_order(const char *kind, const struct demo_order *order)
{
	int i;

	printf("  %-9s served", kind);
	for (i = 0; i < DEMO_REQUESTS; i++)
		printf(" %d", order->served[i]);
	printf(": %d of %d came later and passed the first\n", order->passed,
	       DEMO_REQUESTS - 1);
}

static void summarise(const struct demo_turns *turns, const struct demo_loss *loss,
		      const struct demo_orders *orders, const struct demo_rates *rates,
		      const struct demo_jobserver *jobserver)
{
	printf("\nWhat you saw, in this run's numbers\n");
	printf("===================================\n");
	printf("  turns     %d workers, %d permits: %llu grants, at most %d held at a time\n",
	       DEMO_WORKERS, DEMO_PERMITS, turns->grants, turns->most_held);
	printf("  kill -9   process %d held %u permits: %u came back\n", turns->victim,
	       turns->victim_held, turns->reclaimed);
	printf("            process %d, first in the queue, ran %.1f ms later and %s told of it\n",
	       turns->next, turns->next_ms, turns->next_told ? "was" : "was not");
	printf("            in the end %d of %d permits were free\n", turns->available,
	       DEMO_PERMITS);
	printf("  sem_t     %d kills took %d of %d permits for ever; of ksem's they took %d\n",
	       loss->kills, DEMO_PERMITS - loss->posix_available, DEMO_PERMITS,
	       DEMO_PERMITS - loss->ksem_available);
	print_order("fair", &orders->fair);
	print_order("non-fair", &orders->nonfair);
	printf("  the price %llu grants a second fair, %llu non-fair\n", rates->fair,
	       rates->nonfair);
	printf("  make -j4  a killed sub-make left %d of %d job slots in a FIFO, %d in ksem:\n",
	       jobserver->fifo_left, jobserver->slots, jobserver->ksem_left);
	printf("            the build took %.1f s and %.1f s\n", jobserver->fifo_seconds,
	       jobserver->ksem_seconds);
	printf("%s\n", failures ? "Not everything held: see above." : "Everything held.");
}

int main(void)
{
	struct demo_turns turns;
	struct demo_loss loss;
	struct demo_orders orders;
	struct demo_rates rates;
	struct demo_jobserver jobserver;

	/* Through a pipe too, each line is to be seen when it is written. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ksem: counting semaphores that survive their holders\n");
	turns = demo_turns();
	loss = demo_loss();
	orders = demo_order();
	rates = demo_rates();
	jobserver = demo_jobserver();
	summarise(&turns, &loss, &orders, &rates, &jobserver);
	return failures ? 1 : 0;
}
