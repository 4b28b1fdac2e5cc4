#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# test_kernels and test_rows, and the operators of bench_kernels and bench_ops
# against the portable ones, on emulated processors.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build/release}
out=$build/cross-kernels
mkdir -p "$out"

flags="-std=c11 -D_GNU_SOURCE -I. -Itests/runtime/cross/stand_in -O2 -static
	-ffp-contract=off -fno-math-errno"
# the programs choose the kernels themselves
runtime=$(find runtime -maxdepth 1 -name '*.c' ! -name kernels.c)
support="tests/support/dbp_builder.c tests/support/dbp_run.c
	tests/support/page_end.c tests/support/random_conv.c"

# check NAME EMULATOR CPU SOURCES COMPILER...
check() {
	name=$1 emulator=$2 cpu=$3 sources=$4
	shift 4
	if ! command -v "$1" >/dev/null || ! command -v "$emulator" >/dev/null
	then
		echo "skipped $name: no $1 or $emulator"
		return
	fi
	for program in test_kernels test_rows bench_kernels bench_ops; do
		case $program in
		test_*) main=tests/runtime/$program.c ;;
		*) main="bench/$program.c" ;;
		esac
		case $program in
		bench_kernels) options="-c -l" ;;
		bench_ops) options=-c ;;
		*) options= ;;
		esac
		# shellcheck disable=SC2086 # lists of words
		if "$@" $flags -o "$out/${program}_$name" $sources $runtime \
			$support $main && "$emulator" -cpu "$cpu" \
			"$out/${program}_$name" $options; then
			echo "ok $program on $name"
		else
			echo "failed $program on $name"
		fi
	done
}

check aarch64 qemu-aarch64 cortex-a53 "$(echo runtime/neon/*.[cS])" \
	aarch64-linux-gnu-gcc -mcpu=cortex-a53
