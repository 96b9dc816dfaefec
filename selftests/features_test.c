// SPDX-License-Identifier: GPL-2.0-only
/* What the module says that it can do. */
#include "ksem_test.h"

static bool has_all(int fd)
{
	const __u64 all = KSEM_FEATURE_BASE | KSEM_FEATURE_NAMES | KSEM_FEATURE_BYTES |
			  KSEM_FEATURE_PER_PROCESS;
	__u64 features;

	return !ksem_test_features(fd, &features) && features == all;
}

TEST(unbound_handle_can_ask)
{
	int fd = ksem_test_open(O_RDWR);

	EXPECT_TRUE(has_all(fd));
	close(fd);
}

TEST(bound_handle_can_ask)
{
	int fd = ksem_test_fair(1, 1);

	EXPECT_TRUE(has_all(fd));
	close(fd);
}

TEST(no_right_is_needed)
{
	int modes[] = { O_RDONLY, O_WRONLY, O_ACCMODE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = ksem_test_open(modes[i]);

		EXPECT_TRUE(has_all(fd));
		close(fd);
	}
}

TEST(it_works_after_shutdown)
{
	int fd = ksem_test_fair(1, 1);

	ASSERT_EQ(0, ksem_test_shutdown(fd));
	EXPECT_TRUE(has_all(fd));
	close(fd);
}

TEST(asking_does_not_bind)
{
	int fd = ksem_test_open(O_RDWR);
	struct ksem_info info;

	ASSERT_TRUE(has_all(fd));
	EXPECT_EQ(-ENXIO, ksem_test_get_info(fd, &info));
	EXPECT_EQ(0, ksem_test_create(fd, 0, 1, 1));
	close(fd);
}

TEST_HARNESS_MAIN
