// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever fails on the way, nothing has changed: each call, in each state of
 * its semaphore, with its first allocation or copy failing, then its second,
 * until a call meets no failure any more.
 */
#include "ksem_test.h"
#include "ksem_test_fault.h"
#include "ksem_test_fs.h"
#include "ksem_test_gone.h"
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

/* No call has as many places that can fail. */
#define FAULTS_MAX	5000

/* A structure of a newer program: it is copied in another way. */
#define NEWER		8

/* What makes a state, in this order. */
#define BIND		0x01
#define HOLD		0x02	/* two of four permits */
#define HOLD_ALL	0x04
#define QUEUE		0x08	/* another thread waits */
#define DEFICIT		0x10
#define RECOVER		0x20
#define SHUT		0x40
#define PLACE		0x80	/* of this thread */
#define WATCH		0x100	/* its other handle is in an epoll set */
#define NAME		0x200	/* it is made with one */
#define DUE		0x400	/* a waiter at the head is at once */

#define NOTHING_FREE	(HOLD_ALL | DEFICIT)

/* Where a file system is mounted to see that fail. */
#define OTHER_MOUNT	"/tmp"

struct state {
	const char *name;
	unsigned int steps;
	__u32 flags;
};

static const struct state states[] = {
	{ "unbound", 0, KSEM_CREATE_FAIR },
	{ "unbound, other per process", 0, KSEM_CREATE_PER_PROCESS },
	{ "unbound, other temporary", NAME, KSEM_CREATE_FAIR | KSEM_CREATE_TEMPORARY },
	{ "unbound, other shut down", SHUT, KSEM_CREATE_FAIR },
	{ "fair", BIND, KSEM_CREATE_FAIR },
	{ "non-fair", BIND, 0 },
	{ "fair signal", BIND, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL },
	{ "non-fair signal", BIND, KSEM_CREATE_SIGNAL },
	{ "held", BIND | HOLD, KSEM_CREATE_FAIR },
	{ "empty", BIND | HOLD_ALL, 0 },
	{ "fair queue", BIND | HOLD_ALL | QUEUE, KSEM_CREATE_FAIR },
	{ "non-fair queue", BIND | HOLD_ALL | QUEUE, 0 },
	{ "due queue", BIND | HOLD_ALL | QUEUE | DUE, 0 },
	{ "signal queue", BIND | HOLD_ALL | QUEUE, KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL },
	{ "deficit", BIND | HOLD | DEFICIT, KSEM_CREATE_FAIR },
	{ "recovered", BIND | HOLD | RECOVER, KSEM_CREATE_FAIR },
	{ "shut down", BIND | HOLD | SHUT, KSEM_CREATE_FAIR },
	{ "place", BIND | HOLD_ALL | PLACE, KSEM_CREATE_FAIR },
	{ "non-fair place", BIND | HOLD_ALL | PLACE, 0 },
	{ "watched", BIND | HOLD | WATCH, KSEM_CREATE_FAIR },
	{ "named", BIND | HOLD | NAME, KSEM_CREATE_FAIR },
	{ "named and shut down", BIND | HOLD | SHUT | NAME, KSEM_CREATE_FAIR },
	{ "per process", BIND | HOLD | NAME, KSEM_CREATE_PER_PROCESS },
	{ "temporary", BIND | HOLD | NAME, KSEM_CREATE_FAIR | KSEM_CREATE_TEMPORARY },
};

/*
 * A semaphore in one of these states. @fd: the handle that is tried; @other:
 * another on the same semaphore, and the only one where @fd is unbound.
 * Names in @dir: "s" of the semaphore, "f" and "d" of what is tried.
 */
struct scene {
	const struct state *state;
	int dir;	/* of a ksemfs, unless this is not root */
	int fd;
	int other;
	int epoll;
	int watch;	/* an epoll set, too */
	int sockets[2];
	struct ksem_test_waiter waiter;
};

/* A wait of this thread that a signal ends: its place is kept. */
static bool leave_a_place(int fd)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { };
	struct sigaction action = { .sa_handler = ksem_test_handler };
	int result;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	result = ksem_test_acquire(fd, 1);
	setitimer(ITIMER_REAL, &never, NULL);
	return result == -EINTR;
}

static bool lose_a_holder(int fd)
{
	int holder = ksem_test_attached(fd);

	return !ksem_test_acquire(holder, 1) && !close(holder);
}

static bool watch(struct scene *s)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

	return !epoll_ctl(s->watch, EPOLL_CTL_ADD, s->other, &event) &&
	       epoll_wait(s->watch, &event, 1, 0) == 1;
}

static bool take_steps(struct scene *s)
{
	unsigned int steps = s->state->steps;

	return (!(steps & HOLD) || !ksem_test_acquire(s->fd, 2)) &&
	       (!(steps & HOLD_ALL) || !ksem_test_acquire(s->fd, 4)) &&
	       (!(steps & QUEUE) || ksem_test_queue(&s->waiter, s->other, 1, 1)) &&
	       (!(steps & DEFICIT) || !ksem_test_reduce(s->fd, 3)) &&
	       (!(steps & RECOVER) || lose_a_holder(s->fd)) &&
	       (!(steps & SHUT) || !ksem_test_shutdown(s->other)) &&
	       (!(steps & PLACE) || leave_a_place(s->fd)) &&
	       (!(steps & WATCH) || watch(s));
}

static bool bind_handle(struct scene *s, int fd)
{
	struct ksem_create_at arg = ksem_test_create_at_arg("s", s->state->flags, 4, 8);

	if (s->state->steps & DUE)
		return !ksem_test_create_handoff(fd, s->state->flags, 4, 8, 1);
	if (!(s->state->steps & NAME))
		return !ksem_test_create(fd, s->state->flags, 4, 8);
	arg.fd = fd;
	return !ksem_test_ioctl(s->dir, KSEM_IOC_CREATE_AT, &arg);
}

static bool open_handles(struct scene *s)
{
	bool bound = s->state->steps & BIND;

	s->fd = ksem_test_open(O_RDWR);
	s->other = ksem_test_open(O_RDWR);
	return s->fd >= 0 && s->other >= 0 && bind_handle(s, bound ? s->fd : s->other) &&
	       (!bound || !ksem_test_attach(s->other, s->fd));
}

/* What is mounted there. */
static long magic_of(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) ? -1 : (long)fs.f_type;
}

/* What has been made in this scene, if it was. */
static void remove_names(struct scene *s)
{
	if (magic_of(OTHER_MOUNT) == KSEM_TEST_MAGIC)
		umount(OTHER_MOUNT);
	unlinkat(s->dir, "s", 0);
	unlinkat(s->dir, "f", 0);
	unlinkat(s->dir, "d", AT_REMOVEDIR);
}

static bool scene_begin(struct scene *s, const struct state *state)
{
	s->state = state;
	s->dir = ksem_test_open_dir(KSEM_TEST_MOUNT);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->watch = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || s->watch < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s->sockets))
		return false;
	return open_handles(s) && take_steps(s);
}

/* True if the handle went with its last descriptor, and took nothing along. */
static bool scene_end(struct scene *s)
{
	struct ksem_info info;
	bool gone;

	close(s->epoll);
	close(s->watch);
	close(s->sockets[0]);
	close(s->sockets[1]);
	close(s->fd);
	info = ksem_test_info(s->other);
	gone = info.out_handles == 1 && info.out_held == info.out_own &&
	       ksem_test_conserved(s->other);
	ksem_test_shutdown(s->other);
	remove_names(s);
	close(s->dir);
	if (s->state->steps & QUEUE && ksem_test_join(&s->waiter) == -EINPROGRESS)
		gone = false;
	close(s->other);
	return gone;
}

/* All that can be seen of a scene. */
struct view {
	int result;
	struct ksem_info own;
	struct ksem_info other;
	struct ksem_holders holders;
	struct ksem_holder_entry holder[4];
	struct ksem_waiters waiters;
	struct ksem_waiter_entry waiter[2];
	long room;
	long mounted;
};

static void look(struct scene *s, struct view *view)
{
	size_t i;

	memset(view, 0, sizeof(*view));
	view->result = ksem_test_get_info(s->fd, &view->own);
	ksem_test_get_info(s->other, &view->other);
	ksem_test_holders(s->other, view->holder, ARRAY_SIZE(view->holder), &view->holders);
	ksem_test_waiters(s->other, view->waiter, ARRAY_SIZE(view->waiter), &view->waiters);
	view->room = ksem_test_room(s->dir);
	view->mounted = magic_of(OTHER_MOUNT);
	/* The entries' addresses are the view's own, and a coarse clock's time varies. */
	view->holders.entries = 0;
	view->waiters.entries = 0;
	for (i = 0; i < ARRAY_SIZE(view->holder); i++)
		view->holder[i].since_ns = 0;
}

/* The calls: those with a structure, those with a number, and others. */

union arg {
	__u32 size;
	struct ksem_create create;
	struct ksem_attach attach;
	struct ksem_acquire_ex acquire_ex;
	struct ksem_try_acquire_ex try_acquire_ex;
	struct ksem_post post;
	struct ksem_drain drain;
	struct ksem_reduce reduce;
	struct ksem_forget forget;
	struct ksem_resize resize;
	struct ksem_transfer transfer;
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	unsigned char bytes[sizeof(struct ksem_info) + NEWER];
};

/* A holder is a child whose own handle @fd is, with a permit if there was one. */
enum where { HERE, IN_CHILD, IN_HOLDER };

/**
 * struct call - something that is tried
 * @name: for people.
 * @cmd: of an ioctl.
 * @size: of its structure, or 0: the third argument is 1.
 * @arg: the structure.
 * @run: what else it is; 0 or -errno.
 * @where: in which process it is done.
 * @waits: it would wait where nothing is free.
 * @asks: it may go by the rules, as a request, which a debug build allocates.
 * @errors: what it may fail with in any build.
 * @sites: places that can fail, at least, in the state that has most of them; without
 *	that request. What the kernel allocates for itself may come and go.
 */
struct call {
	const char *name;
	unsigned int cmd;
	unsigned int size;
	union arg arg;
	int (*run)(struct scene *s);
	enum where where;
	bool waits;
	bool asks;
	int errors[3];
	unsigned int sites;
};

/* Is there a token where permits were granted and one was wanted? */
static bool has_its_token(const struct call *call, const union arg *arg)
{
	switch (call->cmd) {
	case KSEM_IOC_ACQUIRE_EX:
		return !(arg->acquire_ex.flags & KSEM_FLAG_TOKEN) || arg->acquire_ex.out_token;
	case KSEM_IOC_TRY_ACQUIRE_EX:
		return !(arg->try_acquire_ex.flags & KSEM_FLAG_TOKEN) ||
		       arg->try_acquire_ex.out_token;
	case KSEM_IOC_DRAIN:
		return !(arg->drain.flags & KSEM_FLAG_TOKEN) || !arg->drain.out_n ||
		       arg->drain.out_token;
	default:
		return true;
	}
}

static int try_ioctl(const struct call *call, struct scene *s, unsigned int newer)
{
	static struct ksem_holder_entry holders[4];
	static struct ksem_waiter_entry waiters[4];
	union arg arg = call->arg;
	int result;

	if (!call->size)
		return ksem_test_ioctl_n(s->fd, call->cmd, 1);
	arg.size = call->size + newer;
	switch (call->cmd) {
	case KSEM_IOC_ATTACH:
		arg.attach.fd = s->other;
		break;
	case KSEM_IOC_TRANSFER:
		arg.transfer.fd = s->other;
		break;
	case KSEM_IOC_HOLDERS:
		arg.holders.entries = (uintptr_t)holders;
		break;
	case KSEM_IOC_WAITERS:
		arg.waiters.entries = (uintptr_t)waiters;
		break;
	}
	result = ksem_test_ioctl(s->fd, call->cmd, &arg);
	return result < 0 || has_its_token(call, &arg) ? result : -EPROTO;
}

static int try_open(struct scene *s)
{
	int fd = ksem_test_open(O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int try_create_at(struct scene *s)
{
	return ksem_test_create_at(s->dir, "f", 0, 0600, -1);
}

static int try_create_at_bound(struct scene *s)
{
	return ksem_test_create_at(s->dir, "f", 0, 0600, s->fd);
}

static int try_create_at_per_process(struct scene *s)
{
	return ksem_test_create_at(s->dir, "f", KSEM_CREATE_PER_PROCESS, 0600, s->fd);
}

static int try_open_name(struct scene *s)
{
	return ksem_test_can_open_at(s->dir, "s", O_RDWR);
}

static int try_mkdir(struct scene *s)
{
	return mkdirat(s->dir, "d", 0700) ? -errno : 0;
}

static int try_mount(struct scene *s)
{
	return ksem_test_mount_at(OTHER_MOUNT, "mode=0700,max=5");
}

/* One byte, or more than one; the end of the file is a shutdown. */
static int try_read_n(struct scene *s, size_t n)
{
	char bytes[8];
	ssize_t got = read(s->fd, bytes, n);

	if (got < 0)
		return -errno;
	return got ? 0 : -ESHUTDOWN;
}

static int try_read(struct scene *s)
{
	return try_read_n(s, 1);
}

static int try_read_many(struct scene *s)
{
	return try_read_n(s, 8);
}

static int try_write(struct scene *s)
{
	return write(s->fd, "ab", 2) < 0 ? -errno : 0;
}

static int try_poll(struct scene *s)
{
	struct pollfd pollfd = { .fd = s->fd, .events = POLLIN | POLLOUT };

	return poll(&pollfd, 1, 0) < 0 ? -errno : 0;
}

static int try_epoll(struct scene *s)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fd, &event) ? -errno : 0;
}

static int try_fdinfo(struct scene *s)
{
	char path[64], text[1024];
	int fd, result = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text)) < 0)
		result = -errno;
	close(fd);
	return result;
}

/* So high that the table of descriptors has to grow. */
static int try_dup(struct scene *s)
{
	return fcntl(s->fd, F_DUPFD_CLOEXEC, 300) < 0 ? -errno : 0;
}

static int try_close(struct scene *s)
{
	return close(s->fd) ? -errno : 0;
}

static int try_exit(struct scene *s)
{
	_exit(0);
}

static int try_fork(struct scene *s)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

/* Over a socket, and out of it again. */
static int try_scm_rights(struct scene *s)
{
	char control[CMSG_SPACE(sizeof(int))] = { }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = -1;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &s->fd, sizeof(int));
	if (sendmsg(s->sockets[0], &msg, 0) < 0 ||
	    recvmsg(s->sockets[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
		close(fd);
	}
	return 0;
}

/* A debug build has waiters in tracked memory: each request by the rules allocates one. */
static bool module_is_debug(void)
{
	return !access("/sys/module/ksem/parameters/debug_delay_us", F_OK);
}

#define STRUCTURE(_CMD, _name, _how) \
	.name = #_name _how, .cmd = KSEM_IOC_##_CMD, .size = sizeof(struct ksem_##_name)

static const struct call calls[] = {
	{ STRUCTURE(CREATE, create, ""), .errors = { ENOMEM, EFAULT }, .sites = 3,
	  .arg.create = { .initial = 1, .max = 2, .handoff_ns = 1, .label = "fault" } },
	{ STRUCTURE(CREATE, create, " per process"), .errors = { ENOMEM, EFAULT }, .sites = 4,
	  .arg.create = { .flags = KSEM_CREATE_PER_PROCESS, .max = 2, .handoff_ns = 1 } },
	/* Where the other's are per process an account is made. */
	{ STRUCTURE(ATTACH, attach, ""), .errors = { EFAULT, ENOMEM }, .sites = 3 },
	{ .name = "acquire", .cmd = KSEM_IOC_ACQUIRE, .waits = true, .asks = true },
	{ .name = "try_acquire", .cmd = KSEM_IOC_TRY_ACQUIRE, .asks = true },
	{ .name = "release", .cmd = KSEM_IOC_RELEASE },
	{ STRUCTURE(ACQUIRE_EX, acquire_ex, ""), .asks = true, .errors = { EFAULT }, .sites = 2,
	  .arg.acquire_ex = { .n = 1 } },
	{ STRUCTURE(ACQUIRE_EX, acquire_ex, " with a token"), .asks = true,
	  .errors = { EFAULT }, .sites = 4,
	  .arg.acquire_ex = { .n = 1, .flags = KSEM_FLAG_TOKEN } },
	{ STRUCTURE(TRY_ACQUIRE_EX, try_acquire_ex, ""), .asks = true,
	  .errors = { EFAULT }, .sites = 4,
	  .arg.try_acquire_ex = { .n = 1, .flags = KSEM_FLAG_TOKEN } },
	{ STRUCTURE(TRY_ACQUIRE_EX, try_acquire_ex, " past the queue"), .asks = true,
	  .errors = { EFAULT }, .sites = 2,
	  .arg.try_acquire_ex = { .n = 1, .flags = KSEM_FLAG_BARGE } },
	{ STRUCTURE(POST, post, ""), .errors = { EFAULT }, .sites = 2, .arg.post = { .n = 1 } },
	{ STRUCTURE(DRAIN, drain, ""), .asks = true, .errors = { EFAULT }, .sites = 6,
	  .arg.drain = { .flags = KSEM_FLAG_TOKEN } },
	{ STRUCTURE(REDUCE, reduce, ""), .errors = { EFAULT }, .sites = 2,
	  .arg.reduce = { .n = 1 } },
	{ STRUCTURE(FORGET, forget, ""), .errors = { EFAULT }, .sites = 2,
	  .arg.forget = { .n = 1 } },
	{ STRUCTURE(RESIZE, resize, ""), .errors = { EFAULT }, .sites = 2,
	  .arg.resize = { .capacity = 3 } },
	{ STRUCTURE(TRANSFER, transfer, ""), .errors = { EFAULT }, .sites = 2,
	  .arg.transfer = { .n = 1 } },
	{ STRUCTURE(SHUTDOWN, shutdown, ""), .errors = { EFAULT }, .sites = 2 },
	{ STRUCTURE(INFO, info, ""), .errors = { EFAULT }, .sites = 3 },
	{ STRUCTURE(HOLDERS, holders, ""), .errors = { EFAULT }, .sites = 4,
	  .arg.holders = { .count = 4, .entry_size = sizeof(struct ksem_holder_entry) } },
	{ STRUCTURE(WAITERS, waiters, ""), .errors = { EFAULT }, .sites = 4,
	  .arg.waiters = { .count = 4, .entry_size = sizeof(struct ksem_waiter_entry) } },
	{ STRUCTURE(FEATURES, features, ""), .errors = { EFAULT }, .sites = 3 },
	{ .name = "open", .run = try_open, .errors = { ENOMEM, EFAULT }, .sites = 7 },
	{ .name = "create_at", .run = try_create_at, .errors = { ENOMEM, EFAULT }, .sites = 13 },
	{ .name = "create_at with a handle", .run = try_create_at_bound,
	  .errors = { ENOMEM, EFAULT }, .sites = 13 },
	{ .name = "create_at with a handle, per process", .run = try_create_at_per_process,
	  .errors = { ENOMEM, EFAULT }, .sites = 14 },
	{ .name = "open of a name", .run = try_open_name, .errors = { ENOMEM, EFAULT },
	  .sites = 8 },
	{ .name = "mkdir", .run = try_mkdir, .errors = { ENOMEM, EFAULT }, .sites = 10 },
	{ .name = "mount", .run = try_mount, .errors = { ENOMEM, EFAULT }, .sites = 45 },
	{ .name = "read", .run = try_read, .waits = true, .asks = true, .errors = { EFAULT },
	  .sites = 1 },
	{ .name = "read of many", .run = try_read_many, .waits = true, .asks = true,
	  .errors = { EFAULT }, .sites = 1 },
	{ .name = "write", .run = try_write },
	{ .name = "poll", .run = try_poll, .errors = { ENOMEM, EFAULT }, .sites = 1 },
	{ .name = "epoll", .run = try_epoll, .errors = { ENOMEM, EFAULT }, .sites = 8 },
	/* A missing inode is a missing file there. */
	{ .name = "fdinfo", .run = try_fdinfo, .errors = { ENOMEM, EFAULT, ENOENT },
	  .sites = 13 },
	{ .name = "dup", .run = try_dup, .where = IN_CHILD, .errors = { ENOMEM }, .sites = 7 },
	{ .name = "close", .run = try_close, .where = IN_HOLDER },
	{ .name = "exit", .run = try_exit, .where = IN_HOLDER },
	{ .name = "fork", .run = try_fork, .errors = { ENOMEM, EAGAIN }, .sites = 100 },
	{ .name = "SCM_RIGHTS", .run = try_scm_rights,
	  .errors = { ENOMEM, EFAULT, ENOBUFS }, .sites = 14 },
};

static bool may_fail_with(const struct call *call, int error)
{
	size_t i;

	if (error == ENOMEM && call->asks && module_is_debug())
		return true;
	for (i = 0; i < ARRAY_SIZE(call->errors); i++)
		if (error && call->errors[i] == error)
			return true;
	return false;
}

/* The fewest places that can fail which a call has, in the state that has most. */
static unsigned int fewest_sites(const struct call *call)
{
	return call->sites + (call->asks && module_is_debug());
}

static int make_call(const struct call *call, struct scene *s, unsigned int newer)
{
	return call->run ? call->run(s) : try_ioctl(call, s, newer);
}

/* The call with its @n-th place failing; whether that was reached. */
static int inject(const struct call *call, struct scene *s, unsigned int newer,
		  unsigned int n, bool *hit)
{
	int result, fault = ksem_test_fault_open();

	if (fault < 0 || !ksem_test_fault_arm(fault, n)) {
		close(fault);
		return -EBADF;
	}
	result = make_call(call, s, newer);
	*hit = n && ksem_test_fault_disarm(fault);
	close(fault);
	return result;
}

static void be_holder(struct scene *s)
{
	s->fd = ksem_test_open(O_RDWR);
	if (!ksem_test_attach(s->fd, s->other))
		ksem_test_try_acquire(s->fd, 1);
}

/* Of a process that is dead and not reaped yet. */
static bool was_hit(pid_t pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '?';
	close(fd);
	return text[0] == '0';
}

/* The same in a child: its exit status is the error, its number stays as it was. */
static int inject_in_child(const struct call *call, struct scene *s, unsigned int n,
			   bool *hit)
{
	siginfo_t info = { };
	pid_t pid = ksem_test_fork();

	if (!pid) {
		int fault = ksem_test_fault_open();

		if (call->where == IN_HOLDER)
			be_holder(s);
		if (!ksem_test_fault_arm(fault, n))
			_exit(EBADF);
		_exit(-call->run(s));
	}
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return -ECHILD;
	*hit = n && was_hit(pid);
	waitpid(pid, NULL, 0);
	return info.si_code == CLD_EXITED ? -info.si_status : -ECHILD;
}

static int try_call(const struct call *call, struct scene *s, unsigned int newer,
		    unsigned int n, bool *hit)
{
	*hit = false;
	return call->where == HERE ? inject(call, s, newer, n, hit) :
				     inject_in_child(call, s, n, hit);
}

/*
 * What a sweep has found: @why is what is wrong, or NULL. The kernel can do without some
 * of what fails at @sites; @failed: those that were reported, @faulted: as EFAULT.
 */
struct findings {
	unsigned int sites;
	unsigned int failed;
	unsigned int faulted;
	const char *why;
	unsigned int n;
	int result;
};

static bool scene_anew(struct scene *s, struct view *view)
{
	bool anew = scene_end(s);

	if (!scene_begin(s, s->state))
		return false;
	look(s, view);
	return anew;
}

/*
 * A call with each failure. One that is reported leaves the scene as it was, and
 * so it serves for the next; one that the kernel can do without, whose result
 * has to be that of a call without failures, is followed by a new scene.
 */
static void sweep_scene(const struct call *call, struct scene *s, unsigned int newer,
			struct findings *found)
{
	struct view before, after;
	bool hit;
	int expected = try_call(call, s, newer, 0, &hit);

	found->why = "handle not gone";
	if (!scene_anew(s, &before))
		return;
	for (found->n = 1; found->n < FAULTS_MAX; found->n++) {
		found->result = try_call(call, s, newer, found->n, &hit);
		if (hit && found->result != expected && may_fail_with(call, -found->result)) {
			look(s, &after);
			found->why = "something has changed";
			if (memcmp(&before, &after, sizeof(before)))
				return;
			found->failed++;
			found->faulted += found->result == -EFAULT;
		} else {
			found->why = "another result";
			if (found->result != expected)
				return;
			if (!hit)
				break;
			found->why = "handle not gone";
			if (!scene_anew(s, &before))
				return;
		}
		found->sites++;
	}
	found->why = found->n < FAULTS_MAX ? NULL : "no end of failures";
}

static void sweep(const struct call *call, const struct state *state, unsigned int newer,
		  struct findings *found)
{
	struct scene s;

	*found = (struct findings){ .why = "no scene" };
	if (scene_begin(&s, state))
		sweep_scene(call, &s, newer, found);
	if (!scene_end(&s) && !found->why)
		found->why = "handle not gone";
}

#define TRIES	4

/*
 * Is it EFAULT where a copy failed, and only there? Once more without allocations that
 * fail: all that fail now are copies, and there were as many as there were EFAULTs. What
 * the kernel allocates for its own books moves the numbers, so that a sweep may step over
 * a copy or meet it twice: of some pairs of sweeps one has to do.
 */
static bool faults_are_copies(const struct call *call, const struct state *state,
			      unsigned int newer, struct findings *all,
			      struct findings *copies)
{
	unsigned int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries)
			sweep(call, state, newer, all);
		ksem_test_fault_spare_allocations(true);
		sweep(call, state, newer, copies);
		ksem_test_fault_spare_allocations(false);
		if (all->why || copies->why || copies->faulted != copies->failed)
			break;
		if (copies->faulted == all->faulted)
			return true;
	}
	return false;
}

/* The kernel has a hand in the others: it may take another way where memory fails. */
static bool is_of_the_device(const struct call *call)
{
	return call->cmd || call->run == try_create_at || call->run == try_create_at_bound ||
	       call->run == try_create_at_per_process;
}

FIXTURE(fault) {
	const char *lacks;
};

FIXTURE_SETUP(fault)
{
	self->lacks = ksem_test_is_root() ? ksem_test_fault_prepare() : "needs root";
	if (!self->lacks)
		close(ksem_test_mounted(NULL));
}

FIXTURE_TEARDOWN(fault)
{
}

static void expect_no_change(struct __test_metadata *_metadata, const struct call *call,
			     const struct state *state, unsigned int newer,
			     struct findings *found)
{
	struct findings copies;

	sweep(call, state, newer, found);
	EXPECT_EQ(NULL, found->why)
		TH_LOG("%s, %s, %u bytes more: failure %u: %s (%d)", call->name, state->name,
		       newer, found->n, found->why, found->result);
	EXPECT_TRUE(!is_of_the_device(call) ||
		    faults_are_copies(call, state, newer, found, &copies))
		TH_LOG("%s, %s, %u bytes more: %u EFAULT; %u of %u copies", call->name,
		       state->name, newer, found->faulted, copies.faulted, copies.failed);
}

/* KSEM_TEST_ONE_IN: of so many turns, one is taken. */
static bool is_drawn(unsigned int *turn)
{
	return !((*turn)++ % ksem_test_factor("KSEM_TEST_ONE_IN"));
}

static unsigned int sweep_states(struct __test_metadata *_metadata, const struct call *call,
				 unsigned int *turn, unsigned int *failures)
{
	unsigned int i, newer, sites = 0;
	struct findings found;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (call->waits && states[i].steps & NOTHING_FREE)
			continue;
		if (!is_drawn(turn))
			continue;
		for (newer = 0; newer <= (call->size ? NEWER : 0); newer += NEWER) {
			expect_no_change(_metadata, call, &states[i], newer, &found);
			sites = found.sites > sites ? found.sites : sites;
			*failures += found.sites;
		}
	}
	printf("# sites of %s: %u\n", call->name, sites);
	EXPECT_LE(ksem_test_factor("KSEM_TEST_ONE_IN") > 1 ? 0 : fewest_sites(call), sites)
		TH_LOG("%s has lost places that fail", call->name);
	return sites;
}

TEST_F_TIMEOUT(fault, of_any_call_in_any_state_changes_nothing, 600)
{
	unsigned int i, all = 0, failures = 0, seed = ksem_test_new_seed(), turn = seed;

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		all += sweep_states(_metadata, &calls[i], &turn, &failures);
	printf("# sites: %u, failures: %u, seed %u\n", all, failures, seed);
	fflush(stdout);
	EXPECT_TRUE(ksem_test_nothing_is_left());
}

/* Waits, each by a thread of its own, and what ends them. */

enum end { GRANT, SHUTDOWN, DEADLINE, NR_ENDS };

static const char *const end_names[NR_ENDS] = { "granted", "shut down", "timed out" };
static const int end_results[NR_ENDS] = { 0, -ESHUTDOWN, -ETIMEDOUT };

static const struct call waits[] = {
	{ .name = "acquire", .cmd = KSEM_IOC_ACQUIRE, .asks = true },
	{ STRUCTURE(ACQUIRE_EX, acquire_ex, ""), .asks = true, .errors = { EFAULT }, .sites = 2,
	  .arg.acquire_ex = { .n = 1, .deadline_ns = KSEM_NO_DEADLINE } },
	{ STRUCTURE(ACQUIRE_EX, acquire_ex, " with a token and a deadline"), .asks = true,
	  .errors = { EFAULT }, .sites = 4,
	  .arg.acquire_ex = { .n = 1, .flags = KSEM_FLAG_TOKEN, .deadline_ns = ~0ULL >> 1 } },
	{ .name = "read", .run = try_read, .asks = true, .errors = { EFAULT }, .sites = 1 },
};

struct sleeper {
	pthread_t thread;
	struct call call;
	struct scene *scene;
	unsigned int n;
	bool hit;
	int result;
	bool done;
};

static void *sleeper_main(void *data)
{
	struct sleeper *sleeper = data;

	sleeper->result = inject(&sleeper->call, sleeper->scene, NEWER, sleeper->n,
				 &sleeper->hit);
	__atomic_store_n(&sleeper->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool sleeper_is_done(struct sleeper *sleeper)
{
	return __atomic_load_n(&sleeper->done, __ATOMIC_ACQUIRE);
}

/* The permit is the thread's, or there for others; all have got theirs. */
static bool wait_is_counted(struct sleeper *sleeper, __u32 own)
{
	struct scene *s = sleeper->scene;
	bool granted = !sleeper->result;
	struct ksem_info info;

	return ksem_test_until(!(info = ksem_test_info(s->fd)).out_waiters &&
			       info.out_available == !granted) &&
	       info.out_own == own + (granted && !(s->state->flags & KSEM_CREATE_SIGNAL));
}

/* The deadline has been set before, if it is to be what ends the wait. */
static void end_wait(struct sleeper *sleeper, enum end end, const struct ksem_info *before)
{
	struct scene *s = sleeper->scene;

	if (end == SHUTDOWN)
		ksem_test_shutdown(s->other);
	else if (end == GRANT)
		ksem_test_post(s->other, before->out_waiters + 1 - before->out_available);
	pthread_join(sleeper->thread, NULL);
}

/* No permit has moved. */
static bool only_timed_out(int fd, const struct ksem_info *before)
{
	struct ksem_info after = ksem_test_info(fd);

	return after.out_available == before->out_available &&
	       after.out_held == before->out_held && after.out_own == before->out_own &&
	       after.out_waiters == before->out_waiters &&
	       after.out_timeouts == before->out_timeouts + 1 &&
	       after.out_acquires == before->out_acquires;
}

/*
 * True if the wait came to the end that was made for it, or changed nothing. The result
 * of one that was queued is copied when it has been granted: the permit goes back.
 */
static bool wait_with_failure(struct sleeper *sleeper, enum end end)
{
	struct scene *s = sleeper->scene;
	struct view before, after;
	bool queued, lost;
	__u32 waiters;

	look(s, &before);
	waiters = before.other.out_waiters;
	if (pthread_create(&sleeper->thread, NULL, sleeper_main, sleeper))
		return false;
	if (!ksem_test_until(sleeper_is_done(sleeper) ||
			     ksem_test_info(s->other).out_waiters > waiters))
		return false;
	look(s, &after);
	queued = after.other.out_waiters > waiters;
	end_wait(sleeper, end, &before.other);
	if (end == GRANT && !wait_is_counted(sleeper, before.own.out_own))
		return false;
	if (sleeper->result == end_results[end])
		return end != DEADLINE || only_timed_out(s->fd, &before.own);
	lost = queued && end == GRANT && sleeper->result == -EFAULT;
	return sleeper->hit && may_fail_with(&sleeper->call, -sleeper->result) &&
	       (lost || !memcmp(&before, &after, sizeof(before)));
}

#define SHORT_NS	3000000

static bool sweep_wait(const struct call *call, const struct state *state, enum end end,
		       unsigned int *n)
{
	bool good = true, hit = true;

	for (*n = 1; good && hit; ++*n) {
		struct scene s;
		struct sleeper sleeper = { .call = *call, .scene = &s, .n = *n };

		good = scene_begin(&s, state);
		if (end == DEADLINE)
			sleeper.call.arg.acquire_ex.deadline_ns = ksem_test_now() + SHORT_NS;
		good = good && wait_with_failure(&sleeper, end);
		good = scene_end(&s) && good;
		hit = sleeper.hit;
	}
	return good;
}

/*
 * What it has at least to be swept over. Only a grant is handed out; whatever ends it, its
 * structure is copied in, and a build for debugging asks for the waiter's memory.
 */
static unsigned int fewest_sites_of_wait(const struct call *wait, enum end end)
{
	if (end == GRANT)
		return fewest_sites(wait);
	return !!wait->size + (wait->asks && module_is_debug());
}

TEST_F_TIMEOUT(fault, of_a_wait_changes_nothing, 240)
{
	unsigned int i, j, end, n, turn = ksem_test_new_seed();

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		for (j = 0; j < ARRAY_SIZE(states); j++) {
			if (!(states[j].steps & NOTHING_FREE) || !is_drawn(&turn))
				continue;
			for (end = 0; end < NR_ENDS; end++) {
				if (end == DEADLINE && waits[i].cmd != KSEM_IOC_ACQUIRE_EX)
					continue;
				EXPECT_TRUE(sweep_wait(&waits[i], &states[j], end, &n))
					TH_LOG("%s, %s, %s: failure %u", waits[i].name,
					       states[j].name, end_names[end], n);
				/* The last one failed nowhere. */
				EXPECT_LE(fewest_sites_of_wait(&waits[i], end) + 2, n)
					TH_LOG("%s, %s, %s", waits[i].name, states[j].name,
					       end_names[end]);
			}
		}
	}
	EXPECT_TRUE(ksem_test_nothing_is_left());
}

/*
 * A wait that is broken off and goes on, by SIGSTOP and SIGCONT: no handler, so
 * no other memory is needed on the way than that of the place.
 */

struct stopped {
	const struct call *call;
	int fd;
	pid_t pid;
	struct ksem_test_waiter behind;
	bool hit;
	bool kept;
	int result;
};

/* Has the child ended? It stays to be asked about its failures. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { };

	return !waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) && info.si_pid == pid;
}

static bool queued_or_ended(struct stopped *stopped, __u32 waiters)
{
	return ksem_test_until(has_ended(stopped->pid) ||
			       ksem_test_info(stopped->fd).out_waiters == waiters);
}

static bool stop_and_continue(struct stopped *stopped)
{
	if (!queued_or_ended(stopped, 1))
		return false;
	if (has_ended(stopped->pid))
		return ksem_test_queue(&stopped->behind, stopped->fd, 1, 1);
	return ksem_test_queue(&stopped->behind, stopped->fd, 1, 2) &&
	       !kill(stopped->pid, SIGSTOP) &&
	       ksem_test_wait_queued(stopped->fd, 1) &&
	       !kill(stopped->pid, SIGCONT) && queued_or_ended(stopped, 2);
}

/* One permit, and who has it; then one for the other. */
static bool grant_both(struct stopped *stopped)
{
	if (ksem_test_post(stopped->fd, 1) ||
	    !ksem_test_until(ksem_test_done(&stopped->behind) || has_ended(stopped->pid)))
		return false;
	stopped->kept = !ksem_test_done(&stopped->behind);
	return !ksem_test_post(stopped->fd, 1) && !ksem_test_join(&stopped->behind) &&
	       ksem_test_until(has_ended(stopped->pid));
}

static bool stop_with_failure(struct stopped *stopped, unsigned int n)
{
	bool good;

	stopped->fd = ksem_test_fair(0, 8);
	stopped->pid = ksem_test_fork();
	if (!stopped->pid) {
		struct scene s = { .fd = stopped->fd };
		int fault = ksem_test_fault_open();

		if (!ksem_test_fault_arm(fault, n))
			_exit(EBADF);
		ksem_test_exit(make_call(stopped->call, &s, NEWER));
	}
	good = stop_and_continue(stopped) && grant_both(stopped);
	stopped->hit = was_hit(stopped->pid);
	stopped->result = ksem_test_kill(stopped->pid);
	good = good && ksem_test_conserved(stopped->fd) &&
	       ksem_test_info(stopped->fd).out_held == 1 + !stopped->result;
	close(stopped->fd);
	return good;
}

/* Returns how many places were lost. */
static unsigned int sweep_stopped(struct __test_metadata *_metadata, struct stopped *stopped)
{
	unsigned int n, lost = 0;

	stopped->hit = true;
	for (n = 1; n < FAULTS_MAX && stopped->hit; n++) {
		ASSERT_TRUE(stop_with_failure(stopped, n))
			TH_LOG("%s: failure %u", stopped->call->name, n);
		EXPECT_TRUE(!stopped->result ||
			    (stopped->hit && may_fail_with(stopped->call, -stopped->result)))
			TH_LOG("%s: failure %u: %d", stopped->call->name, n, stopped->result);
		lost += !stopped->result && !stopped->kept;
	}
	return lost;
}

#define SWEEPS	10

TEST_F_TIMEOUT(fault, of_the_memory_for_a_place_loses_the_place_and_nothing_else, 240)
{
	unsigned int i, j;

	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		struct stopped stopped = { .call = &waits[i] };
		unsigned int lost = 0;

		/*
		 * What the kernel allocates for its own books of memory comes at one time
		 * and not at another, and moves the numbers: one sweep may step over the
		 * place.
		 */
		for (j = 0; !lost && j < SWEEPS; j++)
			lost = sweep_stopped(_metadata, &stopped);
		EXPECT_LT(0, lost)
			TH_LOG("%s", waits[i].name);
		EXPECT_TRUE(stopped.kept);
	}
	EXPECT_TRUE(ksem_test_nothing_is_left());
}

/* Real pointers: memory that ends, for writing, within what is written. */

struct boundary {
	size_t size;
	unsigned char *pages;
};

FIXTURE(boundary) {
	struct boundary at;
};

FIXTURE_SETUP(boundary)
{
	self->at.size = sysconf(_SC_PAGESIZE);
	self->at.pages = mmap(NULL, 2 * self->at.size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->at.pages);
}

FIXTURE_TEARDOWN(boundary)
{
	munmap(self->at.pages, 2 * self->at.size);
}

/* So much of @from can be written, the rest can only be read. */
static void *lay(struct boundary *at, const void *from, size_t size, size_t writable)
{
	unsigned char *to = at->pages + at->size - writable;

	mprotect(at->pages + at->size, at->size, PROT_READ | PROT_WRITE);
	memcpy(to, from, size);
	mprotect(at->pages + at->size, at->size, PROT_READ);
	return to;
}

/* The last word of each of these is written by the kernel. */
static bool has_output(const struct call *call)
{
	return call->cmd == KSEM_IOC_INFO || call->cmd == KSEM_IOC_HOLDERS ||
	       call->cmd == KSEM_IOC_WAITERS || call->cmd == KSEM_IOC_FEATURES ||
	       (call->size && call->cmd != KSEM_IOC_CREATE &&
		call->arg.drain.flags & KSEM_FLAG_TOKEN);
}

/* How many bytes of the structure it takes until nothing is wrong, or @size. */
static size_t faults_within(struct boundary *at, const struct call *call, int fd)
{
	union arg arg = call->arg;
	size_t writable;

	arg.size = call->size;
	/* Of the lists it is the entries that another test is about. */
	if (call->cmd == KSEM_IOC_HOLDERS || call->cmd == KSEM_IOC_WAITERS)
		arg.holders.count = 0;
	for (writable = 0; writable < call->size; writable++)
		if (ksem_test_ioctl(fd, call->cmd, lay(at, &arg, arg.size, writable)) != -EFAULT)
			break;
	return writable;
}

TEST_F_TIMEOUT(boundary, within_a_structure_faults_and_changes_nothing, 120)
{
	struct view before, after;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		struct scene s;

		if (!(states[i].steps & BIND) || states[i].steps & (SHUT | NAME))
			continue;
		ASSERT_TRUE(scene_begin(&s, &states[i]));
		look(&s, &before);
		for (j = 0; j < ARRAY_SIZE(calls); j++) {
			if (!has_output(&calls[j]))
				continue;
			EXPECT_EQ(calls[j].size, faults_within(&self->at, &calls[j], s.fd))
				TH_LOG("%s, %s", calls[j].name, states[i].name);
		}
		look(&s, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)))
			TH_LOG("%s", states[i].name);
		EXPECT_TRUE(scene_end(&s));
	}
}

/* The two lists have the same layout. Entries have a tail that becomes zeros. */
TEST_F(boundary, within_an_entry_faults_and_changes_nothing)
{
	const unsigned int cmds[] = { KSEM_IOC_HOLDERS, KSEM_IOC_WAITERS };
	unsigned char entry[sizeof(struct ksem_holder_entry) + 16] = { };
	struct ksem_holders arg = {
		.size = sizeof(arg),
		.count = 1,
		.entry_size = sizeof(entry),
	};
	const struct state state = { "", BIND | HOLD_ALL | QUEUE, 0 };
	struct view before, after;
	size_t i, writable;
	struct scene s;

	ASSERT_TRUE(scene_begin(&s, &state));
	look(&s, &before);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		for (writable = 0; writable < sizeof(entry); writable++) {
			arg.entries = (uintptr_t)lay(&self->at, entry, sizeof(entry), writable);
			EXPECT_EQ(-EFAULT, ksem_test_ioctl(s.fd, cmds[i], &arg))
				TH_LOG("list %zu, %zu bytes", i, writable);
		}
	}
	look(&s, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_TRUE(scene_end(&s));
}

TEST_HARNESS_MAIN
