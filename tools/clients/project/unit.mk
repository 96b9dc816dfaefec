# SPDX-License-Identifier: GPL-2.0-only
#
# One sub-make's part.

units := $(addsuffix .o,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)

.PHONY: all
all: $(units)
$(units): %.o: ../unit.s
	@job run 0 as --defsym UNIT=$* -o $@ $<
