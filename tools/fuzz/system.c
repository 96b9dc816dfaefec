// SPDX-License-Identifier: GPL-2.0-only
/* ksem-fuzz: small things of the system's */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

/* 32-bit programs have the old number alone in some C libraries; no time-out is given. */
#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif

void fuzz_die(const char *what)
{
	fprintf(stderr, "ksem-fuzz: %s: %m\n", what);
	exit(2);
}

__u64 fuzz_now(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void fuzz_sleep(__u64 ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	nanosleep(&ts, NULL);
}

void fuzz_futex_wait(__u32 *word, __u32 value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

void fuzz_futex_wake(__u32 *word, int nr)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, nr);
}

/* Out of the way of the descriptors that programs open and close. */
int fuzz_move_fd(int fd, int least)
{
	int moved;

	if (fd < 0)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, least);
	close(fd);
	return moved;
}

/* What failed before is what is told. */
void fuzz_close_quietly(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
}

/* The beginning of a file that the kernel makes up: 0, or -1. */
long fuzz_read_file(const char *name)
{
	char text[4096];
	ssize_t got;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof(text));
	fuzz_close_quietly(fd);
	return got < 0 ? -1 : 0;
}
