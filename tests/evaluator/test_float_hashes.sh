#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# The kernels of the evaluator give the same bits: compilers, instruction sets,
# processors. What is not installed is skipped.
cd "$(dirname "$0")/../.." || exit 2
work=${BUILD:-build/release}/tests/float_hashes
sources="tests/tools/float_hashes.c base/diag.c base/text.c
	evaluator/cholesky.c $(echo evaluator/gemm*.c evaluator/simd/*.c)"
flags="-std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -static -pthread"
mkdir -p "$work"

# build NAME COMPILER...: $work/NAME, or a line that it is skipped
build() {
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "skipped $name: no $1"
		return 1
	fi
	# shellcheck disable=SC2086 # lists
	"$@" $flags -o "$work/$name" $sources -lm
}

# compare NAME COMMAND...: prints what the first program printed
compare() {
	name=$1
	shift
	if "$@" 2>"$work/log" >"$work/got" &&
		cmp "$work/first" "$work/got"; then
		echo "ok $name"
	else
		echo "failed $name"
		cat "$work/log"
	fi
}

# emulated NAME QEMU ARGUMENTS...
emulated() {
	if command -v "$2" >/dev/null; then
		compare "$@"
	else
		echo "skipped $1: no $2"
	fi
}

build gcc gcc -O3 || exit
"$work/gcc" >"$work/first" || echo "failed gcc"
build slow gcc -O0 && compare "gcc -O0" "$work/slow"
build clang clang -O3 && compare clang "$work/clang"
for row in sse2 avx2 avx512 neon; do
	if ! DBCONVERT_SIMD=$row "$work/gcc" >/dev/null 2>&1; then
		echo "skipped $row: not on this processor"
		continue
	fi
	compare "$row" env DBCONVERT_SIMD="$row" "$work/gcc"
	[ ! -x "$work/clang" ] ||
		compare "clang $row" env DBCONVERT_SIMD="$row" "$work/clang"
done
build arm64 aarch64-linux-gnu-gcc -O3 &&
	emulated arm64 qemu-aarch64 "$work/arm64"
build armv7 arm-linux-gnueabihf-gcc -O3 &&
	emulated armv7 qemu-arm "$work/armv7"
if [ "$(uname -m)" = x86_64 ]; then
	for cpu in Nehalem Haswell; do
		emulated "$cpu" qemu-x86_64 -cpu "$cpu" "$work/gcc"
	done
fi
