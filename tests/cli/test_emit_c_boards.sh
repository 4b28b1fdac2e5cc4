#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# A model in C for other compilers and processors, by its build file, and of a
# real model.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/example.sh
. tests/cli/emit_c.sh
top=$PWD

"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
example_prepare "$work/out" blobs blobs "$blobs/photos/scene_07.png"
check "emit c" bits_prepare "$work/out" blobs

for how in "clang -std=c99" "clang++ -std=c++11 -x c++" \
	"arm-none-eabi-gcc -std=c99 -mcpu=cortex-m4 -mthumb"; do
	if ! command -v "${how%% *}" >/dev/null; then
		echo "skipped $how: not installed"
		continue
	fi
	# shellcheck disable=SC2086 # a command and its options
	check "compiles with $how" $how -pedantic -Wall -Wextra -Wconversion \
		-Werror -Iruntime -I. -c -o "$work/run.o" "$work/c/blobs_run.c"
done

# everywhere MODEL: here with vectors, and on emulated processors
everywhere() {
	check "$1 builds" same_bits gcc -O2 runtime/x86/*.c
	check "$1, same bits" "$work/bits"
	if command -v aarch64-linux-gnu-gcc >/dev/null &&
		command -v qemu-aarch64 >/dev/null; then
		check "$1 builds for aarch64" same_bits aarch64-linux-gnu-gcc \
			-O2 -static -mcpu=cortex-a53 runtime/neon/*.[cS]
		check "$1, same bits on aarch64" qemu-aarch64 "$work/bits"
	else
		echo "skipped $1 on aarch64: no compiler or emulator"
	fi
	if command -v arm-linux-gnueabihf-gcc >/dev/null &&
		command -v qemu-arm >/dev/null; then
		check "$1 builds for armv7" same_bits arm-linux-gnueabihf-gcc \
			-O2 -static -mcpu=cortex-a7 -mfpu=neon-vfpv4 \
			runtime/neon/*.c runtime/arm/*.c
		check "$1, same bits on armv7" qemu-arm "$work/bits"
	else
		echo "skipped $1 on armv7: no compiler or emulator"
	fi
}
everywhere blobs

if command -v cmake >/dev/null; then
	check "cmake" cmake -S "$work/c" -B "$work/cmake" -DDBRT="$top"
	check "cmake --build" cmake --build "$work/cmake"
	tail -c $((320 * 240 * 3)) "$work/photo.ppm" >"$work/photo.rgb"
	"$work/cmake/blobs" 320 240 <"$work/photo.rgb" >"$work/got"
	check "its program finds the same" cmp "$work/expected" "$work/got"
else
	echo "skipped cmake: not installed"
fi

if [ ! -d "$data" ]; then
	echo "skipped person detector: ../shared/data is not there"
	exit
fi
cp "$data/models/vww_96_float_kaijiang.onnx" "$work/vww.onnx"
for bits in 8 4 2; do
	"$dbconvert" "$work/vww.onnx" -q --bits $bits --target cortex-m4 \
		--color bgr --calib "$data/images/unlabelled" -o "$work/vww" \
		2>"$work/log" || failed "convert vww"
	check "emit vww, $bits bits" bits_prepare "$work/vww" vww
	everywhere "vww, $bits bits"
done
