// SPDX-License-Identifier: GPL-2.0-only
/* A second handle on a semaphore: a holder of its own. */
#include "ksem_test.h"

FIXTURE(attach) {
	int owner;
	int fd;
};

FIXTURE_SETUP(attach)
{
	self->owner = ksem_test_fair(4, 8);
	ASSERT_LE(0, self->owner);
	self->fd = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(attach)
{
	close(self->fd);
	close(self->owner);
}

TEST_F(attach, both_handles_are_on_one_semaphore)
{
	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(ksem_test_info(self->owner).out_id, ksem_test_info(self->fd).out_id);
	EXPECT_STREQ("selftest", (char *)ksem_test_info(self->fd).out_label);
	EXPECT_EQ(KSEM_CREATE_FAIR, ksem_test_info(self->fd).out_flags);
	EXPECT_EQ(8, ksem_test_info(self->fd).out_max);
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	EXPECT_EQ(1, ksem_test_info(self->owner).out_available);
}

TEST_F(attach, accounts_are_separate)
{
	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	ASSERT_EQ(0, ksem_test_acquire(self->owner, 1));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	EXPECT_EQ(1, ksem_test_info(self->owner).out_own);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(-EPERM, ksem_test_release(self->owner, 2));
}

TEST_F(attach, info_counts_the_handles)
{
	EXPECT_EQ(1, ksem_test_info(self->owner).out_handles);
	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(2, ksem_test_info(self->owner).out_handles);
	close(self->fd);
	EXPECT_EQ(1, ksem_test_info(self->owner).out_handles);
}

TEST_F(attach, semaphore_lives_as_long_as_one_handle)
{
	int third;

	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	close(self->owner);
	EXPECT_EQ(0, ksem_test_acquire(self->fd, 4));
	third = ksem_test_attached(self->fd);
	ASSERT_LE(0, third);
	EXPECT_EQ(0, ksem_test_release(self->fd, 4));
	EXPECT_EQ(0, ksem_test_acquire(third, 4));
	close(third);
}

TEST_F(attach, descriptor_that_is_not_open_is_EBADF)
{
	int closed = dup(self->owner);

	close(closed);
	EXPECT_EQ(-EBADF, ksem_test_attach(self->fd, closed));
	EXPECT_EQ(-EBADF, ksem_test_attach(self->fd, -1));
	EXPECT_EQ(-EBADF, ksem_test_attach(self->fd, 0x7fffffff));
	EXPECT_EQ(-EBADF, ksem_test_attach(self->fd, AT_FDCWD));
}

TEST_F(attach, path_descriptor_is_EBADF)
{
	int path = open(KSEM_TEST_DEVICE, O_PATH);

	ASSERT_LE(0, path);
	EXPECT_EQ(-EBADF, ksem_test_attach(self->fd, path));
	close(path);
}

TEST_F(attach, descriptor_of_another_kind_is_invalid)
{
	int null = open("/dev/null", O_RDWR);
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EINVAL, ksem_test_attach(self->fd, null));
	EXPECT_EQ(-EINVAL, ksem_test_attach(self->fd, pipes[0]));
	EXPECT_EQ(-EINVAL, ksem_test_attach(self->fd, pipes[1]));
	close(null);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(attach, descriptor_of_another_kind_is_let_go)
{
	char byte;
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_NONBLOCK));
	EXPECT_EQ(-EINVAL, ksem_test_attach(self->fd, pipes[1]));
	close(pipes[1]);
	/* Nobody can write any more. */
	EXPECT_EQ(0, read(pipes[0], &byte, 1));
	close(pipes[0]);
}

TEST_F(attach, unbound_handle_to_attach_to_is_ENXIO)
{
	int unbound = ksem_test_open(O_RDWR);

	EXPECT_EQ(-ENXIO, ksem_test_attach(self->fd, unbound));
	close(unbound);
}

TEST_F(attach, attach_to_itself_is_ENXIO)
{
	EXPECT_EQ(-ENXIO, ksem_test_attach(self->fd, self->fd));
}

TEST_F(attach, bound_handle_is_EBUSY)
{
	int third = ksem_test_fair(1, 1);

	EXPECT_EQ(-EBUSY, ksem_test_attach(third, self->owner));
	EXPECT_EQ(-EBUSY, ksem_test_attach(third, third));
	EXPECT_EQ(1, ksem_test_info(third).out_max);
	EXPECT_EQ(1, ksem_test_info(self->owner).out_handles);
	close(third);
}

TEST_F(attach, second_attach_is_EBUSY)
{
	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(-EBUSY, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(2, ksem_test_info(self->owner).out_handles);
}

TEST_F(attach, attach_after_shutdown_is_ESHUTDOWN)
{
	struct ksem_info info;

	ASSERT_EQ(0, ksem_test_shutdown(self->owner));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(1, ksem_test_info(self->owner).out_handles);
	EXPECT_EQ(-ENXIO, ksem_test_get_info(self->fd, &info));
	EXPECT_EQ(0, ksem_test_create(self->fd, 0, 1, 1));
}

TEST_F(attach, limit_of_handles_is_ENOSPC)
{
	long limit = ksem_test_set_parameter("max_handles", 1);

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	EXPECT_EQ(-ENOSPC, ksem_test_attach(self->fd, self->owner));
	EXPECT_EQ(1, ksem_test_set_parameter("max_handles", 2));
	EXPECT_EQ(0, ksem_test_attach(self->fd, self->owner));
	close(self->fd);
	self->fd = ksem_test_attached(self->owner);
	EXPECT_LE(0, self->fd);
	EXPECT_EQ(2, ksem_test_set_parameter("max_handles", limit));
}

TEST_F(attach, failure_leaves_the_handle_unbound)
{
	struct ksem_info info;

	ASSERT_EQ(-EBADF, ksem_test_attach(self->fd, -1));
	EXPECT_EQ(-ENXIO, ksem_test_get_info(self->fd, &info));
	EXPECT_EQ(0, ksem_test_attach(self->fd, self->owner));
}

TEST_F(attach, own_words_are_looked_at_before_the_other_handle)
{
	struct ksem_attach arg = { .size = sizeof(arg), .fd = -1, .reserved = 1 };

	EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, KSEM_IOC_ATTACH, &arg));
	arg.reserved = 0;
	arg.flags = 1;
	EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, KSEM_IOC_ATTACH, &arg));
}

TEST_F(attach, chain_of_handles_works)
{
	int second, third;

	ASSERT_EQ(0, ksem_test_attach(self->fd, self->owner));
	second = ksem_test_attached(self->fd);
	third = ksem_test_attached(second);
	ASSERT_LE(0, third);
	EXPECT_EQ(4, ksem_test_info(third).out_handles);
	EXPECT_EQ(0, ksem_test_acquire(third, 4));
	EXPECT_EQ(0, ksem_test_info(self->owner).out_available);
	close(second);
	close(third);
	EXPECT_EQ(4, ksem_test_info(self->owner).out_available);
}

TEST_F(attach, signal_semaphore_can_be_attached_to)
{
	int signal = ksem_test_signal(0, 8);

	ASSERT_EQ(0, ksem_test_attach(self->fd, signal));
	EXPECT_EQ(0, ksem_test_release(self->fd, 2));
	EXPECT_EQ(0, ksem_test_acquire(signal, 2));
	close(signal);
}

/* Two threads bind one handle: one of them does, and nothing is left over. */
struct race {
	int fd;
	int owner;
	int round;	/* the last one that may begin */
	int ended;	/* the last one that the racer has ended */
	int result;
};

#define ROUNDS	1000

static void wait_for_round(int *counter, int round)
{
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != round)
		sched_yield();
}

static void *race_main(void *data)
{
	struct race *race = data;
	int round;

	for (round = 1; round <= ROUNDS; round++) {
		wait_for_round(&race->round, round);
		race->result = ksem_test_attach(race->fd, race->owner);
		__atomic_store_n(&race->ended, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

TEST_F_TIMEOUT(attach, one_of_two_racing_attaches_is_EBUSY, 120)
{
	struct race race = { .owner = self->owner };
	pthread_t racer;
	int round;

	ASSERT_EQ(0, pthread_create(&racer, NULL, race_main, &race));
	for (round = 1; round <= ROUNDS; round++) {
		int result;

		race.fd = ksem_test_open(O_RDWR);
		__atomic_store_n(&race.round, round, __ATOMIC_RELEASE);
		result = ksem_test_attach(race.fd, self->owner);
		wait_for_round(&race.ended, round);
		ASSERT_EQ(-EBUSY, result + race.result);
		ASSERT_EQ(2, ksem_test_info(self->owner).out_handles);
		close(race.fd);
	}
	ASSERT_EQ(0, pthread_join(racer, NULL));
}

/* With room for one semaphore the next one shows whether the first is gone. */
TEST(failing_attach_keeps_nothing_of_the_semaphore)
{
	long limit = ksem_test_set_parameter("max_semaphores", 1);
	int owner, fd;

	if (limit < 0)
		SKIP(return, "the module's parameters cannot be set");
	owner = ksem_test_fair(1, 1);
	fd = ksem_test_open(O_RDWR);
	EXPECT_EQ(0, ksem_test_shutdown(owner));
	EXPECT_EQ(-ESHUTDOWN, ksem_test_attach(fd, owner));
	close(fd);
	close(owner);
	EXPECT_LE(0, ksem_test_fair(1, 1));
	EXPECT_EQ(1, ksem_test_set_parameter("max_semaphores", limit));
}

TEST_HARNESS_MAIN
