# SPDX-License-Identifier: Apache-2.0
# make help lists what can be made.

CC ?= gcc
CONFIG ?= release
B := build/$(CONFIG)
PREFIX ?= /usr/local
VERSION := 0.1.0

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-sign-conversion $(if $(WERROR),-Werror)
# No contraction: the same bits with and without FMA, gcc and clang.
BASE := -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -fno-math-errno -pthread
PKGS := libprotobuf-c yaml-0.1 jansson expat libpng libjpeg libsodium zlib
# OpenBLAS is loaded at run time: see evaluator/blas.c.
LIBS = $(shell pkg-config --libs $(PKGS)) -lm -ldl -pthread

CFLAGS_release := -O3 -g
CFLAGS_sanitize := -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_clang := -O3 -g
ifeq ($(CONFIG),clang)
CC := clang
endif
CFLAGS ?= $(CFLAGS_$(CONFIG))
ALL_CFLAGS = $(BASE) $(WARN) $(CFLAGS) -I$(B)/gen \
	$(shell pkg-config --cflags $(PKGS))

HOST_DIRS := base ir passes evaluator quantizer converter
HOST_SRC := $(shell find $(HOST_DIRS) -name "*.c" | LC_ALL=C sort)
RT_SRC := $(wildcard runtime/*.c runtime/x86/*.c)
CLI_SRC := $(wildcard cli/*.c)
GEN_OBJ := $(B)/gen/onnx.pb-c.o $(B)/gen/target_files.o

obj = $(patsubst %.c,$(B)/%.o,$(1))
HOST_OBJ := $(call obj,$(HOST_SRC)) $(GEN_OBJ)
RT_OBJ := $(call obj,$(RT_SRC))
CLI_OBJ := $(call obj,$(CLI_SRC))

.PHONY: all
all: $(B)/dbconvert $(B)/libdbrt.a ## the command and the device library

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

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
$(filter $(B)/converter/%,$(HOST_OBJ)) $(call obj,$(wildcard tools/*.c tests/tools/*.c)): | $(B)/gen/onnx.pb-c.c

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# ---- What a newcomer runs ----

.PHONY: deps demo
deps: ## installs missing packages (sections of packages.txt in S)
	@tools/deps.sh $(or $(S),run build)
demo: ## installs what is missing, builds, converts a model and runs it
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all build/release/doorbell_scenes
	@tools/demo.sh build/release
SCENE_SRC := $(wildcard testdata/doorbell/*.c)
$(B)/doorbell_scenes: $(call obj,$(SCENE_SRC)) $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

# ---- Tests: one program a file tests/FOLDER/test_NAME.c ----

TEST_SRC := $(shell find tests -name "test_*.c" | LC_ALL=C sort)
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
TEST_LIB_OBJ := $(call obj,$(wildcard tests/support/*.c))
TOOLS := $(B)/blob_model $(B)/to_ppm $(B)/time_dbp $(B)/doorbell_scenes
$(B)/blob_model: $(B)/tests/tools/blob_model.o $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$(B)/to_ppm: $(B)/tools/to_ppm.o $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$(B)/tests/%: $(B)/tests/%.o $(TEST_LIB_OBJ) $(B)/libhost.a $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(call obj,$(TEST_SRC)) $(TEST_LIB_OBJ): | $(B)/gen/onnx.pb-c.c
.PHONY: tests run-tests check lint clang sanitize golden
tests: all $(TEST_BIN) $(TOOLS)
run-tests: tests ## the tests of one CONFIG (T=name for some)
	tests/run.sh $(B) $(T)
ifdef T
check: run-tests
else
check: ## every test: gcc, clang, sanitizers, layers, man pages, scripts
	@$(MAKE) --no-print-directory deps S="run build check"
	$(MAKE) WERROR=1 tests
	$(MAKE) lint
	$(MAKE) CONFIG=clang WERROR=1 tests
	$(MAKE) CONFIG=sanitize tests
	tests/run.sh build/sanitize
	tests/run.sh build/release
endif
SOURCES := $(shell find $(HOST_DIRS) runtime schemas cli tests tools bench \
	examples testdata -name '*.[ch]')
.PHONY: format
format: ## every source file as .clang-format says
	clang-format -i $(SOURCES)
lint: ## layers, layout of sources, man pages, shell scripts
	tests/layers.sh
	clang-format --dry-run -Werror $(SOURCES)
	mandoc -T lint -W warning man/*.[15]
	shellcheck $$(git ls-files '*.sh' .ci/run 2>/dev/null || \
		find . -name '*.sh' -not -path './build/*')
golden: $(B)/tests/passes/test_passes ## writes the graphs that passes are expected to give
	UPDATE=1 $<
clang: ## a build with clang
	$(MAKE) CONFIG=clang tests
sanitize: ## the tests under ASan and UBSan
	$(MAKE) CONFIG=sanitize tests
	tests/run.sh build/sanitize $(T)

# ---- Fuzzing: one program a file tests/fuzz/fuzz_NAME.c ----

CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
ifeq ($(CONFIG),fuzz)
CC := clang
endif
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/*.c))
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(TEST_LIB_OBJ) $(B)/libhost.a \
		$(B)/libdbrt.a
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ -lcmocka $(LIBS)
.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_BIN)
fuzz: all build/release/blob_model ## libFuzzer on models and packed files, SECONDS each
	$(MAKE) CONFIG=fuzz fuzz-programs
	tests/fuzz/run.sh build $(or $(SECONDS),60)

# ---- Measuring ----

$(B)/time_dbp: $(B)/bench/time_dbp.o $(B)/libdbrt.a
	$(CC) $(CFLAGS) -o $@ $^ -pthread
.PHONY: bench ablation
bench: all $(TOOLS) ## accuracy, speed and memory on ../shared/data
	bench/accuracy.sh build/release 8 4 2
	bench/speed.sh build/release
ablation: all ## what each method of the quantizer adds, on ../shared/data
	bench/ablation.sh build/release

include runtime/cross.mk

# ---- Packaging ----

.PHONY: install image image-test clean
install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/doc/dbconvert
	install -m 755 $(B)/dbconvert $(DESTDIR)$(PREFIX)/bin
	install -m 644 runtime/dbrt.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(B)/libdbrt.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 man/dbconvert.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/dbp.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 README.md schemas/dbp.md examples/detect.c \
		$(DESTDIR)$(PREFIX)/share/doc/dbconvert
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
		runtime/dbrt.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/dbrt.pc
image: ## the container image dbconvert:local, by buildah
	tests/image.sh build
image-test: all build/release/blob_model ## the image, run on the demo
	tests/image.sh test
clean: ## removes what was built
	rm -rf build demo-out

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PRECIOUS: $(B)/%.o
