// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mechanics of the interface, the same for every command that takes a
 * structure: sizes, flags, reserved words, pointers, the state of the handle.
 */
#include "ksem_test_fs.h"

#include <assert.h>

/* The layout is for ever, and one for 32 and 64 bits. */
#define OFFSET(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type)

SIZE(ksem_create, 56);
OFFSET(ksem_create, size, 0);
OFFSET(ksem_create, flags, 4);
OFFSET(ksem_create, initial, 8);
OFFSET(ksem_create, max, 12);
OFFSET(ksem_create, handoff_ns, 16);
OFFSET(ksem_create, label, 24);

SIZE(ksem_attach, 16);
OFFSET(ksem_attach, size, 0);
OFFSET(ksem_attach, flags, 4);
OFFSET(ksem_attach, fd, 8);
OFFSET(ksem_attach, reserved, 12);

SIZE(ksem_acquire_ex, 32);
OFFSET(ksem_acquire_ex, size, 0);
OFFSET(ksem_acquire_ex, flags, 4);
OFFSET(ksem_acquire_ex, n, 8);
OFFSET(ksem_acquire_ex, reserved, 12);
OFFSET(ksem_acquire_ex, deadline_ns, 16);
OFFSET(ksem_acquire_ex, out_token, 24);

SIZE(ksem_try_acquire_ex, 24);
OFFSET(ksem_try_acquire_ex, size, 0);
OFFSET(ksem_try_acquire_ex, flags, 4);
OFFSET(ksem_try_acquire_ex, n, 8);
OFFSET(ksem_try_acquire_ex, reserved, 12);
OFFSET(ksem_try_acquire_ex, out_token, 16);

SIZE(ksem_post, 16);
OFFSET(ksem_post, n, 8);
OFFSET(ksem_post, reserved, 12);

SIZE(ksem_drain, 24);
OFFSET(ksem_drain, out_n, 8);
OFFSET(ksem_drain, reserved, 12);
OFFSET(ksem_drain, out_token, 16);

SIZE(ksem_reduce, 16);
OFFSET(ksem_reduce, n, 8);
OFFSET(ksem_reduce, reserved, 12);

SIZE(ksem_forget, 16);
OFFSET(ksem_forget, n, 8);
OFFSET(ksem_forget, reserved, 12);

SIZE(ksem_resize, 16);
OFFSET(ksem_resize, capacity, 8);
OFFSET(ksem_resize, reserved, 12);

SIZE(ksem_transfer, 16);
OFFSET(ksem_transfer, n, 8);
OFFSET(ksem_transfer, fd, 12);

SIZE(ksem_shutdown, 8);
OFFSET(ksem_shutdown, size, 0);
OFFSET(ksem_shutdown, flags, 4);

SIZE(ksem_info, 168);
OFFSET(ksem_info, out_available, 8);
OFFSET(ksem_info, out_capacity, 12);
OFFSET(ksem_info, out_held, 16);
OFFSET(ksem_info, out_own, 20);
OFFSET(ksem_info, out_max, 24);
OFFSET(ksem_info, out_waiters, 28);
OFFSET(ksem_info, out_holders, 32);
OFFSET(ksem_info, out_handles, 36);
OFFSET(ksem_info, out_flags, 40);
OFFSET(ksem_info, out_rights, 44);
OFFSET(ksem_info, out_demand, 48);
OFFSET(ksem_info, out_handoff_ns, 56);
OFFSET(ksem_info, out_id, 64);
OFFSET(ksem_info, out_acquires, 72);
OFFSET(ksem_info, out_waits, 80);
OFFSET(ksem_info, out_timeouts, 88);
OFFSET(ksem_info, out_interrupts, 96);
OFFSET(ksem_info, out_releases, 104);
OFFSET(ksem_info, out_reclaimed, 112);
OFFSET(ksem_info, out_wait_total_ns, 120);
OFFSET(ksem_info, out_wait_max_ns, 128);
OFFSET(ksem_info, out_label, 136);

SIZE(ksem_holder_entry, 24);
OFFSET(ksem_holder_entry, opener_pid, 0);
OFFSET(ksem_holder_entry, acquirer_pid, 4);
OFFSET(ksem_holder_entry, permits, 8);
OFFSET(ksem_holder_entry, reserved, 12);
OFFSET(ksem_holder_entry, since_ns, 16);

SIZE(ksem_holders, 32);
OFFSET(ksem_holders, entries, 8);
OFFSET(ksem_holders, count, 16);
OFFSET(ksem_holders, entry_size, 20);
OFFSET(ksem_holders, out_count, 24);
OFFSET(ksem_holders, out_total, 28);

SIZE(ksem_waiter_entry, 24);
OFFSET(ksem_waiter_entry, pid, 0);
OFFSET(ksem_waiter_entry, tid, 4);
OFFSET(ksem_waiter_entry, permits, 8);
OFFSET(ksem_waiter_entry, reserved, 12);
OFFSET(ksem_waiter_entry, since_ns, 16);

SIZE(ksem_waiters, 32);
OFFSET(ksem_waiters, entries, 8);
OFFSET(ksem_waiters, count, 16);
OFFSET(ksem_waiters, entry_size, 20);
OFFSET(ksem_waiters, out_count, 24);
OFFSET(ksem_waiters, out_total, 28);

SIZE(ksem_features, 16);
OFFSET(ksem_features, out_features, 8);

SIZE(ksem_create_at, 72);
OFFSET(ksem_create_at, size, 0);
OFFSET(ksem_create_at, flags, 4);
OFFSET(ksem_create_at, name, 8);
OFFSET(ksem_create_at, mode, 16);
OFFSET(ksem_create_at, fd, 20);
OFFSET(ksem_create_at, initial, 24);
OFFSET(ksem_create_at, max, 28);
OFFSET(ksem_create_at, handoff_ns, 32);
OFFSET(ksem_create_at, label, 40);

static_assert(KSEM_IOC_CREATE == 0x6b80, "create");
static_assert(KSEM_IOC_ATTACH == 0x6b81, "attach");
static_assert(KSEM_IOC_ACQUIRE == 0x6b82, "acquire");
static_assert(KSEM_IOC_TRY_ACQUIRE == 0x6b83, "try_acquire");
static_assert(KSEM_IOC_RELEASE == 0x6b84, "release");
static_assert(KSEM_IOC_ACQUIRE_EX == 0x6b85, "acquire_ex");
static_assert(KSEM_IOC_TRY_ACQUIRE_EX == 0x6b86, "try_acquire_ex");
static_assert(KSEM_IOC_POST == 0x6b87, "post");
static_assert(KSEM_IOC_DRAIN == 0x6b88, "drain");
static_assert(KSEM_IOC_REDUCE == 0x6b89, "reduce");
static_assert(KSEM_IOC_FORGET == 0x6b8a, "forget");
static_assert(KSEM_IOC_RESIZE == 0x6b8b, "resize");
static_assert(KSEM_IOC_TRANSFER == 0x6b8c, "transfer");
static_assert(KSEM_IOC_SHUTDOWN == 0x6b8d, "shutdown");
static_assert(KSEM_IOC_INFO == 0x6b8e, "info");
static_assert(KSEM_IOC_HOLDERS == 0x6b8f, "holders");
static_assert(KSEM_IOC_WAITERS == 0x6b90, "waiters");
static_assert(KSEM_IOC_FEATURES == 0x6b91, "features");
static_assert(KSEM_IOC_CREATE_AT == 0x6b92, "create_at");

/* Those of a handle: create_at is a directory's. */
#define FIRST_NR	0x80
#define LAST_NR		0x91

/* @fd holds so many before each test, and so many more are free. */
#define HELD		100
#define CAPACITY	1000

/**
 * struct _fixture_variant_abi - one command, and a valid call of it
 * @cmd: the command.
 * @size: of its structure.
 * @flags: the bits that it knows.
 * @reserved: where its reserved word is; 0 if it has none.
 * @out: where what it writes begins, with no flag set; 0 if it writes nothing.
 * @binds: create, attach: it wants an unbound handle.
 * @anywhere: features: it takes any handle.
 * @names: create_at: it is a directory's.
 * @fill: sets the fields behind flags.
 */
FIXTURE_VARIANT(abi) {
	unsigned int cmd;
	__u32 size;
	__u32 flags;
	__u32 reserved;
	__u32 out;
	bool binds;
	bool anywhere;
	bool names;
	void (*fill)(void *arg, int other);
};

/**
 * struct _test_data_abi - what the calls act on
 * @fd: the handle of the calls, bound, or unbound if the command binds; a directory
 *	if it names.
 * @other: watches the same semaphore.
 * @page: zeros; no memory follows it.
 * @size: of a page.
 * @before: the semaphore as it was.
 */
FIXTURE(abi) {
	int fd;
	int other;
	unsigned char *page;
	size_t size;
	struct ksem_info before;
};

static void fill_nothing(void *arg, int other)
{
}

static void fill_create(void *arg, int other)
{
	struct ksem_create *create = arg;

	create->initial = 1;
	create->max = 2;
	create->handoff_ns = KSEM_HANDOFF_DEFAULT_NS;
}

static void fill_create_at(void *arg, int other)
{
	struct ksem_create_at *create_at = arg;

	*create_at = ksem_test_create_at_arg("a", 0, 1, 2);
}

static void fill_attach(void *arg, int other)
{
	((struct ksem_attach *)arg)->fd = other;
}

/* The deadline 0 is in the past: where it should not fail, it does not wait. */
static void fill_n(void *arg, int other)
{
	((struct ksem_acquire_ex *)arg)->n = 1;
}

static void fill_resize(void *arg, int other)
{
	((struct ksem_resize *)arg)->capacity = CAPACITY + 1;
}

static void fill_transfer(void *arg, int other)
{
	struct ksem_transfer *transfer = arg;

	transfer->n = 1;
	transfer->fd = other;
}

static void fill_list(void *arg, int other)
{
	((struct ksem_holders *)arg)->entry_size = sizeof(struct ksem_holder_entry);
}

FIXTURE_VARIANT_ADD(abi, create) {
	.cmd = KSEM_IOC_CREATE,
	.size = sizeof(struct ksem_create),
	.flags = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS,
	.binds = true,
	.fill = fill_create,
};

FIXTURE_VARIANT_ADD(abi, attach) {
	.cmd = KSEM_IOC_ATTACH,
	.size = sizeof(struct ksem_attach),
	.reserved = offsetof(struct ksem_attach, reserved),
	.binds = true,
	.fill = fill_attach,
};

FIXTURE_VARIANT_ADD(abi, acquire_ex) {
	.cmd = KSEM_IOC_ACQUIRE_EX,
	.size = sizeof(struct ksem_acquire_ex),
	.flags = KSEM_FLAG_UNINTERRUPTIBLE | KSEM_FLAG_REALTIME | KSEM_FLAG_TOKEN,
	.reserved = offsetof(struct ksem_acquire_ex, reserved),
	.fill = fill_n,
};

FIXTURE_VARIANT_ADD(abi, try_acquire_ex) {
	.cmd = KSEM_IOC_TRY_ACQUIRE_EX,
	.size = sizeof(struct ksem_try_acquire_ex),
	.flags = KSEM_FLAG_TOKEN | KSEM_FLAG_BARGE,
	.reserved = offsetof(struct ksem_try_acquire_ex, reserved),
	.fill = fill_n,
};

FIXTURE_VARIANT_ADD(abi, post) {
	.cmd = KSEM_IOC_POST,
	.size = sizeof(struct ksem_post),
	.reserved = offsetof(struct ksem_post, reserved),
	.fill = fill_n,
};

FIXTURE_VARIANT_ADD(abi, drain) {
	.cmd = KSEM_IOC_DRAIN,
	.size = sizeof(struct ksem_drain),
	.flags = KSEM_FLAG_TOKEN,
	.reserved = offsetof(struct ksem_drain, reserved),
	.out = offsetof(struct ksem_drain, out_n),
	.fill = fill_nothing,
};

FIXTURE_VARIANT_ADD(abi, reduce) {
	.cmd = KSEM_IOC_REDUCE,
	.size = sizeof(struct ksem_reduce),
	.reserved = offsetof(struct ksem_reduce, reserved),
	.fill = fill_n,
};

FIXTURE_VARIANT_ADD(abi, forget) {
	.cmd = KSEM_IOC_FORGET,
	.size = sizeof(struct ksem_forget),
	.reserved = offsetof(struct ksem_forget, reserved),
	.fill = fill_n,
};

FIXTURE_VARIANT_ADD(abi, resize) {
	.cmd = KSEM_IOC_RESIZE,
	.size = sizeof(struct ksem_resize),
	.reserved = offsetof(struct ksem_resize, reserved),
	.fill = fill_resize,
};

FIXTURE_VARIANT_ADD(abi, transfer) {
	.cmd = KSEM_IOC_TRANSFER,
	.size = sizeof(struct ksem_transfer),
	.fill = fill_transfer,
};

FIXTURE_VARIANT_ADD(abi, shutdown) {
	.cmd = KSEM_IOC_SHUTDOWN,
	.size = sizeof(struct ksem_shutdown),
	.fill = fill_nothing,
};

FIXTURE_VARIANT_ADD(abi, info) {
	.cmd = KSEM_IOC_INFO,
	.size = sizeof(struct ksem_info),
	.out = offsetof(struct ksem_info, out_available),
	.fill = fill_nothing,
};

FIXTURE_VARIANT_ADD(abi, holders) {
	.cmd = KSEM_IOC_HOLDERS,
	.size = sizeof(struct ksem_holders),
	.out = offsetof(struct ksem_holders, out_count),
	.fill = fill_list,
};

FIXTURE_VARIANT_ADD(abi, waiters) {
	.cmd = KSEM_IOC_WAITERS,
	.size = sizeof(struct ksem_waiters),
	.out = offsetof(struct ksem_waiters, out_count),
	.fill = fill_list,
};

FIXTURE_VARIANT_ADD(abi, features) {
	.cmd = KSEM_IOC_FEATURES,
	.size = sizeof(struct ksem_features),
	.out = offsetof(struct ksem_features, out_features),
	.anywhere = true,
	.fill = fill_nothing,
};

FIXTURE_VARIANT_ADD(abi, create_at) {
	.cmd = KSEM_IOC_CREATE_AT,
	.size = sizeof(struct ksem_create_at),
	.flags = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS |
		 KSEM_CREATE_TEMPORARY,
	.names = true,
	.fill = fill_create_at,
};

FIXTURE_SETUP(abi)
{
	self->size = sysconf(_SC_PAGESIZE);
	self->page = mmap(NULL, 2 * self->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->page);
	ASSERT_EQ(0, mprotect(self->page + self->size, self->size, PROT_NONE));

	self->other = ksem_test_fair(CAPACITY, 2 * CAPACITY);
	ASSERT_LE(0, self->other);
	self->before = ksem_test_info(self->other);
	self->fd = -1;
	if (variant->names && !ksem_test_is_root())
		return;
	self->fd = variant->names ? ksem_test_mounted(NULL) : ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	if (!variant->binds && !variant->names) {
		ASSERT_EQ(0, ksem_test_attach(self->fd, self->other));
		ASSERT_EQ(0, ksem_test_acquire(self->fd, HELD));
	}
	self->before = ksem_test_info(self->other);
}

FIXTURE_TEARDOWN(abi)
{
	close(self->fd);
	close(self->other);
	munmap(self->page, 2 * self->size);
}

/* A valid argument at @arg. */
static void *prepare(FIXTURE_DATA(abi) * self, const FIXTURE_VARIANT(abi) * variant,
		     void *arg)
{
	memset(arg, 0, variant->size);
	variant->fill(arg, self->other);
	*(__u32 *)arg = variant->size;
	return arg;
}

/* Before each call that should succeed: a command that binds or names does so once. */
static void renew(FIXTURE_DATA(abi) * self, const FIXTURE_VARIANT(abi) * variant)
{
	if (variant->names)
		ksem_test_unlink(self->fd, "a");
	if (!variant->binds)
		return;
	close(self->fd);
	self->fd = ksem_test_open(O_RDWR);
}

static bool unchanged(FIXTURE_DATA(abi) * self, const FIXTURE_VARIANT(abi) * variant)
{
	struct ksem_info now = ksem_test_info(self->other);

	return !memcmp(&now, &self->before, sizeof(now)) &&
	       (!variant->binds || ksem_test_get_info(self->fd, &now) == -ENXIO) &&
	       (!variant->names || !ksem_test_exists(self->fd, "a"));
}

/* The two first words of every structure. */
static void set_size(void *arg, __u32 size)
{
	*(__u32 *)arg = size;
}

static void set_flags(void *arg, __u32 flags)
{
	*((__u32 *)arg + 1) = flags;
}

TEST_F(abi, exact_size_is_accepted)
{
	void *arg = prepare(self, variant, self->page);

	if (self->fd < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, variant->cmd, arg));
}

TEST_F(abi, every_smaller_size_is_invalid)
{
	void *arg = prepare(self, variant, self->page);
	__u32 size;

	if (self->fd < 0)
		SKIP(return, "needs root");
	for (size = 0; size < variant->size; size++) {
		set_size(arg, size);
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("size %u", size);
	}
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, larger_size_with_zero_tail_is_accepted)
{
	__u32 sizes[] = { variant->size + 1, variant->size + 4,
			  variant->size + 8, self->size };
	size_t i, byte;

	if (self->fd < 0)
		SKIP(return, "needs root");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *arg = prepare(self, variant, self->page);

		renew(self, variant);
		set_size(arg, sizes[i]);
		EXPECT_EQ(0, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("size %u", sizes[i]);
		/* A structure that the kernel does not know stays as it is. */
		for (byte = variant->size; byte < self->size; byte++)
			ASSERT_EQ(0, self->page[byte]);
	}
}

TEST_F(abi, larger_size_with_nonzero_tail_is_too_big)
{
	void *arg = prepare(self, variant, self->page);
	size_t byte;

	if (self->fd < 0)
		SKIP(return, "needs root");
	set_size(arg, self->size);
	for (byte = variant->size; byte < self->size;
	     byte += byte < variant->size + 16 ? 1 : 97) {
		self->page[byte] = 1;
		EXPECT_EQ(-E2BIG, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("byte %zu", byte);
		self->page[byte] = 0;
	}
	self->page[self->size - 1] = 0x80;
	EXPECT_EQ(-E2BIG, ksem_test_ioctl(self->fd, variant->cmd, arg));
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, size_above_a_page_is_too_big)
{
	__u32 sizes[] = { self->size + 1, 2 * self->size, 0x7fffffff,
			  0x80000000, 0xffffffff };
	void *arg = prepare(self, variant, self->page);
	size_t i;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mprotect(self->page + self->size, self->size,
			      PROT_READ | PROT_WRITE));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		set_size(arg, sizes[i]);
		EXPECT_EQ(-E2BIG, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("size %#x", sizes[i]);
	}
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, unknown_flags_and_reserved_bits_are_invalid)
{
	void *arg = prepare(self, variant, self->page);
	__u32 *word = (__u32 *)(self->page + variant->reserved);
	int bit;

	if (self->fd < 0)
		SKIP(return, "needs root");
	for (bit = 0; bit < 32; bit++) {
		if (variant->flags & (1U << bit))
			continue;
		set_flags(arg, 1U << bit);
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("bit %d", bit);
		set_flags(arg, 1U << bit | variant->flags);
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("bit %d with the known ones", bit);
	}
	set_flags(arg, 0);
	for (bit = 0; variant->reserved && bit < 32; bit++) {
		*word = 1U << bit;
		EXPECT_EQ(-EINVAL, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("reserved bit %d", bit);
	}
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, bad_pointers_fault)
{
	void *pointers[] = { NULL, (void *)8, self->page + self->size,
			     (void *)-self->size, (void *)-1L };
	size_t i;

	if (self->fd < 0)
		SKIP(return, "needs root");
	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, variant->cmd,
						   pointers[i]))
			TH_LOG("pointer %p", pointers[i]);
	}
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, structure_that_crosses_into_unmapped_memory_faults)
{
	unsigned char valid[256];
	__u32 inside;

	if (self->fd < 0)
		SKIP(return, "needs root");
	prepare(self, variant, valid);
	for (inside = 1; inside < variant->size; inside++) {
		unsigned char *arg = self->page + self->size - inside;

		memcpy(arg, valid, inside);
		EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, variant->cmd, arg))
			TH_LOG("%u bytes mapped", inside);
	}
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, zero_tail_that_crosses_into_unmapped_memory_faults)
{
	void *arg = prepare(self, variant,
			    self->page + self->size - variant->size - 4);

	if (self->fd < 0)
		SKIP(return, "needs root");
	set_size(arg, variant->size + 8);
	EXPECT_EQ(-EFAULT, ksem_test_ioctl(self->fd, variant->cmd, arg));
	EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, structure_that_ends_with_the_mapping_is_accepted)
{
	void *arg = prepare(self, variant,
			    self->page + self->size - variant->size);

	if (self->fd < 0)
		SKIP(return, "needs root");
	EXPECT_EQ(0, ksem_test_ioctl(self->fd, variant->cmd, arg));
}

/* Without output nothing is written, so read-only memory will do. */
TEST_F(abi, read_only_memory_faults_where_there_is_output)
{
	void *arg = prepare(self, variant, self->page);
	int expected = variant->out ? -EFAULT : 0;

	if (self->fd < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mprotect(self->page, self->size, PROT_READ));
	EXPECT_EQ(expected, ksem_test_ioctl(self->fd, variant->cmd, arg));
	if (expected)
		EXPECT_TRUE(unchanged(self, variant));
}

TEST_F(abi, inputs_are_not_written)
{
	void *arg = prepare(self, variant, self->page);
	unsigned char before[256];

	if (self->fd < 0)
		SKIP(return, "needs root");
	memcpy(before, arg, variant->size);
	ASSERT_EQ(0, ksem_test_ioctl(self->fd, variant->cmd, arg));
	EXPECT_EQ(0, memcmp(before, arg, variant->out ? variant->out :
			    variant->size));
	if (variant->reserved)
		EXPECT_EQ(0, *(__u32 *)(self->page + variant->reserved));
}

/* ENXIO and EBUSY come before EFAULT. */
TEST_F(abi, handle_is_checked_before_the_pointer)
{
	int expected = variant->binds ? -EBUSY : variant->names ? -ENOTTY : -ENXIO;
	int fd = ksem_test_open(O_RDWR);

	ASSERT_LE(0, fd);
	if (variant->binds)
		ASSERT_EQ(0, ksem_test_create(fd, 0, 1, 1));
	if (variant->anywhere)
		expected = -EFAULT;
	EXPECT_EQ(expected, ksem_test_ioctl(fd, variant->cmd, NULL));
	close(fd);
}

TEST_F(abi, unbound_handle_is_ENXIO)
{
	void *arg = prepare(self, variant, self->page);
	int fd = ksem_test_open(O_RDWR);
	int expected = variant->names ? -ENOTTY : -ENXIO;

	ASSERT_LE(0, fd);
	EXPECT_EQ(variant->binds || variant->anywhere ? 0 : expected,
		  ksem_test_ioctl(fd, variant->cmd, arg));
	close(fd);
}

TEST_F(abi, too_big_is_found_before_unknown_flags)
{
	void *arg = prepare(self, variant, self->page);

	if (self->fd < 0)
		SKIP(return, "needs root");
	set_size(arg, variant->size + 8);
	set_flags(arg, ~0U);
	self->page[variant->size] = 1;
	EXPECT_EQ(-E2BIG, ksem_test_ioctl(self->fd, variant->cmd, arg));
	EXPECT_TRUE(unchanged(self, variant));
}

/* The commands that take a number, and those that do not exist. */
FIXTURE(command) {
	int fd;
	int unbound;
};

FIXTURE_SETUP(command)
{
	self->fd = ksem_test_fair(4, 8);
	ASSERT_LE(0, self->fd);
	self->unbound = ksem_test_open(O_RDWR);
	ASSERT_LE(0, self->unbound);
}

FIXTURE_TEARDOWN(command)
{
	close(self->fd);
	close(self->unbound);
}

TEST_F(command, unbound_handle_cannot_acquire_or_release)
{
	EXPECT_EQ(-ENXIO, ksem_test_acquire(self->unbound, 1));
	EXPECT_EQ(-ENXIO, ksem_test_try_acquire(self->unbound, 1));
	EXPECT_EQ(-ENXIO, ksem_test_release(self->unbound, 1));
	EXPECT_EQ(-ENXIO, ksem_test_acquire(self->unbound, 0));
	EXPECT_EQ(-ENXIO, ksem_test_try_acquire(self->unbound, 0));
	EXPECT_EQ(-ENXIO, ksem_test_release(self->unbound, 0));
}

TEST_F(command, numbers_out_of_range_are_invalid)
{
	unsigned long numbers[] = {
		0x80000000UL, 0xffffffffUL,
#if __SIZEOF_LONG__ == 8
		1UL << 32, (1UL << 32) + 1, 1UL << 63, ~0UL,
#endif
	};
	size_t i;

	ASSERT_EQ(0, ksem_test_acquire(self->fd, 2));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, numbers[i]))
			TH_LOG("%lx", numbers[i]);
		EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, numbers[i]))
			TH_LOG("%lx", numbers[i]);
		EXPECT_EQ(-EINVAL, ksem_test_release(self->fd, numbers[i]))
			TH_LOG("%lx", numbers[i]);
	}
	EXPECT_EQ(2, ksem_test_info(self->fd).out_available);
	EXPECT_EQ(2, ksem_test_info(self->fd).out_own);
}

/* More than max cannot be had; more than that can't be held either. */
TEST_F(command, numbers_above_max_are_invalid_to_acquire)
{
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, 9));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, 9));
	EXPECT_EQ(-EINVAL, ksem_test_acquire(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-EINVAL, ksem_test_try_acquire(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, 9));
	EXPECT_EQ(-EPERM, ksem_test_release(self->fd, KSEM_MAX_PERMITS));
	EXPECT_EQ(4, ksem_test_info(self->fd).out_available);
}

TEST_F(command, unknown_numbers_are_ENOTTY)
{
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		if (nr >= FIRST_NR && nr <= LAST_NR)
			continue;
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IO('k', nr), 1))
			TH_LOG("nr %#x", nr);
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->unbound, _IO('k', nr), 1))
			TH_LOG("nr %#x, unbound", nr);
	}
}

TEST_F(command, other_types_are_ENOTTY)
{
	unsigned int nr;

	for (nr = FIRST_NR; nr <= LAST_NR; nr++) {
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IO('j', nr), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IO('l', nr), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IO('K', nr), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IO(0, nr), 1));
	}
}

/* The whole number counts, not only its lowest byte. */
TEST_F(command, directions_and_sizes_are_ENOTTY)
{
	unsigned int nr;

	for (nr = FIRST_NR; nr <= LAST_NR; nr++) {
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IOR('k', nr, int), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IOW('k', nr, int), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd, _IOWR('k', nr, int), 1));
		EXPECT_EQ(-ENOTTY, ksem_test_ioctl_n(self->fd,
						     _IOC(0, 'k', nr, 8), 1));
	}
}

TEST_HARNESS_MAIN
