// SPDX-License-Identifier: GPL-2.0-only
/*
 * Producers and consumers around a bounded buffer in shared memory.
 *
 * Two signal semaphores count free and filled slots. Their permits are not
 * borrowed but used up and made: a consumer makes the free slots that producers
 * use up, so nobody holds them and nothing would come back from the dead. A
 * third semaphore, a permit semaphore of 1, guards the buffer's indices.
 *
 * Checked is that every item arrives once, and those of a producer in order.
 */
#include <err.h>
#include <errno.h>
#include <ksem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS		8
#define PRODUCERS	4
#define CONSUMERS	3
#define ITEMS		500	/* of each producer */

struct item {
	unsigned int producer;
	unsigned int number;
};

struct buffer {
	struct item slot[SLOTS];
	unsigned int in;
	unsigned int out;
	unsigned int next[PRODUCERS];	/* the number expected of each */
	unsigned int disorder;
};

/* Signal semaphores know no holders: all processes may share a handle. */
static struct ksem *free_slots;
static struct ksem *filled_slots;
static struct ksem *lock;
static struct buffer *buffer;

static void must(int result, const char *what)
{
	if (result)
		err(1, "%s", what);
}

static void put(struct ksem *own_lock, struct item item)
{
	must(ksem_acquire(free_slots), "acquire a free slot");
	must(ksem_acquire(own_lock), "acquire the lock");
	buffer->slot[buffer->in++ % SLOTS] = item;
	must(ksem_release(own_lock), "release the lock");
	must(ksem_release(filled_slots), "release a filled slot");
}

/* False when there will be no more. */
static bool get(struct ksem *own_lock)
{
	struct item item;

	if (ksem_acquire(filled_slots)) {
		if (errno == ESHUTDOWN)
			return false;
		err(1, "acquire a filled slot");
	}
	must(ksem_acquire(own_lock), "acquire the lock");
	item = buffer->slot[buffer->out++ % SLOTS];
	if (item.number != buffer->next[item.producer]++)
		buffer->disorder++;
	must(ksem_release(own_lock), "release the lock");
	must(ksem_release(free_slots), "release a free slot");
	return true;
}

static void produce(struct ksem *own_lock, int producer)
{
	struct item item = { .producer = producer };

	for (; item.number < ITEMS; item.number++)
		put(own_lock, item);
}

static void consume(struct ksem *own_lock, int consumer)
{
	(void)consumer;
	while (get(own_lock))
		;
}

static pid_t start(void (*job)(struct ksem *own_lock, int number), int number)
{
	struct ksem *own_lock;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The lock has holders, and each process is one. */
	own_lock = ksem_attach(lock);
	if (!own_lock)
		err(1, "ksem_attach");
	job(own_lock, number);
	exit(0);
}

static void end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status)
		errx(1, "process %d failed", pid);
}

/* The limit turns a slot that is released twice into an error. */
static struct ksem *create_slots(unsigned int initial)
{
	struct ksem_attr *attr = ksem_attr_new();
	struct ksem *k;

	if (!attr || ksem_attr_set_signal(attr, true) ||
	    ksem_attr_set_max(attr, SLOTS))
		err(1, "attributes");
	k = ksem_create(initial, attr);
	if (!k)
		err(1, "ksem_create");
	ksem_attr_free(attr);
	return k;
}

static void set_up(void)
{
	free_slots = create_slots(SLOTS);
	filled_slots = create_slots(0);
	lock = ksem_create(1, NULL);
	if (!lock)
		err(1, "ksem_create");
	buffer = mmap(NULL, sizeof(*buffer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		err(1, "mmap");
}

int main(void)
{
	pid_t producer[PRODUCERS], consumer[CONSUMERS];
	int i;

	set_up();
	for (i = 0; i < CONSUMERS; i++)
		consumer[i] = start(consume, i);
	for (i = 0; i < PRODUCERS; i++)
		producer[i] = start(produce, i);
	for (i = 0; i < PRODUCERS; i++)
		end(producer[i]);
	/* All slots are free when the last item has been taken out. */
	must(ksem_acquire_n(free_slots, SLOTS), "wait for the last item");
	must(ksem_shutdown(filled_slots), "end the consumers");
	for (i = 0; i < CONSUMERS; i++)
		end(consumer[i]);

	for (i = 0; i < PRODUCERS; i++) {
		printf("producer %d: %u of %d items arrived\n", i,
		       buffer->next[i], ITEMS);
		if (buffer->next[i] != ITEMS)
			errx(1, "items were lost or doubled");
	}
	printf("out of order: %u\n", buffer->disorder);
	return buffer->disorder ? 1 : 0;
}
