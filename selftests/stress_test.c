// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that make much of semaphores: lists that are read all the time, and the
 * classics. Storms that count are in storm_*_test.c.
 */
#include "ksem_test_storm.h"

/* Lists are read while what they show comes and goes. */

static void come_and_go(int fd, unsigned int seed)
{
	int own;

	for (;;) {
		own = ksem_test_attached(fd);
		if (own < 0)
			_exit(1);
		if (ksem_test_acquire_ex(own, 0, 1, ksem_test_now() +
					 ksem_test_chance(&seed) % 300000, NULL) == -EINVAL)
			_exit(2);
		close(own);
	}
}

TEST(lists_can_be_read_while_handles_come_and_go)
{
	unsigned int seed = ksem_test_new_seed(), i, k, wrong = 0;
	struct ksem_holder_entry holder[8];
	struct ksem_waiter_entry waiter[8];
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	int fd = ksem_test_fair(2, 2);
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = ksem_test_fork();
		if (!pid[i])
			come_and_go(fd, ksem_test_own_seed(seed, i));
	}
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, ksem_test_holders(fd, holder, 8, &holders));
		ASSERT_EQ(0, ksem_test_waiters(fd, waiter, 8, &waiters));
		wrong += holders.out_count > 4 || waiters.out_count > 4;
		for (k = 0; k < holders.out_count && k < 4; k++)
			wrong += holder[k].permits != 1;
		for (k = 0; k < waiters.out_count && k < 4; k++)
			wrong += waiter[k].permits != 1;
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(256 + SIGKILL, ksem_test_kill(pid[i]));
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(2, ksem_test_info(fd).out_available);
	EXPECT_EQ(1, ksem_test_info(fd).out_handles);
}

/* Classic programs. */

#define PHILOSOPHERS	5
#define MEALS		100

struct table {
	int seats;
	int fork[PHILOSOPHERS];
	int eating[PHILOSOPHERS];
	unsigned int wrong;
};

struct philosopher {
	struct table *table;
	int who;
	pthread_t thread;
};

static void *dine(void *data)
{
	struct philosopher *p = data;
	struct table *t = p->table;
	int left = t->fork[p->who], right = t->fork[(p->who + 1) % PHILOSOPHERS];
	int i;

	for (i = 0; i < MEALS; i++) {
		if (ksem_test_acquire(t->seats, 1) || ksem_test_acquire(left, 1) ||
		    ksem_test_acquire(right, 1))
			ksem_test_count(&t->wrong);
		__atomic_store_n(&t->eating[p->who], 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&t->eating[(p->who + 1) % PHILOSOPHERS], __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&t->eating[(p->who + 4) % PHILOSOPHERS], __ATOMIC_SEQ_CST))
			ksem_test_count(&t->wrong);
		__atomic_store_n(&t->eating[p->who], 0, __ATOMIC_SEQ_CST);
		if (ksem_test_release(right, 1) || ksem_test_release(left, 1) ||
		    ksem_test_release(t->seats, 1))
			ksem_test_count(&t->wrong);
	}
	return NULL;
}

TEST(five_philosophers_dine)
{
	struct philosopher philosopher[PHILOSOPHERS];
	struct table table = { .seats = ksem_test_fair(PHILOSOPHERS - 1, PHILOSOPHERS - 1) };
	int i;

	for (i = 0; i < PHILOSOPHERS; i++)
		table.fork[i] = ksem_test_nonfair(1, 1);
	for (i = 0; i < PHILOSOPHERS; i++) {
		philosopher[i] = (struct philosopher){ .table = &table, .who = i };
		ASSERT_EQ(0, pthread_create(&philosopher[i].thread, NULL, dine, &philosopher[i]));
	}
	for (i = 0; i < PHILOSOPHERS; i++)
		pthread_join(philosopher[i].thread, NULL);
	EXPECT_EQ(0, table.wrong);
}

#define READERS		4
#define READINGS	200

struct book {
	int fd;
	unsigned int pages[2];
	unsigned int wrong;
};

static void *read_book(void *data)
{
	struct book *book = data;
	int i;

	for (i = 0; i < READINGS; i++) {
		if (ksem_test_acquire(book->fd, 1) || book->pages[0] != book->pages[1])
			ksem_test_count(&book->wrong);
		if (ksem_test_release(book->fd, 1))
			ksem_test_count(&book->wrong);
	}
	return NULL;
}

TEST(readers_never_see_half_of_what_a_writer_does)
{
	struct book book = { .fd = ksem_test_fair(READERS, READERS) };
	pthread_t reader[READERS];
	int i;

	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&reader[i], NULL, read_book, &book));
	for (i = 0; i < READINGS; i++) {
		/* The writer takes all of it: no reader is left. */
		ASSERT_EQ(0, ksem_test_acquire(book.fd, READERS));
		book.pages[0]++;
		sched_yield();
		book.pages[1]++;
		ASSERT_EQ(0, ksem_test_release(book.fd, READERS));
	}
	for (i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	EXPECT_EQ(0, book.wrong);
	EXPECT_EQ(READERS, ksem_test_info(book.fd).out_available);
}

TEST_HARNESS_MAIN
