/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A control group of its own for children of a test.
 */
#ifndef KSEM_TEST_CGROUP_H
#define KSEM_TEST_CGROUP_H

#include "ksem_test.h"

#include <sys/stat.h>

#define KSEM_TEST_CGROUPS	"/sys/fs/cgroup"

/* Write @text to a file of @dir; errno says why not. */
static inline bool ksem_test_write(const char *dir, const char *name, const char *text)
{
	char path[160];
	ssize_t written;
	int fd, error;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return written == (ssize_t)strlen(text);
}

/* The number behind @key in a file of @dir; -1 if there is none. */
static inline long long ksem_test_read_number(const char *dir, const char *name, const char *key)
{
	char path[160], line[128];
	long long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), "%lld", &number) == 1)
			break;
	fclose(file);
	return number;
}

/* A new one below @parent; @dir: its path, of at least 80 bytes. */
static inline bool ksem_test_cgroup_make(char *dir, const char *parent)
{
	snprintf(dir, 80, "%s/ksem_test.%d", parent, getpid());
	return !mkdir(dir, 0755);
}

static inline bool ksem_test_cgroup_enter(const char *dir, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return ksem_test_write(dir, "cgroup.procs", text);
}

/* It is busy as long as the dead are not all gone. */
static inline void ksem_test_cgroup_remove(const char *dir)
{
	if (dir[0])
		ksem_test_until(!rmdir(dir) || errno != EBUSY);
}

#endif /* KSEM_TEST_CGROUP_H */
