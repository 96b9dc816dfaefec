// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations that tools/bench/profile takes apart
 *
 *	profile_ops -l			names them, with a tab and what they are
 *	profile_ops OPERATION...
 *
 * Each operation is set up, run until everything that is done once only is
 * done, and then run PROFILE_TIMES times between profile_begin() and
 * profile_end(). A debugger that stands on these two sees the operation and
 * nothing else.
 */
#include <linux/futex.h>
#include <linux/ksem.h>
#include <linux/ntsync.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM_UP		50
#define PROFILE_TIMES	3

struct operation {
	const char *name;
	const char *what;
	/* Once. */
	void (*set_up)(void);
	/* Around each run, not looked at. */
	void (*before)(void);
	void (*after)(void);
	/* What is looked at: as a system call returns, and the errno expected. */
	long (*run)(void);
	int error;
	/* Waits until run() lets it go, and is ready to wait again after that. */
	void (*waiter)(void);
};

/* What the operations work on. */
static int object = -1, device = -1;
static pid_t waiter_pid;
/* Shared with the waiter. */
static struct {
	sem_t sem;
	int futex;
} *shared;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "profile_ops: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ksem */

static const struct ksem_create pool = {
	.size = sizeof(pool),
	.initial = 1,
	.max = 1,
	.handoff_ns = KSEM_HANDOFF_DEFAULT_NS,
};

static const struct ksem_create fair_pool = {
	.size = sizeof(fair_pool),
	.flags = KSEM_CREATE_FAIR,
	.initial = 1,
	.max = 1,
};

static struct ksem_acquire_ex acquire_ex_arg = {
	.size = sizeof(acquire_ex_arg),
	.n = 1,
};

static long open_ksem(void)
{
	object = open("/dev/ksem", O_RDWR | O_CLOEXEC);
	return object;
}

static void ksem_open(void)
{
	check(open_ksem() >= 0, "/dev/ksem");
}

static long create_ksem(void)
{
	return ioctl(object, KSEM_IOC_CREATE, &fair_pool);
}

static long close_object(void)
{
	return close(object);
}

static void object_close(void)
{
	check(!close_object(), "close");
}

static void ksem_create_fair(void)
{
	ksem_open();
	check(!create_ksem(), "create");
}

static void ksem_create_nonfair(void)
{
	ksem_open();
	check(!ioctl(object, KSEM_IOC_CREATE, &pool), "create");
}

static long unknown_ioctl(void)
{
	return ioctl(object, _IO(KSEM_IOC_TYPE, 0xbf), 1);
}

static long acquire_ksem(void)
{
	return ioctl(object, KSEM_IOC_ACQUIRE, 1);
}

static long try_ksem(void)
{
	return ioctl(object, KSEM_IOC_TRY_ACQUIRE, 1);
}

static long acquire_ex_ksem(void)
{
	return ioctl(object, KSEM_IOC_ACQUIRE_EX, &acquire_ex_arg);
}

static long release_ksem(void)
{
	return ioctl(object, KSEM_IOC_RELEASE, 1);
}

static void ksem_acquire(void)
{
	check(!acquire_ksem(), "acquire");
}

static void ksem_release(void)
{
	check(!release_ksem(), "release");
}

static void ksem_create_empty(void)
{
	ksem_create_fair();
	ksem_acquire();
}

static void ksem_create_deadline(void)
{
	ksem_create_fair();
	acquire_ex_arg.deadline_ns = 1ULL << 62;
}

static void ksem_create_token(void)
{
	ksem_create_fair();
	acquire_ex_arg.deadline_ns = KSEM_NO_DEADLINE;
	acquire_ex_arg.flags = KSEM_FLAG_TOKEN;
}

/* A holder of its own. */
static void ksem_attach(void)
{
	struct ksem_attach attach = {
		.size = sizeof(attach),
		.fd = object,
	};

	ksem_open();
	check(!ioctl(object, KSEM_IOC_ATTACH, &attach), "attach");
}

static void ksem_waiter(void)
{
	ksem_attach();
	for (;;) {
		ksem_acquire();
		ksem_release();
	}
}

/* eventfd */

static void eventfd_create(void)
{
	object = eventfd(1, EFD_SEMAPHORE);
	check(object >= 0, "eventfd");
}

static void eventfd_create_empty(void)
{
	object = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	check(object >= 0, "eventfd");
}

static long acquire_eventfd(void)
{
	uint64_t value;

	return read(object, &value, sizeof(value));
}

static long release_eventfd(void)
{
	uint64_t value = 1;

	return write(object, &value, sizeof(value));
}

static void eventfd_acquire(void)
{
	check(acquire_eventfd() > 0, "read");
}

static void eventfd_release(void)
{
	check(release_eventfd() > 0, "write");
}

static void eventfd_waiter(void)
{
	for (;;) {
		eventfd_acquire();
		eventfd_release();
	}
}

/* sem_t and futex */

static void sem_create(void)
{
	check(!sem_init(&shared->sem, 1, 1), "sem_init");
}

static long wait_sem(void)
{
	return sem_wait(&shared->sem);
}

static long post_sem(void)
{
	return sem_post(&shared->sem);
}

static void sem_acquire(void)
{
	check(!wait_sem(), "sem_wait");
}

static void sem_release(void)
{
	check(!post_sem(), "sem_post");
}

static void sem_waiter(void)
{
	for (;;) {
		sem_acquire();
		sem_release();
	}
}

static long wake_futex(void)
{
	return syscall(SYS_futex, &shared->futex, FUTEX_WAKE, 1);
}

static void futex_waiter(void)
{
	for (;;)
		check(!syscall(SYS_futex, &shared->futex, FUTEX_WAIT, 0, NULL), "futex");
}

/* SysV */

static void sysv_create(void)
{
	object = semget(IPC_PRIVATE, 1, 0600);
	check(object >= 0 && !semctl(object, 0, SETVAL, 1), "semget");
}

static long semop_one(int change, int flags)
{
	struct sembuf step = {
		.sem_op = change,
		.sem_flg = flags,
	};

	return semop(object, &step, 1);
}

static long acquire_sysv(void)
{
	return semop_one(-1, 0);
}

static long try_sysv(void)
{
	return semop_one(-1, IPC_NOWAIT);
}

static long release_sysv(void)
{
	return semop_one(1, 0);
}

static void sysv_acquire(void)
{
	check(!acquire_sysv(), "semop");
}

static void sysv_release(void)
{
	check(!release_sysv(), "semop");
}

static void sysv_create_empty(void)
{
	sysv_create();
	sysv_acquire();
}

static void sysv_waiter(void)
{
	for (;;) {
		sysv_acquire();
		sysv_release();
	}
}

/* ntsync */

static long create_ntsync(void)
{
	struct ntsync_sem_args arg = {
		.count = 1,
		.max = 1,
	};

	object = ioctl(device, NTSYNC_IOC_CREATE_SEM, &arg);
	return object;
}

static void ntsync_open(void)
{
	device = open("/dev/ntsync", O_RDWR | O_CLOEXEC);
	check(device >= 0, "/dev/ntsync");
}

static void ntsync_create(void)
{
	check(create_ntsync() >= 0, "ntsync");
}

static void ntsync_open_create(void)
{
	ntsync_open();
	ntsync_create();
}

static long ntsync_wait(uint64_t deadline)
{
	struct ntsync_wait_args arg = {
		.timeout = deadline,
		.objs = (uintptr_t)&object,
		.count = 1,
		.owner = 1,
	};

	return ioctl(device, NTSYNC_IOC_WAIT_ANY, &arg);
}

static long acquire_ntsync(void)
{
	return ntsync_wait(~0ULL);
}

static long try_ntsync(void)
{
	return ntsync_wait(0);
}

static long release_ntsync(void)
{
	uint32_t n = 1;

	return ioctl(object, NTSYNC_IOC_SEM_RELEASE, &n);
}

static void ntsync_acquire(void)
{
	check(!acquire_ntsync(), "ntsync wait");
}

static void ntsync_release(void)
{
	check(!release_ntsync(), "ntsync release");
}

static void ntsync_create_empty(void)
{
	ntsync_open_create();
	ntsync_acquire();
}

static void ntsync_waiter(void)
{
	for (;;) {
		ntsync_acquire();
		ntsync_release();
	}
}

/* floors */

static long call_getppid(void)
{
	return syscall(SYS_getppid);
}

static long open_null(void)
{
	object = open("/dev/null", O_RDWR | O_CLOEXEC);
	return object;
}

static void null_open(void)
{
	check(open_null() >= 0, "/dev/null");
}

static const struct operation operations[] = {
	{ .name = "syscall", .what = "getppid(): the floor of a system call",
	  .run = call_getppid },
	{ .name = "ioctl", .what = "ioctl of an unknown command on a bound handle: the floor",
	  .set_up = ksem_create_fair, .run = unknown_ioctl, .error = ENOTTY },
	{ .name = "acquire", .what = "acquire 1, one is free",
	  .set_up = ksem_create_fair, .run = acquire_ksem, .after = ksem_release },
	{ .name = "release", .what = "release 1, nobody waits",
	  .set_up = ksem_create_fair, .before = ksem_acquire, .run = release_ksem },
	{ .name = "try", .what = "try_acquire 1, one is free",
	  .set_up = ksem_create_fair, .run = try_ksem, .after = ksem_release },
	{ .name = "failing-try", .what = "try_acquire 1, none is free",
	  .set_up = ksem_create_empty, .run = try_ksem, .error = EAGAIN },
	{ .name = "acquire-deadline", .what = "acquire_ex 1 with a deadline, one is free",
	  .set_up = ksem_create_deadline, .run = acquire_ex_ksem, .after = ksem_release },
	{ .name = "acquire-token", .what = "acquire_ex 1 with a token, one is free",
	  .set_up = ksem_create_token, .run = acquire_ex_ksem, .after = ksem_release },
	{ .name = "open", .what = "open(\"/dev/ksem\")",
	  .run = open_ksem, .after = object_close },
	{ .name = "create", .what = "ioctl CREATE on a handle just opened",
	  .before = ksem_open, .run = create_ksem, .after = object_close },
	{ .name = "close", .what = "close() of the last handle of a semaphore",
	  .before = ksem_create_fair, .run = close_object },
	{ .name = "release-wakes", .what = "release 1 that wakes a waiter, fair",
	  .set_up = ksem_create_fair, .waiter = ksem_waiter,
	  .before = ksem_acquire, .run = release_ksem },
	{ .name = "release-wakes-nonfair", .what = "release 1 that wakes a waiter, non-fair",
	  .set_up = ksem_create_nonfair, .waiter = ksem_waiter,
	  .before = ksem_acquire, .run = release_ksem },
	{ .name = "eventfd-read", .what = "read() of a semaphore eventfd, one is there",
	  .set_up = eventfd_create, .run = acquire_eventfd, .after = eventfd_release },
	{ .name = "eventfd-write", .what = "write() to a semaphore eventfd, nobody waits",
	  .set_up = eventfd_create, .before = eventfd_acquire, .run = release_eventfd },
	{ .name = "eventfd-failing-read", .what = "read() of an empty eventfd, O_NONBLOCK",
	  .set_up = eventfd_create_empty, .run = acquire_eventfd, .error = EAGAIN },
	{ .name = "eventfd-wakes", .what = "write() to a semaphore eventfd that wakes a reader",
	  .set_up = eventfd_create, .waiter = eventfd_waiter,
	  .before = eventfd_acquire, .run = release_eventfd },
	{ .name = "sem_t-wait", .what = "sem_wait(), one is free",
	  .set_up = sem_create, .run = wait_sem, .after = sem_release },
	{ .name = "sem_t-post", .what = "sem_post(), nobody waits",
	  .set_up = sem_create, .before = sem_acquire, .run = post_sem },
	{ .name = "sem_t-wakes", .what = "sem_post() that wakes a waiter",
	  .set_up = sem_create, .waiter = sem_waiter, .before = sem_acquire, .run = post_sem },
	{ .name = "futex-wakes", .what = "FUTEX_WAKE of a waiter",
	  .waiter = futex_waiter, .run = wake_futex },
	{ .name = "sysv-acquire", .what = "semop -1, one is free",
	  .set_up = sysv_create, .run = acquire_sysv, .after = sysv_release },
	{ .name = "sysv-release", .what = "semop +1, nobody waits",
	  .set_up = sysv_create, .before = sysv_acquire, .run = release_sysv },
	{ .name = "sysv-failing-try", .what = "semop -1 with IPC_NOWAIT, none is free",
	  .set_up = sysv_create_empty, .run = try_sysv, .error = EAGAIN },
	{ .name = "sysv-wakes", .what = "semop +1 that wakes a waiter",
	  .set_up = sysv_create, .waiter = sysv_waiter,
	  .before = sysv_acquire, .run = release_sysv },
	{ .name = "ntsync-acquire", .what = "ntsync: wait for any of one, one is free",
	  .set_up = ntsync_open_create, .run = acquire_ntsync, .after = ntsync_release },
	{ .name = "ntsync-release", .what = "ntsync: release 1, nobody waits",
	  .set_up = ntsync_open_create, .before = ntsync_acquire, .run = release_ntsync },
	{ .name = "ntsync-failing-try", .what = "ntsync: wait with a deadline in the past",
	  .set_up = ntsync_create_empty, .run = try_ntsync, .error = ETIMEDOUT },
	{ .name = "ntsync-create", .what = "ntsync: create a semaphore",
	  .set_up = ntsync_open, .run = create_ntsync, .after = object_close },
	{ .name = "ntsync-close", .what = "ntsync: close() of a semaphore",
	  .set_up = ntsync_open, .before = ntsync_create, .run = close_object },
	{ .name = "ntsync-wakes", .what = "ntsync: release 1 that wakes a waiter",
	  .set_up = ntsync_open_create, .waiter = ntsync_waiter,
	  .before = ntsync_acquire, .run = release_ntsync },
	{ .name = "null-open", .what = "open(\"/dev/null\"): the floor of open()",
	  .run = open_null, .after = object_close },
	{ .name = "null-close", .what = "close() of /dev/null: the floor of close()",
	  .before = null_open, .run = close_object },
	{ }
};

/* Where the debugger stands. Naked: never inlined, and one instruction long. */
__attribute__((naked)) void profile_begin(void)
{
	asm("ret");
}

__attribute__((naked)) void profile_end(void)
{
	asm("ret");
}

/*
 * In a system call and off the run queue: this file begins with a number then.
 * (/proc/PID/stat has a task asleep that is only about to sleep.)
 */
static bool is_asleep(pid_t pid)
{
	char path[32], first;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY);
	check(fd >= 0, path);
	check(read(fd, &first, 1) == 1, path);
	close(fd);
	return first >= '0' && first <= '9';
}

static void until_waiting(void)
{
	do
		usleep(1000);
	while (!is_asleep(waiter_pid));
}

/*
 * The process that is looked at has real-time priority and the waiter has not:
 * the waiter does not run before the release that woke it has returned.
 */
static void set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	check(!sched_setscheduler(0, policy, &param), "sched_setscheduler");
}

static void start_waiter(void (*waiter)(void))
{
	waiter_pid = fork();
	check(waiter_pid >= 0, "fork");
	if (waiter_pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_policy(SCHED_OTHER, 0);
	waiter();
	_exit(1);
}

static void run_once(const struct operation *op, bool look)
{
	long ret;

	if (op->before)
		op->before();
	if (op->waiter)
		until_waiting();
	errno = 0;
	if (look)
		profile_begin();
	ret = op->run();
	if (look)
		profile_end();
	check(errno == op->error && (ret < 0) == !!op->error, op->name);
	if (op->after)
		op->after();
}

static void profile(const struct operation *op)
{
	int i;

	set_policy(SCHED_FIFO, 1);
	if (op->set_up)
		op->set_up();
	/* The waiter comes second: the first before() must not find it there. */
	if (op->waiter)
		start_waiter(op->waiter);
	for (i = 0; i < WARM_UP; i++)
		run_once(op, false);
	for (i = 0; i < PROFILE_TIMES; i++)
		run_once(op, true);
	if (op->waiter)
		check(!kill(waiter_pid, SIGKILL) && waitpid(waiter_pid, NULL, 0) > 0, "kill");
	exit(0);
}

static const struct operation *find(const char *name)
{
	const struct operation *op;

	for (op = operations; op->name; op++) {
		if (!strcmp(op->name, name))
			return op;
	}
	fprintf(stderr, "profile_ops: no operation '%s'\n", name);
	exit(2);
}

static void list(void)
{
	const struct operation *op;

	for (op = operations; op->name; op++)
		printf("%s\t%s\n", op->name, op->what);
}

/* In a process of its own, so that no operation sees what another has left. */
static void profile_in_child(const struct operation *op)
{
	int status;
	pid_t pid = fork();

	check(pid >= 0, "fork");
	if (!pid)
		profile(op);
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	/* The child has said why. */
	if (status)
		exit(1);
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 2 && !strcmp(argv[1], "-l")) {
		list();
		return 0;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
	/* What the kernel still has to do after its boot is over then. */
	sleep(10);
	for (i = 1; i < argc; i++)
		profile_in_child(find(argv[i]));
	return 0;
}
