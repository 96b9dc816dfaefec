// SPDX-License-Identifier: GPL-2.0-only
/*
 * A command that runs while permits are held.
 *
 * The child acquires them itself, and then becomes the command: so whoever looks at
 * the holders, or at those who wait, sees the command's process. It inherits the
 * handle, and this process has it too. The permits are back when both have gone, or
 * have closed it: a killed ksem does not give them away, nor does a command that
 * closes all descriptors.
 *
 * Signals: this process takes them with sigwaitinfo(2), and sends on to the child
 * what it was sent itself. What a terminal sends reaches the whole process group, and
 * the child too as long as that is in it: then it is not sent twice.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "command.h"

/* Scripts use the small numbers for their own files: exec 9>log. */
#define DESCRIPTOR_LEAST	100

static void inherit(const struct ksem *k)
{
	int fd = ksem_fd(k);

	/* Where so large a number is not allowed, it keeps the one that it has. */
	if (fcntl(fd, F_DUPFD, DESCRIPTOR_LEAST) < 0)
		fcntl(fd, F_SETFD, 0);
}

static void become(const struct child *child, pid_t parent, const sigset_t *mask)
{
	pid_t now;
	int error;

	sigprocmask(SIG_SETMASK, mask, NULL);
	/* Nobody is left to run the command for, as long as it has not begun. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	now = getppid();
	/* 0: in a pid namespace of its own it can't see its parent. */
	if (now && now != parent)
		_exit(EXIT_CANNOT_RUN);
	child->acquire(child);
	prctl(PR_SET_PDEATHSIG, 0);
	if (!child->closes)
		inherit(child->k);
	execvp(child->argv[0], child->argv);
	error = errno;
	warn("can't run '%s'", child->argv[0]);
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* All but what is this process's own fault, and what stops it because of a terminal. */
static void signals_taken(sigset_t *set)
{
	static const int left[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU,
	};
	struct sigaction tstp;
	size_t i;

	sigfillset(set);
	for (i = 0; i < ARRAY_SIZE(left); i++)
		sigdelset(set, left[i]);
	/* Whoever has it ignored does not want to be stopped. */
	if (!sigaction(SIGTSTP, NULL, &tstp) && tstp.sa_handler == SIG_IGN)
		sigdelset(set, SIGTSTP);
}

/*
 * Sent by the kernel: for a terminal, to the whole group, which the command may have
 * left, as timeout(1) does. But a hang-up, which continues too, is told to the session's
 * leader alone.
 */
static bool has_reached_child(const siginfo_t *info, pid_t pid)
{
	if (info->si_code != SI_KERNEL || getpgid(pid) != getpgrp())
		return false;
	switch (info->si_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGWINCH:
		return true;
	case SIGHUP:
	case SIGCONT:
		return getsid(0) != getpid();
	default:
		return false;
	}
}

/* As SIGTSTP by itself would: not in a process group that nobody could continue. */
static void stop(void)
{
	sigset_t tstp;

	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &tstp, NULL);
	sigprocmask(SIG_BLOCK, &tstp, NULL);
}

static void pass_on(pid_t pid, const siginfo_t *info, bool has_it)
{
	if (!has_it)
		kill(pid, info->si_signo);
	if (info->si_signo != SIGTSTP)
		return;
	stop();
	/* Stopped or not: we go on, and in a group of its own nobody else tells it to. */
	if (!has_it)
		kill(pid, SIGCONT);
}

/*
 * What was sent before there was a child has not reached it, whoever sent it. What comes
 * at this very moment reaches it twice, before it has become the command.
 */
static void pass_on_early(pid_t pid, const sigset_t *set)
{
	static const struct timespec at_once;
	sigset_t early = *set;
	siginfo_t info;

	sigdelset(&early, SIGCHLD);
	while (sigtimedwait(&early, &info, &at_once) > 0)
		pass_on(pid, &info, false);
}

static int wait_for(pid_t pid, const sigset_t *set)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(set, &info) < 0)
			continue;
		if (info.si_signo == SIGCHLD) {
			if (waitpid(pid, &status, WNOHANG) == pid)
				return status;
			continue;
		}
		pass_on(pid, &info, has_reached_child(&info, pid));
	}
}

int child_run(const struct child *child)
{
	pid_t parent = getpid();
	sigset_t set, mask;
	int status = -1;
	pid_t pid;

	signals_taken(&set);
	/* Ignored, there would be no status to wait for. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, &mask);
	fflush(stdout);
	pid = fork();
	if (!pid)
		become(child, parent, &mask);
	if (pid > 0) {
		pass_on_early(pid, &set);
		status = wait_for(pid, &set);
	} else {
		warn("fork");
	}
	/* What is still to be said of it can be ended by a signal. */
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

static void end_by_interrupt(void)
{
	const struct rlimit no_core = { };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int child_exit_status(int status)
{
	if (status < 0)
		return EXIT_CANNOT_RUN;
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGINT)
		end_by_interrupt();
	return 128 + WTERMSIG(status);
}
