// SPDX-License-Identifier: GPL-2.0-only
/*
 * pty COMMAND...: run a command on a terminal of its own, of 10 lines of 60 columns,
 * as the foreground of a session. Standard input is what is typed there, and what is
 * shown goes to standard output. The last line is how it has ended:
 *
 *	exit status N		or
 *	signal N
 *
 * pty -g COMMAND...: no terminal, but a process group of its own, as GNU's timeout(1) has;
 * the command takes the place of this one.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Copies what is there; false at the end. A terminal that nobody has any more is EIO. */
static int copy(int from, int to)
{
	char bytes[4096];
	ssize_t length = read(from, bytes, sizeof(bytes));

	if (length > 0 && write(to, bytes, length) != length)
		err(1, "write");
	return length > 0;
}

static void serve(int terminal)
{
	struct pollfd fds[] = {
		{ .fd = terminal, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			err(1, "poll");
		if (fds[0].revents && !copy(terminal, STDOUT_FILENO))
			return;
		/* Whoever types nothing more has not hung up. */
		if (fds[1].revents && !copy(STDIN_FILENO, terminal))
			fds[1].fd = -1;
	}
}

static void leave_group(char *const *argv)
{
	if (setpgid(0, 0))
		err(1, "setpgid");
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	const struct winsize size = { .ws_row = 10, .ws_col = 60 };
	int terminal, status;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: pty [-g] COMMAND...");
	if (!strcmp(argv[1], "-g") && argc > 2)
		leave_group(argv + 2);
	pid = forkpty(&terminal, NULL, NULL, &size);
	if (pid < 0)
		err(1, "forkpty");
	if (!pid) {
		/* Shells ignore them for what they start in the background. */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	serve(terminal);
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	printf("%s %d\n", WIFSIGNALED(status) ? "signal" : "exit status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}
