// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem run: a command that holds permits while it runs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "spec.h"

enum { OPTION_TIMEOUT_CODE = 256 };

/*
 * @deadline: of a wait, counted from the start; {0, 0}: not to wait. @creates: as
 * @spec says, if it is not there.
 */
struct request {
	unsigned int permits;
	bool has_deadline;
	struct timespec deadline;
	int conflict_code;
	int timeout_code;
	bool creates;
	bool closes;
	struct spec spec;
	const char *name;
};

static struct request request;

static int get(struct ksem *k)
{
	if (!request.has_deadline)
		return ksem_acquire_n(k, request.permits);
	if (!request.deadline.tv_sec && !request.deadline.tv_nsec)
		return ksem_try_acquire_n(k, request.permits);
	return ksem_acquire_timed_n(k, request.permits, &request.deadline);
}

static void acquire(const struct child *child)
{
	if (!get(child->k))
		return;
	if (errno == EAGAIN)
		_exit(request.conflict_code);
	if (errno == ETIMEDOUT)
		_exit(request.timeout_code);
	if (errno == EINVAL)
		warnx("%s: it can never have %u permits: 'ksem show' says what its max is",
		      request.name, request.permits);
	else
		explain(request.name);
	_exit(EXIT_CANNOT_RUN);
}

/* Reading is the right to acquire; giving back needs none, the end of the handle does. */
static struct ksem *open_semaphore(void)
{
	struct ksem_attr *attr = spec_attr(&request.spec);
	char *path = name_path(request.name);
	struct ksem *k;

	ksem_attr_set_access(attr, O_RDONLY);
	k = ksem_open(path, request.creates ? O_CREAT : 0, request.spec.mode, attr);
	if (!k && request.creates)
		explain_creation(request.name);
	else if (!k)
		explain(request.name);
	free(path);
	ksem_attr_free(attr);
	return k;
}

static int run_with(char *const *argv)
{
	struct child child = {
		.argv = argv,
		.closes = request.closes,
		.acquire = acquire,
	};
	struct ksem *k = open_semaphore();
	int status;

	if (!k)
		return EXIT_CANNOT_RUN;
	child.k = k;
	status = child_run(&child);
	ksem_close(k);
	return child_exit_status(status);
}

static bool take_option(int option)
{
	switch (option) {
	case 'n':
		return number_permits(optarg, 1, &request.permits);
	case 'w':
		request.has_deadline = true;
		return number_seconds(optarg, &request.deadline);
	case 'N':
		request.has_deadline = true;
		request.deadline = (struct timespec){ };
		return true;
	case 'E':
		return number_exit_status(optarg, &request.conflict_code);
	case OPTION_TIMEOUT_CODE:
		return number_exit_status(optarg, &request.timeout_code);
	case 'j':
		request.creates = true;
		return number_permits(optarg, 0, &request.spec.capacity);
	case 'm':
		return number_mode(optarg, &request.spec.mode);
	case 'o':
		request.closes = true;
		return true;
	default:
		return false;
	}
}

/* NAME [--] COMMAND [ARGUMENT...] */
static char **take_arguments(int argc, char **argv)
{
	if (argc < 2)
		return NULL;
	request.name = *argv++;
	if (!strcmp(*argv, "--"))
		argv++;
	return *argv ? argv : NULL;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "permits", required_argument, NULL, 'n' },
		{ "wait", required_argument, NULL, 'w' },
		{ "nonblock", no_argument, NULL, 'N' },
		{ "conflict-exit-code", required_argument, NULL, 'E' },
		{ "timeout-exit-code", required_argument, NULL, OPTION_TIMEOUT_CODE },
		{ "jobs", required_argument, NULL, 'j' },
		{ "mode", required_argument, NULL, 'm' },
		{ "close", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	char **command;
	int option;

	request = (struct request){
		.permits = 1, .conflict_code = -1, .timeout_code = -1, .spec = spec_default(),
	};
	while ((option = getopt_long(argc, argv, "+n:w:NE:j:m:oh", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_run);
		if (!take_option(option))
			return command_usage(&command_run);
	}
	command = take_arguments(argc - optind, argv + optind);
	if (!command)
		return command_usage(&command_run);
	/* -E alone is for both, as flock(1) has it. */
	if (request.timeout_code < 0)
		request.timeout_code = request.conflict_code < 0 ? EXIT_TIMED_OUT :
								   request.conflict_code;
	if (request.conflict_code < 0)
		request.conflict_code = EXIT_FAILED;
	return run_with(command);
}

const struct command command_run = {
	.name = "run",
	.arguments = "[OPTION...] NAME [--] COMMAND [ARGUMENT...]",
	.summary = "Run a command that holds permits while it runs",
	.help = "The exit status is the command's, or 128 + N where signal N has ended it.\n\n"
		"  -n, --permits N               how many (1)\n"
		"  -w, --wait SECONDS            wait no longer than that; 0 is --nonblock\n"
		"  -N, --nonblock                do not wait\n"
		"  -E, --conflict-exit-code N    exit status if it may not wait (1)\n"
		"      --timeout-exit-code N     exit status if it has waited in vain (that of\n"
		"                                -E, or 124)\n"
		"  -j, --jobs N                  make it with N permits, if it is not there\n"
		"  -m, --mode MODE               its permission bits then, less the umask (0666)\n"
		"  -o, --close                   the command does not inherit the handle\n"
		"  -h, --help                    this text\n\n"
		"Exit status otherwise: 2 usage, 125 ksem has failed, 126 COMMAND can't be run,\n"
		"127 there is no COMMAND.\n",
	.run = run,
};
