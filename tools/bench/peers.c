// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's peers: the list of them, and the floor of all that is done
 * in the kernel: two system calls that do nothing.
 */
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peers.h"

const struct bench_peer *const bench_peers[] = {
	&peer_ksem,
	&peer_ksem_non_fair,
	&peer_ksem_unbounded,
	&peer_ksem_signal,
	&peer_ksem_bytes,
	&peer_posix,
	&peer_futex,
	&peer_eventfd,
	&peer_pipe,
	&peer_sysv,
	&peer_sysv_undo,
	&peer_flock,
	&peer_ofd,
	&peer_ntsync,
	&peer_bare_ioctl,
	&peer_bare_call,
	&peer_bare_cas,
	NULL,
};

static void create(struct bench_sem *sem, unsigned int permits)
{
	sem->permits = permits;
}

static void destroy(struct bench_sem *sem)
{
	sem->permits = 0;
}

static void call(struct bench_user *user)
{
	(void)user;
	syscall(SYS_getppid);
}

PEER_PAIRS(pairs, call, call)

const struct bench_peer peer_bare_call = {
	.name = "system call",
	.max_permits = INT_MAX,
	.create = create,
	.destroy = destroy,
	.join = peer_join,
	.leave = peer_leave,
	.acquire = call,
	.release = call,
	.pairs = pairs,
};
