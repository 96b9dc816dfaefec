// SPDX-License-Identifier: GPL-2.0-only
/*
 * after_create TEXT COMMAND...: run a command, and TEXT by a shell while the command is
 * stopped: right after it has made a semaphore with a name. $PID is its process. A
 * moment that no sleep would hit. The exit status is the command's, or 128 + N where
 * signal N has ended it.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ksem.h>

#define STOP_AT_CALL	(SIGTRAP | 0x80)

static void start(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		err(125, "ptrace");
	raise(SIGSTOP);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(125, "waitpid");
	return status;
}

static struct __ptrace_syscall_info call_of(pid_t pid)
{
	struct __ptrace_syscall_info call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(call), &call) <= 0)
		err(125, "ptrace");
	return call;
}

/* Until it has made one, true, or ends. @status: of the last wait. */
static bool run_until_created(pid_t pid, int *status)
{
	struct __ptrace_syscall_info call;
	bool creates = false;
	int sig = 0;

	while (!ptrace(PTRACE_SYSCALL, pid, NULL, sig)) {
		*status = wait_for(pid);
		if (!WIFSTOPPED(*status))
			return false;
		sig = 0;
		if (WSTOPSIG(*status) != STOP_AT_CALL) {
			/* That of execve(2) is no signal for the command. */
			if (WSTOPSIG(*status) != SIGTRAP)
				sig = WSTOPSIG(*status);
			continue;
		}
		call = call_of(pid);
		if (call.op == PTRACE_SYSCALL_INFO_EXIT && creates && !call.exit.is_error)
			return true;
		creates = call.op == PTRACE_SYSCALL_INFO_ENTRY && call.entry.nr == SYS_ioctl &&
			  (unsigned int)call.entry.args[1] == KSEM_IOC_CREATE_AT;
	}
	err(125, "ptrace");
}

static void run_text(pid_t pid, const char *text)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	setenv("PID", number, 1);
	if (system(text))
		errx(125, "'%s' has failed", text);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: after_create TEXT COMMAND...");
	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (!pid)
		start(argv + 2);
	wait_for(pid);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD))
		err(125, "ptrace");
	if (run_until_created(pid, &status)) {
		run_text(pid, argv[1]);
		/* It may have been killed meanwhile. */
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		status = wait_for(pid);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
