/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: /sys/kernel/tracing/events/ksem/. Each names the semaphore by the
 * id that KSEM_IOC_INFO shows, and the counts as they are right after the event.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ksem

#if !defined(KSEM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KSEM_TRACE_H

#include <linux/tracepoint.h>

#include "core.h"

DECLARE_EVENT_CLASS(ksem_sem,
	TP_PROTO(struct ksem_sem *sem),
	TP_ARGS(sem),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, flags)
		__field(s64, available)
		__array(u8, label, KSEM_LABEL_SIZE)
	),
	TP_fast_assign(
		__entry->id = sem->id;
		__entry->flags = sem->state & KSEM_S_PUBLIC;
		__entry->available = sem->available;
		memcpy(__entry->label, sem->label, KSEM_LABEL_SIZE);
	),
	TP_printk("id=%llu label=%s flags=%#x available=%lld",
		  __entry->id, __entry->label, __entry->flags,
		  __entry->available)
);

DEFINE_EVENT(ksem_sem, ksem_create,
	TP_PROTO(struct ksem_sem *sem), TP_ARGS(sem));
DEFINE_EVENT(ksem_sem, ksem_shutdown,
	TP_PROTO(struct ksem_sem *sem), TP_ARGS(sem));
DEFINE_EVENT(ksem_sem, ksem_destroy,
	TP_PROTO(struct ksem_sem *sem), TP_ARGS(sem));

DECLARE_EVENT_CLASS(ksem_count,
	TP_PROTO(struct ksem_sem *sem, u32 n),
	TP_ARGS(sem, n),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, n)
		__field(s64, available)
		__field(u32, waiters)
	),
	TP_fast_assign(
		__entry->id = sem->id;
		__entry->n = n;
		__entry->available = sem->available;
		__entry->waiters = sem->nr_waiters;
	),
	TP_printk("id=%llu n=%u available=%lld waiters=%u",
		  __entry->id, __entry->n, __entry->available, __entry->waiters)
);

/* Granted at once. */
DEFINE_EVENT(ksem_count, ksem_acquire,
	TP_PROTO(struct ksem_sem *sem, u32 n), TP_ARGS(sem, n));
/* Queued. */
DEFINE_EVENT(ksem_count, ksem_wait,
	TP_PROTO(struct ksem_sem *sem, u32 n), TP_ARGS(sem, n));
DEFINE_EVENT(ksem_count, ksem_release,
	TP_PROTO(struct ksem_sem *sem, u32 n), TP_ARGS(sem, n));
/* Ended by its deadline. */
DEFINE_EVENT(ksem_count, ksem_timeout,
	TP_PROTO(struct ksem_sem *sem, u32 n), TP_ARGS(sem, n));
/* Came back from a handle that went. */
DEFINE_EVENT(ksem_count, ksem_reclaim,
	TP_PROTO(struct ksem_sem *sem, u32 n), TP_ARGS(sem, n));

/* Granted after having been queued; the current task is the one that made room. */
TRACE_EVENT(ksem_grant,
	TP_PROTO(struct ksem_sem *sem, struct task_struct *task, u32 n),
	TP_ARGS(sem, task, n),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__field(u32, n)
		__field(s64, available)
		__field(u32, waiters)
	),
	TP_fast_assign(
		__entry->id = sem->id;
		__entry->pid = task->pid;
		__entry->n = n;
		__entry->available = sem->available;
		__entry->waiters = sem->nr_waiters;
	),
	TP_printk("id=%llu pid=%d n=%u available=%lld waiters=%u",
		  __entry->id, __entry->pid, __entry->n, __entry->available,
		  __entry->waiters)
);

#endif /* KSEM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
