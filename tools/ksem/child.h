/* SPDX-License-Identifier: GPL-2.0-only */
/* child.c: a command that runs while permits are held. */
#ifndef KSEM_CHILD_H
#define KSEM_CHILD_H

#include <ksem.h>

/* As env(1) and shells have it. */
#define EXIT_CANNOT_RUN		125
#define EXIT_NOT_EXECUTABLE	126
#define EXIT_NOT_FOUND		127

/*
 * @acquire is called in the child, before it becomes the command: it returns if the
 * command is to run, and ends the process with a status of its own if not. It may be
 * killed as long as it waits, and goes if this process goes. Unless @closes is set the
 * command inherits @k.
 */
struct child {
	char *const *argv;
	struct ksem *k;
	bool closes;
	void (*acquire)(const struct child *child);
};

/* The wait status of waitpid(2), or -1 if it could not be started, which was said. */
int child_run(const struct child *child);

/*
 * What to return from main() after that: 128 + N where signal N has ended it. Where
 * that is SIGINT it does not return: the shell that runs us has to see it.
 */
int child_exit_status(int status);

#endif /* KSEM_CHILD_H */
