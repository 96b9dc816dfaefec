// SPDX-License-Identifier: GPL-2.0-only
/*
 * A head that wants all eight permits of a non-fair semaphore, against processes
 * that want one each and never let go of their last one as long as they get
 * another: how long does it wait?
 *
 * Not much longer than the hand-off time: then nobody passes any more, and each of
 * the others gives back what it has as soon as it runs; the head has to run, too.
 * So the bound is the hand-off time and ten periods of the scheduler. A period is
 * the time from one turn on a CPU to the next of a process that always wants to
 * run; it is measured by the stream itself, before the first head comes: nine of ten
 * are shorter. The longest ones may be those in which the machine stood still.
 */
#include "ksem_test_still.h"
#include "ksem_test_storm.h"

#define PERMITS		8
#define STREAM		4
#define CPUS		2
#define HEADS		50
/* Where a call takes as long as a turn elsewhere, a head waits for calls as well. */
#define PERIODS		(ksem_test_slow() > 1 ? 20 : 10)
#define TURNS		40		/* to measure a period by */
#define AWAY_NS		500000ULL	/* who was away for so long did not have a CPU */

struct stream {
	int fd;
	int hogs;
	pid_t pid[STREAM + CPUS];
	struct ksem_test_still still;
	/* In memory that all processes share: */
	struct seen {
		unsigned int begun;	/* turns */
		unsigned int turns;	/* those that are below */
		__s64 turn_ns[TURNS];
		unsigned int wrong;
	} *seen;
};

FIXTURE(stream) {
	struct stream s;
};

FIXTURE_VARIANT(stream) {
	int hogs;
};

FIXTURE_VARIANT_ADD(stream, alone) { .hogs = 0 };

FIXTURE_VARIANT_ADD(stream, and_all_cpus_busy) { .hogs = CPUS };

FIXTURE_SETUP(stream)
{
	ksem_test_limit();
	self->s.seen = ksem_test_shared(sizeof(*self->s.seen));
	ASSERT_NE(MAP_FAILED, self->s.seen);
	self->s.hogs = variant->hogs;
	self->s.fd = ksem_test_nonfair(PERMITS, PERMITS);
	ASSERT_LE(0, self->s.fd);
}

FIXTURE_TEARDOWN(stream)
{
	int i;

	for (i = 0; i < STREAM + self->s.hogs && self->s.pid[i] > 0; i++)
		ksem_test_kill(self->s.pid[i]);
	ksem_test_unwatch(&self->s.still);
	close(self->s.fd);
}

/* More processes than CPUs, on a machine of any size. */
static void stay_on_few_cpus(void)
{
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < CPUS && ksem_test_nth_cpu(i) >= 0; i++)
		CPU_SET(ksem_test_nth_cpu(i), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void note_turn(struct seen *seen, __u64 ns)
{
	unsigned int i = __atomic_fetch_add(&seen->begun, 1, __ATOMIC_SEQ_CST);

	if (i >= TURNS)
		return;
	seen->turn_ns[i] = ns;
	ksem_test_count(&seen->turns);
}

/* Hand over hand, until there is no other permit to be had. */
static void barge(int own, struct seen *seen)
{
	__u64 now, last = ksem_test_now(), turn_ns = 0;

	while (ksem_test_try_acquire(own, 1) >= 0) {
		if (ksem_test_release(own, 1))
			ksem_test_count(&seen->wrong);
		now = ksem_test_now();
		if (now - last > AWAY_NS) {
			if (turn_ns)
				note_turn(seen, now - turn_ns);
			turn_ns = now;
		}
		last = now;
	}
}

static void stream_main(struct stream *s)
{
	int own = ksem_test_attached(s->fd);

	close(s->fd);
	for (;;) {
		if (ksem_test_acquire(own, 1))
			ksem_test_count(&s->seen->wrong);
		barge(own, s->seen);
		if (ksem_test_release(own, 1))
			ksem_test_count(&s->seen->wrong);
	}
}

static bool start_stream(struct stream *s)
{
	int i;

	for (i = 0; i < STREAM + s->hogs; i++) {
		s->pid[i] = ksem_test_fork();
		if (s->pid[i] < 0)
			return false;
		if (!s->pid[i] && i < STREAM)
			stream_main(s);
		while (!s->pid[i])
			continue;
	}
	return true;
}

/* Does every process of the stream have a permit? */
static bool stream_is_on(struct stream *s)
{
	return ksem_test_until(ksem_test_info(s->fd).out_holders == STREAM);
}

/* 0: who had to wait for a CPU did so too seldom to tell. */
static __u64 period_ns(struct stream *s)
{
	if (!ksem_test_until(__atomic_load_n(&s->seen->turns, __ATOMIC_SEQ_CST) == TURNS))
		return 0;
	qsort(s->seen->turn_ns, TURNS, sizeof(s->seen->turn_ns[0]), ksem_test_compare_ns);
	return s->seen->turn_ns[TURNS * 9 / 10];
}

/* A head comes, and is through: how long did it wait? */
static __u64 head_waits(struct stream *s, __u64 *still_ns)
{
	__u64 began, took, still;

	ksem_test_stood_still(&s->still);
	began = ksem_test_now();
	/* One that is passed for ever is to be told of. */
	if (ksem_test_acquire_ex(s->fd, 0, PERMITS, began + KSEM_TEST_PATIENCE_NS, NULL))
		ksem_test_count(&s->seen->wrong);
	took = ksem_test_now() - began;
	still = ksem_test_stood_still(&s->still);
	*still_ns += still;
	if (ksem_test_release(s->fd, PERMITS))
		ksem_test_count(&s->seen->wrong);
	return took > still ? took - still : 0;
}

TEST_F_TIMEOUT(stream, is_passed_by_a_head_in_time, KSEM_TEST_LONG)
{
	unsigned int heads = HEADS * ksem_test_scale(), i, late = 0;
	__u64 period, bound, took, longest = 0, still = 0;
	struct stream *s = &self->s;

	stay_on_few_cpus();
	ASSERT_TRUE(ksem_test_watch(&s->still));
	ASSERT_TRUE(start_stream(s));
	period = period_ns(s);
	ASSERT_LT(0, period);
	bound = KSEM_HANDOFF_DEFAULT_NS + PERIODS * period;
	for (i = 0; i < heads && !s->seen->wrong; i++) {
		ASSERT_TRUE(stream_is_on(s));
		took = head_waits(s, &still);
		longest = took > longest ? took : longest;
		late += took > bound;
	}
	TH_LOG("a period is %llu us, the bound %llu us; the machine stood still for %llu ms",
	       (unsigned long long)period / 1000, (unsigned long long)bound / 1000,
	       (unsigned long long)(still / KSEM_TEST_MS));
	ksem_test_figure_worst("heads of 8 against a stream of 1", i, late + s->seen->wrong,
			       "longest", longest / 1000, "us");
	EXPECT_EQ(0, late);
	EXPECT_EQ(0, s->seen->wrong);
}

TEST_HARNESS_MAIN
