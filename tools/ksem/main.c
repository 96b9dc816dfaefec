// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem(1): the semaphores of ksem for shells and people. Which subcommand, and help.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static const struct command *const commands[] = {
	&command_create,
	&command_run,
	&command_jobserver,
	&command_wait,
	&command_ls,
	&command_show,
	&command_holders,
	&command_waiters,
	&command_top,
	&command_resize,
	&command_post,
	&command_reduce,
	&command_shutdown,
	&command_rm,
	&command_apply,
	&command_mount,
};

int command_help(const struct command *command)
{
	printf("Usage: ksem %s %s\n\n%s.\n\n%s", command->name, command->arguments,
	       command->summary, command->help);
	return 0;
}

int command_usage(const struct command *command)
{
	fprintf(stderr, "Usage: ksem %s %s\nTry 'ksem %s --help'.\n", command->name,
		command->arguments, command->name);
	return EXIT_USAGE;
}

static int print_help(void)
{
	size_t i;

	printf("Usage: ksem COMMAND [OPTION...] [ARGUMENT...]\n\n"
	       "Counting semaphores that survive their holders.\n\nCommands:\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions:\n"
	       "  -h, --help     this text; 'ksem COMMAND --help' for a command's\n"
	       "  -V, --version  the version\n\n"
	       "A NAME is below " KSEM_MOUNT ", unless it begins with '/', './' or '../'.\n"
	       "ksem(1) has the whole story.\n");
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "Usage: ksem COMMAND [OPTION...] [ARGUMENT...]\nTry 'ksem --help'.\n");
	return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		static char called[32];

		if (strcmp(argv[0], commands[i]->name))
			continue;
		/* What getopt_long() puts before its complaints. */
		snprintf(called, sizeof(called), "ksem %s", argv[0]);
		argv[0] = called;
		/* Begins anew, and forgets what it knew of the other arguments. */
		optind = 0;
		return commands[i]->run(argc, argv);
	}
	warnx("there is no command '%s'", argv[0]);
	return usage();
}

static int dispatch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			return print_help();
		case 'V':
			printf("ksem %s\n", KSEM_VERSION);
			return 0;
		default:
			return usage();
		}
	}
	if (optind == argc)
		return usage();
	return run_command(argc - optind, argv + optind);
}

/*
 * A descriptor that is missing must not become a handle: what is written to that are
 * permits. What stands there instead fails as a missing one does, and is not passed on.
 */
static void fill_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_CLOEXEC | O_RDONLY);
		/* Nobody reads from what is open for writing. */
		if (fd == STDIN_FILENO && !close(fd))
			fd = open("/dev/null", O_CLOEXEC | O_WRONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int status;

	fill_descriptors();

	/* Which characters of a name can be printed, and how wide they are. */
	setlocale(LC_CTYPE, "");
	status = dispatch(argc, argv);
	/* Output that nobody could read is a failure too. */
	if (fflush(stdout) || ferror(stdout)) {
		warn("standard output");
		status = status ? status : EXIT_FAILED;
	}
	return status;
}
