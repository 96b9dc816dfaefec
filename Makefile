# SPDX-License-Identifier: GPL-2.0-only
#
# ksem: the module, the library, the command, their tests. 'make help' lists what there is.
# The kernel's build system reads Kbuild, not this file.

VERSION		:= 0.1.0
KDIR		?= /lib/modules/$(shell uname -r)/build
PREFIX		?= /usr/local
SYSCONFDIR	?= /etc
UDEVRULESDIR	?= /usr/lib/udev/rules.d
SRCDIR		?= /usr/src
INSTALL_MOD_DIR	?= updates
BUILD		:= $(CURDIR)/build
KERNEL		?= 6.1
MINUTES		?= 10
SECONDS		?= 120
# Of the benchmark; empty: what tools/bench/run takes by itself.
KERNELS		?=
MODES		?=

export PREFIX
kbuild := $(MAKE) -C $(KDIR) M=$(CURDIR)
boots := $(KERNELS:%=-k %) $(MODES:%=-m %)

.PHONY: all module lib tools install install-module install-config install-lib install-tools \
	install-dkms uninstall demo test test-matrix test-debug test-kcsan test-kmsan test-clients test-units \
	kunit storm soak fuzz model history \
	mutants coverage ci-long bench bench-gate bench-plot lint clean help
all: module lib tools

module:
	@test -e $(KDIR)/Makefile || { \
		echo "no kernel headers at $(KDIR): install linux-headers-$$(uname -r)," \
		     "or set KDIR" >&2; exit 1; }
	$(kbuild) modules

lib:
	$(MAKE) -C lib O=$(BUILD)/lib all

# The command needs two libraries more than these two halves do.
tools: lib
	$(MAKE) -C tools/ksem O=$(BUILD)/ksem LIBKSEM=$(BUILD)/lib/libksem.so all

install: install-module install-lib install-tools

install-module: module install-config
	$(kbuild) modules_install INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))

# What loads the module at boot, and who may open its device then.
install-config:
	install -D -m 644 dist/ksem.conf $(DESTDIR)$(SYSCONFDIR)/modules-load.d/ksem.conf
	install -D -m 644 dist/60-ksem.rules $(DESTDIR)$(UDEVRULESDIR)/60-ksem.rules

install-lib: lib
	$(MAKE) -C lib O=$(BUILD)/lib install

install-tools: tools
	$(MAKE) -C tools/ksem O=$(BUILD)/ksem LIBKSEM=$(BUILD)/lib/libksem.so install

# What install has installed, the module for any kernel; with the same variables.
uninstall:
	rm -f $(DESTDIR)/lib/modules/*/$(INSTALL_MOD_DIR)/ksem.ko*
	rm -f $(DESTDIR)$(SYSCONFDIR)/modules-load.d/ksem.conf \
		$(DESTDIR)$(UDEVRULESDIR)/60-ksem.rules
	$(MAKE) -C lib uninstall
	$(MAKE) -C tools/ksem uninstall

# The sources, for DKMS to build for each kernel that is installed.
install-dkms:
	install -d $(DESTDIR)$(SRCDIR)/ksem-$(VERSION)/module \
		$(DESTDIR)$(SRCDIR)/ksem-$(VERSION)/uapi/linux
	install -m 644 Kbuild dkms.conf $(DESTDIR)$(SRCDIR)/ksem-$(VERSION)/
	install -m 644 module/*.[ch] $(DESTDIR)$(SRCDIR)/ksem-$(VERSION)/module/
	install -m 644 uapi/linux/ksem.h $(DESTDIR)$(SRCDIR)/ksem-$(VERSION)/uapi/linux/

# What follows runs in a virtual machine, never on this machine's own kernel.

demo:
	tools/vm/deps build vm
	$(MAKE) -s lib
	$(MAKE) -s -C tools/demo O=$(BUILD)/demo
	tools/vm/rootfs small
	tools/vm/run -k $(KERNEL) -f $(BUILD)/demo/demo -f $(BUILD)/rootfs/small:/make \
		-f tools/demo/slots.mk:/make/slots.mk -- /ksem/demo

test:
	tools/test/run

test-matrix:
	tools/test/run matrix

test-debug test-kcsan test-kmsan test-clients test-units: test-%:
	tools/test/run $*

kunit:
	tools/test/run kunit

storm:
	tools/test/run storm

soak:
	tools/soak/run -k $(KERNEL) -m $(MINUTES)

fuzz:
	tools/fuzz/run $(if $(findstring file,$(origin KERNEL)),,-k $(KERNEL)) -t $(SECONDS)

model:
	tools/model/run

history:
	tools/model/history/run -k $(KERNEL)

mutants:
	tools/mutants/run

coverage:
	tools/coverage/run

ci-long:
	.ci/long

bench:
	tools/bench/run $(boots)

bench-gate:
	tools/bench/run -g $(boots)

bench-plot:
	tools/vm/deps bench plot
	tools/bench/plot $(BUILD)/bench/results.json $(BUILD)/bench

lint:
	tools/lint/run

clean:
	-test ! -e $(KDIR)/Makefile || $(kbuild) clean
	rm -rf $(BUILD)/lib $(BUILD)/lib-tests $(BUILD)/ksem $(BUILD)/command $(BUILD)/selftests \
		$(BUILD)/core $(BUILD)/examples $(BUILD)/demo $(BUILD)/module $(BUILD)/bench \
		$(BUILD)/soak $(BUILD)/model $(BUILD)/history $(BUILD)/mutants $(BUILD)/coverage \
		$(BUILD)/clients $(BUILD)/rootfs $(BUILD)/units $(BUILD)/test

help:
	@echo 'Build:'
	@echo '  all             the module for KDIR, the library and the command (default)'
	@echo '  module, lib     one of them'
	@echo '  tools           the command: needs libjansson-dev and libinih-dev'
	@echo '  clean           remove what was built; kernels and the fuzzer's corpus stay'
	@echo 'Install (DESTDIR, PREFIX, INSTALL_MOD_DIR, UDEVRULESDIR, SYSCONFDIR):'
	@echo '  install         module, modules-load.d, udev rule, library, command, man pages'
	@echo '  install-module  without the library'
	@echo '  install-config  modules-load.d and udev rule alone'
	@echo '  install-lib     library, headers, pkg-config, man pages'
	@echo '  install-tools   the command, its completion, systemd units, man pages'
	@echo '  uninstall       what install has installed; depmod and ldconfig are yours to run'
	@echo '  install-dkms    sources to $(SRCDIR)/ksem-$(VERSION), for dkms add'
	@echo 'In a virtual machine:'
	@echo '  demo            the main job, to look at (KERNEL=6.1)'
	@echo '  test            all tests'
	@echo '  test-matrix     selftests, library, examples on 6.1, 6.1-rt, 6.12, 6.12-rt, 7.3'
	@echo '  test-debug      the same and KUnit on a kernel with KASAN, lockdep, UBSAN, kmemleak...'
	@echo '  test-kcsan      the same, without KUnit, on a kernel that looks for data races'
	@echo '  test-kmsan      the same, without KUnit, on one that looks for uninitialised memory'
	@echo '  test-clients    make, ninja and gcc -flto share a jobserver, and are killed'
	@echo '  test-units      the systemd units and the udev rule, under systemd'
	@echo '  kunit           the KUnit suites alone'
	@echo '  storm           100000 kills with -9 of holders and waiters, on 6.1 and on 6.12'
	@echo '  soak            storms and races, a table of figures (MINUTES=10 KERNEL=6.1)'
	@echo '  history         record what processes see, and prove it linearizable (KERNEL=6.1)'
	@echo '  fuzz            random calls, guided by coverage (SECONDS=120 KERNEL=debug)'
	@echo '  coverage        lines and branches of the module that the tests reach'
	@echo '  mutants         seeded bugs: does the suite that should catch each catch it?'
	@echo '  ci-long         what is too long for .ci/run'
	@echo '  bench           measure ksem and its peers (KERNELS="6.1 7.3" MODES="icount wall")'
	@echo '  bench-gate      compare instruction counts with tools/bench/gates.json'
	@echo '  bench-plot      pictures of what bench measured last, in build/bench/'
	@echo 'Without a machine:'
	@echo '  model           models of the queue and of its barriers, checked exhaustively'
	@echo '  lint            checkpatch, sparse, compiler warnings, shellcheck, mandoc, Python'
	@echo 'Variables: KDIR (kernel headers), V=1 (show commands)'
