// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that are stopped, frozen or traced while they wait or hold: a wait
 * without a signal handler goes on as if nothing had been. What a handler does to
 * a wait: signals_test.c; to its place: place_test.c.
 */
#include "ksem_test.h"
#include "ksem_test_cgroup.h"
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

#include <sys/mount.h>
#include <sys/ptrace.h>

/* How a child is halted, and goes on. */

enum how {
	STOP,			/* SIGSTOP, SIGCONT */
	FREEZE,			/* the freezer of cgroup 2 */
	FREEZE_V1,		/* that of cgroup 1, which is that of suspend */
	ATTACH,			/* ptrace, detached again */
	INTERRUPT,		/* ptrace without a signal */
	TRACE,			/* stop at each end of the restarted call */
	STEP,			/* restart it as a single step */
};

struct halt {
	enum how how;
	char cgroup[80];
	char mount[32];
	char frozen[80];
	pid_t pid;
};

/*
 * Where freezers of cgroup 1 are, one of which is frozen all the time and has nobody in
 * it. With the first that is frozen, and after the last, the kernel rewrites its own code
 * for signals; an emulated processor that runs it meanwhile may never get out of it. Two
 * that handled signals were caught within a second, without ksem (Debian's 6.1, QEMU 7.2).
 */
static bool mount_freezer(struct halt *halt)
{
	strcpy(halt->mount, "/tmp/ksem_test.XXXXXX");
	if (!mkdtemp(halt->mount))
		return false;
	if (mount("ksem_test", halt->mount, "cgroup", 0, "freezer")) {
		rmdir(halt->mount);
		return false;
	}
	snprintf(halt->frozen, sizeof(halt->frozen), "%s/frozen", halt->mount);
	return !mkdir(halt->frozen, 0755) &&
	       ksem_test_write(halt->frozen, "freezer.state", "FROZEN");
}

/* False where children can't be halted so. */
static bool halt_prepare(struct halt *halt, enum how how)
{
	*halt = (struct halt){ .how = how };
	if (how == FREEZE)
		return ksem_test_cgroup_make(halt->cgroup, KSEM_TEST_CGROUPS) &&
		       ksem_test_read_number(halt->cgroup, "cgroup.events", "frozen ") == 0;
	if (how == FREEZE_V1)
		return mount_freezer(halt) && ksem_test_cgroup_make(halt->cgroup, halt->mount);
	return true;
}

static void halt_clean_up(struct halt *halt)
{
	/* It rewrites the code now; to remove it does so later, next to the next test. */
	if (halt->frozen[0])
		ksem_test_write(halt->frozen, "freezer.state", "THAWED");
	ksem_test_cgroup_remove(halt->cgroup);
	ksem_test_cgroup_remove(halt->frozen);
	if (halt->mount[0] && (!umount(halt->mount) || errno == EINVAL))
		rmdir(halt->mount);
}

/* Ask for it: it may take until the wait has ended. */
static bool halt_request(struct halt *halt, pid_t pid)
{
	halt->pid = pid;
	switch (halt->how) {
	case STOP:
		return !kill(pid, SIGSTOP);
	case FREEZE:
		return ksem_test_cgroup_enter(halt->cgroup, pid) &&
		       ksem_test_write(halt->cgroup, "cgroup.freeze", "1");
	case FREEZE_V1:
		return ksem_test_cgroup_enter(halt->cgroup, pid) &&
		       ksem_test_write(halt->cgroup, "freezer.state", "FROZEN");
	case INTERRUPT:
		return !ptrace(PTRACE_SEIZE, pid, 0, 0) && !ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	default:
		return !ptrace(PTRACE_ATTACH, pid, 0, 0);
	}
}

/* The first line of a file, or as much of it as there is room for. */
static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool done;

	if (!file)
		return false;
	done = fgets(line, size, file);
	fclose(file);
	return done;
}

static bool is_frozen_v1(struct halt *halt)
{
	char path[128], state[16];

	snprintf(path, sizeof(path), "%s/freezer.state", halt->cgroup);
	return read_line(path, state, sizeof(state)) && !strcmp(state, "FROZEN\n");
}

static bool has_stopped(pid_t pid)
{
	int status = 0;
	pid_t changed;

	return ksem_test_until(changed = waitpid(pid, &status, WUNTRACED | WNOHANG)) &&
	       changed == pid && WIFSTOPPED(status);
}

/* It does nothing any more. */
static bool halt_await(struct halt *halt)
{
	switch (halt->how) {
	case FREEZE:
		return ksem_test_until(ksem_test_read_number(halt->cgroup, "cgroup.events",
							     "frozen ") == 1);
	case FREEZE_V1:
		return ksem_test_until(is_frozen_v1(halt));
	default:
		return has_stopped(halt->pid);
	}
}

static bool halt_child(struct halt *halt, pid_t pid)
{
	return halt_request(halt, pid) && halt_await(halt);
}

/* The next one is to be frozen alone; unless this one is gone already. */
static bool leave_cgroup(struct halt *halt, const char *parent)
{
	return ksem_test_cgroup_enter(parent, halt->pid) || errno == ESRCH;
}

/* It goes on with its call. */
static bool halt_end(struct halt *halt)
{
	switch (halt->how) {
	case STOP:
		return !kill(halt->pid, SIGCONT);
	case FREEZE:
		return ksem_test_write(halt->cgroup, "cgroup.freeze", "0") &&
		       leave_cgroup(halt, KSEM_TEST_CGROUPS);
	case FREEZE_V1:
		return ksem_test_write(halt->cgroup, "freezer.state", "THAWED") &&
		       leave_cgroup(halt, halt->mount);
	case TRACE:
		return !ptrace(PTRACE_SYSCALL, halt->pid, 0, 0) && has_stopped(halt->pid) &&
		       !ptrace(PTRACE_SYSCALL, halt->pid, 0, 0);
	case STEP:
		return !ptrace(PTRACE_SINGLESTEP, halt->pid, 0, 0);
	default:
		return !ptrace(PTRACE_DETACH, halt->pid, 0, 0);
	}
}

/* The call that went on has ended: nobody is interested any more. */
static bool halt_let_go(struct halt *halt)
{
	if (halt->how != TRACE && halt->how != STEP)
		return true;
	return has_stopped(halt->pid) && !ptrace(PTRACE_DETACH, halt->pid, 0, 0);
}

/* Kinds of waits. */

static const struct wait_kind {
	const char *name;
	__u32 flags;
	bool timed;
} waits[] = {
	{ "plain", 0, false },
	{ "timed", 0, true },
	{ "of the real time", KSEM_FLAG_REALTIME, true },
	{ "for a token", KSEM_FLAG_TOKEN, true },
	{ "uninterruptible", KSEM_FLAG_UNINTERRUPTIBLE, false },
};

#define INTERRUPTIBLE	(ARRAY_SIZE(waits) - 1)

static __u64 deadline(const struct wait_kind *wait, __u64 ms)
{
	if (!wait->timed)
		return KSEM_NO_DEADLINE;
	return ms * KSEM_TEST_MS + ksem_test_clock(wait->flags & KSEM_FLAG_REALTIME ?
						   CLOCK_REALTIME : CLOCK_MONOTONIC);
}

/* A child that wants one, takes it out for good, and exits with the result. */
static pid_t start_child(const struct wait_kind *wait, int fd, __u64 deadline_ns)
{
	pid_t pid = ksem_test_fork();
	int own, result;

	if (pid)
		return pid;
	own = ksem_test_attached(fd);
	result = ksem_test_acquire_ex(own, wait->flags, 1, deadline_ns, NULL);
	ksem_test_exit(result ?: ksem_test_forget(own, 1));
	return 0;
}

/* Has it left its processor? Before, it is in the queue and about to look for signals. */
static bool is_asleep(pid_t pid)
{
	char path[64], call[16];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	return read_line(path, call, sizeof(call)) && strcmp(call, "running\n");
}

/* The freezer of suspend breaks off no wait of a task that sleeps. */
static bool waits_asleep(int fd, pid_t pid)
{
	return ksem_test_wait_queued(fd, 1) && ksem_test_until(is_asleep(pid));
}

FIXTURE(halted) {
	struct halt halt;
	bool possible;
	int fd;
};

FIXTURE_VARIANT(halted) {
	enum how how;
};

FIXTURE_VARIANT_ADD(halted, by_a_signal) { .how = STOP };

FIXTURE_VARIANT_ADD(halted, by_the_freezer) { .how = FREEZE };

FIXTURE_VARIANT_ADD(halted, by_the_freezer_of_suspend) { .how = FREEZE_V1 };

FIXTURE_VARIANT_ADD(halted, by_ptrace_and_detached) { .how = ATTACH };

FIXTURE_VARIANT_ADD(halted, by_ptrace_interrupt) { .how = INTERRUPT };

FIXTURE_VARIANT_ADD(halted, by_ptrace_at_system_calls) { .how = TRACE };

FIXTURE_VARIANT_ADD(halted, by_ptrace_and_stepped) { .how = STEP };

FIXTURE_SETUP(halted)
{
	ksem_test_limit();
	self->possible = halt_prepare(&self->halt, variant->how);
	self->fd = ksem_test_fair(0, 100);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(halted)
{
	halt_clean_up(&self->halt);
	close(self->fd);
}

TEST_F(halted, waiter_has_its_old_place)
{
	struct ksem_test_waiter behind;
	unsigned int i, queued;
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	queued = variant->how == FREEZE_V1 ? 2 : 1;
	for (i = 0; i < INTERRUPTIBLE; i++) {
		child = start_child(&waits[i], self->fd, deadline(&waits[i], KSEM_TEST_HOUR_MS));
		ASSERT_TRUE(waits_asleep(self->fd, child)) TH_LOG("%s", waits[i].name);
		ASSERT_TRUE(ksem_test_queue(&behind, self->fd, 1, 2));
		ASSERT_TRUE(halt_child(&self->halt, child)) TH_LOG("%s", waits[i].name);
		EXPECT_EQ(queued, ksem_test_info(self->fd).out_waiters);
		ASSERT_TRUE(halt_end(&self->halt));
		ASSERT_TRUE(ksem_test_wait_queued(self->fd, 2)) TH_LOG("%s", waits[i].name);
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		ASSERT_TRUE(halt_let_go(&self->halt));
		EXPECT_EQ(0, ksem_test_reap(child)) TH_LOG("%s", waits[i].name);
		EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		ASSERT_EQ(0, ksem_test_join(&behind));
		ASSERT_EQ(0, ksem_test_forget(self->fd, 1));
	}
}

TEST_F(halted, waiter_gets_what_came_meanwhile)
{
	unsigned int i;
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	for (i = 0; i < INTERRUPTIBLE; i++) {
		child = start_child(&waits[i], self->fd, deadline(&waits[i], KSEM_TEST_HOUR_MS));
		ASSERT_TRUE(waits_asleep(self->fd, child)) TH_LOG("%s", waits[i].name);
		ASSERT_TRUE(halt_child(&self->halt, child)) TH_LOG("%s", waits[i].name);
		ASSERT_EQ(0, ksem_test_post(self->fd, 1));
		/* In the queue it has it already. */
		EXPECT_EQ(variant->how != FREEZE_V1, ksem_test_info(self->fd).out_available);
		ASSERT_TRUE(halt_end(&self->halt));
		ASSERT_TRUE(halt_let_go(&self->halt));
		EXPECT_EQ(0, ksem_test_reap(child)) TH_LOG("%s", waits[i].name);
		EXPECT_EQ(0, ksem_test_info(self->fd).out_capacity);
	}
}

/* True once it is in the queue; false if it has timed out before that was seen. */
static bool is_queued_in_time(int fd, __u64 timeouts)
{
	struct ksem_info info;

	return ksem_test_until((info = ksem_test_info(fd)).out_waiters ||
			       info.out_timeouts > timeouts) && info.out_waiters;
}

/* True if it was halted before its time was up. */
static bool halt_in_time(struct halt *halt, int fd, const struct wait_kind *wait, __u64 ms,
			 __u64 *deadline_ns, pid_t *child)
{
	__u64 timeouts = ksem_test_info(fd).out_timeouts;

	*deadline_ns = deadline(wait, ms);
	*child = start_child(wait, fd, *deadline_ns);
	if (is_queued_in_time(fd, timeouts) && halt_child(halt, *child) &&
	    deadline(wait, 0) < *deadline_ns)
		return true;
	/* Frozen, it could not be killed. */
	halt_end(halt);
	ksem_test_kill(*child);
	return false;
}

TEST_F(halted, waiter_times_out_if_it_goes_on_too_late)
{
	__u64 deadline_ns, ms;
	unsigned int i;
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	for (i = 1; i < INTERRUPTIBLE; i++) {
		for (ms = KSEM_TEST_FIRST_MS; !halt_in_time(&self->halt, self->fd, &waits[i], ms,
							    &deadline_ns, &child); ms *= 2)
			ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		ASSERT_TRUE(ksem_test_until(deadline(&waits[i], 0) > deadline_ns));
		ASSERT_TRUE(halt_end(&self->halt));
		ASSERT_TRUE(halt_let_go(&self->halt));
		EXPECT_EQ(-ETIMEDOUT, ksem_test_reap(child)) TH_LOG("%s", waits[i].name);
		EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	}
}

TEST_F(halted, waiter_times_out_at_its_deadline)
{
	__u64 deadline_ns, ms;
	unsigned int i;
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	for (i = 1; i < INTERRUPTIBLE; i++) {
		for (ms = KSEM_TEST_FIRST_MS; !halt_in_time(&self->halt, self->fd, &waits[i], ms,
							    &deadline_ns, &child); ms *= 2)
			ASSERT_GE(KSEM_TEST_LAST_MS, ms);
		ASSERT_TRUE(halt_end(&self->halt));
		ASSERT_TRUE(halt_let_go(&self->halt));
		EXPECT_EQ(-ETIMEDOUT, ksem_test_reap(child)) TH_LOG("%s", waits[i].name);
		EXPECT_LE(deadline_ns, deadline(&waits[i], 0));
	}
}

/* Nothing but its grant, or death, ends that wait: then it halts, and holds. */
TEST_F(halted, uninterruptible_waiter_gets_its_grant_first)
{
	const struct wait_kind *wait = &waits[INTERRUPTIBLE];
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	child = start_child(wait, self->fd, KSEM_NO_DEADLINE);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(halt_request(&self->halt, child));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_held);
	ASSERT_TRUE(halt_await(&self->halt));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_held);
	ASSERT_TRUE(halt_end(&self->halt));
	ASSERT_TRUE(halt_let_go(&self->halt));
	EXPECT_EQ(0, ksem_test_reap(child));
}

TEST_F(halted, holder_keeps_its_permits_and_can_be_killed)
{
	pid_t child;

	if (!self->possible)
		SKIP(return, "no such freezer here");
	ASSERT_EQ(0, ksem_test_post(self->fd, 3));
	child = ksem_test_child_hold(self->fd, 2);
	ASSERT_LT(0, child);
	ASSERT_TRUE(halt_child(&self->halt, child));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 2));
	kill(child, SIGKILL);
	/* The old freezer keeps even the dead. */
	if (variant->how == FREEZE_V1)
		ASSERT_TRUE(halt_end(&self->halt));
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(child));
	EXPECT_EQ(3, ksem_test_info(self->fd).out_available);
}

/* A storm of it: workers that take and return permits, and one of them halted. */

#define WORKERS		4
#define CAPACITY	2
#define ROUNDS		100

struct work {
	unsigned int done[WORKERS];
	unsigned int inside;
	unsigned int wrong;
};

static void work_main(int fd, struct work *work, unsigned int who, unsigned int seed)
{
	const struct wait_kind *wait;
	int own = ksem_test_attached(fd), result;

	for (;;) {
		wait = &waits[ksem_test_chance(&seed) % ARRAY_SIZE(waits)];
		result = ksem_test_acquire_ex(own, wait->flags, 1,
					      wait->timed ? deadline(wait, 5) : KSEM_NO_DEADLINE,
					      NULL);
		if (result == -ETIMEDOUT && wait->timed)
			continue;
		if (result || __atomic_add_fetch(&work->inside, 1, __ATOMIC_SEQ_CST) > CAPACITY)
			ksem_test_count(&work->wrong);
		ksem_test_count(&work->done[who]);
		__atomic_sub_fetch(&work->inside, 1, __ATOMIC_SEQ_CST);
		if (ksem_test_release(own, 1))
			ksem_test_count(&work->wrong);
	}
}

static bool all_get_on(struct work *work)
{
	unsigned int i, before;

	for (i = 0; i < WORKERS; i++) {
		before = __atomic_load_n(&work->done[i], __ATOMIC_SEQ_CST);
		if (!ksem_test_until(__atomic_load_n(&work->done[i], __ATOMIC_SEQ_CST) != before))
			return false;
	}
	return true;
}

/* It goes on, and on, whatever it was at when it was halted. */
static bool release_worker(struct halt *halt)
{
	if (halt->how != STEP && halt->how != TRACE)
		return halt_end(halt);
	return !ptrace(halt->how == STEP ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, halt->pid, 0, 0) &&
	       halt_let_go(halt);
}

TEST_F_TIMEOUT(halted, workers_lose_nothing, KSEM_TEST_LONG)
{
	struct work *work = ksem_test_shared(sizeof(*work));
	unsigned int seed = ksem_test_new_seed(), wrong, i;
	pid_t pid[WORKERS];

	if (!self->possible)
		SKIP(return, "no such freezer here");
	ASSERT_EQ(0, ksem_test_post(self->fd, CAPACITY));
	for (i = 0; i < WORKERS; i++) {
		pid[i] = ksem_test_fork();
		if (!pid[i])
			work_main(self->fd, work, i, ksem_test_own_seed(seed, i + 1));
	}
	TH_LOG("seed %u", seed);
	seed = ksem_test_own_seed(seed, 0);
	ASSERT_TRUE(all_get_on(work));
	for (i = 0; i < ROUNDS * ksem_test_scale(); i++) {
		ksem_test_busy_for_up_to(300, &seed);
		ASSERT_TRUE(halt_child(&self->halt, pid[ksem_test_chance(&seed) % WORKERS]))
			TH_LOG("round %u", i);
		ksem_test_busy_for_up_to(300, &seed);
		ASSERT_TRUE(release_worker(&self->halt)) TH_LOG("round %u", i);
	}
	EXPECT_TRUE(all_get_on(work));
	/* Those who survive others see what these have not put in order. */
	wrong = __atomic_load_n(&work->wrong, __ATOMIC_SEQ_CST);
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(256 + SIGKILL, ksem_test_kill(pid[i]));
	ksem_test_figure("workers halted and released", ROUNDS * ksem_test_scale(), wrong);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(CAPACITY, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(1, ksem_test_info(self->fd).out_handles);
}

/* The whole machine: all that suspending does to processes, and back again. */

static bool suspend_is_possible(void)
{
	return ksem_test_write("/sys/module/suspend/parameters", "pm_test_delay", "1\n") &&
	       ksem_test_write("/sys/power", "pm_test", "freezer\n");
}

TEST(a_suspend_breaks_no_wait_off)
{
	int fd = ksem_test_fair(0, 100);
	pid_t child[ARRAY_SIZE(waits)], late;
	struct ksem_info info;
	unsigned int i;
	bool suspended;

	if (!suspend_is_possible())
		SKIP(return, "this kernel can't practise suspending: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		child[i] = start_child(&waits[i], fd, deadline(&waits[i], KSEM_TEST_HOUR_MS));
		ASSERT_TRUE(ksem_test_wait_queued(fd, i + 1));
		ASSERT_TRUE(ksem_test_until(is_asleep(child[i])));
	}
	late = start_child(&waits[1], fd, deadline(&waits[1], 500));
	/* It sleeps, or its time is up already. */
	ASSERT_TRUE(ksem_test_until((info = ksem_test_info(fd)).out_waiters > ARRAY_SIZE(waits) ||
				    info.out_timeouts));
	ASSERT_TRUE(ksem_test_until(is_asleep(late)));
	suspended = ksem_test_write("/sys/power", "state", "freeze");
	ksem_test_write("/sys/power", "pm_test", "none\n");
	ASSERT_TRUE(suspended);
	EXPECT_EQ(-ETIMEDOUT, ksem_test_reap(late));
	EXPECT_EQ(ARRAY_SIZE(waits), ksem_test_info(fd).out_waiters);
	EXPECT_EQ(0, ksem_test_info(fd).out_interrupts);
	ASSERT_EQ(0, ksem_test_post(fd, ARRAY_SIZE(waits)));
	for (i = 0; i < ARRAY_SIZE(waits); i++)
		EXPECT_EQ(0, ksem_test_reap(child[i]));
}

TEST_HARNESS_MAIN
