// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: ksem. Each process that joins has a handle of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "peers.h"

#define DEVICE	"/dev/ksem"

static bool ksem_is_available(void)
{
	return !access(DEVICE, R_OK | W_OK);
}

static int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	bench_check(fd >= 0, DEVICE);
	return fd;
}

static void prepare(struct bench_sem *sem)
{
	sem->fd = open_device();
}

static void bind_new(struct bench_sem *sem, unsigned int permits, unsigned int flags,
		     uint64_t handoff_ns)
{
	struct ksem_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.initial = permits,
		.max = KSEM_MAX_PERMITS,
		.handoff_ns = handoff_ns,
	};

	sem->permits = permits;
	bench_check(!ioctl(sem->fd, KSEM_IOC_CREATE, &arg), "KSEM_IOC_CREATE");
}

#define CREATE(kind, flags, handoff_ns)						\
static void create_prepared_##kind(struct bench_sem *sem, unsigned int permits)	\
{										\
	bind_new(sem, permits, flags, handoff_ns);				\
}										\
										\
static void create_##kind(struct bench_sem *sem, unsigned int permits)		\
{										\
	prepare(sem);								\
	create_prepared_##kind(sem, permits);					\
}

CREATE(fair, KSEM_CREATE_FAIR, 0)
CREATE(non_fair, 0, KSEM_HANDOFF_DEFAULT_NS)
CREATE(unbounded, 0, KSEM_HANDOFF_NEVER)
CREATE(signal, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL, 0)

static void destroy(struct bench_sem *sem)
{
	close(sem->fd);
}

static void join(struct bench_user *user, struct bench_sem *sem)
{
	struct ksem_attach arg = { .size = sizeof(arg), .fd = sem->fd };

	user->sem = sem;
	user->fd = open_device();
	bench_check(!ioctl(user->fd, KSEM_IOC_ATTACH, &arg), "KSEM_IOC_ATTACH");
}

static void leave(struct bench_user *user)
{
	close(user->fd);
}

/* 1 is success, too. */
static void acquire_n(struct bench_user *user, unsigned int n)
{
	bench_check(ioctl(user->fd, KSEM_IOC_ACQUIRE, n) >= 0, "KSEM_IOC_ACQUIRE");
}

static void release_n(struct bench_user *user, unsigned int n)
{
	bench_check(!ioctl(user->fd, KSEM_IOC_RELEASE, n), "KSEM_IOC_RELEASE");
}

static void acquire(struct bench_user *user)
{
	acquire_n(user, 1);
}

static void release(struct bench_user *user)
{
	release_n(user, 1);
}

static bool try_acquire(struct bench_user *user)
{
	if (ioctl(user->fd, KSEM_IOC_TRY_ACQUIRE, 1) >= 0)
		return true;
	bench_check(errno == EAGAIN, "KSEM_IOC_TRY_ACQUIRE");
	return false;
}

static void acquire_ex(struct bench_user *user, unsigned int flags, uint64_t deadline)
{
	struct ksem_acquire_ex arg = {
		.size = sizeof(arg),
		.flags = flags,
		.n = 1,
		.deadline_ns = deadline,
	};

	bench_check(ioctl(user->fd, KSEM_IOC_ACQUIRE_EX, &arg) >= 0, "KSEM_IOC_ACQUIRE_EX");
}

static void timed_acquire(struct bench_user *user, uint64_t deadline)
{
	acquire_ex(user, 0, deadline);
}

static void token_acquire(struct bench_user *user)
{
	acquire_ex(user, KSEM_FLAG_TOKEN, KSEM_NO_DEADLINE);
}

PEER_PAIRS(pairs, acquire, release)

#define KSEM_CAN	(BENCH_MANY | BENCH_N | BENCH_RELEASE_N | BENCH_TRY | BENCH_TIMED | \
			 BENCH_TOKEN | BENCH_BLOCK | BENCH_POLL)

#define KSEM_PEER(its_name, kind, also)		\
{						\
	.name = (its_name),			\
	.can = KSEM_CAN | (also),		\
	.max_permits = KSEM_MAX_PERMITS,	\
	.is_available = ksem_is_available,	\
	.create = create_##kind,		\
	.prepare = prepare,			\
	.create_prepared = create_prepared_##kind, \
	.destroy = destroy,			\
	.join = join,				\
	.leave = leave,				\
	.acquire = acquire,			\
	.release = release,			\
	.acquire_n = acquire_n,			\
	.release_n = release_n,			\
	.try_acquire = try_acquire,		\
	.timed_acquire = timed_acquire,		\
	.token_acquire = token_acquire,		\
	.pairs = pairs,				\
}

const struct bench_peer peer_ksem =
	KSEM_PEER("ksem", fair, BENCH_RECLAIM);
const struct bench_peer peer_ksem_non_fair =
	KSEM_PEER("ksem non-fair", non_fair, BENCH_RECLAIM);
const struct bench_peer peer_ksem_unbounded =
	KSEM_PEER("ksem unbounded", unbounded, BENCH_RECLAIM);
const struct bench_peer peer_ksem_signal =
	KSEM_PEER("ksem signal", signal, BENCH_POST);

/* As a job server's client does it; a pair of them says what that costs. */
static void read_byte(struct bench_user *user)
{
	char token;

	bench_check(read(user->fd, &token, 1) == 1, "read");
}

static void write_byte(struct bench_user *user)
{
	bench_check(write(user->fd, "+", 1) == 1, "write");
}

PEER_PAIRS(byte_pairs, read_byte, write_byte)

const struct bench_peer peer_ksem_bytes = {
	.name = "ksem bytes",
	.max_permits = KSEM_MAX_PERMITS,
	.is_available = ksem_is_available,
	.create = create_non_fair,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.acquire = read_byte,
	.release = write_byte,
	.pairs = byte_pairs,
};

/* What any ioctl on a handle costs: a command that there is not. */
#define UNKNOWN_COMMAND	_IO(KSEM_IOC_TYPE, 0xbf)

static void call_nothing(struct bench_user *user)
{
	bench_check(ioctl(user->fd, UNKNOWN_COMMAND, 1) < 0 && errno == ENOTTY,
		    "an unknown command");
}

PEER_PAIRS(nothing_pairs, call_nothing, call_nothing)

const struct bench_peer peer_bare_ioctl = {
	.name = "ioctl",
	.max_permits = KSEM_MAX_PERMITS,
	.is_available = ksem_is_available,
	.create = create_fair,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.acquire = call_nothing,
	.release = call_nothing,
	.pairs = nothing_pairs,
};
