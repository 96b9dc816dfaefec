// SPDX-License-Identifier: GPL-2.0-only
/*
 * A release as close to a waiter's deadline as can be, on either side of it.
 *
 * Where the middle is depends on the machine: a waiter that is granted has to run
 * to see it, and so has one whose timer expires. So it is looked for all the time:
 * each meeting that ends in a grant moves the middle of the sweep a little later,
 * each one that ends too late a little earlier, and the releases are swept over
 * 200 us to either side of it, every other one over 20 us. Where it has moved far,
 * because others use the machine now, the steps become longer again. That both
 * outcomes are frequent shows that the two do meet.
 */
#include "ksem_test_actor.h"
#include "ksem_test_storm.h"

#define MEETINGS	100
#define REACH_NS	200000LL
#define CLOSE_NS	20000LL
#define FIRST_STEP_NS	160000LL	/* by which a meeting moves the middle: less and */
#define STEP_NS		10000LL		/* less, down to this one */
#define LONGEST_STEP_NS	1000000LL
#define SAME_WAY	8		/* moves, after which they become longer */
#define FIRST_LEAD_NS	1000000ULL	/* from the request to its deadline */
#define LAST_LEAD_NS	1000000000ULL

struct meeting {
	int fd;
	int holder;
	struct ksem_test_actor actor;
	clockid_t clock;
	__u64 lead_ns;
	__s64 middle_ns;	/* the sweep's, counted from the deadline */
	__s64 step_ns;		/* of the last move, and its direction */
	unsigned int same_way;	/* moves before it in that direction */
};

FIXTURE(deadline) {
	struct meeting m;
};

FIXTURE_VARIANT(deadline) {
	bool fair;
	clockid_t clock;
};

FIXTURE_VARIANT_ADD(deadline, fair_monotonic) { .fair = true, .clock = CLOCK_MONOTONIC };

FIXTURE_VARIANT_ADD(deadline, fair_realtime) { .fair = true, .clock = CLOCK_REALTIME };

FIXTURE_VARIANT_ADD(deadline, nonfair_monotonic) { .fair = false, .clock = CLOCK_MONOTONIC };

FIXTURE_VARIANT_ADD(deadline, nonfair_realtime) { .fair = false, .clock = CLOCK_REALTIME };

FIXTURE_SETUP(deadline)
{
	struct meeting *m = &self->m;

	ksem_test_limit();
	m->fd = variant->fair ? ksem_test_fair(1, 1) : ksem_test_nonfair(1, 1);
	m->holder = ksem_test_attached(m->fd);
	m->clock = variant->clock;
	m->lead_ns = FIRST_LEAD_NS;
	m->step_ns = FIRST_STEP_NS;
	ASSERT_EQ(0, ksem_test_acquire(m->holder, 1));
	ASSERT_TRUE(ksem_test_actor_start(&m->actor));
}

FIXTURE_TEARDOWN(deadline)
{
	close(self->m.holder);
	close(self->m.fd);
}

/* Ask, and wait until the request is queued or has ended in some way. */
static bool ask(struct meeting *m, __u64 deadline_ns)
{
	__u64 give_up = ksem_test_now() + KSEM_TEST_PATIENCE_NS;
	__u64 timeouts = ksem_test_info(m->fd).out_timeouts;
	__u32 flags = m->clock == CLOCK_REALTIME ? KSEM_FLAG_REALTIME : 0;
	struct ksem_info info;

	if (!ksem_test_ask_ex(&m->actor, m->fd, flags, 1, deadline_ns))
		return false;
	do
		info = ksem_test_info(m->fd);
	while (!info.out_waiters && info.out_timeouts == timeouts && ksem_test_now() < give_up);
	return info.out_waiters || info.out_timeouts != timeouts;
}

/*
 * A wait until a deadline, and a release @offset_ns after the sweep's middle: how
 * did the wait end? -EALREADY: it began too late to meet anything.
 */
static int meet(struct meeting *m, __s64 offset_ns)
{
	__u64 deadline_ns = ksem_test_clock(m->clock) + m->lead_ns;
	__u64 release_ns = deadline_ns + m->middle_ns + offset_ns;
	struct ksem_info info;
	bool late;
	int answer;

	if (!ask(m, deadline_ns))
		return -EPROTO;
	late = ksem_test_clock(m->clock) >= release_ns;
	while (ksem_test_clock(m->clock) < release_ns)
		continue;
	if (ksem_test_release(m->holder, 1))
		return -EPROTO;
	answer = ksem_test_answer(&m->actor);
	info = ksem_test_info(m->fd);
	/* Whoever has it, has it alone. */
	if (info.out_waiters || info.out_own != !answer || info.out_available != !!answer)
		return -EPROTO;
	if (!answer)
		ksem_test_release(m->fd, 1);
	if (ksem_test_try_acquire(m->holder, 1))
		return -EPROTO;
	return late ? -EALREADY : answer;
}

/* On this way, or back with smaller steps. */
static void move_middle(struct meeting *m, bool later)
{
	bool was_later = m->step_ns > 0;

	if (later != was_later) {
		m->step_ns = llabs(m->step_ns) > STEP_NS ? -m->step_ns / 2 : -m->step_ns;
		m->same_way = 0;
	} else if (++m->same_way > SAME_WAY && llabs(m->step_ns) < LONGEST_STEP_NS) {
		m->step_ns *= 2;
	}
	m->middle_ns += m->step_ns;
}

static __s64 offset_by_chance(unsigned int *seed)
{
	__s64 reach_ns = ksem_test_chance(seed) & 256 ? REACH_NS : CLOSE_NS;

	return ksem_test_chance(seed) % (2 * reach_ns) - reach_ns;
}

TEST_F_TIMEOUT(deadline, and_a_release_meet_in_success_or_etimedout, KSEM_TEST_LONG)
{
	unsigned int meetings = MEETINGS * ksem_test_scale();
	unsigned int granted = 0, expired = 0, wrong = 0;
	unsigned int seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
	struct meeting *m = &self->m;

	while (granted + expired < meetings && !wrong) {
		int outcome = meet(m, offset_by_chance(&seed));

		/* As little time as the machine needs, which may change. */
		if (outcome != -EALREADY && m->lead_ns > FIRST_LEAD_NS)
			m->lead_ns -= m->lead_ns / 32;
		switch (outcome) {
		case 0:
			granted++;
			move_middle(m, true);
			break;
		case -ETIMEDOUT:
			expired++;
			move_middle(m, false);
			break;
		case -EALREADY:
			m->lead_ns += m->lead_ns / 4;
			ASSERT_GT(LAST_LEAD_NS, m->lead_ns);
			break;
		default:
			wrong++;
		}
	}
	TH_LOG("%u granted, %u too late; middle at %lld us, lead %llu us", granted, expired,
	       (long long)m->middle_ns / 1000, (unsigned long long)m->lead_ns / 1000);
	ksem_test_figure_worst("deadlines swept around a release", granted + expired, wrong,
			       "lowest", 100 * (granted < expired ? granted : expired) / meetings,
			       "% of an outcome");
	EXPECT_EQ(0, wrong);
	EXPECT_LT(meetings / 10, granted);
	EXPECT_LT(meetings / 10, expired);
	EXPECT_TRUE(ksem_test_conserved(m->fd));
}

TEST_HARNESS_MAIN
