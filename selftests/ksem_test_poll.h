/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What poll and epoll say of a handle.
 */
#ifndef KSEM_TEST_POLL_H
#define KSEM_TEST_POLL_H

#include "ksem_test.h"

#include <poll.h>
#include <sys/epoll.h>

#define KSEM_TEST_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP)

/* What poll says now. */
static inline int ksem_test_events(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&poll_fd, 1, 0) < 0 ? -errno : poll_fd.revents & KSEM_TEST_EVENTS;
}

/* An epoll instance that watches @fd; @how: EPOLLET and the like. */
static inline int ksem_test_watch(int fd, __u32 how)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | how };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : epoll;
}

/* What it reports at once: 0 if nothing. */
static inline int ksem_test_reported(int epoll)
{
	struct epoll_event event = { };
	int n = epoll_wait(epoll, &event, 1, 0);

	return n < 0 ? -errno : n ? event.events & KSEM_TEST_EVENTS : 0;
}

/* What it reports, waiting for it if need be. */
static inline int ksem_test_reports(int epoll)
{
	struct epoll_event event = { };
	int n = epoll_wait(epoll, &event, 1, KSEM_TEST_PATIENCE_NS / KSEM_TEST_MS);

	return n < 0 ? -errno : n ? event.events & KSEM_TEST_EVENTS : -ETIMEDOUT;
}

#endif /* KSEM_TEST_POLL_H */
