// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand waiters, served one by one or all at once, timed out, shut down,
 * killed: no call may keep its caller busy for longer than LIMIT_NS.
 *
 * What counts is a call's own time: that of a processor while it ran the calling
 * thread. While those that it wakes run in its place, the time is theirs. An
 * emulated machine is tens of times slower than a real one, and its processors
 * are held up by others', so there is a peer: a call may take the limit, or
 * PEER_FACTOR times what FUTEX_WAKE takes for as many threads on the same
 * machine. Work that grows with the square of the waiters would be a thousand
 * times too slow. What a busy host adds is not there each time: of TRIES tries one
 * has to do. With the run of counted instructions (tools/vm/run -i) the figures
 * are exact, 1 ns for each instruction.
 *
 * KSEM_TEST_SCALE: how often each thing is done.
 */
#include "ksem_test.h"
#include "ksem_test_storm.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/resource.h>

/*
 * A kernel that checks each access has a tenth: it is slow, and its threads are big. So has
 * the 32-bit build, whose calls differ in their way into the kernel and in nothing behind it.
 */
#define LESS		(sizeof(long) == 8 ? 1 : 10)
#define MANY		(10000 / LESS / ksem_test_slow())
#define PROCESSES_MAX	1000
#define PROCESSES	(PROCESSES_MAX / ksem_test_slow())
#define LIMIT_NS	(10 * KSEM_TEST_MS)
#define PEER_FACTOR	3
#define TRIES		10
#define STACK_SIZE	(16 * 1024)
/* KiB for a thread that are surely enough: with its part of the kernel's it takes 31. */
#define THREAD_KB	48

static unsigned long read_number(const char *path, const char *format)
{
	unsigned long number = 0;
	char line[128];
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &number) == 1)
			break;
	fclose(file);
	return number;
}

static unsigned long memory_available(void)
{
	return read_number("/proc/meminfo", "MemAvailable: %lu");
}

/* A small machine has low limits. */
static bool raise_limit(const char *path, unsigned long number)
{
	FILE *file;

	if (read_number(path, "%lu") >= number)
		return true;
	file = fopen(path, "we");
	if (!file)
		return false;
	fprintf(file, "%lu\n", number);
	return !fclose(file);
}

/* Why there can't be MANY threads here, or NULL. */
static const char *why_not_many(void)
{
	/* What others had who are dead now comes back a little later. */
	if (!ksem_test_until(memory_available() > (unsigned long)MANY * THREAD_KB))
		return "not enough memory for so many threads";
	if (!raise_limit("/proc/sys/kernel/threads-max", 2 * MANY) ||
	    !raise_limit("/proc/sys/kernel/pid_max", 3 * MANY))
		return "this user may not have so many threads";
	return NULL;
}

#define OWN_TIME(call) ({ \
	__u64 _began = ksem_test_clock(CLOCK_THREAD_CPUTIME_ID); \
	call; \
	ksem_test_clock(CLOCK_THREAD_CPUTIME_ID) - _began; \
})

/* How a request ends. */
enum result {
	GRANTED,
	TIMED_OUT,
	SHUT,
	WRONG,
	RESULTS,
};

static enum result result_of(int value)
{
	switch (value) {
	case 0:
	case 1:
		return GRANTED;
	case -ETIMEDOUT:
		return TIMED_OUT;
	case -ESHUTDOWN:
		return SHUT;
	default:
		return WRONG;
	}
}

/* Threads that all make the same request each time that the gun is fired. */

struct crowd {
	unsigned int size;
	unsigned int gun;	/* a futex: how often it has been fired */
	unsigned int ready;	/* wait for the gun, or are about to */
	int fd;
	int holder;		/* has all permits until it gives them */
	__u64 deadline_ns;
	unsigned int ended[RESULTS];
	__u64 longest_ns;	/* own time of a waiter's call */
	__u64 peer_ns;		/* own time of the FUTEX_WAKE of all of them */
};

static unsigned int counted(unsigned int *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static void note_longest(__u64 *longest, __u64 ns)
{
	__u64 old = __atomic_load_n(longest, __ATOMIC_SEQ_CST);

	while (ns > old && !__atomic_compare_exchange_n(longest, &old, ns, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		continue;
}

static void request(struct crowd *crowd)
{
	__u64 deadline_ns = crowd->deadline_ns, own_ns;
	int value = 0;

	own_ns = OWN_TIME(value = ksem_test_acquire_ex(crowd->fd, 0, 1, deadline_ns, NULL));
	note_longest(&crowd->longest_ns, own_ns);
	ksem_test_count(&crowd->ended[result_of(value)]);
}

static void *crowd_main(void *data)
{
	struct crowd *crowd = data;
	unsigned int shots;

	for (shots = 0; ; shots++) {
		ksem_test_count(&crowd->ready);
		while (counted(&crowd->gun) == shots)
			syscall(SYS_futex, &crowd->gun, FUTEX_WAIT_PRIVATE, shots, NULL);
		request(crowd);
	}
	return NULL;
}

/* As long as they come one after the other there is patience. */
static bool all_come(unsigned int *counter, unsigned int size)
{
	unsigned int before;

	do {
		before = counted(counter);
		if (ksem_test_until(counted(counter) == size))
			return true;
	} while (counted(counter) != before);
	return false;
}

static bool crowd_start(struct crowd *crowd)
{
	char *stacks = mmap(NULL, MANY * STACK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	*crowd = (struct crowd){ .fd = -1, .deadline_ns = KSEM_NO_DEADLINE };
	if (stacks == MAP_FAILED)
		return false;
	pthread_attr_init(&attr);
	while (crowd->size < MANY) {
		pthread_attr_setstack(&attr, stacks + crowd->size * STACK_SIZE, STACK_SIZE);
		if (pthread_create(&thread, &attr, crowd_main, crowd))
			return false;
		crowd->size++;
	}
	pthread_attr_destroy(&attr);
	return all_come(&crowd->ready, crowd->size);
}

static void crowd_fire(struct crowd *crowd)
{
	crowd->ready = 0;
	memset(crowd->ended, 0, sizeof(crowd->ended));
	crowd->longest_ns = 0;
	ksem_test_count(&crowd->gun);
	crowd->peer_ns = OWN_TIME(syscall(SYS_futex, &crowd->gun, FUTEX_WAKE_PRIVATE, INT_MAX));
}

/* All are in the queue of a new semaphore; false, too, if time was too short. */
static bool crowd_queue(struct crowd *crowd, bool fair, __u64 deadline_ns)
{
	struct ksem_info info = { };
	__u32 before;
	bool done;

	crowd->fd = fair ? ksem_test_fair(crowd->size, MANY) : ksem_test_nonfair(crowd->size, MANY);
	crowd->holder = ksem_test_attached(crowd->fd);
	if (ksem_test_acquire(crowd->holder, crowd->size))
		return false;
	crowd->deadline_ns = deadline_ns;
	crowd_fire(crowd);
	do {
		before = info.out_waiters;
		done = ksem_test_until((info = ksem_test_info(crowd->fd)).out_waiters ==
				       crowd->size || info.out_timeouts);
	} while (!done && info.out_waiters != before);
	return done && !info.out_timeouts;
}

/* All have ended, and nothing is left of them in the semaphore. */
static bool crowd_is_back(struct crowd *crowd)
{
	struct ksem_info info;

	if (!all_come(&crowd->ready, crowd->size))
		return false;
	info = ksem_test_info(crowd->fd);
	close(crowd->holder);
	close(crowd->fd);
	return info.out_waiters == 0 && info.out_demand == 0 &&
	       info.out_own == crowd->ended[GRANTED] &&
	       (__s64)info.out_available + info.out_held == info.out_capacity;
}

/* What is done to them: the own time of its longest call. */

static __u64 release_one_by_one(struct crowd *crowd)
{
	__u64 longest_ns = 0;
	unsigned int i;

	for (i = 0; i < crowd->size; i++)
		note_longest(&longest_ns, OWN_TIME(ksem_test_release(crowd->holder, 1)));
	return longest_ns;
}

static __u64 release_at_once(struct crowd *crowd)
{
	return OWN_TIME(ksem_test_release(crowd->holder, crowd->size));
}

static __u64 close_at_once(struct crowd *crowd)
{
	__u64 own_ns = OWN_TIME(close(crowd->holder));

	crowd->holder = -1;
	return own_ns;
}

static __u64 shut_down(struct crowd *crowd)
{
	return OWN_TIME(ksem_test_shutdown(crowd->fd));
}

FIXTURE(crowd) {
	struct crowd c;
	const char *lacks;
};

FIXTURE_SETUP(crowd)
{
	self->lacks = why_not_many();
	if (!self->lacks)
		ASSERT_TRUE(crowd_start(&self->c));
}

FIXTURE_TEARDOWN(crowd)
{
}

static __u64 call_limit(struct crowd *crowd)
{
	__u64 peer_ns = PEER_FACTOR * crowd->peer_ns;

	/* Where everything is checked, more is to be checked than there is to wake. */
	return (peer_ns > LIMIT_NS ? peer_ns : LIMIT_NS) * ksem_test_slow();
}

/* Once the deadline is over they are on their way by themselves. */
static __u64 let_time_pass(struct crowd *crowd)
{
	ksem_test_until(ksem_test_now() > crowd->deadline_ns);
	return 0;
}

struct end {
	const char *what;
	bool fair;
	bool timed;
	__u64 (*act)(struct crowd *crowd);
	enum result result;	/* of each of them */
};

static const struct end ends[] = {
	{ "releasing one by one fair", true, false, release_one_by_one, GRANTED },
	{ "releasing one by one non-fair", false, false, release_one_by_one, GRANTED },
	{ "releasing at once fair", true, false, release_at_once, GRANTED },
	{ "releasing at once non-fair", false, false, release_at_once, GRANTED },
	{ "closing the holder of fair", true, false, close_at_once, GRANTED },
	{ "closing the holder of non-fair", false, false, close_at_once, GRANTED },
	{ "timing out at once fair", true, true, let_time_pass, TIMED_OUT },
	{ "timing out at once non-fair", false, true, let_time_pass, TIMED_OUT },
	{ "shutting down fair", true, false, shut_down, SHUT },
	{ "shutting down non-fair", false, false, shut_down, SHUT },
};

static bool end_queue(const struct end *end, struct crowd *crowd)
{
	__u64 ms;

	if (!end->timed)
		return crowd_queue(crowd, end->fair, KSEM_NO_DEADLINE);
	/* Until there is time enough for all of them to come. */
	for (ms = 2000; !crowd_queue(crowd, end->fair, ksem_test_in_ms(ms)); ms *= 2)
		if (ms > 1000000 || !crowd_is_back(crowd))
			return false;
	return true;
}

TEST_F_TIMEOUT(crowd, costs_no_call_too_much, KSEM_TEST_LONG)
{
	struct crowd *crowd = &self->c;
	const struct end *end;
	unsigned int i, tries, others;
	__u64 call_ns, ns;

	ksem_test_limit();
	if (self->lacks)
		SKIP(return, "%s", self->lacks);
	for (i = 0, tries = 0; i < ksem_test_scale() * ARRAY_SIZE(ends); i += !tries) {
		end = &ends[i % ARRAY_SIZE(ends)];
		ASSERT_TRUE(end_queue(end, crowd)) TH_LOG("%s", end->what);
		call_ns = end->act(crowd);
		ASSERT_TRUE(crowd_is_back(crowd)) TH_LOG("%s", end->what);
		others = crowd->size - crowd->ended[end->result];
		EXPECT_EQ(0, others) TH_LOG("%s", end->what);
		ns = call_ns > crowd->longest_ns ? call_ns : crowd->longest_ns;
		TH_LOG("%s: the call %llu us, a waiter's %llu us; FUTEX_WAKE %llu us", end->what,
		       call_ns / 1000, crowd->longest_ns / 1000, crowd->peer_ns / 1000);
		tries = ns > call_limit(crowd) ? tries + 1 : 0;
		ASSERT_GT(TRIES, tries) TH_LOG("%s", end->what);
		if (!tries)
			ksem_test_figure_worst(end->what, crowd->size, others, "longest",
					       ns / 1000, "us");
	}
}

/* Killed at once: threads of one process, and processes. */

/* They wait for a permit, or with @fd below 0 just sleep. */
static pid_t waiting_threads(int fd, unsigned int *size)
{
	struct crowd crowd;
	pid_t pid = ksem_test_fork();

	if (pid)
		return pid;
	if (!crowd_start(&crowd))
		_exit(1);
	*size = crowd.size;
	crowd.fd = fd;
	if (fd >= 0)
		crowd_fire(&crowd);
	for (;;)
		pause();
}

FIXTURE(killed) {
	int fd;
	unsigned int *size;	/* shared with the child */
};

FIXTURE_SETUP(killed)
{
	self->fd = ksem_test_fair(0, MANY);
	self->size = mmap(NULL, sizeof(*self->size), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->size);
}

FIXTURE_TEARDOWN(killed)
{
	close(self->fd);
}

static bool killed_are_there(FIXTURE_DATA(killed) * self, int fd)
{
	unsigned int size = counted(self->size);

	return size && (fd < 0 || ksem_test_info(fd).out_waiters == size);
}

/* Ten thousand threads take their time to start. */
static bool killed_come(FIXTURE_DATA(killed) * self, int fd)
{
	unsigned int tries;

	for (tries = 0; tries < 10; tries++)
		if (ksem_test_until(killed_are_there(self, fd)))
			return true;
	return false;
}

/* Nothing of them is left, and who comes now is the only one. */
static bool nobody_is_left(int fd)
{
	struct ksem_info info = ksem_test_info(fd);

	return !info.out_waiters && !info.out_demand && !info.out_held && info.out_handles == 1 &&
	       !ksem_test_post(fd, 1) && !ksem_test_acquire(fd, 1) && !ksem_test_forget(fd, 1);
}

/* A child that waits, or with @fd below 0 just sleeps. */
static pid_t waiting_process(int fd)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		if (fd < 0)
			pause();
		ksem_test_exit(ksem_test_acquire(ksem_test_attached(fd), 1));
	}
	return pid;
}

/* The processor's time that it has used by the time that it is reaped. */
static __u64 own_time_of_the_dead(pid_t pid)
{
	struct rusage usage = { };
	int status;

	if (wait4(pid, &status, 0, &usage) != pid || !WIFSIGNALED(status))
		return ~0ULL;
	return (usage.ru_stime.tv_sec + usage.ru_utime.tv_sec) * 1000000000ULL +
	       (usage.ru_stime.tv_usec + usage.ru_utime.tv_usec) * 1000ULL;
}

struct toll {
	__u64 longest_ns;
	__u64 sum_ns;
	__u64 kill_ns;
	__u64 all_ns;
};

/* Kill @n of them, and then reap them. */
static struct toll kill_at_once(const pid_t *pids, unsigned int n)
{
	__u64 began = ksem_test_now(), own_ns;
	struct toll toll = { };
	unsigned int i;

	for (i = 0; i < n; i++)
		note_longest(&toll.kill_ns, OWN_TIME(kill(pids[i], SIGKILL)));
	for (i = 0; i < n; i++) {
		own_ns = own_time_of_the_dead(pids[i]);
		note_longest(&toll.longest_ns, own_ns);
		toll.sum_ns += own_ns;
	}
	toll.all_ns = ksem_test_now() - began;
	return toll;
}

static unsigned int start_processes(pid_t *pids, unsigned int n, int fd)
{
	unsigned long spare = memory_available() / 4;
	unsigned int i;

	for (i = 0; i < n && memory_available() > spare; i++) {
		pids[i] = waiting_process(fd);
		if (pids[i] < 0)
			break;
	}
	return i;
}

/* The first of two figures is as good as the other, or good enough. */
static bool compares(__u64 ns, __u64 peer_ns)
{
	return ns <= LIMIT_NS || ns <= PEER_FACTOR * ksem_test_slow() * peer_ns;
}

/* The same of those that waited and of those that slept. */
static bool toll_compares(const struct toll *toll, const struct toll *peer)
{
	return compares(toll->kill_ns, peer->kill_ns) &&
	       compares(toll->longest_ns, peer->longest_ns) &&
	       compares(toll->all_ns, peer->all_ns);
}

static void toll_log(struct __test_metadata *_metadata, const char *who, unsigned int n,
		     const struct toll *toll)
{
	TH_LOG("%u %s: the longest kill %llu us, one of them %llu us, all %llu ms", n, who,
	       toll->kill_ns / 1000, toll->longest_ns / 1000, toll->all_ns / KSEM_TEST_MS);
}

/* All threads of a process, which is dead when the last of them is. */
static bool kill_threads(FIXTURE_DATA(killed) * self, int fd, struct toll *toll)
{
	pid_t pid;
	bool come;

	*self->size = 0;
	pid = waiting_threads(fd, self->size);
	come = killed_come(self, fd);
	*toll = kill_at_once(&pid, 1);
	return come;
}

TEST_F_TIMEOUT(killed, threads_leave_at_once, KSEM_TEST_LONG)
{
	const char *lacks = why_not_many();
	unsigned int round, tries = 0;
	struct toll peer, toll;
	bool alone;

	ksem_test_limit();
	if (lacks)
		SKIP(return, "%s", lacks);
	for (round = 0; round < ksem_test_scale(); round += !tries) {
		ASSERT_TRUE(kill_threads(self, -1, &peer));
		toll_log(_metadata, "threads that sleep", *self->size, &peer);
		ASSERT_TRUE(kill_threads(self, self->fd, &toll));
		toll_log(_metadata, "threads that wait", *self->size, &toll);
		alone = nobody_is_left(self->fd);
		EXPECT_TRUE(alone);
		tries = toll_compares(&toll, &peer) ? 0 : tries + 1;
		ASSERT_GT(TRIES, tries);
		if (!tries)
			ksem_test_figure_worst("threads killed at once", *self->size, !alone,
					       "longest", toll.all_ns / 1000, "us");
	}
}

TEST_F_TIMEOUT(killed, processes_are_reaped_like_any_others, KSEM_TEST_LONG)
{
	static pid_t pids[PROCESSES_MAX];
	unsigned int round, n, tries = 0;
	struct toll peer, toll;

	ksem_test_limit();
	for (round = 0; round < ksem_test_scale(); round += !tries) {
		n = start_processes(pids, PROCESSES, -1);
		ASSERT_LE(100, n);
		peer = kill_at_once(pids, n);
		ASSERT_EQ(n, start_processes(pids, n, self->fd));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, n));
		toll = kill_at_once(pids, n);
		toll_log(_metadata, "processes that sleep", n, &peer);
		toll_log(_metadata, "processes that wait", n, &toll);
		EXPECT_TRUE(nobody_is_left(self->fd));
		tries = toll_compares(&toll, &peer) ? 0 : tries + 1;
		ASSERT_GT(TRIES, tries);
	}
}

TEST_HARNESS_MAIN
