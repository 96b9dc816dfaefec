// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many at a time, by chance, and the books are right at the end. Each test says
 * which seed it used; KSEM_STRESS_SEED makes it use that one again.
 */
#include "ksem_test.h"
#include "ksem_test_actor.h"
#include "ksem_test_proc.h"

static unsigned int new_seed(void)
{
	const char *text = getenv("KSEM_STRESS_SEED");

	return text ? strtoul(text, NULL, 0) : ksem_test_now();
}

/* A thread's or a process's own numbers. */
static unsigned int own_seed(unsigned int seed, unsigned int who)
{
	return seed + who * 2654435761U;
}

static void busy_for_up_to(unsigned int us, unsigned int *seed)
{
	__u64 until = ksem_test_now() + rand_r(seed) % (us * 1000);

	while (ksem_test_now() < until)
		continue;
}

static void *shared_memory(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/*
 * Processes that take one to three permits in every way that there is, and count
 * each other.
 */

#define CAPACITY	5
#define OPERATIONS	300

struct tally {
	int inside;
	unsigned int too_many;
	unsigned int granted;
	unsigned int timeouts;
	unsigned int surprises;
};

FIXTURE(mix) {
	int fd;
	struct tally *tally;
	unsigned int seed;
};

FIXTURE_VARIANT(mix) {
	bool fair;
	int processes;
};

FIXTURE_VARIANT_ADD(mix, fair_2) { .fair = true, .processes = 2 };

FIXTURE_VARIANT_ADD(mix, fair_8) { .fair = true, .processes = 8 };

FIXTURE_VARIANT_ADD(mix, nonfair_2) { .fair = false, .processes = 2 };

FIXTURE_VARIANT_ADD(mix, nonfair_8) { .fair = false, .processes = 8 };

FIXTURE_SETUP(mix)
{
	self->fd = variant->fair ? ksem_test_fair(CAPACITY, CAPACITY) :
				   ksem_test_nonfair(CAPACITY, CAPACITY);
	ASSERT_LE(0, self->fd);
	self->tally = shared_memory(sizeof(*self->tally));
	ASSERT_NE(MAP_FAILED, self->tally);
	self->seed = new_seed();
}

FIXTURE_TEARDOWN(mix)
{
	close(self->fd);
}

static int acquire_by_chance(int fd, __u32 n, unsigned int *seed)
{
	switch (rand_r(seed) % 4) {
	case 0:
		return ksem_test_try_acquire(fd, n);
	case 1:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_TOKEN, n,
					    ksem_test_now() + rand_r(seed) % 500000, NULL);
	case 2:
		return ksem_test_acquire_ex(fd, KSEM_FLAG_UNINTERRUPTIBLE, n,
					    KSEM_NO_DEADLINE, NULL);
	default:
		return ksem_test_acquire(fd, n);
	}
}

static void count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static void mix_main(int fd, struct tally *tally, unsigned int seed)
{
	int own = ksem_test_attached(fd), i, result;
	__u32 n;

	for (i = 0; i < OPERATIONS; i++) {
		n = 1 + rand_r(&seed) % 3;
		result = acquire_by_chance(own, n, &seed);
		if (result == 0) {
			count(&tally->granted);
			if (__atomic_add_fetch(&tally->inside, n, __ATOMIC_SEQ_CST) > CAPACITY)
				count(&tally->too_many);
			if (rand_r(&seed) % 2)
				sched_yield();
			__atomic_sub_fetch(&tally->inside, n, __ATOMIC_SEQ_CST);
			if (ksem_test_release(own, n))
				count(&tally->surprises);
		} else if (result == -ETIMEDOUT) {
			count(&tally->timeouts);
		} else if (result != -EAGAIN) {
			count(&tally->surprises);
		}
	}
	_exit(0);
}

TEST_F(mix, of_requests_never_exceeds_the_capacity)
{
	struct ksem_info info;
	pid_t pid[8];
	int i;

	for (i = 0; i < variant->processes; i++) {
		pid[i] = ksem_test_fork();
		if (!pid[i])
			mix_main(self->fd, self->tally, own_seed(self->seed, i));
	}
	for (i = 0; i < variant->processes; i++)
		EXPECT_EQ(0, ksem_test_reap(pid[i]));
	TH_LOG("seed %u: %u granted, %u timed out", self->seed, self->tally->granted,
	       self->tally->timeouts);
	EXPECT_EQ(0, self->tally->too_many);
	EXPECT_EQ(0, self->tally->surprises);
	info = ksem_test_info(self->fd);
	EXPECT_EQ(CAPACITY, info.out_available);
	EXPECT_EQ(0, info.out_waiters);
	EXPECT_EQ(0, info.out_holders);
	EXPECT_EQ(0, info.out_demand);
	EXPECT_EQ(self->tally->granted, info.out_acquires);
	EXPECT_EQ(self->tally->granted, info.out_releases);
	EXPECT_EQ(self->tally->timeouts, info.out_timeouts);
	EXPECT_EQ(0, info.out_reclaimed);
}

/*
 * The storm: eight processes acquire and release permits of three semaphores,
 * waiting or not, until they are killed. A cycle is the life of one of them: it
 * has had a grant at least once, then it is killed with -9 at a moment of
 * chance, waiting or holding or in between, reaped, and replaced. After each
 * hundred cycles all are killed, and every permit has to be back.
 *
 * KSEM_STORM_CYCLES: how many, in hundreds.
 */

#define STORM_CYCLES	"2000"
#define SEMAPHORES	3
#define PROCESSES	8

struct storm {
	int fd[SEMAPHORES];
	pid_t pid[PROCESSES];
	unsigned int *grants;	/* of each living process, shared with it */
	unsigned long granted;	/* to the dead */
	unsigned int seed;
};

FIXTURE(storm) {
	struct storm s;
};

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
	s->grants = shared_memory(PROCESSES * sizeof(*s->grants));
	ASSERT_NE(MAP_FAILED, s->grants);
	s->seed = new_seed();
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = 0; i < SEMAPHORES; i++)
		close(self->s.fd[i]);
}

static void storm_main(struct storm *s, unsigned int *grants, unsigned int seed)
{
	int own[SEMAPHORES], i;
	__u32 n;

	for (i = 0; i < SEMAPHORES; i++)
		own[i] = ksem_test_attached(s->fd[i]);
	for (;;) {
		i = rand_r(&seed) % SEMAPHORES;
		n = 1 + rand_r(&seed) % storm_capacity(i);
		if (acquire_by_chance(own[i], n, &seed) < 0)
			continue;
		count(grants);
		/* Asleep most of the time, or nobody else gets anything done. */
		usleep(rand_r(&seed) % 200);
		/* Some of it, or all. */
		if (rand_r(&seed) % 4)
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
		storm_main(s, &s->grants[who], own_seed(rand_r(&s->seed), who));
	return s->pid[who] > 0;
}

static bool storm_kill(struct storm *s, int who)
{
	int status;

	if (kill(s->pid[who], SIGKILL) || waitpid(s->pid[who], &status, 0) != s->pid[who])
		return false;
	s->granted += s->grants[who];
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Somebody who has had a grant; -1 if there is nobody. */
static int storm_choose(struct storm *s)
{
	int from = rand_r(&s->seed), i, who;

	for (i = 0; i < PROCESSES; i++) {
		who = (from % PROCESSES + i) % PROCESSES;
		if (__atomic_load_n(&s->grants[who], __ATOMIC_SEQ_CST))
			return who;
	}
	return -1;
}

/* One life ends, and another one begins. */
static bool storm_cycle(struct storm *s)
{
	int who;

	busy_for_up_to(100, &s->seed);
	return ksem_test_until((who = storm_choose(s)) >= 0) &&
	       storm_kill(s, who) && storm_start(s, who);
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

static bool storm_hundred(struct storm *s)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (!storm_start(s, i))
			return false;
	for (i = 0; i < 100; i++)
		if (!storm_cycle(s))
			return false;
	for (i = 0; i < PROCESSES; i++)
		if (!storm_kill(s, i))
			return false;
	return storm_is_over(s);
}

TEST_F_TIMEOUT(storm, of_kills_loses_no_permit, 7200)
{
	const char *text = getenv("KSEM_STORM_CYCLES");
	unsigned long cycles = strtoul(text ?: STORM_CYCLES, NULL, 0), done;
	struct storm *s = &self->s;
	unsigned int seed = s->seed;

	for (done = 0; done < cycles; done += 100)
		ASSERT_TRUE(storm_hundred(s)) TH_LOG("seed %u, after cycle %lu", seed, done);
	TH_LOG("seed %u: %lu cycles, %lu grants", seed, done, s->granted);
	EXPECT_LE(done, s->granted);
}

/* A release as close to a deadline as can be, on either side of it. */

#define SWEEP_STEPS	100

FIXTURE(deadline) {
	int fd;
	int holder;
	struct ksem_test_actor actor;
};

FIXTURE_VARIANT(deadline) {
	bool fair;
};

FIXTURE_VARIANT_ADD(deadline, fair) { .fair = true };

FIXTURE_VARIANT_ADD(deadline, nonfair) { .fair = false };

FIXTURE_SETUP(deadline)
{
	self->fd = variant->fair ? ksem_test_fair(1, 1) : ksem_test_nonfair(1, 1);
	self->holder = ksem_test_attached(self->fd);
	ASSERT_EQ(0, ksem_test_acquire(self->holder, 1));
	ASSERT_TRUE(ksem_test_actor_start(&self->actor));
}

FIXTURE_TEARDOWN(deadline)
{
	close(self->holder);
	close(self->fd);
}

/* A wait until @deadline_ns, a release at @release_ns: how did the wait end? */
static int meet(struct ksem_test_actor *actor, int fd, int holder, __u64 deadline_ns,
		__u64 release_ns)
{
	struct ksem_info info;
	int answer;

	if (!ksem_test_ask_ex(actor, fd, 0, 1, deadline_ns))
		return -EPROTO;
	while (ksem_test_now() < release_ns)
		continue;
	if (ksem_test_release(holder, 1))
		return -EPROTO;
	answer = ksem_test_answer(actor);
	info = ksem_test_info(fd);
	/* Whoever has it, has it alone. */
	if (info.out_waiters || info.out_own != !answer || info.out_available != !!answer)
		return -EPROTO;
	if (!answer)
		ksem_test_release(fd, 1);
	return ksem_test_try_acquire(holder, 1) ? -EPROTO : answer;
}

TEST_F(deadline, and_a_release_meet_in_success_or_etimedout)
{
	unsigned int granted = 0, late = 0, step;
	__u64 reach_ns, middle_ns;
	int answer;

	/* The slower the machine, the longer it takes until both have happened. */
	for (reach_ns = 200000; !granted || !late; reach_ns *= 2) {
		ASSERT_GT(1000000000, reach_ns);
		for (step = 0; step <= SWEEP_STEPS; step++) {
			middle_ns = ksem_test_now() + 2 * reach_ns;
			answer = meet(&self->actor, self->fd, self->holder, middle_ns,
				      middle_ns - reach_ns + 2 * reach_ns * step / SWEEP_STEPS);
			ASSERT_TRUE(!answer || answer == -ETIMEDOUT);
			granted += !answer;
			late += !!answer;
		}
	}
	TH_LOG("%u granted, %u too late", granted, late);
	EXPECT_EQ(late, ksem_test_info(self->fd).out_timeouts);
	EXPECT_TRUE(ksem_test_conserved(self->fd));
}

/* Threads that are signalled all the time have their turns as the others do. */

#define TURNS	500

struct turns {
	int fd;
	bool *stop;
	pid_t tid;
	unsigned int taken;
	unsigned int interrupted;
	unsigned int wrong;
};

static void *take_turns(void *data)
{
	struct turns *turns = data;
	int result;

	__atomic_store_n(&turns->tid, gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(turns->stop, __ATOMIC_ACQUIRE)) {
		result = ksem_test_acquire(turns->fd, 1);
		if (result == -EINTR) {
			turns->interrupted++;
			continue;
		}
		turns->wrong += result || ksem_test_release(turns->fd, 1);
		__atomic_add_fetch(&turns->taken, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

FIXTURE(signalled) {
	int fd;
	bool stop;
	struct turns turns[4];
	pthread_t thread[4];
};

FIXTURE_VARIANT(signalled) {
	int sig;
};

FIXTURE_VARIANT_ADD(signalled, and_restarted) { .sig = KSEM_TEST_SIG_RESTART };

FIXTURE_VARIANT_ADD(signalled, and_ended) { .sig = KSEM_TEST_SIG_END };

FIXTURE_SETUP(signalled)
{
	int i;

	ksem_test_catch_signals();
	self->fd = ksem_test_fair(1, 1);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < 4; i++) {
		self->turns[i].fd = self->fd;
		self->turns[i].stop = &self->stop;
		ASSERT_EQ(0, pthread_create(&self->thread[i], NULL, take_turns, &self->turns[i]));
	}
}

FIXTURE_TEARDOWN(signalled)
{
	close(self->fd);
}

static unsigned int taken(struct turns *turns)
{
	return __atomic_load_n(&turns->taken, __ATOMIC_ACQUIRE);
}

TEST_F(signalled, threads_do_not_starve)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	struct turns *victim = self->turns;
	int i;

	/* The first two are signalled; the others want the permit as well. */
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(ksem_test_until(taken(&self->turns[i])));
	while ((taken(&victim[0]) < TURNS || taken(&victim[1]) < TURNS) &&
	       ksem_test_now() < give_up) {
		ksem_test_tgkill(victim[0].tid, variant->sig);
		ksem_test_tgkill(victim[1].tid, variant->sig);
		sched_yield();
	}
	EXPECT_GT(give_up, ksem_test_now());
	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < 4; i++) {
		pthread_join(self->thread[i], NULL);
		EXPECT_EQ(0, self->turns[i].wrong);
	}
	TH_LOG("turns %u %u, undisturbed %u %u; %u signals", victim[0].taken, victim[1].taken,
	       victim[2].taken, victim[3].taken, ksem_test_signals_handled());
	EXPECT_EQ(1, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(0, victim[2].interrupted + victim[3].interrupted);
}

/* Lists are read while what they show comes and goes. */

static void come_and_go(int fd, unsigned int seed)
{
	int own;

	for (;;) {
		own = ksem_test_attached(fd);
		if (own < 0)
			_exit(1);
		if (ksem_test_acquire_ex(own, 0, 1, ksem_test_now() + rand_r(&seed) % 300000,
					 NULL) == -EINVAL)
			_exit(2);
		close(own);
	}
}

TEST(lists_can_be_read_while_handles_come_and_go)
{
	unsigned int seed = new_seed(), i, k, wrong = 0;
	struct ksem_holder_entry holder[8];
	struct ksem_waiter_entry waiter[8];
	struct ksem_holders holders;
	struct ksem_waiters waiters;
	int fd = ksem_test_fair(2, 2);
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = ksem_test_fork();
		if (!pid[i])
			come_and_go(fd, own_seed(seed, i));
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
			count(&t->wrong);
		__atomic_store_n(&t->eating[p->who], 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&t->eating[(p->who + 1) % PHILOSOPHERS], __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&t->eating[(p->who + 4) % PHILOSOPHERS], __ATOMIC_SEQ_CST))
			count(&t->wrong);
		__atomic_store_n(&t->eating[p->who], 0, __ATOMIC_SEQ_CST);
		if (ksem_test_release(right, 1) || ksem_test_release(left, 1) ||
		    ksem_test_release(t->seats, 1))
			count(&t->wrong);
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
			count(&book->wrong);
		if (ksem_test_release(book->fd, 1))
			count(&book->wrong);
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
