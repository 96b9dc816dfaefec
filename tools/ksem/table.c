// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aligned tables for people, JSON for programs, of the same rows.
 */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

#include "command.h"
#include "table.h"

void table_init(struct table *table, const char *name, const struct column *all)
{
	*table = (struct table){
		.all = all,
		.headings = true,
		.out = stdout,
		.name = name,
		.rows = must(json_array()),
	};
}

static const struct column *find_column(const struct column *all, const char *name,
					size_t length)
{
	for (; all->key; all++)
		if (strlen(all->key) == length && !strncasecmp(all->key, name, length))
			return all;
	return NULL;
}

bool table_choose(struct table *table, const char *list)
{
	const struct column **end = table->columns;
	size_t length;

	if (*list == '+') {
		list++;
		while (*end)
			end++;
	}
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		*end = find_column(table->all, list, length);
		if (!*end) {
			warnx("there is no column '%.*s'", (int)length, list);
			return false;
		}
		if (++end > table->columns + TABLE_COLUMNS_MAX) {
			warnx("so many columns are too many");
			return false;
		}
		*end = NULL;
		if (!list[length])
			return true;
	}
}

void table_add(struct table *table, json_t *row)
{
	if (json_array_append_new(table->rows, row))
		must(NULL);
}

/* Appends to @out what stands for a byte that can't be shown. */
static char *put_escaped(char *out, unsigned char byte)
{
	return out + sprintf(out, "\\x%02x", byte);
}

json_t *table_string(const char *text)
{
	json_t *value = json_string(text);
	char *escaped, *out;

	if (value)
		return value;
	escaped = must(malloc(4 * strlen(text) + 1));
	for (out = escaped; *text; text++) {
		if (*text & 0x80)
			out = put_escaped(out, *text);
		else
			*out++ = *text;
	}
	*out = '\0';
	value = must(json_string(escaped));
	free(escaped);
	return value;
}

json_t *table_seconds(unsigned long long ns)
{
	return must(json_real((double)ns / NSEC_PER_SEC));
}

char *table_printable(const char *text, int *width)
{
	char *result = must(malloc(4 * strlen(text) + 1)), *out = result;
	mbstate_t state = { };
	wchar_t wide;
	size_t length;

	*width = 0;
	for (; *text; text += length) {
		length = mbrtowc(&wide, text, strlen(text), &state);
		if (length == (size_t)-1 || length == (size_t)-2 || wcwidth(wide) < 0) {
			memset(&state, 0, sizeof(state));
			out = put_escaped(out, *text);
			*width += 4;
			length = 1;
			continue;
		}
		out = mempcpy(out, text, length);
		*width += wcwidth(wide);
	}
	*out = '\0';
	return result;
}

char *table_text(const json_t *value, int *width)
{
	char *text = NULL;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		if (*json_string_value(value))
			return table_printable(json_string_value(value), width);
		text = strdup("-");
		break;
	case JSON_INTEGER:
		if (asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0)
			text = NULL;
		break;
	case JSON_REAL:
		if (asprintf(&text, "%.3f", json_real_value(value)) < 0)
			text = NULL;
		break;
	case JSON_TRUE:
		text = strdup("yes");
		break;
	case JSON_FALSE:
		text = strdup("no");
		break;
	default:
		text = strdup("-");
	}
	must(text);
	*width = strlen(text);
	return text;
}

/* The last one is not padded: no blanks at the end of a line. */
static void put_cell(const struct table *table, size_t c, const char *text, int padding)
{
	bool last = !table->columns[c + 1];
	bool right = table->columns[c]->right;

	if (right)
		fprintf(table->out, "%*s", padding, "");
	fputs(text, table->out);
	if (!right && !last)
		fprintf(table->out, "%*s", padding, "");
	putc(last ? '\n' : ' ', table->out);
}

static int cell_width(const struct column *column, const json_t *row)
{
	int width;

	free(table_text(json_object_get(row, column->key), &width));
	return width;
}

static void measure(const struct table *table, int *widths)
{
	json_t *row;
	size_t i, c;
	int width;

	for (c = 0; table->columns[c]; c++) {
		widths[c] = table->headings ? strlen(table->columns[c]->key) : 0;
		json_array_foreach(table->rows, i, row) {
			width = cell_width(table->columns[c], row);
			if (width > widths[c])
				widths[c] = width;
		}
	}
}

static void print_headings(const struct table *table, const int *widths)
{
	char heading[32];
	size_t c, i;

	for (c = 0; table->columns[c]; c++) {
		const char *key = table->columns[c]->key;

		for (i = 0; key[i] && i < sizeof(heading) - 1; i++)
			heading[i] = toupper((unsigned char)key[i]);
		heading[i] = '\0';
		put_cell(table, c, heading, widths[c] - (int)i);
	}
}

static void print_text(const struct table *table)
{
	int widths[TABLE_COLUMNS_MAX];
	json_t *row;
	size_t i, c;

	measure(table, widths);
	if (table->headings && json_array_size(table->rows))
		print_headings(table, widths);
	json_array_foreach(table->rows, i, row) {
		for (c = 0; table->columns[c]; c++) {
			const char *key = table->columns[c]->key;
			int width;
			char *text = table_text(json_object_get(row, key), &width);

			put_cell(table, c, text, widths[c] - width);
			free(text);
		}
	}
}

/* Only the chosen members, in the order chosen. */
static json_t *chosen(const struct table *table, const json_t *row)
{
	json_t *result = must(json_object());
	size_t c;

	for (c = 0; table->columns[c]; c++) {
		const char *key = table->columns[c]->key;
		json_t *value = json_object_get(row, key);

		if (json_object_set_new(result, key, value ? json_incref(value) : json_null()))
			must(NULL);
	}
	return result;
}

static void print_json(const struct table *table)
{
	json_t *rows = must(json_array()), *all, *row;
	size_t i;

	json_array_foreach(table->rows, i, row)
		if (json_array_append_new(rows, chosen(table, row)))
			must(NULL);
	all = must(json_pack("{s:o}", table->name, rows));
	json_dumpf(all, table->out, TABLE_JSON);
	putc('\n', table->out);
	json_decref(all);
}

void table_print(struct table *table)
{
	if (table->json)
		print_json(table);
	else
		print_text(table);
	json_decref(table->rows);
}

static void print_members(const struct table *table, const json_t *row)
{
	size_t widest = 0, c;

	for (c = 0; table->columns[c]; c++)
		if (strlen(table->columns[c]->key) > widest)
			widest = strlen(table->columns[c]->key);
	for (c = 0; table->columns[c]; c++) {
		const char *key = table->columns[c]->key;
		int width;
		char *text = table_text(json_object_get(row, key), &width);

		fprintf(table->out, "%s:%*s %s\n", key, (int)(widest - strlen(key)), "", text);
		free(text);
	}
}

void table_print_vertical(struct table *table)
{
	json_t *row;
	size_t i;

	if (table->json) {
		table_print(table);
		return;
	}
	json_array_foreach(table->rows, i, row) {
		if (i)
			putc('\n', table->out);
		print_members(table, row);
	}
	json_decref(table->rows);
}

void table_help(const struct column *all)
{
	size_t length = 0;

	printf("\nColumns:");
	for (; all->key; all++) {
		if (length + strlen(all->key) > 70)
			length = 0;
		length += printf("%s%s", length ? " " : "\n  ", all->key);
	}
	putchar('\n');
}
