# SPDX-License-Identifier: GPL-2.0-only
#
# What the jobserver's scene builds: a sub-make that is killed with all job slots in
# use, and one that comes after it and would like four.

four := 1 2 3 4

.PHONY: all killed after $(four) accident
all: after
killed:
	-@$(MAKE) -s -f slots.mk accident $(four)
after: killed
	@$(MAKE) -s -f slots.mk $(four)
$(four):
	@sleep 1
accident:
	@sleep 0.5; kill -9 $$PPID
