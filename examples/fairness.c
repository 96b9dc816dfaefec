// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fair and a non-fair semaphore, side by side.
 *
 * Of 4 permits 1 is free. Requests for 3, 1, 2, 1 and 1 permits arrive, each by
 * a process of its own and each only after the one before is queued or served.
 * Then the other 3 permits are released. A fair semaphore serves in the order
 * of arrival, although the small requests would have fitted at once; with a
 * non-fair one those who come later pass the first.
 */
#include <err.h>
#include <errno.h>
#include <ksem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERMITS		4
#define TAKEN		3
#define REQUESTS	5

static const unsigned int wanted[REQUESTS] = { 3, 1, 2, 1, 1 };

/* The number, from 1 on, as which each request was served. */
struct run {
	int place[REQUESTS];
	int passed;		/* requests served before the first */
	unsigned int queued;
	double longest_ms;
};

static void must(int result, const char *what)
{
	if (result)
		err(1, "%s", what);
}

/* The grant's token: of two grants, the later one has the larger token. */
static void request(const struct ksem *k, unsigned int n, __u64 *token)
{
	struct ksem_acquire_ex acquire = {
		.size = sizeof(acquire),
		.flags = KSEM_FLAG_TOKEN,
		.n = n,
		.deadline_ns = KSEM_NO_DEADLINE,
	};
	struct ksem *own = ksem_attach(k);

	if (!own)
		err(1, "ksem_attach");
	must(ksem_acquire_ex(own, &acquire), "ksem_acquire_ex");
	*token = acquire.out_token;
	must(ksem_release_n(own, n), "ksem_release_n");
	exit(0);
}

/* Starts a request, and returns when it is queued or through. */
static void arrive(const struct ksem *k, unsigned int n, __u64 *token)
{
	int before = ksem_queue_length(k);
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		request(k, n, token);
	}
	while (ksem_queue_length(k) == before) {
		struct timespec moment = { .tv_nsec = 100000 };

		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (status)
				errx(1, "a request failed");
			return;
		}
		nanosleep(&moment, NULL);
	}
}

static void end_all(void)
{
	int status;

	while (wait(&status) > 0)
		if (status)
			errx(1, "a request failed");
	if (errno != ECHILD)
		err(1, "wait");
}

static struct ksem *create(bool fair)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	if (!attr)
		err(1, "ksem_attr_new");
	if (fair)
		must(ksem_attr_set_fair(attr, true), "ksem_attr_set_fair");
	else	/* How long others may pass: here for ever. */
		must(ksem_attr_set_handoff(attr, NULL), "ksem_attr_set_handoff");
	k = ksem_create(PERMITS, attr);
	if (!k)
		err(1, "ksem_create");
	ksem_attr_free(attr);
	return k;
}

static void find_places(const __u64 *token, struct run *run)
{
	int i, j;

	for (i = 0; i < REQUESTS; i++) {
		run->place[i] = 1;
		for (j = 0; j < REQUESTS; j++)
			run->place[i] += token[j] < token[i];
	}
	run->passed = run->place[0] - 1;
}

static struct run serve(bool fair)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct ksem *k = create(fair);
	struct run run = { };
	__u64 *token;
	int i;

	token = mmap(NULL, REQUESTS * sizeof(*token), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (token == MAP_FAILED)
		err(1, "mmap");
	must(ksem_acquire_n(k, TAKEN), "ksem_acquire_n");
	for (i = 0; i < REQUESTS; i++)
		arrive(k, wanted[i], &token[i]);
	must(ksem_release_n(k, TAKEN), "ksem_release_n");
	end_all();

	must(ksem_info(k, &info), "ksem_info");
	find_places(token, &run);
	run.queued = info.out_waits;
	run.longest_ms = info.out_wait_max_ns / 1e6;
	if (info.out_available != PERMITS)
		errx(1, "permits were lost");
	must(ksem_close(k), "ksem_close");
	munmap(token, REQUESTS * sizeof(*token));
	return run;
}

int main(void)
{
	struct run fair = serve(true);
	struct run nonfair = serve(false);
	int i;

	printf("arrival  wants  served: fair  non-fair\n");
	for (i = 0; i < REQUESTS; i++)
		printf("%7d  %5u  %12d  %8d\n", i + 1, wanted[i],
		       fair.place[i], nonfair.place[i]);
	printf("queued          %12u  %8u\n", fair.queued, nonfair.queued);
	printf("passed the first%12d  %8d\n", fair.passed, nonfair.passed);
	printf("longest wait, ms%12.1f  %8.1f\n", fair.longest_ms, nonfair.longest_ms);

	for (i = 0; i < REQUESTS; i++)
		if (fair.place[i] != i + 1)
			errx(1, "fair: not in the order of arrival");
	/* Those for 1 found a free permit; the one for 2 had to queue. */
	if (nonfair.passed != 3 || nonfair.queued != 2)
		errx(1, "non-fair: newcomers did not pass");
	return 0;
}
