// SPDX-License-Identifier: GPL-2.0-only
/*
 * More waiters than are served without a pause: 32. The pauses let newcomers,
 * leavers and other releasers in, and must not be noticed otherwise.
 */
#include "ksem_test.h"
#include "ksem_test_proc.h"

#define WAITERS		100
#define MORE_WAITERS	200

struct crowd {
	int fd;
	__u32 size;
	struct ksem_test_waiter waiter[MORE_WAITERS];
};

/* @size requests for one, behind @others. */
static bool gather_behind(struct crowd *c, int fd, __u32 size, __u32 others)
{
	__u32 i;

	c->fd = fd;
	c->size = size;
	for (i = 0; i < size; i++)
		if (!ksem_test_start_ex(&c->waiter[i], fd, KSEM_FLAG_TOKEN, 1,
					KSEM_NO_DEADLINE))
			return false;
	return ksem_test_wait_queued(fd, size + others);
}

static bool gather(struct crowd *c, int fd, __u32 size)
{
	return gather_behind(c, fd, size, 0);
}

/* The same, queued in the order of the array. */
static bool line_up(struct crowd *c, int fd, __u32 size)
{
	__u32 i;

	c->fd = fd;
	c->size = size;
	for (i = 0; i < size; i++)
		if (!ksem_test_start_ex(&c->waiter[i], fd, KSEM_FLAG_TOKEN, 1,
					KSEM_NO_DEADLINE) ||
		    !ksem_test_wait_queued(fd, i + 1))
			return false;
	return true;
}

/* How many of the crowd have ended with @result? */
static __u32 count(struct crowd *c, int result)
{
	__u32 i, n = 0;

	for (i = 0; i < c->size; i++)
		n += c->waiter[i].result == result;
	return n;
}

/* Wait for the crowd to end, and say how many of it were granted. */
static __u32 finish(struct crowd *c)
{
	__u32 i;

	for (i = 0; i < c->size; i++)
		ksem_test_join(&c->waiter[i]);
	return count(c, 0);
}

/* Did the crowd get its grants one after the other? */
static bool in_order(struct crowd *c)
{
	__u32 i;

	for (i = 1; i < c->size; i++)
		if (c->waiter[i].ex.out_token <= c->waiter[i - 1].ex.out_token)
			return false;
	return true;
}

/* A thread that does something again and again until @stop, set by either. */

struct bystander {
	pthread_t thread;
	int fd;
	bool stop;
	unsigned long count;	/* of what it does */
	unsigned long wrong;	/* how often that went wrong */
	__u64 token;
};

static bool is_to_stop(struct bystander *b)
{
	return __atomic_load_n(&b->stop, __ATOMIC_ACQUIRE);
}

static unsigned long stop(struct bystander *b)
{
	__atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
	pthread_join(b->thread, NULL);
	return b->count;
}

static bool start(struct bystander *b, void *(*main)(void *data), int fd)
{
	*b = (struct bystander){ .fd = fd };
	return !pthread_create(&b->thread, NULL, main, b) &&
	       ksem_test_until(__atomic_load_n(&b->count, __ATOMIC_ACQUIRE));
}

static void *check_the_books(void *data)
{
	struct bystander *b = data;

	while (!is_to_stop(b)) {
		b->wrong += !ksem_test_conserved(b->fd);
		__atomic_add_fetch(&b->count, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Tries, counting the times that it failed, until it has had one permit. */
static void *try_until_granted(void *data)
{
	struct bystander *b = data;

	while (!is_to_stop(b)) {
		__atomic_add_fetch(&b->count, 1, __ATOMIC_RELEASE);
		if (ksem_test_try_acquire_ex(b->fd, KSEM_FLAG_TOKEN, 1, &b->token) == 0)
			break;
		b->token = 0;
	}
	return NULL;
}

FIXTURE(batch) {
	struct crowd *c;
	int fd;
	int other;
};

FIXTURE_VARIANT(batch) {
	bool fair;
};

FIXTURE_VARIANT_ADD(batch, fair) { .fair = true };

FIXTURE_VARIANT_ADD(batch, nonfair) { .fair = false };

FIXTURE_SETUP(batch)
{
	self->c = calloc(1, sizeof(*self->c));
	ASSERT_NE(NULL, self->c);
	self->fd = variant->fair ? ksem_test_fair(0, 1000) : ksem_test_nonfair(0, 1000);
	self->other = ksem_test_attached(self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(batch)
{
	close(self->other);
	close(self->fd);
}

TEST_F(batch, of_a_post_serves_everybody)
{
	ASSERT_TRUE(gather(self->c, self->fd, MORE_WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->other, MORE_WAITERS));
	EXPECT_EQ(MORE_WAITERS, finish(self->c));
	EXPECT_EQ(MORE_WAITERS, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

TEST_F(batch, of_a_post_leaves_what_is_too_much)
{
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->other, 1000));
	EXPECT_EQ(WAITERS, finish(self->c));
	EXPECT_EQ(1000 - WAITERS, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_try_acquire(self->fd, 1000 - WAITERS));
}

TEST_F(batch, of_a_post_ends_where_permits_end)
{
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->other, WAITERS - 10));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 10));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	/* And nothing is in the way of the next one. */
	ASSERT_EQ(0, ksem_test_post(self->other, 10));
	EXPECT_EQ(WAITERS, finish(self->c));
}

TEST_F(batch, of_a_resize_serves_everybody)
{
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	ASSERT_EQ(0, ksem_test_resize(self->other, WAITERS));
	EXPECT_EQ(WAITERS, finish(self->c));
}

TEST_F(batch, of_a_release_serves_everybody)
{
	ASSERT_EQ(0, ksem_test_post(self->other, WAITERS));
	ASSERT_EQ(0, ksem_test_acquire(self->other, WAITERS));
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	ASSERT_EQ(0, ksem_test_release(self->other, WAITERS));
	EXPECT_EQ(WAITERS, finish(self->c));
}

TEST_F(batch, of_a_close_serves_everybody)
{
	ASSERT_EQ(0, ksem_test_post(self->other, MORE_WAITERS));
	ASSERT_EQ(0, ksem_test_acquire(self->other, MORE_WAITERS));
	ASSERT_TRUE(gather(self->c, self->fd, MORE_WAITERS));
	close(self->other);
	/* All of those whose turn it is, however many, before close() is over. */
	EXPECT_TRUE(!variant->fair || !ksem_test_info(self->fd).out_waiters);
	/* One of them has heard of the recovery. */
	EXPECT_EQ(MORE_WAITERS - 1, finish(self->c));
	EXPECT_EQ(1, count(self->c, 1));
	self->other = -1;
}

TEST_F(batch, of_a_death_serves_everybody)
{
	pid_t child;

	ASSERT_EQ(0, ksem_test_post(self->other, WAITERS));
	child = ksem_test_child_hold(self->fd, WAITERS);
	ASSERT_LT(0, child);
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	ASSERT_EQ(256 + SIGKILL, ksem_test_kill(child));
	EXPECT_TRUE(!variant->fair || !ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(WAITERS - 1, finish(self->c));
	EXPECT_EQ(1, count(self->c, 1));
	EXPECT_EQ(WAITERS, ksem_test_info(self->fd).out_reclaimed);
}

TEST_F(batch, of_a_shutdown_ends_every_wait)
{
	ASSERT_TRUE(gather(self->c, self->fd, MORE_WAITERS));
	ASSERT_EQ(0, ksem_test_shutdown(self->other));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
	EXPECT_EQ(0, finish(self->c));
	EXPECT_EQ(MORE_WAITERS, count(self->c, -ESHUTDOWN));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_held);
}

TEST_F(batch, of_processes_is_served_too)
{
	pid_t pid[WAITERS];
	int i, served = 0;

	for (i = 0; i < WAITERS; i++) {
		pid[i] = ksem_test_child_acquire(self->fd, 1);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->other, WAITERS));
	for (i = 0; i < WAITERS; i++)
		served += !ksem_test_reap(pid[i]);
	EXPECT_EQ(WAITERS, served);
	EXPECT_EQ(WAITERS, ksem_test_info(self->fd).out_own);
}

TEST_F(batch, keeps_the_books_all_the_time)
{
	struct bystander auditor;

	ASSERT_TRUE(gather(self->c, self->fd, MORE_WAITERS));
	ASSERT_TRUE(start(&auditor, check_the_books, self->other));
	ASSERT_EQ(0, ksem_test_post(self->other, MORE_WAITERS));
	EXPECT_EQ(MORE_WAITERS, finish(self->c));
	EXPECT_LT(0, stop(&auditor));
	EXPECT_EQ(0, auditor.wrong);
}

TEST_F(batch, by_many_releasers_at_a_time_serves_everybody)
{
	struct ksem_post post = { .size = sizeof(post), .n = WAITERS / 4 };
	struct ksem_test_waiter poster[4];
	int i;

	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	for (i = 0; i < 4; i++) {
		poster[i] = (struct ksem_test_waiter){
			.fd = self->other,
			.cmd = KSEM_IOC_POST,
			.arg = &post,
		};
		ASSERT_TRUE(ksem_test_launch(&poster[i]));
	}
	EXPECT_EQ(WAITERS, finish(self->c));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, ksem_test_join(&poster[i]));
		EXPECT_EQ(WAITERS, ksem_test_info(self->fd).out_capacity);
	}
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
}

#define TAKEN		50

/* Takes one after the other, without giving any back. */
static void *take_many(void *data)
{
	struct bystander *b = data;
	int i;

	for (i = 0; i < TAKEN; i++) {
		__atomic_add_fetch(&b->count, 1, __ATOMIC_RELEASE);
		b->wrong += ksem_test_acquire(b->fd, 1) != 0;
	}
	__atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whoever comes while a batch is served may find that nobody is left to do it. */
TEST_F(batch, serves_those_who_come_meanwhile)
{
	struct bystander newcomer[4];
	int i;

	/* First in the queue, so that they are back while others are served. */
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(start(&newcomer[i], take_many, self->fd));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 4));
	ASSERT_TRUE(gather_behind(self->c, self->fd, MORE_WAITERS, 4));
	ASSERT_EQ(0, ksem_test_post(self->other, MORE_WAITERS + 4 * TAKEN));
	EXPECT_EQ(MORE_WAITERS, finish(self->c));
	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(ksem_test_until(is_to_stop(&newcomer[i])));
		pthread_join(newcomer[i].thread, NULL);
		EXPECT_EQ(0, newcomer[i].wrong);
	}
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

/* Some give up while the others are being served: by a signal, or for good. */

TEST_F(batch, that_waiters_leave_meanwhile_loses_nothing)
{
	__u32 i, granted, ended;

	ksem_test_catch_signals();
	ASSERT_TRUE(gather(self->c, self->fd, WAITERS));
	for (i = 0; i < WAITERS / 2; i++) {
		ksem_test_tgkill(self->c->waiter[WAITERS - 1 - 2 * i].tid, KSEM_TEST_SIG_END);
		if (i == WAITERS / 4)
			ASSERT_EQ(0, ksem_test_post(self->other, WAITERS));
	}
	granted = finish(self->c);
	ended = count(self->c, -EINTR);
	EXPECT_EQ(WAITERS, granted + ended);
	EXPECT_EQ(granted, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(ended, ksem_test_info(self->fd).out_available);
}

TEST_F(batch, that_waiters_are_killed_meanwhile_loses_nothing)
{
	pid_t pid[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++) {
		pid[i] = ksem_test_child_wait_hold(self->fd, 1);
		ASSERT_LT(0, pid[i]);
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, WAITERS));
	for (i = 0; i < WAITERS; i += 2)
		kill(pid[WAITERS - 1 - i], SIGKILL);
	ASSERT_EQ(0, ksem_test_post(self->other, WAITERS / 2));
	for (i = 0; i < WAITERS; i += 2)
		EXPECT_EQ(256 + SIGKILL, ksem_test_reap(pid[WAITERS - 1 - i]));
	/* Exactly those that live have what came, whoever had it before. */
	EXPECT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_holders == WAITERS / 2));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_waiters);
}

/* What only a fair semaphore promises. */

FIXTURE(fair) {
	struct crowd *c;
	int fd;
};

FIXTURE_SETUP(fair)
{
	self->c = calloc(1, sizeof(*self->c));
	ASSERT_NE(NULL, self->c);
	self->fd = ksem_test_fair(0, 1000);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fair)
{
	close(self->fd);
}

TEST_F(fair, batch_keeps_the_order)
{
	ASSERT_TRUE(line_up(self->c, self->fd, MORE_WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->fd, MORE_WAITERS));
	ASSERT_EQ(MORE_WAITERS, finish(self->c));
	EXPECT_TRUE(in_order(self->c));
}

TEST_F(fair, batch_is_not_passed_by_a_try)
{
	struct bystander newcomer;

	ASSERT_TRUE(line_up(self->c, self->fd, MORE_WAITERS));
	ASSERT_TRUE(start(&newcomer, try_until_granted, self->fd));
	/* One for each of the crowd, and one for the newcomer. */
	ASSERT_EQ(0, ksem_test_post(self->fd, MORE_WAITERS + 1));
	ASSERT_EQ(MORE_WAITERS, finish(self->c));
	EXPECT_TRUE(in_order(self->c));
	EXPECT_TRUE(ksem_test_until(ksem_test_info(self->fd).out_own == MORE_WAITERS + 1));
	stop(&newcomer);
	EXPECT_LT(self->c->waiter[MORE_WAITERS - 1].ex.out_token, newcomer.token);
}

TEST_F(fair, batch_is_not_passed_by_newcomers)
{
	struct ksem_test_waiter newcomer[8];
	__u64 last;
	int i;

	ASSERT_TRUE(line_up(self->c, self->fd, MORE_WAITERS));
	ASSERT_EQ(0, ksem_test_post(self->fd, MORE_WAITERS - 1));
	for (i = 0; i < 8; i++)
		ASSERT_TRUE(ksem_test_start_ex(&newcomer[i], self->fd, KSEM_FLAG_TOKEN, 1,
					       KSEM_NO_DEADLINE));
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, 9));
	ASSERT_EQ(0, ksem_test_post(self->fd, 9));
	ASSERT_EQ(MORE_WAITERS, finish(self->c));
	EXPECT_TRUE(in_order(self->c));
	last = self->c->waiter[MORE_WAITERS - 1].ex.out_token;
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, ksem_test_join(&newcomer[i]));
		EXPECT_LT(last, newcomer[i].ex.out_token);
	}
}

TEST_F(fair, batch_goes_on_behind_a_head_that_did_not_fit)
{
	struct ksem_test_waiter big;

	ASSERT_TRUE(ksem_test_queue(&big, self->fd, 50, 1));
	self->c->size = 0;
	while (self->c->size < WAITERS) {
		ASSERT_TRUE(ksem_test_start(&self->c->waiter[self->c->size], self->fd, 1));
		self->c->size++;
	}
	ASSERT_TRUE(ksem_test_wait_queued(self->fd, WAITERS + 1));
	ASSERT_EQ(0, ksem_test_post(self->fd, 49));
	EXPECT_EQ(WAITERS + 1, ksem_test_info(self->fd).out_waiters);
	ASSERT_EQ(0, ksem_test_post(self->fd, 1 + WAITERS));
	EXPECT_EQ(0, ksem_test_join(&big));
	EXPECT_EQ(WAITERS, finish(self->c));
}

TEST_HARNESS_MAIN
