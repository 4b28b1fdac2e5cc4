# SPDX-License-Identifier: Apache-2.0
# The device library for boards, freestanding and small: make cross.

CROSS := build/cross
CROSS_FLAGS := -std=c11 -I. -Os -ffreestanding -ffunction-sections \
	-fdata-sections -ffp-contract=off -fno-math-errno -Wall -Wextra
CROSS_x86-64 := gcc -DDBRT_PORTABLE
CROSS_aarch64 := aarch64-linux-gnu-gcc -mcpu=cortex-a53
CROSS_armv7 := arm-linux-gnueabihf-gcc -mcpu=cortex-a7 -mfpu=neon-vfpv4
CROSS_cortex-m4 := arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb \
	-mfpu=fpv4-sp-d16 -mfloat-abi=hard
CROSS_TARGETS := x86-64 aarch64 armv7 cortex-m4
CROSS_LIBS := $(CROSS_TARGETS:%=$(CROSS)/%/libdbrt.a)

define cross_rules
$(CROSS)/$(1)/%.o: runtime/%.c $(wildcard runtime/*.h schemas/*.h)
	@mkdir -p $$(@D)
	$(CROSS_$(1)) $(CROSS_FLAGS) -c -o $$@ $$<
$(CROSS)/$(1)/libdbrt.a: $(patsubst runtime/%.c,$(CROSS)/$(1)/%.o,\
		$(wildcard runtime/*.c))
	rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach t,$(CROSS_TARGETS),$(eval $(call cross_rules,$(t))))

.PHONY: cross
cross: $(CROSS_LIBS) ## libdbrt.a at -Os for four processors, and its size
	@tools/library_size.sh $(CROSS_LIBS)
