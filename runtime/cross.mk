# SPDX-License-Identifier: Apache-2.0
# Sources of the device library, and the library for boards, freestanding: make
# cross.

# runtime/*.c is portable. A folder runtime/ISA/ holds kernels for one family
# of processors; it is built for the machines (as `gcc -dumpmachine` names
# them) of that family only. runtime/posix/ is left out without a system.
runtime_isa = $(or $(if $(filter x86_64-% i386-% i586-% i686-%,$(1)),x86),\
	$(if $(filter aarch64-% arm64-%,$(1)),neon),\
	$(if $(filter arm-%,$(1)),neon arm helium))
runtime_system = $(if $(filter portable-% %-none-eabi %-elf,$(1)),,posix)
runtime_sources = $(wildcard runtime/*.c \
	$(foreach d,$(runtime_isa) $(runtime_system),\
	runtime/$(d)/*.c runtime/$(d)/*.S))
UPDATE_SRC := $(wildcard runtime/update/*.c)
# Objects of sources: $(call objects_of,SOURCES,FROM,TO), folders FROM and TO
objects_of = $(patsubst %.S,%.o,$(patsubst %.c,%.o,$(1:$(2)%=$(3)%)))
VERSION_DEFINE = -DDBRT_VERSION='"$(VERSION)"'

CROSS := build/cross
CROSS_FLAGS := -std=c11 -I. -ffunction-sections -fdata-sections \
	-ffp-contract=off -fno-math-errno -Wall -Wextra
CROSS_x86-64 := gcc -DDBRT_PORTABLE
CROSS_aarch64 := aarch64-linux-gnu-gcc -mcpu=cortex-a53
CROSS_armv7 := arm-linux-gnueabihf-gcc -mcpu=cortex-a7 -mfpu=neon-vfpv4
# What is written in vectors gains nothing from more of them, but size.
$(CROSS)/aarch64/neon/%.o $(CROSS)/armv7/neon/%.o: \
	CROSS_MORE = -fno-tree-vectorize
CROSS_cortex-m4 := arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb \
	-mfpu=fpv4-sp-d16 -mfloat-abi=hard
# The first word of `gcc -dumpmachine`.
CROSS_MACHINE_x86-64 := portable-
CROSS_MACHINE_aarch64 := aarch64-linux-gnu
CROSS_MACHINE_armv7 := arm-linux-gnueabihf
CROSS_MACHINE_cortex-m4 := arm-none-eabi
# Fast where there is a system, but for what runs once; small and freestanding
# where flash is counted in kilobytes: there memcpy() of a few bytes is a call,
# too. x86-64 shows the portable size.
CROSS_SIZE_cortex-m4 := -Os -ffreestanding
CROSS_SIZE_x86-64 := -Os -ffreestanding
CROSS_ONCE := open open_ops model expand detections decode head_check selftest \
	op_conv_check work image tensor_walk op_move op_softmax lines \
	copy_views op_reduce op_order \
	$(patsubst runtime/%.c,%,$(UPDATE_SRC))
CROSS_TARGETS := x86-64 aarch64 armv7 cortex-m4
CROSS_LIBS := $(CROSS_TARGETS:%=$(CROSS)/%/libdbrt.a)
CROSS_UPDATE_LIBS := $(CROSS_TARGETS:%=$(CROSS)/%/libdbrt-update.a)

define cross_rules
$(CROSS)/$(1)/model.o: DEFINES = $$(VERSION_DEFINE)
$(CROSS)/$(1)/model.o: VERSION
$(CROSS)/$(1)/%.o: runtime/%.c $(wildcard runtime/*.h runtime/*/*.h \
		schemas/*.h)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$(CROSS_$(1)) $(CROSS_FLAGS) $$(CROSS_MORE) \
		$(or $(CROSS_SIZE_$(1)),$$(if $$(filter $$*,$(CROSS_ONCE)),-O2,\
		-O3)) $$(DEFINES) -c -o $$@ $$<
$(CROSS)/$(1)/%.o: runtime/%.S $(wildcard runtime/*/*.inc)
	@mkdir -p $$(@D)
	$$(call say,AS,$$<)$(CROSS_$(1)) -I. -c -o $$@ $$<
$(CROSS)/$(1)/libdbrt.a: $(call objects_of,$(call runtime_sources,\
		$(CROSS_MACHINE_$(1))),runtime/,$(CROSS)/$(1)/)
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
$(CROSS)/$(1)/libdbrt-update.a: $(call objects_of,$(UPDATE_SRC),runtime/,\
		$(CROSS)/$(1)/)
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach t,$(CROSS_TARGETS),$(eval $(call cross_rules,$(t))))

.PHONY: cross
cross: $(CROSS_LIBS) ## libdbrt.a for four processors, and its size
	@tools/library_size.sh $(CROSS_LIBS)
.PHONY: cross-update
cross-update: $(CROSS_UPDATE_LIBS) ## the same for libdbrt-update.a
	@tools/library_size.sh $(CROSS_UPDATE_LIBS)

# The same timing as dbconvert bench, as a static program for Linux boards; with
# the marks of a simulator where GEM5 has its header.
GEM5 ?= ../shared/gem5
CROSS_BENCH := $(patsubst %,$(CROSS)/%/time_dbp,aarch64 armv7)
define cross_bench_rule
$(CROSS)/$(1)/time_dbp: bench/time_dbp.c converter/measure/op_times.c \
		converter/pack/op_kernel.c \
		$(CROSS)/$(1)/libdbrt.a
	$$(call say,LD,$$@)$(CROSS_$(1)) -O2 -std=c11 -D_GNU_SOURCE -I. -static \
		$(if $(wildcard $(GEM5)/m5mark.h),-DHAVE_MARKS -I$(GEM5)) \
		-o $$@ $$^ -pthread
endef
$(foreach t,aarch64 armv7,$(eval $(call cross_bench_rule,$(t))))
.PHONY: cross-bench
cross-bench: $(CROSS_BENCH) ## time_dbp MODEL.dbp for Linux boards, static
	@ls -l $^
