// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem apply: semaphores as configuration files describe them.
 *
 * A name that exists may have been taken by somebody else, to be used in good faith
 * by those whom the configuration tells to. So what is there already has to be what
 * would have been made: same owner, group, mode and kind; then only its capacity is
 * set. Of a node itself fstat(2) tells, of the handle that is worked with.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "mount.h"

#define CONFIGURATION	"/etc/ksem.d/*.conf"

__printf(2, 3)
static int refuse(const struct section *section, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		must(NULL);
	va_end(arguments);
	warnx("%s:%d: [%s] %s", section->file, section->line, section->name, text);
	free(text);
	return EXIT_FAILED;
}

/*
 * As one is left where this is killed while it makes it: with its owner or still ours,
 * and for nobody else to use. It may also be one that never had to do with this, for the
 * owner of a directory can move what others have made there. So it is not finished now:
 * that would give it to whoever the configuration names.
 */
static bool may_be_unfinished(const struct section *section, const struct stat *st)
{
	bool handed_over = st->st_uid == section->owner && st->st_gid == section->group;

	return (st->st_mode & 0777) == 0600 && (handed_over || st->st_uid == geteuid());
}

static int check_node(const struct section *section, const struct stat *st)
{
	const char *why = may_be_unfinished(section, st) ?
		"an apply that was killed may have left it: 'ksem rm' it to have it made anew" :
		"somebody else may have taken the name";
	unsigned int mode = st->st_mode & 0777;

	if (st->st_uid != section->owner)
		return refuse(section, "exists and belongs to user %u, not %u: %s", st->st_uid,
			      section->owner, why);
	if (st->st_gid != section->group)
		return refuse(section, "exists and belongs to group %u, not %u: %s", st->st_gid,
			      section->group, why);
	if (mode != section->spec.mode)
		return refuse(section, "exists and has mode %04o, not %04o: %s", mode,
			      section->spec.mode, why);
	return 0;
}

/* What can't be changed once it is made. */
static int check_kind(const struct section *section, const struct ksem_info *info)
{
	const unsigned int kind = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL |
				  KSEM_CREATE_PER_PROCESS | KSEM_CREATE_TEMPORARY;
	const char *label = section->spec.label ? section->spec.label : "";
	const char *differs = NULL;

	if ((info->out_flags & kind) != spec_flags(&section->spec))
		differs = "kind";
	else if (info->out_max != section->spec.max)
		differs = "max";
	else if (info->out_handoff_ns != spec_handoff_ns(&section->spec))
		differs = "handoff";
	else if (strcmp((const char *)info->out_label, label))
		differs = "label";
	if (!differs)
		return 0;
	return refuse(section, "exists and has another %s: 'ksem rm' it to have it made anew",
		      differs);
}

static int set_capacity(const struct section *section, struct ksem *k,
			const struct ksem_info *info)
{
	/* What is available of a signal semaphore is its users' business. */
	if (section->spec.signal || info->out_capacity == section->spec.capacity)
		return 0;
	if (ksem_resize(k, section->spec.capacity))
		return refuse(section, "can't be resized: %s", strerror(errno));
	return 0;
}

static int check_and_set(const struct section *section, struct ksem *k)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct stat st;
	int status;

	if (fstat(ksem_fd(k), &st) || ksem_info(k, &info))
		return refuse(section, "%s", strerror(errno));
	status = check_node(section, &st);
	if (!status)
		status = check_kind(section, &info);
	return status ? status : set_capacity(section, k, &info);
}

/*
 * Directories above it that are missing, as all are after a boot; nowhere but in a
 * ksemfs.
 */
static int make_parents(char *path)
{
	char *slash, *next;
	int error = 0;

	umask(022);
	for (slash = strchr(path + 1, '/'); slash && !error; slash = next) {
		next = strchr(slash + 1, '/');
		*slash = '\0';
		if (next && mount_present(path)) {
			*slash = '/';
			*next = '\0';
			if (mkdir(path, 0755) && errno != EEXIST)
				error = errno;
			*next = '/';
		}
		*slash = '/';
	}
	return error;
}

static int open_parent(const char *path)
{
	char *parent = name_parent(path);
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = errno;

	free(parent);
	errno = error;
	return fd;
}

/* The semaphore that has the name now. In a ksemfs there is nothing that could block. */
static struct ksem *open_in(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct ksem *k = fd < 0 ? NULL : ksem_from_fd(fd);

	if (!k && fd >= 0)
		close(fd);
	return k;
}

/*
 * Is @k, found by its name, the one that was made? The semaphore's id says so: no other
 * one gets it as long as there is @made, and none has a second node. The number of an
 * inode is free again once that is removed; besides, stat shows the device's where @made
 * is a handle of the device. Where there is no device the library has opened @made by its
 * name, which may have been too late: then at least nobody else has made what it found.
 */
static bool is_made(const struct ksem *k, const struct ksem *made)
{
	struct ksem_info found = { .size = sizeof(found) };
	struct ksem_info ours = { .size = sizeof(ours) };
	struct stat st;

	return !ksem_info(k, &found) && !ksem_info(made, &ours) && found.out_id == ours.out_id &&
	       !fstat(ksem_fd(k), &st) && st.st_uid == geteuid();
}

/*
 * By a handle of the node, and never by its path: whoever else may change the directory
 * could put another node there at any time. Where it can't have its owner it is taken
 * away again.
 */
static int hand_over(const struct section *section, int dir, const char *name,
		     const struct ksem *made)
{
	struct ksem *k = open_in(dir, name);
	int status = 0;

	if (!k || !is_made(k, made)) {
		status = refuse(section,
				"was replaced or removed as it was made: see who may write its directory");
	} else if (fchown(ksem_fd(k), section->owner, section->group) ||
		   fchmod(ksem_fd(k), section->spec.mode)) {
		status = refuse(section, "can't have its owner: %s", strerror(errno));
		unlinkat(dir, name, 0);
	}
	ksem_close(k);
	return status;
}

/* Until it has its owner nobody but us has a right to it. */
static int create_in(const struct section *section, int dir, const char *path)
{
	struct ksem_attr *attr = spec_attr(&section->spec);
	const char *name = strrchr(path, '/') + 1;
	struct ksem *k = ksem_create_at(dir, name, 0600, attr);
	int status;

	ksem_attr_free(attr);
	if (!k)
		return refuse(section, "can't be made: %s", explanation(path, errno));
	status = hand_over(section, dir, name, k);
	ksem_close(k);
	return status;
}

static int create(const struct section *section, const char *path)
{
	int dir = open_parent(path);
	int status;

	if (dir < 0)
		return refuse(section, "can't be made: %s", explanation(path, errno));
	status = create_in(section, dir, path);
	close(dir);
	return status;
}

static int apply_path(const struct section *section, char *path)
{
	struct ksem *k = ksem_open(path, 0, 0, NULL);
	int status;

	if (!k && errno == ENOENT) {
		status = make_parents(path);
		if (status)
			return refuse(section, "its directory can't be made: %s",
				      explanation(path, status));
		return create(section, path);
	}
	if (!k)
		return refuse(section, "can't be opened: %s", explanation(path, errno));
	status = check_and_set(section, k);
	ksem_close(k);
	return status;
}

static int apply_all(const struct config *config)
{
	const struct section *section;
	int status = 0;

	for (section = config->first; section; section = section->next) {
		char *path;

		if (section->bad)
			continue;
		path = name_path(section->name);
		status |= apply_path(section, path);
		free(path);
	}
	return status;
}

static bool read_files(struct config *config, char *const *files)
{
	bool good = true;

	for (; *files; files++)
		good &= config_read(config, *files);
	return good;
}

static int stop_unless_missing(const char *directory, int error)
{
	if (error == ENOENT)
		return 0;
	warnx("%s: %s", directory, strerror(error));
	return -1;
}

/* Names in the order of their bytes, wherever this runs. Without any there is no work. */
static bool read_configuration(struct config *config)
{
	static glob_t found;

	switch (glob(CONFIGURATION, 0, stop_unless_missing, &found)) {
	case 0:
		return read_files(config, found.gl_pathv);
	case GLOB_NOMATCH:
		return true;
	case GLOB_NOSPACE:
		must(NULL);
	}
	return false;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	struct config config;
	bool check = false;
	int option, status;
	bool good;

	while ((option = getopt_long(argc, argv, "ch", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_apply);
		if (option != 'c')
			return command_usage(&command_apply);
		check = true;
	}
	config_init(&config);
	good = optind < argc ? read_files(&config, argv + optind) : read_configuration(&config);
	status = check ? 0 : apply_all(&config);
	return good ? status : EXIT_FAILED;
}

const struct command command_apply = {
	.name = "apply",
	.arguments = "[-c] [FILE...]",
	.summary = "Make or resize semaphores as configuration files say",
	.help = "The format is in ksem.conf(5). Without a FILE: " CONFIGURATION ".\n"
		"What exists must have the owner, mode and kind that the file says, or it is\n"
		"refused. The others go on, and the exit status is 1.\n\n"
		"  -c, --check  read the files only\n"
		"  -h, --help   this text\n",
	.run = run,
};
