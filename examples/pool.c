// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool of connections whose users may die.
 *
 * 60 worker processes share 20 connections: a permit is the right to use one.
 * Meanwhile workers picked at random are killed with -9, be it with a
 * connection in use or waiting for one, and replaced. Nobody cleans up after
 * them, and still all 20 permits are there in the end.
 */
#include <err.h>
#include <ksem.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS	20
#define WORKERS		60
#define KILLS		200

/* Up to 2 ms, for work that takes now longer and now less. */
static void spend_time(void)
{
	struct timespec t = { .tv_nsec = random() % 2000000 };

	nanosleep(&t, NULL);
}

static void work(struct ksem *pool, const atomic_bool *stop)
{
	/*
	 * Each worker is a holder of its own: what a handle holds comes back
	 * when its last user goes, and the pool's is everybody's.
	 */
	struct ksem *own = ksem_attach(pool);

	if (!own)
		err(1, "ksem_attach");
	if (ksem_close(pool))
		err(1, "ksem_close");
	srandom(getpid());
	while (!atomic_load(stop)) {
		if (ksem_acquire(own))
			err(1, "ksem_acquire");
		spend_time();
		if (ksem_release(own))
			err(1, "ksem_release");
	}
	exit(0);
}

static pid_t start_worker(struct ksem *pool, const atomic_bool *stop)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		/* Should this program fail, its workers end with it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(pool, stop);
	}
	return pid;
}

/* Once waitpid() has reported a process, what it held is back. */
static void kill_worker(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (!WIFSIGNALED(status))
		errx(1, "worker %d had failed", pid);
}

static void end_worker(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status)
		errx(1, "worker %d failed", pid);
}

static void check(bool holds, const char *what)
{
	if (!holds)
		errx(1, "does not hold: %s", what);
}

int main(void)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct ksem *pool = ksem_create(CONNECTIONS, NULL);
	pid_t worker[WORKERS];
	atomic_bool *stop;
	int i;

	if (!pool)
		err(1, "ksem_create");
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stop == MAP_FAILED)
		err(1, "mmap");

	for (i = 0; i < WORKERS; i++)
		worker[i] = start_worker(pool, stop);
	for (i = 0; i < KILLS; i++) {
		pid_t *victim = &worker[random() % WORKERS];

		spend_time();
		kill_worker(*victim);
		*victim = start_worker(pool, stop);
	}
	atomic_store(stop, true);
	for (i = 0; i < WORKERS; i++)
		end_worker(worker[i]);

	if (ksem_info(pool, &info))
		err(1, "ksem_info");
	printf("grants:    %llu, to %d workers at a time\n",
	       (unsigned long long)info.out_acquires, WORKERS);
	printf("kills:     %d, with -9\n", KILLS);
	printf("reclaimed: %llu permits that the killed had held\n",
	       (unsigned long long)info.out_reclaimed);
	printf("available: %d of %d\n", info.out_available, CONNECTIONS);

	check(info.out_available == CONNECTIONS, "all permits are back");
	check(!info.out_holders && !info.out_waiters, "nobody is left");
	check(info.out_reclaimed > 0, "some were killed holding");
	check(info.out_acquires == info.out_releases + info.out_reclaimed,
	      "each grant was released or reclaimed, once");
	if (ksem_try_acquire_n(pool, CONNECTIONS))
		err(1, "ksem_try_acquire_n");
	return ksem_close(pool) ? 1 : 0;
}
