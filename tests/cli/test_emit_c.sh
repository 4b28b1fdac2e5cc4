#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A model in C computes the bits of its packed file, compiles without a warning
# as C99 and C++11.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/emit_c.sh

"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
check "emit c" bits_prepare "$work/out" blobs

# compiles COMPILER...: every file of the folder, all warnings are errors
compiles() {
	for file in blobs_run blobs_ops main; do
		"$@" -pedantic -Wall -Wextra -Wconversion -Werror -Iruntime \
			-I. -c -o "$work/$file.o" "$work/c/$file.c" || return 1
	done
}

check "compiles as C99" compiles gcc -std=c99
check "compiles as C++11" compiles g++ -std=c++11 -x c++
check "builds" same_bits gcc -O1 -DDBRT_PORTABLE
check "same bits" "$work/bits"

refused "no folder" 2 "--emit c takes one model and -o FOLDER" \
	"$dbconvert" inspect --emit c "$work/out/blobs.dbp"
refused "not packed" 1 "not a packed model" \
	"$dbconvert" inspect --emit c -o "$work/none" "$blobs/blobs.onnx"
check "nothing is written" test ! -e "$work/none"
