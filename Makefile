# SPDX-License-Identifier: Apache-2.0
# make            the command, build/release/dbconvert, and libdbrt.a
# make demo       what a newcomer runs: install what is missing, build, convert
# make check      every test (T=name for one); make help lists the rest

CC ?= gcc
CONFIG ?= release
B := build/$(CONFIG)

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-sign-conversion
# No contraction: the same bits with and without FMA, gcc and clang.
BASE := -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -fno-math-errno -pthread
PKGS := libprotobuf-c yaml-0.1 jansson libpng libjpeg libsodium zlib
LIBS = $(shell pkg-config --libs $(PKGS)) -lm -ldl -pthread

CFLAGS_release := -O2 -g
CFLAGS_sanitize := -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_clang := -O2 -g
ifeq ($(CONFIG),clang)
CC := clang
endif
CFLAGS ?= $(CFLAGS_$(CONFIG))
ALL_CFLAGS = $(BASE) $(WARN) $(CFLAGS) -I$(B)/gen $(shell pkg-config --cflags $(PKGS))

HOST_DIRS := ir passes evaluator quantizer converter
HOST_SRC := $(wildcard $(HOST_DIRS:%=%/*.c))
RT_SRC := $(wildcard runtime/*.c runtime/x86/*.c)
CLI_SRC := $(wildcard cli/*.c)
GEN_OBJ := $(B)/gen/onnx.pb-c.o $(B)/gen/target_files.o

obj = $(patsubst %.c,$(B)/%.o,$(1))
HOST_OBJ := $(call obj,$(HOST_SRC)) $(GEN_OBJ)
RT_OBJ := $(call obj,$(RT_SRC))
CLI_OBJ := $(call obj,$(CLI_SRC))

.PHONY: all
all: $(B)/dbconvert $(B)/libdbrt.a

$(B)/dbconvert: $(CLI_OBJ) $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

$(B)/libhost.a: $(HOST_OBJ)
	rm -f $@ && ar rcs $@ $^
$(B)/libdbrt.a: $(RT_OBJ)
	rm -f $@ && ar rcs $@ $^

$(B)/gen/onnx.pb-c.c: schemas/onnx.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=schemas --c_out=$(@D) $<
$(B)/gen/target_files.c: tools/embed.sh $(wildcard targets/*.yaml)
	@mkdir -p $(@D)
	tools/embed.sh $(wildcard targets/*.yaml) >$@
$(B)/gen/target_files.o: $(B)/gen/target_files.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/gen/onnx.pb-c.o: $(B)/gen/onnx.pb-c.c
	$(CC) $(BASE) $(CFLAGS) -c -o $@ $<
$(call obj,$(wildcard converter/*.c)): | $(B)/gen/onnx.pb-c.c

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One program a file tests/FOLDER/test_NAME.c.
TEST_SRC := $(wildcard tests/*/test_*.c)
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
TEST_LIB_OBJ := $(call obj,$(wildcard tests/support/*.c))
$(B)/tests/%: $(B)/tests/%.o $(TEST_LIB_OBJ) $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LIBS)
.PHONY: tests
tests: $(TEST_BIN)

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PRECIOUS: $(B)/%.o
