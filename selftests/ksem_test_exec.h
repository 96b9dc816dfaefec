/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test becomes by exec: this same program, which, told so by its
 * environment, runs the file's exec_main() in place of the tests.
 */
#ifndef KSEM_TEST_EXEC_H
#define KSEM_TEST_EXEC_H

#include "ksem_test.h"

#define KSEM_TEST_EXEC_ENV	"KSEM_TEST_EXEC"

/* After an exec with @argument; its result is the exit status. */
static int exec_main(int argument);

static void __attribute__((constructor(101))) ksem_test_exec_start(void)
{
	const char *argument = getenv(KSEM_TEST_EXEC_ENV);

	if (argument)
		ksem_test_exit(exec_main(atoi(argument)));
}

/* Returns only if it fails. */
static inline int ksem_test_exec(int argument)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", argument);
	if (setenv(KSEM_TEST_EXEC_ENV, text, 1))
		return -errno;
	execl("/proc/self/exe", "ksem_test_exec", (char *)NULL);
	return -errno;
}

#endif /* KSEM_TEST_EXEC_H */
