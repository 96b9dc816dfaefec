// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration files, by libinih: ksem.conf(5).
 *
 * The library of a distribution is built without line numbers, and cuts what is too
 * long for it. So the lines come to it through a reader of ours, which counts them,
 * and looks at their bytes and lengths. What is wrong spoils its section, and no other one.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <ini.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "config.h"

/* Bytes of a section's name in libinih, with the zero byte: it cuts longer ones. */
#define SECTION_SIZE	50

/*
 * @text: the line that was read last, in @room bytes, as getline(3) has it.
 * @section: the one that lines belong to; NULL before its first key.
 * @bad: something in it is wrong, be that before its first key.
 * @pending: the line has something in it, of which the library has said nothing yet.
 * @skipping: until the next section.
 */
struct parser {
	struct config *config;
	const char *file;
	FILE *stream;
	char *text;
	size_t room;
	int line;
	int section_line;
	struct section *section;
	bool bad;
	bool pending;
	bool skipping;
	bool failed;
};

void config_init(struct config *config)
{
	config->first = NULL;
	config->last = &config->first;
}

__printf(3, 4)
static void complain(struct parser *parser, int line, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		must(NULL);
	va_end(arguments);
	warnx("%s:%d: %s", parser->file, line, text);
	free(text);
	parser->failed = true;
	parser->bad = true;
	if (parser->section)
		parser->section->bad = true;
}

/* The library tells of the first line only that it does not understand. */
static void end_line(struct parser *parser)
{
	if (parser->pending)
		complain(parser, parser->line, "this is not 'KEY = VALUE'");
	parser->pending = false;
}

/* A section that nothing stands in is one that nobody would hear of. */
static void end_section(struct parser *parser)
{
	if (parser->section_line && !parser->section && !parser->skipping)
		complain(parser, parser->section_line, "this section has no capacity");
}

static void begin_section(struct parser *parser)
{
	end_section(parser);
	parser->section_line = parser->line;
	parser->section = NULL;
	parser->bad = false;
	parser->skipping = false;
}

/* To the library a bracket that comes after a blank and ';' is in a comment. */
static bool is_header(const char *line)
{
	const char *end = line;

	while (*end && *end != ']' && !(isspace((unsigned char)*end) && end[1] == ';'))
		end++;
	return *end == ']';
}

/* What the library would cut, or understand as something else. False, which was said. */
static bool check_line(struct parser *parser, const char *line, size_t length, int size)
{
	if (strlen(parser->text) != length)
		complain(parser, parser->line, "there is a byte 0 in the line: write it as text");
	else if (length > (size_t)size - 3)
		complain(parser, parser->line, "the line is longer than %d bytes", size - 3);
	else if (*line == '[' && !is_header(line))
		complain(parser, parser->line, "this is not '[NAME]'");
	else
		return true;
	/* What is below a header that can't be read belongs to none that can. */
	parser->skipping |= *line == '[';
	return false;
}

/* Returns the length that is left. */
static size_t strip_end(char *line, size_t length)
{
	while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		line[--length] = '\0';
	return length;
}

/* Some editors put it in front of all that is UTF-8. */
static const char *skip_mark(const struct parser *parser)
{
	static const char mark[] = "\xef\xbb\xbf";
	bool marked = parser->line == 1 && !strncmp(parser->text, mark, strlen(mark));

	return parser->text + (marked ? strlen(mark) : 0);
}

/*
 * As fgets(), which could not tell a byte 0 from the end of what it has read. Blanks in
 * front would make a line the continuation of the one before.
 */
static char *read_line(char *text, int size, void *stream)
{
	struct parser *parser = stream;
	const char *line;
	ssize_t length;

	end_line(parser);
	length = getline(&parser->text, &parser->room, parser->stream);
	if (length < 0)
		return NULL;
	parser->line++;
	length = strip_end(parser->text, length);
	line = skip_mark(parser);
	line += strspn(line, " \t");
	if (*line == '[')
		begin_section(parser);
	if (!check_line(parser, line, length, size))
		return strcpy(text, "");
	parser->pending = !strchr("[#;", *line);
	return strcpy(text, line);
}

static bool take_permits(unsigned int *permits, const char *value)
{
	return number_unsigned(value, KSEM_MAX_PERMITS, permits);
}

static bool take_capacity(struct section *section, const char *value)
{
	return take_permits(&section->spec.capacity, value);
}

static bool take_max(struct section *section, const char *value)
{
	return take_permits(&section->spec.max, value);
}

static bool take_bool(bool *on, const char *value)
{
	*on = !strcasecmp(value, "yes") || !strcasecmp(value, "true") || !strcmp(value, "1");
	return *on || !strcasecmp(value, "no") || !strcasecmp(value, "false") ||
	       !strcmp(value, "0");
}

static bool take_fair(struct section *section, const char *value)
{
	return take_bool(&section->spec.fair, value);
}

static bool take_signal(struct section *section, const char *value)
{
	return take_bool(&section->spec.signal, value);
}

static bool take_per_process(struct section *section, const char *value)
{
	return take_bool(&section->spec.per_process, value);
}

static bool take_handoff(struct section *section, const char *value)
{
	return spec_parse_handoff(&section->spec, value);
}

static bool take_label(struct section *section, const char *value)
{
	section->spec.label = must(strdup(value));
	return true;
}

static bool take_mode(struct section *section, const char *value)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	section->spec.mode = mode;
	return *value >= '0' && *value <= '7' && !*end && mode <= 0777;
}

static bool take_owner(struct section *section, const char *value)
{
	const struct passwd *user = getpwnam(value);

	if (user)
		section->owner = user->pw_uid;
	return user || number_unsigned(value, (uid_t)-2, &section->owner);
}

static bool take_group(struct section *section, const char *value)
{
	const struct group *group = getgrnam(value);

	if (group)
		section->group = group->gr_gid;
	return group || number_unsigned(value, (gid_t)-2, &section->group);
}

static const struct key {
	const char *name;
	bool (*take)(struct section *section, const char *value);
	const char *what;
} keys[] = {
	{ "capacity", take_capacity, "a number of permits" },
	{ "max", take_max, "a number of permits" },
	{ "fair", take_fair, "yes or no" },
	{ "signal", take_signal, "yes or no" },
	{ "per-process", take_per_process, "yes or no" },
	{ "handoff", take_handoff, "milliseconds or 'never'" },
	{ "label", take_label, "a text" },
	{ "mode", take_mode, "a mode, 0 to 0777" },
	{ "owner", take_owner, "a user" },
	{ "group", take_group, "a group" },
};

static const struct section *find_section(const struct config *config, const char *name)
{
	const struct section *section;

	for (section = config->first; section; section = section->next)
		if (!strcmp(section->name, name))
			return section;
	return NULL;
}

/* The first key of a section is where it is found out what it is called. */
static void add_section(struct parser *parser, const char *name)
{
	struct section *section = must(calloc(1, sizeof(*section)));
	const struct section *other = find_section(parser->config, name);

	section->name = must(strdup(name));
	section->file = parser->file;
	section->line = parser->section_line;
	section->bad = parser->bad;
	section->spec = spec_default();
	/* There is no umask here. To read is to acquire, to write to change. */
	section->spec.mode = 0644;
	section->owner = geteuid();
	section->group = getegid();
	*parser->config->last = section;
	parser->config->last = &section->next;
	parser->section = section;
	if (strlen(name) >= SECTION_SIZE - 1)
		complain(parser, section->line, "the name is longer than %d bytes",
			 SECTION_SIZE - 2);
	if (other)
		complain(parser, section->line, "[%s] is in %s:%d already", name, other->file,
			 other->line);
}

static void take(struct parser *parser, const char *name, const char *value)
{
	struct section *section = parser->section;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, name))
			break;
	if (i == ARRAY_SIZE(keys))
		complain(parser, parser->line, "there is no key '%s'", name);
	else if (section->given & 1u << i)
		complain(parser, parser->line, "'%s' is given twice", name);
	else if (!keys[i].take(section, value))
		complain(parser, parser->line, "%s: '%s' is not %s", name, value,
			 keys[i].what);
	if (i < ARRAY_SIZE(keys))
		section->given |= 1u << i;
}

/* 1 to the library: all is well, go on. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parser *parser = user;

	parser->pending = false;
	if (parser->skipping)
		return 1;
	if (!parser->section_line) {
		complain(parser, parser->line, "'%s' is in no section", name);
		return 1;
	}
	if (!parser->section)
		add_section(parser, section);
	take(parser, name, value);
	return 1;
}

/* What can be said of a section as a whole only when all of it is known. */
static void check(struct parser *parser, struct section *section)
{
	const char *fault = spec_fault(&section->spec);

	parser->section = section;
	if (!(section->given & 1))
		complain(parser, section->line, "[%s] has no capacity", section->name);
	else if (fault)
		complain(parser, section->line, "[%s] %s", section->name, fault);
}

bool config_read(struct config *config, const char *file)
{
	struct parser parser = { .config = config, .file = file };
	struct section **first = config->last, *section;
	int result;

	parser.stream = fopen(file, "re");
	if (!parser.stream) {
		warn("%s", file);
		return false;
	}
	result = ini_parse_stream(read_line, &parser, handle, &parser);
	/* Above 0 it is the number of a line, of which was said what is wrong with it. */
	if (result < 0 || !feof(parser.stream)) {
		warn("%s", file);
		parser.failed = true;
	}
	end_section(&parser);
	free(parser.text);
	fclose(parser.stream);
	for (section = *first; section; section = section->next)
		check(&parser, section);
	return !parser.failed;
}
