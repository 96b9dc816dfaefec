// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem create: a semaphore with a name.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include "command.h"
#include "spec.h"

enum {
	OPTION_MAX = 256,
	OPTION_FAIR,
	OPTION_HANDOFF,
	OPTION_SIGNAL,
	OPTION_PER_PROCESS,
	OPTION_LABEL,
};

static const struct option options[] = {
	{ "mode", required_argument, NULL, 'm' },
	{ "max", required_argument, NULL, OPTION_MAX },
	{ "fair", no_argument, NULL, OPTION_FAIR },
	{ "handoff", required_argument, NULL, OPTION_HANDOFF },
	{ "signal", no_argument, NULL, OPTION_SIGNAL },
	{ "per-process", no_argument, NULL, OPTION_PER_PROCESS },
	{ "label", required_argument, NULL, OPTION_LABEL },
	{ "help", no_argument, NULL, 'h' },
	{ },
};

static bool take_option(struct spec *spec, int option)
{
	switch (option) {
	case 'm':
		return number_mode(optarg, &spec->mode);
	case OPTION_MAX:
		return number_permits(optarg, 1, &spec->max);
	case OPTION_FAIR:
		spec->fair = true;
		return true;
	case OPTION_HANDOFF:
		if (spec_parse_handoff(spec, optarg))
			return true;
		warnx("'%s' is neither a number of milliseconds nor 'never'", optarg);
		return false;
	case OPTION_SIGNAL:
		spec->signal = true;
		return true;
	case OPTION_PER_PROCESS:
		spec->per_process = true;
		return true;
	case OPTION_LABEL:
		spec->label = optarg;
		return true;
	default:
		return false;
	}
}

static int create(const char *name, const struct spec *spec)
{
	struct ksem_attr *attr = spec_attr(spec);
	char *path = name_path(name);
	struct ksem *k = ksem_open(path, O_CREAT | O_EXCL, spec->mode, attr);

	if (!k)
		explain_creation(name);
	else
		ksem_close(k);
	free(path);
	ksem_attr_free(attr);
	return k ? 0 : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	struct spec spec = spec_default();
	int option;

	while ((option = getopt_long(argc, argv, "m:h", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_create);
		if (!take_option(&spec, option))
			return command_usage(&command_create);
	}
	if (argc - optind != 2 || !number_permits(argv[optind + 1], 0, &spec.capacity))
		return command_usage(&command_create);
	if (spec_fault(&spec)) {
		warnx("%s", spec_fault(&spec));
		return EXIT_USAGE;
	}
	return create(argv[optind], &spec);
}

const struct command command_create = {
	.name = "create",
	.arguments = "[OPTION...] NAME CAPACITY",
	.summary = "Make a semaphore with CAPACITY permits",
	.help = "It must not exist yet.\n\n"
		"  -m, --mode MODE    permission bits, less the umask (0666)\n"
		"      --max N        the most that its capacity can ever be (2147483647)\n"
		"      --fair         grant strictly in the order of arrival\n"
		"      --handoff MS   not fair: milliseconds that newcomers may pass the head of\n"
		"                     the queue, or 'never': for ever (4)\n"
		"      --signal       permits are made by one side and consumed by the other\n"
		"      --per-process  all handles that a process has opened are one holder\n"
		"      --label TEXT   for people: at most 31 characters of ASCII\n"
		"  -h, --help         this text\n",
	.run = run,
};
