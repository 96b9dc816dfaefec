/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_PID_H
#define SHIM_PID_H

/* A process. Freed with its last reference. */
struct pid {
	unsigned int refs;
};

struct pid *get_pid(struct pid *pid);
void put_pid(struct pid *pid);

#endif /* SHIM_PID_H */
