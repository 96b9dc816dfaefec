// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names come and go while they are used, file systems while they are full, and
 * processes die in the middle of it. In the end nothing is left.
 */
#include "ksem_test_fs.h"
#include "ksem_test_gone.h"
#include "ksem_test_storm.h"

#include <dirent.h>

#define PROCESSES	6
#define NAMES		8
#define CYCLES		40

/* What the processes of a storm count, in memory that they share. */
struct counts {
	unsigned int made;
	unsigned int opened;
	unsigned int wrong;
};

struct storm {
	struct counts *counts;
	pid_t pid[PROCESSES];
	void (*main)(struct storm *s, unsigned int seed);
	unsigned int seed;
	unsigned int killed;
};

FIXTURE(storm) {
	struct storm s;
	int dir;
};

FIXTURE_SETUP(storm)
{
	ASSERT_TRUE(ksem_test_mount_for_all(&self->dir));
	self->s = (struct storm){
		.counts = ksem_test_shared(sizeof(*self->s.counts)),
		.seed = ksem_test_own_seed(ksem_test_new_seed(), 0),
	};
	ASSERT_NE(MAP_FAILED, self->s.counts);
}

FIXTURE_TEARDOWN(storm)
{
	close(self->dir);
}

/* An error that a storm may meet, or something wrong. */
static void expect_any(struct storm *s, int result, const int *errors)
{
	for (; result < 0 && *errors; errors++)
		if (result == -*errors)
			return;
	if (result < 0)
		ksem_test_count(&s->counts->wrong);
}

/* Permits are taken and given back, or left to whoever closes the handle. */
static void use(struct storm *s, int fd, unsigned int *seed)
{
	const int empty[] = { EAGAIN, ETIMEDOUT, 0 };
	char bytes[3];
	int n;

	if (!ksem_test_conserved(fd))
		ksem_test_count(&s->counts->wrong);
	switch (ksem_test_chance(seed) % 4) {
	case 0:
		expect_any(s, ksem_test_acquire_ex(fd, KSEM_FLAG_TOKEN, 2,
						   ksem_test_now() + 100000, NULL), empty);
		break;
	case 1:
		n = read(fd, bytes, sizeof(bytes));
		expect_any(s, n < 0 ? -errno : 0, empty);
		if (n > 0 && write(fd, bytes, n) != n)
			ksem_test_count(&s->counts->wrong);
		break;
	case 2:
		expect_any(s, ksem_test_try_acquire(fd, 1), empty);
		break;
	}
}

static void make(struct storm *s, int dir, const char *name, __u32 flags, unsigned int *seed)
{
	/* Where nothing is mounted just now the directory is another. */
	const int errors[] = { EEXIST, ENOTTY, 0 };
	int fd = ksem_test_open(O_RDWR | O_NONBLOCK);
	int result = ksem_test_create_at(dir, name, flags, 0600, fd);

	expect_any(s, result, errors);
	if (!result) {
		ksem_test_count(&s->counts->made);
		use(s, fd, seed);
	}
	close(fd);
}

static void visit(struct storm *s, int dir, const char *name, unsigned int *seed)
{
	const int errors[] = { ENOENT, 0 };
	int fd = ksem_test_open_at(dir, name, O_RDWR | O_NONBLOCK);

	expect_any(s, fd, errors);
	if (fd < 0)
		return;
	ksem_test_count(&s->counts->opened);
	use(s, fd, seed);
	close(fd);
}

static void move(struct storm *s, int dir, const char *name, const char *to, unsigned int *seed)
{
	static const unsigned int how[] = { 0, RENAME_NOREPLACE, RENAME_EXCHANGE };
	const int errors[] = { ENOENT, EEXIST, EPERM, 0 };
	unsigned int flags = how[ksem_test_chance(seed) % 3];

	expect_any(s, renameat2(dir, name, dir, to, flags) ? -errno : 0, errors);
}

static void list(struct storm *s, int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fdopendir(copy);
	struct dirent *entry;
	struct stat st;

	while (stream && (entry = readdir(stream)))
		fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
	if (stream)
		closedir(stream);
	else
		ksem_test_count(&s->counts->wrong);
}

static void some_name(char *name, unsigned int *seed)
{
	snprintf(name, 8, "%s%d", ksem_test_chance(seed) % 4 ? "" : "d/",
		 ksem_test_chance(seed) % NAMES);
}

static void any_operation(struct storm *s, int dir, unsigned int *seed)
{
	char name[8], to[8];
	__u32 flags = 0;

	some_name(name, seed);
	some_name(to, seed);
	flags |= ksem_test_chance(seed) % 2 ? KSEM_CREATE_PER_PROCESS : 0;
	flags |= ksem_test_chance(seed) % 2 ? KSEM_CREATE_TEMPORARY : 0;
	switch (ksem_test_chance(seed) % 10) {
	case 0 ... 2:
		/* Names of a directory are for those who have opened it. */
		make(s, dir, name + (name[0] == 'd') * 2, flags, seed);
		break;
	case 3 ... 5:
		visit(s, dir, name, seed);
		break;
	case 6:
		unlinkat(dir, name, 0);
		break;
	case 7:
		move(s, dir, name, to, seed);
		break;
	case 8:
		if (mkdirat(dir, "d", 0777))
			unlinkat(dir, "d", AT_REMOVEDIR);
		break;
	case 9:
		list(s, dir);
		break;
	}
}

/* What a process of a storm does until it is killed. */
static void do_anything(struct storm *s, unsigned int seed)
{
	int dir, i;

	for (;;) {
		dir = ksem_test_open_dir(KSEM_TEST_MOUNT);
		for (i = 0; i < 10; i++)
			any_operation(s, dir, &seed);
		close(dir);
	}
}

/* One name that all make temporary, and all open. */
static void make_temporary(struct storm *s, unsigned int seed)
{
	int dir = ksem_test_open_dir(KSEM_TEST_MOUNT);

	for (;;) {
		if (ksem_test_chance(&seed) % 2)
			make(s, dir, "t", KSEM_CREATE_TEMPORARY, &seed);
		else
			visit(s, dir, "t", &seed);
	}
}

static bool storm_start(struct storm *s, int who)
{
	s->pid[who] = ksem_test_fork();
	if (!s->pid[who])
		s->main(s, ksem_test_own_seed(ksem_test_chance(&s->seed), who));
	return s->pid[who] > 0;
}

static bool storm_kill(struct storm *s, int who)
{
	s->killed++;
	return ksem_test_kill(s->pid[who]) == 256 + SIGKILL;
}

static bool storm_begin(struct storm *s, void (*main)(struct storm *s, unsigned int seed))
{
	int who;

	s->main = main;
	for (who = 0; who < PROCESSES; who++)
		if (!storm_start(s, who))
			return false;
	return true;
}

/* Somebody dies, whatever it was at, and another comes. */
static bool storm_cycle(struct storm *s)
{
	int who = ksem_test_chance(&s->seed) % PROCESSES;

	usleep(ksem_test_chance(&s->seed) % 5000);
	return storm_kill(s, who) && storm_start(s, who);
}

static bool storm_end(struct storm *s)
{
	int who;

	for (who = 0; who < PROCESSES; who++)
		if (!storm_kill(s, who))
			return false;
	return true;
}

/* Lazily, or if nobody is there. */
static bool mount_anew(struct storm *s)
{
	if (umount2(KSEM_TEST_MOUNT, ksem_test_chance(&s->seed) % 2 ? MNT_DETACH : 0))
		return errno == EBUSY;
	return !ksem_test_mount_at(KSEM_TEST_MOUNT, "mode=0777");
}

static void storm_report(struct storm *s, const char *name)
{
	printf("# %u made, %u opened, seed %u\n", s->counts->made, s->counts->opened, s->seed);
	ksem_test_figure(name, s->killed, s->counts->wrong);
}

TEST_F_TIMEOUT(storm, of_mounts_leaves_nothing, KSEM_TEST_LONG)
{
	struct storm *s = &self->s;
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ksem_test_limit();
	close(self->dir);
	ASSERT_TRUE(storm_begin(s, do_anything));
	for (i = 0; i < CYCLES * ksem_test_scale(); i++) {
		ASSERT_TRUE(storm_cycle(s));
		ASSERT_TRUE(mount_anew(s));
	}
	ASSERT_TRUE(storm_end(s));
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	storm_report(s, "kills in a storm of mounts");
	EXPECT_EQ(0, s->counts->wrong);
	EXPECT_LT(0, s->counts->made);
	EXPECT_LT(0, s->counts->opened);
	/* A mount's last user may leave the end of it to a worker. */
	EXPECT_TRUE(ksem_test_until(ksem_test_nothing_is_left()));
}

/* One file system that stays. */
TEST_F_TIMEOUT(storm, of_names_counts_each_node, KSEM_TEST_LONG)
{
	struct storm *s = &self->s;
	long room = ksem_test_room(self->dir);
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ksem_test_limit();
	ASSERT_TRUE(storm_begin(s, do_anything));
	for (i = 0; i < CYCLES * ksem_test_scale(); i++)
		ASSERT_TRUE(storm_cycle(s));
	ASSERT_TRUE(storm_end(s));
	storm_report(s, "kills in a storm of names");
	EXPECT_EQ(0, s->counts->wrong);
	for (i = 0; i < NAMES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%d", i);
		unlinkat(self->dir, name, 0);
		snprintf(name, sizeof(name), "d/%d", i);
		unlinkat(self->dir, name, 0);
	}
	unlinkat(self->dir, "d", AT_REMOVEDIR);
	EXPECT_TRUE(ksem_test_until(ksem_test_room(self->dir) == room));
	close(self->dir);
	self->dir = -1;
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	EXPECT_TRUE(ksem_test_until(ksem_test_nothing_is_left()));
}

/* Whoever of them dies: a name that nobody has a handle on has gone. */
TEST_F_TIMEOUT(storm, of_temporary_names_leaves_none, KSEM_TEST_LONG)
{
	struct storm *s = &self->s;
	long room = ksem_test_room(self->dir);
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ksem_test_limit();
	for (i = 0; i < CYCLES * ksem_test_scale(); i += 10) {
		int j;

		ASSERT_TRUE(storm_begin(s, make_temporary));
		for (j = 0; j < 10; j++)
			ASSERT_TRUE(storm_cycle(s));
		ASSERT_TRUE(storm_end(s));
		/* The end of one may have been left to a worker. */
		ASSERT_TRUE(ksem_test_until(ksem_test_room(self->dir) == room));
		ASSERT_FALSE(ksem_test_exists(self->dir, "t"));
	}
	storm_report(s, "kills in a storm of temporary names");
	EXPECT_EQ(0, s->counts->wrong);
	EXPECT_LT(0, s->counts->opened);
}

/* The last handles of temporary names go while their file system does. */

#define HANDLES		32

struct closer {
	pthread_barrier_t barrier;
	int fd[HANDLES];
	unsigned int us;	/* how long the last unmount took */
	unsigned int seed;
};

static void *closer_main(void *data)
{
	struct closer *closer = data;
	int i;

	pthread_barrier_wait(&closer->barrier);
	/* A name goes much faster than a file system: at any moment of that. */
	ksem_test_busy_for_up_to(closer->us, &closer->seed);
	for (i = 0; i < HANDLES; i++)
		close(closer->fd[i]);
	return NULL;
}

/* What the closer closes: each is the only handle of a temporary name. */
static bool make_handles(struct closer *closer)
{
	int i, result = 0, dir = ksem_test_open_dir(KSEM_TEST_MOUNT);
	char name[8];

	for (i = 0; i < HANDLES && !result; i++) {
		snprintf(name, sizeof(name), "%d", i);
		closer->fd[i] = ksem_test_open(O_RDWR);
		result = ksem_test_create_at(dir, name, KSEM_CREATE_TEMPORARY, 0600,
					     closer->fd[i]);
	}
	close(dir);
	return !result;
}

TEST_F_TIMEOUT(storm, of_umounts_against_last_closes, KSEM_TEST_LONG)
{
	struct closer closer = { .us = 1, .seed = self->s.seed };
	pthread_t thread;
	__u64 began;
	int i;

	if (self->dir < 0)
		SKIP(return, "needs root");
	ksem_test_limit();
	pthread_barrier_init(&closer.barrier, NULL, 2);
	close(self->dir);
	self->dir = -1;
	for (i = 0; i < ksem_test_turns(10 * CYCLES); i++) {
		ASSERT_TRUE(make_handles(&closer));
		ASSERT_EQ(0, pthread_create(&thread, NULL, closer_main, &closer));
		pthread_barrier_wait(&closer.barrier);
		began = ksem_test_now();
		/* Plainly, or lazily: the closer may have it for a moment. */
		ASSERT_EQ(0, umount2(KSEM_TEST_MOUNT, i % 2 ? MNT_DETACH : 0));
		began = ksem_test_now() - began;
		pthread_join(thread, NULL);
		closer.us = 1 + began / 1000;
		ASSERT_EQ(0, ksem_test_mount_at(KSEM_TEST_MOUNT, NULL));
	}
	ksem_test_figure("unmounts against last closes", i, 0);
	ASSERT_EQ(0, umount(KSEM_TEST_MOUNT));
	EXPECT_TRUE(ksem_test_until(ksem_test_nothing_is_left()));
}

TEST_HARNESS_MAIN
