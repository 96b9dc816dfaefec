/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libksem - counting semaphores that survive their holders
 *
 * The interface of the library; libksem(3) is its reference, ksem(7) explains
 * the words. The structures and flags come from the kernel's header. As with
 * stat(2), a structure and a function may share a name: write "struct" before
 * the structure's.
 *
 * Unless said otherwise, a call returns 0, or -1 with errno set and nothing
 * changed. Errno is left alone on success. A handle that is NULL is EINVAL.
 */
#ifndef LIBKSEM_KSEM_H
#define LIBKSEM_KSEM_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include <linux/ksem.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* The directory of names without a slash: where the boot's ksemfs is mounted. */
#define KSEM_MOUNT	"/sys/fs/ksem"

/* A handle: a descriptor of /dev/ksem, or of a name, bound to one semaphore. */
struct ksem;

/* What a semaphore is created with. */
struct ksem_attr;

/*
 * Attributes: ksem_attr(3). One object serves any number of semaphores.
 * ksem_attr_free(NULL) does nothing.
 */
struct ksem_attr *ksem_attr_new(void);
void ksem_attr_free(struct ksem_attr *attr);

/* Grant strictly in the order of arrival. Default: false. */
int ksem_attr_set_fair(struct ksem_attr *attr, bool fair);

/* Consume and produce, with no holders. Default: false. */
int ksem_attr_set_signal(struct ksem_attr *attr, bool signal);

/* Permits at first, for ksem_create_at() and ksem_open(). Default: 1. */
int ksem_attr_set_initial(struct ksem_attr *attr, unsigned int initial);

/* All handles that a process has opened are one holder. Default: false. */
int ksem_attr_set_per_process(struct ksem_attr *attr, bool per_process);

/* The name goes with the last handle. Default: false. */
int ksem_attr_set_temporary(struct ksem_attr *attr, bool temporary);

/* The capacity's upper limit. Default: KSEM_MAX_PERMITS. */
int ksem_attr_set_max(struct ksem_attr *attr, unsigned int max);

/*
 * How long newcomers may pass the head of a non-fair queue; NULL: for ever,
 * the head may starve. Default: KSEM_HANDOFF_DEFAULT_NS. Contradicts fair.
 */
int ksem_attr_set_handoff(struct ksem_attr *attr,
			  const struct timespec *handoff);

/* For people: at most 31 bytes of printable ASCII. NULL: none, the default. */
int ksem_attr_set_label(struct ksem_attr *attr, const char *label);

/* The handle's rights: O_RDONLY, O_WRONLY or, the default, O_RDWR. */
int ksem_attr_set_access(struct ksem_attr *attr, int access);

/* Let the descriptor pass through execve(2). Default: false. */
int ksem_attr_set_inherit(struct ksem_attr *attr, bool inherit);

/*
 * Handles: ksem_create(3), ksem_attach(3). NULL, with errno set, on failure.
 *
 * ksem_attach() makes a further holder on the semaphore of another handle.
 * ksem_from_fd() adopts a descriptor that was inherited or received; where it
 * fails, the descriptor stays the caller's.
 */
struct ksem *ksem_create(unsigned int initial, const struct ksem_attr *attr);
struct ksem *ksem_attach(const struct ksem *other);
struct ksem *ksem_attach_fd(int fd, int access);
struct ksem *ksem_from_fd(int fd);
int ksem_fd(const struct ksem *k);
int ksem_close(struct ksem *k);

/*
 * Names: ksem_open(3), ksem_create_at(3), ksem_unlink(3). A path without a slash
 * is below KSEM_MOUNT. flags: 0, O_CREAT, O_CREAT | O_EXCL. Access and inheritance
 * come from @attr; @mode and the other attributes count where the semaphore is
 * created. ksem_create_at() makes one in the directory @dirfd of a ksemfs, or
 * fails with EEXIST.
 */
struct ksem *ksem_open(const char *path, int flags, mode_t mode,
		       const struct ksem_attr *attr);
struct ksem *ksem_create_at(int dirfd, const char *name, mode_t mode,
			    const struct ksem_attr *attr);
int ksem_unlink(const char *path);

/*
 * Acquire: ksem_acquire(3), ksem_try_acquire(3), ksem_acquire_ex(3),
 * ksem_try_acquire_ex(3).
 */
int ksem_acquire(struct ksem *k);
int ksem_acquire_n(struct ksem *k, unsigned int n);
int ksem_acquire_uninterruptible(struct ksem *k);
int ksem_acquire_uninterruptible_n(struct ksem *k, unsigned int n);
int ksem_try_acquire(struct ksem *k);
int ksem_try_acquire_n(struct ksem *k, unsigned int n);
int ksem_acquire_timed(struct ksem *k, const struct timespec *relative);
int ksem_acquire_timed_n(struct ksem *k, unsigned int n,
			 const struct timespec *relative);
int ksem_acquire_clock(struct ksem *k, clockid_t clock,
		       const struct timespec *absolute);
int ksem_acquire_clock_n(struct ksem *k, unsigned int n, clockid_t clock,
			 const struct timespec *absolute);
int ksem_acquire_ex(struct ksem *k, struct ksem_acquire_ex *request);
int ksem_try_acquire_ex(struct ksem *k, struct ksem_try_acquire_ex *request);

/*
 * 1, once, after an acquire of any form through this handle was told that
 * permits came back from a holder that went; else 0.
 */
int ksem_recovered(struct ksem *k);

/*
 * Release and the rest: ksem_release(3), ksem_post(3), ksem_resize(3),
 * ksem_transfer(3), ksem_shutdown(3). ksem_drain() returns how many it took.
 */
int ksem_release(struct ksem *k);
int ksem_release_n(struct ksem *k, unsigned int n);
int ksem_post(struct ksem *k);
int ksem_post_n(struct ksem *k, unsigned int n);
int ksem_drain(struct ksem *k);
int ksem_reduce(struct ksem *k, unsigned int n);
int ksem_forget(struct ksem *k, unsigned int n);
int ksem_resize(struct ksem *k, unsigned int capacity);
int ksem_transfer(struct ksem *k, const struct ksem *to, unsigned int n);
int ksem_shutdown(struct ksem *k);

/*
 * Look: ksem_info(3), ksem_holders(3), ksem_waiters(3), ksem_features(3). The
 * caller sets size and every field that is not called out_*. ksem_features()
 * takes NULL for the handle and asks the device.
 *
 * ksem_queue_length() returns a count, ksem_has_waiters() and ksem_is_fair() 0
 * or 1.
 */
int ksem_available(const struct ksem *k, int *available);
int ksem_queue_length(const struct ksem *k);
int ksem_has_waiters(const struct ksem *k);
int ksem_is_fair(const struct ksem *k);
int ksem_info(const struct ksem *k, struct ksem_info *info);
int ksem_holders(const struct ksem *k, struct ksem_holders *holders);
int ksem_waiters(const struct ksem *k, struct ksem_waiters *waiters);
int ksem_features(const struct ksem *k, struct ksem_features *features);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBKSEM_KSEM_H */
