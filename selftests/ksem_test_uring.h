/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of io_uring that polls, reads and writes, by the bare system calls.
 */
#ifndef KSEM_TEST_URING_H
#define KSEM_TEST_URING_H

#include "ksem_test.h"

#include <linux/io_uring.h>
#include <poll.h>

#define KSEM_TEST_RING_ENTRIES	16

struct ksem_test_ring {
	int fd;
	void *memory;
	size_t memory_size;
	struct io_uring_sqe *sqes;
	unsigned int *sq_tail;
	unsigned int *sq_array;
	unsigned int sq_mask;
	unsigned int *cq_head;
	unsigned int *cq_tail;
	struct io_uring_cqe *cqes;
	unsigned int cq_mask;
};

static inline size_t ksem_test_ring_size(const struct io_uring_params *params)
{
	size_t sq = params->sq_off.array + params->sq_entries * sizeof(__u32);
	size_t cq = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);

	return sq > cq ? sq : cq;
}

static inline void *ksem_test_ring_map(int fd, size_t size, __u64 offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
}

/* 0, or -errno where io_uring is not to be had. */
static inline int ksem_test_ring_open(struct ksem_test_ring *ring)
{
	struct io_uring_params params = { };
	char *memory;

	ring->fd = syscall(SYS_io_uring_setup, KSEM_TEST_RING_ENTRIES, &params);
	if (ring->fd < 0)
		return -errno;
	fcntl(ring->fd, F_SETFD, FD_CLOEXEC);
	ring->memory_size = ksem_test_ring_size(&params);
	memory = ksem_test_ring_map(ring->fd, ring->memory_size, IORING_OFF_SQ_RING);
	ring->memory = memory;
	ring->sqes = ksem_test_ring_map(ring->fd, params.sq_entries * sizeof(*ring->sqes),
					IORING_OFF_SQES);
	if (memory == MAP_FAILED || ring->sqes == MAP_FAILED ||
	    !(params.features & IORING_FEAT_SINGLE_MMAP)) {
		close(ring->fd);
		return -EOPNOTSUPP;
	}
	ring->sq_tail = (unsigned int *)(memory + params.sq_off.tail);
	ring->sq_array = (unsigned int *)(memory + params.sq_off.array);
	ring->sq_mask = params.sq_entries - 1;
	ring->cq_head = (unsigned int *)(memory + params.cq_off.head);
	ring->cq_tail = (unsigned int *)(memory + params.cq_off.tail);
	ring->cqes = (struct io_uring_cqe *)(memory + params.cq_off.cqes);
	ring->cq_mask = params.cq_entries - 1;
	return 0;
}

/* What is under way ends with the last reference to the ring. */
static inline void ksem_test_ring_close(struct ksem_test_ring *ring)
{
	munmap(ring->sqes, KSEM_TEST_RING_ENTRIES * sizeof(*ring->sqes));
	munmap(ring->memory, ring->memory_size);
	close(ring->fd);
}

static inline int ksem_test_ring_enter(struct ksem_test_ring *ring, unsigned int submit,
				       unsigned int wait)
{
	int n = syscall(SYS_io_uring_enter, ring->fd, submit, wait,
			wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);

	return n < 0 ? -errno : n;
}

/* One request: 1 if that is under way. */
static inline int ksem_test_ring_submit(struct ksem_test_ring *ring,
					const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail;

	ring->sqes[tail & ring->sq_mask] = *sqe;
	ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return ksem_test_ring_enter(ring, 1, 0);
}

/* Ask to be told of @events of @fd: once, or each time. */
static inline int ksem_test_ring_poll(struct ksem_test_ring *ring, int fd, __u32 events,
				      bool multishot)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.len = multishot ? IORING_POLL_ADD_MULTI : 0,
		.poll32_events = events,
	};

	return ksem_test_ring_submit(ring, &sqe);
}

static inline int ksem_test_ring_read(struct ksem_test_ring *ring, int fd, void *bytes,
				      unsigned int n)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.fd = fd,
		.off = -1,
		.addr = (uintptr_t)bytes,
		.len = n,
	};

	return ksem_test_ring_submit(ring, &sqe);
}

static inline int ksem_test_ring_write(struct ksem_test_ring *ring, int fd, void *bytes,
				       unsigned int n)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = fd,
		.off = -1,
		.addr = (uintptr_t)bytes,
		.len = n,
	};

	return ksem_test_ring_submit(ring, &sqe);
}

/*
 * The next result, waiting for it if @wait; -EAGAIN if there is none, or the wait
 * was broken off. *@more: the poll that it belongs to goes on.
 */
static inline int ksem_test_ring_result(struct ksem_test_ring *ring, bool wait, bool *more)
{
	unsigned int head = *ring->cq_head;
	struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
	int result;

	/* Entering without a wait runs what the ring has put off. */
	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		ksem_test_ring_enter(ring, 0, wait);
	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return -EAGAIN;
	result = cqe->res;
	if (more)
		*more = cqe->flags & IORING_CQE_F_MORE;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

#endif /* KSEM_TEST_URING_H */
