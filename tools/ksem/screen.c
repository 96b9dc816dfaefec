// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal that is refreshed in place, by the sequences that all terminals of today
 * understand. Whatever signal of those below ends the program, the terminal is as it was
 * before.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "screen.h"

/* The other screen, no cursor, lines cut and not wrapped; and all that taken back. */
#define ENTER		"\033[?1049h\033[?25l\033[?7l"
#define LEAVE		"\033[?7h\033[?25h\033[?1049l"
#define HOME		"\033[H"
#define END_OF_LINE	"\033[K\n"
#define CLEAR_BELOW	"\033[J"

static struct termios original;
static bool has_keys;
static int signals = -1;

/*
 * In the background it is here that we are stopped, while whatever may end us still can:
 * to set what is set already is enough for that.
 */
static void await_foreground(void)
{
	struct termios now;

	if (!tcgetattr(STDIN_FILENO, &now))
		tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

static void enter(void)
{
	struct termios raw;

	has_keys = !tcgetattr(STDIN_FILENO, &original);
	if (has_keys) {
		raw = original;
		raw.c_lflag &= ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	fputs(ENTER, stdout);
	fflush(stdout);
}

static void leave(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
}

static void signal_set(sigset_t *set)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(set, taken[i]);
}

bool screen_begin(void)
{
	sigset_t set;

	if (!isatty(STDOUT_FILENO))
		return false;
	await_foreground();
	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		err(EXIT_FAILED, "signalfd");
	enter();
	return true;
}

void screen_end(void)
{
	leave();
	close(signals);
}

void screen_show(const char *text)
{
	struct winsize size;
	int lines = 24;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row)
		lines = size.ws_row;
	fputs(HOME, stdout);
	/* The last line stays empty, or else the first one would leave. */
	for (; *text && lines > 1; lines--) {
		int length = strcspn(text, "\n");

		printf("%.*s" END_OF_LINE, length, text);
		text += length + (text[length] == '\n');
	}
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
}

/* What the signal would have done by itself, with the terminal as it was. */
static void obey(int number)
{
	sigset_t set;

	leave();
	signal_set(&set);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* It was the one that stops, or is ignored. */
	await_foreground();
	sigprocmask(SIG_BLOCK, &set, NULL);
	enter();
}

static enum screen_event take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGWINCH)
		obey(info.ssi_signo);
	return SCREEN_REDRAW;
}

static enum screen_event take_key(void)
{
	char key;

	switch (read(STDIN_FILENO, &key, 1)) {
	case 1:
		return key == 'q' || key == 'Q' ? SCREEN_QUIT : SCREEN_REDRAW;
	case 0:
		return SCREEN_QUIT;
	default:
		return errno == EINTR ? SCREEN_REDRAW : SCREEN_QUIT;
	}
}

enum screen_event screen_wait(int ms)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (poll(fds, 2, ms) <= 0)
		return SCREEN_TIME;
	return fds[0].revents ? take_signal() : take_key();
}
