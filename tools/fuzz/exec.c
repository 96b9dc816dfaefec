// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: making one call
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

/* No wait is to be longer where nothing but death could end it. */
#define UNINTERRUPTIBLE_NS	1000000ULL
/* A deadline below this is from now on, see random_deadline(). */
#define RELATIVE_NS		10000000000ULL

union fuzz_arg {
	struct {
		__u32 size;
		__u32 flags;
	};
	struct ksem_create create;
	struct ksem_create_at create_at;
	struct ksem_attach attach;
	struct ksem_acquire_ex acquire_ex;
	struct ksem_try_acquire_ex try_acquire_ex;
	struct ksem_post post;
	struct ksem_drain drain;
	struct ksem_reduce reduce;
	struct ksem_forget forget;
	struct ksem_resize resize;
	struct ksem_transfer transfer;
	struct ksem_shutdown shutdown;
	struct ksem_info info;
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	struct ksem_features features;
	unsigned char bytes[2 * 4096];
};

int fuzz_slot_fd(struct fuzz_thread *t, unsigned int slot)
{
	return __atomic_load_n(&t->process->slot[slot], __ATOMIC_RELAXED);
}

/* Whoever uses what was in there finds that it may be another file by now. */
static int exchange_slot(struct fuzz_process *p, unsigned int slot, int fd)
{
	int old = __atomic_exchange_n(&p->slot[slot], fd, __ATOMIC_ACQ_REL);

	__atomic_add_fetch(&p->changes[slot], 1, __ATOMIC_RELEASE);
	return old;
}

void fuzz_set_slot(struct fuzz_process *p, unsigned int slot, int fd)
{
	int old = exchange_slot(p, slot, fd);

	if (old >= 0)
		syscall(SYS_close, old);
}

void fuzz_close_slot(struct fuzz_process *p, unsigned int slot)
{
	fuzz_set_slot(p, slot, -1);
}

/* Is the call made on what is in its slot? */
static bool needs_descriptor(const struct fuzz_call *c)
{
	return fuzz_op_has(&fuzz_ops[c->op], 's') && c->op != OP_OPEN && c->op != OP_RECEIVE &&
	       c->op != OP_OPEN_NAME && c->op != OP_CREATE_AT;
}

/*
 * Since the call began. Its descriptor may be of another file by now: the number is free
 * for what the other thread opens, be it a directory.
 */
bool fuzz_slot_has_changed(struct fuzz_thread *t, const struct fuzz_call *c)
{
	return needs_descriptor(c) &&
	       __atomic_load_n(&t->process->changes[c->slot], __ATOMIC_ACQUIRE) != t->change;
}

/*
 * ioctls
 */

/* As the call has it, but with an end where only death could end it. */
static __u64 deadline_of(const struct fuzz_call *c)
{
	__u64 now = fuzz_now(c->flags & KSEM_FLAG_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);
	__u64 deadline = c->arg;

	if (deadline && deadline < RELATIVE_NS)
		deadline += now;
	if (!(c->flags & KSEM_FLAG_UNINTERRUPTIBLE))
		return deadline;
	return deadline < now + UNINTERRUPTIBLE_NS ? deadline : now + UNINTERRUPTIBLE_NS;
}

static void fill_label(__u8 *label, unsigned int which)
{
	switch (which) {
	case 1:
		memcpy(label, "fuzz", 4);
		break;
	case 2:
		memset(label, '~', KSEM_LABEL_SIZE - 1);
		break;
	case FIRST_BAD_LABEL:
		memset(label, 'x', KSEM_LABEL_SIZE);
		break;
	case FIRST_BAD_LABEL + 1:
		memcpy(label, "a\tb", 3);
		break;
	case FIRST_BAD_LABEL + 2:
		label[KSEM_LABEL_SIZE - 1] = 'x';
		break;
	}
}

int fuzz_other_fd(struct fuzz_thread *t, const struct fuzz_call *c)
{
	if (c->odd & ODD_FD_NONE)
		return c->odd & ODD_FD_OTHER ? -2 : -1;
	return c->odd & ODD_FD_OTHER ? FUZZ_FD_SHARED : fuzz_slot_fd(t, c->other);
}

static void fill_create_at(struct fuzz_thread *t, const struct fuzz_call *c,
			   struct ksem_create_at *at)
{
	fuzz_fill_name(t, c, at);
	at->mode = c->odd & ODD_RESERVED ? 02600 : 0600;
	at->fd = fuzz_other_fd(t, c);
	at->initial = c->n;
	at->max = c->m;
	at->handoff_ns = c->arg;
	fill_label(at->label, c->odd >> ODD_LABEL_SHIFT);
}

/* Lists: both have the same layout. */
static void fill_list(struct fuzz_thread *t, const struct fuzz_call *c, struct ksem_holders *list)
{
	list->count = c->n;
	list->entry_size = c->m;
	list->entries = fuzz_area_entries(&t->area, t->process->page, c->arg % NR_PTRS,
					  (__u64)c->n * c->m);
	/* More than a 32-bit address. */
	if (c->arg % NR_PTRS == PTR_TOP)
		list->entries = ~7ULL;
}

static void fill(struct fuzz_thread *t, const struct fuzz_call *c, union fuzz_arg *arg)
{
	__u32 reserved = c->odd & ODD_RESERVED ? 1U << (c->n & 31) : 0;

	arg->flags = c->flags;
	switch (c->op) {
	case OP_CREATE:
		arg->create.initial = c->n;
		arg->create.max = c->m;
		arg->create.handoff_ns = c->arg;
		fill_label(arg->create.label, c->odd >> ODD_LABEL_SHIFT);
		break;
	case OP_CREATE_AT:
		fill_create_at(t, c, &arg->create_at);
		break;
	case OP_ATTACH:
		arg->attach.fd = fuzz_other_fd(t, c);
		arg->attach.reserved = reserved;
		break;
	case OP_ACQUIRE_EX:
		arg->acquire_ex.n = c->n;
		arg->acquire_ex.deadline_ns = deadline_of(c);
		arg->acquire_ex.reserved = reserved;
		break;
	case OP_TRY_ACQUIRE_EX:
		arg->try_acquire_ex.n = c->n;
		arg->try_acquire_ex.reserved = reserved;
		break;
	case OP_DRAIN:
		arg->drain.reserved = reserved;
		break;
	case OP_TRANSFER:
		arg->transfer.n = c->n;
		arg->transfer.fd = fuzz_other_fd(t, c);
		break;
	case OP_POST:
	case OP_REDUCE:
	case OP_FORGET:
	case OP_RESIZE:
		/* Four structures of one layout. */
		arg->post.n = c->n;
		arg->post.reserved = reserved;
		break;
	case OP_HOLDERS:
	case OP_WAITERS:
		fill_list(t, c, &arg->holders);
		break;
	}
}

/* Returns how many bytes there are to be. */
static unsigned int set_size(struct fuzz_thread *t, const struct fuzz_call *c, union fuzz_arg *arg)
{
	unsigned int bytes = fuzz_ops[c->op].bytes, page = t->process->page;

	switch (c->size) {
	case SIZE_LONGER:
		arg->size = bytes + 8;
		break;
	case SIZE_PAGE:
		arg->size = page;
		break;
	case SIZE_SHORT:
		arg->size = bytes - 4;
		return bytes;
	case SIZE_ZERO:
		arg->size = 0;
		return bytes;
	case SIZE_LONGER_DIRTY:
		arg->bytes[bytes + 5] = 1;
		arg->size = bytes + 8;
		break;
	case SIZE_ABOVE_PAGE:
		arg->size = page + 8;
		return bytes;
	case SIZE_HUGE:
		arg->size = ~0U;
		return bytes;
	default:
		arg->size = bytes;
	}
	return arg->size;
}

static void look_at_result(struct fuzz_thread *t, const struct fuzz_call *c)
{
	union fuzz_arg *arg = (void *)(t->area.own + t->area.at);
	__u64 token = 0;

	if (t->process->unreliable || c->ptr > PTR_LAST_GOOD)
		return;
	if (c->op == OP_INFO) {
		struct ksem_info info;

		memcpy(&info, arg, sizeof(info));
		fuzz_check_info(t, &info);
	}
	if (fuzz_op_creates(c->op) || !(c->flags & KSEM_FLAG_TOKEN))
		return;
	if (c->op == OP_ACQUIRE_EX)
		memcpy(&token, &arg->acquire_ex.out_token, sizeof(token));
	else if (c->op == OP_TRY_ACQUIRE_EX)
		memcpy(&token, &arg->try_acquire_ex.out_token, sizeof(token));
	else if (c->op == OP_DRAIN)
		memcpy(&token, &arg->drain.out_token, sizeof(token));
	if (token && token <= t->last_token)
		fuzz_violation(t->process, "token %llu after %llu", (unsigned long long)token,
			       (unsigned long long)t->last_token);
	if (token)
		t->last_token = token;
}

static long run_struct(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	union fuzz_arg arg;
	unsigned int bytes;
	unsigned long at;
	long ret;

	/* Only as far as anybody looks. */
	memset(&arg, 0, c->size == SIZE_PAGE ? sizeof(arg) : sizeof(arg.info) + 8);
	fill(t, c, &arg);
	bytes = set_size(t, c, &arg);
	at = fuzz_area_place(&t->area, t->process->page, c, &arg, bytes);
	if (c->op == OP_CREATE_AT)
		ret = fuzz_create_at(c, at);
	else
		ret = syscall(SYS_ioctl, fd, fuzz_ops[c->op].cmd, at);
	if (ret >= 0)
		look_at_result(t, c);
	return ret;
}

/*
 * What is no ioctl of ksem's
 */

/* The others have no meaning for a device, or should not have. */
#define OPEN_KEPT_FLAGS		(O_ACCMODE | O_NONBLOCK | O_CLOEXEC)

static long run_open(struct fuzz_thread *t, const struct fuzz_call *c)
{
	int flags = fuzz_open_flags(c) & OPEN_KEPT_FLAGS;
	int fd = syscall(SYS_openat, AT_FDCWD, "/dev/ksem", flags, 0);

	if (fd < 0)
		return fd;
	fuzz_set_slot(t->process, c->slot, fd);
	return 0;
}

/* A copy that nobody closes meanwhile, and certainly of what was in the call's slot. */
static int copy_of_slot(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy >= 0 && fuzz_slot_has_changed(t, c)) {
		close(copy);
		errno = EBADF;
		return -1;
	}
	return copy;
}

static long run_dup(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	int copy = copy_of_slot(t, c, fd);

	if (copy < 0)
		return -1;
	fuzz_set_slot(t->process, c->other, copy);
	return 0;
}

/* Over the other slot's descriptor, whatever is being done with that. */
static long run_dup_over(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	int copy, over, ret;

	if (c->other == c->slot)
		return 0;
	copy = copy_of_slot(t, c, fd);
	if (copy < 0)
		return -1;
	over = exchange_slot(t->process, c->other, -1);
	ret = over < 0 ? 0 : syscall(SYS_dup3, copy, over, O_CLOEXEC);
	fuzz_close_quietly(copy);
	if (over >= 0)
		fuzz_set_slot(t->process, c->other, over);
	return ret < 0 ? -1 : 0;
}

static long run_other_ioctl(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	unsigned long args[] = { 0, 1, (unsigned long)t->area.call };

	return syscall(SYS_ioctl, fd, c->n, args[c->arg % ARRAY_SIZE(args)]);
}

/* Into a pipe, which waits for nobody. */
static long run_splice(int fd)
{
	int ends[2];
	long ret;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	ret = splice(fd, NULL, ends[1], NULL, 1, SPLICE_F_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
	return ret;
}

static long run_file(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	void *p;

	switch (c->n) {
	case FILE_PREAD:
		return pread(fd, t->area.own, 1, 0);
	case FILE_PWRITE:
		return pwrite(fd, t->area.own, 1, 0);
	case FILE_SEEK:
		return lseek(fd, 1, SEEK_SET);
	case FILE_MAP:
		p = mmap(NULL, t->process->page, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			return -1;
		munmap(p, t->process->page);
		return 0;
	case FILE_SET_FLAGS:
		return fcntl(fd, F_SETFL, O_NONBLOCK);
	case FILE_SPLICE:
		return run_splice(fd);
	case FILE_SEND:
		return sendfile(FUZZ_FD_SWAP, fd, NULL, 1);
	default:
		return fsync(fd);
	}
}

static long run_poll(const struct fuzz_call *c, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = c->flags };

	return poll(&pfd, 1, c->arg ? 1 : 0);
}

static long run_epoll_add(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	struct epoll_event event = { .events = c->flags };

	return epoll_ctl(t->process->epoll, EPOLL_CTL_ADD, fd, &event);
}

static long run_epoll_wait(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct epoll_event events[4];

	return epoll_wait(t->process->epoll, events, ARRAY_SIZE(events), c->arg ? 1 : 0);
}

union fuzz_control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static long run_send(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	int copy = copy_of_slot(t, c, fd);
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union fuzz_control control;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	long ret;

	if (copy < 0)
		return -1;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &copy, sizeof(copy));
	ret = sendmsg(FUZZ_FD_SWAP, &msg, MSG_DONTWAIT);
	fuzz_close_quietly(copy);
	return ret < 0 ? -1 : 0;
}

static long run_receive(struct fuzz_thread *t, const struct fuzz_call *c)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union fuzz_control control;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(FUZZ_FD_OUT, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return 0;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	fuzz_set_slot(t->process, c->slot, fd);
	return 0;
}

static long run_fdinfo(int fd)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	return fuzz_read_file(name);
}

/* The child shares the handle; it dies by exit or by a signal. */
static long run_fork(const struct fuzz_call *c, int fd)
{
	pid_t child = fork();

	if (child < 0)
		return -1;
	if (!child) {
		syscall(SYS_ioctl, fd, KSEM_IOC_TRY_ACQUIRE, 1UL);
		if (c->n & 1)
			syscall(SYS_ioctl, fd, KSEM_IOC_RELEASE, 1UL);
		if (c->n & 2)
			syscall(SYS_kill, getpid(), SIGKILL);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* Signals the other thread: one that breaks waits off, or one after which they go on. */
static long run_kick(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct fuzz_process *p = t->process;

	if (p->threads < 2)
		return 0;
	return syscall(SYS_tgkill, getpid(), p->thread[!t->index].state->tid,
		       c->n & 1 ? SIGUSR1 : SIGALRM);
}

/* Writes into the structure that the other thread's call is given. */
static long run_tamper(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct fuzz_process *p = t->process;
	struct fuzz_area *a = &p->thread[!t->index].area;
	__u32 *word;
	__u64 i;

	if (p->threads < 2)
		return 0;
	word = (void *)(a->own + (a->at & ~3UL) + 4 * (c->n & 7));
	for (i = 0; i < c->arg && i < 1024; i++)
		__atomic_store_n(word, i & 1 ? c->flags : 0, __ATOMIC_RELAXED);
	return 0;
}

static long run_protect(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct fuzz_process *p = t->process;
	__u64 i;

	for (i = 0; p->threads == 2 && i < c->arg && i < 16; i++)
		fuzz_area_protect(&p->thread[!t->index].area, p->page, c->n % 3);
	return 0;
}

static long run_plain(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	switch (c->op) {
	case OP_OPEN:
		return run_open(t, c);
	case OP_OPEN_NAME:
		return fuzz_open_name(t, c);
	case OP_UNLINK:
	case OP_MKDIR:
	case OP_RENAME:
	case OP_LOOK:
	case OP_MAKE:
		return fuzz_run_name(t, c);
	case OP_MOUNT:
		return fuzz_mount(t, c);
	case OP_REMOUNT:
		return fuzz_remount(c);
	case OP_READ:
	case OP_WRITE:
		return fuzz_bytes(t, c, fd);
	case OP_CLOSE:
		fuzz_close_slot(t->process, c->slot);
		return 0;
	case OP_DUP:
		return run_dup(t, c, fd);
	case OP_DUP_OVER:
		return run_dup_over(t, c, fd);
	case OP_IOCTL:
		return run_other_ioctl(t, c, fd);
	case OP_FILE:
		return run_file(t, c, fd);
	case OP_POLL:
		return run_poll(c, fd);
	case OP_EPOLL_ADD:
		return run_epoll_add(t, c, fd);
	case OP_EPOLL_DEL:
		return epoll_ctl(t->process->epoll, EPOLL_CTL_DEL, fd, NULL);
	case OP_EPOLL_WAIT:
		return run_epoll_wait(t, c);
	case OP_SEND:
		return run_send(t, c, fd);
	case OP_RECEIVE:
		return run_receive(t, c);
	case OP_FDINFO:
		return run_fdinfo(fd);
	case OP_FORK:
		return run_fork(c, fd);
	case OP_KICK:
		return run_kick(t, c);
	case OP_TAMPER:
		return run_tamper(t, c);
	case OP_PROTECT:
		return run_protect(t, c);
	case OP_CROWD:
		return fuzz_crowd(t, c, fd);
	default:
		fuzz_sleep(c->n % 1000 * 1000ULL);
		return 0;
	}
}

static long run_by_kind(struct fuzz_thread *t, const struct fuzz_call *c, int fd)
{
	const struct fuzz_op_info *op = &fuzz_ops[c->op];

	if (op->bytes)
		return run_struct(t, c, fd);
	if (op->cmd)
		return syscall(SYS_ioctl, fd, op->cmd, (unsigned long)c->n);
	return run_plain(t, c, fd);
}

/* The how manyeth thing that can fail in this thread's system call does. */
static void set_failure(struct fuzz_thread *t, unsigned int nth)
{
	char text[8];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (nth)
		__atomic_store_n(&t->state->failing, 1, __ATOMIC_RELAXED);
	/* This write may be what fails; then there is nothing to clear any more. */
	if (pwrite(t->fail_fd, text, len, 0) < 0 && errno != EFAULT && errno != ENOMEM)
		fuzz_die("fail-nth");
	if (!nth)
		__atomic_store_n(&t->state->failing, 0, __ATOMIC_RELAXED);
}

/* What the others do to the thread or to its memory is no call. */
static bool is_on_ksem(const struct fuzz_call *c)
{
	return c->op != OP_KICK && c->op != OP_TAMPER && c->op != OP_PROTECT &&
	       c->op != OP_PAUSE;
}

/*
 * One call. Returns what it returned, or -errno; 1 is the news of a recovery. A call on
 * an empty slot is not made, nor counted.
 */
long fuzz_run_call(struct fuzz_thread *t, const struct fuzz_call *c)
{
	struct fuzz_thread_state *s = t->state;
	bool fail = c->fail && t->fail_fd >= 0;
	int fd, err;
	long ret;

	t->change = __atomic_load_n(&t->process->changes[c->slot], __ATOMIC_ACQUIRE);
	fd = fuzz_slot_fd(t, c->slot);
	if (fd < 0 && needs_descriptor(c))
		return -EBADF;
	if (c->op == OP_CROWD && !fuzz_crowd_may_come(t))
		return -EAGAIN;
	s->op = c->op;
	__atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELEASE);
	if (fail)
		set_failure(t, c->fail);
	ret = run_by_kind(t, c, fd);
	err = ret < 0 ? errno : 0;
	if (fail)
		set_failure(t, 0);
	__atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELEASE);
	s->calls += is_on_ksem(c);
	if (ret < 0)
		s->failed[c->op]++;
	else
		s->ok[c->op]++;
	fuzz_check_call(t, c, ret, err);
	return ret < 0 ? -err : ret;
}
