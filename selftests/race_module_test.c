// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module is loaded and unloaded while processes open, use and close its
 * device, and mount its file systems: whoever has a handle or a mount keeps the
 * module, and nothing else does.
 *
 * KSEM_TEST_MODULE: the module's file (/vm/ksem.ko). It is loaded again with the
 * parameters that it had, and stays loaded.
 */
#include "ksem_test.h"
#include "ksem_test_fs.h"
#include "ksem_test_poll.h"
#include "ksem_test_proc.h"
#include "ksem_test_storm.h"

#include <dirent.h>
#include <sys/stat.h>

#define MODULE		"ksem"
#define PARAMETERS	"/sys/module/ksem/parameters"
#define CYCLES		20
#define USERS		3
/* The directory for mounts that the module makes goes with it. */
#define MOUNT		"/tmp"

static const char *module_file(void)
{
	return getenv("KSEM_TEST_MODULE") ?: "/vm/ksem.ko";
}

static bool is_loaded(void)
{
	return !access("/sys/module/" MODULE, F_OK);
}

/* Without a wait for those who use it: 0 or -errno. */
static int unload(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK) ? -errno : 0;
}

static int load(const char *parameters)
{
	int fd = open(module_file(), O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	result = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return result;
}

/* One parameter as the kernel wants it when it loads a module. */
static void add_parameter(char *text, size_t size, const char *name)
{
	char path[320], value[64];
	FILE *file;

	snprintf(path, sizeof(path), PARAMETERS "/%s", name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(value, sizeof(value), file)) {
		value[strcspn(value, "\n")] = 0;
		snprintf(text + strlen(text), size - strlen(text), "%s=%s ", name, value);
	}
	fclose(file);
}

static void read_parameters(char *text, size_t size)
{
	struct dirent *entry;
	DIR *dir;

	text[0] = 0;
	dir = opendir(PARAMETERS);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_parameter(text, size, entry->d_name);
	closedir(dir);
}

FIXTURE(module) {
	char parameters[512];
	const char *reason;	/* why it can't be done here */
};

/* Nothing of what others use may go. */
FIXTURE_SETUP(module)
{
	int result;

	ksem_test_limit();
	if (!ksem_test_is_root())
		self->reason = "needs root";
	else if (access(module_file(), R_OK))
		self->reason = "no file of the module: set KSEM_TEST_MODULE";
	if (self->reason)
		return;
	read_parameters(self->parameters, sizeof(self->parameters));
	/* Something may go a little later. */
	ksem_test_until((result = unload()) != -EAGAIN);
	if (result)
		self->reason = result == -EAGAIN ? "somebody else uses the module" :
						   strerror(-result);
	else
		ASSERT_EQ(0, load(self->parameters));
}

FIXTURE_TEARDOWN(module)
{
	char parameters[512];

	if (!self->reason) {
		if (!is_loaded())
			EXPECT_EQ(0, load(self->parameters));
		read_parameters(parameters, sizeof(parameters));
		EXPECT_STREQ(self->parameters, parameters);
	}
}

TEST_F_TIMEOUT(module, takes_its_node_away_and_brings_it_back, KSEM_TEST_LONG)
{
	struct stat node;
	unsigned int i;
	int fd;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	for (i = 0; i < CYCLES * ksem_test_scale(); i++) {
		ASSERT_EQ(0, unload());
		EXPECT_EQ(-ENOENT, ksem_test_open(O_RDWR));
		EXPECT_FALSE(is_loaded());
		ASSERT_EQ(0, load(self->parameters));
		ASSERT_EQ(0, stat(KSEM_TEST_DEVICE, &node));
		EXPECT_EQ(S_IFCHR | 0666, node.st_mode);
		fd = ksem_test_fair(1, 1);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, ksem_test_acquire(fd, 1));
		close(fd);
	}
}

TEST_F(module, is_not_loaded_twice)
{
	if (self->reason)
		SKIP(return, "%s", self->reason);
	EXPECT_EQ(-EEXIST, load(self->parameters));
	EXPECT_EQ(0, unload());
	EXPECT_EQ(-ENOENT, unload());
	EXPECT_EQ(0, load(self->parameters));
}

TEST_F(module, goes_on_with_the_tokens)
{
	__u64 before, after;
	int fd;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	fd = ksem_test_fair(1, 1);
	ASSERT_EQ(0, ksem_test_try_acquire_ex(fd, KSEM_FLAG_TOKEN, 1, &before));
	close(fd);
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load(self->parameters));
	fd = ksem_test_fair(1, 1);
	ASSERT_EQ(0, ksem_test_try_acquire_ex(fd, KSEM_FLAG_TOKEN, 1, &after));
	EXPECT_LT(before, after);
	close(fd);
}

/* What keeps it, and what does not. */

TEST_F(module, is_kept_by_a_wait_whose_descriptor_is_closed)
{
	pid_t child;
	int fd;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	child = ksem_test_fork();
	if (!child) {
		struct ksem_test_waiter waiter;

		fd = ksem_test_fair(0, 1);
		if (!ksem_test_queue(&waiter, fd, 1, 1))
			_exit(1);
		close(fd);
		_exit(unload() == -EAGAIN ? 0 : 2);
	}
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_TRUE(ksem_test_until(!unload()));
}

struct sleeper {
	pthread_t thread;
	pid_t tid;
	int fd;
};

static void *poll_for_ever(void *data)
{
	struct sleeper *sleeper = data;
	struct pollfd poll_fd = { .fd = sleeper->fd, .events = POLLIN };

	__atomic_store_n(&sleeper->tid, gettid(), __ATOMIC_RELEASE);
	poll(&poll_fd, 1, -1);
	return NULL;
}

TEST_F(module, is_kept_by_a_poll_whose_descriptor_is_closed)
{
	struct sleeper sleeper = { };
	pid_t child;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	child = ksem_test_fork();
	if (!child) {
		sleeper.fd = ksem_test_fair(0, 1);
		if (pthread_create(&sleeper.thread, NULL, poll_for_ever, &sleeper) ||
		    !ksem_test_until(__atomic_load_n(&sleeper.tid, __ATOMIC_ACQUIRE) &&
				     ksem_test_task_state(sleeper.tid) == 'S'))
			_exit(1);
		close(sleeper.fd);
		_exit(unload() == -EAGAIN ? 0 : 2);
	}
	EXPECT_EQ(0, ksem_test_reap(child));
	EXPECT_TRUE(ksem_test_until(!unload()));
}

TEST_F(module, is_not_kept_by_an_epoll_instance)
{
	int fd, epoll;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	fd = ksem_test_fair(1, 1);
	epoll = ksem_test_watch(fd, EPOLLET);
	ASSERT_LE(0, epoll);
	EXPECT_EQ(-EAGAIN, unload());
	close(fd);
	EXPECT_TRUE(ksem_test_until(!unload()));
	EXPECT_EQ(0, ksem_test_reported(epoll));
	close(epoll);
}

/* Under fire. */

struct fire {
	bool stop;
	unsigned int opened;
	unsigned int absent;
	unsigned int wrong;
};

/* What goes wrong though there is a module. */
#define WRONG		(-EBADE)

/* All that a handle may go through in its life, or some of it. */
static int use_handle(unsigned int *seed)
{
	int fd = ksem_test_open(O_RDWR), other = -1;
	bool right = true;

	if (fd < 0)
		return fd;
	if (ksem_test_chance(seed) % 8)
		right = !ksem_test_create(fd, KSEM_CREATE_FAIR, 1, 1) &&
			!ksem_test_acquire(fd, 1) && ksem_test_events(fd) == EPOLLOUT;
	if (right && ksem_test_chance(seed) % 2) {
		other = ksem_test_open(O_RDWR);
		if (other >= 0 && ksem_test_attach(other, fd) == 0)
			right = ksem_test_acquire_ex(other, 0, 1, ksem_test_now() + 50000,
						     NULL) == -ETIMEDOUT;
	}
	close(fd);
	if (other >= 0)
		close(other);
	return right ? 0 : WRONG;
}

/* A semaphore in a file system that goes with the last that is open there. */
static int use_name(unsigned int *seed)
{
	__u32 flags = ksem_test_chance(seed) % 2 ? KSEM_CREATE_TEMPORARY : 0;
	int fd[3], first = ksem_test_chance(seed) % 3, i;
	bool right;

	fd[0] = ksem_test_mount_at(MOUNT, NULL);
	if (fd[0])
		return fd[0];
	fd[0] = ksem_test_open_dir(MOUNT);
	if (umount2(MOUNT, MNT_DETACH))
		return WRONG;
	fd[1] = ksem_test_named(fd[0], "a", flags);
	fd[2] = ksem_test_open_at(fd[0], "a", O_RDWR);
	right = fd[0] >= 0 && fd[1] >= 0 && fd[2] >= 0 && !ksem_test_acquire(fd[2], 4) &&
		ksem_test_try_acquire(fd[1], 1) == -EAGAIN;
	for (i = 0; i < 3; i++)
		close(fd[(first + i) % 3]);
	return right ? 0 : WRONG;
}

static void user_main(struct fire *fire, unsigned int seed)
{
	int result;

	if (ksem_test_own_mounts())
		_exit(1);
	while (!__atomic_load_n(&fire->stop, __ATOMIC_ACQUIRE)) {
		result = ksem_test_chance(&seed) % 8 ? use_handle(&seed) : use_name(&seed);
		if (!result)
			ksem_test_count(&fire->opened);
		else if (result == -ENOENT || result == -ENXIO || result == -ENODEV)
			ksem_test_count(&fire->absent);
		else
			ksem_test_count(&fire->wrong);
		/* Or there would never be nobody. */
		if (ksem_test_chance(&seed) % 4 == 0)
			usleep(ksem_test_chance(&seed) % 1000);
	}
	_exit(0);
}

TEST_F_TIMEOUT(module, is_unloaded_under_fire_only_when_nobody_has_it, KSEM_TEST_LONG)
{
	unsigned int seed = ksem_test_new_seed(), done = 0, refused = 0, i;
	struct fire *fire = ksem_test_shared(sizeof(*fire));
	pid_t user[USERS];
	int result;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	for (i = 0; i < USERS; i++) {
		user[i] = ksem_test_fork();
		if (!user[i])
			user_main(fire, ksem_test_own_seed(seed, i));
	}
	while (done < CYCLES * ksem_test_scale()) {
		result = unload();
		if (result == -EAGAIN || result == -EBUSY) {
			refused++;
			continue;
		}
		ASSERT_EQ(0, result) TH_LOG("seed %u, after %u times", seed, done);
		ASSERT_EQ(0, load(self->parameters));
		done++;
		/* Until it is in use again. */
		i = __atomic_load_n(&fire->opened, __ATOMIC_SEQ_CST);
		ASSERT_TRUE(ksem_test_until(__atomic_load_n(&fire->opened, __ATOMIC_SEQ_CST) > i));
	}
	__atomic_store_n(&fire->stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < USERS; i++)
		EXPECT_EQ(0, ksem_test_reap(user[i]));
	TH_LOG("seed %u: refused %u times; opened %u times, absent %u times", seed, refused,
	       fire->opened, fire->absent);
	ksem_test_figure("unloaded under fire", done, fire->wrong);
	EXPECT_EQ(0, fire->wrong);
	EXPECT_LT(0, refused);
	EXPECT_LT(0, fire->absent);
	/* Nobody is left who has it. */
	EXPECT_TRUE(ksem_test_until(!unload()));
}

TEST_HARNESS_MAIN
