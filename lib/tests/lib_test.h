/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the library share, on top of what all tests do: each call
 * as a result or -errno, and threads that are inside a call of the library.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include "ksem_test.h"

#include <limits.h>

#include <ksem.h>

/* What errno is before each call, and has to be after each success. */
#define LIB_ERRNO		ELNRNG
#define LIB_BROKEN		(-EPROTO)

/*
 * The result of a call, or -errno; LIB_BROKEN if the call changed errno though
 * it succeeded, or failed with something else than -1.
 */
#define LIB(call) ({ \
	int _result; \
	errno = LIB_ERRNO; \
	_result = (call); \
	_result == -1 ? -errno : \
	_result < 0 || errno != LIB_ERRNO ? LIB_BROKEN : _result; \
})

/* The same for a call that returns a pointer: 0 or -errno. */
#define LIB_NEW(pointer, call) ({ \
	void *_new; \
	errno = LIB_ERRNO; \
	_new = (call); \
	pointer = _new; \
	!_new ? -errno : errno != LIB_ERRNO ? LIB_BROKEN : 0; \
})

static inline struct ksem *lib_create(unsigned int initial, bool fair)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k = NULL;

	if (attr && !ksem_attr_set_fair(attr, fair))
		k = ksem_create(initial, attr);
	ksem_attr_free(attr);
	return k;
}

static inline struct ksem *lib_create_signal(unsigned int initial,
					     unsigned int max)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k = NULL;

	if (attr && !ksem_attr_set_signal(attr, true) &&
	    !ksem_attr_set_max(attr, max))
		k = ksem_create(initial, attr);
	ksem_attr_free(attr);
	return k;
}

/* The next descriptor to be given out. */
static inline int lib_next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* How many descriptors are open: more where one has leaked. */
static inline int lib_count_fds(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* How many are free; INT_MIN, which never is true, where the call fails. */
static inline int lib_available(const struct ksem *k)
{
	int available = INT_MIN;

	return LIB(ksem_available(k, &available)) ? INT_MIN : available;
}

static inline struct ksem_info lib_info(const struct ksem *k)
{
	return ksem_test_info(ksem_fd(k));
}

/* True once exactly @n requests are queued. */
static inline bool lib_wait_queued(const struct ksem *k, __u32 n)
{
	return ksem_test_wait_queued(ksem_fd(k), n);
}

/* @ms from now on @clock; may be negative. */
static inline struct timespec lib_in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec < 0) {
		t.tv_sec--;
		t.tv_nsec += 1000000000;
	} else if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static inline __u64 lib_ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000ULL + t->tv_nsec;
}

/* A thread that makes one call. */

struct lib_caller {
	pthread_t thread;
	struct ksem *k;
	int (*call)(struct ksem *k);
	pid_t tid;
	int result;
	bool done;
};

static inline void *lib_caller_main(void *data)
{
	struct lib_caller *caller = data;

	__atomic_store_n(&caller->tid, gettid(), __ATOMIC_RELEASE);
	caller->result = LIB(caller->call(caller->k));
	__atomic_store_n(&caller->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* True if the thread runs, with its tid known. */
static inline bool lib_start(struct lib_caller *caller, struct ksem *k,
			     int (*call)(struct ksem *k))
{
	*caller = (struct lib_caller){ .k = k, .call = call };
	return !pthread_create(&caller->thread, NULL, lib_caller_main, caller) &&
	       ksem_test_until(__atomic_load_n(&caller->tid, __ATOMIC_ACQUIRE));
}

/* Start a call and return once it is the @queued-th in the queue. */
static inline bool lib_queue(struct lib_caller *caller, struct ksem *k,
			     int (*call)(struct ksem *k), __u32 queued)
{
	return lib_start(caller, k, call) && lib_wait_queued(k, queued);
}

static inline bool lib_done(struct lib_caller *caller)
{
	return __atomic_load_n(&caller->done, __ATOMIC_ACQUIRE);
}

/* The call's result; -EINPROGRESS if it does not end within the patience. */
static inline int lib_join(struct lib_caller *caller)
{
	if (!ksem_test_until(lib_done(caller)))
		return -EINPROGRESS;
	pthread_join(caller->thread, NULL);
	return caller->result;
}

/* Install @handler for SIGUSR1. */
static inline int lib_handle_usr1(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL);
}

#endif /* LIB_TEST_H */
