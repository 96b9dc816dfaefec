/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: words of the caller's, read and written so that each can be made to fail. The
 * kernel's fault injection knows of copies by call; some architectures, x86 among them,
 * have single words read and written inline, past it. Kernels without it, and those are
 * all but a tester's, have nothing here but put_user() and get_user().
 */
#ifndef KSEM_COPY_H
#define KSEM_COPY_H

#include <linux/fault-inject-usercopy.h>
#include <linux/uaccess.h>

#define ksem_put_user(x, to)	(should_fail_usercopy() ? -EFAULT : put_user(x, to))
#define ksem_get_user(x, from)	(should_fail_usercopy() ? -EFAULT : get_user(x, from))
#define ksem_read_access_begin(from, size) \
	(!should_fail_usercopy() && user_read_access_begin(from, size))

#endif /* KSEM_COPY_H */
