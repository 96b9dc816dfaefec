/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: handles, and what the files of the module share
 */
#ifndef KSEM_HANDLE_H
#define KSEM_HANDLE_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "core.h"

struct file;
struct seq_file;

/* How many interrupted requests of one handle keep their place in the queue. */
#define KSEM_MAX_PLACES		64

/**
 * struct ksem_handle - an open file description of /dev/ksem
 *
 * Lives from open() to release(). (c): constant once @sem is seen to be set.
 *
 * @sem: (c) NULL until bound; published last, with a release store.
 * @rights: (c) FMODE_READ, FMODE_WRITE.
 * @binding: bit 0 is taken, for good, by whoever binds the handle.
 * @holder: its account; guarded by the semaphore's lock.
 * @poll_wq: pollers of the account; has its own lock.
 * @places_lock: guards the next three; a leaf.
 * @places: struct ksem_place by thread.
 * @places_lru: the same, the one interrupted longest ago first.
 * @nr_places: how many.
 */
struct ksem_handle {
	struct ksem_sem *sem;
	fmode_t rights;
	unsigned long binding;
	struct ksem_holder holder;
	wait_queue_head_t poll_wq;
	spinlock_t places_lock;	/* a leaf */
	u32 nr_places;
	struct rb_root places;
	struct list_head places_lru;
};

/**
 * struct ksem_verb - what a request asked for: the same again is a restart
 * @deadline: as the caller gave it.
 * @cmd: the ioctl.
 * @flags: its flags.
 * @n: permits.
 */
struct ksem_verb {
	u64 deadline;
	u32 cmd;
	u32 flags;
	u32 n;
};

/* The caller's structure, copied in; the first two words are the same in all. */
union ksem_arg {
	struct {
		u32 size;
		u32 flags;
	};
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
	struct ksem_shutdown shutdown;
	struct ksem_info info;
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	struct ksem_features features;
};

/* wait.c */
void ksem_sem_finish(struct ksem_sem *sem, struct ksem_wake *wake);
long ksem_handle_acquire(struct ksem_handle *h, struct ksem_waiter *w,
			 const struct ksem_verb *verb);
void ksem_handle_give_back(struct ksem_handle *h, struct ksem_waiter *w);
void ksem_handle_tell_pollers(struct ksem_handle *h);
void ksem_handle_drop_places(struct ksem_handle *h);

/* handle.c */
extern const struct file_operations ksem_handle_fops;
void ksem_sem_put(struct ksem_sem *sem);
int ksem_handle_init(void);
void ksem_handle_exit(void);

/* info.c */
long ksem_ioctl_info(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg, size_t usize);
long ksem_ioctl_holders(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize);
long ksem_ioctl_waiters(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize);
void ksem_handle_show_fdinfo(struct seq_file *m, struct file *file);

/* main.c */
bool ksem_limit_get_semaphore(void);
void ksem_limit_put_semaphore(void);
bool ksem_limit_get_handle(void);
void ksem_limit_put_handle(void);

#endif /* KSEM_HANDLE_H */
