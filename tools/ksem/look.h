/* SPDX-License-Identifier: GPL-2.0-only */
/* look.c: what is seen of a semaphore, as rows of tables. */
#ifndef KSEM_LOOK_H
#define KSEM_LOOK_H

#include <jansson.h>
#include <sys/stat.h>

#include <ksem.h>

/*
 * @k: NULL where it could not be opened to be read; @error says why. @info is 0 then, and
 * so is @st where there was not even that to be seen.
 */
struct look {
	const char *path;
	struct stat st;
	struct ksem *k;
	int error;
	struct ksem_info info;
};

struct look look_at(const char *path, const struct stat *st, int error);
void look_end(struct look *look);

/* All that there is to know of it; null where it is not known. */
json_t *look_row(const struct look *look);

/*
 * Calls @row with each holder, or waiter, as a row: key name, pid, command, permits,
 * since, age, and what is of interest beside these.
 */
typedef void (*look_visitor)(json_t *row, void *arg);
void look_holders(const struct look *look, look_visitor visit, void *arg);
void look_waiters(const struct look *look, look_visitor visit, void *arg);

#endif /* KSEM_LOOK_H */
