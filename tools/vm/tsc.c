// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast this machine's time stamp counter counts, in kHz: what it has counted in
 * a while by the system's clock. At either end both are read many times, and the
 * readings that took least are the ones that count, whatever else is going on.
 * Prints nothing where there is no such counter.
 */
#include <stdio.h>

#if defined(__x86_64__) || defined(__i386__)

#include <time.h>
#include <x86intrin.h>

#define READINGS	1000
#define WHILE_NS	50000000

struct reading {
	unsigned long long ticks;
	double ns;
};

static struct reading read_both(void)
{
	unsigned long long least = ~0ULL, before, after;
	struct reading best = { 0 };
	struct timespec now;
	int i;

	for (i = 0; i < READINGS; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		best.ticks = before + least / 2;
		best.ns = now.tv_sec * 1e9 + now.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec a_while = { .tv_nsec = WHILE_NS };
	struct reading first, second;

	first = read_both();
	nanosleep(&a_while, NULL);
	second = read_both();
	printf("%.0f\n", (second.ticks - first.ticks) * 1e6 / (second.ns - first.ns));
	return 0;
}

#else

int main(void)
{
	return 0;
}

#endif
