/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the command share.
 *
 * One file per family of subcommands, each with a struct command. Beside them:
 * name.c, how names are found; number.c, numbers on the command line; explain.c,
 * what is said when something fails; spec.c, what a semaphore is made with; look.c,
 * what is seen of one; table.c, tables and JSON; child.c, a command that is run
 * while permits are held; screen.c, a terminal; config.c, configuration files;
 * makeflags.c, MAKEFLAGS.
 */
#ifndef KSEM_COMMAND_H
#define KSEM_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <ksem.h>

/* Exit statuses. */
#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_TIMED_OUT	124

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL
#define MSEC_PER_SEC	1000LL

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

/* main.c. A subcommand: @help is what --help prints after the usage line. */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command command_create;
extern const struct command command_run;
extern const struct command command_jobserver;
extern const struct command command_wait;
extern const struct command command_ls;
extern const struct command command_show;
extern const struct command command_holders;
extern const struct command command_waiters;
extern const struct command command_top;
extern const struct command command_resize;
extern const struct command command_post;
extern const struct command command_reduce;
extern const struct command command_shutdown;
extern const struct command command_rm;
extern const struct command command_apply;
extern const struct command command_mount;

/* Both return the exit status. */
int command_help(const struct command *command);
int command_usage(const struct command *command);

/*
 * name.c. A name is below KSEM_MOUNT, unless it begins with "/", "./" or "../". All
 * of these return what the caller frees: the path of a name, what people call a path,
 * and the directory of the path of a name.
 */
char *name_path(const char *name);
char *name_display(const char *path);
char *name_parent(const char *path);

/* Says what is wrong, and returns NULL, where it can't be opened. */
struct ksem *name_open(const char *name, int access);

/*
 * Calls @visit for each semaphore of @names, in the order of names: directories are
 * gone through with all that is below them, and no name at all is all that is
 * mounted. What can't be looked at, or is a directory that can't be read, is visited too,
 * with what the @error was; @st is all zero where there is none. Returns 0, or -1 if a
 * name was not there, which has been said.
 */
typedef void (*name_visitor)(const char *path, const struct stat *st, int error, void *arg);
int name_walk(char *const *names, name_visitor visit, void *arg);

/* number.c. Each is false, and has said why, if @text is not what it has to be. */
bool number_permits(const char *text, unsigned int least, unsigned int *permits);
bool number_mode(const char *text, mode_t *mode);
bool number_exit_status(const char *text, int *status);
bool number_seconds(const char *text, struct timespec *t);

/* Decimals of @unit_ns nanoseconds; says nothing. */
bool number_duration(const char *text, long long unit_ns, struct timespec *t);
bool number_unsigned(const char *text, unsigned int most, unsigned int *number);

/*
 * explain.c. Of what can happen to a semaphore: what it means, and what to do about it.
 * explain() says it of @name and errno, explain_creation() where it was to be made;
 * explain_as() says @what there is to say. A name never reaches a terminal in another way:
 * who has chosen it could write to that.
 */
const char *explanation(const char *path, int error);
void explain_as(const char *name, const char *what);
void explain(const char *name);
void explain_creation(const char *name);
void *must(void *memory);

#endif /* KSEM_COMMAND_H */
