// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: a pipe with a byte for each permit, as make's
 * jobserver has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "peers.h"

/* A pipe's size unless asked for more. */
#define PIPE_BYTES	65536

static void put(int fd, unsigned int n)
{
	static const char tokens[PIPE_BUF];

	while (n) {
		ssize_t put = write(fd, tokens, n < PIPE_BUF ? n : PIPE_BUF);

		bench_check(put > 0, "pipe write");
		n -= put;
	}
}

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
	bench_check(!pipe2(sem->fds, O_CLOEXEC | (sem->tries ? O_NONBLOCK : 0)), "pipe");
	put(sem->fds[1], permits);
}

static void destroy(struct bench_sem *sem)
{
	close(sem->fds[0]);
	close(sem->fds[1]);
}

static void join(struct bench_user *user, struct bench_sem *sem)
{
	user->sem = sem;
	user->fd = sem->fds[0];
}

static bool take(struct bench_user *user)
{
	char token;

	return read(user->fd, &token, 1) == 1;
}

static void acquire(struct bench_user *user)
{
	bench_check(take(user), "pipe read");
}

static bool try_acquire(struct bench_user *user)
{
	if (take(user))
		return true;
	bench_check(errno == EAGAIN, "pipe read");
	return false;
}

static void release_n(struct bench_user *user, unsigned int n)
{
	put(user->sem->fds[1], n);
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

PEER_PAIRS(pairs, acquire, release)

const struct bench_peer peer_pipe = {
	.name = "pipe",
	.can = BENCH_MANY | BENCH_RELEASE_N | BENCH_TRY | BENCH_POST | BENCH_BLOCK | BENCH_POLL,
	.max_permits = PIPE_BYTES,
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = peer_leave,
	.acquire = acquire,
	.release = release,
	.release_n = release_n,
	.try_acquire = try_acquire,
	.pairs = pairs,
};
