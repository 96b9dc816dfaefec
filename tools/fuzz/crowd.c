// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: many threads that wait on one handle
 *
 * So that there is more to do than one batch, and more interrupted requests than keep
 * their place. The threads are made when they are first needed.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define CROWD_MAX	72
#define CROWD_STACK	32768
/* So many of them say what they reach: the others do the same. */
#define CROWD_GUIDES	8
#define CROWD_POINTS	2048
/* How long each of them waits: so long where something else is to end it, or this. */
#define CROWD_LONG_NS	2000000000ULL
#define CROWD_WAIT_NS	50000000ULL

/* A crowd costs as much as so many calls: no more than that after the last one. */
#define CROWD_CALLS	20000

/* What the crowd's flags mean. */
#define CROWD_SIGNAL	1	/* waits are broken off, and made once more */
#define CROWD_END	12	/* two bits: how the permits come */
#define CROWD_POST	0
#define CROWD_SHUTDOWN	4
#define CROWD_NOTHING	8

struct member {
	__u32 go;
	__u32 done;
	__u32 tid;
	struct fuzz_kcov kcov;
};

static struct member members[CROWD_MAX];
static unsigned int nr_members;
static int crowd_fd;
static unsigned int crowd_flags;
static struct fuzz_shared *crowd_shared;
static __u32 crowd_busy;

static void wait_once(void)
{
	struct ksem_acquire_ex ex = {
		.size = sizeof(ex),
		.n = 1,
		.deadline_ns = fuzz_now(CLOCK_MONOTONIC) + CROWD_LONG_NS,
	};

	if ((crowd_flags & CROWD_END) == CROWD_NOTHING)
		ex.deadline_ns -= CROWD_LONG_NS - CROWD_WAIT_NS;
	if (crowd_flags & CROWD_SIGNAL)
		syscall(SYS_ioctl, crowd_fd, KSEM_IOC_ACQUIRE, 1UL);
	else
		syscall(SYS_ioctl, crowd_fd, KSEM_IOC_ACQUIRE_EX, &ex);
}

static void *be_member(void *arg)
{
	struct member *m = arg;
	__u32 seen = 0;

	__atomic_store_n(&m->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (m < &members[CROWD_GUIDES])
		fuzz_kcov_start(&m->kcov, CROWD_POINTS);
	for (;;) {
		while (__atomic_load_n(&m->go, __ATOMIC_ACQUIRE) == seen)
			fuzz_futex_wait(&m->go, seen);
		seen++;
		fuzz_kcov_reset(&m->kcov);
		wait_once();
		fuzz_kcov_collect(&m->kcov, crowd_shared);
		__atomic_store_n(&m->done, seen, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void gather(unsigned int nr)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CROWD_STACK);
	for (; nr_members < nr; nr_members++)
		if (pthread_create(&thread, &attr, be_member, &members[nr_members]))
			break;
	pthread_attr_destroy(&attr);
}

/* Until all are in the queue; where they can't be, not for long. */
static void wait_for_queue(int fd, unsigned int nr)
{
	struct ksem_info info = { .size = sizeof(info) };
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		if (syscall(SYS_ioctl, fd, KSEM_IOC_INFO, &info) || info.out_waiters >= nr ||
		    info.out_flags & KSEM_INFO_SHUTDOWN)
			return;
		fuzz_sleep(1000000);
	}
}

/* The sibling seldom comes when the queue is long: as it is, and where it can't be told. */
static void look_at_queue(struct fuzz_thread *t, int fd)
{
	static struct ksem_waiter_entry entries[CROWD_MAX];
	struct ksem_waiters list = {
		.size = sizeof(list),
		.entries = (unsigned long)entries,
		.count = CROWD_MAX,
		.entry_size = sizeof(entries[0]),
	};

	syscall(SYS_ioctl, fd, KSEM_IOC_WAITERS, &list);
	/* Half an entry, then a hole. */
	list.entries = fuzz_area_entries(&t->area, t->process->page, PTR_ACROSS, 0);
	syscall(SYS_ioctl, fd, KSEM_IOC_WAITERS, &list);
}

/* Those who still wait are signalled, if that is how they are to end. */
static unsigned int count_waiting(unsigned int nr, bool kick)
{
	unsigned int i, waiting = 0;

	for (i = 0; i < nr; i++) {
		struct member *m = &members[i];

		if (__atomic_load_n(&m->done, __ATOMIC_ACQUIRE) == m->go)
			continue;
		waiting++;
		if (kick && __atomic_load_n(&m->tid, __ATOMIC_ACQUIRE))
			syscall(SYS_tgkill, getpid(), m->tid, SIGALRM);
	}
	return waiting;
}

static void give(int fd, const struct fuzz_call *c)
{
	struct ksem_post post = { .size = sizeof(post), .n = c->m };
	struct ksem_shutdown shutdown = { .size = sizeof(shutdown) };

	switch (c->flags & CROWD_END) {
	case CROWD_POST:
		syscall(SYS_ioctl, fd, KSEM_IOC_POST, &post);
		break;
	case CROWD_SHUTDOWN:
		syscall(SYS_ioctl, fd, KSEM_IOC_SHUTDOWN, &shutdown);
		break;
	}
}

/* Not too often, and never where all is to be certain. */
bool fuzz_crowd_may_come(struct fuzz_thread *t)
{
	static __u64 next[2];
	__u64 calls = t->state->calls;

	if (t->process->shared->mode == MODE_SINGLE || calls < next[t->index])
		return false;
	if (t->process->shared->mode == MODE_FUZZ)
		next[t->index] = calls + CROWD_CALLS;
	return true;
}

/* One crowd of a process at a time. */
long fuzz_crowd(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	unsigned int nr = c->n < CROWD_MAX ? c->n : CROWD_MAX, i;

	if (__atomic_exchange_n(&crowd_busy, 1, __ATOMIC_ACQUIRE))
		return 0;
	crowd_shared = t->process->shared;
	crowd_fd = fd;
	crowd_flags = c->flags;
	gather(nr);
	if (nr > nr_members)
		nr = nr_members;
	for (i = 0; i < nr; i++) {
		__atomic_store_n(&members[i].go, members[i].go + 1, __ATOMIC_RELEASE);
		fuzz_futex_wake(&members[i].go, 1);
	}
	if ((c->flags & CROWD_END) != CROWD_NOTHING)
		wait_for_queue(fd, nr);
	look_at_queue(t, fd);
	give(fd, c);
	/* Time for those who got something, or who have a deadline; then signals. */
	fuzz_sleep(2000000);
	while (count_waiting(nr, c->flags & CROWD_SIGNAL ||
			     (c->flags & CROWD_END) != CROWD_NOTHING))
		fuzz_sleep(5000000);
	__atomic_store_n(&crowd_busy, 0, __ATOMIC_RELEASE);
	return 0;
}
