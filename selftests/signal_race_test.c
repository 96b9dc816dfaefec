// SPDX-License-Identifier: GPL-2.0-only
/*
 * A grant meets a signal: to a task that will not return to user space it is
 * not made, and to any other it is reported.
 */
#include "ksem_test.h"
#include "ksem_test_actor.h"
#include "ksem_test_cpu.h"
#include "ksem_test_exec.h"
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

/* An exec'ed copy holds nothing and waits for nothing: it says that it is up. */
static int exec_main(int fd)
{
	if (write(fd, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/*
 * A grant meets a signal, on a CPU that the test has seized: the waiter does
 * not run before both have happened.
 */

FIXTURE(meeting) {
	int fd;
};

FIXTURE_SETUP(meeting)
{
	ksem_test_catch_signals();
	self->fd = ksem_test_fair(0, 10);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(meeting)
{
	ksem_test_let_go_of_cpu();
	close(self->fd);
}

TEST_F(meeting, of_a_grant_and_a_later_signal_is_success)
{
	struct ksem_test_waiter waiter;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, ksem_test_tgkill(waiter.tid, KSEM_TEST_SIG_END));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_signals_handled());
}

TEST_F(meeting, of_a_grant_and_an_earlier_signal_is_success)
{
	struct ksem_test_waiter waiter;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 1, 1));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, ksem_test_tgkill(waiter.tid, KSEM_TEST_SIG_END));
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(1, ksem_test_signals_handled());
}

/* The account outlives the child: it is this process's too. */
TEST_F(meeting, of_a_grant_and_a_later_kill_gives_the_grant_back)
{
	struct ksem_info info;
	pid_t child;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	child = ksem_test_child_acquire(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(child));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(0, info.out_own);
	EXPECT_EQ(1, info.out_available);
}

TEST_F(meeting, of_a_grant_and_an_earlier_kill_gives_the_grant_back)
{
	struct ksem_info info;
	pid_t child;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	child = ksem_test_child_acquire(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(child));
	info = ksem_test_info(self->fd);
	EXPECT_EQ(0, info.out_own);
	EXPECT_EQ(1, info.out_available);
}

TEST_F(meeting, of_a_grant_and_a_kill_serves_the_next_waiter)
{
	struct ksem_test_waiter next;
	pid_t child;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	child = ksem_test_child_acquire(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_queue(&next, self->fd, 1, 2));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(child));
	EXPECT_EQ(0, ksem_test_join(&next));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_own);
}

TEST_F(meeting, of_a_grant_and_a_kill_leaves_the_news_of_recovery)
{
	pid_t child, holder;

	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	holder = ksem_test_child_hold(self->fd, 1);
	ASSERT_LT(0, holder);
	child = ksem_test_child_acquire(self->fd, 1);
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 1));
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(0, kill(child, SIGKILL));
	/* Its permit comes to the child, which will not come back to tell. */
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(holder));
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(child));
	EXPECT_EQ(1, ksem_test_acquire(self->fd, 1));
}

/* The same meeting, wherever it happens to take place. */

#define MEETINGS	200

struct meeting {
	int fd;
	int holder;
	struct ksem_test_actor actor;
	unsigned int seed;
};

FIXTURE(meetings) {
	struct meeting m;
};

FIXTURE_VARIANT(meetings) {
	bool fair;
};

FIXTURE_VARIANT_ADD(meetings, fair) { .fair = true };

FIXTURE_VARIANT_ADD(meetings, nonfair) { .fair = false };

FIXTURE_SETUP(meetings)
{
	ksem_test_catch_signals();
	self->m.fd = variant->fair ? ksem_test_fair(1, 1) : ksem_test_nonfair(1, 1);
	self->m.holder = ksem_test_attached(self->m.fd);
	ASSERT_LE(0, self->m.holder);
	ASSERT_EQ(0, ksem_test_acquire(self->m.holder, 1));
	ASSERT_TRUE(ksem_test_actor_start(&self->m.actor));
	self->m.seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
}

FIXTURE_TEARDOWN(meetings)
{
	close(self->m.holder);
	close(self->m.fd);
}

/* One waiter, one permit, one signal: the waiter's result. */
static int meet(struct meeting *m, int sig, bool signal_first)
{
	struct ksem_info info;
	int answer;

	if (!ksem_test_ask(&m->actor, m->fd, 1) || !ksem_test_wait_queued(m->fd, 1))
		return -EPROTO;
	if (signal_first) {
		ksem_test_tgkill(m->actor.tid, sig);
		ksem_test_busy_for_up_to(300, &m->seed);
	}
	ksem_test_release(m->holder, 1);
	if (!signal_first) {
		ksem_test_busy_for_up_to(50, &m->seed);
		ksem_test_tgkill(m->actor.tid, sig);
	}
	answer = ksem_test_answer(&m->actor);
	info = ksem_test_info(m->fd);
	/* It has the permit, or nobody has it. */
	if (info.out_waiters || info.out_own != !answer || info.out_available != !!answer)
		return -EPROTO;
	if (!answer)
		ksem_test_release(m->fd, 1);
	return ksem_test_try_acquire(m->holder, 1) ? -EPROTO : answer;
}

TEST_F(meetings, with_a_signal_end_in_success_or_eintr)
{
	int round, answer, ended = 0;

	for (round = 0; round < MEETINGS; round++) {
		answer = meet(&self->m, KSEM_TEST_SIG_END, round % 4);
		ASSERT_TRUE(!answer || answer == -EINTR);
		ended += !!answer;
	}
	TH_LOG("%d of %d ended with EINTR", ended, MEETINGS);
}

TEST_F(meetings, with_a_signal_that_restarts_end_in_success)
{
	int round;

	for (round = 0; round < MEETINGS; round++) {
		ASSERT_EQ(0, meet(&self->m, KSEM_TEST_SIG_RESTART, round % 4));
		ASSERT_TRUE(ksem_test_conserved(self->m.fd));
	}
}

/* A child that was killed before the grant was made never had it. */
TEST_F(meetings, with_a_kill_lose_no_permit)
{
	struct ksem_info info;
	int round;

	for (round = 0; round < MEETINGS / 2; round++) {
		pid_t child = ksem_test_child_acquire(self->m.fd, 1);

		ASSERT_TRUE(ksem_test_wait_queued(self->m.fd, 1));
		ASSERT_EQ(0, kill(child, SIGKILL));
		ksem_test_busy_for_up_to(100, &self->m.seed);
		ASSERT_EQ(0, ksem_test_release(self->m.holder, 1));
		ASSERT_EQ(child, waitpid(child, NULL, 0));
		info = ksem_test_info(self->m.fd);
		ASSERT_EQ(0, info.out_own);
		ASSERT_EQ(1, info.out_available);
		ASSERT_EQ(0, info.out_waiters);
		ASSERT_EQ(0, ksem_test_acquire(self->m.holder, 1));
	}
}

/* Exec ends the other threads of its process, and their waits. */

struct execer {
	int fd;
	int go[2];	/* a byte here, and the child execs */
	int up[2];	/* a byte when it can, a byte when it has */
	pid_t child;
};

FIXTURE(exec) {
	struct execer e;
};

FIXTURE_SETUP(exec)
{
	self->e.fd = ksem_test_fair(0, 1);
	ASSERT_LE(0, self->e.fd);
	ASSERT_EQ(0, pipe2(self->e.go, O_CLOEXEC));
	ASSERT_EQ(0, pipe(self->e.up));
}

FIXTURE_TEARDOWN(exec)
{
	ksem_test_let_go_of_cpu();
	ksem_test_kill(self->e.child);
	close(self->e.fd);
}

/* A child with a thread that waits here and one that execs on @exec_cpu. */
static void execing_child(struct execer *e, int exec_cpu)
{
	struct ksem_test_waiter waiter;
	char byte;

	if (!ksem_test_start(&waiter, e->fd, 1) ||
	    !ksem_test_pin(exec_cpu) || write(e->up[1], "", 1) != 1 ||
	    read(e->go[0], &byte, 1) != 1)
		_exit(1);
	ksem_test_exit(ksem_test_exec(e->up[1]));
}

/* Returns when the one waits here and the other for the word. */
static bool start_execing_child(struct execer *e, int exec_cpu)
{
	char byte;

	e->child = ksem_test_fork();
	if (!e->child)
		execing_child(e, exec_cpu);
	return ksem_test_wait_queued(e->fd, 1) && read(e->up[0], &byte, 1) == 1;
}

static bool exec_is_over(struct execer *e)
{
	struct pollfd up = { .fd = e->up[0], .events = POLLIN };

	return poll(&up, 1, KSEM_TEST_PATIENCE_MS) == 1;
}

TEST_F(exec, by_another_thread_ends_a_wait)
{
	ASSERT_TRUE(start_execing_child(&self->e, ksem_test_nth_cpu(0)));
	ASSERT_EQ(1, write(self->e.go[1], "", 1));
	ASSERT_TRUE(exec_is_over(&self->e));
	EXPECT_EQ(0, ksem_test_info(self->e.fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->e.fd, 1));
	EXPECT_EQ(1, ksem_test_info(self->e.fd).out_available);
}

/* The signals that wait for a thread: a mask. */
static unsigned long long pending_signals(pid_t pid, pid_t tid)
{
	unsigned long long mask = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SigPnd: %llx", &mask) == 1)
			break;
	fclose(file);
	return mask;
}

TEST_F(exec, by_another_thread_gives_a_grant_back)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	int exec_cpu = ksem_test_nth_cpu(1);
	struct ksem_waiter_entry entry;
	struct ksem_waiters waiters;
	bool killed;

	if (exec_cpu < 0)
		SKIP(return, "needs two CPUs");
	if (!ksem_test_share_one_cpu())
		SKIP(return, "needs the right to SCHED_FIFO");
	ASSERT_TRUE(start_execing_child(&self->e, exec_cpu));
	ASSERT_EQ(0, ksem_test_waiters(self->e.fd, &entry, 1, &waiters));
	ASSERT_EQ(1, waiters.out_count);
	ASSERT_TRUE(ksem_test_seize_cpu());
	ASSERT_EQ(1, write(self->e.go[1], "", 1));
	/* Without a pause: the waiter would run in it. */
	do
		killed = pending_signals(self->e.child, entry.tid) & 1 << (SIGKILL - 1);
	while (!killed && ksem_test_now() < give_up);
	ASSERT_EQ(0, ksem_test_post(self->e.fd, 1));
	EXPECT_EQ(0, ksem_test_info(self->e.fd).out_waiters);
	ASSERT_TRUE(ksem_test_let_go_of_cpu());
	EXPECT_TRUE(killed);
	ASSERT_TRUE(exec_is_over(&self->e));
	EXPECT_EQ(0, ksem_test_info(self->e.fd).out_own);
	EXPECT_EQ(1, ksem_test_info(self->e.fd).out_available);
}

TEST_HARNESS_MAIN
