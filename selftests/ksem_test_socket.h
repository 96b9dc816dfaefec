/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors in messages.
 */
#ifndef KSEM_TEST_SOCKET_H
#define KSEM_TEST_SOCKET_H

#include "ksem_test.h"

#include <sys/socket.h>

static inline bool ksem_test_send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {
		.header.cmsg_level = SOL_SOCKET,
		.header.cmsg_type = SCM_RIGHTS,
		.header.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	struct iovec iov = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1;
}

/* The descriptor or -errno; -EPIPE where nobody can send one any more. */
static inline int ksem_test_receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	int fd;

	if (received != 1)
		return received ? -errno : -EPIPE;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

#endif /* KSEM_TEST_SOCKET_H */
