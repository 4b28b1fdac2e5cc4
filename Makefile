# SPDX-License-Identifier: Apache-2.0
# make help lists what can be made. Variables:
#   CONFIG=release|clang|sanitize|thread   which build, in build/CONFIG
#   V=1                                    prints commands in full
#   WERROR=1                               warnings are errors
#   MPI=1                                  for mpirun, in build/CONFIG-mpi
#   CC CFLAGS CPPFLAGS LDFLAGS             as usual
.DEFAULT_GOAL := all
CC ?= gcc
CONFIG ?= release
B := build/$(CONFIG)$(if $(MPI),-mpi)
PREFIX ?= /usr/local
VERSION := $(shell cat VERSION)
V ?= 0
# A build on every core, where no -j asks for another number.
BUILD_ALL = $(MAKE) --no-print-directory \
	$(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
# A short line for a command: $(call say,CC,file)
say = $(if $(filter 0,$(V)),@printf '  %-5s %s\n' $(1) $(2);)

# clang warns of assert(!"what is wrong"), which is meant; gcc ignores that name.
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-sign-conversion -Wno-string-conversion \
	$(if $(WERROR),-Werror)
# No contraction: the same bits with and without FMA, gcc and clang.
BASE := -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -fno-math-errno -pthread
PKGS := libprotobuf-c yaml-0.1 jansson expat libpng libjpeg libwebp \
	libsodium zlib $(if $(MPI),ompi-c)
# Asked on first use: make deps has to work where pkg-config is missing.
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
PKG_CFLAGS = $(eval PKG_CFLAGS := \
	$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
LIBS = $(PKG_LIBS) -lm -pthread

CFLAGS_release := -O3 -g
CFLAGS_sanitize := -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_thread := -O1 -g -fsanitize=thread
CFLAGS_clang := -O3 -g
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
ifneq ($(filter clang fuzz,$(CONFIG)),)
CC := clang
endif
CFLAGS ?= $(CFLAGS_$(CONFIG))
ALL_CFLAGS = $(BASE) $(WARN) $(CPPFLAGS) $(CFLAGS) -I$(B)/gen $(PKG_CFLAGS)
COMPILE = $(call say,CC,$<)$(CC) $(ALL_CFLAGS) $(DEFINES) -c -o $@
# Links the objects and libraries that a program depends on.
LINK = $(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
	$(filter %.o %.a,$^) $(LIBS)
ARCHIVE = $(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

include runtime/cross.mk

HOST_DIRS := base ir passes evaluator quantizer converter
HOST_SRC := $(shell find $(HOST_DIRS) -name "*.c" | LC_ALL=C sort)
RT_SRC := $(call runtime_sources,$(shell $(CC) -dumpmachine 2>/dev/null))
CLI_SRC := $(wildcard cli/*.c)
GEN_OBJ := $(B)/gen/onnx.pb-c.o $(B)/gen/target_files.o

obj = $(call objects_of,$(1),,$(B)/)
HOST_OBJ := $(call obj,$(HOST_SRC)) $(GEN_OBJ) \
	$(call obj,runtime/update/adapters/update_sodium.c)
HOST_LIBS := $(B)/libhost.a $(B)/libdbrt-update.a $(B)/libdbrt.a
RT_OBJ := $(call obj,$(RT_SRC))
# signed updates: a library of its own
UPDATE_OBJ := $(call obj,$(UPDATE_SRC))
CLI_OBJ := $(call obj,$(CLI_SRC))

.PHONY: all
all: $(B)/dbconvert $(B)/libdbrt.a $(B)/libdbrt-update.a ## the command and the device library

.PHONY: help
help: ## this list
	@grep -hE '^[a-z_-]+:.*##' Makefile runtime/cross.mk | LC_ALL=C sort | \
		sed -E 's/^([a-z_-]+):.*## /\1\t/' | expand -t 18

$(B)/dbconvert: $(CLI_OBJ) $(HOST_LIBS)
	$(LINK)
$(B)/libhost.a: $(HOST_OBJ)
	$(ARCHIVE)
$(B)/libdbrt.a: $(RT_OBJ)
	$(ARCHIVE)
$(B)/libdbrt-update.a: $(UPDATE_OBJ)
	$(ARCHIVE)

$(B)/gen/onnx.pb-c.c: schemas/onnx.proto
	@mkdir -p $(@D)
	$(call say,GEN,$@)protoc-c --proto_path=schemas --c_out=$(@D) $<
$(B)/gen/target_files.c: tools/embed.sh $(wildcard targets/*.yaml)
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/embed.sh $(wildcard targets/*.yaml) >$@
$(B)/gen/target_files.o: $(B)/gen/target_files.c
	$(COMPILE) $<
# No warnings: nobody here writes this file.
$(B)/gen/onnx.pb-c.o: WARN =
$(B)/gen/onnx.pb-c.o: $(B)/gen/onnx.pb-c.c
	$(COMPILE) $<
# What may include the generated header, through others too.
ONNX_USERS := $(filter converter/%,$(HOST_SRC)) $(CLI_SRC) \
	$(wildcard tools/*.c) $(shell find tests -name "*.c")
$(call obj,$(ONNX_USERS)): | $(B)/gen/onnx.pb-c.c
$(B)/runtime/model.o: DEFINES = $(VERSION_DEFINE)
$(B)/runtime/model.o: VERSION
$(B)/base/ranks.o: DEFINES = $(if $(MPI),-DHAVE_MPI)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP $<
$(B)/%.o: %.S
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP $<

# One entry for each source, for clangd and other readers of C.
QUOTE := "
comma := ,
ENTRY = $(subst $(QUOTE),\",$(CC) $(ALL_CFLAGS) -c -o $(call obj,$(1)) $(1))
DB_SRC = $(sort $(HOST_SRC) $(RT_SRC) $(ONNX_USERS) $(wildcard bench/*.c))
.PHONY: compile_commands
compile_commands: $(B)/gen/onnx.pb-c.c ## compile_commands.json, for editors
	$(file >compile_commands.json,[)
	$(foreach f,$(filter-out $(firstword $(DB_SRC)),$(DB_SRC)),\
	$(file >>compile_commands.json,{"directory": "$(CURDIR)", "file": "$f",\
	"command": "$(call ENTRY,$f)"}$(comma)))
	$(foreach f,$(firstword $(DB_SRC)),\
	$(file >>compile_commands.json,{"directory": "$(CURDIR)", "file": "$f",\
	"command": "$(call ENTRY,$f)"}]))
	@echo "wrote compile_commands.json"

# ---- What a newcomer runs ----

.PHONY: deps demo
deps: ## installs missing packages (sections of packages.txt in S)
	@tools/deps.sh $(or $(S),run build)
demo: ## installs what is missing, builds, converts a model and runs it
	@$(MAKE) --no-print-directory deps
	@$(BUILD_ALL) all build/release/doorbell_scenes
	@tools/demo.sh build/release
SCENE_SRC := $(wildcard testdata/doorbell/*.c)
$(B)/doorbell_scenes: $(call obj,$(SCENE_SRC)) $(B)/libhost.a $(B)/libdbrt.a
	$(LINK)

# ---- Tests: one program a file tests/FOLDER/test_NAME.c ----

TEST_SRC := $(shell find tests -name "test_*.c" | LC_ALL=C sort)
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
TEST_LIB_OBJ := $(call obj,$(wildcard tests/support/*.c))
TOOLS := $(B)/blob_model $(B)/flip_bytes $(B)/to_ppm $(B)/time_dbp \
	$(B)/doorbell_scenes $(B)/small_model
$(B)/blob_model: $(B)/tests/tools/blob_model.o $(HOST_LIBS)
	$(LINK)
$(B)/small_model: LIBS += -lcmocka
$(B)/small_model: $(B)/tests/tools/small_model.o $(TEST_LIB_OBJ) $(HOST_LIBS)
	$(LINK)
$(B)/flip_bytes: LIBS =
$(B)/flip_bytes: $(B)/tests/tools/flip_bytes.o
	$(LINK)
$(B)/to_ppm: $(B)/tools/to_ppm.o $(HOST_LIBS)
	$(LINK)
$(TEST_BIN): LIBS += -lcmocka
UPDATE_TESTS := $(filter $(B)/tests/runtime/update/%,$(TEST_BIN))
$(UPDATE_TESTS): LIBS += -lwolfssl
$(UPDATE_TESTS): $(call obj,runtime/update/adapters/update_wolfcrypt.c)
# the parts of the command are in no library
$(B)/tests/cli/test_draw: $(B)/cli/draw.o
$(TEST_BIN): $(B)/tests/%: $(B)/tests/%.o $(TEST_LIB_OBJ) $(HOST_LIBS)
	$(LINK)

.PHONY: tests check check-deps check-asan check-clang check-threads
.PHONY: check-long lint golden format
tests: all $(TEST_BIN) $(TOOLS) fuzz-replay ## builds the tests of one CONFIG
ifdef T
check: tests
	tests/run.sh all $(B) $(T)
else
check: ## lint and the quick tests; T=NAME: tests with NAME in their name
	@tools/deps.sh -m "installing packages that the tests need:" \
		run build check
	$(BUILD_ALL) WERROR=1 tests
	$(MAKE) lint
	tests/run.sh quick build/release
endif
check-long: ## everything else: compilers, sanitizers, processors, real models
	@tools/deps.sh -m "installing packages that the tests need:" \
		run build check check-long
	$(MAKE) check-clang
	$(MAKE) check-threads
	$(MAKE) check-asan
	$(BUILD_ALL) WERROR=1 tests
	HOSTILE_FLIPS=1000 tests/run.sh all build/release test_packed_file
	tests/run.sh long build/release
check-clang: ## a build with clang and its test programs
	$(BUILD_ALL) CONFIG=clang WERROR=1 tests
	tests/run.sh programs build/clang
check-asan: ## the quick tests under ASan and UBSan, with 250 broken files
	$(BUILD_ALL) CONFIG=sanitize WERROR=1 tests
	HOSTILE_FLIPS=$(or $(HOSTILE_FLIPS),250) \
		tests/run.sh quick build/sanitize
# what runs in more than one thread
THREADED := base/test_parallel runtime/test_dbrt_pool \
	evaluator/test_evaluator evaluator/test_eval_conv
check-threads: ## TSan on what runs in threads, and on a conversion
	$(BUILD_ALL) CONFIG=thread WERROR=1 all thread-programs
	tests/run.sh threads build/thread
.PHONY: thread-programs
thread-programs: $(THREADED:%=$(B)/tests/%) $(B)/blob_model

SOURCES := $(shell find $(HOST_DIRS) runtime schemas cli tests tools bench \
	examples testdata -name '*.[ch]' -not -path '*/build/*')
format: ## every source file as .clang-format says
	clang-format -i $(SOURCES)
lint: ## layers, layout of sources, man pages, shell scripts
	@tests/layers.sh
	$(call say,LINT,clang-format)clang-format --dry-run -Werror $(SOURCES)
	$(call say,LINT,mandoc)mandoc -T lint -W warning man/*.[135]
	$(call say,LINT,shellcheck)shellcheck -s sh $$(git ls-files '*.sh' \
		.ci/run 2>/dev/null || find . -name '*.sh' -not -path './build/*')
golden: tests ## rewrites expected outputs: passes, lowering, command line
	UPDATE=1 $(B)/tests/passes/test_passes
	UPDATE=1 $(B)/tests/converter/lower/test_lower
	UPDATE=1 BUILD=$(B) tests/cli/test_cases.sh

# ---- Fuzzing: one program a file tests/fuzz/fuzz_NAME.c ----

FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/*.c))
FUZZ_OBJ := $(TEST_LIB_OBJ) $(filter-out $(B)/cli/main.o,$(CLI_OBJ))
$(FUZZ_BIN): LIBS += -fsanitize=fuzzer -lcmocka
$(FUZZ_BIN): $(B)/%: $(B)/tests/fuzz/%.o $(FUZZ_OBJ) $(HOST_LIBS)
	$(LINK)
FUZZ_REPLAY := $(FUZZ_BIN:$(B)/fuzz_%=$(B)/fuzz_replay_%)
$(FUZZ_REPLAY): LIBS += -lcmocka
$(FUZZ_REPLAY): $(B)/fuzz_replay_%: $(B)/tests/fuzz/fuzz_%.o \
		$(B)/tests/tools/fuzz_replay.o $(FUZZ_OBJ) $(HOST_LIBS)
	$(LINK)
.PHONY: fuzz fuzz-programs fuzz-replay fuzz-coverage
fuzz-programs: $(FUZZ_BIN)
fuzz-replay: $(FUZZ_REPLAY) ## fuzz targets with a driver that replays files
fuzz: all build/release/blob_model ## libFuzzer on all that reads files, SECONDS each
	$(BUILD_ALL) CONFIG=fuzz fuzz-programs
	tests/fuzz/run.sh build $(or $(SECONDS),60) $(KINDS)
# The flags are options of make, which outdo those of the configuration.
fuzz-coverage: ## lines that the corpora of make fuzz reach
	$(BUILD_ALL) CONFIG=cover CC=clang fuzz-replay CFLAGS="-O1 -g \
		-fprofile-instr-generate -fcoverage-mapping"
	tests/fuzz/coverage.sh build $(KINDS)

# ---- Measuring ----

$(B)/time_dbp: LIBS = -pthread
$(B)/time_dbp: $(B)/bench/time_dbp.o $(B)/converter/measure/op_times.o \
	$(B)/converter/pack/op_kernel.o \
		$(B)/libdbrt.a
	$(LINK)
$(B)/bench_gemm: LIBS += -ldl
$(B)/bench_gemm: $(B)/bench/bench_gemm.o $(HOST_LIBS)
	$(LINK)
$(B)/time_float: $(B)/bench/time_float.o $(HOST_LIBS)
	$(LINK)
.PHONY: bench bench-float bench-kernels bench-models bench-peers ablation
bench: all $(TOOLS) ## accuracy, speed and memory on ../shared/data
	bench/accuracy.sh build/release 8 4 2
	bench/speed.sh build/release
bench-float: $(B)/bench_gemm $(B)/time_float ## float kernels beside OpenBLAS, OpenCV
	bench/float.sh $(B)
bench-kernels: ## operators by shape and bits, under the simulator at GEM5
	@bench/kernels.sh $(NAMES)
bench-models: ## a frame of whole models, under the simulator at GEM5
	@bench/models.sh $(NAMES)
bench-peers: ## both, beside ncnn and XNNPACK as they are built in PEERS
	@bench/board_peers.sh $(PEERS)
ablation: all ## what each method of the quantizer adds, on ../shared/data
	bench/ablation.sh build/release

# ---- Packaging ----

.PHONY: install image image-test clean
install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/doc/dbconvert
	install -m 755 $(B)/dbconvert $(DESTDIR)$(PREFIX)/bin
	install -m 644 runtime/dbrt.h runtime/dbrt_pool.h \
		$(DESTDIR)$(PREFIX)/include
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

-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
.PRECIOUS: $(B)/%.o
