// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said when something fails: what happened, and what to do about it.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "mount.h"
#include "table.h"

/* That it is not the name that is missing, but all names; or NULL. */
static const char *missing_mount(const char *path)
{
	struct stat st;

	if (strcmp(path, KSEM_MOUNT) && strncmp(path, KSEM_MOUNT "/", strlen(KSEM_MOUNT "/")))
		return NULL;
	if (mount_present(KSEM_MOUNT))
		return NULL;
	if (stat(KSEM_MOUNT, &st))
		return "there is no " KSEM_MOUNT ": run 'modprobe ksem' and 'ksem mount' as root";
	return KSEM_MOUNT " is not mounted: run 'ksem mount' as root, or enable "
	       "ksem-mount.service";
}

const char *explanation(const char *path, int error)
{
	const char *mount = NULL;

	if (error == ENOENT || error == EACCES || error == ENOTTY)
		mount = missing_mount(path);
	if (mount)
		return mount;
	switch (error) {
	case ENOENT:
		return "there is no such semaphore: 'ksem ls' lists those that there are";
	case EACCES:
		return "permission denied: 'ksem ls' shows its owner and mode";
	case EEXIST:
		return "exists already";
	case EISDIR:
		return "is a directory";
	case EINVAL:
		return "is not a semaphore";
	case ENOTTY:
		return "is not in a ksemfs";
	case ESHUTDOWN:
		return "was shut down: 'ksem rm' removes it, then it can be made anew";
	case ENOSPC:
		return "a limit is reached: see 'df -i' of the mount, and the module's "
		       "parameters in ksem(4)";
	default:
		return strerror(error);
	}
}

static void say(const char *path, const char *what)
{
	char *display = name_display(path), *shown;
	int width;

	shown = table_printable(display, &width);
	/* What is wrong with all of them says by itself where. */
	if (strcmp(path, KSEM_MOUNT))
		warnx("%s: %s", shown, what);
	else
		warnx("%s", what);
	free(shown);
	free(display);
}

void explain_as(const char *name, const char *what)
{
	char *path = name_path(name);

	say(path, what);
	free(path);
}

void explain(const char *name)
{
	int error = errno;
	char *path = name_path(name);

	say(path, explanation(path, error));
	free(path);
}

/* Then it is the directory that is missing, or may not be written. */
void explain_creation(const char *name)
{
	int error = errno;
	char *path = name_path(name);
	const char *what = explanation(path, error);
	struct stat st;

	if (lstat(path, &st) && !missing_mount(path)) {
		if (error == ENOENT)
			what = "there is no such directory: 'mkdir' makes one";
		else if (error == ENOTTY)
			what = "its directory is not in a ksemfs";
		else if (error == EACCES)
			what = "its directory may not be written: in tmp/ everybody may make one";
	}
	say(path, what);
	free(path);
}

void *must(void *memory)
{
	if (!memory)
		err(EXIT_FAILED, NULL);
	return memory;
}
