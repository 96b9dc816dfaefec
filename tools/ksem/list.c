// SPDX-License-Identifier: GPL-2.0-only
/*
 * What looks at semaphores once: ksem ls, show, holders, waiters.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "look.h"
#include "table.h"

static const struct column semaphore_columns[] = {
	{ "name", false }, { "path", false }, { "kind", false }, { "available", true },
	{ "capacity", true }, { "held", true }, { "max", true }, { "waiters", true },
	{ "demand", true }, { "holders", true }, { "handles", true }, { "handoff", true },
	{ "mode", false }, { "owner", false }, { "group", false }, { "label", false },
	{ "acquires", true }, { "releases", true }, { "reclaimed", true },
	{ "recovered", true }, { "waits", true }, { "timeouts", true },
	{ "interrupts", true }, { "wait-total", true }, { "wait-max", true },
	{ "id", true }, { "error", false }, { },
};

static const struct column holder_columns[] = {
	{ "name", false }, { "pid", true }, { "command", false }, { "permits", true },
	{ "since", false }, { "age", true }, { "opener", true }, { "acquirer", true }, { },
};

static const struct column waiter_columns[] = {
	{ "name", false }, { "place", true }, { "pid", true }, { "tid", true },
	{ "command", false }, { "permits", true }, { "since", false }, { "age", true }, { },
};

/* One of the four. @one: the columns where exactly one semaphore is named. */
struct listing {
	const struct command *command;
	const struct column *all;
	const char *name;
	const char *one;
	const char *several;
	bool vertical;
	void (*add)(struct table *table, const struct look *look);
};

/* What a walk has with it. @strict: a semaphore that can't be looked at is an error. */
struct walker {
	const struct listing *listing;
	char *const *names;
	struct table table;
	bool strict;
	int status;
};

static void add_semaphore(struct table *table, const struct look *look)
{
	table_add(table, look_row(look));
}

static void add_person(json_t *row, void *arg)
{
	table_add(arg, row);
}

static void add_holders(struct table *table, const struct look *look)
{
	look_holders(look, add_person, table);
}

static void add_waiters(struct table *table, const struct look *look)
{
	look_waiters(look, add_person, table);
}

/* And not a directory that it is in. */
static bool was_named(const struct walker *walker, const char *path)
{
	char *const *name;
	bool named = false;

	for (name = walker->names; *name && !named; name++) {
		char *named_path = name_path(*name);

		named = !strcmp(named_path, path);
		free(named_path);
	}
	return named;
}

/*
 * Without names, and in ls, what can't be looked at is nobody's fault; but what is no
 * semaphore was named. What a directory has had until a moment ago is passed over.
 */
static void visit(const char *path, const struct stat *st, int error, void *arg)
{
	struct walker *walker = arg;
	struct look look = look_at(path, st, error);

	if (look.error == ENOENT && !was_named(walker, path)) {
		look_end(&look);
		return;
	}
	if (look.error && (walker->strict || look.error == EINVAL)) {
		errno = look.error;
		explain(path);
		walker->status = EXIT_FAILED;
	} else if (!look.error || walker->listing->add == add_semaphore) {
		walker->listing->add(&walker->table, &look);
	}
	look_end(&look);
}

static int list(struct walker *walker)
{
	int status = name_walk(walker->names, visit, walker) ? EXIT_FAILED : walker->status;

	/* Nothing but what was wrong, where there is nothing else. */
	if (status && !json_array_size(walker->table.rows))
		json_decref(walker->table.rows);
	else if (walker->listing->vertical)
		table_print_vertical(&walker->table);
	else
		table_print(&walker->table);
	return status;
}

/* Then a column of names would say the same in each line. */
static bool is_one_semaphore(char *const *names)
{
	struct stat st;
	char *path;
	bool one;

	if (!names[0] || names[1])
		return false;
	path = name_path(names[0]);
	one = !stat(path, &st) && !S_ISDIR(st.st_mode);
	free(path);
	return one;
}

static int help(const struct listing *listing)
{
	command_help(listing->command);
	table_help(listing->all);
	return 0;
}

static int run_listing(const struct listing *listing, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "output", required_argument, NULL, 'o' },
		{ "noheadings", no_argument, NULL, 'N' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	struct walker walker = { .listing = listing };
	struct table *table = &walker.table;
	const char *chosen = NULL;
	int option;

	table_init(table, listing->name, listing->all);
	while ((option = getopt_long(argc, argv, "Jo:h", options, NULL)) != -1) {
		switch (option) {
		case 'J':
			table->json = true;
			break;
		case 'o':
			chosen = optarg;
			break;
		case 'N':
			table->headings = false;
			break;
		case 'h':
			return help(listing);
		default:
			return command_usage(listing->command);
		}
	}
	if (!table_choose(table, is_one_semaphore(argv + optind) ? listing->one :
							      listing->several) ||
	    (chosen && !table_choose(table, chosen)))
		return command_usage(listing->command);
	walker.strict = optind < argc && listing->command != &command_ls;
	walker.names = argv + optind;
	return list(&walker);
}

static int run_ls(int argc, char **argv)
{
	static const char columns[] =
		"name,available,capacity,holders,waiters,kind,mode,owner,group,label";
	static const struct listing listing = {
		.command = &command_ls, .all = semaphore_columns, .name = "semaphores",
		.one = columns, .several = columns, .add = add_semaphore,
	};

	return run_listing(&listing, argc, argv);
}

static int run_show(int argc, char **argv)
{
	static const char columns[] =
		"name,path,kind,available,capacity,held,max,waiters,demand,holders,handles,handoff,"
		"mode,owner,group,label,acquires,releases,reclaimed,recovered,waits,timeouts,"
		"interrupts,wait-total,wait-max,id";
	static const struct listing listing = {
		.command = &command_show, .all = semaphore_columns, .name = "semaphores",
		.one = columns, .several = columns, .vertical = true, .add = add_semaphore,
	};

	return run_listing(&listing, argc, argv);
}

static int run_holders(int argc, char **argv)
{
	static const struct listing listing = {
		.command = &command_holders, .all = holder_columns, .name = "holders",
		.one = "pid,command,permits,since", .several = "name,pid,command,permits,since",
		.add = add_holders,
	};

	return run_listing(&listing, argc, argv);
}

static int run_waiters(int argc, char **argv)
{
	static const struct listing listing = {
		.command = &command_waiters, .all = waiter_columns, .name = "waiters",
		.one = "pid,command,permits,since", .several = "name,pid,command,permits,since",
		.add = add_waiters,
	};

	return run_listing(&listing, argc, argv);
}

#define LISTING_ARGUMENTS "[-J] [-o COLUMNS] [--noheadings] [NAME|DIRECTORY...]"

#define LISTING_OPTIONS \
	"Without a name: all that are mounted. A directory: all below it.\n\n" \
	"  -J, --json            for programs\n" \
	"  -o, --output COLUMNS  which columns, a list with commas; +LIST: more of them\n" \
	"      --noheadings      no line of headings\n" \
	"  -h, --help            this text\n"

const struct command command_ls = {
	.name = "ls",
	.arguments = LISTING_ARGUMENTS,
	.summary = "List semaphores",
	.help = "Of one that may not be read there is '-'.\n" LISTING_OPTIONS,
	.run = run_ls,
};

const struct command command_show = {
	.name = "show",
	.arguments = LISTING_ARGUMENTS,
	.summary = "Show all that is known of semaphores",
	.help = LISTING_OPTIONS,
	.run = run_show,
};

const struct command command_holders = {
	.name = "holders",
	.arguments = LISTING_ARGUMENTS,
	.summary = "List who holds permits",
	.help = LISTING_OPTIONS,
	.run = run_holders,
};

const struct command command_waiters = {
	.name = "waiters",
	.arguments = LISTING_ARGUMENTS,
	.summary = "List who waits, the head of the queue first",
	.help = LISTING_OPTIONS,
	.run = run_waiters,
};
