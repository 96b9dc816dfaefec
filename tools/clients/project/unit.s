# SPDX-License-Identifier: GPL-2.0-only
#
# One unit of many, as small as it gets: what is tested is who may run it.

	.globl	unit
unit:	.long	UNIT
