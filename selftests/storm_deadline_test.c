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
 *
 * But they would do so, too, if each deadline were late. So there is a peer: a thread
 * in FUTEX_WAIT with the same deadlines, by turns with the waiter, whose middle is
 * looked for in the same way, as what a busy machine adds is the same for both. Where
 * the middles have been is compared. No wait may time out before its deadline.
 */
#include "ksem_test_actor.h"
#include "ksem_test_storm.h"

#include <limits.h>
#include <linux/futex.h>

#define MEETINGS	100
#define REACH_NS	200000LL
#define CLOSE_NS	20000LL
#define FIRST_STEP_NS	160000LL	/* by which a meeting moves the middle: less and */
#define STEP_NS		10000LL		/* less, down to this one */
#define LONGEST_STEP_NS	1000000LL
#define SAME_WAY	8		/* moves, after which they become longer */
#define FIRST_LEAD_NS	1000000ULL	/* from the request to its deadline */
#define LAST_LEAD_NS	1000000000ULL
#define NEAR_NS		(1000000LL * ksem_test_slow())	/* as the middle is to the peer's */
#define TRIES		5

struct meeting {
	int fd;
	int holder;
	struct ksem_test_actor actor;
	clockid_t clock;
	unsigned int word;	/* the peer's: released? */
	__u64 deadline_ns;	/* the peer's */
};

/* A sweep around the middle of a kind of meeting. */
struct sweep {
	int (*meet)(struct meeting *m, __u64 deadline_ns, __u64 release_ns);
	__u64 lead_ns;
	__s64 middle_ns;	/* counted from the deadline */
	__s64 step_ns;		/* of the last move, and its direction */
	unsigned int same_way;	/* moves before it in that direction */
	unsigned int granted;
	unsigned int expired;
	unsigned int wrong;
	__s64 *middles;		/* at each meeting */
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
 * A wait until a deadline, and a release: how did the wait end? -EALREADY: it began
 * too late to meet anything.
 */
static int meet_release(struct meeting *m, __u64 deadline_ns, __u64 release_ns)
{
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
	if (answer == -ETIMEDOUT && ksem_test_clock(m->clock) < deadline_ns)
		return -EPROTO;
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

static int wait_as_a_peer(void *arg)
{
	struct meeting *m = arg;
	int op = FUTEX_WAIT_BITSET_PRIVATE |
		 (m->clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0);
	struct timespec deadline = {
		.tv_sec = m->deadline_ns / 1000000000,
		.tv_nsec = m->deadline_ns % 1000000000,
	};

	return syscall(SYS_futex, &m->word, op, 0, &deadline, NULL, FUTEX_BITSET_MATCH_ANY) ?
	       -errno : 0;
}

static int meet_wake(struct meeting *m, __u64 deadline_ns, __u64 release_ns)
{
	bool late;
	int answer;

	m->word = 0;
	m->deadline_ns = deadline_ns;
	if (!ksem_test_ask_call(&m->actor, wait_as_a_peer, m))
		return -EPROTO;
	late = ksem_test_clock(m->clock) >= release_ns;
	while (ksem_test_clock(m->clock) < release_ns)
		continue;
	__atomic_store_n(&m->word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &m->word, FUTEX_WAKE_PRIVATE, INT_MAX);
	answer = ksem_test_answer(&m->actor);
	/* -EAGAIN: it had been released before the wait began. */
	return late || answer == -EAGAIN ? -EALREADY : answer;
}

/* On this way, or back with smaller steps. */
static void move_middle(struct sweep *s, bool later)
{
	bool was_later = s->step_ns > 0;

	if (later != was_later) {
		s->step_ns = llabs(s->step_ns) > STEP_NS ? -s->step_ns / 2 : -s->step_ns;
		s->same_way = 0;
	} else if (++s->same_way > SAME_WAY && llabs(s->step_ns) < LONGEST_STEP_NS) {
		s->step_ns *= 2;
	}
	s->middle_ns += s->step_ns;
}

static __s64 offset_by_chance(unsigned int *seed)
{
	__s64 reach_ns = ksem_test_chance(seed) & 256 ? REACH_NS : CLOSE_NS;

	return ksem_test_chance(seed) % (2 * reach_ns) - reach_ns;
}

static unsigned int met(struct sweep *s)
{
	return s->granted + s->expired;
}

static void sweep_once(struct meeting *m, struct sweep *s, unsigned int *seed)
{
	__u64 deadline_ns = ksem_test_clock(m->clock) + s->lead_ns;
	int outcome = s->meet(m, deadline_ns,
			      deadline_ns + s->middle_ns + offset_by_chance(seed));

	if (outcome == -EALREADY) {
		s->lead_ns += s->lead_ns / 4;
		s->wrong += s->lead_ns >= LAST_LEAD_NS;
		return;
	}
	/* As little time as the machine needs, which may change. */
	if (s->lead_ns > FIRST_LEAD_NS)
		s->lead_ns -= s->lead_ns / 32;
	s->middles[met(s)] = s->middle_ns;
	s->granted += outcome == 0;
	s->expired += outcome == -ETIMEDOUT;
	s->wrong += outcome && outcome != -ETIMEDOUT;
	move_middle(s, outcome == 0);
}

static struct sweep new_sweep(__s64 *middles,
			      int (*meet)(struct meeting *m, __u64 deadline_ns, __u64 release_ns))
{
	return (struct sweep){
		.meet = meet,
		.lead_ns = FIRST_LEAD_NS,
		.step_ns = FIRST_STEP_NS,
		.middles = middles,
	};
}

/* Where the middle was once it had been found: the median of the second half. */
static __s64 usual_middle_ns(struct sweep *s)
{
	unsigned int half = met(s) / 2;

	qsort(s->middles + half, met(s) - half, sizeof(*s->middles),
	      ksem_test_compare_ns);
	return s->middles[half + (met(s) - half) / 2];
}

static void sweep_both(struct meeting *m, struct sweep *own, struct sweep *peer,
		       unsigned int meetings, unsigned int *seed)
{
	while ((met(own) < meetings || met(peer) < meetings) && !own->wrong && !peer->wrong) {
		if (met(own) < meetings)
			sweep_once(m, own, seed);
		if (met(peer) < meetings)
			sweep_once(m, peer, seed);
	}
}

TEST_F_TIMEOUT(deadline, and_a_release_meet_in_success_or_etimedout, KSEM_TEST_LONG)
{
	unsigned int seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
	unsigned int meetings = MEETINGS * ksem_test_scale(), tries = 0;
	__s64 *middles = calloc(2 * meetings, sizeof(*middles)), later_ns;
	struct meeting *m = &self->m;
	struct sweep own, peer;

	ASSERT_NE(NULL, middles);
	do {
		own = new_sweep(middles, meet_release);
		peer = new_sweep(middles + meetings, meet_wake);
		sweep_both(m, &own, &peer, meetings, &seed);
		later_ns = usual_middle_ns(&own) - usual_middle_ns(&peer);
		TH_LOG("%u granted, %u too late; middle at %lld us, peer's + %lld; lead %llu us",
		       own.granted, own.expired, usual_middle_ns(&own) / 1000, later_ns / 1000,
		       own.lead_ns / 1000);
		/* What disturbs one of them more than the other does not do so each time. */
	} while (llabs(later_ns) >= NEAR_NS && ++tries < TRIES && !own.wrong && !peer.wrong);
	ksem_test_figure_worst("deadlines swept around a release", met(&own),
			       own.wrong + (tries == TRIES), "lowest",
			       100 * (own.granted < own.expired ? own.granted : own.expired) /
			       meetings, "% of an outcome");
	EXPECT_EQ(0, own.wrong);
	EXPECT_EQ(0, peer.wrong);
	EXPECT_LT(meetings / 10, own.granted);
	EXPECT_LT(meetings / 10, own.expired);
	EXPECT_GT(TRIES, tries);
	EXPECT_TRUE(ksem_test_conserved(m->fd));
	free(middles);
}

TEST_HARNESS_MAIN
