// SPDX-License-Identifier: GPL-2.0-only
/*
 * MAKEFLAGS: words with blanks between them. The first one, if it does not begin with
 * '-', is options of one letter; behind "--" are definitions of variables.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "makeflags.h"

static bool begins(const char *word, size_t length, const char *with)
{
	return length >= strlen(with) && !strncmp(word, with, strlen(with));
}

static bool is(const char *word, size_t length, const char *what)
{
	return length == strlen(what) && !strncmp(word, what, length);
}

static bool is_number(const char *word, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!isdigit((unsigned char)word[i]))
			return false;
	return length > 0;
}

static bool is_jobserver(const char *word, size_t length)
{
	return begins(word, length, "--jobserver-auth=") ||
	       begins(word, length, "--jobserver-fds=");
}

static bool is_jobs(const char *word, size_t length)
{
	return is(word, length, "--jobs") || begins(word, length, "--jobs=") ||
	       (begins(word, length, "-j") &&
		(length == 2 || is_number(word + 2, length - 2)));
}

/* The number may be a word of its own. */
static bool takes_number(const char *word, size_t length)
{
	return is(word, length, "-j") || is(word, length, "--jobs");
}

char *makeflags_with(const char *flags, unsigned int jobs, const char *path, bool *nested)
{
	char *result = NULL;
	bool number_may_follow = false;
	size_t size, length;
	FILE *out = must(open_memstream(&result, &size));

	*nested = false;
	for (;; flags += length) {
		flags += strspn(flags, " \t");
		length = strcspn(flags, " \t");
		if (!length || is(flags, length, "--"))
			break;
		if (is_jobserver(flags, length))
			*nested = true;
		else if (!is_jobs(flags, length) &&
			 !(number_may_follow && is_number(flags, length)))
			fprintf(out, "%s%.*s", ftell(out) ? " " : "", (int)length, flags);
		number_may_follow = takes_number(flags, length);
	}
	fprintf(out, " -j%u --jobserver-auth=fifo:%s", jobs, path);
	if (*flags)
		fprintf(out, " %s", flags);
	fclose(out);
	return must(result);
}
