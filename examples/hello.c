// SPDX-License-Identifier: GPL-2.0-only
/* Two permits, one of which is held for a moment. */
#include <stdio.h>
#include <ksem.h>

int main(void)
{
	struct ksem *k = ksem_create(2, NULL);	/* a new semaphore, 2 permits */
	int available;

	/* Waits while no permit is free. */
	if (!k || ksem_acquire(k) || ksem_available(k, &available)) {
		perror("ksem");
		return 1;
	}
	printf("1 permit held, %d of 2 available\n", available);

	/* Were we killed before this line, the permit would go back as well. */
	return ksem_release(k) || ksem_close(k) || available != 1;
}
