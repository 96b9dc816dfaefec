/* SPDX-License-Identifier: GPL-2.0-only */
/* mount.c: whether a directory is in a ksemfs. */
#ifndef KSEM_MOUNT_H
#define KSEM_MOUNT_H

#include <stdbool.h>

bool mount_present(const char *directory);

#endif /* KSEM_MOUNT_H */
