// SPDX-License-Identifier: GPL-2.0-only
/* Making a semaphore: what is accepted, what is not, and what one gets. */
#include "ksem_test.h"

#include <stdatomic.h>

FIXTURE(create) {
	int fd;
	struct ksem_create arg;
};

FIXTURE_SETUP(create)
{
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->arg = (struct ksem_create){
		.size = sizeof(self->arg),
		.initial = 1,
		.max = 2,
		.handoff_ns = KSEM_HANDOFF_DEFAULT_NS,
		.label = "pool",
	};
}

FIXTURE_TEARDOWN(create)
{
	close(self->fd);
}

static int create(FIXTURE_DATA(create) * self)
{
	return ksem_test_ioctl(self->fd, KSEM_IOC_CREATE, &self->arg);
}

TEST_F(create, initial_permits_are_available)
{
	struct ksem_info info;

	self->arg.initial = 3;
	self->arg.max = 7;
	ASSERT_EQ(0, create(self));
	ASSERT_EQ(0, ksem_test_get_info(self->fd, &info));
	EXPECT_EQ(3, info.out_available);
	EXPECT_EQ(3, info.out_capacity);
	EXPECT_EQ(7, info.out_max);
	EXPECT_EQ(0, info.out_held);
	EXPECT_EQ(0, info.out_own);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(1, info.out_handles);
}

TEST_F(create, no_initial_permits_are_legal)
{
	self->arg.initial = 0;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(-EAGAIN, ksem_test_try_acquire(self->fd, 1));
}

TEST_F(create, initial_may_be_max)
{
	self->arg.initial = 2;
	EXPECT_EQ(0, create(self));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
}

TEST_F(create, initial_above_max_is_invalid)
{
	self->arg.initial = 3;
	EXPECT_EQ(-EINVAL, create(self));
}

/* What a program means by -1. */
TEST_F(create, negative_initial_is_invalid)
{
	self->arg.initial = -1;
	self->arg.max = KSEM_MAX_PERMITS;
	EXPECT_EQ(-EINVAL, create(self));
	self->arg.max = -1;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, max_of_0_is_invalid)
{
	self->arg.initial = 0;
	self->arg.max = 0;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, max_may_be_the_largest_number)
{
	self->arg.initial = KSEM_MAX_PERMITS;
	self->arg.max = KSEM_MAX_PERMITS;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(KSEM_MAX_PERMITS, ksem_test_info(self->fd).out_capacity);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(0, ksem_test_release(self->fd, KSEM_MAX_PERMITS));
}

TEST_F(create, max_above_the_largest_number_is_invalid)
{
	self->arg.max = KSEM_MAX_PERMITS + 1;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, default_is_a_nonfair_permit_semaphore)
{
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(0, ksem_test_info(self->fd).out_flags);
	EXPECT_EQ(KSEM_HANDOFF_DEFAULT_NS, ksem_test_info(self->fd).out_handoff_ns);
}

TEST_F(create, fair_is_reported)
{
	self->arg.flags = KSEM_CREATE_FAIR;
	self->arg.handoff_ns = 0;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(KSEM_CREATE_FAIR, ksem_test_info(self->fd).out_flags);
	EXPECT_EQ(0, ksem_test_info(self->fd).out_handoff_ns);
}

TEST_F(create, signal_is_reported)
{
	self->arg.flags = KSEM_CREATE_SIGNAL;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(KSEM_CREATE_SIGNAL, ksem_test_info(self->fd).out_flags);
}

TEST_F(create, fair_and_signal_go_together)
{
	self->arg.flags = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL;
	self->arg.handoff_ns = 0;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL,
		  ksem_test_info(self->fd).out_flags);
}

/* It would be fair, which has a flag of its own. */
TEST_F(create, nonfair_with_handoff_0_is_invalid)
{
	self->arg.handoff_ns = 0;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, fair_with_a_handoff_is_invalid)
{
	self->arg.flags = KSEM_CREATE_FAIR;
	EXPECT_EQ(-EINVAL, create(self));
	self->arg.handoff_ns = KSEM_HANDOFF_NEVER;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, handoff_may_be_1_or_never)
{
	int other = ksem_test_new_handoff(0, 1, 1, KSEM_HANDOFF_NEVER);

	ASSERT_LE(0, other);
	self->arg.handoff_ns = 1;
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_handoff_ns);
	EXPECT_EQ(KSEM_HANDOFF_NEVER, ksem_test_info(other).out_handoff_ns);
	close(other);
}

TEST_F(create, label_is_kept)
{
	ASSERT_EQ(0, create(self));
	EXPECT_STREQ("pool", (char *)ksem_test_info(self->fd).out_label);
}

TEST_F(create, label_may_be_empty)
{
	memset(self->arg.label, 0, sizeof(self->arg.label));
	ASSERT_EQ(0, create(self));
	EXPECT_STREQ("", (char *)ksem_test_info(self->fd).out_label);
}

TEST_F(create, label_may_have_31_bytes)
{
	memset(self->arg.label, 'x', KSEM_LABEL_SIZE - 1);
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(31, strlen((char *)ksem_test_info(self->fd).out_label));
}

TEST_F(create, label_of_32_bytes_is_invalid)
{
	memset(self->arg.label, 'x', KSEM_LABEL_SIZE);
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, label_takes_every_printable_character)
{
	int c;

	for (c = 0x20; c <= 0x7e; c++) {
		self->arg.label[1] = c;
		EXPECT_EQ(0, create(self))
			TH_LOG("character %#x", c);
		EXPECT_EQ(c, ksem_test_info(self->fd).out_label[1]);
		close(self->fd);
		self->fd = ksem_test_open(O_RDWR);
	}
}

TEST_F(create, label_refuses_every_other_character)
{
	int c;

	for (c = 1; c <= 0xff; c++) {
		if (c >= 0x20 && c <= 0x7e)
			continue;
		self->arg.label[1] = c;
		EXPECT_EQ(-EINVAL, create(self))
			TH_LOG("character %#x", c);
	}
}

/* Or else what is shown would not be what was given. */
TEST_F(create, label_must_be_zeros_from_the_first_zero_on)
{
	self->arg.label[KSEM_LABEL_SIZE - 1] = 'x';
	EXPECT_EQ(-EINVAL, create(self));
	self->arg.label[KSEM_LABEL_SIZE - 1] = 0;
	self->arg.label[5] = 'x';
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(create, second_create_is_EBUSY)
{
	ASSERT_EQ(0, create(self));
	self->arg.initial = 2;
	EXPECT_EQ(-EBUSY, create(self));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
}

TEST_F(create, create_after_attach_is_EBUSY)
{
	int other = ksem_test_fair(2, 2);

	ASSERT_EQ(0, ksem_test_attach(self->fd, other));
	EXPECT_EQ(-EBUSY, create(self));
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	close(other);
}

TEST_F(create, create_after_shutdown_is_EBUSY)
{
	ASSERT_EQ(0, create(self));
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_EQ(-EBUSY, create(self));
}

TEST_F(create, failure_leaves_the_handle_unbound)
{
	struct ksem_info info;

	self->arg.initial = 3;
	ASSERT_EQ(-EINVAL, create(self));
	EXPECT_EQ(-ENXIO, ksem_test_get_info(self->fd, &info));
	self->arg.initial = 1;
	EXPECT_EQ(0, create(self));
}

TEST_F(create, semaphores_are_independent)
{
	int other = ksem_test_nonfair(1, 2);

	ASSERT_EQ(0, create(self));
	EXPECT_EQ(0, ksem_test_acquire(other, 1));
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_NE(ksem_test_info(other).out_id, ksem_test_info(self->fd).out_id);
	close(other);
}

TEST_F(create, id_is_not_used_again)
{
	__u64 id;
	int i, fd;

	ASSERT_EQ(0, create(self));
	id = ksem_test_info(self->fd).out_id;
	for (i = 0; i < 10; i++) {
		fd = ksem_test_fair(1, 1);
		EXPECT_LT(id, ksem_test_info(fd).out_id);
		id = ksem_test_info(fd).out_id;
		close(fd);
	}
}

TEST_F(create, limit_of_semaphores_is_ENOSPC)
{
	long limit = ksem_test_set_parameter("max_semaphores", 0);

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	EXPECT_EQ(-ENOSPC, create(self));
	EXPECT_EQ(0, ksem_test_set_parameter("max_semaphores", limit));
	EXPECT_EQ(0, create(self));
}

TEST_F(create, limit_of_handles_is_ENOSPC)
{
	long limit = ksem_test_set_parameter("max_handles", 0);

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	EXPECT_EQ(-ENOSPC, create(self));
	EXPECT_EQ(0, ksem_test_set_parameter("max_handles", limit));
	EXPECT_EQ(0, create(self));
}

/* What a failing create took is given back: a limit of 1 is enough for ever. */
TEST_F(create, limits_count_what_exists)
{
	long limit = ksem_test_set_parameter("max_semaphores", 1);
	int i;

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	for (i = 0; i < 10; i++) {
		self->arg.initial = 3;
		EXPECT_EQ(-EINVAL, create(self));
		self->arg.initial = 1;
		EXPECT_EQ(0, create(self));
		EXPECT_EQ(-ENOSPC, ksem_test_fair(1, 1));
		close(self->fd);
		self->fd = ksem_test_open(O_RDWR);
	}
	EXPECT_EQ(1, ksem_test_set_parameter("max_semaphores", limit));
}

/* Two threads that create at the same time, where there is room for one more. */

#define ROUNDS		200

struct contest {
	atomic_int arrived;
	int result[2];
	int wrong;
};

struct contestant {
	struct contest *contest;
	pthread_t thread;
	int number;
	int arrivals;
};

/* Both go on at the same time. */
static void meet(struct contestant *c)
{
	c->arrivals += 2;
	c->contest->arrived++;
	while (c->contest->arrived < c->arrivals)
		sched_yield();
}

static void *contend(void *data)
{
	struct contestant *c = data;
	int *result = c->contest->result;
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		fd = ksem_test_open(O_RDWR);
		meet(c);
		result[c->number] = ksem_test_create(fd, KSEM_CREATE_FAIR, 1, 1);
		meet(c);
		if (result[0] + result[1] != -ENOSPC || (result[0] && result[1]))
			c->contest->wrong += !c->number;
		meet(c);
		close(fd);
	}
	return NULL;
}

/* In how many rounds was it not one of the two that succeeded? */
static int contest(void)
{
	struct contest contest = { };
	struct contestant c[2] = { };
	int i;

	for (i = 0; i < 2; i++) {
		c[i].contest = &contest;
		c[i].number = i;
		if (pthread_create(&c[i].thread, NULL, contend, &c[i]))
			return -1;
	}
	for (i = 0; i < 2; i++)
		pthread_join(c[i].thread, NULL);
	return contest.wrong;
}

TEST(limit_of_semaphores_is_met_exactly)
{
	long limit = ksem_test_set_parameter("max_semaphores", 1);

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	EXPECT_EQ(0, contest());
	EXPECT_EQ(1, ksem_test_set_parameter("max_semaphores", limit));
}

TEST(limit_of_handles_is_met_exactly)
{
	long limit = ksem_test_set_parameter("max_handles", 1);

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	EXPECT_EQ(0, contest());
	EXPECT_EQ(1, ksem_test_set_parameter("max_handles", limit));
}

TEST_HARNESS_MAIN
