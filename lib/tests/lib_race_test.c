// SPDX-License-Identifier: GPL-2.0-only
/* ksem_open by several at once, processes and threads: one of them creates. */
#include "lib_mount.h"
#include "ksem_test_storm.h"

#define RACERS	4

/* Fewer where each takes long: there the races are wide. */
static int rounds(void)
{
	return 10 + 190 / ksem_test_slow();
}

/* Shared by all of them. */
struct race {
	pthread_barrier_t barrier;
	struct racer {
		pthread_t thread;
		pid_t pid;
		int result;
		__u64 id;
		__u32 capacity;
	} racer[RACERS];
};

FIXTURE(race)
{
	struct race *race;
};

FIXTURE_VARIANT(race)
{
	int flags;
	bool threads;
};

FIXTURE_VARIANT_ADD(race, processes)
{
	.flags = O_CREAT,
};

FIXTURE_VARIANT_ADD(race, processes_exclusive)
{
	.flags = O_CREAT | O_EXCL,
};

FIXTURE_VARIANT_ADD(race, threads)
{
	.flags = O_CREAT,
	.threads = true,
};

FIXTURE_VARIANT_ADD(race, threads_exclusive)
{
	.flags = O_CREAT | O_EXCL,
	.threads = true,
};

/* Nothing here waits for ever: the harness ends a test that does not end. */
FIXTURE_SETUP(race)
{
	pthread_barrierattr_t shared;

	ASSERT_EQ(0, lib_mount_own());
	self->race = mmap(NULL, sizeof(*self->race), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->race);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	ASSERT_EQ(0, pthread_barrier_init(&self->race->barrier, &shared,
					  RACERS + 1));
}

FIXTURE_TEARDOWN(race)
{
	munmap(self->race, sizeof(*self->race));
}

static struct race *race;
static int race_flags;

/* Each would give it another capacity: who created it can be seen. */
static void *racer_main(void *data)
{
	struct racer *racer = data;
	int i, count = rounds();
	struct ksem *k;

	for (i = 0; i < count; i++) {
		pthread_barrier_wait(&race->barrier);
		racer->result = LIB_NEW(k, lib_open("race", race_flags,
						    1 + racer - race->racer));
		if (!racer->result) {
			racer->id = lib_id(k);
			racer->capacity = lib_info(k).out_capacity;
		}
		/* All have it open until all have looked. */
		pthread_barrier_wait(&race->barrier);
		if (!racer->result)
			ksem_close(k);
	}
	return NULL;
}

static bool racer_start(struct racer *racer, bool thread)
{
	pid_t pid;

	if (thread)
		return !pthread_create(&racer->thread, NULL, racer_main, racer);
	pid = ksem_test_fork();
	if (!pid) {
		racer_main(racer);
		_exit(0);
	}
	/* It is shared: the child's copy of the number must not get there. */
	racer->pid = pid;
	return pid > 0;
}

static int racer_end(struct racer *racer, bool thread)
{
	return thread ? -pthread_join(racer->thread, NULL) :
			ksem_test_reap(racer->pid);
}

/* With O_EXCL one wins; without it all do, and have the same. */
static bool race_is_right(void)
{
	int i, won = 0, first = -1;

	for (i = 0; i < RACERS; i++) {
		const struct racer *racer = &race->racer[i];

		if (racer->result) {
			if (racer->result != -EEXIST || !(race_flags & O_EXCL))
				return false;
			continue;
		}
		won++;
		if (first < 0)
			first = i;
		if (racer->id != race->racer[first].id ||
		    racer->capacity != race->racer[first].capacity)
			return false;
	}
	return race_flags & O_EXCL ? won == 1 : won == RACERS;
}

TEST_F(race, exactly_one_creates)
{
	int i, count = rounds(), wrong = 0;

	race = self->race;
	race_flags = variant->flags;
	for (i = 0; i < RACERS; i++)
		ASSERT_TRUE(racer_start(&race->racer[i], variant->threads));
	for (i = 0; i < count; i++) {
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		wrong += !race_is_right();
		EXPECT_EQ(0, LIB(ksem_unlink("race")));
	}
	for (i = 0; i < RACERS; i++)
		EXPECT_EQ(0, racer_end(&race->racer[i], variant->threads));
	EXPECT_EQ(0, wrong);
}

static void create_and_unlink_for_ever(void)
{
	for (;;) {
		ksem_close(lib_open("race", O_CREAT, 1));
		unlink(LIB_PATH("race"));
	}
}

/* Whatever happens to the name: who may create it gets a semaphore. */
TEST(open_succeeds_while_others_create_and_unlink)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	int i, count = 20 * rounds(), created = 0;
	struct ksem *k;
	__u64 id = 0;
	pid_t pid;

	ASSERT_EQ(0, lib_mount_own());
	pid = ksem_test_fork();
	if (!pid)
		create_and_unlink_for_ever();
	/* The other may have a late start. */
	for (i = 0; i < count || (created < 2 && ksem_test_now() < give_up); i++) {
		ASSERT_EQ(0, LIB_NEW(k, lib_open("race", O_CREAT, 1)));
		created += lib_id(k) != id;
		id = lib_id(k);
		EXPECT_EQ(0, ksem_close(k));
	}
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(pid));
	ksem_test_figure("opened another than before", created, 0);
	EXPECT_LT(1, created);
}

/* 0 where the only permit is had by nobody else, or an error. */
static int hold_alone(struct ksem *k, int *holders)
{
	int result = LIB(ksem_acquire(k));
	int others;

	if (result)
		return result;
	others = __atomic_fetch_add(holders, 1, __ATOMIC_SEQ_CST);
	sched_yield();
	__atomic_fetch_sub(holders, 1, __ATOMIC_SEQ_CST);
	return others ? LIB_BROKEN : LIB(ksem_release(k));
}

/* 0, or the first error of opening and closing a temporary name in turn. */
static int open_temporary(int count, int *holders)
{
	struct ksem_attr *attr = ksem_attr_new();
	int result = ksem_attr_set_temporary(attr, true);
	struct ksem *k;

	while (!result && count--) {
		result = LIB_NEW(k, ksem_open("race", O_CREAT, 0600, attr));
		if (result)
			break;
		result = hold_alone(k, holders);
		if (!result)
			result = LIB(ksem_close(k));
	}
	ksem_attr_free(attr);
	return result;
}

FIXTURE(temporary)
{
	int *holders;
};

FIXTURE_VARIANT(temporary)
{
	bool device;
};

FIXTURE_VARIANT_ADD(temporary, device)
{
	.device = true,
};

/* A name is made and opened in two steps. */
FIXTURE_VARIANT_ADD(temporary, no_device)
{
	.device = false,
};

FIXTURE_SETUP(temporary)
{
	ASSERT_EQ(0, lib_mount_own());
	if (!variant->device)
		ASSERT_EQ(0, lib_mount("/dev", "tmpfs", "mode=0755"));
	self->holders = ksem_test_shared(sizeof(*self->holders));
}

FIXTURE_TEARDOWN(temporary)
{
}

/* One that is about to go cannot be opened, and makes room for the next. */
TEST_F(temporary, open_succeeds_while_another_goes)
{
	pid_t pid[RACERS];
	int i;

	for (i = 0; i < RACERS; i++) {
		pid[i] = ksem_test_fork();
		if (!pid[i])
			ksem_test_exit(open_temporary(3 * rounds(), self->holders));
	}
	for (i = 0; i < RACERS; i++)
		EXPECT_EQ(0, ksem_test_reap(pid[i]));
	/* Where the directory was locked the name goes a moment later. */
	EXPECT_TRUE(ksem_test_until(!lib_exists(LIB_PATH("race"))));
}

TEST_HARNESS_MAIN
