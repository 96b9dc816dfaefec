/* SPDX-License-Identifier: GPL-2.0-only */
/* config.c: the semaphores that a configuration file describes. */
#ifndef KSEM_CONFIG_H
#define KSEM_CONFIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "spec.h"

/*
 * A section. @given: which keys it has, by their place in config.c's table. @bad:
 * something in it is wrong, which has been said.
 */
struct section {
	struct section *next;
	char *name;
	const char *file;
	int line;
	unsigned int given;
	bool bad;
	struct spec spec;
	uid_t owner;
	gid_t group;
};

/* @last: where the next one goes. */
struct config {
	struct section *first;
	struct section **last;
};

void config_init(struct config *config);

/* Adds the sections of a file, in its order. False if anything was wrong, and said. */
bool config_read(struct config *config, const char *file);

#endif /* KSEM_CONFIG_H */
