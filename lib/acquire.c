// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Acquire in all its forms. The kernel answers 1 for a grant that brings the
 * news of recovered permits; callers get 0, as from sem_wait(3), and the news
 * waits in the handle.
 */
#include "internal.h"

static int granted(struct ksem *k, int result)
{
	if (result <= 0)
		return result;
	atomic_store(&k->recovered, true);
	return 0;
}

int ksem_acquire_ex(struct ksem *k, struct ksem_acquire_ex *request)
{
	return granted(k, ksem_call(k, KSEM_IOC_ACQUIRE_EX, request));
}

int ksem_try_acquire_ex(struct ksem *k, struct ksem_try_acquire_ex *request)
{
	return granted(k, ksem_call(k, KSEM_IOC_TRY_ACQUIRE_EX, request));
}

int ksem_acquire_n(struct ksem *k, unsigned int n)
{
	return granted(k, ksem_call_n(k, KSEM_IOC_ACQUIRE, n));
}

int ksem_acquire(struct ksem *k)
{
	return ksem_acquire_n(k, 1);
}

int ksem_try_acquire_n(struct ksem *k, unsigned int n)
{
	return granted(k, ksem_call_n(k, KSEM_IOC_TRY_ACQUIRE, n));
}

int ksem_try_acquire(struct ksem *k)
{
	return ksem_try_acquire_n(k, 1);
}

int ksem_acquire_uninterruptible_n(struct ksem *k, unsigned int n)
{
	struct ksem_acquire_ex request = {
		.size = sizeof(request),
		.flags = KSEM_FLAG_UNINTERRUPTIBLE,
		.n = n,
		.deadline_ns = KSEM_NO_DEADLINE,
	};

	return ksem_acquire_ex(k, &request);
}

int ksem_acquire_uninterruptible(struct ksem *k)
{
	return ksem_acquire_uninterruptible_n(k, 1);
}

/*
 * A deadline before the clock's beginning is as past as the beginning. One that
 * was cut to LLONG_MAX is 292 years away, which is never.
 */
static int acquire_until(struct ksem *k, unsigned int n, unsigned int flags,
			 long long ns)
{
	struct ksem_acquire_ex request = {
		.size = sizeof(request),
		.flags = flags,
		.n = n,
		.deadline_ns = ns < 0 ? 0 : ns,
	};

	return ksem_acquire_ex(k, &request);
}

int ksem_acquire_clock_n(struct ksem *k, unsigned int n, clockid_t clock,
			 const struct timespec *absolute)
{
	unsigned int flags = 0;

	if (!ksem_timespec_valid(absolute))
		return ksem_fail(EINVAL);
	if (clock == CLOCK_REALTIME)
		flags = KSEM_FLAG_REALTIME;
	else if (clock != CLOCK_MONOTONIC)
		return ksem_fail(EINVAL);
	return acquire_until(k, n, flags, ksem_timespec_ns(absolute));
}

int ksem_acquire_clock(struct ksem *k, clockid_t clock,
		       const struct timespec *absolute)
{
	return ksem_acquire_clock_n(k, 1, clock, absolute);
}

int ksem_acquire_timed_n(struct ksem *k, unsigned int n,
			 const struct timespec *relative)
{
	struct timespec now;
	long long ns;

	if (!ksem_timespec_valid(relative))
		return ksem_fail(EINVAL);
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return -1;
	/* Now is never negative, so only the upper end can be passed. */
	if (__builtin_add_overflow(ksem_timespec_ns(relative),
				   ksem_timespec_ns(&now), &ns))
		ns = LLONG_MAX;
	return acquire_until(k, n, 0, ns);
}

int ksem_acquire_timed(struct ksem *k, const struct timespec *relative)
{
	return ksem_acquire_timed_n(k, 1, relative);
}

int ksem_drain(struct ksem *k)
{
	struct ksem_drain drain = { .size = sizeof(drain) };

	if (granted(k, ksem_call(k, KSEM_IOC_DRAIN, &drain)))
		return -1;
	return drain.out_n;
}

int ksem_recovered(struct ksem *k)
{
	return k ? atomic_exchange(&k->recovered, false) : ksem_fail(EINVAL);
}
