// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem top: what goes on, again and again.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "look.h"
#include "screen.h"
#include "table.h"

#define BAR_WIDTH	20

static const struct column columns[] = {
	{ "name", false }, { "held", false }, { "available", true }, { "waiters", true },
	{ "grants/s", true }, { "wait-max", true }, { "most", false }, { },
};

/*
 * A picture of all. @before, @now: how many grants each semaphore has seen, by its id,
 * at the times of the last picture and of this one.
 */
struct picture {
	struct table table;
	json_t *before;
	json_t *now;
	double seconds;
	size_t waiters;
};

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + (double)now.tv_nsec / NSEC_PER_SEC;
}

/* '#' is held, '.' is free. Something that is held, or free, is seen. */
static json_t *bar(const struct ksem_info *info)
{
	unsigned long long total = info->out_capacity;
	int filled = 0, i;
	char text[BAR_WIDTH + 3];

	if (info->out_held >= total)
		filled = total || info->out_held ? BAR_WIDTH : 0;
	else if (info->out_held)
		filled = 1 + info->out_held * (unsigned long long)(BAR_WIDTH - 2) / total;
	text[0] = '[';
	for (i = 0; i < BAR_WIDTH; i++)
		text[1 + i] = i < filled ? '#' : '.';
	text[BAR_WIDTH + 1] = ']';
	text[BAR_WIDTH + 2] = '\0';
	return json_string(text);
}

/* Grants a second since the last picture, null in the first one. */
static json_t *rate(struct picture *picture, const struct ksem_info *info)
{
	char id[32];
	json_t *before;

	snprintf(id, sizeof(id), "%llu", (unsigned long long)info->out_id);
	json_object_set_new(picture->now, id, json_integer(info->out_acquires));
	before = json_object_get(picture->before, id);
	if (!before || picture->seconds <= 0)
		return json_null();
	return json_sprintf("%.1f", (info->out_acquires - json_integer_value(before)) /
				    picture->seconds);
}

static void keep_most(json_t *row, void *arg)
{
	json_t **most = arg;

	if (!*most || json_integer_value(json_object_get(row, "permits")) >
		      json_integer_value(json_object_get(*most, "permits"))) {
		json_decref(*most);
		*most = row;
	} else {
		json_decref(row);
	}
}

/* Who holds most: command (pid) permits. */
static json_t *most(const struct look *look)
{
	json_t *row = NULL, *text;
	const char *command;

	look_holders(look, keep_most, &row);
	if (!row)
		return json_null();
	command = json_string_value(json_object_get(row, "command"));
	text = json_sprintf("%s (%lld) %lld", command ? command : "-",
			    (long long)json_integer_value(json_object_get(row, "pid")),
			    (long long)json_integer_value(json_object_get(row, "permits")));
	json_decref(row);
	return text;
}

static void visit(const char *path, const struct stat *st, int error, void *arg)
{
	struct picture *picture = arg;
	struct look look = look_at(path, st, error);
	char *name;

	if (!look.error) {
		name = name_display(path);
		picture->waiters += look.info.out_waiters;
		table_add(&picture->table,
			  must(json_pack("{s:o,s:o,s:o,s:I,s:o,s:o,s:o}",
					 "name", table_string(name),
					 "held", bar(&look.info),
					 "available", json_sprintf("%d/%u", look.info.out_available,
								   look.info.out_capacity),
					 "waiters", (json_int_t)look.info.out_waiters,
					 "grants/s", rate(picture, &look.info),
					 "wait-max", table_seconds(look.info.out_wait_max_ns),
					 "most", most(&look))));
		free(name);
	}
	look_end(&look);
}

static json_int_t waiters_of(const json_t *row)
{
	return json_integer_value(json_object_get(row, "waiters"));
}

static int by_waiters(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;

	if (waiters_of(one) != waiters_of(other))
		return waiters_of(one) < waiters_of(other) ? 1 : -1;
	return strcmp(json_string_value(json_object_get(one, "name")),
		      json_string_value(json_object_get(other, "name")));
}

/* Where the trouble is comes first, and is seen on a small screen too. */
static void sort(struct table *table)
{
	size_t count = json_array_size(table->rows), i;
	json_t **rows = must(calloc(count + 1, sizeof(*rows)));

	for (i = 0; i < count; i++)
		rows[i] = json_incref(json_array_get(table->rows, i));
	qsort(rows, count, sizeof(*rows), by_waiters);
	json_array_clear(table->rows);
	for (i = 0; i < count; i++)
		table_add(table, rows[i]);
	free(rows);
}

/* The text of a picture, to be freed; NULL if a name was not there, which was said. */
static char *take_picture(struct picture *picture, char *const *names)
{
	size_t size;
	char clock[16];
	time_t now = time(NULL);
	char *text = NULL;

	table_init(&picture->table, "semaphores", columns);
	table_choose(&picture->table, "name,held,available,waiters,grants/s,wait-max,most");
	picture->now = must(json_object());
	picture->waiters = 0;
	if (name_walk(names, visit, picture))
		return NULL;
	sort(&picture->table);
	picture->table.out = must(open_memstream(&text, &size));
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	fprintf(picture->table.out, "ksem top - %s, semaphores: %zu, waiters: %zu\n\n", clock,
		json_array_size(picture->table.rows), picture->waiters);
	table_print(&picture->table);
	fclose(picture->table.out);
	json_decref(picture->before);
	picture->before = picture->now;
	return text;
}

/* What passes between two pictures. False: it is enough. */
static bool pause_for(int ms, bool screen, const char *text)
{
	double end = now_seconds() + (double)ms / MSEC_PER_SEC;
	struct timespec t = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NSEC_PER_MSEC,
	};

	if (!screen) {
		nanosleep(&t, NULL);
		return true;
	}
	for (;;) {
		switch (screen_wait(ms)) {
		case SCREEN_TIME:
			return true;
		case SCREEN_QUIT:
			return false;
		case SCREEN_REDRAW:
			screen_show(text);
			ms = (end - now_seconds()) * MSEC_PER_SEC;
			if (ms <= 0)
				return true;
		}
	}
}

/* False: nobody can see it. */
static bool show(const char *text, bool screen, bool first)
{
	if (screen) {
		screen_show(text);
		return true;
	}
	printf("%s%s", first ? "" : "\n", text);
	return !fflush(stdout);
}

static int top(char *const *names, int ms, unsigned int iterations, bool batch)
{
	struct picture picture = { };
	double taken = now_seconds();
	/* Before the screen is entered: what is wrong from the start is said outside. */
	char *text = take_picture(&picture, names);
	bool screen = text && !batch && screen_begin();
	unsigned int i;

	for (i = 1; text; i++) {
		if (!show(text, screen, i == 1) || i == iterations ||
		    !pause_for(ms, screen, text))
			break;
		free(text);
		picture.seconds = now_seconds() - taken;
		taken = now_seconds();
		text = take_picture(&picture, names);
	}
	if (screen)
		screen_end();
	/* Once more for the screen that stays, if it was said or drawn on the other one. */
	if (screen && !text)
		free(take_picture(&picture, names));
	else if (screen && i == iterations)
		fputs(text, stdout);
	json_decref(picture.before);
	if (!text)
		return EXIT_FAILED;
	free(text);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "batch", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	struct timespec delay = { .tv_sec = 1 };
	unsigned int iterations = 0;
	bool batch = false;
	int option;

	while ((option = getopt_long(argc, argv, "d:n:bh", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			if (!number_seconds(optarg, &delay))
				return command_usage(&command_top);
			break;
		case 'n':
			if (number_unsigned(optarg, 1000000000, &iterations))
				break;
			warnx("'%s' is not a number", optarg);
			return command_usage(&command_top);
		case 'b':
			batch = true;
			break;
		case 'h':
			return command_help(&command_top);
		default:
			return command_usage(&command_top);
		}
	}
	if (delay.tv_sec > 1000000 || (!delay.tv_sec && delay.tv_nsec < NSEC_PER_MSEC)) {
		warnx("a delay is from 0.001 to 1000000 seconds");
		return EXIT_USAGE;
	}
	return top(argv + optind, delay.tv_sec * 1000 + delay.tv_nsec / NSEC_PER_MSEC,
		   iterations, batch);
}

const struct command command_top = {
	.name = "top",
	.arguments = "[-d SECONDS] [-n TIMES] [-b] [NAME|DIRECTORY...]",
	.summary = "Show what goes on, again and again",
	.help = "What is held as a bar, what is available of the capacity, how many wait, grants\n"
		"a second, the longest wait so far, who holds most. Those that are waited for\n"
		"come first. 'q' quits. Where standard output is no terminal: -b.\n\n"
		"  -d, --delay SECONDS     between two pictures (1)\n"
		"  -n, --iterations TIMES  so many pictures (0: until 'q')\n"
		"  -b, --batch             one picture below the other\n"
		"  -h, --help              this text\n",
	.run = run,
};
