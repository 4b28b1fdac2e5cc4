#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# A packed model gives the same output bytes on every processor and with every
# compiler, and its golden self-test passes there. Prints the hashes.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build/release}
out=$build/cross-hash
faces=../shared/data/models/ultraface_RFB-320.onnx
rm -rf "$out"
mkdir -p "$out"

flags="-std=c11 -I. -ffp-contract=off -fno-math-errno"
sources="tests/runtime/cross/dbp_hash.c $(echo runtime/*.c)"

# builder NAME COMMAND...: $out/NAME, or nothing where the compiler is absent
builder() {
	name=$1
	shift
	command -v "$1" >/dev/null 2>&1 || return
	# shellcheck disable=SC2086 # lists of words
	"$@" $flags -o "$out/$name" $sources $extra || echo "failed build_$name"
}
extra=$(echo runtime/x86/*.c)
builder gcc-O0 gcc -O0
builder gcc-O3 gcc -O3
builder clang-O0 clang -O0
builder clang-O3 clang -O3
extra=
builder portable-O3 gcc -O3 -DDBRT_PORTABLE
extra=$(echo runtime/neon/*.[cS])
builder aarch64 aarch64-linux-gnu-gcc -O2 -mcpu=cortex-a53 -static
extra=$(echo runtime/neon/*.c runtime/arm/*.c)
builder armv7 arm-linux-gnueabihf-gcc -O2 -mcpu=cortex-a7 -mfpu=neon-vfpv4 \
	-static
extra="tests/runtime/cross/cortex_m.c
	$(find runtime/arm runtime/helium -name '*.c' 2>/dev/null)"
builder cortex-m4 arm-none-eabi-gcc -Os -mcpu=cortex-m4 -mthumb \
	-mfpu=fpv4-sp-d16 -mfloat-abi=hard --specs=rdimon.specs \
	-nostartfiles -T tests/runtime/cross/cortex_m.ld

# how a program of that name runs here
run() {
	case $1 in
	aarch64) qemu-aarch64 -cpu cortex-a53 "$out/aarch64" "$2" ;;
	armv7) qemu-arm -cpu cortex-a7 "$out/armv7" "$2" ;;
	cortex-m4)
		qemu-system-arm -M mps2-an386 -nographic -semihosting-config \
			enable=on,target=native,arg=dbp_hash,arg="$2" \
			-kernel "$out/cortex-m4"
		;;
	*) "$out/$1" "$2" ;;
	esac
}

needs() {
	case $1 in
	aarch64) echo qemu-aarch64 ;;
	armv7) echo qemu-arm ;;
	cortex-m4) echo qemu-system-arm ;;
	*) echo true ;;
	esac
}

compare() {
	model=$1
	file=$2
	expected=$(run gcc-O0 "$file")
	printf '%s\n  gcc-O0      %s\n' "$model" "$expected"
	for name in gcc-O3 clang-O0 clang-O3 portable-O3 aarch64 armv7 \
		cortex-m4; do
		if [ ! -x "$out/$name" ] ||
			! command -v "$(needs $name)" >/dev/null; then
			echo "skipped $model $name: no compiler or emulator"
			continue
		fi
		got=$(run $name "$file" 2>&1 | tr -d '\r')
		printf '  %-11s %s\n' "$name" "$got"
		if [ "$got" = "$expected" ] && [ -n "$got" ]; then
			echo "ok $model on $name"
		else
			echo "failed $model on $name"
		fi
	done
}

"$build/blob_model" "$out/blobs" || echo "failed blob_model"
for bits in 8 4 2; do
	"$build/dbconvert" "$out/blobs/blobs.onnx" --bits $bits -q \
		--calib "$out/blobs/photos" -o "$out/blobs$bits"
	compare "blobs at $bits bits" "$out/blobs$bits/blobs.dbp"
done
if [ -f "$faces" ]; then
	for bits in 8/8 2/8 2/4 levels; do
		case $bits in
		levels) how='--bits 2 --uniform --target cortex-m7' ;;
		*) how="--bits ${bits%/*} --act-bits ${bits#*/}" ;;
		esac
		# shellcheck disable=SC2086 # a list of options
		"$build/dbconvert" "$faces" $how -q --mean 127 --scale 1/128 \
			-o "$out/faces$bits" \
			--calib ../shared/data/images/faces_unlabelled
		compare "faces at $bits bits" \
			"$out/faces$bits/ultraface_RFB-320.dbp"
	done
else
	echo "skipped faces: ../shared/data is not there"
fi
