/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that wait through a handle of their own, and give up as told.
 */
#ifndef KSEM_TEST_PROC_H
#define KSEM_TEST_PROC_H

#include "ksem_test.h"

/* A deadline that no test lives to see. */
#define KSEM_TEST_HOUR_MS	3600000ULL

/* What a signal does to a wait: SIGUSR1 ends it, SIGUSR2 has it restarted. */
#define KSEM_TEST_SIG_END	SIGUSR1
#define KSEM_TEST_SIG_RESTART	SIGUSR2

/* How many signals the handlers have seen in this process. */
static unsigned int ksem_test_handled;

static inline void ksem_test_handler(int sig)
{
	__atomic_add_fetch(&ksem_test_handled, 1, __ATOMIC_SEQ_CST);
}

static inline void ksem_test_catch_signals(void)
{
	struct sigaction action = { .sa_handler = ksem_test_handler };

	sigaction(KSEM_TEST_SIG_END, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(KSEM_TEST_SIG_RESTART, &action, NULL);
}

static inline unsigned int ksem_test_signals_handled(void)
{
	return __atomic_load_n(&ksem_test_handled, __ATOMIC_SEQ_CST);
}

/* Signal one thread of this process. */
static inline int ksem_test_tgkill(pid_t tid, int sig)
{
	return syscall(SYS_tgkill, getpid(), tid, sig);
}

/*
 * A child that acquires @n through a handle of its own, attached to the
 * semaphore of @fd, and exits with the result: its permits come back at once.
 */
static inline pid_t ksem_test_child_wait(int fd, unsigned long n)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		int own = ksem_test_attached(fd);

		close(fd);
		ksem_test_exit(own < 0 ? own : ksem_test_acquire(own, n));
	}
	return pid;
}

/* The same, but it keeps what it got, until it is killed. */
static inline pid_t ksem_test_child_wait_hold(int fd, unsigned long n)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		int own = ksem_test_attached(fd);

		close(fd);
		if (own < 0 || ksem_test_acquire(own, n) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

/* The ways in which a waiter gives up. */
enum ksem_test_way {
	KSEM_TEST_TIMEOUT,
	KSEM_TEST_SIGNAL,
	KSEM_TEST_KILL,
};

struct ksem_test_quitter {
	enum ksem_test_way way;
	pid_t pid;
};

/*
 * Start a child that wants @n and will give up, in @ms if by a time-out, else
 * when told to. It waits through @fd itself: a handle of its own would serve
 * the others when it goes, whether the wait has done so or not. Returns when it
 * is the @queued-th in the queue; false, too, if it has timed out before this
 * could be seen.
 */
static inline bool ksem_test_quitter_queue(struct ksem_test_quitter *quitter,
					   int fd, __u32 n,
					   enum ksem_test_way way, __u64 ms,
					   __u32 queued)
{
	struct ksem_info info;

	quitter->way = way;
	quitter->pid = ksem_test_fork();
	if (!quitter->pid) {
		__u64 deadline_ns = KSEM_NO_DEADLINE;

		ksem_test_catch_signals();
		if (way == KSEM_TEST_TIMEOUT)
			deadline_ns = ksem_test_in_ms(ms);
		ksem_test_exit(ksem_test_acquire_ex(fd, 0, n, deadline_ns, NULL));
	}
	return quitter->pid > 0 &&
	       ksem_test_until((info = ksem_test_info(fd)).out_waiters == queued ||
			       info.out_timeouts) &&
	       !info.out_timeouts;
}

/* Have it give up; true once it has ended, in its way. */
static inline bool ksem_test_quitter_quit(struct ksem_test_quitter *quitter)
{
	switch (quitter->way) {
	case KSEM_TEST_TIMEOUT:
		return ksem_test_reap(quitter->pid) == -ETIMEDOUT;
	case KSEM_TEST_SIGNAL:
		kill(quitter->pid, KSEM_TEST_SIG_END);
		return ksem_test_reap(quitter->pid) == -EINTR;
	case KSEM_TEST_KILL:
		return ksem_test_kill(quitter->pid) == 256 + SIGKILL;
	}
	return false;
}

/*
 * How long a time-out is at first, in ms, and at most: a test that is not ready
 * when its waiter's time is up begins anew with twice as long.
 */
#define KSEM_TEST_FIRST_MS	40
#define KSEM_TEST_LAST_MS	8000

#endif /* KSEM_TEST_PROC_H */
