// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that have nothing in common but a name.
 *
 * A backup and a report both read a slow disk, which two at a time may do. They
 * are started by nobody who could hand them a descriptor: each opens the semaphore
 * by its name, and whichever comes first makes it. Some crash in the middle.
 *
 * "named backup" and "named report" are the programs; without an argument many of
 * both are started, and the books looked at in the end.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ksem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the directory that is everybody's; "ksem mount" makes it. */
#define DISK		KSEM_MOUNT "/tmp/example-disk"
#define READERS		2
#define PROGRAMS	20

static struct ksem *open_disk(void)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *disk;

	if (!attr || ksem_attr_set_initial(attr, READERS) ||
	    ksem_attr_set_label(attr, "disk"))
		err(1, "attributes");
	/* The mode and the attributes are for whoever comes first, and for all users. */
	umask(0);
	disk = ksem_open(DISK, O_CREAT, 0666, attr);
	if (!disk)
		err(1, DISK);
	ksem_attr_free(attr);
	return disk;
}

static struct ksem_info look(const struct ksem *disk)
{
	struct ksem_info info = { .size = sizeof(info) };

	if (ksem_info(disk, &info))
		err(1, "ksem_info");
	return info;
}

static int run(const char *name, bool crash)
{
	const struct timespec t = { .tv_nsec = 5000000 };
	struct ksem *disk = open_disk();

	if (ksem_acquire(disk))
		err(1, "%s: ksem_acquire", name);
	if (look(disk).out_held > READERS)
		errx(1, "%s: too many at the disk", name);
	nanosleep(&t, NULL);
	if (crash)
		raise(SIGKILL);
	if (ksem_release(disk))
		err(1, "%s: ksem_release", name);
	return ksem_close(disk) ? 1 : 0;
}

/* As a shell or a timer would start it: with a name, and no descriptor. */
static pid_t start(const char *name, bool crash)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execl("/proc/self/exe", "named", name, crash ? "crash" : NULL,
		      NULL);
		err(1, "exec");
	}
	return pid;
}

static void end(pid_t pid, bool crash)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status != (crash ? SIGKILL : 0))
		errx(1, "a program ended with status %#x", status);
}

static int start_all(void)
{
	pid_t pid[PROGRAMS];
	struct ksem_info info;
	struct ksem *disk;
	unsigned int i, crashes = 0;

	/* One may be there from a run that was interrupted. */
	if (ksem_unlink(DISK) && errno != ENOENT)
		err(1, DISK);
	for (i = 0; i < PROGRAMS; i++)
		pid[i] = start(i % 2 ? "backup" : "report", i % 4 == 3);
	for (i = 0; i < PROGRAMS; i++) {
		end(pid[i], i % 4 == 3);
		crashes += i % 4 == 3;
	}

	/* Nobody has had it open for a moment, and still it is the same. */
	disk = open_disk();
	info = look(disk);
	printf("programs:  %d, %u of them crashed\n", PROGRAMS, crashes);
	printf("grants:    %llu\n", (unsigned long long)info.out_acquires);
	printf("reclaimed: %llu permits of the crashed\n",
	       (unsigned long long)info.out_reclaimed);
	printf("available: %d of %d\n", info.out_available, READERS);
	if (info.out_acquires != PROGRAMS || info.out_reclaimed != crashes ||
	    info.out_available != READERS)
		errx(1, "the books are wrong");
	if (ksem_unlink(DISK))
		err(1, "ksem_unlink");
	return ksem_close(disk) ? 1 : 0;
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		return run(argv[1], argc > 2);
	return start_all();
}
