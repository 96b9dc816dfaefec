// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: programs: what they are made of, made up, changed, written and read
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "fuzz.h"

/*
 * Operations. What each may fail with is what the header says of it.
 */

#define ERRNOS(...)	((const int[]){ __VA_ARGS__, 0 })
#define ERRNOS_STRUCT(...)	ERRNOS(ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ##__VA_ARGS__)

#define IOCTL(_name, _cmd, _weight, _rare, _fields, _flags, ...)	\
	{ .name = #_name, .fields = _fields, .weight = _weight, .rare = _rare,	\
	  .cmd = KSEM_IOC_##_cmd, .flags = _flags,			\
	  .bytes = sizeof(struct ksem_##_name), .errnos = __VA_ARGS__ }
#define NUMBER(_name, _cmd, _weight, ...)				\
	{ .name = #_name, .fields = "sfn", .weight = _weight,		\
	  .cmd = KSEM_IOC_##_cmd, .errnos = __VA_ARGS__ }
#define OTHER(_name, _weight, _fields, ...)				\
	{ .name = #_name, .fields = _fields, .weight = _weight, ##__VA_ARGS__ }

const struct fuzz_op_info fuzz_ops[NR_OPS] = {
	[OP_OPEN] = { .name = "open", .fields = "sfg", .weight = 8, .rare = true,
		      .errnos = ERRNOS(ENOMEM) },
	[OP_CLOSE] = { .name = "close", .fields = "s", .weight = 10, .errnos = ERRNOS(EBADF) },
	[OP_DUP] = { .name = "dup", .fields = "so", .weight = 12, .errnos = ERRNOS(EBADF) },
	[OP_DUP_OVER] = { .name = "dup_over", .fields = "so", .weight = 8,
			  .errnos = ERRNOS(EBADF) },
	[OP_CREATE] = IOCTL(create, CREATE, 10, true, "sfpzdnmga",
			    KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS,
			    ERRNOS(EBUSY, EBADF, EFAULT, E2BIG, EINVAL, ENOMEM, ENOSPC)),
	/* The slot is the path, the other becomes a handle on it. */
	[OP_CREATE_AT] = IOCTL(create_at, CREATE_AT, 14, true, "sofpzdnmga",
			       KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS |
			       KSEM_CREATE_TEMPORARY,
			       ERRNOS(EBUSY, EBADF, EFAULT, E2BIG, EINVAL, ENOENT, ENOTDIR,
				      ENAMETOOLONG, EEXIST, ENOMEM, ENOSPC)),
	[OP_OPEN_NAME] = { .name = "open_name", .fields = "sfng", .weight = 14, .rare = true,
			   .errnos = ERRNOS(ENOENT, ENOTDIR, EISDIR, EINVAL, EACCES, EEXIST,
					    ENOMEM, ENOSPC, ESHUTDOWN) },
	/* Paths are n, and m where there are two. */
	[OP_UNLINK] = { .name = "unlink", .fields = "fng", .weight = 10, .rare = true,
			.errnos = ERRNOS(ENOENT, ENOTDIR, EISDIR, ENOTEMPTY, ENOMEM) },
	[OP_MKDIR] = { .name = "mkdir", .fields = "fng", .weight = 4, .rare = true,
		       .errnos = ERRNOS(ENOENT, ENOTDIR, EEXIST, EACCES, EOVERFLOW, ENOMEM,
					ENOSPC) },
	[OP_RENAME] = { .name = "rename", .fields = "fnmg", .weight = 5, .rare = true,
			.errnos = ERRNOS(ENOENT, ENOTDIR, EISDIR, ENOTEMPTY, EEXIST, EINVAL,
					 EXDEV, ENOMEM) },
	[OP_LOOK] = { .name = "look", .fields = "fnm", .weight = 5, .rare = true,
		      .errnos = ERRNOS(ENOENT, ENOTDIR, EOVERFLOW, ENOMEM) },
	[OP_MAKE] = { .name = "make", .fields = "nm", .weight = 2, .rare = true,
		      .errnos = ERRNOS(EPERM, EACCES, EEXIST, ENOENT, ENOTDIR, EISDIR, EXDEV,
				       EOPNOTSUPP, ENOTTY, ENOMEM) },
	[OP_MOUNT] = { .name = "mount", .fields = "fnmg", .weight = 2, .rare = true,
		       .errnos = ERRNOS(EINVAL, ENOSPC, EAGAIN, ENOMEM) },
	[OP_REMOUNT] = { .name = "remount", .fields = "fnm", .weight = 2, .rare = true,
			 .errnos = ERRNOS(EINVAL, ENOMEM) },
	[OP_ATTACH] = IOCTL(attach, ATTACH, 14, true, "sofpzdg", 0,
			    ERRNOS(EBUSY, EFAULT, E2BIG, EINVAL, EBADF, ENXIO, ESHUTDOWN,
				   ENOSPC)),
	[OP_ACQUIRE] = NUMBER(acquire, ACQUIRE, 40,
			      ERRNOS(ENXIO, EBADF, EINVAL, ESHUTDOWN, EINTR)),
	[OP_TRY_ACQUIRE] = NUMBER(try_acquire, TRY_ACQUIRE, 50,
				  ERRNOS(ENXIO, EBADF, EINVAL, ESHUTDOWN, EAGAIN)),
	[OP_RELEASE] = NUMBER(release, RELEASE, 90,
			      ERRNOS(ENXIO, EBADF, EINVAL, ESHUTDOWN, EPERM, EOVERFLOW)),
	[OP_ACQUIRE_EX] = IOCTL(acquire_ex, ACQUIRE_EX, 60, false, "sfpzdnga",
				KSEM_FLAG_UNINTERRUPTIBLE | KSEM_FLAG_REALTIME | KSEM_FLAG_TOKEN,
				ERRNOS_STRUCT(ESHUTDOWN, ETIMEDOUT, EINTR)),
	[OP_TRY_ACQUIRE_EX] = IOCTL(try_acquire_ex, TRY_ACQUIRE_EX, 40, false, "sfpzdng",
				    KSEM_FLAG_TOKEN | KSEM_FLAG_BARGE,
				    ERRNOS_STRUCT(ESHUTDOWN, EAGAIN)),
	[OP_POST] = IOCTL(post, POST, 30, false, "sfpzdng", 0, ERRNOS_STRUCT(ESHUTDOWN, EOVERFLOW)),
	[OP_DRAIN] = IOCTL(drain, DRAIN, 20, false, "sfpzdg", KSEM_FLAG_TOKEN,
			   ERRNOS_STRUCT(ESHUTDOWN)),
	[OP_REDUCE] = IOCTL(reduce, REDUCE, 16, true, "sfpzdng", 0, ERRNOS_STRUCT()),
	[OP_FORGET] = IOCTL(forget, FORGET, 16, true, "sfpzdng", 0,
			    ERRNOS_STRUCT(EOPNOTSUPP, EPERM)),
	[OP_RESIZE] = IOCTL(resize, RESIZE, 20, true, "sfpzdng", 0,
			    ERRNOS_STRUCT(ESHUTDOWN, EOVERFLOW)),
	[OP_TRANSFER] = IOCTL(transfer, TRANSFER, 30, false, "sofpzdng", 0,
			      ERRNOS_STRUCT(EXDEV, EOPNOTSUPP, EPERM)),
	[OP_SHUTDOWN] = IOCTL(shutdown, SHUTDOWN, 4, true, "sfpzg", 0, ERRNOS_STRUCT()),
	[OP_INFO] = IOCTL(info, INFO, 20, false, "sfpzg", 0, ERRNOS_STRUCT()),
	[OP_HOLDERS] = IOCTL(holders, HOLDERS, 16, false, "sfpzngma", 0, ERRNOS_STRUCT()),
	[OP_WAITERS] = IOCTL(waiters, WAITERS, 16, false, "sfpzngma", 0, ERRNOS_STRUCT()),
	[OP_FEATURES] = IOCTL(features, FEATURES, 4, false, "sfpzg", 0,
			      ERRNOS(EBADF, EFAULT, E2BIG, EINVAL)),
	[OP_READ] = { .name = "read", .fields = "sfpng", .weight = 40, .flags = 3,
		      .errnos = ERRNOS(ENXIO, EBADF, EFAULT, EAGAIN, EINTR) },
	[OP_WRITE] = { .name = "write", .fields = "sfpng", .weight = 40, .flags = 3,
		       .errnos = ERRNOS(ENXIO, EBADF, EFAULT, EPERM, EOVERFLOW, ESHUTDOWN) },
	[OP_IOCTL] = OTHER(ioctl, 6, "sna"),
	[OP_FILE] = OTHER(file, 4, "sn"),
	[OP_POLL] = OTHER(poll, 14, "sga"),
	[OP_EPOLL_ADD] = OTHER(epoll_add, 12, "sg"),
	[OP_EPOLL_DEL] = OTHER(epoll_del, 4, "s"),
	[OP_EPOLL_WAIT] = OTHER(epoll_wait, 6, "a"),
	[OP_SEND] = OTHER(send, 6, "s", .rare = true),
	[OP_RECEIVE] = OTHER(receive, 8, "s", .rare = true),
	[OP_FDINFO] = OTHER(fdinfo, 2, "s", .rare = true),
	[OP_FORK] = OTHER(fork, 2, "sn", .rare = true),
	[OP_KICK] = OTHER(kick, 8, "n"),
	[OP_TAMPER] = OTHER(tamper, 12, "nga"),
	[OP_PROTECT] = OTHER(protect, 4, "na"),
	[OP_CROWD] = OTHER(crowd, 2, "snmg", .rare = true),
	[OP_PAUSE] = OTHER(pause, 2, "n"),
};

/* Those that there are; from the first bad one on each is refused. */
const struct fuzz_option fuzz_options[FUZZ_OPTIONS] = {
	{ "max", "64" }, { "max", "16" }, { "max", "4" }, { "max", "0" },
	{ "mode", "700" }, { "mode", "1777" }, { "uid", "1" }, { "gid", "1" },
	{ "mode", "2000" }, { "mode", "8" }, { "mode", NULL }, { "uid", "4294967295" },
	{ "gid", "4294967295" }, { "max", "2147483648" }, { "max", "-1" }, { "size", "1" },
};

bool fuzz_op_has(const struct fuzz_op_info *op, char field)
{
	return strchr(op->fields, field);
}

bool fuzz_op_creates(unsigned int op)
{
	return op == OP_CREATE || op == OP_CREATE_AT;
}

/*
 * Random numbers: xorshift64*
 */

__u32 fuzz_random(struct fuzz_random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (r->state * 0x2545f4914f6cdd1dULL) >> 32;
}

__u32 fuzz_below(struct fuzz_random *r, __u32 n)
{
	return fuzz_random(r) % n;
}

static bool one_in(struct fuzz_random *r, __u32 n)
{
	return !fuzz_below(r, n);
}

/*
 * Fields
 */

static __u32 random_number(struct fuzz_random *r)
{
	static const __u32 edges[] = {
		0, KSEM_MAX_PERMITS, KSEM_MAX_PERMITS + 1U, KSEM_MAX_PERMITS - 1, ~0U, 32, 33,
		1 << 16,
	};

	if (!one_in(r, 12))
		return one_in(r, 2) ? 1 : 1 + fuzz_below(r, 4);
	return one_in(r, 8) ? fuzz_random(r) : edges[fuzz_below(r, ARRAY_SIZE(edges))];
}

/* Ten seconds and more are absolute, and mostly bad; less is from now on. */
static __u64 random_deadline(struct fuzz_random *r)
{
	static const __u64 some[] = {
		0, 0, 1, 20000, 100000, 300000, 1000000, 1ULL << 62, KSEM_NO_DEADLINE,
		1ULL << 63, (1ULL << 63) - 1,
	};

	return some[fuzz_below(r, ARRAY_SIZE(some))];
}

static __u64 random_handoff(struct fuzz_random *r)
{
	static const __u64 some[] = { 1, 50000, KSEM_HANDOFF_DEFAULT_NS, KSEM_HANDOFF_NEVER };

	return some[fuzz_below(r, ARRAY_SIZE(some))];
}

static __u32 random_events(struct fuzz_random *r, bool epoll)
{
	static const __u32 some[] = { POLLIN, POLLOUT, POLLIN | POLLOUT, 0, ~0U };
	static const __u32 modes[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE };
	__u32 events = some[fuzz_below(r, ARRAY_SIZE(some))];

	if (!epoll)
		return events & 0x7fff;
	return (events & (POLLIN | POLLOUT)) | modes[fuzz_below(r, ARRAY_SIZE(modes))];
}

/* Mostly flags that the ioctl knows. */
static __u32 random_flags(struct fuzz_random *r, const struct fuzz_op_info *op)
{
	if (one_in(r, 40))
		return 1U << fuzz_below(r, 32);
	return fuzz_random(r) & op->flags;
}

static void set_ioctl_number(struct fuzz_random *r, struct fuzz_call *c)
{
	switch (fuzz_below(r, 4)) {
	case 0:
		c->n = _IO(KSEM_IOC_TYPE, fuzz_below(r, 256));
		break;
	case 1:
		c->n = _IOC(_IOC_READ | _IOC_WRITE, KSEM_IOC_TYPE, 0x80 + fuzz_below(r, 32), 8);
		break;
	case 2:
		c->n = _IO(fuzz_below(r, 256), 0x80 + fuzz_below(r, 19));
		break;
	default:
		c->n = fuzz_random(r);
	}
	c->arg = fuzz_below(r, 3);
}

/* What n is to those operations to which it is no number of permits. */
static const struct {
	enum fuzz_op op;
	unsigned int below;
} small_numbers[] = {
	{ OP_FILE, 8 }, { OP_FORK, 4 }, { OP_KICK, 2 }, { OP_TAMPER, 8 }, { OP_PROTECT, 3 },
	{ OP_PAUSE, 300 }, { OP_OPEN_NAME, 2 * FUZZ_PATHS }, { OP_UNLINK, 2 * FUZZ_PATHS },
	{ OP_RENAME, 2 * FUZZ_PATHS }, { OP_LOOK, 2 * FUZZ_PATHS }, { OP_MAKE, 2 * FUZZ_PATHS },
	{ OP_REMOUNT, 2 },
};

/* As a rule the one that others are in, so that names stay names. */
static __u32 random_directory(struct fuzz_random *r)
{
	__u32 path = one_in(r, 4) ? fuzz_below(r, FUZZ_PATHS) : FUZZ_DIRECTORY;

	return path + (one_in(r, 2) ? FUZZ_OWN_NAMES : 0);
}

static __u32 random_option(struct fuzz_random *r)
{
	return fuzz_below(r, one_in(r, 3) ? FUZZ_OPTIONS : FUZZ_FIRST_BAD_OPTION);
}

/* Bytes: few, or more than are copied at once, or than are read at once. */
static __u32 random_bytes(struct fuzz_random *r)
{
	static const __u32 many[] = { 63, 64, 65, 130, 4096, KSEM_READ_MAX, KSEM_READ_MAX + 1 };

	return one_in(r, 16) ? many[fuzz_below(r, ARRAY_SIZE(many))] : fuzz_below(r, 6);
}

static void set_n(struct fuzz_random *r, struct fuzz_call *c)
{
	static const __u32 crowds[] = { 2, 6, 33, 40, 70 };
	unsigned int i;

	c->n = random_number(r);
	if (fuzz_op_creates(c->op))
		c->n = one_in(r, 16) ? c->n : fuzz_below(r, 9);
	if (c->op == OP_CROWD)
		c->n = crowds[fuzz_below(r, ARRAY_SIZE(crowds))];
	if (c->op == OP_HOLDERS || c->op == OP_WAITERS)
		c->n = one_in(r, 8) ? c->n : fuzz_below(r, 40);
	if (c->op == OP_READ || c->op == OP_WRITE)
		c->n = random_bytes(r);
	if (c->op == OP_MKDIR)
		c->n = random_directory(r);
	if (c->op == OP_MOUNT)
		c->n = random_option(r);
	for (i = 0; i < ARRAY_SIZE(small_numbers); i++)
		if (c->op == small_numbers[i].op)
			c->n = fuzz_below(r, small_numbers[i].below);
}

static void set_m(struct fuzz_random *r, struct fuzz_call *c)
{
	static const __u32 strides[] = { 24, 24, 24, 32, 4096, 0, 16, 28, 4104, ~0U };

	switch (c->op) {
	case OP_CREATE:
	case OP_CREATE_AT:
		c->m = one_in(r, 16) ? random_number(r) : KSEM_MAX_PERMITS;
		break;
	case OP_CROWD:
		c->m = fuzz_below(r, 90);
		break;
	case OP_RENAME:
		/* As a rule within one file system. */
		c->m = fuzz_below(r, FUZZ_PATHS) +
		       (one_in(r, 8) ? 0 : c->n / FUZZ_OWN_NAMES * FUZZ_OWN_NAMES);
		break;
	case OP_LOOK:
		c->m = fuzz_below(r, NR_LOOKS);
		break;
	case OP_MAKE:
		c->m = fuzz_below(r, NR_MAKES);
		break;
	case OP_MOUNT:
	case OP_REMOUNT:
		c->m = random_option(r);
		break;
	default:
		c->m = strides[fuzz_below(r, ARRAY_SIZE(strides))];
	}
}

static __u32 random_open(struct fuzz_random *r)
{
	__u32 mode = one_in(r, 8) ? fuzz_below(r, 2) : 2;

	return mode | (one_in(r, 4) ? fuzz_below(r, NR_OPEN_EXTRAS) << OPEN_EXTRA_SHIFT : 0);
}

static void set_flags(struct fuzz_random *r, struct fuzz_call *c)
{
	if (c->op == OP_OPEN || c->op == OP_OPEN_NAME)
		c->flags = random_open(r);
	else if (c->op == OP_UNLINK)
		c->flags = one_in(r, 4);
	else if (c->op == OP_MKDIR)
		c->flags = one_in(r, 2) ? fuzz_below(r, FUZZ_USERS) : 0;
	else if (c->op == OP_RENAME)
		c->flags = one_in(r, 8) ? fuzz_below(r, 16) : fuzz_below(r, 3);
	else if (c->op == OP_MOUNT)
		c->flags = one_in(r, 2) ? 0 : fuzz_below(r, 8);
	else if (c->op == OP_POLL || c->op == OP_EPOLL_ADD)
		c->flags = random_events(r, c->op == OP_EPOLL_ADD);
	else if (c->op == OP_TAMPER)
		c->flags = random_number(r);
	else if (c->op == OP_CROWD)
		c->flags = fuzz_below(r, 12);
	else
		c->flags = random_flags(r, &fuzz_ops[c->op]);
}

static void set_arg(struct fuzz_random *r, struct fuzz_call *c)
{
	switch (c->op) {
	case OP_CREATE:
	case OP_CREATE_AT:
		c->arg = !!(c->flags & KSEM_CREATE_FAIR) == !one_in(r, 20) ? 0 : random_handoff(r);
		break;
	case OP_ACQUIRE_EX:
		c->arg = random_deadline(r);
		break;
	case OP_HOLDERS:
	case OP_WAITERS:
		c->arg = one_in(r, 4) ? fuzz_below(r, NR_PTRS) : 0;
		break;
	case OP_TAMPER:
	case OP_PROTECT:
		c->arg = 1 << fuzz_below(r, c->op == OP_TAMPER ? 8 : 4);
		break;
	default:
		c->arg = fuzz_below(r, 2);
	}
}

static void set_odd(struct fuzz_random *r, struct fuzz_call *c)
{
	c->odd = one_in(r, 32) ? 1U << fuzz_below(r, 3) : 0;
	if (c->odd == ODD_FD_OTHER && one_in(r, 2))
		c->odd |= ODD_FD_NONE;
	if (c->op == OP_CREATE_AT && one_in(r, 8))
		c->odd |= one_in(r, 2) ? ODD_NAME : ODD_FD_NONE;
	if (fuzz_op_creates(c->op))
		c->odd |= fuzz_below(r, one_in(r, 16) ? NR_LABELS : FIRST_BAD_LABEL) <<
			  ODD_LABEL_SHIFT;
}

/* In the file system much can fail before what is the module's own. */
static __u32 random_failure(struct fuzz_random *r, const struct fuzz_call *c)
{
	bool deep = c->op >= OP_CREATE_AT && c->op <= OP_REMOUNT;

	return one_in(r, deep ? 12 : 64) ? 1 + fuzz_below(r, deep ? 32 : 4) : 0;
}

static void set_field(struct fuzz_random *r, struct fuzz_call *c, char field)
{
	switch (field) {
	case 's':
		c->slot = fuzz_below(r, FUZZ_SLOTS);
		break;
	case 'o':
		c->other = fuzz_below(r, FUZZ_SLOTS);
		break;
	case 'p':
		/* A read has its permits before it finds out. */
		c->ptr = fuzz_below(r, one_in(r, c->op == OP_READ ? 4 : 16) ? NR_PTRS :
				    PTR_LAST_GOOD + 1);
		break;
	case 'z':
		c->size = one_in(r, 16) ? fuzz_below(r, NR_SIZES) : SIZE_EXACT;
		break;
	case 'f':
		c->fail = random_failure(r, c);
		break;
	case 'd':
		set_odd(r, c);
		break;
	case 'n':
		if (c->op == OP_IOCTL)
			set_ioctl_number(r, c);
		else
			set_n(r, c);
		break;
	case 'm':
		set_m(r, c);
		break;
	case 'g':
		set_flags(r, c);
		break;
	case 'a':
		if (c->op != OP_IOCTL)
			set_arg(r, c);
		break;
	}
}

/*
 * Making programs up
 */

static enum fuzz_op random_op(struct fuzz_random *r)
{
	static unsigned int sum;
	unsigned int op, left;

	if (!sum)
		for (op = 0; op < NR_OPS; op++)
			sum += fuzz_ops[op].weight;
	left = fuzz_below(r, sum);
	for (op = 0; left >= fuzz_ops[op].weight; op++)
		left -= fuzz_ops[op].weight;
	return op;
}

static void make_call(struct fuzz_random *r, struct fuzz_call *c, enum fuzz_op op,
		      unsigned int threads)
{
	const char *field;

	memset(c, 0, sizeof(*c));
	c->op = op;
	c->thread = fuzz_below(r, threads);
	for (field = fuzz_ops[op].fields; *field; field++)
		set_field(r, c, *field);
}

/* Most calls are to meet the handles that the program begins with. */
static void prefer_slots(struct fuzz_random *r, struct fuzz_call *c, unsigned int slots)
{
	/* There it is a path. */
	if (c->op != OP_CREATE_AT && !one_in(r, 8))
		c->slot = fuzz_below(r, slots);
	if (!one_in(r, 8))
		c->other = fuzz_below(r, slots);
}

/* Only a new handle can be bound: so it is opened first, as a rule. Returns how many calls. */
static unsigned int make_calls(struct fuzz_random *r, struct fuzz_call *c, unsigned int slots,
			       unsigned int threads)
{
	make_call(r, c, random_op(r), threads);
	prefer_slots(r, c, slots);
	if ((!fuzz_op_creates(c->op) && c->op != OP_ATTACH) || one_in(r, 8))
		return 1;
	c[1] = c[0];
	make_call(r, c, OP_OPEN, threads);
	c->thread = c[1].thread;
	c->slot = c[1].op == OP_CREATE_AT ? c[1].other : c[1].slot;
	return 2;
}

/* A semaphore with a name, a new one or not: the slot has a handle on it either way. */
static void add_named(struct fuzz_random *r, struct fuzz_program *p, unsigned int slot)
{
	struct fuzz_call *c = &p->call[p->nr];

	make_call(r, &c[0], OP_UNLINK, 1);
	make_call(r, &c[1], OP_CREATE_AT, 1);
	make_call(r, &c[2], OP_OPEN_NAME, 1);
	c[1].other = slot;
	c[1].slot = c[0].n;
	c[2].slot = slot;
	c[2].n = c[0].n;
	p->nr += 3;
}

static void add_handle(struct fuzz_random *r, struct fuzz_program *p, unsigned int slot)
{
	struct fuzz_call *c = &p->call[p->nr];

	make_call(r, c, OP_OPEN, 1);
	c->slot = slot;
	if (one_in(r, 5)) {
		p->nr++;
		add_named(r, p, slot);
		return;
	}
	c++;
	make_call(r, c, slot && !one_in(r, 4) ? OP_ATTACH : OP_CREATE, 1);
	c->slot = slot;
	if (c->op == OP_ATTACH)
		c->other = 0;
	p->nr += 2;
}

void fuzz_generate(struct fuzz_random *r, struct fuzz_program *p, unsigned int threads)
{
	unsigned int handles = 1 + fuzz_below(r, 3), slot, nr;

	/* Where the sibling has no part in it, all that is promised can be looked for. */
	if (one_in(r, 8))
		threads = 1;
	memset(p, 0, sizeof(*p));
	for (slot = 0; slot < handles; slot++)
		add_handle(r, p, slot);
	nr = p->nr + 1 + fuzz_below(r, FUZZ_MAX_CALLS - p->nr - 1);
	while (p->nr < nr)
		p->nr += make_calls(r, &p->call[p->nr], handles + 1, threads);
}

static void insert_call(struct fuzz_random *r, struct fuzz_program *p, unsigned int threads)
{
	unsigned int at = fuzz_below(r, p->nr + 1), nr;
	struct fuzz_call c[2];

	nr = make_calls(r, c, 3, threads);
	if (p->nr + nr > FUZZ_MAX_CALLS)
		return;
	memmove(&p->call[at + nr], &p->call[at], (p->nr - at) * sizeof(c[0]));
	memcpy(&p->call[at], c, nr * sizeof(c[0]));
	p->nr += nr;
}

static void delete_call(struct fuzz_random *r, struct fuzz_program *p)
{
	unsigned int at = fuzz_below(r, p->nr);

	if (p->nr < 2)
		return;
	p->nr--;
	memmove(&p->call[at], &p->call[at + 1], (p->nr - at) * sizeof(p->call[0]));
}

static void change_call(struct fuzz_random *r, struct fuzz_program *p, unsigned int threads)
{
	struct fuzz_call *c = &p->call[fuzz_below(r, p->nr)];
	const char *fields = fuzz_ops[c->op].fields;

	if (one_in(r, 8))
		c->thread = fuzz_below(r, threads);
	else
		set_field(r, c, fields[fuzz_below(r, strlen(fields))]);
}

/* The beginning of one, the end of another. */
static void splice(struct fuzz_random *r, struct fuzz_program *p, const struct fuzz_program *other)
{
	unsigned int keep = fuzz_below(r, p->nr + 1);
	unsigned int from = fuzz_below(r, other->nr);
	unsigned int nr = other->nr - from;

	if (nr > FUZZ_MAX_CALLS - keep)
		nr = FUZZ_MAX_CALLS - keep;
	if (!nr)
		return;
	memcpy(&p->call[keep], &other->call[from], nr * sizeof(p->call[0]));
	p->nr = keep + nr;
}

void fuzz_mutate(struct fuzz_random *r, struct fuzz_program *p, const struct fuzz_program *other,
		 unsigned int threads)
{
	unsigned int i, times = 1 + fuzz_below(r, 4);

	for (i = 0; i < times; i++) {
		switch (fuzz_below(r, 8)) {
		case 0:
		case 1:
		case 2:
			insert_call(r, p, threads);
			break;
		case 3:
			delete_call(r, p);
			break;
		case 4:
			splice(r, p, other);
			break;
		default:
			change_call(r, p, threads);
		}
	}
}

/*
 * Texts: a call on a line, an empty line between programs, # for comments
 */

static const char * const ptr_names[NR_PTRS] = {
	"page", "page-end", "unaligned", "read-only", "across", "guard", "null", "kernel", "top",
};

static const char * const size_names[NR_SIZES] = {
	"exact", "longer", "page", "short", "zero", "longer-dirty", "above-page", "huge",
};

void fuzz_print_call(FILE *f, const struct fuzz_call *c)
{
	const struct fuzz_op_info *op = &fuzz_ops[c->op];

	fprintf(f, "%u %s", c->thread, op->name);
	if (fuzz_op_has(op, 's'))
		fprintf(f, " slot=%u", c->slot);
	if (fuzz_op_has(op, 'o'))
		fprintf(f, " other=%u", c->other);
	if (fuzz_op_has(op, 'n'))
		fprintf(f, " n=%u", c->n);
	if (fuzz_op_has(op, 'm'))
		fprintf(f, " m=%u", c->m);
	if (c->flags)
		fprintf(f, " flags=%#x", c->flags);
	if (fuzz_op_has(op, 'a'))
		fprintf(f, " arg=%llu", (unsigned long long)c->arg);
	if (c->ptr)
		fprintf(f, " ptr=%s", ptr_names[c->ptr]);
	if (c->size)
		fprintf(f, " size=%s", size_names[c->size]);
	if (c->odd)
		fprintf(f, " odd=%#x", c->odd);
	if (c->fail)
		fprintf(f, " fail=%u", c->fail);
}

void fuzz_print(FILE *f, const struct fuzz_program *p, const char *prefix)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		fputs(prefix, f);
		fuzz_print_call(f, &p->call[i]);
		fputc('\n', f);
	}
	fprintf(f, "%s\n", prefix);
}

static int find_name(const char * const names[], unsigned int nr, const char *name)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int find_op(const char *name)
{
	unsigned int op;

	for (op = 0; op < NR_OPS; op++)
		if (!strcmp(fuzz_ops[op].name, name))
			return op;
	return -1;
}

/* Reads a number that is below the limit, or 0 for none. */
static int parse_number(const char *text, __u64 limit, __u64 *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno || end == text || *end || (limit && *number >= limit) ? -1 : 0;
}

static int parse_field(struct fuzz_call *c, const char *name, const char *value)
{
	__u64 number = 0;
	int found;

	if (!strcmp(name, "ptr")) {
		found = find_name(ptr_names, NR_PTRS, value);
		c->ptr = found;
		return found < 0 ? -1 : 0;
	}
	if (!strcmp(name, "size")) {
		found = find_name(size_names, NR_SIZES, value);
		c->size = found;
		return found < 0 ? -1 : 0;
	}
	if (!strcmp(name, "arg"))
		return parse_number(value, 0, &c->arg);
	if (!strcmp(name, "slot") || !strcmp(name, "other")) {
		if (parse_number(value, FUZZ_SLOTS, &number))
			return -1;
		*(*name == 's' ? &c->slot : &c->other) = number;
		return 0;
	}
	if (!strcmp(name, "odd") || !strcmp(name, "fail")) {
		if (parse_number(value, 256, &number))
			return -1;
		*(*name == 'o' ? &c->odd : &c->fail) = number;
		return 0;
	}
	if (parse_number(value, 1ULL << 32, &number))
		return -1;
	if (!strcmp(name, "n"))
		c->n = number;
	else if (!strcmp(name, "m"))
		c->m = number;
	else if (!strcmp(name, "flags"))
		c->flags = number;
	else
		return -1;
	return 0;
}

static int parse_call(char *text, struct fuzz_call *c)
{
	char *next, *word = strtok_r(text, "\n ", &next);
	__u64 thread;
	int op;

	memset(c, 0, sizeof(*c));
	if (parse_number(word, 2, &thread))
		return -1;
	c->thread = thread;
	word = strtok_r(NULL, "\n ", &next);
	op = word ? find_op(word) : -1;
	if (op < 0)
		return -1;
	c->op = op;
	while ((word = strtok_r(NULL, "\n ", &next))) {
		char *value = strchr(word, '=');

		if (!value)
			return -1;
		*value++ = 0;
		if (parse_field(c, word, value))
			return -1;
	}
	if ((c->odd >> ODD_LABEL_SHIFT) >= NR_LABELS)
		return -1;
	return 0;
}

/* The next program: 1; 0 at the end; -1 where *line is none. */
int fuzz_parse(FILE *f, struct fuzz_program *p, unsigned int *line)
{
	char text[256];

	memset(p, 0, sizeof(*p));
	while (fgets(text, sizeof(text), f)) {
		++*line;
		if (text[0] == '#')
			continue;
		if (text[0] == '\n') {
			if (p->nr)
				return 1;
			continue;
		}
		if (p->nr == FUZZ_MAX_CALLS || parse_call(text, &p->call[p->nr]))
			return -1;
		p->nr++;
	}
	return p->nr > 0;
}
