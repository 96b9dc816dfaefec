// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kills with -9, at random, processes of a build.
 *
 *	killer COUNT DIR
 *
 * They are those whose working directory is DIR or below it. Each time it chooses a name
 * first and one of that name then, or the many compilers would leave no kill
 * for the few that hold tokens. Ends after COUNT kills, and prints how many of
 * each name there were.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAMES		32
#define PAUSE_MS	300	/* on average */
/* Always there; the others are to have their turns. */
#define LAUNCHER	"ksem"
#define LAUNCHER_ONE_IN	8

struct name {
	char comm[32];
	pid_t victim;		/* one of this name, each as likely as another */
	unsigned int running;
	unsigned int killed;
};

static struct name names[NAMES];

static bool is_below(const char *pid, const char *dir)
{
	char link[64], cwd[PATH_MAX];
	size_t len = strlen(dir);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%.16s/cwd", pid);
	n = readlink(link, cwd, sizeof(cwd) - 1);
	if (n < (ssize_t)len || strncmp(cwd, dir, len))
		return false;
	cwd[n] = '\0';
	return cwd[len] == '\0' || cwd[len] == '/';
}

static struct name *find_name(const char *pid)
{
	char path[64], comm[32] = "";
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
	for (i = 0; comm[0] && i < NAMES; i++) {
		if (!names[i].comm[0])
			strcpy(names[i].comm, comm);
		if (!strcmp(names[i].comm, comm))
			return &names[i];
	}
	return NULL;
}

/* Sets each name's victim; returns how many names have one. */
static int look(const char *dir)
{
	struct dirent *entry;
	struct name *name;
	int i, found = 0;
	DIR *proc = opendir("/proc");

	if (!proc)
		err(1, "/proc");
	for (i = 0; i < NAMES; i++)
		names[i].running = 0;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !is_below(entry->d_name, dir))
			continue;
		name = find_name(entry->d_name);
		if (!name)
			continue;
		found += !name->running;
		if (random() % ++name->running == 0)
			name->victim = atoi(entry->d_name);
	}
	closedir(proc);
	return found;
}

static bool kill_one(const char *dir)
{
	int found = look(dir);
	int i, choice;

	if (!found)
		return false;
	choice = random() % found;
	for (i = 0; !names[i].running || choice--; i++)
		;
	if (!strcmp(names[i].comm, LAUNCHER) && random() % LAUNCHER_ONE_IN)
		return false;
	if (kill(names[i].victim, SIGKILL))
		return false;
	names[i].killed++;
	return true;
}

static void pause_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

int main(int argc, char **argv)
{
	int i, count;

	if (argc != 3)
		errx(2, "usage: killer COUNT DIR");
	srandom(time(NULL));
	for (count = atoi(argv[1]); count;) {
		count -= kill_one(argv[2]);
		pause_ms(random() % (2 * PAUSE_MS));
	}
	for (i = 0; i < NAMES && names[i].comm[0]; i++) {
		if (names[i].killed)
			printf(" %s %u", names[i].comm, names[i].killed);
	}
	printf("\n");
	return 0;
}
