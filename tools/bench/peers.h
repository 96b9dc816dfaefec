/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark's peers: what their files share.
 *
 * A peer uses its primitive as any program would: the C library's function
 * where there is one, ioctl() where there is none.
 */
#ifndef KSEM_BENCH_PEERS_H
#define KSEM_BENCH_PEERS_H

#include "bench.h"

#define NSEC_PER_SEC	1000000000ULL

/*
 * A peer's pairs(), with both calls written out where they can be; they are
 * this file's static functions.
 */
#define PEER_PAIRS(name, acquire, release)				\
static void name(struct bench_user *user, unsigned long loops)		\
{									\
	while (loops--) {						\
		acquire(user);						\
		release(user);						\
	}								\
}

/* For those whose processes all use what they have inherited. */
static inline void peer_join(struct bench_user *user, struct bench_sem *sem)
{
	user->sem = sem;
	user->fd = -1;
}

static inline void peer_leave(struct bench_user *user)
{
	user->sem = NULL;
}

extern const struct bench_peer peer_ksem, peer_ksem_non_fair, peer_ksem_unbounded,
	peer_ksem_signal, peer_ksem_bytes, peer_posix, peer_futex, peer_eventfd, peer_pipe,
	peer_sysv, peer_sysv_undo, peer_flock, peer_ofd, peer_ntsync,
	peer_bare_ioctl, peer_bare_call, peer_bare_cas;

#endif /* KSEM_BENCH_PEERS_H */
