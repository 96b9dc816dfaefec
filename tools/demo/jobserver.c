// SPDX-License-Identifier: GPL-2.0-only
/*
 * make -j4 loses a sub-make that has taken three job slots, twice: once the slots come
 * from make's own FIFO, once from a semaphore with a name. What comes after it has four
 * jobs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

#define SLOTS	4
#define ROOT	"/make"			/* make 4.4, and what it needs */
#define NAMES	"/sys/fs/ksem"		/* below it */

/* A make in its root; its standard error comes out of the descriptor returned. */
static pid_t start_make(const char *flags, const char *option, int *out)
{
	const char *const argv[] = {
		"make", "-s", "-k", "-f", "slots.mk", option, NULL
	};
	const char *const envp[] = { "PATH=/bin", flags, NULL };
	int ends[2];
	pid_t pid;

	demo_must(pipe(ends), "pipe");
	pid = demo_fork();
	if (!pid) {
		demo_must(chroot(ROOT) || chdir("/"), ROOT);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execve("/bin/make", (char *const *)argv, (char *const *)envp);
		err(1, "/bin/make");
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* Shows what make says; returns how many slots it says are left, or all. */
static int relay(int out)
{
	FILE *file = fdopen(out, "r");
	int left, all = SLOTS;
	char line[256];

	if (!file)
		err(1, "fdopen");
	while (fgets(line, sizeof(line), file)) {
		printf("    %s", line);
		if (sscanf(line, "make: INTERNAL: Exiting with %d", &left) == 1)
			all = left;
	}
	fclose(file);
	return all;
}

static int run_make(const char *flags, const char *option, double *seconds)
{
	unsigned long long began = demo_now_ns();
	int out, left, status;
	pid_t pid = start_make(flags, option, &out);

	left = relay(out);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "make failed: status %#x", status);
	*seconds = (demo_now_ns() - began) / 1e9;
	return left;
}

static struct ksem *create_slots(void)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	if (!attr)
		err(1, "ksem_attr_new");
	ksem_attr_set_initial(attr, SLOTS);
	/* make opens the path twice. */
	ksem_attr_set_per_process(attr, true);
	k = ksem_open(ROOT NAMES "/js", O_CREAT | O_EXCL, 0600, attr);
	if (!k)
		err(1, "ksem_open");
	ksem_attr_free(attr);
	return k;
}

/* This process holds the slot that make may use without asking. */
static void with_ksem(struct demo_jobserver *saw)
{
	struct ksem *k;

	if (mkdir(ROOT "/sys/fs", 0755) && errno != EEXIST)
		err(1, "mkdir");
	if (mkdir(ROOT NAMES, 0755) && errno != EEXIST)
		err(1, "mkdir");
	demo_must(mount("none", ROOT NAMES, "ksemfs", 0, NULL), "mount");
	k = create_slots();
	demo_must(ksem_acquire(k), "ksem_acquire");
	run_make("MAKEFLAGS= -j4 --jobserver-auth=fifo:" NAMES "/js", NULL,
		 &saw->ksem_seconds);
	demo_must(ksem_release(k), "ksem_release");
	saw->ksem_left = demo_info(k).out_available;
	saw->reclaimed = demo_info(k).out_reclaimed;
	demo_must(ksem_close(k), "ksem_close");
	demo_must(umount(ROOT NAMES), "umount");
}

struct demo_jobserver demo_jobserver(void)
{
	struct demo_jobserver saw = { .slots = SLOTS };

	demo_title("make -j4: a sub-make with all job slots in use is killed, the next has 4 jobs");
	printf("  job slots from make's own FIFO:\n");
	saw.fifo_left = run_make("MAKEFLAGS=", "-j4", &saw.fifo_seconds);
	printf("    %d of %d slots left, %.1f s\n", saw.fifo_left, SLOTS, saw.fifo_seconds);
	printf("  from a semaphore, --jobserver-auth=fifo:" NAMES "/js:\n");
	with_ksem(&saw);
	printf("    %d of %d slots left, %u came back from the killed one, %.1f s\n",
	       saw.ksem_left, SLOTS, saw.reclaimed, saw.ksem_seconds);
	demo_check(saw.ksem_left == SLOTS, "ksem lost no job slot");
	demo_check(saw.reclaimed > 0, "the killed sub-make held slots");
	demo_pause(1000);
	return saw;
}
