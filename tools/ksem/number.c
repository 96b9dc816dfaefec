// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers on the command line and in configuration files. Nothing but digits is
 * taken: no sign, no blanks, no hexadecimal.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

bool number_unsigned(const char *text, unsigned int most, unsigned int *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value > most)
		return false;
	*number = value;
	return true;
}

bool number_permits(const char *text, unsigned int least, unsigned int *permits)
{
	if (number_unsigned(text, KSEM_MAX_PERMITS, permits) && *permits >= least)
		return true;
	warnx("'%s' is not a number of permits, %u to %u", text, least, KSEM_MAX_PERMITS);
	return false;
}

bool number_mode(const char *text, mode_t *mode)
{
	unsigned long value;
	char *end;

	if (isdigit((unsigned char)*text)) {
		value = strtoul(text, &end, 8);
		if (!*end && value <= 0777) {
			*mode = value;
			return true;
		}
	}
	warnx("'%s' is not a mode, 0 to 0777", text);
	return false;
}

bool number_exit_status(const char *text, int *status)
{
	unsigned int value;

	if (number_unsigned(text, 255, &value)) {
		*status = value;
		return true;
	}
	warnx("'%s' is not an exit status, 0 to 255", text);
	return false;
}

/* What stands behind the point, in units of a billionth; digits beyond are dropped. */
static bool parse_fraction(const char *text, long long *billionths)
{
	long long digit = NSEC_PER_SEC / 10;

	*billionths = 0;
	for (; isdigit((unsigned char)*text); text++) {
		*billionths += (*text - '0') * digit;
		digit /= 10;
	}
	return !*text;
}

bool number_duration(const char *text, long long unit_ns, struct timespec *t)
{
	/* ".5" and "5." are numbers, "." is none. */
	bool digits = isdigit((unsigned char)text[*text == '.']);
	long long whole = 0, billionths = 0, ns;

	for (; isdigit((unsigned char)*text); text++) {
		whole = whole * 10 + (*text - '0');
		if (whole > INT_MAX)
			return false;
	}
	if (*text && (*text != '.' || !parse_fraction(text + 1, &billionths)))
		return false;
	if (!digits)
		return false;
	ns = whole * unit_ns + billionths * unit_ns / NSEC_PER_SEC;
	t->tv_sec = ns / NSEC_PER_SEC;
	t->tv_nsec = ns % NSEC_PER_SEC;
	return true;
}

bool number_seconds(const char *text, struct timespec *t)
{
	if (number_duration(text, NSEC_PER_SEC, t))
		return true;
	warnx("'%s' is not a number of seconds", text);
	return false;
}
