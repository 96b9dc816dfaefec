/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem-fuzz: programs of calls on /dev/ksem, led by the code that they reach
 *
 * One process manages: it keeps the corpus, watches, kills and counts. Workers, some
 * of them built for 32 bits, make and run programs. What they share is one mapping, in
 * fixed-width types, so that it is the same for both.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/ksem.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Programs
 */

#define FUZZ_MAX_CALLS	24
#define FUZZ_LINE	320
#define FUZZ_SLOTS	16
/* Slots from here on outlive a program, and are what processes swap. */
#define FUZZ_KEPT_SLOTS	12
/*
 * Paths in a file system, and the bit that says in which: that which all processes have
 * in common, or the process's own.
 */
#define FUZZ_PATHS	8
#define FUZZ_DIRECTORY	4
/* Users whose nodes are counted: root and others. */
#define FUZZ_USERS	4
#define FUZZ_OWN_NAMES	FUZZ_PATHS

enum fuzz_op {
	OP_OPEN,
	OP_CLOSE,
	OP_DUP,
	OP_DUP_OVER,
	OP_CREATE,
	OP_CREATE_AT,
	OP_OPEN_NAME,
	OP_UNLINK,
	OP_MKDIR,
	OP_RENAME,
	OP_LOOK,
	OP_MAKE,
	OP_MOUNT,
	OP_REMOUNT,
	OP_ATTACH,
	OP_ACQUIRE,
	OP_TRY_ACQUIRE,
	OP_RELEASE,
	OP_ACQUIRE_EX,
	OP_TRY_ACQUIRE_EX,
	OP_POST,
	OP_DRAIN,
	OP_REDUCE,
	OP_FORGET,
	OP_RESIZE,
	OP_TRANSFER,
	OP_SHUTDOWN,
	OP_INFO,
	OP_HOLDERS,
	OP_WAITERS,
	OP_FEATURES,
	OP_READ,
	OP_WRITE,
	OP_IOCTL,
	OP_FILE,
	OP_POLL,
	OP_EPOLL_ADD,
	OP_EPOLL_DEL,
	OP_EPOLL_WAIT,
	OP_SEND,
	OP_RECEIVE,
	OP_FDINFO,
	OP_FORK,
	OP_KICK,
	OP_TAMPER,
	OP_PROTECT,
	OP_CROWD,
	OP_PAUSE,
	NR_OPS,
};

/* Where the structure lies. Those up to the last good one can be read and written. */
enum fuzz_ptr {
	PTR_PAGE,
	PTR_PAGE_END,		/* its last byte is a page's last */
	PTR_UNALIGNED,
	PTR_LAST_GOOD = PTR_UNALIGNED,
	PTR_READ_ONLY,
	PTR_ACROSS,		/* only the first 8 bytes are there */
	PTR_GUARD,
	PTR_NULL,
	PTR_KERNEL,
	PTR_TOP,
	NR_PTRS,
};

/* What the structure says of its size. */
enum fuzz_size {
	SIZE_EXACT,
	SIZE_LONGER,		/* by 8 zero bytes */
	SIZE_PAGE,		/* a page, the rest zero */
	SIZE_LAST_GOOD = SIZE_PAGE,
	SIZE_SHORT,
	SIZE_ZERO,
	SIZE_LONGER_DIRTY,
	SIZE_ABOVE_PAGE,
	SIZE_HUGE,
	NR_SIZES,
};

/* Bits of fuzz_call.odd; the rest is which label a create has. */
#define ODD_RESERVED	1
#define ODD_FD_NONE	2	/* a descriptor that is not open */
#define ODD_FD_OTHER	4	/* one that is no handle; both: less than -1 */
#define ODD_NAME	8	/* create_at: one that can be no name */
#define ODD_LABEL_SHIFT	4
#define NR_LABELS	6
#define FIRST_BAD_LABEL	3

/**
 * struct fuzz_call - one call
 * @op: enum fuzz_op.
 * @thread: who makes it: 0 the driver, 1 its sibling.
 * @slot: whose descriptor it is made on.
 * @other: the second slot, if it takes two.
 * @ptr: enum fuzz_ptr.
 * @size: enum fuzz_size.
 * @fail: the how manyeth thing that can fail in the kernel fails; 0: none.
 * @odd: ODD_*.
 * @n: permits, a count, or what the operation makes of it.
 * @m: a second number.
 * @flags: flags, an open mode, events.
 * @reserved: 0.
 * @arg: a third, wider number.
 */
struct fuzz_call {
	__u8 op;
	__u8 thread;
	__u8 slot;
	__u8 other;
	__u8 ptr;
	__u8 size;
	__u8 fail;
	__u8 odd;
	__u32 n;
	__u32 m;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 arg;
};

/**
 * struct fuzz_program - calls in order
 * @nr: how many.
 * @reserved: 0.
 * @call: the calls. Those before the sibling's first prepare: they are made once.
 */
struct fuzz_program {
	__u32 nr;
	__u32 reserved;
	struct fuzz_call call[FUZZ_MAX_CALLS];
};

/**
 * struct fuzz_op_info - what there is to know of an operation
 * @name: in texts.
 * @fields: those of struct fuzz_call that it uses, by their first letters; 'g' is
 *	flags, 'd' is odd.
 * @weight: how often it is made up.
 * @rare: it takes as long as ten others, or leaves little to do: not in every round.
 * @cmd: the ioctl; 0: it is none.
 * @flags: flags that the ioctl knows.
 * @bytes: size of the ioctl's structure; 0: it has none.
 * @errnos: what it may fail with, 0 at the end; NULL: whatever user space may see.
 */
struct fuzz_op_info {
	const char *name;
	const char *fields;
	unsigned int weight;
	bool rare;
	unsigned int cmd;
	unsigned int flags;
	unsigned int bytes;
	const int *errnos;
};

extern const struct fuzz_op_info fuzz_ops[NR_OPS];

/* How read and write are called. */
#define BYTES_VECTOR	1	/* with a vector */
#define BYTES_NOWAIT	2	/* with RWF_NOWAIT */

/* Flags of open and of open_name: the mode is in two bits, then what else is asked for. */
#define OPEN_EXTRA_SHIFT	2
enum fuzz_open_extra {
	OPEN_PLAIN,
	OPEN_NONBLOCK,
	OPEN_TRUNCATE,
	OPEN_CREATE,
	OPEN_PATH,
	OPEN_DIRECT,
	OPEN_EXCLUSIVE,
	NR_OPEN_EXTRAS,
};

/* What file does with a descriptor. */
enum fuzz_file {
	FILE_PREAD,
	FILE_PWRITE,
	FILE_SEEK,
	FILE_MAP,
	FILE_SET_FLAGS,
	FILE_SYNC,
	FILE_SPLICE,
	FILE_SEND,
};

/* What look does with a path. */
enum fuzz_look {
	LOOK_STAT,
	LOOK_STATFS,
	LOOK_LIST,
	LOOK_CHMOD,
	LOOK_CHOWN,
	LOOK_MOUNTS,		/* of all mounts; the path does not matter */
	NR_LOOKS,
};

/* What nobody can do with a path. */
enum fuzz_make {
	MAKE_LINK,
	MAKE_SYMLINK,
	MAKE_FIFO,
	MAKE_DEVICE,
	MAKE_FILE,
	MAKE_UNNAMED_FILE,
	MAKE_COMMAND,		/* another ioctl on a directory than create_at */
	NR_MAKES,
};

/* How a file system is mounted. */
#define MOUNT_USERNS	1	/* in a user namespace */
#define MOUNT_NO_IDS	2	/* in one that has no ids */
#define MOUNT_LEGACY	4	/* by mount(2), where it is to fail */

/**
 * struct fuzz_option - an option of a file system
 * @key: its name.
 * @value: its value; NULL: it is given without.
 */
struct fuzz_option {
	const char *key;
	const char *value;
};

#define FUZZ_OPTIONS		16
/* The first of them leave room for all paths. */
#define FUZZ_ROOMY_OPTIONS	2
#define FUZZ_FIRST_BAD_OPTION	8
extern const struct fuzz_option fuzz_options[FUZZ_OPTIONS];

struct fuzz_random {
	__aligned_u64 state;
};

__u32 fuzz_random(struct fuzz_random *r);
/* 0 to n - 1 */
__u32 fuzz_below(struct fuzz_random *r, __u32 n);

bool fuzz_op_has(const struct fuzz_op_info *op, char field);
/* Does it make a semaphore? */
bool fuzz_op_creates(unsigned int op);
void fuzz_generate(struct fuzz_random *r, struct fuzz_program *p, unsigned int threads);
void fuzz_mutate(struct fuzz_random *r, struct fuzz_program *p, const struct fuzz_program *other,
		 unsigned int threads);
void fuzz_print_call(FILE *f, const struct fuzz_call *c);
void fuzz_print(FILE *f, const struct fuzz_program *p, const char *prefix);
int fuzz_parse(FILE *f, struct fuzz_program *p, unsigned int *line);

/*
 * What the processes share
 */

#define FUZZ_MAX_WORKERS	16
#define FUZZ_MAX_CORPUS		4096
#define FUZZ_EDGES		0x10000
#define FUZZ_TEXT		0x80000

enum fuzz_mode {
	MODE_FUZZ,
	MODE_SINGLE,	/* one thread: the same calls at each run of a seed */
	MODE_REPLAY,	/* run the corpus once, and show each call's result */
	MODE_DISTILL,	/* find a small corpus that reaches the same */
};

/**
 * struct fuzz_thread_state - what the manager sees of a thread
 * @tid: whom to kick.
 * @op: the call that is made, or was last.
 * @seq: odd while a call is made.
 * @failing: something in the kernel is to fail: if it is the frame of a signal, the
 *	process dies.
 * @calls: calls made.
 * @ok: calls that succeeded, by operation.
 * @failed: those that did not.
 */
struct fuzz_thread_state {
	__u32 tid;
	__u32 seq;
	__u32 failing;
	__u32 op;
	__aligned_u64 calls;
	__u32 ok[NR_OPS + NR_OPS % 2];
	__u32 failed[NR_OPS + NR_OPS % 2];
};

/**
 * struct fuzz_worker - what the manager sees of a worker
 * @full: @found holds a program that reached something new; the manager empties it.
 * @tampered: the program that runs has memory changed under its calls.
 * @programs: run so far.
 * @hash: of all calls and results; only a single thread's is worth comparing.
 * @thread: the driver and its sibling.
 * @found: see @full.
 * @running: what runs, to be shown should anything be wrong.
 */
struct fuzz_worker {
	__u32 full;
	__u32 tampered;
	__aligned_u64 programs;
	__aligned_u64 hash;
	struct fuzz_thread_state thread[2];
	struct fuzz_program found;
	struct fuzz_program running;
};

/**
 * struct fuzz_shared - the mapping
 * @mode: enum fuzz_mode.
 * @guided: there is KCOV.
 * @log: print each program before it runs.
 * @nr_workers: how many there are.
 * @max_programs: after which a worker ends; 0: never.
 * @seed: of everything.
 * @text: where the module's code begins.
 * @stop: workers end.
 * @violations: broken promises.
 * @first: the first of them, in a line.
 * @nr_corpus: length of @corpus; grows only.
 * @worker: by number.
 * @corpus: programs.
 * @edges: pairs of points met one after the other, hashed.
 * @points: reached points, by distance from @text.
 * @distilled: distilling: how many programs have been looked at.
 * @kept: and of these kept, at the beginning of @corpus.
 * @covered: points that a kept program reaches.
 */
struct fuzz_shared {
	__u32 mode;
	__u32 guided;
	__u32 log;
	__u32 nr_workers;
	__aligned_u64 max_programs;
	__aligned_u64 seed;
	__aligned_u64 text;
	__u32 stop;
	__u32 violations;
	__u32 nr_corpus;
	__u32 reserved2;
	char first[FUZZ_LINE];
	struct fuzz_worker worker[FUZZ_MAX_WORKERS];
	struct fuzz_program corpus[FUZZ_MAX_CORPUS];
	__u8 edges[FUZZ_EDGES];
	__u8 points[FUZZ_TEXT];
	__u32 distilled;
	__u32 kept;
	__u8 covered[FUZZ_TEXT];
};

#define FUZZ_MOUNT_POINT	"/sys/fs/ksem"

/* Descriptors that a worker finds open, far above those that programs use. */
#define FUZZ_FD_SHARED	500
#define FUZZ_FD_SWAP	501
#define FUZZ_FD_OUT	502	/* the other end of the swap */
#define FUZZ_FD_NAMES	503	/* the root of a ksemfs */
#define FUZZ_FD_MINE	504	/* the root of the process's own, or the same */
#define FUZZ_FD_CONTEXT	505	/* from a user namespace; one for each thread */
#define FUZZ_FD_OWN	510	/* the first of its own */

/*
 * Coverage
 */

/**
 * struct fuzz_kcov - a thread's points
 * @pcs: what the kernel wrote: a count, then addresses; NULL without KCOV.
 */
struct fuzz_kcov {
	__aligned_u64 *pcs;
};

bool fuzz_kcov_start(struct fuzz_kcov *k, unsigned int entries);
void fuzz_kcov_reset(struct fuzz_kcov *k);
unsigned int fuzz_kcov_collect(struct fuzz_kcov *k, struct fuzz_shared *s);

/*
 * A worker
 */

struct fuzz_process;

/**
 * struct fuzz_area - memory for a thread's arguments, mapped twice
 * @own: where this program writes and reads: always there.
 * @call: the same as the kernel is told of it, with holes, and with a sibling that
 *	takes pages away.
 * @at: where in @own the structure of the present call begins.
 * @number: which of the process's.
 */
struct fuzz_area {
	unsigned char *own;
	unsigned char *call;
	size_t at;
	unsigned int number;
};

/**
 * struct fuzz_thread - a thread that makes calls
 * @process: its worker.
 * @state: its part of the shared mapping.
 * @index: 0 the driver, 1 the sibling.
 * @fail_fd: /proc's fail-nth of this thread, or -1.
 * @random: its own.
 * @kcov: its own.
 * @area: its own.
 * @last_token: each token is larger than the last.
 * @change: of the present call's slot, when the call began.
 */
struct fuzz_thread {
	struct fuzz_process *process;
	struct fuzz_thread_state *state;
	unsigned int index;
	int fail_fd;
	struct fuzz_random random;
	struct fuzz_kcov kcov;
	struct fuzz_area area;
	__u64 last_token;
	__u32 change;
};

/**
 * struct fuzz_process - a worker
 * @shared: the mapping.
 * @self: its part of that.
 * @number: which.
 * @page: bytes of a page.
 * @epoll: its epoll instance.
 * @threads: 1 or 2.
 * @slot: descriptors, -1 where there is none. Threads exchange them at any time. Whoever
 *	has taken one out owns the number, and nobody else closes it.
 * @changes: counts them, by slot; what was in a slot is closed after that only.
 * @thread: the driver and its sibling.
 * @program: what runs; @self has a copy.
 * @first: its first call that is repeated.
 * @rounds: how often.
 * @both: the sibling has a part in it.
 * @unreliable: the calls' memory is another thread's to change: from the first that the
 *	sibling may make on.
 * @exact: nobody else has, or changes, what the handles hold that a call is made on.
 * @go: counts programs; the sibling waits for it.
 * @done: the last program that the sibling has run.
 */
struct fuzz_process {
	struct fuzz_shared *shared;
	struct fuzz_worker *self;
	unsigned int number;
	unsigned int page;
	int epoll;
	unsigned int threads;
	int slot[FUZZ_SLOTS];
	__u32 changes[FUZZ_SLOTS];
	struct fuzz_thread thread[2];
	struct fuzz_program program;
	unsigned int first;
	unsigned int rounds;
	bool both;
	bool unreliable;
	bool exact;
	__u32 go;
	__u32 done;
};

int fuzz_worker(struct fuzz_shared *shared, unsigned int number);

/* area.c */
void fuzz_area_init(struct fuzz_area *a, unsigned int page);
void fuzz_area_protect(struct fuzz_area *a, unsigned int page, unsigned int how);
unsigned long fuzz_area_place(struct fuzz_area *a, unsigned int page, const struct fuzz_call *c,
			      const void *arg, unsigned int bytes);
unsigned long fuzz_area_entries(struct fuzz_area *a, unsigned int page, unsigned int ptr,
				__u64 bytes);

/* exec.c */
int fuzz_slot_fd(struct fuzz_thread *t, unsigned int slot);
int fuzz_other_fd(struct fuzz_thread *t, const struct fuzz_call *c);
void fuzz_set_slot(struct fuzz_process *p, unsigned int slot, int fd);
bool fuzz_slot_has_changed(struct fuzz_thread *t, const struct fuzz_call *c);
long fuzz_run_call(struct fuzz_thread *t, const struct fuzz_call *c);
void fuzz_close_slot(struct fuzz_process *p, unsigned int slot);

/* names.c */
long fuzz_create_at(const struct fuzz_call *c, unsigned long arg);
void fuzz_fill_name(struct fuzz_thread *t, const struct fuzz_call *c, struct ksem_create_at *at);
long fuzz_open_name(struct fuzz_thread *t, const struct fuzz_call *c);
long fuzz_run_name(struct fuzz_thread *t, const struct fuzz_call *c);
int fuzz_open_flags(const struct fuzz_call *c);

/* mount.c */
long fuzz_mount(struct fuzz_thread *t, const struct fuzz_call *c);
long fuzz_remount(const struct fuzz_call *c);

/* bytes.c */
long fuzz_bytes(struct fuzz_thread *t, const struct fuzz_call *c, int fd);

/* crowd.c */
bool fuzz_crowd_may_come(struct fuzz_thread *t);
long fuzz_crowd(struct fuzz_thread *t, const struct fuzz_call *c, int fd);

/* check.c */
void fuzz_check_call(struct fuzz_thread *t, const struct fuzz_call *c, long ret, int err);
void fuzz_check_info(struct fuzz_thread *t, const struct ksem_info *info);
void fuzz_check_semaphore(struct fuzz_thread *t, int fd);
bool fuzz_read_info(int fd, struct ksem_info *info);
void fuzz_violation(struct fuzz_process *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* system.c */
void fuzz_die(const char *what);
__u64 fuzz_now(int clock);
void fuzz_sleep(__u64 ns);
void fuzz_futex_wait(__u32 *word, __u32 value);
void fuzz_futex_wake(__u32 *word, int nr);
int fuzz_move_fd(int fd, int least);
void fuzz_close_quietly(int fd);
long fuzz_read_file(const char *name);

#endif /* FUZZ_H */
