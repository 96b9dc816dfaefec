// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem jobserver: job slots for make and whoever else takes them from MAKEFLAGS, of a
 * semaphore of one's own that goes when the last handle on it goes.
 *
 * Of N permits the command holds one, for the job that it may run without asking. The
 * other N - 1 are the tokens. Holders are processes: make opens the path twice, once
 * to read and once to write.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "look.h"
#include "makeflags.h"
#include "spec.h"
#include "table.h"

struct jobserver {
	unsigned int jobs;
	bool fair;
	bool quiet;
	bool json;
	mode_t mode;
	const char *name;
};

/* Nobody else can know it before it is there, and so nobody can take it first. */
static char *private_name(void)
{
	unsigned long long number;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		err(EXIT_CANNOT_RUN, "getrandom");
	if (asprintf(&name, KSEM_MOUNT "/tmp/jobserver-%u-%016llx", getuid(), number) < 0)
		must(NULL);
	return name;
}

/* An absolute path: make changes directories. NULL if it can't stand in MAKEFLAGS. */
static char *path_for_others(const char *name)
{
	char *path = name_path(name);
	char *slash = strrchr(path, '/');
	char *directory, *absolute;

	*slash = '\0';
	directory = realpath(slash == path ? "/" : path, NULL);
	*slash = '/';
	if (!directory) {
		explain_creation(name);
		return NULL;
	}
	if (asprintf(&absolute, "%s%s", directory, slash) < 0)
		must(NULL);
	if (absolute[strcspn(absolute, " \t\n\\$\"'")]) {
		warnx("%s: blanks, quotes, '$' and '\\' can't be in a jobserver's path", absolute);
		return NULL;
	}
	return absolute;
}

static struct ksem *create(const struct jobserver *js, const char *path)
{
	struct spec spec = spec_default();
	struct ksem_attr *attr;
	struct ksem *k;

	spec.capacity = js->jobs;
	spec.fair = js->fair;
	spec.per_process = true;
	spec.label = "jobserver";
	attr = spec_attr(&spec);
	ksem_attr_set_temporary(attr, true);
	ksem_attr_set_access(attr, O_RDONLY);
	k = ksem_open(path, O_CREAT | O_EXCL, js->mode, attr);
	if (!k)
		explain_creation(path);
	ksem_attr_free(attr);
	return k;
}

static void acquire_own_slot(const struct child *child)
{
	if (!ksem_acquire(child->k))
		return;
	warn("the command's own job slot");
	_exit(EXIT_CANNOT_RUN);
}

/* make(1) says the same of -j in a make that a make runs. */
static void set_environment(const struct jobserver *js, const char *path)
{
	const char *inherited = getenv("MAKEFLAGS");
	bool nested;
	char *flags = makeflags_with(inherited ? inherited : "", js->jobs, path, &nested);

	if (nested && !js->quiet)
		warnx("warning: there is a jobserver in MAKEFLAGS already: the command gets %u "
		      "jobs of its own instead", js->jobs);
	if (setenv("MAKEFLAGS", flags, 1))
		must(NULL);
	/* What make and cargo have set for their own children, about the other one. */
	unsetenv("MFLAGS");
	unsetenv("CARGO_MAKEFLAGS");
	free(flags);
}

/* The command's own slot is no token. */
static void add_in_use(json_t *row, void *arg)
{
	json_t *opener = json_object_get(row, "opener");

	if (json_integer_value(opener) == getpid())
		json_decref(row);
	else
		json_array_append_new(arg, row);
}

static json_t *make_report(const struct jobserver *js, const struct look *look)
{
	json_int_t granted = look->info.out_acquires;
	json_t *in_use = must(json_array());

	/* But for the command's own; there is none if it could not be started. */
	if (granted)
		granted--;
	look_holders(look, add_in_use, in_use);
	return must(json_pack("{s:i, s:I, s:I, s:o, s:I, s:o}", "jobs", (int)js->jobs,
			      "tokens-granted", granted,
			      "tokens-in-use",
			      (json_int_t)look->info.out_held - look->info.out_own,
			      "wait-max", table_seconds(look->info.out_wait_max_ns),
			      "reclaimed", (json_int_t)look->info.out_reclaimed,
			      "holders", in_use));
}

static void print_holder(const json_t *row)
{
	int width;
	char *command = table_text(json_object_get(row, "command"), &width);
	char *pid = table_text(json_object_get(row, "pid"), &width);
	char *permits = table_text(json_object_get(row, "permits"), &width);

	fprintf(stderr, "ksem jobserver: in use: %s by %s, pid %s\n", permits, command, pid);
	free(permits);
	free(pid);
	free(command);
}

static void print_report(const json_t *report)
{
	const json_t *row;
	size_t i;

	fprintf(stderr,
		"ksem jobserver: jobs: %lld, tokens granted: %lld, in use: %lld, reclaimed: %lld, "
		"longest wait: %.3f s\n",
		(long long)json_integer_value(json_object_get(report, "jobs")),
		(long long)json_integer_value(json_object_get(report, "tokens-granted")),
		(long long)json_integer_value(json_object_get(report, "tokens-in-use")),
		(long long)json_integer_value(json_object_get(report, "reclaimed")),
		json_real_value(json_object_get(report, "wait-max")));
	json_array_foreach(json_object_get(report, "holders"), i, row)
		print_holder(row);
}

static void report(const struct jobserver *js, struct ksem *k, const char *path)
{
	struct look look = { .path = path, .k = k, .info.size = sizeof(look.info) };
	json_t *text;

	if (js->quiet || ksem_info(k, &look.info))
		return;
	text = make_report(js, &look);
	if (js->json) {
		json_dumpf(text, stderr, TABLE_JSON);
		fputc('\n', stderr);
	} else {
		print_report(text);
	}
	json_decref(text);
}

static int serve(const struct jobserver *js, const char *path, char *const *argv)
{
	struct child child = { .argv = argv, .acquire = acquire_own_slot };
	int status;

	child.k = create(js, path);
	if (!child.k)
		return EXIT_CANNOT_RUN;
	set_environment(js, path);
	status = child_run(&child);
	report(js, child.k, path);
	ksem_close(child.k);
	return child_exit_status(status);
}

static bool take_option(struct jobserver *js, int option)
{
	switch (option) {
	case 'j':
		return number_permits(optarg, 1, &js->jobs);
	case 'N':
		js->name = optarg;
		return true;
	case 'm':
		return number_mode(optarg, &js->mode);
	case 'f':
		js->fair = true;
		return true;
	case 'q':
		js->quiet = true;
		return true;
	case 'J':
		js->json = true;
		return true;
	default:
		return false;
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "name", required_argument, NULL, 'N' },
		{ "mode", required_argument, NULL, 'm' },
		{ "fair", no_argument, NULL, 'f' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	struct jobserver js = { .mode = 0600 };
	char *path;
	int option;

	while ((option = getopt_long(argc, argv, "+j:m:qJh", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_jobserver);
		if (!take_option(&js, option))
			return command_usage(&command_jobserver);
	}
	if (!js.jobs || optind == argc)
		return command_usage(&command_jobserver);
	path = js.name ? path_for_others(js.name) : private_name();
	if (!path)
		return EXIT_CANNOT_RUN;
	return serve(&js, path, argv + optind);
}

const struct command command_jobserver = {
	.name = "jobserver",
	.arguments = "-j N [OPTION...] [--] COMMAND [ARGUMENT...]",
	.summary = "Run a command with N job slots for make and others",
	.help = "The slots are in MAKEFLAGS, for make, ninja, cargo and others. Those of a client\n"
		"that is killed come back, and all goes with the last of them. At the end a line\n"
		"on standard error tells what happened. make has to be 4.4 or newer.\n\n"
		"  -j, --jobs N     job slots, the command's own included\n"
		"      --name NAME  its name, so that 'ksem run NAME COMMAND' can take part; it must\n"
		"                   not exist (one that nobody can guess, in tmp/)\n"
		"  -m, --mode MODE  its permission bits, less the umask (0600)\n"
		"      --fair       grant slots strictly in the order of arrival\n"
		"  -q, --quiet      no warning, and nothing at the end\n"
		"  -J, --json       at the end, JSON on standard error\n"
		"  -h, --help       this text\n\n"
		"Exit status: as 'ksem run' has it.\n",
	.run = run,
};
