// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pollers of every kind while permits become free or are granted in every way, the
 * descriptors that they poll are closed and copied, pollers are killed and semaphores
 * shut down: nobody misses anything.
 */
#include "ksem_test.h"
#include "ksem_test_actor.h"
#include "ksem_test_storm.h"
#include "ksem_test_uring.h"

#include <sys/epoll.h>

/* One poller, whatever its kind. */

enum poller_kind {
	POLL,
	LEVEL,
	EDGE,
	ONESHOT,
	EXCLUSIVE,
	RING,
	RING_MULTI,
};

struct poller {
	enum poller_kind kind;
	int fd;
	short events;	/* what it waits for; the same bits for poll and epoll */
	int epoll;
	struct ksem_test_ring ring;
	bool armed;
};

static bool is_ring(enum poller_kind kind)
{
	return kind == RING || kind == RING_MULTI;
}

static __u32 epoll_flags(enum poller_kind kind)
{
	switch (kind) {
	case EDGE:
		return EPOLLET;
	case ONESHOT:
		return EPOLLONESHOT;
	case EXCLUSIVE:
		return EPOLLEXCLUSIVE;
	default:
		return 0;
	}
}

static bool poller_open(struct poller *p, enum poller_kind kind, int fd, short events)
{
	struct epoll_event event = { .events = events | epoll_flags(kind) };

	*p = (struct poller){ .kind = kind, .fd = fd, .events = events, .epoll = -1 };
	if (kind == POLL)
		return true;
	if (is_ring(kind))
		return !ksem_test_ring_open(&p->ring);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->armed = !epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event);
	/* Somebody else may have closed it. */
	return p->armed || errno == EBADF;
}

static void poller_close(struct poller *p)
{
	if (is_ring(p->kind))
		ksem_test_ring_close(&p->ring);
	else if (p->kind != POLL)
		close(p->epoll);
}

static int wait_epoll(struct poller *p, int timeout_ms)
{
	struct epoll_event event = { .events = p->events | EPOLLONESHOT };
	int n;

	/* Its descriptor may be away for a moment. */
	while (!p->armed && epoll_ctl(p->epoll, EPOLL_CTL_MOD, p->fd, &event) && errno == EBADF)
		sched_yield();
	n = epoll_wait(p->epoll, &event, 1, timeout_ms);
	p->armed = p->kind != ONESHOT || n != 1;
	return n == 1 ? event.events : 0;
}

static int wait_ring(struct poller *p, int timeout_ms)
{
	struct pollfd ready = { .fd = p->ring.fd, .events = POLLIN };
	bool more = p->armed;
	int events;

	if (!p->armed)
		p->armed = ksem_test_ring_poll(&p->ring, p->fd, p->events,
					       p->kind == RING_MULTI) == 1;
	if (timeout_ms >= 0)
		poll(&ready, 1, timeout_ms);
	events = ksem_test_ring_result(&p->ring, timeout_ms < 0, &more);
	if (events != -EAGAIN)
		p->armed = more;
	return events < 0 ? 0 : events;
}

/* What it is told; 0 if nothing in time. Below 0: it has all the time. */
static int poller_wait(struct poller *p, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = p->events };

	if (is_ring(p->kind))
		return wait_ring(p, timeout_ms);
	if (p->kind != POLL)
		return wait_epoll(p, timeout_ms);
	return poll(&poll_fd, 1, timeout_ms) == 1 ? poll_fd.revents : 0;
}

/*
 * A pool, which is one handle, has all permits. A permit that becomes free is
 * taken and brought back to the pool by takers, processes that do nothing unless
 * their poller tells them to: if it misses one, the permit stays where it is.
 */

#define CAPACITY	4
#define TAKERS		3
#define ROUNDS		300

struct pool {
	int fd;
	enum poller_kind kind;
	int takers;
	pid_t taker[TAKERS];
	struct ksem_test_actor actor;
	unsigned int seed;
};

/* What is polled: a copy of a handle's descriptor. */
struct copy {
	int own;
	int fd;
	unsigned int seed;
};

/* It is closed and comes back, while it is polled. The handle stays, and so do its pollers. */
static void *renew_copy(void *data)
{
	struct copy *copy = data;

	for (;;) {
		close(copy->fd);
		usleep(ksem_test_chance(&copy->seed) % 200);
		if (dup2(copy->own, copy->fd) != copy->fd)
			_exit(3);
		usleep(ksem_test_chance(&copy->seed) % 2000);
	}
	return NULL;
}

static void poll_a_copy(struct poller *p, struct pool *pool, int own, short events)
{
	static struct copy copy;
	pthread_t thread;

	copy = (struct copy){
		.own = own, .fd = dup(own), .seed = ksem_test_own_seed(pool->seed, getpid()),
	};
	if (copy.fd < 0 || !poller_open(p, pool->kind, copy.fd, events) ||
	    pthread_create(&thread, NULL, renew_copy, &copy))
		_exit(1);
}

static void taker_main(struct pool *pool)
{
	int own = ksem_test_attached(pool->fd);
	struct poller p;

	poll_a_copy(&p, pool, own, POLLIN);
	for (;;) {
		poller_wait(&p, -1);
		while (ksem_test_try_acquire(own, 1) >= 0)
			if (ksem_test_transfer(own, 1, pool->fd))
				_exit(2);
	}
}

/*
 * The other way round: what is granted to @own goes back to the pool by takers that do
 * nothing unless they are told that there is something to release.
 */
static void giver_main(struct pool *pool, int own)
{
	struct poller p;

	poll_a_copy(&p, pool, own, POLLOUT);
	for (;;) {
		poller_wait(&p, -1);
		while (!ksem_test_transfer(own, 1, pool->fd))
			continue;
	}
}

static bool start_taker(struct pool *pool, int who)
{
	pool->taker[who] = ksem_test_fork();
	if (!pool->taker[who])
		taker_main(pool);
	return pool->taker[who] > 0;
}

static bool start_giver(struct pool *pool, int who, int own)
{
	pool->taker[who] = ksem_test_fork();
	if (!pool->taker[who])
		giver_main(pool, own);
	return pool->taker[who] > 0;
}

static void end_takers(struct __test_metadata *_metadata, struct pool *pool)
{
	int i;

	for (i = 0; i < pool->takers; i++)
		EXPECT_EQ(256 + SIGKILL, ksem_test_kill(pool->taker[i]));
}

/* Every permit is back. First without a sleep, which would give them time. */
static bool pool_is_full(struct pool *pool)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (ksem_test_info(pool->fd).out_own == CAPACITY)
			return true;
		sched_yield();
	}
	return ksem_test_until(ksem_test_info(pool->fd).out_own == CAPACITY);
}

/* For people: where the permits are. */
static const char *pool_text(struct pool *pool)
{
	struct ksem_info info = ksem_test_info(pool->fd);
	static char text[100];

	snprintf(text, sizeof(text), "%d free, %u held, %u in the pool; %u waiters want %llu",
		 info.out_available, info.out_held, info.out_own, info.out_waiters,
		 (unsigned long long)info.out_demand);
	return text;
}

/* The ways in which @n permits become free. */

static bool free_one_by_one(struct pool *pool, __u32 n)
{
	while (n--) {
		if (ksem_test_release(pool->fd, 1))
			return false;
		ksem_test_busy_for_up_to(20, &pool->seed);
	}
	return true;
}

static bool free_by_release(struct pool *pool, __u32 n)
{
	return !ksem_test_release(pool->fd, n);
}

static bool free_by_post(struct pool *pool, __u32 n)
{
	return !ksem_test_forget(pool->fd, n) && !ksem_test_post(pool->fd, n);
}

static bool free_by_close(struct pool *pool, __u32 n)
{
	int other = ksem_test_attached(pool->fd);

	return !ksem_test_transfer(pool->fd, n, other) && !close(other);
}

static bool free_by_kill(struct pool *pool, __u32 n)
{
	pid_t pid = ksem_test_fork();

	if (!pid) {
		ksem_test_transfer(pool->fd, n, ksem_test_attached(pool->fd));
		for (;;)
			pause();
	}
	return ksem_test_until(ksem_test_info(pool->fd).out_own < CAPACITY) &&
	       ksem_test_kill(pid) == 256 + SIGKILL;
}

/* They may be free for long when a head that wanted more than there is gives up. */
static bool free_by_timeout(struct pool *pool, __u32 n)
{
	__u64 ns = ksem_test_chance(&pool->seed) % 500000;

	if (!ksem_test_ask_ex(&pool->actor, pool->fd, 0, CAPACITY + 1, ksem_test_now() + ns))
		return false;
	ksem_test_busy_for_up_to(200, &pool->seed);
	return !ksem_test_release(pool->fd, n) &&
	       ksem_test_answer(&pool->actor) == -ETIMEDOUT;
}

/* A waiter and the takers want the same permit; the waiter has what it got. */
static bool free_by_grant(struct pool *pool, __u32 n)
{
	if (!ksem_test_ask(&pool->actor, pool->fd, 1))
		return false;
	do {
		ksem_test_busy_for_up_to(50, &pool->seed);
		if (ksem_test_release(pool->fd, n) || !pool_is_full(pool))
			return false;
	} while (!ksem_test_answered(&pool->actor));
	return ksem_test_answer(&pool->actor) >= 0;
}

/* A taker dies, with or without what it was told of; the next one looks again. */
static bool free_and_kill_a_taker(struct pool *pool, __u32 n)
{
	int who = ksem_test_chance(&pool->seed) % pool->takers;

	if (ksem_test_release(pool->fd, n))
		return false;
	ksem_test_busy_for_up_to(200, &pool->seed);
	return ksem_test_kill(pool->taker[who]) == 256 + SIGKILL && start_taker(pool, who);
}

static bool (*const ways[])(struct pool *pool, __u32 n) = {
	free_one_by_one, free_by_release, free_by_post, free_by_close, free_by_timeout,
	free_by_grant,
	/* These take as long as a fork, and are chosen once in a while. */
	free_by_kill, free_and_kill_a_taker,
};

static unsigned int choose_way(struct pool *pool)
{
	unsigned int chance = ksem_test_chance(&pool->seed) % 64;

	return chance < 4 ? 6 + chance % 2 : chance % 6;
}

FIXTURE(poller) {
	struct pool pool;
};

FIXTURE_VARIANT(poller) {
	enum poller_kind kind;
	bool fair;
	int takers;
};

FIXTURE_VARIANT_ADD(poller, poll) { .kind = POLL, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, poll_nonfair) { .kind = POLL, .takers = 1 };

FIXTURE_VARIANT_ADD(poller, level) { .kind = LEVEL, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, level_nonfair) { .kind = LEVEL, .takers = 1 };

FIXTURE_VARIANT_ADD(poller, edge) { .kind = EDGE, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, edge_nonfair) { .kind = EDGE, .takers = 1 };

FIXTURE_VARIANT_ADD(poller, oneshot) { .kind = ONESHOT, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, oneshot_nonfair) { .kind = ONESHOT, .takers = 1 };

FIXTURE_VARIANT_ADD(poller, exclusive) { .kind = EXCLUSIVE, .takers = TAKERS, .fair = true };

FIXTURE_VARIANT_ADD(poller, exclusive_nonfair) { .kind = EXCLUSIVE, .takers = TAKERS };

FIXTURE_VARIANT_ADD(poller, io_uring) { .kind = RING, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, io_uring_nonfair) { .kind = RING, .takers = 1 };

FIXTURE_VARIANT_ADD(poller, io_uring_multishot) { .kind = RING_MULTI, .takers = 1, .fair = true };

FIXTURE_VARIANT_ADD(poller, io_uring_multishot_nonfair) { .kind = RING_MULTI, .takers = 1 };

FIXTURE_SETUP(poller)
{
	struct pool *pool = &self->pool;

	pool->kind = variant->kind;
	pool->takers = variant->takers;
	pool->seed = ksem_test_own_seed(ksem_test_new_seed(), 0);
	pool->fd = variant->fair ? ksem_test_fair(CAPACITY, 10) : ksem_test_nonfair(CAPACITY, 10);
	ASSERT_LE(0, pool->fd);
	ASSERT_EQ(0, ksem_test_acquire(pool->fd, CAPACITY));
	ASSERT_TRUE(ksem_test_actor_start(&pool->actor));
}

FIXTURE_TEARDOWN(poller)
{
	close(self->pool.fd);
}

/* Why there can be no poller of that kind here, or NULL. */
static const char *why_not(enum poller_kind kind)
{
	struct ksem_test_ring ring;
	int error;

	if (!is_ring(kind))
		return NULL;
	error = ksem_test_ring_open(&ring);
	if (!error)
		ksem_test_ring_close(&ring);
	return error ? strerror(-error) : NULL;
}

TEST_F_TIMEOUT(poller, misses_no_permit, KSEM_TEST_LONG)
{
	const char *reason = why_not(variant->kind);
	struct pool *pool = &self->pool;
	unsigned int i, way, seed = pool->seed;

	if (reason)
		SKIP(return, "no io_uring: %s", reason);
	ksem_test_limit();
	for (i = 0; i < pool->takers; i++)
		ASSERT_TRUE(start_taker(pool, i));
	for (i = 0; i < ksem_test_turns(ROUNDS); i++) {
		way = choose_way(pool);
		ksem_test_busy_for_up_to(50, &pool->seed);
		ASSERT_TRUE(ways[way](pool, 1 + ksem_test_chance(&pool->seed) % (CAPACITY - 1)) &&
			    pool_is_full(pool))
			TH_LOG("seed %u, round %u, way %u: %s", seed, i, way, pool_text(pool));
	}
	ksem_test_figure("permits seen by pollers, rounds", i, 0);
	end_takers(_metadata, pool);
	EXPECT_TRUE(ksem_test_conserved(pool->fd));
	/* What a ring has had goes a little later than its process. */
	EXPECT_TRUE(ksem_test_until(ksem_test_info(pool->fd).out_handles == 1));
}

/* The ways in which a handle comes by @n permits. */

static bool get_by_transfer(struct pool *pool, int own, __u32 n)
{
	return !ksem_test_transfer(pool->fd, n, own);
}

static bool get_at_once(struct pool *pool, int own, __u32 n)
{
	return !ksem_test_release(pool->fd, n) && ksem_test_try_acquire(own, n) >= 0;
}

/* After a wait, mostly; with a token it is the handle's a little later. */
static bool begin_grant(struct pool *pool, int own, __u32 n)
{
	__u32 flags = ksem_test_chance(&pool->seed) % 2 ? KSEM_FLAG_TOKEN : 0;

	if (!ksem_test_ask_ex(&pool->actor, own, flags, n, KSEM_NO_DEADLINE))
		return false;
	ksem_test_busy_for_up_to(200, &pool->seed);
	return !ksem_test_release(pool->fd, n);
}

static bool get_by_grant(struct pool *pool, int own, __u32 n)
{
	return begin_grant(pool, own, n) && ksem_test_answer(&pool->actor) >= 0;
}

/* One of them while a grant is on its way to the same handle. */
static bool get_in_two_ways(struct pool *pool, int own, __u32 n)
{
	if (n == 1)
		return get_by_transfer(pool, own, 1);
	if (!begin_grant(pool, own, n - 1))
		return false;
	ksem_test_busy_for_up_to(100, &pool->seed);
	return get_by_transfer(pool, own, 1) && ksem_test_answer(&pool->actor) >= 0;
}

/* One that is told of it dies; the others look, or the next one does. */
static bool get_and_kill_a_giver(struct pool *pool, int own, __u32 n)
{
	int who = ksem_test_chance(&pool->seed) % pool->takers;

	if (ksem_test_transfer(pool->fd, n, own))
		return false;
	ksem_test_busy_for_up_to(200, &pool->seed);
	return ksem_test_kill(pool->taker[who]) == 256 + SIGKILL && start_giver(pool, who, own);
}

static bool (*const other_ways[])(struct pool *pool, int own, __u32 n) = {
	get_by_transfer, get_at_once, get_by_grant, get_in_two_ways,
	/* It takes as long as a fork, and is chosen once in a while. */
	get_and_kill_a_giver,
};

static unsigned int choose_other_way(struct pool *pool)
{
	unsigned int chance = ksem_test_chance(&pool->seed) % 64;

	return chance < 2 ? 4 : chance % 4;
}

TEST_F_TIMEOUT(poller, misses_nothing_to_release, KSEM_TEST_LONG)
{
	const char *reason = why_not(variant->kind);
	struct pool *pool = &self->pool;
	unsigned int i, n, way, seed = pool->seed;
	int own;

	if (reason)
		SKIP(return, "no io_uring: %s", reason);
	ksem_test_limit();
	own = ksem_test_attached(pool->fd);
	for (i = 0; i < pool->takers; i++)
		ASSERT_TRUE(start_giver(pool, i, own));
	for (i = 0; i < ksem_test_turns(ROUNDS); i++) {
		way = choose_other_way(pool);
		n = 1 + ksem_test_chance(&pool->seed) % CAPACITY;
		ksem_test_busy_for_up_to(50, &pool->seed);
		ASSERT_TRUE(other_ways[way](pool, own, n) && pool_is_full(pool))
			TH_LOG("seed %u, round %u, way %u: %s", seed, i, way, pool_text(pool));
	}
	ksem_test_figure("grants seen by pollers, rounds", i, 0);
	end_takers(_metadata, pool);
	close(own);
	EXPECT_TRUE(ksem_test_conserved(pool->fd));
	EXPECT_TRUE(ksem_test_until(ksem_test_info(pool->fd).out_handles == 1));
}

/* A shutdown, at any moment. */

struct listener {
	pthread_t thread;
	enum poller_kind kind;
	int fd;
	pid_t tid;
	bool heard;
};

static void *listen_for_the_end(void *data)
{
	struct listener *listener = data;
	struct poller p;

	__atomic_store_n(&listener->tid, gettid(), __ATOMIC_RELEASE);
	if (!poller_open(&p, listener->kind, listener->fd, POLLIN))
		return NULL;
	while (!(poller_wait(&p, -1) & POLLHUP))
		continue;
	poller_close(&p);
	__atomic_store_n(&listener->heard, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool is_asleep(struct listener *listener)
{
	pid_t tid = __atomic_load_n(&listener->tid, __ATOMIC_ACQUIRE);

	return tid && ksem_test_task_state(tid) == 'S';
}

/* Two of them are told, whether they sleep or are about to. */
static bool both_hear_of_it(enum poller_kind kind, int fd, bool sleep, unsigned int *seed)
{
	struct listener listener[2] = { { .kind = kind, .fd = fd }, { .kind = kind, .fd = fd } };
	int i;

	for (i = 0; i < 2; i++)
		if (pthread_create(&listener[i].thread, NULL, listen_for_the_end, &listener[i]))
			return false;
	if (sleep && !ksem_test_until(is_asleep(&listener[0]) && is_asleep(&listener[1])))
		return false;
	ksem_test_busy_for_up_to(400, seed);
	if (ksem_test_shutdown(fd))
		return false;
	for (i = 0; i < 2; i++) {
		if (!ksem_test_until(__atomic_load_n(&listener[i].heard, __ATOMIC_ACQUIRE)))
			return false;
		pthread_join(listener[i].thread, NULL);
	}
	return true;
}

TEST_F_TIMEOUT(poller, hears_of_a_shutdown, KSEM_TEST_LONG)
{
	const char *reason = why_not(variant->kind);
	unsigned int i, seed = self->pool.seed;
	int fd;

	if (reason)
		SKIP(return, "no io_uring: %s", reason);
	ksem_test_limit();
	for (i = 0; i < ksem_test_turns(ROUNDS / 10); i++) {
		fd = variant->fair ? ksem_test_fair(0, 1) : ksem_test_nonfair(0, 1);
		ASSERT_TRUE(both_hear_of_it(variant->kind, fd, i % 2, &self->pool.seed))
			TH_LOG("seed %u, round %u", seed, i);
		close(fd);
	}
	ksem_test_figure("shutdowns heard by pollers", i, 0);
}

/* Descriptors are closed and replaced while others poll them. */

struct chaos {
	enum poller_kind kind;
	int pool;
	int slot;
	bool stop;
	unsigned int told;
	unsigned int wrong;
};

static bool chaos_is_over(struct chaos *chaos)
{
	return __atomic_load_n(&chaos->stop, __ATOMIC_ACQUIRE);
}

static bool chaos_has_told(struct chaos *chaos)
{
	return __atomic_load_n(&chaos->told, __ATOMIC_SEQ_CST);
}

/* Polls whatever is in the slot. */
static void *poll_the_slot(void *data)
{
	struct chaos *chaos = data;
	struct poller p;

	while (!chaos_is_over(chaos)) {
		if (!poller_open(&p, chaos->kind, chaos->slot, POLLIN | POLLOUT)) {
			ksem_test_count(&chaos->wrong);
			continue;
		}
		if (poller_wait(&p, 1))
			ksem_test_count(&chaos->told);
		poller_close(&p);
	}
	return NULL;
}

/* Permits come and go. */
static void *stir_the_pool(void *data)
{
	struct chaos *chaos = data;

	while (!chaos_is_over(chaos)) {
		ksem_test_release(chaos->pool, CAPACITY);
		while (ksem_test_info(chaos->pool).out_own < CAPACITY && !chaos_is_over(chaos))
			ksem_test_acquire_ex(chaos->pool, 0, 1, ksem_test_in_ms(1), NULL);
	}
	return NULL;
}

/* A handle with a permit takes the place of another in the slot, which goes. */
static bool replace_the_slot(struct chaos *chaos)
{
	int fresh = ksem_test_attached(chaos->pool), copy = dup(fresh);

	ksem_test_try_acquire(fresh, 1);
	return dup2(copy, chaos->slot) == chaos->slot && !close(fresh) && !close(copy);
}

TEST_F_TIMEOUT(poller, may_poll_what_is_closed_and_replaced, KSEM_TEST_LONG)
{
	const char *reason = why_not(variant->kind);
	struct chaos chaos = { .kind = variant->kind, .pool = self->pool.fd };
	pthread_t thread[3];
	unsigned int rounds, i;

	if (reason)
		SKIP(return, "no io_uring: %s", reason);
	ksem_test_limit();
	chaos.slot = ksem_test_attached(chaos.pool);
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, stir_the_pool, &chaos));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, poll_the_slot, &chaos));
	ASSERT_EQ(0, pthread_create(&thread[2], NULL, poll_the_slot, &chaos));
	/* The last in the slot may keep a permit: nothing moves any more then. */
	for (rounds = 0; rounds < ksem_test_turns(ROUNDS) || !chaos_has_told(&chaos); rounds++) {
		ASSERT_TRUE(replace_the_slot(&chaos));
		sched_yield();
	}
	__atomic_store_n(&chaos.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	close(chaos.slot);
	TH_LOG("%u rounds, %u events", rounds, chaos.told);
	ksem_test_figure("handles replaced under pollers", rounds, chaos.wrong);
	EXPECT_EQ(0, chaos.wrong);
	/* What a ring has had goes a little later. */
	EXPECT_TRUE(ksem_test_until(ksem_test_info(chaos.pool).out_handles == 1));
	EXPECT_TRUE(ksem_test_conserved(chaos.pool));
	EXPECT_EQ(CAPACITY, ksem_test_info(chaos.pool).out_capacity);
}

TEST_HARNESS_MAIN
