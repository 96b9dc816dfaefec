/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.c: rows for people and for programs.
 *
 * A row is a JSON object. People see it as a line of a table, null and "" as "-",
 * or as one line for each member; programs see it as it is.
 */
#ifndef KSEM_TABLE_H
#define KSEM_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* @key: of the row's member; in upper case: the heading, and the name for -o. */
struct column {
	const char *key;
	bool right;
};

#define TABLE_COLUMNS_MAX	40

/* How JSON is written: ASCII alone, so that no name in it can write to a terminal. */
#define TABLE_JSON	(JSON_INDENT(3) | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII)

/*
 * @all ends with an empty one. @columns: those chosen, ended by NULL.
 */
struct table {
	const struct column *all;
	const struct column *columns[TABLE_COLUMNS_MAX + 1];
	bool json;
	bool headings;
	FILE *out;
	/* What the array of rows is called in JSON. */
	const char *name;
	json_t *rows;
};

void table_init(struct table *table, const char *name, const struct column *all);

/*
 * Chooses columns, by a list with commas; "+" in front: beside those chosen already.
 * False if one is unknown, which has been said.
 */
bool table_choose(struct table *table, const char *list);

/* A line of it belongs to @row, whose reference it takes. */
void table_add(struct table *table, json_t *row);

/* Prints and frees. */
void table_print(struct table *table);
void table_print_vertical(struct table *table);

/* A string of any bytes: what is not UTF-8 is shown as \xNN. */
json_t *table_string(const char *text);

/* Seconds, from nanoseconds. */
json_t *table_seconds(unsigned long long ns);

/* What people see of a value, to be freed; @width: how many columns it takes. */
char *table_text(const json_t *value, int *width);

/*
 * A name or a label, of which a terminal must not be told anything but what can be
 * seen: the rest as \xNN. To be freed; @width: how many columns it takes.
 */
char *table_printable(const char *text, int *width);

/* For --help: the names of all columns. */
void table_help(const struct column *all);

#endif /* KSEM_TABLE_H */
