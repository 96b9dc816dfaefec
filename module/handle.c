// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: a handle as a file
 *
 * open() gives an unbound handle; create, create_at or attach binds it, once; one
 * that is opened by a name is bound from the start. Every operation is an ioctl
 * on it: three with a number as their argument, which come first and copy nothing,
 * and the others with a structure, through one table. release() gives back what
 * the handle holds.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "copy.h"
#include "handle.h"
#include "trace.h"

static struct kmem_cache *ksem_sem_cache;
static struct kmem_cache *ksem_handle_cache;
static struct kmem_cache *ksem_holder_cache;
static atomic64_t ksem_last_id;

/*
 * Semaphores
 */

/* Drops a handle's or a name's reference, argument (E); the last one frees. */
void ksem_sem_put(struct ksem_sem *sem)
{
	if (!refcount_dec_and_test(&sem->refs))
		return;
	trace_ksem_destroy(sem);
	kmem_cache_free(ksem_sem_cache, sem);
	ksem_limit_put_semaphore();
}

/* A new semaphore, with one reference. */
struct ksem_sem *ksem_sem_new(const struct ksem_create *create)
{
	struct ksem_sem *sem;

	if (!ksem_limit_get_semaphore())
		return ERR_PTR(-ENOSPC);
	sem = kmem_cache_alloc(ksem_sem_cache, GFP_KERNEL);
	if (!sem) {
		ksem_limit_put_semaphore();
		return ERR_PTR(-ENOMEM);
	}
	ksem_sem_init(sem, create);
	sem->id = atomic64_inc_return(&ksem_last_id);
	trace_ksem_create(sem);
	return sem;
}

/*
 * Handles
 */

/* An account for the handle: its own, or one to share if it is the first. */
static struct ksem_holder *ksem_holder_new(struct ksem_handle *h, struct ksem_sem *sem)
{
	struct ksem_holder *holder;

	if (!(sem->kind & KSEM_S_PER_PROCESS))
		return &h->own;
	holder = kmem_cache_alloc(ksem_holder_cache, GFP_KERNEL);
	if (holder)
		ksem_holder_init(holder, get_pid(h->own.opener));
	return holder;
}

/* Nobody can reach the account any more. */
static void ksem_holder_put(struct ksem_holder *holder)
{
	put_pid(holder->acquirer);
	put_pid(holder->opener);
}

static void ksem_holder_free(struct ksem_handle *h, struct ksem_holder *holder)
{
	if (likely(holder == &h->own))
		return;
	ksem_holder_put(holder);
	kmem_cache_free(ksem_holder_cache, holder);
}

/* The handle has an account of the semaphore, or everything is as it was. */
static int ksem_handle_attach(struct ksem_handle *h, struct ksem_sem *sem)
{
	struct ksem_holder *fresh = ksem_holder_new(h, sem);
	int ret;

	if (!fresh)
		return -ENOMEM;
	h->holder = fresh;
	ret = ksem_sem_attach(sem, &h->holder);
	if (ret || h->holder != fresh)
		ksem_holder_free(h, fresh);
	return ret;
}

/**
 * ksem_handle_bind - bind a handle, for good, but for the publication
 * @h: the handle.
 * @sem: the semaphore; the caller has a reference for the handle.
 *
 * ksem_handle_publish() or ksem_handle_unbind() has to follow: neither fails.
 *
 * Return: 0, -EBUSY, -ENOMEM, -ENOSPC, -ESHUTDOWN, -ENOENT. Unless 0, all is as it was.
 */
int ksem_handle_bind(struct ksem_handle *h, struct ksem_sem *sem)
{
	int ret;

	if (test_and_set_bit(0, &h->binding))
		return -EBUSY;
	if (!ksem_limit_get_handle()) {
		ret = -ENOSPC;
		goto err_binding;
	}
	ret = ksem_handle_attach(h, sem);
	if (ret)
		goto err_limit;
	return 0;

err_limit:
	ksem_limit_put_handle();
err_binding:
	/* Argument (F): the next one to bind it writes h->holder too, after this. */
	clear_bit_unlock(0, &h->binding);
	return ret;
}

/* From here on other threads can use the handle. It keeps the caller's reference. */
void ksem_handle_publish(struct ksem_handle *h, struct ksem_sem *sem, fmode_t rights)
{
	WRITE_ONCE(h->rights, rights);
	/* Pairs with ksem_handle_sem(). */
	smp_store_release(&h->sem, sem);
}

/* Not inline: the room for a wake is needed in few of the calls. */
static noinline bool ksem_handle_detach(struct ksem_handle *h, struct ksem_sem *sem)
{
	struct ksem_wake wake;
	bool last;

	last = ksem_sem_detach(sem, h->holder, &wake);
	ksem_sem_finish(sem, &wake);
	return last;
}

/* Not published yet: as if it had never been bound. */
void ksem_handle_unbind(struct ksem_handle *h, struct ksem_sem *sem)
{
	if (ksem_handle_detach(h, sem))
		ksem_holder_free(h, h->holder);
	ksem_limit_put_handle();
	/* Argument (F). */
	clear_bit_unlock(0, &h->binding);
}

/* Another descriptor of the caller's as a handle; the caller drops the file. */
struct ksem_handle *ksem_handle_get(int fd, struct file **file)
{
	*file = fget(fd);
	if (!*file)
		return ERR_PTR(-EBADF);
	if ((*file)->f_op == &ksem_handle_fops)
		return (*file)->private_data;
	fput(*file);
	return ERR_PTR(-EINVAL);
}

int ksem_handle_open(struct inode *inode, struct file *file)
{
	struct ksem_handle *h = kmem_cache_zalloc(ksem_handle_cache, GFP_KERNEL);

	if (!h)
		return -ENOMEM;
	h->rights = file->f_mode & (FMODE_READ | FMODE_WRITE);
	ksem_holder_init(&h->own, get_pid(task_tgid(current)));
	spin_lock_init(&h->places_lock);
	h->places = RB_ROOT;
	INIT_LIST_HEAD(&h->places_lru);
	file->private_data = h;
	/* io_uring tries, and polls, instead of waiting in a thread of its own. */
	file->f_mode |= FMODE_NOWAIT;
	/*
	 * Whoever may read the device, or a name, may watch it, and is not told what others do
	 * there. The memory for it would be the watcher's, and a close, before it comes to
	 * release(), would wait while his cgroup is being searched for some.
	 */
	file->f_mode &= ~FMODE_FSNOTIFY_MASK;
	file->f_mode |= FMODE_NONOTIFY;
	return stream_open(inode, file);
}

/*
 * The handle leaves its semaphore. Where others have that too, or its name, they get
 * what was held. With the last reference nobody else can get there any more, nor
 * wait: there is nothing to put in order in what is freed at once.
 */
static void ksem_handle_leave(struct ksem_handle *h)
{
	struct ksem_sem *sem = h->sem;
	bool alone = refcount_read(&sem->refs) == 1;
	bool last = true;

	/*
	 * Argument (E), pairs with the release in ksem_sem_put(): who has dropped the other
	 * references may have shared the account, and has written to it before.
	 */
	if (alone)
		smp_acquire__after_ctrl_dep();
	if (!alone || h->holder->held) {
		last = ksem_handle_detach(h, sem);
		if (unlikely(ksem_sem_has(sem, KSEM_S_SPENT)))
			ksemfs_unlink_spent(sem);
	}
	if (last)
		ksem_holder_free(h, h->holder);
	ksem_sem_put(sem);
	ksem_limit_put_handle();
}

/* May run at process exit: it cannot fail, and needs nothing of current. */
int ksem_handle_release(struct inode *inode, struct file *file)
{
	struct ksem_handle *h = file->private_data;

	if (h->sem)
		ksem_handle_leave(h);
	ksem_handle_drop_places(h);
	ksem_holder_put(&h->own);
	kmem_cache_free(ksem_handle_cache, h);
	return 0;
}

static __poll_t ksem_handle_poll(struct file *file, poll_table *wait)
{
	struct ksem_handle *h = file->private_data;
	struct ksem_sem *sem = ksem_handle_sem(h);
	unsigned int events;
	__poll_t mask = 0;

	if (!sem)
		return EPOLLERR;
	poll_wait(file, &sem->poll_wq, wait);
	poll_wait(file, &h->holder->poll_wq, wait);
	events = ksem_sem_poll(sem, h->holder);
	if (events & KSEM_EV_HUP)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	if (events & KSEM_EV_IN && h->rights & FMODE_READ)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (events & KSEM_EV_OUT && h->rights & FMODE_WRITE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

/*
 * Operations with n by value
 */

#ifdef KSEM_DEBUG
static struct kmem_cache *ksem_waiter_cache;

static bool ksem_waiter_init(void)
{
	ksem_waiter_cache = KMEM_CACHE(ksem_waiter, SLAB_ACCOUNT);
	return ksem_waiter_cache;
}

static void ksem_waiter_exit(void)
{
	kmem_cache_destroy(ksem_waiter_cache);
}

static struct ksem_waiter *ksem_waiter_get(struct ksem_waiter *on_stack)
{
	return kmem_cache_alloc(ksem_waiter_cache, GFP_KERNEL);
}

void ksem_waiter_put(struct ksem_waiter *w)
{
	kmem_cache_free(ksem_waiter_cache, w);
}
#else
static bool ksem_waiter_init(void) { return true; }

static void ksem_waiter_exit(void) { }

static struct ksem_waiter *ksem_waiter_get(struct ksem_waiter *on_stack)
{
	return on_stack;
}

void ksem_waiter_put(struct ksem_waiter *w) { }
#endif

/* A request of the calling thread for n permits. NULL in debug builds only. */
struct ksem_waiter *ksem_waiter_new(struct ksem_waiter *on_stack, struct ksem_handle *h, u32 n)
{
	struct ksem_waiter *w = ksem_waiter_get(on_stack);

	if (w)
		*w = (struct ksem_waiter) {
			.holder = h->holder,
			.task = current,
			.n = n,
		};
	return w;
}

/* The result is out, or the grant goes back: nobody learned of it. */
static long ksem_handle_put_result(struct ksem_handle *h, struct ksem_waiter *w, int fault)
{
	if (unlikely(fault)) {
		ksem_handle_give_back(h, w, w->n);
		return -EFAULT;
	}
	ksem_sem_deliver(h->sem, w->holder, w->n);
	ksem_handle_tell_pollers(h);
	return w->recovered;
}

/* The result of a grant on the fast path could not be written: the grant goes back. */
noinline long ksem_handle_lose_grant(struct ksem_handle *h, u32 n)
{
	struct ksem_waiter w = {
		.holder = h->holder,
		.n = n,
		.defer = true,
	};

	ksem_handle_give_back(h, &w, n);
	return -EFAULT;
}

/*
 * A request where nothing is special: 0 if it is granted, 1 if it has to go by
 * the rules, -EAGAIN if there are too few permits.
 */
static long ksem_handle_request_fast(struct ksem_handle *h, u32 n, u64 __user *utoken)
{
	u64 token;
	int ret;

	if (!utoken)
		return ksem_sem_acquire_fast(h->sem, h->holder, n);
	ret = ksem_sem_acquire_token_fast(h->sem, h->holder, n, &token);
	if (unlikely(ret))
		return ret;
	if (unlikely(ksem_put_user(token, utoken)))
		return ksem_handle_lose_grant(h, n);
	ksem_sem_deliver(h->sem, h->holder, n);
	ksem_handle_tell_pollers(h);
	return 0;
}

static long ksem_handle_try(struct ksem_handle *h, struct ksem_waiter *w)
{
	struct ksem_wake wake;
	long ret;

	ret = ksem_sem_request(h->sem, w, KSEM_TRY, &wake);
	ksem_sem_finish(h->sem, &wake);
	ksem_handle_tell_pollers(h);
	return ret ?: w->recovered;
}

/* An acquire (wait) or a try by the rules; utoken: NULL, or where a token goes. */
static noinline long ksem_handle_request(struct ksem_handle *h, const struct ksem_verb *verb,
					 bool wait, u64 __user *utoken)
{
	struct ksem_waiter on_stack;
	struct ksem_waiter *w = ksem_waiter_new(&on_stack, h, verb->n);
	long ret;

	if (!w)
		return -ENOMEM;
	w->barge = verb->flags & KSEM_FLAG_BARGE;
	w->want_token = utoken;
	w->defer = utoken;
	ret = wait ? ksem_handle_acquire(h, w, verb) : ksem_handle_try(h, w);
	if (ret >= 0 && utoken)
		ret = ksem_handle_put_result(h, w, ksem_put_user(w->token, utoken));
	ksem_waiter_put(w);
	return ret;
}

static noinline long ksem_handle_acquire_slow(struct ksem_handle *h, u32 n)
{
	struct ksem_verb verb = {
		.cmd = KSEM_IOC_ACQUIRE,
		.n = n,
		.deadline = KSEM_NO_DEADLINE,
	};

	return ksem_handle_request(h, &verb, true, NULL);
}

static noinline long ksem_handle_try_slow(struct ksem_handle *h, u32 n)
{
	struct ksem_verb verb = {
		.cmd = KSEM_IOC_TRY_ACQUIRE,
		.n = n,
	};

	return ksem_handle_request(h, &verb, false, NULL);
}

static noinline long ksem_handle_release_slow(struct ksem_handle *h, u32 n)
{
	struct ksem_wake wake;
	long ret;

	ret = ksem_sem_release(h->sem, h->holder, n, &wake);
	ksem_sem_finish(h->sem, &wake);
	return ret;
}

/* 0 and numbers out of range: n - 1 < max does not hold. */
static noinline long ksem_handle_odd_number(struct ksem_handle *h, unsigned long n)
{
	return n ? -EINVAL : ksem_sem_alive(h->sem);
}

static long ksem_ioctl_acquire(struct ksem_handle *h, unsigned long n)
{
	int ret = ksem_handle_may(h, FMODE_READ);

	if (unlikely(ret))
		return ret;
	if (unlikely(n - 1 >= h->sem->max))
		return ksem_handle_odd_number(h, n);
	/* A place of this thread has to be resumed or dropped. */
	if (likely(!READ_ONCE(h->nr_places)) &&
	    likely(!ksem_sem_acquire_fast(h->sem, h->holder, n)))
		return 0;
	return ksem_handle_acquire_slow(h, n);
}

static long ksem_ioctl_try_acquire(struct ksem_handle *h, unsigned long n)
{
	int ret = ksem_handle_may(h, FMODE_READ);

	if (unlikely(ret))
		return ret;
	if (unlikely(n - 1 >= h->sem->max))
		return ksem_handle_odd_number(h, n);
	ret = ksem_sem_acquire_fast(h->sem, h->holder, n);
	if (likely(ret <= 0))
		return ret;
	return ksem_handle_try_slow(h, n);
}

static __always_inline long ksem_ioctl_release(struct ksem_handle *h, unsigned long n)
{
	int ret = ksem_handle_may(h, FMODE_WRITE);

	if (unlikely(ret))
		return ret;
	if (unlikely(n - 1 >= KSEM_MAX_PERMITS)) {
		if (n)
			return -EINVAL;
		return ksem_sem_is_signal(h->sem) ? ksem_sem_alive(h->sem) : 0;
	}
	if (likely(ksem_sem_release_fast(h->sem, h->holder, n)))
		return 0;
	return ksem_handle_release_slow(h, n);
}

/* For callers of other files; the ioctl has it inline. */
long ksem_handle_release_n(struct ksem_handle *h, unsigned long n)
{
	return ksem_ioctl_release(h, n);
}

/*
 * Operations with a structure. Each finds its own copied and its flags known;
 * the handle is bound and has the right that the table says.
 */

static bool ksem_label_is_valid(const u8 *label)
{
	size_t len = strnlen(label, KSEM_LABEL_SIZE);
	size_t i;

	if (len == KSEM_LABEL_SIZE || memchr_inv(label + len, 0, KSEM_LABEL_SIZE - len))
		return false;
	for (i = 0; i < len; i++)
		if (label[i] < 0x20 || label[i] > 0x7e)
			return false;
	return true;
}

/* What a semaphore is created with, but for the flags that are known. */
int ksem_create_check(const struct ksem_create *create)
{
	if (!create->max || create->max > KSEM_MAX_PERMITS || create->initial > create->max)
		return -EINVAL;
	if (!create->handoff_ns != !!(create->flags & KSEM_CREATE_FAIR))
		return -EINVAL;
	/* Without accounts there is nothing to share. */
	if (create->flags & KSEM_CREATE_SIGNAL && create->flags & KSEM_CREATE_PER_PROCESS)
		return -EINVAL;
	return ksem_label_is_valid(create->label) ? 0 : -EINVAL;
}

static long ksem_ioctl_create(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			      size_t usize)
{
	struct ksem_sem *sem;
	int ret;

	ret = ksem_create_check(&arg->create);
	if (ret)
		return ret;
	sem = ksem_sem_new(&arg->create);
	if (IS_ERR(sem))
		return PTR_ERR(sem);
	ret = ksem_handle_bind(h, sem);
	if (ret)
		ksem_sem_put(sem);
	else
		ksem_handle_publish(h, sem, READ_ONCE(h->rights));
	return ret;
}

static long ksem_ioctl_attach(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			      size_t usize)
{
	struct ksem_handle *other;
	struct ksem_sem *sem;
	struct file *file;
	int ret;

	if (arg->attach.reserved)
		return -EINVAL;
	other = ksem_handle_get(arg->attach.fd, &file);
	if (IS_ERR(other))
		return PTR_ERR(other);
	sem = ksem_handle_sem(other);
	if (!sem) {
		ret = -ENXIO;
	} else {
		refcount_inc(&sem->refs);
		ret = ksem_handle_bind(h, sem);
		if (ret)
			ksem_sem_put(sem);
		else
			ksem_handle_publish(h, sem, READ_ONCE(h->rights) & other->rights);
	}
	fput(file);
	return ret;
}

static long ksem_ioctl_acquire_ex(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
				  size_t usize)
{
	const struct ksem_acquire_ex *ex = &arg->acquire_ex;
	struct ksem_acquire_ex __user *uex = uarg;
	u64 __user *utoken = ex->flags & KSEM_FLAG_TOKEN ? &uex->out_token : NULL;
	struct ksem_verb verb = {
		.cmd = KSEM_IOC_ACQUIRE_EX,
		.flags = ex->flags,
		.n = ex->n,
		.deadline = ex->deadline_ns,
	};
	long ret;

	if (ex->reserved || ex->n > h->sem->max)
		return -EINVAL;
	if (ex->deadline_ns > S64_MAX && ex->deadline_ns != KSEM_NO_DEADLINE)
		return -EINVAL;
	/* Better found out now than with a grant in hand. */
	if (utoken && ksem_put_user(0, utoken))
		return -EFAULT;
	if (!ex->n)
		return ksem_sem_alive(h->sem);
	/* A deadline, even one in the past, is nothing to a free permit. */
	if (likely(!READ_ONCE(h->nr_places))) {
		ret = ksem_handle_request_fast(h, ex->n, utoken);
		if (likely(!ret) || ret == -EFAULT)
			return ret;
	}
	return ksem_handle_request(h, &verb, true, utoken);
}

static long ksem_ioctl_try_acquire_ex(struct ksem_handle *h, union ksem_arg *arg,
				      void __user *uarg, size_t usize)
{
	const struct ksem_try_acquire_ex *ex = &arg->try_acquire_ex;
	struct ksem_try_acquire_ex __user *uex = uarg;
	u64 __user *utoken = ex->flags & KSEM_FLAG_TOKEN ? &uex->out_token : NULL;
	struct ksem_verb verb = {
		.cmd = KSEM_IOC_TRY_ACQUIRE_EX,
		.flags = ex->flags,
		.n = ex->n,
	};
	long ret;

	if (ex->flags & KSEM_FLAG_BARGE && !(h->rights & FMODE_WRITE))
		return -EBADF;
	if (ex->reserved || ex->n > h->sem->max)
		return -EINVAL;
	if (utoken && ksem_put_user(0, utoken))
		return -EFAULT;
	if (!ex->n)
		return ksem_sem_alive(h->sem);
	ret = ksem_handle_request_fast(h, ex->n, utoken);
	if (likely(ret <= 0))
		return ret;
	return ksem_handle_request(h, &verb, false, utoken);
}

static long ksem_handle_drain(struct ksem_handle *h, struct ksem_waiter *w,
			      struct ksem_drain __user *udrain)
{
	struct ksem_wake wake;
	int fault = 0;
	long ret;

	w->defer = true;
	ret = ksem_sem_drain(h->sem, w, &wake);
	ksem_sem_finish(h->sem, &wake);
	if (ret || !w->n)
		return ret;
	/* The number last: where an error is returned it is 0, whatever the token is. */
	if (w->want_token)
		fault = ksem_put_user(w->token, &udrain->out_token);
	if (!fault)
		fault = ksem_put_user(w->n, &udrain->out_n);
	return ksem_handle_put_result(h, w, fault);
}

static long ksem_ioctl_drain(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			     size_t usize)
{
	struct ksem_drain __user *udrain = uarg;
	bool token = arg->drain.flags & KSEM_FLAG_TOKEN;
	struct ksem_waiter on_stack;
	struct ksem_waiter *w;
	long ret;

	if (arg->drain.reserved)
		return -EINVAL;
	if (ksem_put_user(0, &udrain->out_n) || (token && ksem_put_user(0, &udrain->out_token)))
		return -EFAULT;
	w = ksem_waiter_new(&on_stack, h, KSEM_MAX_PERMITS);
	if (!w)
		return -ENOMEM;
	w->want_token = token;
	ret = ksem_handle_drain(h, w, udrain);
	ksem_waiter_put(w);
	return ret;
}

static long ksem_ioctl_post(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			    size_t usize)
{
	struct ksem_wake wake;
	u32 n = arg->post.n;
	long ret;

	if (arg->post.reserved || n > KSEM_MAX_PERMITS)
		return -EINVAL;
	if (!n)
		return ksem_sem_alive(h->sem);
	ret = ksem_sem_post(h->sem, n, &wake);
	ksem_sem_finish(h->sem, &wake);
	return ret;
}

static long ksem_ioctl_reduce(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			      size_t usize)
{
	struct ksem_wake wake;
	long ret;

	if (arg->reduce.reserved || arg->reduce.n > KSEM_MAX_PERMITS)
		return -EINVAL;
	ret = ksem_sem_reduce(h->sem, arg->reduce.n, &wake);
	ksem_sem_finish(h->sem, &wake);
	return ret;
}

static long ksem_ioctl_forget(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			      size_t usize)
{
	if (arg->forget.reserved || arg->forget.n > KSEM_MAX_PERMITS)
		return -EINVAL;
	if (ksem_sem_is_signal(h->sem))
		return -EOPNOTSUPP;
	return ksem_sem_forget(h->sem, h->holder, arg->forget.n);
}

static long ksem_ioctl_resize(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
			      size_t usize)
{
	struct ksem_wake wake;
	long ret;

	if (arg->resize.reserved || arg->resize.capacity > KSEM_MAX_PERMITS)
		return -EINVAL;
	ret = ksem_sem_resize(h->sem, arg->resize.capacity, &wake);
	ksem_sem_finish(h->sem, &wake);
	return ret;
}

static long ksem_ioctl_transfer(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
				size_t usize)
{
	struct ksem_handle *to;
	struct file *file;
	int ret;

	if (arg->transfer.n > KSEM_MAX_PERMITS)
		return -EINVAL;
	to = ksem_handle_get(arg->transfer.fd, &file);
	if (IS_ERR(to))
		return PTR_ERR(to);
	ret = ksem_handle_may(to, FMODE_WRITE);
	if (!ret && to->sem != h->sem)
		ret = -EXDEV;
	if (!ret && ksem_sem_is_signal(h->sem))
		ret = -EOPNOTSUPP;
	if (!ret)
		ret = ksem_sem_transfer(h->sem, h->holder, to->holder, arg->transfer.n);
	if (!ret)
		ksem_handle_tell_pollers(to);
	fput(file);
	return ret;
}

static long ksem_ioctl_shutdown(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
				size_t usize)
{
	struct ksem_wake wake;

	ksem_sem_shutdown(h->sem, &wake);
	ksem_sem_finish(h->sem, &wake);
	return 0;
}

static long ksem_ioctl_features(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg,
				size_t usize)
{
	arg->features.out_features = KSEM_FEATURE_BASE | KSEM_FEATURE_NAMES |
				     KSEM_FEATURE_BYTES | KSEM_FEATURE_PER_PROCESS;
	return copy_to_user(uarg, arg, min(usize, sizeof(arg->features))) ? -EFAULT : 0;
}

/**
 * struct ksem_ioctl - an operation with a structure
 * @fn: does it; @usize is the size of the caller's structure.
 * @cmd: its number, which is also its place in the table.
 * @size: the structure's size.
 * @flags: those that are known.
 * @right: what the handle has to have.
 * @unbound: works on an unbound handle.
 * @binds: works on an unbound handle only.
 */
struct ksem_ioctl {
	long (*fn)(struct ksem_handle *h, union ksem_arg *arg, void __user *uarg, size_t usize);
	u32 cmd;
	u32 size;
	u32 flags;
	fmode_t right;
	bool unbound;
	bool binds;
};

#define KSEM_IOCTL(_CMD, _name, _right, _flags, ...)	\
	[_IOC_NR(KSEM_IOC_##_CMD) - _IOC_NR(KSEM_IOC_CREATE)] = {	\
		.fn = ksem_ioctl_##_name,				\
		.cmd = KSEM_IOC_##_CMD,					\
		/* Copied by the word. */				\
		.size = sizeof(struct ksem_##_name) +			\
			BUILD_BUG_ON_ZERO(sizeof(struct ksem_##_name) % sizeof(u64)),	\
		.right = _right,					\
		.flags = _flags,					\
		__VA_ARGS__						\
	}

static const struct ksem_ioctl ksem_ioctls[] = {
	KSEM_IOCTL(CREATE, create, 0,
		   KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS,
		   .unbound = true, .binds = true),
	KSEM_IOCTL(ATTACH, attach, 0, 0, .unbound = true, .binds = true),
	KSEM_IOCTL(ACQUIRE_EX, acquire_ex, FMODE_READ,
		   KSEM_FLAG_UNINTERRUPTIBLE | KSEM_FLAG_REALTIME | KSEM_FLAG_TOKEN),
	KSEM_IOCTL(TRY_ACQUIRE_EX, try_acquire_ex, FMODE_READ, KSEM_FLAG_TOKEN | KSEM_FLAG_BARGE),
	KSEM_IOCTL(POST, post, FMODE_WRITE, 0),
	KSEM_IOCTL(DRAIN, drain, FMODE_READ, KSEM_FLAG_TOKEN),
	KSEM_IOCTL(REDUCE, reduce, FMODE_WRITE, 0),
	KSEM_IOCTL(FORGET, forget, FMODE_WRITE, 0),
	KSEM_IOCTL(RESIZE, resize, FMODE_WRITE, 0),
	KSEM_IOCTL(TRANSFER, transfer, FMODE_WRITE, 0),
	KSEM_IOCTL(SHUTDOWN, shutdown, FMODE_WRITE, 0),
	KSEM_IOCTL(INFO, info, FMODE_READ, 0),
	KSEM_IOCTL(HOLDERS, holders, FMODE_READ, 0),
	KSEM_IOCTL(WAITERS, waiters, FMODE_READ, 0),
	KSEM_IOCTL(FEATURES, features, 0, 0, .unbound = true),
};

static const struct ksem_ioctl *ksem_ioctl_find(unsigned int cmd)
{
	unsigned int i = _IOC_NR(cmd) - _IOC_NR(KSEM_IOC_CREATE);

	if (i >= ARRAY_SIZE(ksem_ioctls))
		return NULL;
	i = array_index_nospec(i, ARRAY_SIZE(ksem_ioctls));
	return ksem_ioctls[i].cmd == cmd ? &ksem_ioctls[i] : NULL;
}

/* Word by word, since most structures are too small for a call to be worth it. */
static int ksem_arg_copy_same_size(union ksem_arg *arg, const u64 __user *uarg, u32 size)
{
	u64 *to = (u64 *)arg;
	u32 i;

	if (!ksem_read_access_begin(uarg, size))
		return -EFAULT;
	for (i = 0; i < size / sizeof(u64); i++)
		unsafe_get_user(to[i], uarg + i, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/* Inline: one caller is on the way of acquire_ex. */
static __always_inline int ksem_arg_do_copy(union ksem_arg *arg, u32 size, u32 flags,
					    void __user *uarg, u32 *usize)
{
	int ret;

	if (ksem_get_user(*usize, (u32 __user *)uarg))
		return -EFAULT;
	if (likely(*usize == size))
		ret = ksem_arg_copy_same_size(arg, uarg, size);
	else if (*usize > PAGE_SIZE)
		ret = -E2BIG;
	else if (*usize < size)
		ret = -EINVAL;
	else
		ret = copy_struct_from_user(arg, size, uarg, *usize);
	if (ret)
		return ret;
	return arg->flags & ~flags ? -EINVAL : 0;
}

/**
 * ksem_arg_copy - copy the caller's structure, which may be of another release's size
 * @arg: where to.
 * @size: what it has here. The first release is the only one so far, so this is also
 *	the least that a caller's may have.
 * @flags: those that are known.
 * @uarg: the caller's.
 * @usize: (out) its size, as read first: that counts, should the memory change.
 *
 * Return: 0, -EFAULT, -E2BIG, -EINVAL.
 */
int ksem_arg_copy(union ksem_arg *arg, u32 size, u32 flags, void __user *uarg, u32 *usize)
{
	return ksem_arg_do_copy(arg, size, flags, uarg, usize);
}

static noinline long ksem_handle_ioctl_struct(struct ksem_handle *h, unsigned int cmd,
					      void __user *uarg)
{
	const struct ksem_ioctl *ioctl = ksem_ioctl_find(cmd);
	union ksem_arg arg;
	u32 usize;
	int ret;

	if (!ioctl)
		return -ENOTTY;
	if (ioctl->binds && ksem_handle_sem(h))
		return -EBUSY;
	ret = ioctl->unbound ? 0 : ksem_handle_may(h, ioctl->right);
	if (!ret)
		ret = ksem_arg_do_copy(&arg, ioctl->size, ioctl->flags, uarg, &usize);
	return ret ?: ioctl->fn(h, &arg, uarg, usize);
}

static long ksem_handle_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ksem_handle *h = file->private_data;

	switch (cmd) {
	case KSEM_IOC_ACQUIRE:
		return ksem_ioctl_acquire(h, arg);
	case KSEM_IOC_RELEASE:
		return ksem_ioctl_release(h, arg);
	case KSEM_IOC_TRY_ACQUIRE:
		return ksem_ioctl_try_acquire(h, arg);
	default:
		return ksem_handle_ioctl_struct(h, cmd, (void __user *)arg);
	}
}

#ifdef CONFIG_COMPAT
/* A number stays a number; only addresses are converted. */
static long ksem_handle_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (ksem_ioctl_find(cmd))
		arg = (unsigned long)compat_ptr(arg);
	return ksem_handle_ioctl(file, cmd, arg);
}
#endif

/*
 * Of fcntl(2) and flock(2). They would be locks of the one inode that all handles have, and
 * each close, of whomever, has to look through all of them.
 */
static int ksem_handle_lock(struct file *file, int cmd, struct file_lock *lock)
{
	return -ENOLCK;
}

const struct file_operations ksem_handle_fops = {
	.owner = THIS_MODULE,
	.open = ksem_handle_open,
	.release = ksem_handle_release,
	.read_iter = ksem_handle_read_iter,
	.write_iter = ksem_handle_write_iter,
	.poll = ksem_handle_poll,
	.unlocked_ioctl = ksem_handle_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = ksem_handle_compat_ioctl,
#endif
	.lock = ksem_handle_lock,
	.flock = ksem_handle_lock,
	.show_fdinfo = ksem_handle_show_fdinfo,
};

int ksem_handle_init(void)
{
	ksem_sem_cache = KMEM_CACHE(ksem_sem, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	ksem_handle_cache = KMEM_CACHE(ksem_handle, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	ksem_holder_cache = KMEM_CACHE(ksem_holder, SLAB_ACCOUNT);
	if (ksem_waiter_init() && ksem_sem_cache && ksem_handle_cache && ksem_holder_cache)
		return 0;
	ksem_handle_exit();
	return -ENOMEM;
}

/* Caches that were never made are NULL, which is fine. */
void ksem_handle_exit(void)
{
	ksem_waiter_exit();
	kmem_cache_destroy(ksem_holder_cache);
	kmem_cache_destroy(ksem_handle_cache);
	kmem_cache_destroy(ksem_sem_cache);
}
