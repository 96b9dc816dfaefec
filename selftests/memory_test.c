// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs out: memory of a cgroup, descriptors. Nothing that exists already
 * suffers from it, and all that was taken comes back.
 */
#include "ksem_test.h"
#include "ksem_test_cgroup.h"
#include "ksem_test_fs.h"
#include "ksem_test_gone.h"
#include "ksem_test_proc.h"

#include <glob.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>

/*
 * How often something is done to see what it costs. The kernel's figures lag:
 * it adds up to 64 pages for each processor before it looks at the sum.
 */
#define MANY		10000

/* A memory cgroup of its own for a child of the test. */

static char cgroup[80];

/* Bytes of the kernel's small objects that are charged to the cgroup. */
static long long charged(void)
{
	return ksem_test_read_number(cgroup, "memory.stat", "slab ");
}

static bool make_cgroup(const char *limit)
{
	ksem_test_write(KSEM_TEST_CGROUPS, "cgroup.subtree_control", "+memory");
	return ksem_test_cgroup_make(cgroup, KSEM_TEST_CGROUPS) &&
	       ksem_test_write(cgroup, "memory.max", limit) && charged() >= 0;
}

/*
 * A signal each @us; 0: none any more. Less often where a kernel may take longer than that
 * to deliver one: the next would be there before the call that it is to interrupt.
 */
static void interrupt_each(unsigned int us)
{
	struct timeval each = { .tv_usec = us * ksem_test_slow() };
	struct itimerval timer = { .it_interval = each, .it_value = each };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void remove_cgroup(void)
{
	ksem_test_cgroup_remove(cgroup);
}

static bool enter_cgroup(void)
{
	return ksem_test_cgroup_enter(cgroup, getpid());
}

static bool write_oom_score(pid_t pid, const char *score)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "/proc/%d", pid);
	return ksem_test_write(dir, "oom_score_adj", score);
}

static bool allow_files(rlim_t n)
{
	struct rlimit limit = { .rlim_cur = n, .rlim_max = n };

	return !setrlimit(RLIMIT_NOFILE, &limit);
}

FIXTURE(memory) {
	int fd;
	pid_t child;
};

FIXTURE_SETUP(memory)
{
	self->fd = ksem_test_fair(10, 10);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(memory)
{
	remove_cgroup();
	close(self->fd);
}

/* The harness ends what takes too long: thousands of waits do take time. */
#define TEST_SECONDS	120

static int reap_late(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Semaphores in @fds until there is no more; how many, and what it said. */
static int create_until_it_fails(int *fds, int max, int *error)
{
	int n;

	for (n = 0; n < max; n++) {
		fds[n] = ksem_test_fair(1, 1);
		if (fds[n] < 0) {
			*error = fds[n];
			return n;
		}
	}
	*error = 0;
	return n;
}

/* Does a semaphore still do all that it is there for? */
static bool works(int fd)
{
	return ksem_test_acquire(fd, 1) >= 0 &&
	       ksem_test_try_acquire(fd, 1) == -EAGAIN &&
	       ksem_test_acquire_ex(fd, 0, 1, ksem_test_in_ms(1), NULL) == -ETIMEDOUT &&
	       ksem_test_release(fd, 1) == 0 &&
	       ksem_test_info(fd).out_available == 1;
}

/*
 * So that they are not the cgroup's: a page fault for which a cgroup has no memory, where
 * nobody may be killed for it, is repeated for ever.
 */
static void use_pages(void *memory, size_t size)
{
	memset(memory, -1, size);
}

/* All semaphores that a cgroup has memory for. Exits with what is wrong. */
static void exhaust_cgroup(void)
{
	static int fds[100000];
	int i, n, error;

	use_pages(fds, sizeof(fds));
	if (!allow_files(ARRAY_SIZE(fds) + 16) || !enter_cgroup())
		_exit(1);
	n = create_until_it_fails(fds, ARRAY_SIZE(fds), &error);
	if (error != -ENOMEM)
		ksem_test_exit(error ?: 2);
	for (i = 0; i < n; i += 10)
		if (!works(fds[i]))
			_exit(3);
	/* What is given back can be had again. */
	for (i = n / 2; i < n; i++)
		close(fds[i]);
	if (create_until_it_fails(fds, n / 4, &error) != n / 4)
		_exit(4);
	_exit(n < 100 ? 5 : 0);
}

TEST_F_TIMEOUT(memory, that_a_cgroup_has_not_is_enomem_and_nothing_else, TEST_SECONDS)
{
	if (!access("/sys/module/ksem/parameters/debug_delay_us", F_OK))
		SKIP(return, "waits need memory too in a build for debugging");
	if (!make_cgroup("4M"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child) {
		/* Nobody in there may be killed: so the allocation fails. */
		if (!write_oom_score(getpid(), "-1000"))
			_exit(6);
		exhaust_cgroup();
	}
	EXPECT_EQ(0, reap_late(self->child));
}

static void hold_and_eat(int fd)
{
	int own = ksem_test_attached(fd);
	size_t size = 64 << 20;
	char *food;

	close(fd);
	if (!enter_cgroup() || ksem_test_acquire(own, 7))
		_exit(1);
	food = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (food == MAP_FAILED)
		_exit(2);
	memset(food, 1, size);
	_exit(3);
}

TEST_F(memory, that_kills_a_holder_gives_its_permits_back)
{
	if (!make_cgroup("8M"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child)
		hold_and_eat(self->fd);
	ASSERT_EQ(256 + SIGKILL, ksem_test_reap(self->child));
	EXPECT_EQ(10, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(7, ksem_test_info(self->fd).out_reclaimed);
}

/* What a child in the cgroup has found out, in memory shared with the test. */
struct charges {
	long long before;
	long long files;
	long long handles;
	long long semaphores;
	long long accounts;
	long long places;
	long long after;
};

static struct charges *shared_charges(void)
{
	return mmap(NULL, sizeof(struct charges), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Many more descriptors, and what they cost. */
static long long charge_of(const char *path, int *fds)
{
	long long before = charged();
	int i;

	for (i = 0; i < MANY; i++) {
		fds[i] = open(path, O_RDWR | O_CLOEXEC);
		if (fds[i] < 0)
			_exit(2);
	}
	return charged() - before;
}

/* They become handles; per process each of them has an account of its own, too. */
static long long charge_of_semaphores(__u32 flags, int *fds)
{
	long long before = charged();
	int i;

	for (i = 0; i < MANY; i++)
		if (ksem_test_create(fds[i], KSEM_CREATE_FAIR | flags, 0, 1))
			_exit(2);
	return charged() - before;
}

/* A wait that a signal ends, on each of many handles: many places. */
static long long charge_of_places(int *fds)
{
	struct sigaction action = { .sa_handler = ksem_test_handler };
	long long before = charged();
	int i;

	sigaction(SIGALRM, &action, NULL);
	interrupt_each(500);
	for (i = 0; i < MANY; i++)
		if (ksem_test_acquire(fds[i], 1) != -EINTR)
			_exit(3);
	interrupt_each(0);
	/* The kernel's figures lag by up to two seconds. */
	ksem_test_until(charged() - before > MANY * 32);
	return charged() - before;
}

static void measure_charges(struct charges *charges)
{
	static int fds[3 * MANY];
	int *files = fds, *handles = fds + MANY, *others = fds + 2 * MANY;
	int i;

	if (!allow_files(ARRAY_SIZE(fds) + 16) || !enter_cgroup())
		_exit(1);
	/* The table of descriptors has its final size from here on. */
	close(dup2(0, ARRAY_SIZE(fds) + 15));
	charges->before = charged();
	charges->files = charge_of("/dev/null", files);
	charges->handles = charge_of(KSEM_TEST_DEVICE, handles);
	charge_of(KSEM_TEST_DEVICE, others);
	charges->semaphores = charge_of_semaphores(0, handles);
	charges->accounts = charge_of_semaphores(KSEM_CREATE_PER_PROCESS, others);
	charges->places = charge_of_places(others);
	for (i = 0; i < 3 * MANY; i++)
		close(fds[i]);
	/* Files are freed when the processors have all passed by. */
	ksem_test_until(charged() < charges->before + charges->files / 4);
	charges->after = charged();
	_exit(0);
}

TEST_F_TIMEOUT(memory, is_charged_to_its_user_until_it_is_given_back, TEST_SECONDS)
{
	struct charges *charges = shared_charges();

	if (!make_cgroup("max"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child)
		measure_charges(charges);
	ASSERT_EQ(0, reap_late(self->child));
	TH_LOG("bytes each: file %lld, with a handle %lld, semaphore %lld, with an account %lld",
	       charges->files / MANY, charges->handles / MANY, charges->semaphores / MANY,
	       charges->accounts / MANY);
	TH_LOG("place %lld", charges->places / MANY);
	/* On top of each other; no part of them is that small. */
	EXPECT_LT(charges->files + MANY * 64, charges->handles);
	EXPECT_LT(MANY * 64, charges->semaphores);
	EXPECT_LT(charges->semaphores + MANY * 32, charges->accounts);
	EXPECT_LT(MANY * 32, charges->places);
	EXPECT_LT(charges->after, charges->before + charges->files / 4);
}

/* One thread, one handle: one place, however often it is interrupted. */
static void measure_places(int fd, struct charges *charges)
{
	struct sigaction action = { .sa_handler = ksem_test_handler };
	int i;

	if (!enter_cgroup())
		_exit(1);
	sigaction(SIGALRM, &action, NULL);
	interrupt_each(500);
	for (i = 0; i < MANY; i++) {
		if (ksem_test_acquire(fd, 1 + i % 10) != -EINTR)
			_exit(2);
		if (i == 10)
			charges->before = charged();
	}
	charges->places = charged() - charges->before;
	_exit(0);
}

TEST_F_TIMEOUT(memory, of_interrupted_waits_is_bounded, TEST_SECONDS)
{
	struct charges *charges = shared_charges();

	if (!make_cgroup("max"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 10));
	self->child = ksem_test_fork();
	if (!self->child)
		measure_places(self->fd, charges);
	ASSERT_EQ(0, reap_late(self->child));
	EXPECT_GT(MANY * 32 / 2, charges->places);
}

/*
 * Everything that there is, until there is no memory for more of any of it: what
 * the machine has lost by it is what the cgroup is charged for.
 */

#define EVERYTHING	"16M"

/* Pages that are free, but on a processor's own list. */
static long long pages_on_lists(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	long long count, sum = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %lld", &count) == 1)
			sum += count;
	fclose(file);
	return sum;
}

/* What is used by programs and the kernel together. */
static long long used(void)
{
	static const char * const others[] = { "MemFree:", "Buffers:", "Cached:" };
	long long kib = ksem_test_read_number("/proc", "meminfo", "MemTotal:");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		kib -= ksem_test_read_number("/proc", "meminfo", others[i]);
	return kib * 1024 - pages_on_lists() * sysconf(_SC_PAGESIZE);
}

/*
 * Room that others have left in slabs counts as used, and whoever takes it is charged for
 * it: what goes after a grace period has to be gone, and the empty slabs with it.
 */
static void settle(void)
{
	long long before, after = used();
	unsigned int tries = 0;
	glob_t caches = { };
	size_t i;

	if (glob(KSEM_TEST_SLABS "*/shrink", 0, NULL, &caches))
		return;
	do {
		before = after;
		usleep(ksem_test_slow() * 200000);
		for (i = 0; i < caches.gl_pathc; i++)
			ksem_test_shrink(caches.gl_pathv[i]);
		after = used();
	} while (before - after > 64 << 10 && ++tries < 20);
	globfree(&caches);
}

static long long charged_in_all(void)
{
	return ksem_test_read_number(cgroup, "memory.current", "");
}

/*
 * A semaphore with nothing in it, of either kind of accounts, and every second time a
 * second handle on it.
 */
static int one_more_handle(int *fds, int n)
{
	if (n % 2)
		return ksem_test_attached(fds[n - 1]);
	return ksem_test_new_handoff(KSEM_CREATE_FAIR | (n % 4 ? KSEM_CREATE_PER_PROCESS : 0),
				     0, 1, 0);
}

static int poll_it(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* A wait that a signal ends. Whether its place could be kept is not told. */
static void leave_a_place(int fd)
{
	interrupt_each(100);
	if (ksem_test_acquire(fd, 1) != -EINTR)
		_exit(10);
	interrupt_each(0);
}

/*
 * Handles, pollers and places, in turn, until none of them can be had. Returns
 * the number of handles; a lack of anything but memory ends the child.
 */
static int take_everything(int *fds, int max)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), n, error = 0;

	for (n = 0; n < max && !error; n++) {
		fds[n] = one_more_handle(fds, n);
		error = fds[n] < 0 ? fds[n] : poll_it(epoll, fds[n]);
		/* Each takes as long as a timer. */
		if (!error && n % 4 == 0)
			leave_a_place(fds[n]);
	}
	if (error != -ENOMEM)
		_exit(11);
	/* The last one is not whole. */
	return n - 1;
}

/* The same of another device, which has nothing of its own in memory. */
static int take_plain_files(int *fds, int max)
{
	int n;

	for (n = 0; n < max; n++) {
		fds[n] = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fds[n] < 0)
			break;
	}
	if (n == max || errno != ENOMEM)
		_exit(11);
	return n;
}

/* Where names are made. */
static int names = -1;

/* Every second one is that of a directory; without @semaphores all of them are. */
static int make_name(int n, bool semaphores)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", n);
	if (semaphores && n % 2 == 0)
		return ksem_test_create_at(names, name, 0, 0600, -1);
	return mkdirat(names, name, 0700) ? -errno : 0;
}

/* Until there is no memory for more; a tmpfs calls that a lack of space if it is an inode's. */
static int make_names(int max, bool semaphores)
{
	int n, error = 0;

	for (n = 0; n < max && !error; n++)
		error = make_name(n, semaphores);
	if (error != -ENOMEM && (semaphores || error != -ENOSPC))
		ksem_test_exit(error);
	return n - 1;
}

static int take_names(int *fds, int max)
{
	return make_names(max, true);
}

/* The same in a tmpfs without limits. */
static int take_plain_names(int *fds, int max)
{
	return make_names(max, false);
}

/*
 * What child and test know of each other; in memory that they share. Nobody in a
 * cgroup without memory can look at a file, so it is the test that measures.
 */
struct taker {
	int (*take)(int *fds, int max);
	int stage;
	int files;
	long long used;
	long long charged;
};

enum stage {
	IN_CGROUP = 1,
	MEASURED_BEFORE,
	TAKEN,
	MEASURED_AFTER,
};

static void set_stage(struct taker *taker, enum stage stage)
{
	__atomic_store_n(&taker->stage, stage, __ATOMIC_RELEASE);
}

static bool is_at_stage(struct taker *taker, enum stage stage)
{
	return __atomic_load_n(&taker->stage, __ATOMIC_ACQUIRE) == stage;
}

static void await_stage(struct taker *taker, enum stage stage)
{
	while (!is_at_stage(taker, stage))
		usleep(500);
}

/* Of a child, which may end before that. */
static bool child_reaches(struct taker *taker, pid_t pid, enum stage stage)
{
	siginfo_t info = { };

	while (!is_at_stage(taker, stage)) {
		if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid)
			return false;
		usleep(500);
	}
	return true;
}

static void taker_main(struct taker *taker)
{
	struct sigaction action = { .sa_handler = ksem_test_handler };
	static int fds[100000];

	use_pages(fds, sizeof(fds));
	sigaction(SIGALRM, &action, NULL);
	/* Nobody in there may be killed: so the allocation fails. */
	if (!write_oom_score(getpid(), "-1000") || !allow_files(ARRAY_SIZE(fds) + 16) ||
	    !enter_cgroup())
		_exit(1);
	set_stage(taker, IN_CGROUP);
	await_stage(taker, MEASURED_BEFORE);
	taker->files = taker->take(fds, ARRAY_SIZE(fds));
	set_stage(taker, TAKEN);
	await_stage(taker, MEASURED_AFTER);
	_exit(0);
}

/* What a cgroup can take, all of it; measured from outside. The child's end. */
static int measure(struct taker *taker)
{
	pid_t pid = ksem_test_fork();

	if (!pid)
		taker_main(taker);
	if (child_reaches(taker, pid, IN_CGROUP)) {
		settle();
		taker->used = -used();
		taker->charged = -charged_in_all();
		set_stage(taker, MEASURED_BEFORE);
	}
	if (child_reaches(taker, pid, TAKEN)) {
		taker->used += used();
		taker->charged += charged_in_all();
		set_stage(taker, MEASURED_AFTER);
	}
	return reap_late(pid);
}

static struct taker *new_taker(int (*take)(int *fds, int max))
{
	struct taker *taker = mmap(NULL, sizeof(*taker), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	taker->take = take;
	return taker;
}

/*
 * Some kernels have something for each open file or inode that they charge to nobody.
 * That is the same for any: what is asked for here is what comes on top of it.
 */
static void expect_charged(struct __test_metadata *_metadata, const struct taker *plain,
			   const struct taker *all)
{
	long long uncharged = (plain->used - plain->charged) / plain->files, own;

	if (uncharged < 0)
		uncharged = 0;
	own = all->used - uncharged * all->files;
	TH_LOG("%d plain ones: %lld KiB used, %lld KiB charged: %lld bytes each are not",
	       plain->files, plain->used / 1024, plain->charged / 1024, uncharged);
	TH_LOG("%d of ours: %lld KiB used, %lld without that, %lld charged: %lld %%",
	       all->files, all->used / 1024, own / 1024, all->charged / 1024,
	       all->charged * 100 / own);
	EXPECT_LT(1000, all->files);
	EXPECT_LE(own * 95, all->charged * 100);
	/* More charged than used, or room left: then something else was measured. */
	EXPECT_LE(all->charged * 90, own * 100);
	EXPECT_LE(14LL << 20, all->charged);
}

static bool records_each_object(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

#define RECORDS	"the kernel keeps a record of each object, and charges nobody for it"

TEST_F_TIMEOUT(memory, that_is_taken_in_every_way_is_charged, TEST_SECONDS)
{
	struct taker *plain = new_taker(take_plain_files);
	struct taker *all = new_taker(take_everything);

	if (records_each_object())
		SKIP(return, RECORDS);
	if (!make_cgroup(EVERYTHING))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	ASSERT_EQ(0, measure(plain));
	ASSERT_EQ(0, measure(all));
	expect_charged(_metadata, plain, all);
}

/* The nodes stay, and what they are charged, until the mounts go: two cgroups. */
static int measure_names(struct taker *taker)
{
	int result = -ENOSPC;

	if (names >= 0 && make_cgroup(EVERYTHING))
		result = measure(taker);
	close(names);
	remove_cgroup();
	return result;
}

TEST_F_TIMEOUT(memory, that_is_taken_by_names_is_charged, TEST_SECONDS)
{
	struct taker *plain = new_taker(take_plain_names);
	struct taker *all = new_taker(take_names);
	long limit;

	if (records_each_object())
		SKIP(return, RECORDS);
	names = ksem_test_is_root() ? ksem_test_mounted(NULL) : -EPERM;
	if (names < 0 || !make_cgroup(EVERYTHING))
		SKIP(return, "needs root and a memory cgroup");
	remove_cgroup();
	limit = ksem_test_set_parameter("max_names_per_user", 100000);
	EXPECT_EQ(0, measure_names(all));
	ksem_test_set_parameter("max_names_per_user", limit);
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, "nr_inodes=0,size=0"));
	names = ksem_test_open_dir("/tmp");
	ASSERT_EQ(0, measure_names(plain));
	expect_charged(_metadata, plain, all);
}

/* Whoever takes too much dies of it, and nobody else. */
TEST_F_TIMEOUT(memory, that_is_used_up_kills_nobody_outside, TEST_SECONDS)
{
	static int fds[100000];
	pid_t outside;

	if (!make_cgroup("8M"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	outside = ksem_test_child_hold(self->fd, 3);
	ASSERT_LT(0, outside);
	/* The first to be killed if it were the machine that has no more. */
	ASSERT_TRUE(write_oom_score(outside, "1000"));
	self->child = ksem_test_fork();
	if (!self->child) {
		int own = ksem_test_attached(self->fd), error;

		if (ksem_test_acquire(own, 7) || !allow_files(ARRAY_SIZE(fds) + 16) ||
		    !enter_cgroup())
			_exit(1);
		create_until_it_fails(fds, ARRAY_SIZE(fds), &error);
		_exit(2);
	}
	ASSERT_EQ(256 + SIGKILL, reap_late(self->child));
	EXPECT_EQ(1, ksem_test_read_number(cgroup, "memory.events", "oom_kill "));
	EXPECT_EQ(7, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(3, ksem_test_info(self->fd).out_held);
	EXPECT_EQ(256 + SIGKILL, ksem_test_kill(outside));
}

/* Descriptors. */

TEST(without_descriptors_what_exists_goes_on)
{
	int fds[64], i, n, error;

	ASSERT_TRUE(allow_files(ARRAY_SIZE(fds)));
	n = create_until_it_fails(fds, ARRAY_SIZE(fds), &error);
	EXPECT_EQ(-EMFILE, error);
	ASSERT_LT(1, n);
	for (i = 0; i < n; i++)
		ASSERT_TRUE(works(fds[i]));
	close(fds[0]);
	fds[0] = ksem_test_fair(1, 1);
	EXPECT_TRUE(works(fds[0]));
}

TEST(thousands_of_handles_on_one_semaphore_are_its_holders)
{
	static int fds[5000];
	int i;

	if (!allow_files(ARRAY_SIZE(fds) + 16))
		SKIP(return, "needs more descriptors: %s", strerror(errno));
	fds[0] = ksem_test_fair(ARRAY_SIZE(fds), ARRAY_SIZE(fds));
	for (i = 1; i < (int)ARRAY_SIZE(fds); i++) {
		fds[i] = ksem_test_attached(fds[0]);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, ksem_test_acquire(fds[i], 1));
	}
	EXPECT_EQ(ARRAY_SIZE(fds) - 1, ksem_test_info(fds[0]).out_holders);
	EXPECT_EQ(1, ksem_test_info(fds[0]).out_available);
	for (i = 1; i < (int)ARRAY_SIZE(fds); i++)
		close(fds[i]);
	EXPECT_EQ(ARRAY_SIZE(fds), ksem_test_info(fds[0]).out_available);
	EXPECT_EQ(1, ksem_test_info(fds[0]).out_handles);
}

TEST_HARNESS_MAIN
