// SPDX-License-Identifier: GPL-2.0-only
/*
 * How names are found: which path a name is, and all names below a directory.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mount.h"

static const char below[] = KSEM_MOUNT "/";

static bool is_path(const char *name)
{
	return *name == '/' || !strncmp(name, "./", 2) || !strncmp(name, "../", 3);
}

static char *join(const char *directory, const char *name)
{
	char *path;
	bool slash = *directory && directory[strlen(directory) - 1] == '/';

	if (asprintf(&path, "%s%s%s", directory, slash ? "" : "/", name) < 0)
		must(NULL);
	return path;
}

char *name_path(const char *name)
{
	return is_path(name) ? must(strdup(name)) : join(KSEM_MOUNT, name);
}

char *name_display(const char *path)
{
	bool shortened = !strncmp(path, below, strlen(below)) && path[strlen(below)];

	return must(strdup(shortened ? path + strlen(below) : path));
}

char *name_parent(const char *path)
{
	size_t length = strrchr(path, '/') - path;

	return must(strndup(path, length ? length : 1));
}

struct ksem *name_open(const char *name, int access)
{
	struct ksem_attr *attr = must(ksem_attr_new());
	char *path = name_path(name);
	struct ksem *k;

	ksem_attr_set_access(attr, access);
	k = ksem_open(path, 0, 0, attr);
	if (!k)
		explain(name);
	free(path);
	ksem_attr_free(attr);
	return k;
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What has gone since it was listed is passed over. */
static void walk(const char *path, name_visitor visit, void *arg)
{
	struct dirent **entries;
	struct stat st = { };
	int count, i;

	if (lstat(path, &st)) {
		if (errno != ENOENT)
			visit(path, &st, errno, arg);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		visit(path, &st, 0, arg);
		return;
	}
	count = scandir(path, &entries, no_dots, by_name);
	if (count < 0) {
		if (errno != ENOENT)
			visit(path, &st, errno, arg);
		return;
	}
	for (i = 0; i < count; i++) {
		char *entry = join(path, entries[i]->d_name);

		walk(entry, visit, arg);
		free(entry);
		free(entries[i]);
	}
	free(entries);
}

/* Opening the FIFOs of another file system might wake somebody. */
static int check_directory(const char *path, struct stat *st)
{
	if (lstat(path, st))
		return errno;
	return S_ISDIR(st->st_mode) && !mount_present(path) ? ENOTTY : 0;
}

/* A name that somebody gave has to be there. */
static int walk_name(const char *name, name_visitor visit, void *arg)
{
	char *path = name_path(name);
	struct stat st;
	int error = check_directory(path, &st);

	if (error) {
		errno = error;
		explain(name);
	} else {
		walk(path, visit, arg);
	}
	free(path);
	return error ? -1 : 0;
}

int name_walk(char *const *names, name_visitor visit, void *arg)
{
	int result = 0;

	if (!*names)
		return walk_name(KSEM_MOUNT, visit, arg);
	for (; *names; names++)
		result |= walk_name(*names, visit, arg);
	return result;
}
