// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: file systems that come and go
 *
 * Each process has one of its own, which nobody sees but through a descriptor: the next
 * one takes its place, and it goes with the last handle that was opened by name.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

static const struct fuzz_option *option_of(unsigned int option)
{
	return &fuzz_options[option % FUZZ_OPTIONS];
}

static long set_option(int context, const struct fuzz_option *o)
{
	return syscall(SYS_fsconfig, context, o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
		       o->key, o->value, 0);
}

/*
 * In a user namespace
 */

static bool write_word(const char *file, const char *word, size_t bytes)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, word, bytes) == (ssize_t)bytes;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Shares the descriptors, nothing else. Exits with an errno, or leaves the context. */
static void be_user(int context, bool ids)
{
	static const char map[] = "0 0 1";
	int fd;

	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS))
		_exit(errno);
	if (ids && (!write_word("/proc/self/setgroups", "deny", 4) ||
		    !write_word("/proc/self/uid_map", map, sizeof(map) - 1) ||
		    !write_word("/proc/self/gid_map", map, sizeof(map) - 1)))
		_exit(EAGAIN);
	fd = syscall(SYS_fsopen, "ksemfs", FSOPEN_CLOEXEC);
	if (fd < 0 || dup3(fd, context, O_CLOEXEC) < 0)
		_exit(errno);
	close(fd);
	_exit(0);
}

/* A context that belongs to a user namespace; of that nothing but this is left. */
static int open_as_user(struct fuzz_thread *t, const struct fuzz_call *c)
{
	int context = FUZZ_FD_CONTEXT + t->index, status;
	pid_t child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (child < 0)
		return -1;
	if (!child)
		be_user(context, !(c->flags & MOUNT_NO_IDS));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status) {
		errno = WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
		return -1;
	}
	return context;
}

/*
 * Mounting
 */

/* The mount's root becomes the root of the process's own names. */
static long adopt(int mount)
{
	int root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (root < 0)
		return -1;
	ret = dup3(root, FUZZ_FD_MINE, O_CLOEXEC);
	close(root);
	return ret < 0 ? -1 : 0;
}

static long mount_context(int context, const struct fuzz_call *c)
{
	int mount;
	long ret;

	/* Never larger than that. */
	if (set_option(context, option_of(0)) || set_option(context, option_of(c->n)) ||
	    set_option(context, option_of(c->m)) ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -1;
	ret = adopt(mount);
	close(mount);
	return ret;
}

/* By the old call, which has nowhere to say why: where it succeeded all would see it. */
static long mount_in_vain(const struct fuzz_call *c)
{
	const struct fuzz_option *o = option_of(c->n);
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", o->key, o->value ? "=" : "", o->value ?: "");
	return mount("none", FUZZ_MOUNT_POINT, "ksemfs", 0, text);
}

long fuzz_mount(struct fuzz_thread *t, const struct fuzz_call *c)
{
	int context;
	long ret;

	if (c->flags & MOUNT_LEGACY && c->n % FUZZ_OPTIONS >= FUZZ_FIRST_BAD_OPTION)
		return mount_in_vain(c);
	if (c->flags & MOUNT_USERNS)
		context = open_as_user(t, c);
	else
		context = syscall(SYS_fsopen, "ksemfs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	ret = mount_context(context, c);
	fuzz_close_quietly(context);
	return ret;
}

/* The common one keeps room enough for all names. */
static unsigned int option_of_remount(const struct fuzz_call *c)
{
	return !(c->n & 1) && c->m < FUZZ_ROOMY_OPTIONS + 2 ? c->m % FUZZ_ROOMY_OPTIONS : c->m;
}

long fuzz_remount(const struct fuzz_call *c)
{
	int context = syscall(SYS_fspick, c->n & 1 ? FUZZ_FD_MINE : FUZZ_FD_NAMES, "",
			      FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	long ret;

	if (context < 0)
		return -1;
	ret = set_option(context, option_of(option_of_remount(c)));
	if (!ret)
		ret = syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	fuzz_close_quietly(context);
	return ret;
}
