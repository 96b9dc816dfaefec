// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changes a semaphore: ksem resize, post, reduce, shutdown, rm.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include "command.h"
#include "mount.h"

static const struct option help_only[] = {
	{ "help", no_argument, NULL, 'h' },
	{ },
};

/* @change returns 0, or -1 with errno. */
struct change {
	const struct command *command;
	int (*change)(struct ksem *k, unsigned int n);
};

static void explain_change(const char *name)
{
	if (errno == EOVERFLOW)
		explain_as(name, "beyond its max: 'ksem show' says how many that is");
	else if (errno == EINVAL)
		explain_as(name, "beyond its capacity");
	else
		explain(name);
}

static int change_one(const struct change *change, const char *name, unsigned int n)
{
	struct ksem *k = name_open(name, O_WRONLY);
	int status = 0;

	if (!k)
		return EXIT_FAILED;
	if (change->change(k, n)) {
		explain_change(name);
		status = EXIT_FAILED;
	}
	ksem_close(k);
	return status;
}

/* [-n PERMITS] NAME... */
static int change_names(const struct change *change, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "permits", required_argument, NULL, 'n' },
		{ },
	};
	unsigned int n = 1;
	int status = 0;
	int option;

	while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(change->command);
		if (option != 'n' || !number_permits(optarg, 0, &n))
			return command_usage(change->command);
	}
	if (optind == argc)
		return command_usage(change->command);
	for (; optind < argc; optind++)
		status |= change_one(change, argv[optind], n);
	return status;
}

static int run_post(int argc, char **argv)
{
	return change_names(&(struct change){ &command_post, ksem_post_n }, argc, argv);
}

static int run_reduce(int argc, char **argv)
{
	return change_names(&(struct change){ &command_reduce, ksem_reduce }, argc, argv);
}

/* Done before is done too; such a one can't even be opened. */
static int shut_down_one(const char *name)
{
	struct ksem_attr *attr = must(ksem_attr_new());
	char *path = name_path(name);
	struct ksem *k;
	int status = 0;

	ksem_attr_set_access(attr, O_WRONLY);
	k = ksem_open(path, 0, 0, attr);
	if (k ? ksem_shutdown(k) : errno != ESHUTDOWN) {
		explain(name);
		status = EXIT_FAILED;
	}
	if (k)
		ksem_close(k);
	free(path);
	ksem_attr_free(attr);
	return status;
}

static int run_shutdown(int argc, char **argv)
{
	int status = 0;
	int option = getopt_long(argc, argv, "h", help_only, NULL);

	if (option == 'h')
		return command_help(&command_shutdown);
	if (option != -1 || optind == argc)
		return command_usage(&command_shutdown);
	for (; optind < argc; optind++)
		status |= shut_down_one(argv[optind]);
	return status;
}

static int run_resize(int argc, char **argv)
{
	unsigned int capacity;
	int option = getopt_long(argc, argv, "h", help_only, NULL);

	if (option == 'h')
		return command_help(&command_resize);
	if (option != -1 || argc - optind != 2 ||
	    !number_permits(argv[optind + 1], 0, &capacity))
		return command_usage(&command_resize);
	return change_one(&(struct change){ &command_resize, ksem_resize }, argv[optind],
			  capacity);
}

/* Who may remove a name is up to its directory. */
static void explain_removal(const char *name)
{
	if (errno == EISDIR)
		explain_as(name, "is a directory: 'rmdir' removes an empty one");
	else if (errno == EPERM)
		explain_as(name, "is somebody else's, in a directory that is sticky");
	else if (errno == EACCES)
		explain_as(name, "permission denied: its directory may not be written");
	else
		explain(name);
}

/* unlink(2) takes whatever is there, and a path may be one of another file system. */
static int remove_semaphore(const char *path)
{
	char *parent = name_parent(path);
	bool elsewhere = !mount_present(parent);
	struct stat st;

	free(parent);
	if (elsewhere && !lstat(path, &st)) {
		errno = ENOTTY;
		return -1;
	}
	return ksem_unlink(path);
}

static int remove_one(const char *name, bool force)
{
	char *path = name_path(name);
	int status = 0;

	if (remove_semaphore(path) && !(force && errno == ENOENT)) {
		explain_removal(name);
		status = EXIT_FAILED;
	}
	free(path);
	return status;
}

static int run_rm(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	bool force = false;
	int status = 0;
	int option;

	while ((option = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_rm);
		if (option != 'f')
			return command_usage(&command_rm);
		force = true;
	}
	if (optind == argc)
		return command_usage(&command_rm);
	for (; optind < argc; optind++)
		status |= remove_one(argv[optind], force);
	return status;
}

#define HELP_PERMITS "  -n, --permits PERMITS  how many (1)\n"
#define HELP_HELP    "  -h, --help             this text\n"

const struct command command_resize = {
	.name = "resize",
	.arguments = "NAME CAPACITY",
	.summary = "Set a semaphore's capacity",
	.help = "What is held stays held. On a signal semaphore: set what is available.\n\n"
		HELP_HELP,
	.run = run_resize,
};

const struct command command_post = {
	.name = "post",
	.arguments = "[-n PERMITS] NAME...",
	.summary = "Add permits that nobody held",
	.help = "On a signal semaphore: what a producer does.\n\n"
		HELP_PERMITS HELP_HELP,
	.run = run_post,
};

const struct command command_reduce = {
	.name = "reduce",
	.arguments = "[-n PERMITS] NAME...",
	.summary = "Take permits out, now or as they come back",
	.help = HELP_PERMITS HELP_HELP,
	.run = run_reduce,
};

const struct command command_shutdown = {
	.name = "shutdown",
	.arguments = "NAME...",
	.summary = "End all waits, now and for ever",
	.help = "Nobody can acquire or open it any more; what is held can be given back.\n\n"
		HELP_HELP,
	.run = run_shutdown,
};

const struct command command_rm = {
	.name = "rm",
	.arguments = "[-f] NAME...",
	.summary = "Remove names",
	.help = "Those who use a semaphore go on; it goes with the last of them.\n\n"
		"  -f, --force            nothing is wrong with a name that is not there\n"
		HELP_HELP,
	.run = run_rm,
};
