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
check armv7 qemu-arm cortex-a7 \
	"$(echo runtime/neon/*.c runtime/arm/*.c)" \
	arm-linux-gnueabihf-gcc -mcpu=cortex-a7 -mfpu=neon
for cpu in Nehalem Haswell; do # SSE4.1; AVX2
	check x86-64-$cpu qemu-x86_64 $cpu "$(echo runtime/x86/*.c)" gcc
done
tiles=$build/tests/runtime/test_requantize_tiles
for cpu in Nehalem Haswell; do
	if [ ! -x "$tiles" ] || ! command -v qemu-x86_64 >/dev/null; then
		echo "skipped requantize_tiles on $cpu: no program or emulator"
	elif qemu-x86_64 -cpu $cpu "$tiles"; then
		echo "ok requantize_tiles on $cpu"
	else
		echo "failed requantize_tiles on $cpu"
	fi
done
