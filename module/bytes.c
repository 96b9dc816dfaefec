// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: permits as bytes
 *
 * What programs expect of a pipe full of tokens, such as a job server's: read(2)
 * of k bytes acquires up to k permits, write(2) of k bytes releases k. The bytes
 * mean nothing, which permits a process has is in its account.
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/uio.h>

#include "handle.h"

/* What a permit looks like: make's own choice of a byte. */
static const char ksem_bytes[64] = { [0 ... 63] = '+' };

/* Returns how many of n bytes reached the reader: fewer only at a fault. */
static u32 ksem_bytes_copy(struct iov_iter *to, u32 n)
{
	u32 done = 0;

	while (done < n) {
		u32 piece = min_t(u32, n - done, sizeof(ksem_bytes));
		u32 copied = copy_to_iter(ksem_bytes, piece, to);

		done += copied;
		if (copied < piece)
			break;
	}
	return done;
}

/* Of w->n permits at least one, and of the others what a try could take. */
static long ksem_bytes_acquire(struct ksem_handle *h, struct ksem_waiter *w, bool wait)
{
	const struct ksem_verb verb = {
		.n = 1,
		.deadline = KSEM_NO_DEADLINE,
	};
	u32 most = w->n;
	struct ksem_wake wake;
	long ret;

	/* A place of this thread has to be resumed or dropped. */
	if (!wait || likely(!READ_ONCE(h->nr_places))) {
		ret = ksem_sem_drain(h->sem, w, &wake);
		ksem_sem_finish(h->sem, &wake);
		if (ret || w->n)
			return ret;
		if (!wait)
			return -EAGAIN;
	}
	w->n = 1;
	ret = ksem_handle_acquire(h, w, &verb);
	if (ret < 0)
		return ret;
	ksem_sem_take_more(h->sem, w, most - 1, &wake);
	ksem_sem_finish(h->sem, &wake);
	return 0;
}

/* What was copied is the reader's, and the rest goes back. */
static ssize_t ksem_bytes_deliver(struct ksem_handle *h, struct ksem_waiter *w,
				  struct iov_iter *to)
{
	u32 copied = ksem_bytes_copy(to, w->n);

	if (unlikely(copied < w->n))
		ksem_handle_give_back(h, w, w->n - copied);
	if (unlikely(!copied))
		return -EFAULT;
	ksem_sem_deliver(h->sem, w->holder, copied);
	ksem_handle_tell_pollers(h);
	return copied;
}

/* One byte where nothing is special, as clients of a job server read. */
static ssize_t ksem_bytes_read_fast(struct ksem_handle *h, struct iov_iter *to)
{
	if (unlikely(!copy_to_iter(ksem_bytes, 1, to)))
		return ksem_handle_lose_grant(h, 1);
	ksem_sem_deliver(h->sem, h->holder, 1);
	ksem_handle_tell_pollers(h);
	return 1;
}

/* Up to most bytes, by the rules. */
static noinline ssize_t ksem_bytes_read(struct ksem_handle *h, struct iov_iter *to, u32 most,
					bool wait)
{
	struct ksem_waiter on_stack;
	struct ksem_waiter *w = ksem_waiter_new(&on_stack, h, most);
	ssize_t ret;

	if (!w)
		return -ENOMEM;
	w->defer = true;
	/* Bytes have no way to say it. */
	w->mute = true;
	ret = ksem_bytes_acquire(h, w, wait);
	if (!ret)
		ret = ksem_bytes_deliver(h, w, to);
	ksem_waiter_put(w);
	/* The end of the file. */
	return ret == -ESHUTDOWN ? 0 : ret;
}

ssize_t ksem_handle_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	bool wait = !(iocb->ki_flags & IOCB_NOWAIT || iocb->ki_filp->f_flags & O_NONBLOCK);
	struct ksem_handle *h = iocb->ki_filp->private_data;
	u32 most = min_t(size_t, iov_iter_count(to), KSEM_READ_MAX);
	int ret = ksem_handle_may(h, FMODE_READ);

	if (ret || !most)
		return ret;
	/* A place of this thread has to be resumed or dropped. */
	if (most == 1 && likely(!READ_ONCE(h->nr_places)) &&
	    likely(!ksem_sem_acquire_pending_fast(h->sem, h->holder, 1)))
		return ksem_bytes_read_fast(h, to);
	return ksem_bytes_read(h, to, most, wait);
}

ssize_t ksem_handle_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ksem_handle *h = iocb->ki_filp->private_data;
	size_t n = iov_iter_count(from);
	long ret;

	/* Not even a shutdown matters to nothing. */
	ret = n ? ksem_handle_release_n(h, n) : ksem_handle_may(h, FMODE_WRITE);
	if (ret)
		return ret;
	/* They have been taken, whatever they are. */
	iov_iter_advance(from, n);
	return n;
}
