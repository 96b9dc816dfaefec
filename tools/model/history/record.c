// SPDX-License-Identifier: GPL-2.0-only
/*
 * Record a history: processes use one semaphore, each through a handle of its own and
 * another that permits are moved to and from, and note when each call began, when it
 * returned, and what it said. 'check' decides whether a semaphore can have behaved so.
 *
 *   record [-f] [-t] [-p PROCESSES] [-o OPERATIONS] [-s SEED]
 *
 *   -f  fair                   -t  take a token with each grant
 *   -p  those that acquire (6), besides one that looks on
 *   -o  calls of each (1000)   -s  of the choices
 *
 * Prints 'semaphore fair|nonfair INITIAL MAX', then a line for each call:
 *
 *   PROCESS VERB N BEGAN RETURNED RESULT TOKEN [WAITER:SINCE...]
 *
 * in ns of CLOCK_MONOTONIC; RESULT is what the call returned, or -errno; N is what
 * was asked for, of a drain what it got, of a close what was held. info has the capacity
 * for N and, as its result, what was available; waiters has the processes that were queued.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ksem.h>

#define MAX_PROCESSES	16
#define INITIAL		4
/* What post may reach; each takes back what it posted before it posts again. */
#define MAX_PERMITS	6
/* The largest request: there are always as many, whoever has reduced. */
#define LARGEST		3

enum verb {
	ACQUIRE, TIMED, TRY, DRAIN, RELEASE, POST, REDUCE, RESIZE, FORGET,
	TRANSFER,	/* to the other handle */
	REGAIN,		/* and back */
	CLOSE,
	INFO, WAITERS,
	VERBS,
};

static const char * const verb_names[VERBS] = {
	"acquire", "timed", "try", "drain", "release", "post", "reduce", "resize", "forget",
	"transfer", "regain", "close", "info", "waiters",
};

struct call {
	__u64 began;
	__u64 returned;
	__u64 token;
	__s32 result;
	__u32 n;
	__u32 nr_waiters;
	__u8 verb;
	__u8 waiter[MAX_PROCESSES];
	__u64 since[MAX_PROCESSES];
};

/* Shared by all. */
struct board {
	__u32 nr_ready;
	__u32 nr_done;
	pid_t pid[MAX_PROCESSES];
	__u32 nr_calls[MAX_PROCESSES];
	struct call calls[];
};

struct process {
	unsigned int index;
	int sem;
	int fd;
	int other;
	__u64 seed;
	__u32 held;
	__u32 moved;	/* to the other handle */
	int posted;	/* how many of the capacity are this one's doing */
};

static bool fair;
static bool tokens;
static unsigned int nr_processes = 6;
static unsigned int nr_calls = 1000;
static __u64 seed = 1;
static struct board *board;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static __u32 choose(struct process *p, __u32 n)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return (p->seed >> 11) % n;
}

static int result_of(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int do_acquire(struct process *p, struct call *call, __u64 deadline)
{
	struct ksem_acquire_ex ex = {
		.size = sizeof(ex),
		.flags = tokens ? KSEM_FLAG_TOKEN : 0,
		.n = call->n,
		.deadline_ns = deadline,
	};
	int ret;

	if (!tokens && deadline == KSEM_NO_DEADLINE)
		return result_of(ioctl(p->fd, KSEM_IOC_ACQUIRE, (unsigned long)call->n));
	ret = result_of(ioctl(p->fd, KSEM_IOC_ACQUIRE_EX, &ex));
	call->token = ex.out_token;
	return ret;
}

static int do_try(struct process *p, struct call *call)
{
	struct ksem_try_acquire_ex ex = {
		.size = sizeof(ex),
		.flags = KSEM_FLAG_TOKEN,
		.n = call->n,
	};
	int ret;

	if (!tokens)
		return result_of(ioctl(p->fd, KSEM_IOC_TRY_ACQUIRE, (unsigned long)call->n));
	ret = result_of(ioctl(p->fd, KSEM_IOC_TRY_ACQUIRE_EX, &ex));
	call->token = ex.out_token;
	return ret;
}

static int do_drain(struct process *p, struct call *call)
{
	struct ksem_drain drain = {
		.size = sizeof(drain),
		.flags = tokens ? KSEM_FLAG_TOKEN : 0,
	};
	int ret = result_of(ioctl(p->fd, KSEM_IOC_DRAIN, &drain));

	call->n = drain.out_n;
	call->token = drain.out_token;
	return ret;
}

static int do_post(struct process *p, struct call *call)
{
	struct ksem_post post = { .size = sizeof(post), .n = call->n };

	return result_of(ioctl(p->fd, KSEM_IOC_POST, &post));
}

static int do_reduce(struct process *p, struct call *call)
{
	struct ksem_reduce reduce = { .size = sizeof(reduce), .n = call->n };

	return result_of(ioctl(p->fd, KSEM_IOC_REDUCE, &reduce));
}

static int do_resize(struct process *p, struct call *call)
{
	struct ksem_resize resize = { .size = sizeof(resize), .capacity = call->n };

	return result_of(ioctl(p->fd, KSEM_IOC_RESIZE, &resize));
}

static int do_forget(struct process *p, struct call *call)
{
	struct ksem_forget forget = { .size = sizeof(forget), .n = call->n };

	return result_of(ioctl(p->fd, KSEM_IOC_FORGET, &forget));
}

static int do_transfer(struct call *call, int from, int to)
{
	struct ksem_transfer transfer = { .size = sizeof(transfer), .n = call->n, .fd = to };

	return result_of(ioctl(from, KSEM_IOC_TRANSFER, &transfer));
}

static int do_info(struct process *p, struct call *call)
{
	struct ksem_info info = { .size = sizeof(info) };

	if (ioctl(p->fd, KSEM_IOC_INFO, &info))
		die("info");
	call->n = info.out_capacity;
	return info.out_available;
}

static unsigned int index_of(__u32 pid)
{
	unsigned int i;

	for (i = 0; i < nr_processes && board->pid[i] != (pid_t)pid; i++)
		;
	return i;
}

static int do_waiters(struct process *p, struct call *call)
{
	struct ksem_waiter_entry entries[MAX_PROCESSES];
	struct ksem_waiters waiters = {
		.size = sizeof(waiters),
		.entries = (uintptr_t)entries,
		.count = MAX_PROCESSES,
		.entry_size = sizeof(entries[0]),
	};
	unsigned int i;

	if (ioctl(p->fd, KSEM_IOC_WAITERS, &waiters))
		die("waiters");
	call->nr_waiters = waiters.out_count;
	for (i = 0; i < waiters.out_count; i++) {
		call->waiter[i] = index_of(entries[i].pid);
		call->since[i] = entries[i].since_ns;
	}
	return waiters.out_count;
}

static int perform(struct process *p, struct call *call)
{
	switch (call->verb) {
	case ACQUIRE:
		return do_acquire(p, call, KSEM_NO_DEADLINE);
	case TIMED:
		return do_acquire(p, call, now() + choose(p, 2000) * 1000);
	case TRY:
		return do_try(p, call);
	case DRAIN:
		return do_drain(p, call);
	case RELEASE:
		return result_of(ioctl(p->fd, KSEM_IOC_RELEASE, (unsigned long)call->n));
	case POST:
		return do_post(p, call);
	case REDUCE:
		return do_reduce(p, call);
	case RESIZE:
		return do_resize(p, call);
	case FORGET:
		return do_forget(p, call);
	case TRANSFER:
		return do_transfer(call, p->fd, p->other);
	case REGAIN:
		return do_transfer(call, p->other, p->fd);
	case CLOSE:
		return result_of(close(p->fd));
	case INFO:
		return do_info(p, call);
	default:
		return do_waiters(p, call);
	}
}

/* One call, on the record. */
static int make(struct process *p, enum verb what, __u32 n)
{
	struct call *call = &board->calls[p->index * nr_calls + board->nr_calls[p->index]];

	*call = (struct call){ .verb = what, .n = n };
	call->began = now();
	call->result = perform(p, call);
	call->returned = now();
	board->nr_calls[p->index]++;
	return call->result;
}

/* The last two calls are kept for giving back what is held. */
static bool is_full(struct process *p)
{
	return board->nr_calls[p->index] + 2 >= nr_calls;
}

static void give_back(struct process *p)
{
	if (p->held && make(p, RELEASE, p->held) >= 0)
		p->held = 0;
}

/* Whoever waits holds nothing, so that all come to an end. */
static void get(struct process *p, enum verb what)
{
	__u32 n = 1 + choose(p, LARGEST);
	int ret;

	if (p->held)
		return give_back(p);
	/* Interrupted, some ask again for the same, and find their old place. */
	do
		ret = make(p, what, n);
	while (ret == -EINTR && !is_full(p) && choose(p, 2));
	if (ret >= 0)
		p->held += n;
}

static void try(struct process *p)
{
	__u32 n = 1 + choose(p, 2);

	if (make(p, TRY, n) >= 0)
		p->held += n;
}

static void get_all(struct process *p)
{
	struct call *call = &board->calls[p->index * nr_calls + board->nr_calls[p->index]];

	if (make(p, DRAIN, 0) >= 0)
		p->held += call->n;
}

static void change_capacity(struct process *p)
{
	if (p->posted > 0) {
		if (!make(p, REDUCE, p->posted))
			p->posted = 0;
	} else if (p->posted < 0) {
		if (!make(p, POST, -p->posted))
			p->posted = 0;
	} else if (!p->index && choose(p, 2)) {
		/* The first alone takes one away for a while. */
		if (!make(p, REDUCE, 1))
			p->posted = -1;
	} else {
		__u32 n = 1 + choose(p, 2);

		if (!make(p, POST, n))
			p->posted = n;
	}
}

/*
 * One beyond max is refused. What others do about the capacity may leave fewer than the
 * largest request for a while: here that is mended.
 */
static void set_capacity(struct process *p)
{
	make(p, RESIZE, INITIAL + choose(p, MAX_PERMITS + 2 - INITIAL));
}

/* One more than there are is refused, here and below. */
static void forget(struct process *p)
{
	__u32 n = choose(p, p->held + 2);

	if (!make(p, FORGET, n))
		p->held -= n;
}

static void move(struct process *p, enum verb what, __u32 n)
{
	if (make(p, what, n))
		return;
	p->held += what == REGAIN ? n : -n;
	p->moved += what == REGAIN ? -n : n;
}

static int new_handle(int sem)
{
	struct ksem_attach attach = { .size = sizeof(attach), .fd = sem };
	int fd = open("/dev/ksem", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KSEM_IOC_ATTACH, &attach))
		die("/dev/ksem");
	return fd;
}

/* With all that it holds. */
static void close_handle(struct process *p)
{
	make(p, CLOSE, p->held);
	p->held = 0;
}

static void change_account(struct process *p)
{
	switch (choose(p, 4)) {
	case 0:
		return forget(p);
	case 1:
		close_handle(p);
		p->fd = new_handle(p->sem);
		return;
	case 2:
		return move(p, TRANSFER, choose(p, p->held + 2));
	default:
		return move(p, REGAIN, choose(p, p->moved + 2));
	}
}

/* Ends the wait of somebody, if it waits. */
static void interrupt(struct process *p)
{
	kill(board->pid[choose(p, nr_processes)], SIGUSR1);
}

static void step(struct process *p)
{
	if (!choose(p, 16))
		interrupt(p);
	/* Long enough for others to queue. */
	if (p->held && !choose(p, 8))
		usleep(choose(p, 200));
	switch (choose(p, 16)) {
	case 0 ... 4:
		return get(p, ACQUIRE);
	case 5 ... 6:
		return get(p, TIMED);
	case 7 ... 9:
		return try(p);
	case 10:
		return get_all(p);
	case 11:
		return choose(p, 4) ? change_capacity(p) : set_capacity(p);
	case 12:
		if (choose(p, 4))
			return change_account(p);
		/* One more than there are: refused, and nothing changes. */
		make(p, RELEASE, p->held + 1);
		return;
	case 13:
		make(p, choose(p, 2) ? INFO : WAITERS, 0);
		return;
	default:
		return give_back(p);
	}
}

static void handler(int sig)
{
	(void)sig;
}

static void bind_handles(struct process *p, int sem)
{
	p->sem = sem;
	p->fd = new_handle(sem);
	p->other = new_handle(sem);
}

static void start_together(void)
{
	__atomic_add_fetch(&board->nr_ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&board->nr_ready, __ATOMIC_SEQ_CST) <= nr_processes)
		usleep(100);
}

static void run_process(struct process *p, int sem)
{
	struct sigaction action = { .sa_handler = handler };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bind_handles(p, sem);
	sigaction(SIGUSR1, &action, NULL);
	board->pid[p->index] = getpid();
	start_together();
	while (!is_full(p))
		step(p);
	move(p, REGAIN, p->moved);
	close_handle(p);
	__atomic_add_fetch(&board->nr_done, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

/* Looks and interrupts, from outside, until all have done. */
static void run_observer(struct process *p, int sem)
{
	bind_handles(p, sem);
	start_together();
	while (__atomic_load_n(&board->nr_done, __ATOMIC_SEQ_CST) < nr_processes) {
		if (!is_full(p))
			make(p, choose(p, 4) ? WAITERS : INFO, 0);
		if (!choose(p, 4))
			interrupt(p);
		usleep(choose(p, 400));
	}
}

static int create(void)
{
	struct ksem_create create = {
		.size = sizeof(create),
		.flags = fair ? KSEM_CREATE_FAIR : 0,
		.initial = INITIAL,
		.max = MAX_PERMITS,
		.handoff_ns = fair ? 0 : KSEM_HANDOFF_DEFAULT_NS,
		.label = "history",
	};
	int fd = open("/dev/ksem", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KSEM_IOC_CREATE, &create))
		die("/dev/ksem");
	return fd;
}

static void print_call(unsigned int index, const struct call *call)
{
	unsigned int i;

	printf("%u %s %u %llu %llu %d %llu", index, verb_names[call->verb], call->n,
	       (unsigned long long)call->began, (unsigned long long)call->returned,
	       call->result, (unsigned long long)call->token);
	for (i = 0; i < call->nr_waiters; i++)
		printf(" %u:%llu", call->waiter[i], (unsigned long long)call->since[i]);
	putchar('\n');
}

static void print_history(void)
{
	unsigned int i, k;

	printf("semaphore %s %u %u\n", fair ? "fair" : "nonfair", INITIAL, MAX_PERMITS);
	for (i = 0; i <= nr_processes; i++)
		for (k = 0; k < board->nr_calls[i]; k++)
			print_call(i, &board->calls[i * nr_calls + k]);
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "ftp:o:s:")) != -1) {
		switch (option) {
		case 'f':
			fair = true;
			break;
		case 't':
			tokens = true;
			break;
		case 'p':
			nr_processes = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			nr_calls = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			exit(2);
		}
	}
	if (!nr_processes || nr_processes >= MAX_PROCESSES || nr_calls < 2) {
		fprintf(stderr, "record: 1 to %d processes, at least two calls\n",
			MAX_PROCESSES - 1);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	size_t size;
	unsigned int i;
	int sem, status, failed = 0;

	parse(argc, argv);
	size = sizeof(*board) + (nr_processes + 1) * nr_calls * sizeof(struct call);
	board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		die("mmap");
	sem = create();
	for (i = 0; i <= nr_processes; i++) {
		struct process p = {
			.index = i,
			.seed = (seed * 1000003 + i + 1) * 0x9e3779b97f4a7c15ULL | 1,
		};
		pid_t pid;

		if (i == nr_processes) {
			run_observer(&p, sem);
			break;
		}
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			run_process(&p, sem);
	}
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 1;
	print_history();
	return 0;
}
