// SPDX-License-Identifier: GPL-2.0-only
/* What /proc/PID/fdinfo/FD says of a handle. */
#include "ksem_test.h"

FIXTURE(fdinfo) {
	int fd;
	char value[64];
};

FIXTURE_SETUP(fdinfo)
{
	self->fd = ksem_test_fair(5, 10);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fdinfo)
{
	close(self->fd);
}

/* The value of the line that begins with @key and a colon; "?" without one. */
static const char *look_up(FIXTURE_DATA(fdinfo) * self, int fd, const char *key)
{
	char path[64], line[128], format[32];
	FILE *file;

	strcpy(self->value, "?");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(format, sizeof(format), "%s:\t%%63[^\n]", key);
	file = fopen(path, "re");
	if (!file)
		return self->value;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, self->value) == 1)
			break;
	fclose(file);
	return self->value;
}

TEST_F(fdinfo, unbound_handle_says_so)
{
	int unbound = ksem_test_open(O_RDWR);

	EXPECT_STREQ("unbound", look_up(self, unbound, "ksem"));
	EXPECT_STREQ("?", look_up(self, unbound, "ksem-available"));
	close(unbound);
}

TEST_F(fdinfo, label_and_kind)
{
	int signal = ksem_test_new_handoff(KSEM_CREATE_SIGNAL, 0, 1,
					   KSEM_HANDOFF_NEVER);

	EXPECT_STREQ("selftest", look_up(self, self->fd, "ksem-label"));
	EXPECT_STREQ("fair permit", look_up(self, self->fd, "ksem-kind"));
	EXPECT_STREQ("non-fair signal", look_up(self, signal, "ksem-kind"));
	close(signal);
}

TEST_F(fdinfo, id_is_that_of_info)
{
	char id[32];

	snprintf(id, sizeof(id), "%llu",
		 (unsigned long long)ksem_test_info(self->fd).out_id);
	EXPECT_STREQ(id, look_up(self, self->fd, "ksem"));
}

TEST_F(fdinfo, counts_follow)
{
	EXPECT_STREQ("5", look_up(self, self->fd, "ksem-available"));
	EXPECT_STREQ("5", look_up(self, self->fd, "ksem-capacity"));
	EXPECT_STREQ("0", look_up(self, self->fd, "ksem-held"));
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	EXPECT_STREQ("2", look_up(self, self->fd, "ksem-available"));
	EXPECT_STREQ("3", look_up(self, self->fd, "ksem-held"));
	ASSERT_EQ(0, ksem_test_post(self->fd, 2));
	EXPECT_STREQ("4", look_up(self, self->fd, "ksem-available"));
	EXPECT_STREQ("7", look_up(self, self->fd, "ksem-capacity"));
}

TEST_F(fdinfo, held_is_by_this_handle)
{
	int other = ksem_test_attached(self->fd);

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 3));
	ASSERT_EQ(0, ksem_test_acquire(other, 1));
	EXPECT_STREQ("3", look_up(self, self->fd, "ksem-held"));
	EXPECT_STREQ("1", look_up(self, other, "ksem-held"));
	EXPECT_STREQ("1", look_up(self, other, "ksem-available"));
	close(other);
}

TEST_F(fdinfo, deficit_is_negative)
{
	ASSERT_EQ(0, ksem_test_acquire(self->fd, 5));
	ASSERT_EQ(0, ksem_test_reduce(self->fd, 3));
	EXPECT_STREQ("-3", look_up(self, self->fd, "ksem-available"));
	EXPECT_STREQ("2", look_up(self, self->fd, "ksem-capacity"));
}

TEST_F(fdinfo, waiters_are_counted)
{
	struct ksem_test_waiter waiter;

	EXPECT_STREQ("0", look_up(self, self->fd, "ksem-waiters"));
	ASSERT_TRUE(ksem_test_queue(&waiter, self->fd, 6, 1));
	EXPECT_STREQ("1", look_up(self, self->fd, "ksem-waiters"));
	ASSERT_EQ(0, ksem_test_post(self->fd, 1));
	EXPECT_EQ(0, ksem_test_join(&waiter));
	EXPECT_STREQ("0", look_up(self, self->fd, "ksem-waiters"));
}

TEST_F(fdinfo, it_works_whatever_the_rights)
{
	int write_only = ksem_test_attached_mode(self->fd, O_WRONLY);

	EXPECT_STREQ("5", look_up(self, write_only, "ksem-available"));
	close(write_only);
}

TEST_F(fdinfo, it_works_after_shutdown)
{
	ASSERT_EQ(0, ksem_test_shutdown(self->fd));
	EXPECT_STREQ("5", look_up(self, self->fd, "ksem-available"));
}

TEST_HARNESS_MAIN
