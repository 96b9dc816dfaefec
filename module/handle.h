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
 * struct ksem_handle - an open file description of /dev/ksem, or of a name
 *
 * Lives from open() to release(). (c): constant once @sem is seen to be set.
 *
 * @sem: (c) NULL until bound; published last, with a release store.
 * @holder: (c) its account: @own, or one of several handles.
 * @rights: (c) FMODE_READ, FMODE_WRITE.
 * @binding: bit 0 is taken, for good, by whoever binds the handle.
 * @own: an account for this handle alone; guarded by the semaphore's lock, its opener
 *	is constant from open() on.
 * @places_lock: guards the next three; a leaf.
 * @places: struct ksem_place by thread.
 * @places_lru: the same, the one interrupted longest ago first.
 * @nr_places: how many; read without the lock by who wants to know if there are any.
 */
struct ksem_handle {
	struct ksem_sem *sem;
	struct ksem_holder *holder;
	fmode_t rights;
	unsigned long binding;
	struct ksem_holder own;
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
	struct ksem_create_at create_at;
};

static inline struct ksem_sem *ksem_handle_sem(struct ksem_handle *h)
{
	/* Pairs with the store in ksem_handle_publish(): rights come before it. */
	return smp_load_acquire(&h->sem);
}

/* Is the handle bound, and does it have this right? */
static inline int ksem_handle_may(struct ksem_handle *h, fmode_t right)
{
	if (unlikely(!ksem_handle_sem(h)))
		return -ENXIO;
	return likely((h->rights & right) == right) ? 0 : -EBADF;
}

struct inode;
struct iov_iter;
struct kiocb;

/* wait.c */
void ksem_sem_finish(struct ksem_sem *sem, struct ksem_wake *wake);
long ksem_handle_acquire(struct ksem_handle *h, struct ksem_waiter *w,
			 const struct ksem_verb *verb);
void ksem_handle_give_back(struct ksem_handle *h, struct ksem_waiter *w, u32 n);
void ksem_handle_tell_pollers(struct ksem_handle *h);
void ksem_handle_drop_places(struct ksem_handle *h);

/* handle.c */
extern const struct file_operations ksem_handle_fops;
int ksem_create_check(const struct ksem_create *create);
struct ksem_sem *ksem_sem_new(const struct ksem_create *create);
void ksem_sem_put(struct ksem_sem *sem);
int ksem_handle_open(struct inode *inode, struct file *file);
int ksem_handle_release(struct inode *inode, struct file *file);
struct ksem_handle *ksem_handle_get(int fd, struct file **file);
int ksem_handle_bind(struct ksem_handle *h, struct ksem_sem *sem);
void ksem_handle_publish(struct ksem_handle *h, struct ksem_sem *sem, fmode_t rights);
void ksem_handle_unbind(struct ksem_handle *h, struct ksem_sem *sem);
struct ksem_waiter *ksem_waiter_new(struct ksem_waiter *on_stack, struct ksem_handle *h, u32 n);
void ksem_waiter_put(struct ksem_waiter *w);
long ksem_handle_lose_grant(struct ksem_handle *h, u32 n);
long ksem_handle_release_n(struct ksem_handle *h, unsigned long n);
int ksem_arg_copy(union ksem_arg *arg, u32 size, u32 flags, void __user *uarg, u32 *usize);
int ksem_handle_init(void);
void ksem_handle_exit(void);

/* bytes.c */
ssize_t ksem_handle_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t ksem_handle_write_iter(struct kiocb *iocb, struct iov_iter *from);

/* ksemfs.c */
void ksemfs_unlink_spent(struct ksem_sem *sem);
int ksemfs_init(void);
void ksemfs_exit(void);
int ksemfs_register(void);
void ksemfs_unregister(void);

/* info.c */
long ksem_ioctl_info(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg, size_t usize);
long ksem_ioctl_holders(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize);
long ksem_ioctl_waiters(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			size_t usize);
void ksem_handle_show_fdinfo(struct seq_file *m, struct file *file);

/* main.c */
bool ksem_limit_get(atomic_t *nr, unsigned int limit);
bool ksem_limit_get_semaphore(void);
void ksem_limit_put_semaphore(void);
bool ksem_limit_get_handle(void);
void ksem_limit_put_handle(void);

#endif /* KSEM_HANDLE_H */
