/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that make one request after the other, as told: what a second request
 * finds of the first one's place in the queue depends on its thread.
 */
#ifndef KSEM_TEST_ACTOR_H
#define KSEM_TEST_ACTOR_H

#include "ksem_test.h"
#include "ksem_test_proc.h"

#include <poll.h>

#define KSEM_TEST_PATIENCE_MS	((int)(KSEM_TEST_PATIENCE_NS / KSEM_TEST_MS))

struct ksem_test_request {
	int fd;
	unsigned int cmd;
	struct ksem_acquire_ex ex;
	int (*call)(void *arg);	/* instead of all that */
	void *arg;
};

struct ksem_test_actor {
	pthread_t thread;
	pid_t tid;
	int requests[2];
	int results[2];
};

static inline void *ksem_test_actor_main(void *data)
{
	struct ksem_test_actor *actor = data;
	struct ksem_test_request request;
	int result;

	__atomic_store_n(&actor->tid, gettid(), __ATOMIC_RELEASE);
	for (;;) {
		/* A signal that came too late for a wait may end the read. */
		if (read(actor->requests[0], &request, sizeof(request)) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (request.call)
			result = request.call(request.arg);
		else if (request.cmd == KSEM_IOC_ACQUIRE)
			result = ksem_test_acquire(request.fd, request.ex.n);
		else
			result = ksem_test_ioctl(request.fd, request.cmd, &request.ex);
		if (write(actor->results[1], &result, sizeof(result)) < 0)
			break;
	}
	return NULL;
}

static inline bool ksem_test_actor_start(struct ksem_test_actor *actor)
{
	pthread_attr_t attr;
	int error;

	actor->tid = 0;
	if (pipe2(actor->requests, O_CLOEXEC) || pipe2(actor->results, O_CLOEXEC))
		return false;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	error = pthread_create(&actor->thread, &attr, ksem_test_actor_main, actor);
	pthread_attr_destroy(&attr);
	return !error &&
	       ksem_test_until(__atomic_load_n(&actor->tid, __ATOMIC_ACQUIRE));
}

/* Have it make a request with acquire_ex. */
static inline bool ksem_test_ask_ex(struct ksem_test_actor *actor, int fd,
				    __u32 flags, __u32 n, __u64 deadline_ns)
{
	struct ksem_test_request request = {
		.fd = fd,
		.cmd = KSEM_IOC_ACQUIRE_EX,
		.ex.size = sizeof(request.ex),
		.ex.flags = flags,
		.ex.n = n,
		.ex.deadline_ns = deadline_ns,
	};

	return write(actor->requests[1], &request, sizeof(request)) ==
	       sizeof(request);
}

/* Have it make a request with acquire. */
static inline bool ksem_test_ask(struct ksem_test_actor *actor, int fd, __u32 n)
{
	struct ksem_test_request request = {
		.fd = fd,
		.cmd = KSEM_IOC_ACQUIRE,
		.ex.n = n,
	};

	return write(actor->requests[1], &request, sizeof(request)) ==
	       sizeof(request);
}

/* The same; returns when it is the @queued-th in the queue. */
static inline bool ksem_test_ask_queued(struct ksem_test_actor *actor, int fd,
					__u32 n, __u32 queued)
{
	return ksem_test_ask(actor, fd, n) && ksem_test_wait_queued(fd, queued);
}

/* Have it call a function, whose result is its answer. */
static inline bool ksem_test_ask_call(struct ksem_test_actor *actor, int (*call)(void *arg),
				      void *arg)
{
	struct ksem_test_request request = { .call = call, .arg = arg };

	return write(actor->requests[1], &request, sizeof(request)) ==
	       sizeof(request);
}

/* Has a request been answered? */
static inline bool ksem_test_answered(struct ksem_test_actor *actor)
{
	struct pollfd ready = { .fd = actor->results[0], .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

/* The result of what it was asked for; -EINPROGRESS if none comes. */
static inline int ksem_test_answer(struct ksem_test_actor *actor)
{
	struct pollfd ready = { .fd = actor->results[0], .events = POLLIN };
	int result;

	if (poll(&ready, 1, KSEM_TEST_PATIENCE_MS) != 1 ||
	    read(actor->results[0], &result, sizeof(result)) != sizeof(result))
		return -EINPROGRESS;
	return result;
}

/* End its wait; true once it has reported EINTR. */
static inline bool ksem_test_interrupt(struct ksem_test_actor *actor)
{
	return !ksem_test_tgkill(actor->tid, KSEM_TEST_SIG_END) &&
	       ksem_test_answer(actor) == -EINTR;
}

/* True once @interrupts waits were broken off and @waiters are queued. */
static inline bool ksem_test_wait_requeued(int fd, __u64 interrupts, __u32 waiters)
{
	struct ksem_info info;

	return ksem_test_until((info = ksem_test_info(fd)).out_interrupts == interrupts &&
			       info.out_waiters == waiters);
}

#endif /* KSEM_TEST_ACTOR_H */
