#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/kernels.sh [-p] [-l] [NAME...]: cycles of whole operators of the device
# library on a simulated in-order AArch64 core, on the terminal and in
#   build/bench/kernels.tsv  as bench_kernels names them: kernel, bits, output,
#                            multiply-accumulates, cycles, multiply-accumulates
#                            a cycle
#   build/bench/ops.tsv      as bench_ops names them, those without weights:
#                            operator, elements, cycles, cycles an element
# Where the simulator is not at GEM5 (../shared/gem5), nanoseconds on this
# machine instead of cycles, by way of an emulator if it is of another kind:
# those say nothing about a board.
set -eu
cd "$(dirname "$0")/.."
gem5=${GEM5:-../shared/gem5}
out=build/bench
mkdir -p "$out"

# build PROGRAM COMPILER... makes $out/PROGRAM
build() {
	program=$1
	shift
	# the program chooses the kernels itself
	# shellcheck disable=SC2046 # a list of files
	"$@" -std=c11 -D_GNU_SOURCE -I. -Itests/runtime/cross/stand_in -O3 \
		-ffp-contract=off -fno-math-errno -static \
		-o "$out/$program" "bench/$program.c" \
		$(find runtime -maxdepth 1 -name '*.c' ! -name kernels.c) \
		tests/support/dbp_builder.c tests/support/dbp_run.c
}

if ! command -v aarch64-linux-gnu-gcc >/dev/null; then
	echo "skipped: no aarch64-linux-gnu-gcc"
	exit 0
fi
marks=
if [ -f "$gem5/m5mark.h" ]; then
	marks="-DHAVE_MARKS -I$gem5"
fi
# shellcheck disable=SC2086 # lists of words
for program in bench_kernels bench_ops; do
	build $program aarch64-linux-gnu-gcc -mcpu=cortex-a53 $marks \
		runtime/neon/*.[cS]
done
if [ -z "$marks" ]; then
	echo "no simulator at $gem5: nanoseconds of this machine"
	run=qemu-aarch64
	[ "$(uname -m)" = aarch64 ] && run=
	$run "$out/bench_kernels" -t "$@" | tee "$out/kernels.tsv"
	$run "$out/bench_ops" -t "$@" | tee "$out/ops.tsv"
	exit
fi
# A region comes before the line of the operator that it timed.
"$gem5/referee" "$out/bench_kernels" -t "$@" | awk '
	BEGIN { OFS = "\t" }
	/^REGION/ { cycles = $5 }
	NF == 6 && $2 ~ /^w[0-9]a[0-9]$/ {
		print $1, $2, $3, $4, cycles, sprintf("%.2f", $4 / cycles)
		fflush()
	}' | tee "$out/kernels.tsv"
"$gem5/referee" "$out/bench_ops" -t "$@" | awk '
	BEGIN { OFS = "\t" }
	/^REGION/ { cycles = $5 }
	NF == 5 && $2 == "elements" {
		print $1, $3, cycles, sprintf("%.2f", cycles / $3)
		fflush()
	}' | tee "$out/ops.tsv"
