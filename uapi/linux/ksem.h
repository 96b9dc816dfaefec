/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ksem - counting semaphores that survive their holders
 *
 * A semaphore has a number of available permits, a capacity and a queue of
 * waiters. A handle is an open file description of /dev/ksem, bound to one
 * semaphore; the permits acquired through a handle are its account, and they
 * return to the semaphore when the last reference to the handle goes, whatever
 * made it go.
 *
 *	fd = open("/dev/ksem", O_RDWR | O_CLOEXEC);	an unbound handle
 *	ioctl(fd, KSEM_IOC_CREATE, &create);		a new semaphore, bound
 *	ioctl(fd, KSEM_IOC_ACQUIRE, 1UL);		blocks until it has one
 *	ioctl(fd, KSEM_IOC_RELEASE, 1UL);
 *	close(fd);					what is held goes back
 *
 * A semaphore may have a name in a file system of type ksemfs, usually mounted at
 * /sys/fs/ksem. KSEM_IOC_CREATE_AT on one of its directories makes it, in one
 * step; open(2) of the name gives a handle that is bound from the start.
 *
 *	fd = open("/sys/fs/ksem/db", O_RDWR | O_CLOEXEC);
 *
 *
 * Bytes
 * -----
 * Every bound handle also speaks the protocol of a token pipe. read(2) of k bytes
 * acquires at least 1 and at most k permits, and returns as many bytes '+': it
 * waits for the first, and takes of the others what a try could take. At most
 * KSEM_READ_MAX a call. O_NONBLOCK: EAGAIN instead of waiting. After a shutdown it
 * returns 0, end of file. write(2) of k bytes releases k permits, whatever the
 * bytes are; EPERM, and nothing changed, if fewer are held. read and write of 0
 * bytes return 0. A fault in the middle of a read keeps what was copied, and what
 * was not goes back. There is no file position.
 *
 *
 * How this interface grows
 * ------------------------
 * Each structure begins with its own size in bytes, set by the caller. A
 * structure shorter than the kernel's (an older program) is taken with zeros
 * in the fields that it lacks, down to the size of the first release, which is
 * the size given here; a longer one (a newer program) is accepted if what is
 * beyond the kernel's size is zero. New fields are only ever added at the end,
 * and zero in them means what the absence of the field meant. New commands,
 * flags and features are announced by KSEM_IOC_FEATURES. Nothing that is in
 * this header changes its number, its layout or its meaning.
 *
 * Fields named out_* are written by the kernel and ignored on entry. All other
 * fields are read; reserved words and unknown flag bits must be zero. The
 * layout is the same for 32-bit and 64-bit callers.
 *
 *
 * Units and ranges
 * ----------------
 * Permits (n, initial, capacity, max) are unsigned, 0 to KSEM_MAX_PERMITS.
 * out_available is signed: a deficit, after reduce or resize, is negative,
 * never below -KSEM_MAX_PERMITS. Times are nanoseconds of CLOCK_MONOTONIC as
 * the caller's time namespace shows it, unless KSEM_FLAG_REALTIME says
 * CLOCK_REALTIME. Process ids are those of the reader's pid namespace; 0
 * stands for a process that is not visible there, or is gone.
 *
 *
 * Rights
 * ------
 * A handle has the rights of its open mode. Reading (O_RDONLY, O_RDWR) allows
 * acquire, acquire_ex, try_acquire, try_acquire_ex, drain, info, holders and
 * waiters. Writing (O_WRONLY, O_RDWR) allows release, post, reduce, forget,
 * resize, transfer, shutdown, and KSEM_FLAG_BARGE. An attached handle has its
 * own open mode less what the handle lacks that it was attached through. Who may
 * open a name, and how, is up to its owner and mode, as with any file; create_at
 * needs to write and search the directory.
 *
 *
 * Errors
 * ------
 * An error changes nothing. Of two errors the one that stands first in this
 * table is found, except that a structure's own words are looked at before what
 * they refer to and before it is tried whether outputs can be written, and flags
 * before the right to use one.
 *
 * ENOTTY	the command is not one of these
 * ENXIO	the handle is not bound to a semaphore yet
 * EBUSY	create, attach: the handle is bound already, or another thread is
 *		about to bind it
 * EBADF	the handle lacks the right; or a descriptor given in a structure
 *		is not open, or its handle lacks the right (transfer)
 * EFAULT	the structure, or what it points to, cannot be read or written
 * E2BIG	size is larger than a page, or what is beyond the kernel's size
 *		is not zero
 * EINVAL	size is too small; an unknown flag or a reserved word is not
 *		zero; a number is out of its range; acquire and try_acquire, by
 *		value or not: n is larger than max; a descriptor given in a
 *		structure is not a ksem handle; reduce: beyond the capacity
 * EXDEV	transfer: the other handle is bound to another semaphore
 * EOPNOTSUPP	forget, transfer: not on a signal semaphore
 * ENOENT, ENAMETOOLONG, EACCES, EEXIST, EROFS, EOVERFLOW
 *		create_at: the name is empty, or the directory is gone; longer than
 *		255 bytes; the directory may not be searched or written; there
 *		already; mounted read-only; the caller's ids are not those of the
 *		mount's user namespace. Opening a name: ENOENT also from a temporary
 *		semaphore whose last handle has gone. ENOMEM and ENOSPC may be found
 *		before these, and a security module may say EACCES or EPERM
 * ENOMEM	create, create_at, attach, open: no memory, or the memory cgroup has
 *		no room
 * ENOSPC	create, create_at, attach: a limit of the module, or of the file
 *		system, is reached. Opening a name, likewise
 * ESHUTDOWN	the semaphore was shut down, before or while waiting
 * EPERM	release, write(2), forget, transfer: the holder has fewer than n
 * EOVERFLOW	post, resize, and release on a signal semaphore: beyond max
 * EAGAIN	try_acquire, try_acquire_ex, read(2) with O_NONBLOCK: not to be had now
 * ETIMEDOUT	acquire_ex: the deadline has passed
 * EINTR	acquire, acquire_ex, read(2): a signal handler was run, and it was
 *		not installed with SA_RESTART. The same call made again by the
 *		same thread takes its old place in the queue
 *
 *
 * What each operation does, by kind and state of the semaphore
 * ------------------------------------------------------------
 *		permit semaphore	signal semaphore	after shutdown
 * create	EBUSY			EBUSY			EBUSY
 * open a name	a holder of its own	another handle		ESHUTDOWN
 * attach	a holder of its own	another handle		ESHUTDOWN
 * acquire(_ex)	n to the account	n consumed		ESHUTDOWN
 * try_acquire	the same or EAGAIN	the same or EAGAIN	ESHUTDOWN
 * drain	all that is free	all that is free	ESHUTDOWN
 * read		1 to k to the account	1 to k consumed		end of file
 * write	as release of k		as release of k		as release
 * release	n from the account, or	as post, but counted	works; ESHUTDOWN on
 *		EPERM						a signal semaphore
 * post		capacity + n, or	available + n, or	ESHUTDOWN
 *		EOVERFLOW		EOVERFLOW
 * reduce	capacity - n, or EINVAL	available - n, or EINVAL	works
 * forget	account and capacity	EOPNOTSUPP		works (as before)
 *		- n, or EPERM
 * resize	capacity = n		available = n		ESHUTDOWN
 * transfer	n to the other account,	EOPNOTSUPP		works (as before)
 *		or EPERM
 * shutdown	works			works			succeeds again
 * info, holders, waiters, features: work always.
 *
 * n = 0 succeeds and changes nothing, everywhere; bad arguments, missing rights
 * and a shutdown are still reported.
 */
#ifndef _UAPI_LINUX_KSEM_H
#define _UAPI_LINUX_KSEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The largest number of permits in any field: 2^31 - 1. */
#define KSEM_MAX_PERMITS	0x7fffffffU

/* Bytes of a label, with the zero byte that ends it. */
#define KSEM_LABEL_SIZE		32

/* How many permits one read(2) acquires at most. */
#define KSEM_READ_MAX		65536

/* deadline_ns: wait for ever. */
#define KSEM_NO_DEADLINE	(~0ULL)

/*
 * handoff_ns: how long newcomers may pass the head of a non-fair semaphore's
 * queue. KSEM_HANDOFF_NEVER lets them pass for ever: the head may starve.
 */
#define KSEM_HANDOFF_DEFAULT_NS	4000000ULL
#define KSEM_HANDOFF_NEVER	(~0ULL)

/* What statfs(2) says of a ksemfs, in f_type: "ksem". */
#define KSEMFS_MAGIC		0x6b73656d

/* The block 80-BF of 'k' is not used in the kernel's table of ioctl numbers. */
#define KSEM_IOC_TYPE		'k'

/*
 * Flags of acquire_ex, try_acquire_ex and drain.
 *
 * KSEM_FLAG_UNINTERRUPTIBLE	acquire_ex: only a fatal signal ends the wait
 * KSEM_FLAG_REALTIME		acquire_ex: deadline_ns is on CLOCK_REALTIME
 * KSEM_FLAG_TOKEN		all three: write a fencing token to out_token
 * KSEM_FLAG_BARGE		try_acquire_ex: take free permits even where
 *				others are queued; needs the right to write
 */
#define KSEM_FLAG_UNINTERRUPTIBLE	(1U << 0)
#define KSEM_FLAG_REALTIME		(1U << 1)
#define KSEM_FLAG_TOKEN			(1U << 2)
#define KSEM_FLAG_BARGE			(1U << 3)

/*
 * Flags of create and create_at, and of info's out_flags.
 *
 * KSEM_CREATE_FAIR	requests are granted strictly in the order of arrival,
 *			whatever their sizes
 * KSEM_CREATE_SIGNAL	permits are consumed by acquire and made by release or
 *			post; nobody holds them and nothing comes back
 * KSEM_CREATE_PER_PROCESS
 *			all handles that one process has opened are one holder, whose
 *			permits return when the last of them goes. It is the process
 *			that called open(2), also after execve(2): a handle that is
 *			inherited or received stays its opener's. So it is not for
 *			programs that execve(2) gives more privileges, where others
 *			can open the semaphore. Not with KSEM_CREATE_SIGNAL
 * KSEM_CREATE_TEMPORARY
 *			create_at only: the name goes with the last handle
 */
#define KSEM_CREATE_FAIR		(1U << 0)
#define KSEM_CREATE_SIGNAL		(1U << 1)
#define KSEM_CREATE_PER_PROCESS		(1U << 2)
#define KSEM_CREATE_TEMPORARY		(1U << 3)

/*
 * Further flags of info's out_flags.
 *
 * KSEM_INFO_SHUTDOWN	the semaphore was shut down
 * KSEM_INFO_RECOVERED	permits came back from a handle that went without
 *			releasing them, and no grant has told anybody yet
 */
#define KSEM_INFO_SHUTDOWN		(1U << 16)
#define KSEM_INFO_RECOVERED		(1U << 17)

/* Bits of info's out_rights. */
#define KSEM_RIGHT_READ			(1U << 0)
#define KSEM_RIGHT_WRITE		(1U << 1)

/**
 * struct ksem_create - make a semaphore and bind this handle to it
 * @size: sizeof(struct ksem_create).
 * @flags: KSEM_CREATE_*, but for KSEM_CREATE_TEMPORARY.
 * @initial: permits available at first, and the capacity; 0 to @max.
 * @max: the capacity's upper limit (signal: available's); 1 to
 *	KSEM_MAX_PERMITS.
 * @handoff_ns: non-fair: ns that the head of the queue may be passed by
 *	newcomers, counted from its arrival; 1 to KSEM_HANDOFF_NEVER, usually
 *	KSEM_HANDOFF_DEFAULT_NS. Fair: must be 0.
 * @label: for people, shown by info and fdinfo: printable ASCII, at most 31
 *	bytes, zeros from the first zero byte on.
 *
 * Errors: EBUSY, EFAULT, E2BIG, EINVAL, ENOMEM, ENOSPC.
 */
struct ksem_create {
	__u32 size;
	__u32 flags;
	__u32 initial;
	__u32 max;
	__aligned_u64 handoff_ns;
	__u8 label[KSEM_LABEL_SIZE];
};

#define KSEM_IOC_CREATE		_IO(KSEM_IOC_TYPE, 0x80)

/**
 * struct ksem_attach - bind this handle to the semaphore of another one
 * @size: sizeof(struct ksem_attach).
 * @flags: 0.
 * @fd: the other handle, bound.
 * @reserved: 0.
 *
 * This handle becomes a holder of its own. Its rights are those of its open
 * mode that @fd has too.
 *
 * Errors: EBUSY, EFAULT, E2BIG, EINVAL, EBADF (@fd is not open), EINVAL (@fd is
 * no ksem handle), ENXIO (@fd is not bound), ESHUTDOWN, ENOSPC, ENOMEM (for the
 * account of a process).
 */
struct ksem_attach {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

#define KSEM_IOC_ATTACH		_IO(KSEM_IOC_TYPE, 0x81)

/*
 * KSEM_IOC_ACQUIRE, KSEM_IOC_TRY_ACQUIRE, KSEM_IOC_RELEASE: the third argument
 * of ioctl(2) is n itself, an unsigned long (of an int the upper half may be anything):
 * 0 to max, for release 0 to KSEM_MAX_PERMITS.
 *
 * acquire waits, for ever, interruptible; only this one of the three blocks.
 * acquire and try_acquire return 0, or 1 for success with the news that permits
 * were recovered from a holder that went: the count is right, what it guarded
 * may not be. Release returns 0.
 *
 * Errors: ENXIO, EBADF, EINVAL, ESHUTDOWN; acquire: EINTR; try_acquire: EAGAIN;
 * release: EPERM, on a signal semaphore EOVERFLOW.
 */
#define KSEM_IOC_ACQUIRE	_IO(KSEM_IOC_TYPE, 0x82)
#define KSEM_IOC_TRY_ACQUIRE	_IO(KSEM_IOC_TYPE, 0x83)
#define KSEM_IOC_RELEASE	_IO(KSEM_IOC_TYPE, 0x84)

/**
 * struct ksem_acquire_ex - acquire with a deadline, a token, or both
 * @size: sizeof(struct ksem_acquire_ex).
 * @flags: KSEM_FLAG_UNINTERRUPTIBLE, KSEM_FLAG_REALTIME, KSEM_FLAG_TOKEN.
 * @n: permits, 0 to max.
 * @reserved: 0.
 * @deadline_ns: absolute, at most 2^63 - 1, or KSEM_NO_DEADLINE. One in the
 *	past takes what is free and fails with ETIMEDOUT otherwise.
 * @out_token: with KSEM_FLAG_TOKEN and n > 0: a number larger than the token
 *	of every earlier grant, on any semaphore. For fencing; it is no
 *	authority. 0 where n is 0; where the call fails it may be
 *	overwritten by 0.
 *
 * Returns 0 or 1 as KSEM_IOC_ACQUIRE does.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ESHUTDOWN, ETIMEDOUT, EINTR.
 */
struct ksem_acquire_ex {
	__u32 size;
	__u32 flags;
	__u32 n;
	__u32 reserved;
	__aligned_u64 deadline_ns;
	__aligned_u64 out_token;
};

#define KSEM_IOC_ACQUIRE_EX	_IO(KSEM_IOC_TYPE, 0x85)

/**
 * struct ksem_try_acquire_ex - try with a token, or past the queue
 * @size: sizeof(struct ksem_try_acquire_ex).
 * @flags: KSEM_FLAG_TOKEN, KSEM_FLAG_BARGE.
 * @n: permits, 0 to max.
 * @reserved: 0.
 * @out_token: as in struct ksem_acquire_ex.
 *
 * Returns 0 or 1 as KSEM_IOC_TRY_ACQUIRE does.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ESHUTDOWN, EAGAIN.
 */
struct ksem_try_acquire_ex {
	__u32 size;
	__u32 flags;
	__u32 n;
	__u32 reserved;
	__aligned_u64 out_token;
};

#define KSEM_IOC_TRY_ACQUIRE_EX	_IO(KSEM_IOC_TYPE, 0x86)

/**
 * struct ksem_post - add permits that nobody held
 * @size: sizeof(struct ksem_post).
 * @flags: 0.
 * @n: permits to add, 0 to KSEM_MAX_PERMITS.
 * @reserved: 0.
 *
 * Permit semaphore: the capacity grows by @n. Signal semaphore: as release, but not
 * counted as one (out_releases).
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ESHUTDOWN, EOVERFLOW.
 */
struct ksem_post {
	__u32 size;
	__u32 flags;
	__u32 n;
	__u32 reserved;
};

#define KSEM_IOC_POST		_IO(KSEM_IOC_TYPE, 0x87)

/**
 * struct ksem_drain - take all that is free in one step
 * @size: sizeof(struct ksem_drain).
 * @flags: KSEM_FLAG_TOKEN.
 * @out_n: permits taken; the handle holds them now (signal: they are consumed).
 *	0 where a try would have failed: nothing is free, or others are queued.
 * @reserved: 0.
 * @out_token: as in struct ksem_acquire_ex, if @out_n is not 0.
 *
 * Returns 0 or 1 as KSEM_IOC_TRY_ACQUIRE does.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ESHUTDOWN.
 */
struct ksem_drain {
	__u32 size;
	__u32 flags;
	__u32 out_n;
	__u32 reserved;
	__aligned_u64 out_token;
};

#define KSEM_IOC_DRAIN		_IO(KSEM_IOC_TYPE, 0x88)

/**
 * struct ksem_reduce - take permits out of the semaphore, now or as they return
 * @size: sizeof(struct ksem_reduce).
 * @flags: 0.
 * @n: permits, 0 to the capacity.
 * @reserved: 0.
 *
 * The capacity shrinks by @n at once. If fewer are free, available becomes
 * negative, and later releases fill the deficit first.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL.
 */
struct ksem_reduce {
	__u32 size;
	__u32 flags;
	__u32 n;
	__u32 reserved;
};

#define KSEM_IOC_REDUCE		_IO(KSEM_IOC_TYPE, 0x89)

/**
 * struct ksem_forget - give up held permits for good
 * @size: sizeof(struct ksem_forget).
 * @flags: 0.
 * @n: permits, 0 to what this handle holds.
 * @reserved: 0.
 *
 * The account and the capacity shrink by @n, and available stays. What would
 * make the capacity negative, because a reduce or resize has taken it out
 * already, fills the deficit instead.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, EOPNOTSUPP, EPERM.
 */
struct ksem_forget {
	__u32 size;
	__u32 flags;
	__u32 n;
	__u32 reserved;
};

#define KSEM_IOC_FORGET		_IO(KSEM_IOC_TYPE, 0x8a)

/**
 * struct ksem_resize - set the capacity
 * @size: sizeof(struct ksem_resize).
 * @flags: 0.
 * @capacity: 0 to max (beyond it: EOVERFLOW). Signal semaphore: what is
 *	available from now on.
 * @reserved: 0.
 *
 * Held permits stay held; a smaller capacity may leave a deficit.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL, ESHUTDOWN, EOVERFLOW.
 */
struct ksem_resize {
	__u32 size;
	__u32 flags;
	__u32 capacity;
	__u32 reserved;
};

#define KSEM_IOC_RESIZE		_IO(KSEM_IOC_TYPE, 0x8b)

/**
 * struct ksem_transfer - move held permits to another handle's account
 * @size: sizeof(struct ksem_transfer).
 * @flags: 0.
 * @n: permits, 0 to what this handle holds.
 * @fd: the handle that receives them, bound to the same semaphore; it needs
 *	the right to write too.
 *
 * Errors: ENXIO (either end), EBADF (either end), EFAULT, E2BIG, EINVAL, EXDEV,
 * EOPNOTSUPP, EPERM.
 */
struct ksem_transfer {
	__u32 size;
	__u32 flags;
	__u32 n;
	__s32 fd;
};

#define KSEM_IOC_TRANSFER	_IO(KSEM_IOC_TYPE, 0x8c)

/**
 * struct ksem_shutdown - end all waits, now and for ever
 * @size: sizeof(struct ksem_shutdown).
 * @flags: 0.
 *
 * Every waiter returns with ESHUTDOWN, and so does every later acquire,
 * try_acquire, drain, post, resize and attach. Held permits can still be given
 * back. It cannot be undone.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL.
 */
struct ksem_shutdown {
	__u32 size;
	__u32 flags;
};

#define KSEM_IOC_SHUTDOWN	_IO(KSEM_IOC_TYPE, 0x8d)

/**
 * struct ksem_info - what a semaphore is, and what it has seen
 * @size: sizeof(struct ksem_info).
 * @flags: 0.
 * @out_available: permits free; negative in a deficit.
 * @out_capacity: available and held together.
 * @out_held: permits held by all holders together. Signal semaphore: 0.
 * @out_own: permits held by this handle's holder, those of requests being answered
 *	included.
 * @out_max: the capacity's upper limit.
 * @out_waiters: requests queued.
 * @out_holders: holders of at least one permit.
 * @out_handles: handles bound to the semaphore.
 * @out_flags: KSEM_CREATE_* and KSEM_INFO_*.
 * @out_rights: KSEM_RIGHT_* of this handle.
 * @out_demand: permits that the queued requests want together.
 * @out_handoff_ns: as created; 0 on a fair semaphore.
 * @out_id: a number for this semaphore, never used again until the module is
 *	unloaded: two handles that show the same are on the same one.
 * @out_acquires: grants of at least one permit, since creation.
 * @out_waits: requests that were queued.
 * @out_timeouts: requests that ended with ETIMEDOUT.
 * @out_interrupts: waits that a signal ended or broke off for a restart.
 * @out_releases: releases of at least one permit.
 * @out_reclaimed: permits that came back from handles that went, by close or
 *	death, without releasing them. It only grows: the reliable way to learn
 *	of a lost holder.
 * @out_wait_total_ns: time from arrival to end of all queued requests that ended
 *	in a grant, at their deadline or by a shutdown.
 * @out_wait_max_ns: the longest of these.
 * @out_label: as created.
 *
 * One consistent snapshot.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL.
 */
struct ksem_info {
	__u32 size;
	__u32 flags;
	__s32 out_available;
	__u32 out_capacity;
	__u32 out_held;
	__u32 out_own;
	__u32 out_max;
	__u32 out_waiters;
	__u32 out_holders;
	__u32 out_handles;
	__u32 out_flags;
	__u32 out_rights;
	__aligned_u64 out_demand;
	__aligned_u64 out_handoff_ns;
	__aligned_u64 out_id;
	__aligned_u64 out_acquires;
	__aligned_u64 out_waits;
	__aligned_u64 out_timeouts;
	__aligned_u64 out_interrupts;
	__aligned_u64 out_releases;
	__aligned_u64 out_reclaimed;
	__aligned_u64 out_wait_total_ns;
	__aligned_u64 out_wait_max_ns;
	__u8 out_label[KSEM_LABEL_SIZE];
};

#define KSEM_IOC_INFO		_IO(KSEM_IOC_TYPE, 0x8e)

/**
 * struct ksem_holder_entry - one holder
 * @opener_pid: the process that opened the handle, or all of them.
 * @acquirer_pid: the last process that acquired through it; 0 if permits only
 *	ever came by transfer.
 * @permits: how many it holds, at least one.
 * @reserved: 0.
 * @since_ns: since when it has held permits without a break, by a coarse clock.
 */
struct ksem_holder_entry {
	__u32 opener_pid;
	__u32 acquirer_pid;
	__u32 permits;
	__u32 reserved;
	__aligned_u64 since_ns;
};

/**
 * struct ksem_holders - who holds permits
 * @size: sizeof(struct ksem_holders).
 * @flags: 0.
 * @entries: address of an array of struct ksem_holder_entry; may be 0 if
 *	@count is.
 * @count: the array's length.
 * @entry_size: sizeof(struct ksem_holder_entry); may be larger: a multiple of 8,
 *	at most a page, and what the kernel does not know is written as zeros.
 * @out_count: entries written.
 * @out_total: holders seen. More than @out_count: the array was too short.
 *
 * In the order in which the holders came to the semaphore. The list is read in pieces: a
 * holder that comes or goes meanwhile may be in it or not.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL.
 */
struct ksem_holders {
	__u32 size;
	__u32 flags;
	__aligned_u64 entries;
	__u32 count;
	__u32 entry_size;
	__u32 out_count;
	__u32 out_total;
};

#define KSEM_IOC_HOLDERS	_IO(KSEM_IOC_TYPE, 0x8f)

/**
 * struct ksem_waiter_entry - one queued request
 * @pid: the process that waits.
 * @tid: its thread that waits.
 * @permits: how many it wants.
 * @reserved: 0.
 * @since_ns: since when it has been waiting.
 */
struct ksem_waiter_entry {
	__u32 pid;
	__u32 tid;
	__u32 permits;
	__u32 reserved;
	__aligned_u64 since_ns;
};

/**
 * struct ksem_waiters - who waits, the head of the queue first
 * @size: sizeof(struct ksem_waiters).
 * @flags: 0.
 * @entries: address of an array of struct ksem_waiter_entry; may be 0 if
 *	@count is.
 * @count: the array's length.
 * @entry_size: sizeof(struct ksem_waiter_entry); may be larger: a multiple of 8,
 *	at most a page, and what the kernel does not know is written as zeros.
 * @out_count: entries written.
 * @out_total: waiters seen. More than @out_count: the array was too short.
 *
 * Read in pieces, as struct ksem_holders.
 *
 * Errors: ENXIO, EBADF, EFAULT, E2BIG, EINVAL.
 */
struct ksem_waiters {
	__u32 size;
	__u32 flags;
	__aligned_u64 entries;
	__u32 count;
	__u32 entry_size;
	__u32 out_count;
	__u32 out_total;
};

#define KSEM_IOC_WAITERS	_IO(KSEM_IOC_TYPE, 0x90)

/*
 * Bits of out_features.
 *
 * KSEM_FEATURE_BASE	all that is not below
 * KSEM_FEATURE_NAMES	ksemfs, create_at, KSEM_CREATE_TEMPORARY
 * KSEM_FEATURE_BYTES	read(2) and write(2) on a handle
 * KSEM_FEATURE_PER_PROCESS	KSEM_CREATE_PER_PROCESS
 */
#define KSEM_FEATURE_BASE		(1ULL << 0)
#define KSEM_FEATURE_NAMES		(1ULL << 1)
#define KSEM_FEATURE_BYTES		(1ULL << 2)
#define KSEM_FEATURE_PER_PROCESS	(1ULL << 3)

/**
 * struct ksem_features - what this module can do
 * @size: sizeof(struct ksem_features).
 * @flags: 0.
 * @out_features: KSEM_FEATURE_*.
 *
 * Works on an unbound handle too, whatever its rights.
 *
 * Errors: EFAULT, E2BIG, EINVAL.
 */
struct ksem_features {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_features;
};

#define KSEM_IOC_FEATURES	_IO(KSEM_IOC_TYPE, 0x91)

/**
 * struct ksem_create_at - make a semaphore with a name
 * @size: sizeof(struct ksem_create_at).
 * @flags: KSEM_CREATE_*.
 * @name: address of the name in this directory, ended by a zero byte: 1 to 255
 *	bytes without a slash, and neither "." nor "..".
 * @mode: permission bits, 0 to 0777, less the caller's umask.
 * @fd: an open /dev/ksem that is not bound: it becomes a handle on the semaphore,
 *	with the rights of its own open mode, whatever @mode is. Or -1.
 * @initial: as in struct ksem_create.
 * @max: as in struct ksem_create.
 * @handoff_ns: as in struct ksem_create.
 * @label: as in struct ksem_create.
 *
 * An ioctl on a directory of a ksemfs, opened for reading. The node appears with
 * all that is asked for, or not at all. stat(2) shows it as a FIFO: programs that
 * take tokens from a path insist on one. Until it is unlinked it keeps the
 * semaphore, with its counts, while nobody has a handle; after that handles keep
 * it. With KSEM_CREATE_TEMPORARY and an @fd the name goes when the last handle
 * goes, and with no @fd it stays until the first that was opened, and all others,
 * have gone. It goes before close(2) returns, or, where the directory is locked at
 * that moment (somebody reads it), soon after; it cannot be opened any more then,
 * and create_at finds the name free.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also a slash in @name, "." and ".."), EBADF (@fd
 * is not open), EINVAL (@fd is no ksem handle), EBUSY (@fd is bound), ENOENT,
 * ENAMETOOLONG, ENOMEM, ENOSPC, EACCES, EEXIST, EROFS, EOVERFLOW; ENOTTY where the
 * directory is not of a ksemfs.
 */
struct ksem_create_at {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 mode;
	__s32 fd;
	__u32 initial;
	__u32 max;
	__aligned_u64 handoff_ns;
	__u8 label[KSEM_LABEL_SIZE];
};

#define KSEM_IOC_CREATE_AT	_IO(KSEM_IOC_TYPE, 0x92)

#endif /* _UAPI_LINUX_KSEM_H */
