// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: permits as bytes
 *
 * A vector is one piece of memory many times over: so a fault can come after some of it,
 * and more be asked for than a read gives.
 */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_PIECES	20
/* So many bytes, at most, are looked at. */
#define LOOKED_AT	70

/**
 * struct bytes - what a read or a write is given
 * @vector: its pieces.
 * @nr: how many.
 * @n: all bytes.
 * @room: how many of them can be written before the first fault.
 * @own: the piece as this program sees it; NULL where it has holes.
 */
struct bytes {
	struct iovec vector[MAX_PIECES];
	unsigned int nr;
	unsigned int n;
	unsigned int room;
	unsigned char *own;
};

static unsigned int room_at(unsigned int ptr, unsigned int bytes)
{
	if (ptr <= PTR_LAST_GOOD)
		return bytes;
	return ptr != PTR_ACROSS ? 0 : bytes < 8 ? bytes : 8;
}

static unsigned int bytes_of_piece(const struct fuzz_call *c, unsigned int page)
{
	unsigned int piece = c->flags & BYTES_VECTOR ? (c->n + 1) / 2 : c->n;

	return piece < page ? piece : page;
}

static void lay_out(struct fuzz_thread *t, const struct fuzz_call *c, struct bytes *b)
{
	unsigned int page = t->process->page, piece = bytes_of_piece(c, page), left = c->n;
	unsigned long at = fuzz_area_entries(&t->area, page, c->ptr, piece);
	bool whole = true;

	memset(b, 0, sizeof(*b));
	do {
		unsigned int bytes = piece < left ? piece : left;

		b->vector[b->nr].iov_base = (void *)at;
		b->vector[b->nr].iov_len = bytes;
		b->nr++;
		b->n += bytes;
		if (whole)
			b->room += room_at(c->ptr, bytes);
		whole = b->room == b->n;
		left -= bytes;
	} while (left && b->nr < MAX_PIECES && c->flags & BYTES_VECTOR);
	if (c->ptr <= PTR_LAST_GOOD)
		b->own = t->area.own + (at - (unsigned long)t->area.call);
}

static long transfer(const struct fuzz_call *c, int fd, const struct bytes *b)
{
	bool reads = c->op == OP_READ;

	if (c->flags & BYTES_NOWAIT)
		return (reads ? preadv2 : pwritev2)(fd, b->vector, b->nr, -1, RWF_NOWAIT);
	if (c->flags & BYTES_VECTOR)
		return (reads ? readv : writev)(fd, b->vector, b->nr);
	return reads ? read(fd, b->vector[0].iov_base, b->n) :
		       write(fd, b->vector[0].iov_base, b->n);
}

/*
 * What was promised of it
 */

/* A byte for each permit, and not one more. */
static const char *wrong_read(const struct bytes *b, unsigned int got)
{
	unsigned int piece = b->vector[0].iov_len;

	if (got > b->n || got > KSEM_READ_MAX || got > b->room)
		return "more than there was room for";
	if (!b->own || piece > LOOKED_AT)
		return NULL;
	if (got && (b->own[0] != '+' || b->own[(got < piece ? got : piece) - 1] != '+'))
		return "what is no permit";
	if (got < piece && b->own[got] != '-')
		return "more than it said";
	return NULL;
}

/* Where nobody else could change what the handle holds. */
static const char *wrong_account(const struct fuzz_call *c, const struct bytes *b, long ret,
				 const struct ksem_info *before, const struct ksem_info *after)
{
	__u32 moved = ret > 0 ? ret : 0;

	if (c->op == OP_READ)
		return after->out_own == before->out_own + moved ? NULL :
			"something else than was acquired";
	if (after->out_own != before->out_own - moved)
		return "something else than was released";
	if (c->fail || !(before->out_rights & KSEM_RIGHT_WRITE) || c->ptr >= PTR_KERNEL)
		return NULL;
	return (ret == (long)b->n) == (before->out_own >= b->n) ? NULL : "what is not held";
}

/* Permits that have an account which is this handle's alone. */
static bool is_accountable(const struct ksem_info *i)
{
	return !(i->out_flags & (KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS));
}

long fuzz_bytes(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	struct ksem_info before, after;
	const char *wrong = NULL;
	struct bytes b;
	bool exact;
	long ret;
	int err;

	lay_out(t, c, &b);
	if (c->op == OP_READ && b.own && b.n)
		memset(b.own, '-', b.vector[0].iov_len);
	exact = t->process->exact && fuzz_read_info(fd, &before) && is_accountable(&before);
	ret = transfer(c, fd, &b);
	err = errno;
	if (ret > (long)b.n)
		wrong = "more than it was given";
	else if (c->op == OP_READ)
		wrong = wrong_read(&b, ret > 0 ? ret : 0);
	if (!wrong && exact && fuzz_read_info(fd, &after))
		wrong = wrong_account(c, &b, ret, &before, &after);
	if (wrong && !fuzz_slot_has_changed(t, c))
		fuzz_violation(t->process, "%s of %u returned %ld: %s", fuzz_ops[c->op].name, b.n,
			       ret, wrong);
	errno = err;
	return ret;
}
