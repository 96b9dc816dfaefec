// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool of objects in shared memory that are found valid whoever died.
 *
 * A permit of the pool says that an object is to be had; a table in shared
 * memory says who has which. Workers take an object, with a time-out, change it
 * in two steps and put it back. Some are killed between the steps: the permit
 * comes back, the object stays behind, half changed. The next to take an object
 * sees that permits were reclaimed, and repairs what no holder of the pool has
 * any more.
 */
#include <err.h>
#include <errno.h>
#include <ksem.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OBJECTS		4
#define WORKERS		12
#define MORTALS		4	/* of the workers */
#define ROUNDS		25	/* of each worker that lives */
#define WORTH		1000	/* what the halves of an object add up to */
#define AMOUNT		10	/* moved from half to half by a user */

struct object {
	pid_t user;		/* 0: free */
	int left, right;
};

/* Guarded by the lock, but for the halves: these are the user's. */
struct table {
	struct object object[OBJECTS];
	__u64 reclaimed;	/* permits that had come back when last repaired */
	unsigned int repaired;
	unsigned int told;	/* grants that brought the news of a death */
};

/*
 * The pool's permits are the objects; the lock is a pool of one. A process
 * that dies with the lock gives it back too.
 */
static struct ksem *pool, *lock;
static struct table *table;

static void must(int result, const char *what)
{
	if (result)
		err(1, "%s", what);
}

static bool is_holder(pid_t pid, const struct ksem_holder_entry *entry, int n)
{
	while (n--)
		if (entry++->opener_pid == (unsigned int)pid)
			return true;
	return false;
}

/*
 * The user took its permit before the object, and puts it back after: while it
 * has the object it is among the holders. The list may show more of them than
 * there are permits, since they come and go while it is read, but never more
 * than there are workers. A process number is not given again so soon that a
 * dead user could be taken for a new one.
 */
static void repair_abandoned(void)
{
	struct ksem_holder_entry entry[WORKERS];
	struct ksem_holders holders = {
		.size = sizeof(holders),
		.entries = (uintptr_t)entry,
		.count = WORKERS,
		.entry_size = sizeof(entry[0]),
	};
	struct object *o;

	must(ksem_holders(pool, &holders), "ksem_holders");
	for (o = table->object; o < table->object + OBJECTS; o++) {
		if (!o->user || is_holder(o->user, entry, holders.out_count))
			continue;
		if (o->left + o->right != WORTH)
			table->repaired++;
		o->right = WORTH - o->left;
		o->user = 0;
	}
}

/*
 * The grant that says RECOVERED may go to one who dies before the repair, so
 * the count of reclaimed permits decides.
 */
static void repair_if_needed(void)
{
	struct ksem_info info = { .size = sizeof(info) };

	must(ksem_info(pool, &info), "ksem_info");
	if (info.out_reclaimed == table->reclaimed)
		return;
	repair_abandoned();
	table->reclaimed = info.out_reclaimed;
}

/* NULL: all are in use, and were for the time that the caller would wait. */
static struct object *take(const struct timespec *timeout)
{
	struct object *o = table->object;

	if (ksem_acquire_timed(pool, timeout)) {
		if (errno == ETIMEDOUT)
			return NULL;
		err(1, "ksem_acquire_timed");
	}
	must(ksem_acquire(lock), "acquire the lock");
	table->told += ksem_recovered(pool);
	repair_if_needed();
	while (o->user)
		if (++o == table->object + OBJECTS)
			errx(1, "a permit, and no object");
	o->user = getpid();
	must(ksem_release(lock), "release the lock");
	return o;
}

static void put_back(struct object *o)
{
	must(ksem_acquire(lock), "acquire the lock");
	o->user = 0;
	must(ksem_release(lock), "release the lock");
	must(ksem_release(pool), "release to the pool");
}

static void use(struct object *o, bool die)
{
	struct timespec t = { .tv_nsec = 2000000 };

	if (o->left + o->right != WORTH)
		errx(1, "an invalid object: %d + %d", o->left, o->right);
	o->left -= AMOUNT;
	nanosleep(&t, NULL);
	if (die)
		kill(getpid(), SIGKILL);
	o->right += AMOUNT;
}

static void work(bool mortal)
{
	struct timespec timeout = { .tv_nsec = 1000000 };
	struct object *o;
	int i;

	/* A holder of its own, of the pool and of the lock. */
	pool = ksem_attach(pool);
	lock = ksem_attach(lock);
	if (!pool || !lock)
		err(1, "ksem_attach");
	for (i = 0; i < ROUNDS; i++) {
		do {
			o = take(&timeout);
		} while (!o);
		use(o, mortal && i == ROUNDS / 2);
		put_back(o);
	}
	exit(0);
}

static void start_worker(bool mortal)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(mortal);
	}
}

static void set_up(void)
{
	int i;

	pool = ksem_create(OBJECTS, NULL);
	lock = ksem_create(1, NULL);
	if (!pool || !lock)
		err(1, "ksem_create");
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < OBJECTS; i++)
		table->object[i].left = WORTH;
}

int main(void)
{
	struct ksem_info info = { .size = sizeof(info) };
	unsigned int died = 0;
	int i, status;

	set_up();
	for (i = 0; i < WORKERS; i++)
		start_worker(i < MORTALS);
	/* Each that died is replaced. */
	while (wait(&status) > 0) {
		if (WIFSIGNALED(status)) {
			died++;
			start_worker(false);
		} else if (status) {
			errx(1, "a worker failed");
		}
	}
	repair_if_needed();
	must(ksem_info(pool, &info), "ksem_info");

	printf("workers:   %d; %u were killed with an object half changed\n",
	       WORKERS, died);
	printf("repaired:  %u objects; %u grants told of a death\n",
	       table->repaired, table->told);
	printf("time-outs: %llu\n", (unsigned long long)info.out_timeouts);
	printf("available: %d of %d\n", info.out_available, OBJECTS);
	for (i = 0; i < OBJECTS; i++)
		if (table->object[i].left + table->object[i].right != WORTH)
			errx(1, "object %d is not valid", i);
	/* How often time was up is the machine's affair. */
	if (info.out_available != OBJECTS || died != MORTALS || table->repaired != died)
		errx(1, "these numbers are wrong");
	return 0;
}
