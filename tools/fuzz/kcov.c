// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: which code was reached
 *
 * KCOV writes the address of each point that the thread passes into memory shared
 * with it. Only the module is built with points.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* KCOV_INIT_TRACE with the kernel's unsigned long, whatever this program's is. */
#define INIT_TRACE	_IOR('c', 1, __u64)

/* From now on, for the calling thread. False: there is none. */
bool fuzz_kcov_start(struct fuzz_kcov *k, unsigned int entries)
{
	size_t bytes = entries * sizeof(__u64);
	void *pcs;
	int fd;

	k->pcs = NULL;
	fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	fd = fuzz_move_fd(fd, FUZZ_FD_OWN);
	if (ioctl(fd, INIT_TRACE, (unsigned long)entries))
		fuzz_die("KCOV_INIT_TRACE");
	pcs = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pcs == MAP_FAILED)
		fuzz_die("kcov");
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		fuzz_die("KCOV_ENABLE");
	/* The mapping, and the thread, keep it. */
	close(fd);
	k->pcs = pcs;
	return true;
}

void fuzz_kcov_reset(struct fuzz_kcov *k)
{
	if (k->pcs)
		k->pcs[0] = 0;
	/* The kernel writes in this thread's own system calls. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Adds what was passed since the last reset to what all have. Returns what is new. */
unsigned int fuzz_kcov_collect(struct fuzz_kcov *k, struct fuzz_shared *s)
{
	unsigned int found = 0;
	__u32 last = 0;
	__u64 i, nr;

	if (!k->pcs)
		return 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	nr = k->pcs[0];
	for (i = 1; i <= nr; i++) {
		__u64 at = k->pcs[i] - s->text;
		__u32 edge;

		if (at >= FUZZ_TEXT)
			continue;
		edge = (last * 31 ^ (__u32)at) % FUZZ_EDGES;
		last = at;
		if (!s->points[at]) {
			s->points[at] = 1;
			found++;
		}
		if (!s->edges[edge]) {
			s->edges[edge] = 1;
			found++;
		}
	}
	return found;
}
