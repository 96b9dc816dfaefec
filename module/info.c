// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: what people can see
 *
 * Lists are read in pieces of KSEM_PIECE entries, with the lock dropped in
 * between: however long a list is, nobody waits for its reader.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "handle.h"

#define KSEM_PIECE	16

/* A number that may be out of the ABI's range for a moment, cut to it. */
static s32 ksem_clamp(s64 n)
{
	return clamp_t(s64, n, -(s64)KSEM_MAX_PERMITS, KSEM_MAX_PERMITS);
}

/*
 * The number of a process or thread where the reader lives: 0 where it cannot be
 * seen from there, and where it is gone, since the number may be another's now.
 */
static u32 ksem_pid_nr(struct pid *pid, enum pid_type type)
{
	u32 nr = 0;

	rcu_read_lock();
	if (pid && pid_task(pid, type))
		nr = pid_nr_ns(pid, task_active_pid_ns(current));
	rcu_read_unlock();
	return nr;
}

static u32 ksem_sem_held_locked(struct ksem_sem *sem)
{
	lockdep_assert_held(&sem->lock);
	return sem->capacity - sem->available;
}

long ksem_ioctl_info(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg, size_t usize)
{
	struct ksem_info *info = &arg->info;
	struct ksem_sem *sem = h->sem;

	spin_lock(&sem->lock);
	info->out_available = ksem_clamp(sem->available);
	info->out_capacity = ksem_clamp(sem->capacity);
	info->out_held = ksem_sem_held_locked(sem);
	info->out_own = h->holder->held + h->holder->pending;
	info->out_max = sem->max;
	info->out_waiters = sem->nr_waiters;
	info->out_holders = sem->nr_holders;
	info->out_handles = sem->nr_handles;
	info->out_flags = sem->state & KSEM_S_PUBLIC;
	info->out_demand = sem->demand;
	info->out_handoff_ns = sem->handoff_ns;
	info->out_id = sem->id;
	info->out_acquires = sem->acquires;
	info->out_waits = sem->waits;
	info->out_timeouts = sem->timeouts;
	info->out_interrupts = sem->interrupts;
	info->out_releases = sem->releases;
	info->out_reclaimed = sem->reclaimed;
	info->out_wait_total_ns = sem->wait_total_ns;
	info->out_wait_max_ns = sem->wait_max_ns;
	spin_unlock(&sem->lock);

	info->out_rights = (h->rights & FMODE_READ ? KSEM_RIGHT_READ : 0) |
			   (h->rights & FMODE_WRITE ? KSEM_RIGHT_WRITE : 0);
	memcpy(info->out_label, sem->label, sizeof(info->out_label));
	return copy_to_user(uarg, info, min(usize, sizeof(*info))) ? -EFAULT : 0;
}

/**
 * struct ksem_list - an array in user memory that is being filled
 * @to: where the next entry goes.
 * @stride: the caller's entry size.
 * @room: entries left.
 * @count: entries written.
 * @total: entries seen.
 */
struct ksem_list {
	char __user *to;
	u32 stride;
	u32 room;
	u32 count;
	u32 total;
};

/* Writes a piece, as far as there is room; what the kernel lacks becomes 0. */
static int ksem_list_write(struct ksem_list *list, const void *entries, u32 n, size_t size)
{
	const char *from = entries;

	list->total += n;
	for (; n && list->room; n--, from += size) {
		if (copy_to_user(list->to, from, size) ||
		    clear_user(list->to + size, list->stride - size))
			return -EFAULT;
		list->to += list->stride;
		list->room--;
		list->count++;
	}
	return 0;
}

static int ksem_list_init(struct ksem_list *list, u64 entries, u32 count, u32 stride, size_t size)
{
	if (stride < size || stride > PAGE_SIZE || stride % sizeof(u64))
		return -EINVAL;
	if (entries != (unsigned long)entries)
		return -EFAULT;
	*list = (struct ksem_list) {
		.to = u64_to_user_ptr(entries),
		.stride = stride,
		.room = count,
	};
	return 0;
}

/* jiffies of the past as the reader's CLOCK_MONOTONIC. */
static u64 ksem_since_ns(u64 since, s64 now_ns)
{
	return max_t(s64, now_ns - (s64)jiffies64_to_nsecs(get_jiffies_64() - since), 0);
}

/*
 * Looks at a piece's worth of holders behind *cursor, and moves it on. A cursor
 * is an empty holder in the list: it stays where it is when others go.
 */
static u32 ksem_sem_next_holders(struct ksem_sem *sem, struct ksem_holder *cursor,
				 struct ksem_holder_entry *entries, bool *done)
{
	struct list_head *pos;
	u32 steps, n = 0;
	s64 now_ns;

	spin_lock(&sem->lock);
	now_ns = ktime_get_ns() + ksem_timens_offset();
	pos = cursor->node.next;
	for (steps = 0; steps < KSEM_PIECE && pos != &sem->holders; steps++, pos = pos->next) {
		struct ksem_holder *holder = list_entry(pos, struct ksem_holder, node);

		if (!holder->held && !holder->pending)
			continue;
		entries[n++] = (struct ksem_holder_entry) {
			.opener_pid = ksem_pid_nr(holder->opener, PIDTYPE_TGID),
			.acquirer_pid = ksem_pid_nr(holder->acquirer, PIDTYPE_TGID),
			.permits = holder->held + holder->pending,
			.since_ns = ksem_since_ns(holder->since, now_ns),
		};
	}
	*done = pos == &sem->holders;
	list_move_tail(&cursor->node, pos);
	spin_unlock(&sem->lock);
	return n;
}

long ksem_ioctl_holders(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize)
{
	struct ksem_holders *holders = &arg->holders;
	struct ksem_holder_entry entries[KSEM_PIECE];
	struct ksem_holder cursor = { };
	struct ksem_list list;
	bool done = false;
	int ret;

	ret = ksem_list_init(&list, holders->entries, holders->count, holders->entry_size,
			     sizeof(entries[0]));
	if (ret)
		return ret;

	spin_lock(&h->sem->lock);
	list_add(&cursor.node, &h->sem->holders);
	spin_unlock(&h->sem->lock);
	while (!done && !ret) {
		u32 n = ksem_sem_next_holders(h->sem, &cursor, entries, &done);

		ret = ksem_list_write(&list, entries, n, sizeof(entries[0]));
		cond_resched();
		if (fatal_signal_pending(current))
			ret = -EINTR;
	}
	spin_lock(&h->sem->lock);
	list_del(&cursor.node);
	spin_unlock(&h->sem->lock);

	holders->out_count = list.count;
	holders->out_total = list.total;
	if (!ret && copy_to_user(uarg, holders, min(usize, sizeof(*holders))))
		ret = -EFAULT;
	return ret;
}

/* The first waiter whose ticket is at least this. */
static struct rb_node *ksem_sem_find_waiter_locked(struct ksem_sem *sem, u64 ticket)
{
	struct rb_node *node = sem->queue.rb_root.rb_node;
	struct rb_node *found = NULL;

	lockdep_assert_held(&sem->lock);
	while (node) {
		if (rb_entry(node, struct ksem_waiter, node)->ticket >= ticket) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* Looks at a piece's worth of waiters from *ticket on, and moves it on. */
static u32 ksem_sem_next_waiters(struct ksem_sem *sem, u64 *ticket,
				 struct ksem_waiter_entry *entries)
{
	s64 offset = ksem_timens_offset();
	struct rb_node *node;
	u32 n = 0;

	spin_lock(&sem->lock);
	node = ksem_sem_find_waiter_locked(sem, *ticket);
	for (; n < KSEM_PIECE && node; node = rb_next(node)) {
		struct ksem_waiter *w = rb_entry(node, struct ksem_waiter, node);

		entries[n++] = (struct ksem_waiter_entry) {
			.pid = ksem_pid_nr(task_tgid(w->task), PIDTYPE_TGID),
			.tid = ksem_pid_nr(task_pid(w->task), PIDTYPE_PID),
			.permits = w->n,
			.since_ns = max_t(s64, w->since_ns + offset, 0),
		};
		*ticket = w->ticket + 1;
	}
	spin_unlock(&sem->lock);
	return n;
}

long ksem_ioctl_waiters(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize)
{
	struct ksem_waiters *waiters = &arg->waiters;
	struct ksem_waiter_entry entries[KSEM_PIECE];
	struct ksem_list list;
	u64 ticket = 0;
	u32 n;
	int ret;

	ret = ksem_list_init(&list, waiters->entries, waiters->count, waiters->entry_size,
			     sizeof(entries[0]));
	if (ret)
		return ret;

	do {
		n = ksem_sem_next_waiters(h->sem, &ticket, entries);
		ret = ksem_list_write(&list, entries, n, sizeof(entries[0]));
		cond_resched();
		if (fatal_signal_pending(current))
			ret = -EINTR;
	} while (n == KSEM_PIECE && !ret);

	waiters->out_count = list.count;
	waiters->out_total = list.total;
	if (!ret && copy_to_user(uarg, waiters, min(usize, sizeof(*waiters))))
		ret = -EFAULT;
	return ret;
}

void ksem_handle_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ksem_handle *h = file->private_data;
	struct ksem_sem *sem = ksem_handle_sem(h);
	s64 available, capacity;
	u32 own, waiters;

	if (!sem) {
		seq_puts(m, "ksem:\tunbound\n");
		return;
	}
	spin_lock(&sem->lock);
	available = sem->available;
	capacity = sem->capacity;
	own = h->holder->held + h->holder->pending;
	waiters = sem->nr_waiters;
	spin_unlock(&sem->lock);

	seq_printf(m, "ksem:\t%llu\n", sem->id);
	seq_printf(m, "ksem-label:\t%s\n", sem->label);
	seq_printf(m, "ksem-kind:\t%s %s\n", ksem_sem_is_fair(sem) ? "fair" : "non-fair",
		   ksem_sem_is_signal(sem) ? "signal" : "permit");
	seq_printf(m, "ksem-available:\t%lld\n", available);
	seq_printf(m, "ksem-capacity:\t%lld\n", capacity);
	seq_printf(m, "ksem-held:\t%u\n", own);
	seq_printf(m, "ksem-waiters:\t%u\n", waiters);
}
