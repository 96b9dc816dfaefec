// SPDX-License-Identifier: GPL-2.0-only
/* ksem_attr: each attribute, its default, and what is refused where. */
#include "lib_test.h"

FIXTURE(attr)
{
	struct ksem_attr *attr;
	struct ksem *k;
};

FIXTURE_SETUP(attr)
{
	ASSERT_EQ(0, LIB_NEW(self->attr, ksem_attr_new()));
	self->k = NULL;
}

FIXTURE_TEARDOWN(attr)
{
	if (self->k)
		EXPECT_EQ(0, ksem_close(self->k));
	ksem_attr_free(self->attr);
}

static void expect_defaults(struct __test_metadata *_metadata, struct ksem *k)
{
	struct ksem_info info = lib_info(k);

	EXPECT_EQ(0, info.out_flags);
	EXPECT_EQ(3, info.out_available);
	EXPECT_EQ(3, info.out_capacity);
	EXPECT_EQ(KSEM_MAX_PERMITS, info.out_max);
	EXPECT_EQ(KSEM_HANDOFF_DEFAULT_NS, info.out_handoff_ns);
	EXPECT_EQ(KSEM_RIGHT_READ | KSEM_RIGHT_WRITE, info.out_rights);
	EXPECT_STREQ("", (char *)info.out_label);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ksem_fd(k), F_GETFD));
}

/* FAI-12 */
TEST_F(attr, without_attributes_the_defaults_apply)
{
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, NULL)));
	expect_defaults(_metadata, self->k);
}

TEST_F(attr, new_attributes_are_the_defaults)
{
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, self->attr)));
	expect_defaults(_metadata, self->k);
}

TEST_F(attr, fair_is_fair_without_handoff)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(self->attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(KSEM_CREATE_FAIR, lib_info(self->k).out_flags);
	EXPECT_EQ(0, lib_info(self->k).out_handoff_ns);
}

TEST_F(attr, flags_can_be_taken_back)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(self->attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_signal(self->attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(self->attr, false)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(KSEM_CREATE_SIGNAL, lib_info(self->k).out_flags);
	EXPECT_EQ(KSEM_HANDOFF_DEFAULT_NS, lib_info(self->k).out_handoff_ns);
}

TEST_F(attr, max_limits_the_capacity)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_max(self->attr, 5)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(6, self->attr)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(5, self->attr)));
	EXPECT_EQ(5, lib_info(self->k).out_max);
	EXPECT_EQ(-EOVERFLOW, LIB(ksem_post(self->k)));
}

TEST_F(attr, max_out_of_range_fails_the_creation)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_max(self->attr, 0)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(0, self->attr)));
	EXPECT_EQ(0, LIB(ksem_attr_set_max(self->attr, KSEM_MAX_PERMITS + 1)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(0, self->attr)));
}

TEST_F(attr, handoff_is_stored_in_ns)
{
	const struct timespec handoff = { .tv_sec = 2, .tv_nsec = 7 };

	EXPECT_EQ(0, LIB(ksem_attr_set_handoff(self->attr, &handoff)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(2000000007ULL, lib_info(self->k).out_handoff_ns);
}

TEST_F(attr, handoff_null_is_never)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_handoff(self->attr, NULL)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(KSEM_HANDOFF_NEVER, lib_info(self->k).out_handoff_ns);
}

TEST_F(attr, handoff_has_to_be_a_time_from_now)
{
	static const struct timespec bad[] = {
		{ 0, 0 }, { -1, 0 }, { -1, 999999999 }, { 0, -1 },
		{ 0, 1000000000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_handoff(self->attr,
							     &bad[i])));
	/* None of them has been stored. */
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, self->attr)));
	expect_defaults(_metadata, self->k);
}

TEST_F(attr, handoff_of_a_fair_one_is_a_contradiction)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_fair(self->attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_handoff(self->attr, NULL)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(1, self->attr)));
}

TEST_F(attr, label_is_shown)
{
	const char *longest = "1234567890123456789012345678901";

	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, longest)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_STREQ(longest, (char *)lib_info(self->k).out_label);
}

TEST_F(attr, label_can_be_replaced_by_a_shorter_one)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "long enough")));
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "short")));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_STREQ("short", (char *)lib_info(self->k).out_label);
}

TEST_F(attr, label_null_is_none)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "label")));
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, NULL)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_STREQ("", (char *)lib_info(self->k).out_label);
}

TEST_F(attr, label_too_long_is_refused)
{
	const char *label = "12345678901234567890123456789012";

	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "kept")));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_label(self->attr, label)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_STREQ("kept", (char *)lib_info(self->k).out_label);
}

TEST_F(attr, label_not_printable_fails_the_creation)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "a\nb")));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(0, LIB(ksem_attr_set_label(self->attr, "\xc3\xa4")));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(1, self->attr)));
}

TEST_F(attr, access_read_only_cannot_release)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_access(self->attr, O_RDONLY)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(0, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(-EBADF, LIB(ksem_release(self->k)));
}

TEST_F(attr, access_write_only_cannot_acquire)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_access(self->attr, O_WRONLY)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(0, LIB(ksem_post(self->k)));
	EXPECT_EQ(-EBADF, LIB(ksem_acquire(self->k)));
	EXPECT_EQ(-EBADF, LIB(ksem_queue_length(self->k)));
}

TEST_F(attr, access_is_one_of_three)
{
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_access(self->attr, O_ACCMODE)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_access(self->attr,
						    O_RDWR | O_CREAT)));
	EXPECT_EQ(-EINVAL, LIB(ksem_attr_set_access(self->attr, -1)));
}

TEST_F(attr, inherit_leaves_out_close_on_exec)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_inherit(self->attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(0, fcntl(ksem_fd(self->k), F_GETFD));
}

/* ksem_create() has its own. */
TEST_F(attr, initial_is_for_names_only)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_initial(self->attr, 9)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, self->attr)));
	expect_defaults(_metadata, self->k);
}

/* Two handles of one process are one holder. */
TEST_F(attr, per_process_handles_share_an_account)
{
	struct ksem *other;

	EXPECT_EQ(0, LIB(ksem_attr_set_per_process(self->attr, true)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, self->attr)));
	EXPECT_EQ(KSEM_CREATE_PER_PROCESS, lib_info(self->k).out_flags);
	ASSERT_EQ(0, LIB_NEW(other, ksem_attach(self->k)));
	EXPECT_EQ(0, LIB(ksem_acquire_n(self->k, 2)));
	EXPECT_EQ(0, LIB(ksem_release(other)));
	EXPECT_EQ(1, lib_info(self->k).out_own);
	EXPECT_EQ(0, ksem_close(other));
	EXPECT_EQ(1, lib_info(self->k).out_own);
}

TEST_F(attr, per_process_can_be_taken_back)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_per_process(self->attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_per_process(self->attr, false)));
	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(3, self->attr)));
	expect_defaults(_metadata, self->k);
}

/* Nobody holds anything there. */
TEST_F(attr, per_process_of_a_signal_one_is_a_contradiction)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_signal(self->attr, true)));
	EXPECT_EQ(0, LIB(ksem_attr_set_per_process(self->attr, true)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(1, self->attr)));
}

TEST_F(attr, temporary_needs_a_name)
{
	EXPECT_EQ(0, LIB(ksem_attr_set_temporary(self->attr, true)));
	EXPECT_EQ(-EINVAL, LIB_NEW(self->k, ksem_create(1, self->attr)));
	EXPECT_EQ(0, LIB(ksem_attr_set_temporary(self->attr, false)));
	EXPECT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
}

TEST_F(attr, one_object_makes_many_semaphores)
{
	struct ksem *other;

	ASSERT_EQ(0, LIB_NEW(self->k, ksem_create(1, self->attr)));
	ASSERT_EQ(0, LIB_NEW(other, ksem_create(2, self->attr)));
	EXPECT_NE(lib_info(self->k).out_id, lib_info(other).out_id);
	EXPECT_EQ(1, lib_available(self->k));
	EXPECT_EQ(2, lib_available(other));
	EXPECT_EQ(0, ksem_close(other));
}

TEST_HARNESS_MAIN
