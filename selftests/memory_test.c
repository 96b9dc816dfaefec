// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs out: memory of a cgroup, descriptors. Nothing that exists already
 * suffers from it, and all that was taken comes back.
 */
#include "ksem_test.h"
#include "ksem_test_proc.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#define CGROUPS		"/sys/fs/cgroup"

/*
 * How often something is done to see what it costs. The kernel's figures lag:
 * it adds up to 64 pages for each processor before it looks at the sum.
 */
#define MANY		10000

/* A memory cgroup of its own for a child of the test. */

static char cgroup[64];

static bool write_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	bool written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

/* Bytes of the kernel's small objects that are charged to the cgroup. */
static long long charged(void)
{
	char path[128], line[128];
	long long bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.stat", cgroup);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "slab %lld", &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

static bool make_cgroup(const char *limit)
{
	snprintf(cgroup, sizeof(cgroup), CGROUPS "/ksem_test.%d", getpid());
	write_file(CGROUPS, "cgroup.subtree_control", "+memory");
	return !mkdir(cgroup, 0755) && write_file(cgroup, "memory.max", limit) &&
	       charged() >= 0;
}

static void remove_cgroup(void)
{
	/* It is busy as long as the dead are not all gone. */
	if (cgroup[0])
		ksem_test_until(!rmdir(cgroup) || errno != EBUSY);
}

static bool enter_cgroup(void)
{
	return write_file(cgroup, "cgroup.procs", "0");
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

/* All semaphores that a cgroup has memory for. Exits with what is wrong. */
static void exhaust_cgroup(void)
{
	static int fds[100000];
	int i, n, error;

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

TEST_F(memory, that_a_cgroup_has_not_is_enomem_and_nothing_else)
{
	if (!make_cgroup("4M"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child) {
		/* Nobody in there may be killed: so the allocation fails. */
		if (!write_file("/proc/self", "oom_score_adj", "-1000"))
			_exit(6);
		exhaust_cgroup();
	}
	EXPECT_EQ(0, ksem_test_reap(self->child));
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
	long long places;
	long long after;
};

static struct charges *shared_charges(void)
{
	return mmap(NULL, sizeof(struct charges), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Many more descriptors, and what they cost. */
static long long charge_of(const char *path, bool create, int *fds)
{
	long long before = charged();
	int i;

	for (i = 0; i < MANY; i++) {
		fds[i] = open(path, O_RDWR | O_CLOEXEC);
		if (fds[i] < 0 ||
		    (create && ksem_test_create(fds[i], KSEM_CREATE_FAIR, 0, 1)))
			_exit(2);
	}
	return charged() - before;
}

/* A wait that a signal ends, on each of many handles: many places. */
static long long charge_of_places(int *fds)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { };
	struct sigaction action = { .sa_handler = ksem_test_handler };
	long long before = charged();
	int i;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < MANY; i++)
		if (ksem_test_acquire(fds[i], 1) != -EINTR)
			_exit(3);
	setitimer(ITIMER_REAL, &never, NULL);
	return charged() - before;
}

static void measure_charges(struct charges *charges)
{
	static int fds[3 * MANY];
	int i;

	if (!allow_files(ARRAY_SIZE(fds) + 16) || !enter_cgroup())
		_exit(1);
	/* The table of descriptors has its final size from here on. */
	close(dup2(0, ARRAY_SIZE(fds) + 15));
	charges->before = charged();
	charges->files = charge_of("/dev/null", false, fds);
	charges->handles = charge_of(KSEM_TEST_DEVICE, false, fds + MANY);
	charges->semaphores = charge_of(KSEM_TEST_DEVICE, true, fds + 2 * MANY);
	charges->places = charge_of_places(fds + 2 * MANY);
	for (i = 0; i < 3 * MANY; i++)
		close(fds[i]);
	/* Files are freed when the processors have all passed by. */
	ksem_test_until(charged() < charges->before + charges->files / 4);
	charges->after = charged();
	_exit(0);
}

TEST_F(memory, is_charged_to_its_user_until_it_is_given_back)
{
	struct charges *charges = shared_charges();

	if (!make_cgroup("max"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	self->child = ksem_test_fork();
	if (!self->child)
		measure_charges(charges);
	ASSERT_EQ(0, ksem_test_reap(self->child));
	TH_LOG("bytes each: file %lld, handle %lld, semaphore with its handle %lld, place %lld",
	       charges->files / MANY, charges->handles / MANY,
	       charges->semaphores / MANY, charges->places / MANY);
	/* On top of each other; no part of them is that small. */
	EXPECT_LT(charges->files + MANY * 64, charges->handles);
	EXPECT_LT(charges->handles + MANY * 64, charges->semaphores);
	EXPECT_LT(MANY * 32, charges->places);
	EXPECT_LT(charges->after, charges->before + charges->files / 4);
}

/* One thread, one handle: one place, however often it is interrupted. */
static void measure_places(int fd, struct charges *charges)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	struct sigaction action = { .sa_handler = ksem_test_handler };
	int i;

	if (!enter_cgroup())
		_exit(1);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < MANY; i++) {
		if (ksem_test_acquire(fd, 1 + i % 10) != -EINTR)
			_exit(2);
		if (i == 10)
			charges->before = charged();
	}
	charges->places = charged() - charges->before;
	_exit(0);
}

TEST_F(memory, of_interrupted_waits_is_bounded)
{
	struct charges *charges = shared_charges();

	if (!make_cgroup("max"))
		SKIP(return, "no memory cgroup: %s", strerror(errno));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 10));
	self->child = ksem_test_fork();
	if (!self->child)
		measure_places(self->fd, charges);
	ASSERT_EQ(0, ksem_test_reap(self->child));
	EXPECT_GT(MANY * 32 / 2, charges->places);
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
