/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every program here needs: the kernel's own test harness, each operation
 * as one call that returns its result or -errno, and threads and processes
 * that wait on a semaphore.
 *
 * A test never sleeps to let something happen: it asks the semaphore how many
 * requests are queued and goes on when the number is right.
 */
#ifndef KSEM_TEST_H
#define KSEM_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ksem.h>

#include "kselftest.h"

/* A factor from the environment, 1 without one. What is none ends the program. */
static inline unsigned int ksem_test_factor(const char *name)
{
	const char *text = getenv(name);
	unsigned long factor = 1;
	char *end = NULL;

	if (text)
		factor = strtoul(text, &end, 10);
	if (!factor || factor > 1000000 || (end && *end))
		ksft_exit_fail_msg("%s is a number from 1 to 1000000, not '%s'\n",
				   name, text);
	return factor;
}

/*
 * KSEM_TEST_SLOW: how many times slower than usual everything is, as on a kernel
 * full of checks. The harness gives each test its time by alarm().
 */
static inline unsigned int ksem_test_slow(void)
{
	return ksem_test_factor("KSEM_TEST_SLOW");
}

#define alarm(seconds)		alarm((seconds) * ksem_test_slow())

#include "kselftest_harness.h"

#define KSEM_TEST_DEVICE	"/dev/ksem"

/* What outputs are filled with before a call: no expected value looks so. */
#define KSEM_TEST_POISON	0xa5
#define KSEM_TEST_POISON_32	0xa5a5a5a5U
#define KSEM_TEST_POISON_64	0xa5a5a5a5a5a5a5a5ULL

/* No step of a test takes that long on the slowest virtual machine. */
#define KSEM_TEST_PATIENCE_NS	(10000000000ULL * ksem_test_slow())

#define KSEM_TEST_MS		1000000ULL

/*
 * Without the device there is nothing to test: the whole program is skipped.
 * (The harness of 6.1 runs a test although its fixture said SKIP.)
 */
static void __attribute__((constructor)) ksem_test_need_device(void)
{
	int fd = open(KSEM_TEST_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		ksft_exit_skip("%s is absent: load ksem.ko first\n",
			       KSEM_TEST_DEVICE);
	if (fd >= 0)
		close(fd);
}

/*
 * For tests that make namespaces, control groups or other users:
 *	if (!ksem_test_is_root())
 *		SKIP(return, "needs root");
 */
static inline bool ksem_test_is_root(void)
{
	return !geteuid();
}

/* KSEM_TEST_SCALE: how many times as long as usual storms and races are to be. */
static inline unsigned int ksem_test_scale(void)
{
	return ksem_test_factor("KSEM_TEST_SCALE");
}

/*
 * A storm's or a race's figure, as a line of its own that can be collected: how
 * often something was done, and how often it went wrong.
 */
static inline void ksem_test_figure(const char *name, unsigned long long count,
				    unsigned long long violations)
{
	printf("# %s: %llu, violations: %llu\n", name, count, violations);
	fflush(stdout);
}

/* The same with the worst case: @word is "longest" or "lowest", @unit "us" or "%". */
static inline void ksem_test_figure_worst(const char *name, unsigned long long count,
					  unsigned long long violations, const char *word,
					  unsigned long long worst, const char *unit)
{
	printf("# %s: %llu, violations: %llu, %s: %llu %s\n", name, count, violations, word,
	       worst, unit);
	fflush(stdout);
}

/* Opening, and binding. */

static inline int ksem_test_open(int mode)
{
	int fd = open(KSEM_TEST_DEVICE, mode | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int ksem_test_ioctl(int fd, unsigned int cmd, void *arg)
{
	int result = ioctl(fd, cmd, arg);

	return result < 0 ? -errno : result;
}

/* For the commands whose third argument is n itself. */
static inline int ksem_test_ioctl_n(int fd, unsigned int cmd, unsigned long n)
{
	int result = ioctl(fd, cmd, n);

	return result < 0 ? -errno : result;
}

static inline int ksem_test_create_handoff(int fd, __u32 flags, __u32 initial,
					   __u32 max, __u64 handoff_ns)
{
	struct ksem_create create = {
		.size = sizeof(create),
		.flags = flags,
		.initial = initial,
		.max = max,
		.handoff_ns = handoff_ns,
		.label = "selftest",
	};

	return ksem_test_ioctl(fd, KSEM_IOC_CREATE, &create);
}

static inline int ksem_test_create(int fd, __u32 flags, __u32 initial, __u32 max)
{
	return ksem_test_create_handoff(fd, flags, initial, max,
					flags & KSEM_CREATE_FAIR ? 0 :
					KSEM_HANDOFF_DEFAULT_NS);
}

/* A new handle on a new semaphore. */
static inline int ksem_test_new_handoff(__u32 flags, __u32 initial, __u32 max,
					__u64 handoff_ns)
{
	int fd = ksem_test_open(O_RDWR);
	int result;

	if (fd < 0)
		return fd;
	result = ksem_test_create_handoff(fd, flags, initial, max, handoff_ns);
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

static inline int ksem_test_fair(__u32 initial, __u32 max)
{
	return ksem_test_new_handoff(KSEM_CREATE_FAIR, initial, max, 0);
}

static inline int ksem_test_nonfair(__u32 initial, __u32 max)
{
	return ksem_test_new_handoff(0, initial, max, KSEM_HANDOFF_DEFAULT_NS);
}

/* A fair signal semaphore. */
static inline int ksem_test_signal(__u32 initial, __u32 max)
{
	return ksem_test_new_handoff(KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL,
				     initial, max, 0);
}

static inline int ksem_test_attach(int fd, int other)
{
	struct ksem_attach attach = { .size = sizeof(attach), .fd = other };

	return ksem_test_ioctl(fd, KSEM_IOC_ATTACH, &attach);
}

/* A new handle, opened with @mode, on the semaphore of @other. */
static inline int ksem_test_attached_mode(int other, int mode)
{
	int fd = ksem_test_open(mode);
	int result;

	if (fd < 0)
		return fd;
	result = ksem_test_attach(fd, other);
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

static inline int ksem_test_attached(int other)
{
	return ksem_test_attached_mode(other, O_RDWR);
}

/* The operations. */

static inline int ksem_test_acquire(int fd, unsigned long n)
{
	return ksem_test_ioctl_n(fd, KSEM_IOC_ACQUIRE, n);
}

static inline int ksem_test_try_acquire(int fd, unsigned long n)
{
	return ksem_test_ioctl_n(fd, KSEM_IOC_TRY_ACQUIRE, n);
}

static inline int ksem_test_release(int fd, unsigned long n)
{
	return ksem_test_ioctl_n(fd, KSEM_IOC_RELEASE, n);
}

/* @token: poisoned, then what the kernel wrote; may be NULL. */
static inline int ksem_test_acquire_ex(int fd, __u32 flags, __u32 n,
				       __u64 deadline_ns, __u64 *token)
{
	struct ksem_acquire_ex ex = {
		.size = sizeof(ex),
		.flags = flags,
		.n = n,
		.deadline_ns = deadline_ns,
		.out_token = KSEM_TEST_POISON_64,
	};
	int result = ksem_test_ioctl(fd, KSEM_IOC_ACQUIRE_EX, &ex);

	if (token)
		*token = ex.out_token;
	return result;
}

static inline int ksem_test_try_acquire_ex(int fd, __u32 flags, __u32 n,
					   __u64 *token)
{
	struct ksem_try_acquire_ex ex = {
		.size = sizeof(ex),
		.flags = flags,
		.n = n,
		.out_token = KSEM_TEST_POISON_64,
	};
	int result = ksem_test_ioctl(fd, KSEM_IOC_TRY_ACQUIRE_EX, &ex);

	if (token)
		*token = ex.out_token;
	return result;
}

static inline int ksem_test_post(int fd, __u32 n)
{
	struct ksem_post post = { .size = sizeof(post), .n = n };

	return ksem_test_ioctl(fd, KSEM_IOC_POST, &post);
}

/* @n: poisoned, then how many were taken. */
static inline int ksem_test_drain(int fd, __u32 *n)
{
	struct ksem_drain drain = {
		.size = sizeof(drain),
		.out_n = KSEM_TEST_POISON_32,
		.out_token = KSEM_TEST_POISON_64,
	};
	int result = ksem_test_ioctl(fd, KSEM_IOC_DRAIN, &drain);

	*n = drain.out_n;
	return result;
}

static inline int ksem_test_reduce(int fd, __u32 n)
{
	struct ksem_reduce reduce = { .size = sizeof(reduce), .n = n };

	return ksem_test_ioctl(fd, KSEM_IOC_REDUCE, &reduce);
}

static inline int ksem_test_forget(int fd, __u32 n)
{
	struct ksem_forget forget = { .size = sizeof(forget), .n = n };

	return ksem_test_ioctl(fd, KSEM_IOC_FORGET, &forget);
}

static inline int ksem_test_resize(int fd, __u32 capacity)
{
	struct ksem_resize resize = {
		.size = sizeof(resize),
		.capacity = capacity,
	};

	return ksem_test_ioctl(fd, KSEM_IOC_RESIZE, &resize);
}

static inline int ksem_test_transfer(int fd, __u32 n, int to)
{
	struct ksem_transfer transfer = {
		.size = sizeof(transfer),
		.n = n,
		.fd = to,
	};

	return ksem_test_ioctl(fd, KSEM_IOC_TRANSFER, &transfer);
}

static inline int ksem_test_shutdown(int fd)
{
	struct ksem_shutdown shutdown = { .size = sizeof(shutdown) };

	return ksem_test_ioctl(fd, KSEM_IOC_SHUTDOWN, &shutdown);
}

/* Looking. */

static inline int ksem_test_get_info(int fd, struct ksem_info *info)
{
	memset(info, KSEM_TEST_POISON, sizeof(*info));
	info->size = sizeof(*info);
	info->flags = 0;
	return ksem_test_ioctl(fd, KSEM_IOC_INFO, info);
}

/* A snapshot; where it fails it stays poison, which no test expects. */
static inline struct ksem_info ksem_test_info(int fd)
{
	struct ksem_info info;

	ksem_test_get_info(fd, &info);
	return info;
}

/* @result: its out_count and out_total are poisoned, then as written. */
static inline int ksem_test_holders(int fd, struct ksem_holder_entry *entries,
				    __u32 count, struct ksem_holders *result)
{
	memset(entries, KSEM_TEST_POISON, count * sizeof(*entries));
	*result = (struct ksem_holders){
		.size = sizeof(*result),
		.entries = (uintptr_t)entries,
		.count = count,
		.entry_size = sizeof(*entries),
		.out_count = KSEM_TEST_POISON_32,
		.out_total = KSEM_TEST_POISON_32,
	};
	return ksem_test_ioctl(fd, KSEM_IOC_HOLDERS, result);
}

static inline int ksem_test_waiters(int fd, struct ksem_waiter_entry *entries,
				    __u32 count, struct ksem_waiters *result)
{
	memset(entries, KSEM_TEST_POISON, count * sizeof(*entries));
	*result = (struct ksem_waiters){
		.size = sizeof(*result),
		.entries = (uintptr_t)entries,
		.count = count,
		.entry_size = sizeof(*entries),
		.out_count = KSEM_TEST_POISON_32,
		.out_total = KSEM_TEST_POISON_32,
	};
	return ksem_test_ioctl(fd, KSEM_IOC_WAITERS, result);
}

static inline int ksem_test_features(int fd, __u64 *features)
{
	struct ksem_features arg = {
		.size = sizeof(arg),
		.out_features = KSEM_TEST_POISON_64,
	};
	int result = ksem_test_ioctl(fd, KSEM_IOC_FEATURES, &arg);

	*features = arg.out_features;
	return result;
}

/* What all accounts add up to, and how many they are; false: the list was too short. */
static inline bool ksem_test_sum_holders(int fd, __u32 most, __u64 *sum, __u32 *nr)
{
	struct ksem_holder_entry *entries = calloc(most, sizeof(*entries));
	struct ksem_holders list;
	bool whole;
	__u32 i;

	whole = entries && !ksem_test_holders(fd, entries, most, &list) &&
		list.out_total == list.out_count;
	*sum = 0;
	*nr = whole ? list.out_count : 0;
	for (i = 0; i < *nr; i++)
		*sum += entries[i].permits;
	free(entries);
	return whole;
}

/*
 * What is free and what is in the accounts make up the capacity. The kernel takes
 * out_held for the difference, so the accounts are summed up here. That is two calls
 * and more: it says something where info is the same before and after, and of a few
 * times that are not there is nothing to be said. (A transfer does not show in info:
 * for moments without one.)
 */
static inline bool ksem_test_conserved(int fd)
{
	struct ksem_info info, again;
	unsigned int tries;
	bool whole;
	__u64 sum;
	__u32 nr;

	for (tries = 0; tries < 10; tries++) {
		if (ksem_test_get_info(fd, &info))
			return false;
		whole = ksem_test_sum_holders(fd, info.out_holders + 1, &sum, &nr);
		if (ksem_test_get_info(fd, &again))
			return false;
		if (memcmp(&info, &again, sizeof(info)))
			continue;
		return whole && nr == info.out_holders && sum == info.out_held &&
		       (__s64)info.out_available + info.out_held == info.out_capacity;
	}
	return true;
}

/* Set a parameter of the module; returns the old value, or -1. */
static inline long ksem_test_set_parameter(const char *name, long value)
{
	char path[64];
	long old = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/ksem/parameters/%s", name);
	file = fopen(path, "r+e");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &old) != 1)
		old = -1;
	rewind(file);
	fprintf(file, "%ld\n", value);
	return fclose(file) ? -1 : old;
}

/* Time. */

static inline __u64 ksem_test_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static inline __u64 ksem_test_now(void)
{
	return ksem_test_clock(CLOCK_MONOTONIC);
}

/* A deadline so many ms ahead; further where a thread takes long to get there. */
static inline __u64 ksem_test_in_ms(__u64 ms)
{
	return ksem_test_now() + ms * ksem_test_slow() * KSEM_TEST_MS;
}

/*
 * Poll until @condition holds; false if it does not within the patience. Only
 * for what no call reports in another way.
 */
#define ksem_test_until(condition) ({ \
	__u64 _until = ksem_test_now() + KSEM_TEST_PATIENCE_NS; \
	bool _held; \
	while (!(_held = !!(condition)) && ksem_test_now() < _until) \
		usleep(500); \
	_held; \
})

/* True once exactly @n requests are queued. */
static inline bool ksem_test_wait_queued(int fd, __u32 n)
{
	return ksem_test_until(ksem_test_info(fd).out_waiters == n);
}

/* A thread that makes one request. */

struct ksem_test_waiter {
	pthread_t thread;
	int fd;
	unsigned int cmd;
	unsigned long n;
	void *arg;		/* of the commands with a structure */
	struct ksem_acquire_ex ex;
	pid_t tid;
	int result;
	bool done;
};

static inline void *ksem_test_waiter_main(void *data)
{
	struct ksem_test_waiter *waiter = data;

	__atomic_store_n(&waiter->tid, gettid(), __ATOMIC_RELEASE);
	if (waiter->arg)
		waiter->result = ksem_test_ioctl(waiter->fd, waiter->cmd,
						 waiter->arg);
	else
		waiter->result = ksem_test_ioctl_n(waiter->fd, waiter->cmd,
						   waiter->n);
	__atomic_store_n(&waiter->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* True if the thread runs, with its tid known. */
static inline bool ksem_test_launch(struct ksem_test_waiter *waiter)
{
	pthread_attr_t attr;
	int error;

	waiter->tid = 0;
	waiter->result = -EINPROGRESS;
	waiter->done = false;
	/* Hundreds of them fit in a small virtual machine. */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	error = pthread_create(&waiter->thread, &attr, ksem_test_waiter_main,
			       waiter);
	pthread_attr_destroy(&attr);
	return !error &&
	       ksem_test_until(__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE));
}

/* Start acquire of @n. */
static inline bool ksem_test_start(struct ksem_test_waiter *waiter, int fd,
				   unsigned long n)
{
	*waiter = (struct ksem_test_waiter){
		.fd = fd,
		.cmd = KSEM_IOC_ACQUIRE,
		.n = n,
	};
	return ksem_test_launch(waiter);
}

/* Start acquire_ex of @n; the structure stays readable in waiter->ex. */
static inline bool ksem_test_start_ex(struct ksem_test_waiter *waiter, int fd,
				      __u32 flags, __u32 n, __u64 deadline_ns)
{
	*waiter = (struct ksem_test_waiter){
		.fd = fd,
		.cmd = KSEM_IOC_ACQUIRE_EX,
		.ex.size = sizeof(waiter->ex),
		.ex.flags = flags,
		.ex.n = n,
		.ex.deadline_ns = deadline_ns,
		.ex.out_token = KSEM_TEST_POISON_64,
	};
	waiter->arg = &waiter->ex;
	return ksem_test_launch(waiter);
}

/* Start a request and return once it is the @queued-th in the queue. */
static inline bool ksem_test_queue(struct ksem_test_waiter *waiter, int fd,
				   unsigned long n, __u32 queued)
{
	return ksem_test_start(waiter, fd, n) &&
	       ksem_test_wait_queued(fd, queued);
}

static inline bool ksem_test_done(struct ksem_test_waiter *waiter)
{
	return __atomic_load_n(&waiter->done, __ATOMIC_ACQUIRE);
}

/*
 * The request's result; -EINPROGRESS if it does not end within the patience
 * (the thread is left behind then, and ends with the test).
 */
static inline int ksem_test_join(struct ksem_test_waiter *waiter)
{
	if (!ksem_test_until(ksem_test_done(waiter)))
		return -EINPROGRESS;
	pthread_join(waiter->thread, NULL);
	return waiter->result;
}

/* The state letter of a thread, or of a process's first one, as ps shows it; or 0. */
static inline char ksem_test_task_state(pid_t tid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = 0;
	fclose(file);
	return state;
}

/* Processes. */

/* A fork whose child does not outlive the test. */
static inline pid_t ksem_test_fork(void)
{
	pid_t parent = getpid(), seen, pid;

	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before; 0: it is outside of a new pid namespace. */
	seen = getppid();
	if (seen && seen != parent)
		_exit(1);
	return 0;
}

/* An exit status that ksem_test_reap() turns into @result again. */
#define KSEM_TEST_STATUS_ERRNO	64

static inline void ksem_test_exit(int result)
{
	_exit(result < 0 ? KSEM_TEST_STATUS_ERRNO - result : result);
}

/*
 * What a child gave to ksem_test_exit(), or 256 + the signal that killed it, or
 * -EINPROGRESS if it does not end within the patience.
 */
static inline int ksem_test_reap(pid_t pid)
{
	int status = 0;
	pid_t reaped;
	bool ended;

	ended = ksem_test_until(reaped = waitpid(pid, &status, WNOHANG));
	if (!ended)
		return -EINPROGRESS;
	if (reaped < 0)
		return -errno;
	if (WIFSIGNALED(status))
		return 256 + WTERMSIG(status);
	status = WEXITSTATUS(status);
	return status > KSEM_TEST_STATUS_ERRNO ?
	       KSEM_TEST_STATUS_ERRNO - status : status;
}

/* A child that acquires @n through @fd and exits with the result. */
static inline pid_t ksem_test_child_acquire(int fd, unsigned long n)
{
	pid_t pid = ksem_test_fork();

	if (!pid)
		ksem_test_exit(ksem_test_acquire(fd, n));
	return pid;
}

/*
 * A child that holds @n through a handle of its own, attached to the semaphore
 * of @fd, until it is killed. Returns when it holds them; its pid or -errno.
 */
static inline pid_t ksem_test_child_hold(int fd, unsigned long n)
{
	int ready[2], result = -EPIPE;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = ksem_test_fork();
	if (!pid) {
		int own = ksem_test_attached(fd);

		/* Or else this copy of the parent's handle keeps it alive. */
		close(fd);
		result = own < 0 ? own : ksem_test_acquire(own, n);
		if (write(ready[1], &result, sizeof(result)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &result, sizeof(result)) < 0)
		result = -errno;
	close(ready[0]);
	if (pid > 0 && result < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return result;
	}
	return pid;
}

/* Kill with -9 and wait until it is reported dead. */
static inline int ksem_test_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	return ksem_test_reap(pid);
}

#endif /* KSEM_TEST_H */
