// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: promises that have to hold whatever the programs do
 */
#include <linux/fs.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

/* Numbers from here on are the kernel's own. */
#define KERNEL_ERRNOS	134
/*
 * A semaphore on which others work is looked at again, so many times, after 1 ms, 2 ms,
 * 4 ms, ...: a waiter that was woken may need long to get a processor.
 */
#define LOOKS		11

/* Says what is broken and in which program, in one write, and ends the run. */
void fuzz_violation(struct fuzz_process *p, const char *format, ...)
{
	char *first = p->shared->first, *text = NULL;
	size_t bytes = 0;
	va_list args;
	FILE *f;
	int at;

	if (__atomic_fetch_add(&p->shared->violations, 1, __ATOMIC_RELAXED))
		return;
	at = snprintf(first, FUZZ_LINE, "worker %u (%zu bit): ", p->number, 8 * sizeof(long));
	va_start(args, format);
	vsnprintf(first + at, FUZZ_LINE - at, format, args);
	va_end(args);
	f = open_memstream(&text, &bytes);
	if (!f)
		fuzz_die("memory");
	fprintf(f, "VIOLATION in %s\nthe program:\n", first);
	fuzz_print(f, &p->program, "  ");
	fclose(f);
	if (write(STDOUT_FILENO, text, bytes) < 0)
		fuzz_die("write");
	free(text);
	__atomic_store_n(&p->shared->stop, 1, __ATOMIC_RELAXED);
}

/*
 * Results of calls
 */

static bool may_fail_with(struct fuzz_thread *t, const struct fuzz_call *c, int err)
{
	const int *allowed = fuzz_ops[c->op].errnos;

	if (err >= KERNEL_ERRNOS)
		return false;
	if (!allowed || fuzz_slot_has_changed(t, c))
		return true;
	for (; *allowed; allowed++)
		if (*allowed == err)
			return true;
	/* A failure was asked for. */
	return c->fail && t->fail_fd >= 0 && (err == ENOMEM || err == EFAULT);
}

static bool is_bad_create(const struct fuzz_call *c)
{
	return !c->m || c->m > KSEM_MAX_PERMITS || c->n > c->m ||
	       !c->arg != !!(c->flags & KSEM_CREATE_FAIR) ||
	       (c->flags & KSEM_CREATE_SIGNAL && c->flags & KSEM_CREATE_PER_PROCESS) ||
	       (c->odd >> ODD_LABEL_SHIFT) >= FIRST_BAD_LABEL;
}

static bool is_bad_list(const struct fuzz_call *c)
{
	return c->m < sizeof(struct ksem_holder_entry) || c->m > 4096 || c->m % 8;
}

static bool is_bad_option(unsigned int option)
{
	return option % FUZZ_OPTIONS >= FUZZ_FIRST_BAD_OPTION;
}

/* The common one has the ids and the mode that it was mounted with. */
static bool is_bad_remount(const struct fuzz_call *c)
{
	return is_bad_option(c->m) ||
	       (!(c->n & 1) && strcmp(fuzz_options[c->m % FUZZ_OPTIONS].key, "max"));
}

/* One that a user namespace does not have. */
static bool needs_id(unsigned int option)
{
	return strstr(fuzz_options[option % FUZZ_OPTIONS].key, "id");
}

static bool is_bad_mount(const struct fuzz_call *c)
{
	return is_bad_option(c->n) || is_bad_option(c->m) ||
	       (c->flags & MOUNT_USERNS &&
		(c->flags & MOUNT_NO_IDS || needs_id(c->n) || needs_id(c->m)));
}

/* Of a path that is renamed to itself nobody asks how. */
static bool is_bad_rename(const struct fuzz_call *c)
{
	return c->n % FUZZ_PATHS != c->m % FUZZ_PATHS && c->flags > RENAME_EXCHANGE;
}

static bool is_bad_open(const struct fuzz_call *c)
{
	unsigned int extra = (c->flags >> OPEN_EXTRA_SHIFT) % NR_OPEN_EXTRAS;

	return extra == OPEN_DIRECT || extra == OPEN_EXCLUSIVE;
}

/* All else that is done with a file has no meaning for a handle. */
static bool is_bad_file(const struct fuzz_call *c)
{
	return c->n != FILE_SET_FLAGS;
}

static bool must_fail_without_ioctl(const struct fuzz_call *c)
{
	switch (c->op) {
	case OP_OPEN_NAME:
		return is_bad_open(c);
	case OP_RENAME:
		return is_bad_rename(c);
	case OP_MAKE:
		return true;
	case OP_MOUNT:
		return is_bad_mount(c);
	case OP_REMOUNT:
		return is_bad_remount(c);
	case OP_FILE:
		return is_bad_file(c);
	default:
		return false;
	}
}

/* Across the hole there is enough of the shortest structures. */
static bool is_bad_address(const struct fuzz_call *c, unsigned int bytes)
{
	return c->ptr > PTR_READ_ONLY && (c->ptr != PTR_ACROSS || bytes > 8);
}

/* Nobody could say yes to this call, whatever state the semaphore is in. */
static bool must_fail(const struct fuzz_call *c)
{
	const struct fuzz_op_info *op = &fuzz_ops[c->op];

	if (!op->cmd)
		return must_fail_without_ioctl(c);
	if (fuzz_op_has(op, 'n') && c->n > KSEM_MAX_PERMITS &&
	    c->op != OP_HOLDERS && c->op != OP_WAITERS)
		return true;
	if (!op->bytes)
		return false;
	if (is_bad_address(c, op->bytes) || c->size > SIZE_LAST_GOOD || c->flags & ~op->flags)
		return true;
	if (c->odd & ODD_RESERVED && fuzz_op_has(op, 'd') && !fuzz_op_creates(c->op) &&
	    c->op != OP_TRANSFER)
		return true;
	/* -1 is no descriptor, and none is needed for a name. */
	if (c->odd & (ODD_FD_NONE | ODD_FD_OTHER) && fuzz_op_has(op, 'o') &&
	    (c->op != OP_CREATE_AT || c->odd & ODD_FD_OTHER))
		return true;
	if (c->op == OP_CREATE_AT && c->odd & (ODD_NAME | ODD_RESERVED))
		return true;
	if (c->op == OP_ACQUIRE_EX && c->arg >> 63 && c->arg != KSEM_NO_DEADLINE &&
	    !(c->flags & KSEM_FLAG_UNINTERRUPTIBLE))
		return true;
	if (c->op == OP_HOLDERS || c->op == OP_WAITERS)
		return is_bad_list(c);
	return fuzz_op_creates(c->op) && is_bad_create(c);
}

void fuzz_check_call(struct fuzz_thread *t, const struct fuzz_call *c, long ret, int err)
{
	const char *name = fuzz_ops[c->op].name;

	if (ret < 0) {
		if (!may_fail_with(t, c, err))
			fuzz_violation(t->process, "%s: %s (%d)", name, strerror(err), err);
		return;
	}
	if (fuzz_ops[c->op].cmd && ret > 1)
		fuzz_violation(t->process, "%s returned %ld", name, ret);
	if (!t->process->unreliable && must_fail(c))
		fuzz_violation(t->process, "%s succeeded with bad arguments", name);
}

/*
 * Semaphores
 */

static const char *wrong_counts(const struct ksem_info *i)
{
	if (i->out_capacity > i->out_max || i->out_available > (__s64)i->out_capacity)
		return "more permits than there may be";
	if (i->out_held > i->out_max || i->out_own > i->out_held)
		return "more is held than there may be";
	if (!i->out_held != !i->out_holders || i->out_holders > i->out_handles)
		return "holders don't fit what is held";
	if (!i->out_waiters != !i->out_demand || i->out_demand < i->out_waiters)
		return "the demand does not fit the queue";
	return NULL;
}

/* A grant that a killed waiter gives back may take these out of their bounds. */
static const char *wrong_signal_counts(const struct ksem_info *i)
{
	if (i->out_held || i->out_own || i->out_holders)
		return "a signal semaphore's permits are held";
	if (i->out_available < 0)
		return "a signal semaphore is in deficit";
	return NULL;
}

static const char *wrong_info(const struct ksem_info *i)
{
	const char *wrong = i->out_flags & KSEM_CREATE_SIGNAL ? wrong_signal_counts(i) :
			    wrong_counts(i);

	if (wrong)
		return wrong;
	if (i->out_flags & ~(KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS |
			     KSEM_CREATE_TEMPORARY | KSEM_INFO_SHUTDOWN | KSEM_INFO_RECOVERED) ||
	    i->out_rights & ~3U)
		return "unknown flags";
	if (!i->out_handoff_ns != !!(i->out_flags & KSEM_CREATE_FAIR))
		return "the hand-off time does not fit the kind";
	if (!i->out_id || !i->out_handles || i->out_label[KSEM_LABEL_SIZE - 1])
		return "no identity";
	return NULL;
}

static void show_info(struct fuzz_thread *t, const struct ksem_info *i, const char *wrong)
{
	fuzz_violation(t->process,
		       "%s: flags=%#x available=%d capacity=%u max=%u held=%u own=%u holders=%u handles=%u waiters=%u demand=%llu",
		       wrong, i->out_flags, i->out_available, i->out_capacity, i->out_max,
		       i->out_held, i->out_own, i->out_holders, i->out_handles, i->out_waiters,
		       (unsigned long long)i->out_demand);
}

void fuzz_check_info(struct fuzz_thread *t, const struct ksem_info *info)
{
	const char *wrong = wrong_info(info);

	if (wrong)
		show_info(t, info, wrong);
}

bool fuzz_read_info(int fd, struct ksem_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return !syscall(SYS_ioctl, fd, KSEM_IOC_INFO, info);
}

/* What all holders have together, as the list says; false: there is no telling. */
static bool sum_holders(int fd, __u64 *sum, __u32 *nr)
{
	struct ksem_holder_entry entries[32];
	struct ksem_holders list = {
		.size = sizeof(list),
		.entries = (unsigned long)entries,
		.count = ARRAY_SIZE(entries),
		.entry_size = sizeof(entries[0]),
	};
	__u32 i;

	if (syscall(SYS_ioctl, fd, KSEM_IOC_HOLDERS, &list) || list.out_total > list.out_count)
		return false;
	*sum = 0;
	*nr = list.out_count;
	for (i = 0; i < list.out_count; i++)
		*sum += entries[i].permits;
	return true;
}

/* The queue is asleep although there is something for it. */
static bool is_idle(const struct ksem_info *i)
{
	if (!i->out_waiters)
		return false;
	return i->out_flags & KSEM_INFO_SHUTDOWN ||
	       (i->out_waiters == 1 && i->out_available >= (__s64)i->out_demand);
}

static const char *wrong_look(int fd, struct ksem_info *info)
{
	struct ksem_info again;
	__u64 sum;
	__u32 nr;

	if (!fuzz_read_info(fd, info) || !sum_holders(fd, &sum, &nr) ||
	    !fuzz_read_info(fd, &again) || memcmp(info, &again, sizeof(again)))
		return NULL;
	if (sum != info->out_held || nr != info->out_holders)
		return "the holders don't have what is held";
	return is_idle(info) ? "permits are idle before a waiter" : NULL;
}

/*
 * Books that balance. Others may be at work: only what is wrong at each look, and the
 * same at each, is.
 */
void fuzz_check_semaphore(struct fuzz_thread *t, int fd)
{
	struct ksem_info info, first;
	const char *wrong;
	int look;

	for (look = 0; look < LOOKS; look++) {
		wrong = wrong_look(fd, &info);
		if (!wrong)
			return;
		if (!look)
			first = info;
		else if (memcmp(&first, &info, sizeof(info)))
			return;
		fuzz_sleep(1000000ULL << look);
	}
	show_info(t, &info, wrong);
}
