// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: file locks, which are semaphores of one permit: flock
 * and open file description locks. Each process that joins has a description
 * of its own of a file without a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "peers.h"

static void create(struct bench_sem *sem, unsigned int permits)
{
	errno = EINVAL;
	bench_check(permits == 1, "a file lock is one permit");
	sem->permits = permits;
	sem->fd = memfd_create("ksem-bench", MFD_CLOEXEC);
	bench_check(sem->fd >= 0, "memfd_create");
}

static void destroy(struct bench_sem *sem)
{
	close(sem->fd);
}

static void join(struct bench_user *user, struct bench_sem *sem)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", sem->fd);
	user->sem = sem;
	user->fd = open(path, O_RDWR | O_CLOEXEC);
	bench_check(user->fd >= 0, path);
}

static void leave(struct bench_user *user)
{
	close(user->fd);
}

static void flock_acquire(struct bench_user *user)
{
	bench_check(!flock(user->fd, LOCK_EX), "flock");
}

static void flock_release(struct bench_user *user)
{
	bench_check(!flock(user->fd, LOCK_UN), "flock");
}

static bool flock_try_acquire(struct bench_user *user)
{
	if (!flock(user->fd, LOCK_EX | LOCK_NB))
		return true;
	bench_check(errno == EWOULDBLOCK, "flock");
	return false;
}

PEER_PAIRS(flock_pairs, flock_acquire, flock_release)

static bool set_lock(struct bench_user *user, int command, int type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	return !fcntl(user->fd, command, &whole);
}

static void ofd_acquire(struct bench_user *user)
{
	bench_check(set_lock(user, F_OFD_SETLKW, F_WRLCK), "fcntl");
}

static void ofd_release(struct bench_user *user)
{
	bench_check(set_lock(user, F_OFD_SETLK, F_UNLCK), "fcntl");
}

static bool ofd_try_acquire(struct bench_user *user)
{
	if (set_lock(user, F_OFD_SETLK, F_WRLCK))
		return true;
	bench_check(errno == EAGAIN, "fcntl");
	return false;
}

PEER_PAIRS(ofd_pairs, ofd_acquire, ofd_release)

#define LOCK_PEER(its_name, prefix)				\
{								\
	.name = (its_name),					\
	.can = BENCH_TRY | BENCH_BLOCK | BENCH_RECLAIM,		\
	.max_permits = 1,					\
	.create = create,					\
	.destroy = destroy,					\
	.join = join,						\
	.leave = leave,						\
	.acquire = prefix##_acquire,				\
	.release = prefix##_release,				\
	.try_acquire = prefix##_try_acquire,			\
	.pairs = prefix##_pairs,				\
}

const struct bench_peer peer_flock = LOCK_PEER("flock", flock);
const struct bench_peer peer_ofd = LOCK_PEER("OFD lock", ofd);
