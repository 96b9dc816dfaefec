// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that hold or wait are killed with -9, over and over.
 */
#include "ksem_test_proc.h"
#include "ksem_test_still.h"
#include "ksem_test_storm.h"
#include <poll.h>
#include <sys/resource.h>

/*
 * Eight processes acquire and release permits of three semaphores, waiting or not.
 * A cycle is the life of one of them: it has had a grant, then it is killed, reaped,
 * and replaced. After each hundred cycles all are killed, and every permit has to
 * be back.
 *
 * KSEM_STORM_CYCLES: how many of each kind, in hundreds.
 */

#define CYCLES		100
#define SEMAPHORES	3
#define PROCESSES	8
#define FIRST		-20	/* nice: before those who are at 0 */

struct storm {
	int fd[SEMAPHORES];
	pid_t pid[PROCESSES];
	unsigned int *grants;	/* of each living process, shared with it */
	unsigned long granted;	/* to the dead */
	unsigned long killed;
	unsigned int seed;
};

FIXTURE(storm) {
	struct storm s;
};

/* Who is killed: whoever it happens to be, or who is seen to do this. */
FIXTURE_VARIANT(storm) {
	bool holders;
	bool waiters;
};

FIXTURE_VARIANT_ADD(storm, anybody) { .holders = false, .waiters = false };

FIXTURE_VARIANT_ADD(storm, holders) { .holders = true, .waiters = false };

FIXTURE_VARIANT_ADD(storm, waiters) { .holders = false, .waiters = true };

FIXTURE_VARIANT_ADD(storm, holders_and_waiters) { .holders = true, .waiters = true };

static __u32 storm_capacity(int i)
{
	return 2 + 2 * i;
}

FIXTURE_SETUP(storm)
{
	struct storm *s = &self->s;
	int i;

	for (i = 0; i < SEMAPHORES; i++) {
		s->fd[i] = i & 1 ? ksem_test_nonfair(storm_capacity(i), 10) :
				   ksem_test_fair(storm_capacity(i), 10);
		ASSERT_LE(0, s->fd[i]);
	}
	s->grants = ksem_test_shared(PROCESSES * sizeof(*s->grants));
	ASSERT_NE(MAP_FAILED, s->grants);
	s->seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = 0; i < SEMAPHORES; i++)
		close(self->s.fd[i]);
}

static int acquire_by_chance(int fd, __u32 n, unsigned int *seed)
{
	switch (ksem_test_chance(seed) % 4) {
	case 0:
		return ksem_test_try_acquire(fd, n);
	case 1:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_TOKEN, n, ksem_test_now() +
					    ksem_test_chance(seed) % 500000, NULL);
	case 2:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_UNINTERRUPTIBLE, n,
					    KSEM_NO_DEADLINE, NULL);
	default:
		return ksem_test_acquire(fd, n);
	}
}

static void storm_main(struct storm *s, unsigned int *grants, unsigned int seed)
{
	int own[SEMAPHORES], i;
	__u32 n;

	setpriority(PRIO_PROCESS, 0, 0);
	for (i = 0; i < SEMAPHORES; i++)
		own[i] = ksem_test_attached(s->fd[i]);
	for (;;) {
		i = ksem_test_chance(&seed) % SEMAPHORES;
		n = 1 + ksem_test_chance(&seed) % storm_capacity(i);
		if (acquire_by_chance(own[i], n, &seed) < 0)
			continue;
		ksem_test_count(grants);
		/* Asleep most of the time, or nobody else gets anything done. */
		usleep(ksem_test_chance(&seed) % 200);
		/* Some of it, or all. */
		if (ksem_test_chance(&seed) % 4)
			ksem_test_release(own[i], n);
		else
			ksem_test_release(own[i], ksem_test_info(own[i]).out_own);
	}
}

static bool storm_start(struct storm *s, int who)
{
	s->grants[who] = 0;
	s->pid[who] = ksem_test_fork();
	if (!s->pid[who])
		storm_main(s, &s->grants[who],
			   ksem_test_own_seed(ksem_test_chance(&s->seed), who));
	return s->pid[who] > 0;
}

static bool storm_reap(struct storm *s, int who)
{
	int status;

	if (waitpid(s->pid[who], &status, 0) != s->pid[who])
		return false;
	s->granted += s->grants[who];
	s->killed++;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool has_had_a_grant(struct storm *s, int who)
{
	return __atomic_load_n(&s->grants[who], __ATOMIC_SEQ_CST);
}

/* Somebody who has had a grant; -1 if there is nobody. */
static int choose_anybody(struct storm *s)
{
	int from = ksem_test_chance(&s->seed) % PROCESSES, i, who;

	for (i = 0; i < PROCESSES; i++) {
		who = (from + i) % PROCESSES;
		if (has_had_a_grant(s, who))
			return who;
	}
	return -1;
}

static int who_is(struct storm *s, pid_t pid)
{
	int who;

	for (who = 0; who < PROCESSES; who++)
		if (s->pid[who] == pid && has_had_a_grant(s, who))
			return who;
	return -1;
}

/* One of those who hold permits of a semaphore at this moment. */
static int choose_holder(struct storm *s)
{
	struct ksem_holder_entry entry[PROCESSES];
	struct ksem_holders list;

	if (ksem_test_holders(s->fd[ksem_test_chance(&s->seed) % SEMAPHORES], entry, PROCESSES,
			      &list) || !list.out_count)
		return -1;
	return who_is(s, entry[ksem_test_chance(&s->seed) % list.out_count].opener_pid);
}

/* One of those who wait for a semaphore at this moment. */
static int choose_waiter(struct storm *s)
{
	struct ksem_waiter_entry entry[PROCESSES];
	struct ksem_waiters list;

	if (ksem_test_waiters(s->fd[ksem_test_chance(&s->seed) % SEMAPHORES], entry, PROCESSES,
			      &list) || !list.out_count)
		return -1;
	return who_is(s, entry[ksem_test_chance(&s->seed) % list.out_count].pid);
}

/* Kill whom @choose finds; who that was, or -1 if there is nobody for long. */
static int storm_kill(struct storm *s, int (*choose)(struct storm *s))
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	int who;

	while ((who = choose(s)) < 0) {
		if (ksem_test_now() > give_up)
			return -1;
		sched_yield();
	}
	if (kill(s->pid[who], SIGKILL))
		return -1;
	/* Some die when the living have had their turns, most without waiting for that. */
	if (ksem_test_chance(&s->seed) % 4)
		setpriority(PRIO_PROCESS, s->pid[who], FIRST);
	return who;
}

/* One life ends, or two at the same time, and as many begin. */
static bool storm_cycle(struct storm *s, bool holders, bool waiters)
{
	int first, second;

	ksem_test_busy_for_up_to(100, &s->seed);
	first = storm_kill(s, holders ? choose_holder : waiters ? choose_waiter : choose_anybody);
	second = holders && waiters ? storm_kill(s, choose_waiter) : first;
	if (first < 0 || second < 0 || !storm_reap(s, first))
		return false;
	if (second != first && (!storm_reap(s, second) || !storm_start(s, second)))
		return false;
	return storm_start(s, first);
}

/* Is everything where it was before the storm? */
static bool storm_is_over(struct storm *s)
{
	struct ksem_info info;
	int i;

	for (i = 0; i < SEMAPHORES; i++) {
		info = ksem_test_info(s->fd[i]);
		if (info.out_available != (__s32)storm_capacity(i) || info.out_held ||
		    info.out_capacity != storm_capacity(i) || info.out_waiters ||
		    info.out_demand || info.out_holders || info.out_handles != 1)
			return false;
	}
	return true;
}

static bool storm_hundred(struct storm *s, bool holders, bool waiters)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (!storm_start(s, i))
			return false;
	for (i = 0; i < 100; i++)
		if (!storm_cycle(s, holders, waiters))
			return false;
	for (i = 0; i < PROCESSES; i++)
		kill(s->pid[i], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		if (!storm_reap(s, i))
			return false;
	return storm_is_over(s);
}

/* How many permits came back from the dead, and how many died waiting. */
static void count_dead(struct storm *s, __u64 *reclaimed, __u64 *waiting)
{
	struct ksem_info info;
	int i;

	*reclaimed = 0;
	*waiting = 0;
	for (i = 0; i < SEMAPHORES; i++) {
		info = ksem_test_info(s->fd[i]);
		*reclaimed += info.out_reclaimed;
		*waiting += info.out_interrupts;
	}
}

TEST_F_TIMEOUT(storm, of_kills_loses_no_permit, KSEM_TEST_LONG)
{
	const char *text = getenv("KSEM_STORM_CYCLES");
	unsigned long cycles = text ? strtoul(text, NULL, 0) : CYCLES * ksem_test_scale(), done;
	struct storm *s = &self->s;
	unsigned int seed = s->seed;
	__u64 reclaimed, waiting;
	bool ok = true;

	if (!text)
		ksem_test_limit();
	/* As root: else who kills waits for all who are alive, each time. */
	setpriority(PRIO_PROCESS, 0, FIRST);
	for (done = 0; ok && done < cycles; done += 100)
		ok = storm_hundred(s, variant->holders, variant->waiters);
	count_dead(s, &reclaimed, &waiting);
	TH_LOG("seed %u: %lu cycles, %lu grants; %llu permits came back, %llu died waiting",
	       seed, done, s->granted, reclaimed, waiting);
	ksem_test_figure("kills of holders and waiters", s->killed, !ok);
	EXPECT_TRUE(ok);
	EXPECT_LE(done, s->granted);
	/* Who is chosen may be none any more when the signal comes; not too often. */
	EXPECT_LE(variant->holders ? done / 4 : 0, reclaimed);
	EXPECT_LE(variant->waiters ? done / 4 : 0, waiting);
}

/* However a task waits, it dies of SIGKILL in no time. */

#define KILLS		20
#define LIMIT_NS	(100 * KSEM_TEST_MS * ksem_test_slow())
#define CROWD		40	/* more than one batch serves: a sweep */

struct victim {
	int fd;
	__u32 waits;		/* requests that it has queued when it is ready; 0: it sleeps */
	void (*main)(struct victim *v);
};

FIXTURE(killed) {
	struct victim v;
	struct ksem_test_still still;
	unsigned int seed;
};

FIXTURE_VARIANT(killed) {
	int (*create)(__u32 initial, __u32 max);
	__u32 capacity;
	__u32 waits;
	void (*main)(struct victim *v);
};

static void wait_plainly(struct victim *v)
{
	ksem_test_acquire(v->fd, 1);
}

static void wait_with_a_deadline(struct victim *v)
{
	ksem_test_acquire_ex(v->fd, 0, 1, ksem_test_in_ms(KSEM_TEST_HOUR_MS), NULL);
}

static void wait_uninterruptibly(struct victim *v)
{
	ksem_test_acquire_ex(v->fd, KSEM_FLAG_UNINTERRUPTIBLE, 1, KSEM_NO_DEADLINE, NULL);
}

static void wait_in_read(struct victim *v)
{
	char token;

	while (read(v->fd, &token, 1) < 0 && errno == EINTR)
		continue;
}

static void wait_in_poll(struct victim *v)
{
	struct pollfd poll_fd = { .fd = v->fd, .events = POLLIN };

	poll(&poll_fd, 1, -1);
}

static void *signal_for_ever(void *tid)
{
	for (;;) {
		ksem_test_tgkill(*(pid_t *)tid, KSEM_TEST_SIG_RESTART);
		sched_yield();
	}
	return NULL;
}

/* Broken off and restarted all the time. */
static void wait_with_a_place(struct victim *v)
{
	pid_t tid = gettid();
	pthread_t thread;

	ksem_test_catch_signals();
	if (!pthread_create(&thread, NULL, signal_for_ever, &tid))
		ksem_test_acquire(v->fd, 1);
}

struct crowd {
	int fd;
	pthread_barrier_t begin;
};

static void *take_and_give(void *data)
{
	struct crowd *crowd = data;

	do
		pthread_barrier_wait(&crowd->begin);
	while (ksem_test_acquire(crowd->fd, 1) >= 0 && !ksem_test_release(crowd->fd, 1));
	return NULL;
}

static bool start_crowd(void *(*main)(void *data), void *data)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 0; i < CROWD; i++)
		if (pthread_create(&thread, &attr, main, data))
			return false;
	return true;
}

/* A crowd queues, is served at once, and again. */
static void wait_in_sweeps(struct victim *v)
{
	struct crowd crowd = { .fd = v->fd };

	pthread_barrier_init(&crowd.begin, NULL, CROWD + 1);
	if (!start_crowd(take_and_give, &crowd))
		return;
	while (ksem_test_acquire(v->fd, CROWD) >= 0) {
		pthread_barrier_wait(&crowd.begin);
		while (ksem_test_info(v->fd).out_waiters < CROWD)
			sched_yield();
		if (ksem_test_release(v->fd, CROWD))
			return;
	}
}

static void *sleep_for_ever(void *unused)
{
	pause();
	return NULL;
}

/* As many threads, and none of them has anything to do with a semaphore. */
static void sleep_in_a_crowd(struct victim *v)
{
	if (start_crowd(sleep_for_ever, NULL))
		pause();
}

FIXTURE_VARIANT_ADD(killed, in_a_plain_wait) {
	.create = ksem_test_fair, .waits = 1, .main = wait_plainly,
};

FIXTURE_VARIANT_ADD(killed, in_a_nonfair_wait) {
	.create = ksem_test_nonfair, .waits = 1, .main = wait_plainly,
};

FIXTURE_VARIANT_ADD(killed, in_a_wait_for_a_signal) {
	.create = ksem_test_signal, .waits = 1, .main = wait_plainly,
};

FIXTURE_VARIANT_ADD(killed, in_a_timed_wait) {
	.create = ksem_test_fair, .waits = 1, .main = wait_with_a_deadline,
};

FIXTURE_VARIANT_ADD(killed, in_an_uninterruptible_wait) {
	.create = ksem_test_fair, .waits = 1, .main = wait_uninterruptibly,
};

FIXTURE_VARIANT_ADD(killed, in_read) {
	.create = ksem_test_fair, .waits = 1, .main = wait_in_read,
};

/* A poller has queued nothing. */
FIXTURE_VARIANT_ADD(killed, in_poll) {
	.create = ksem_test_fair, .waits = 0, .main = wait_in_poll,
};

FIXTURE_VARIANT_ADD(killed, with_a_place) {
	.create = ksem_test_fair, .waits = 1, .main = wait_with_a_place,
};

FIXTURE_VARIANT_ADD(killed, in_a_sweep) {
	.create = ksem_test_fair, .capacity = CROWD, .waits = 2 * CROWD, .main = wait_in_sweeps,
};

FIXTURE_SETUP(killed)
{
	ksem_test_limit();
	self->v.fd = variant->create(variant->capacity, CROWD);
	ASSERT_LE(0, self->v.fd);
	self->v.waits = variant->waits;
	self->v.main = variant->main;
	self->seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
	ASSERT_TRUE(ksem_test_watch(&self->still));
}

FIXTURE_TEARDOWN(killed)
{
	ksem_test_unwatch(&self->still);
	close(self->v.fd);
}

static pid_t start_victim(struct victim *v)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		struct victim own = *v;

		own.fd = ksem_test_attached(v->fd);
		close(v->fd);
		v->main(&own);
		_exit(1);
	}
	return pid;
}

/* From the kill to the report of the death; @raw_ns counts what the machine stood still, too. */
static __u64 kill_takes(pid_t pid, struct ksem_test_still *still, __u64 *raw_ns)
{
	__u64 began, stood;

	*raw_ns = KSEM_TEST_PATIENCE_NS;
	ksem_test_stood_still(still);
	began = ksem_test_now();
	if (ksem_test_kill(pid) != 256 + SIGKILL)
		return KSEM_TEST_PATIENCE_NS;
	*raw_ns = ksem_test_now() - began;
	stood = ksem_test_stood_still(still);
	return *raw_ns > stood ? *raw_ns - stood : 0;
}

static bool is_ready(struct victim *v, pid_t pid, __u64 waits_before)
{
	/* Between its second handle and its wait there is nothing to sleep for. */
	if (!v->waits)
		return ksem_test_until(ksem_test_info(v->fd).out_handles == 2 &&
				       ksem_test_task_state(pid) == 'S');
	return ksem_test_until(ksem_test_info(v->fd).out_waits >= waits_before + v->waits);
}

/*
 * What the limit is for a crowd: on a kernel full of checks threads that just sleep may take
 * longer than it allows. Three times what they take, then.
 */
static __u64 limit_of_crowd(int fd, struct ksem_test_still *still)
{
	struct victim sleeper = { .fd = fd, .main = sleep_in_a_crowd };
	pid_t pid = start_victim(&sleeper);
	__u64 raw = 0;

	if (pid < 0 || !is_ready(&sleeper, pid, 0))
		return 0;
	kill_takes(pid, still, &raw);
	return 3 * raw > LIMIT_NS ? 3 * raw : LIMIT_NS;
}

TEST_F_TIMEOUT(killed, task_is_dead_at_once, KSEM_TEST_LONG)
{
	unsigned int kills = KILLS * ksem_test_scale(), done, wrong = 0, late = 0;
	__u64 took, raw, waits = 0, longest = 0, limit = LIMIT_NS;
	struct victim *v = &self->v;
	struct ksem_info info;
	pid_t pid;

	if (v->main == wait_in_sweeps)
		limit = limit_of_crowd(v->fd, &self->still);
	for (done = 0; done < kills && !wrong; done++) {
		pid = start_victim(v);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(is_ready(v, pid, waits));
		ksem_test_busy_for_up_to(1000, &self->seed);
		took = kill_takes(pid, &self->still, &raw);
		late += raw > limit;
		longest = took > longest ? took : longest;
		info = ksem_test_info(v->fd);
		wrong += took > limit || info.out_waiters || info.out_handles != 1 ||
			 info.out_available != variant->capacity;
		waits = info.out_waits;
	}
	TH_LOG("limit: %llu ms", limit / KSEM_TEST_MS);
	ksem_test_figure_worst("kills of blocked tasks", done, wrong, "longest", longest / 1000,
			       "us");
	EXPECT_EQ(0, wrong);
	/* Now and then the machine is to blame. Not so often: the kill itself holds up a CPU. */
	EXPECT_LE(late, done / 4);
}

TEST_HARNESS_MAIN
