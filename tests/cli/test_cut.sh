#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A library cut to the operators of a model finds what the whole one finds, as C
# and as C++, refuses other models, and is smaller.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/example.sh

"$build/small_model" "$work/small" || failed "small_model"
"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
example_prepare "$work/out" blobs blobs "$blobs/photos/scene_07.png"
"$dbconvert" inspect --emit ops "$work/out/blobs.dbp" >"$work/ops.c" ||
	failed "emit ops"
cp "$work/ops.c" "$work/ops.cc"

# archive DIR COMPILER...: libdbrt.a of the portable sources in DIR
archive() {
	dir=$PWD/$1 top=$PWD
	shift
	mkdir -p "$dir"
	(cd "$dir" && "$@" -c -std=c99 -I"$top" -DDBRT_PORTABLE \
		-ffunction-sections -fdata-sections "$top"/runtime/*.c &&
		ar rcs libdbrt.a ./*.o)
}

# cut COMPILER FILE: the example with that table finds the same
cut_finds() {
	# shellcheck disable=SC2086,SC2090 # a list of words
	"$1" -Wall -Wextra -Wconversion -Werror -pedantic "$3" -c \
		-o "$work/table.o" "$2" &&
		gcc $flags -O0 -o "$work/detect" examples/detect.c \
			"$work/table.o" "$work/lib/libdbrt.a" \
			-Wl,--gc-sections &&
		"$work/detect" "$work/photo.ppm" >"$work/got" &&
		cmp "$work/expected" "$work/got"
}

# The bytes of text of the example, whole and cut.
text_of() {
	# shellcheck disable=SC2086,SC2090 # a list of words
	gcc $flags -Os -o "$work/sized" examples/detect.c "$@" \
		"$work/lib/libdbrt.a" -Wl,--gc-sections &&
		size "$work/sized" | awk 'END { print $1 }'
}

check "library" archive "$work/lib" gcc -Os
check "cut to its operators" cut_finds gcc "$work/ops.c" -std=c99
check "cut, table as C++" cut_finds g++ "$work/ops.cc" -std=c++11

# a table for another model: the blobs are refused
"$dbconvert" "$work/small/classes.onnx" -q -o "$work/other" 2>"$work/log" ||
	failed "convert another"
"$dbconvert" inspect --emit ops "$work/other/classes.dbp" >"$work/other.c"
# shellcheck disable=SC2086,SC2090 # a list of words
gcc $flags -o "$work/refuse" examples/detect.c "$work/other.c" \
	"$work/lib/libdbrt.a" -Wl,--gc-sections || failed "link another table"
"$work/refuse" "$work/photo.ppm" >"$work/got" 2>&1
if grep -q "not supported by this build" "$work/got"; then
	ok "another model is refused"
else
	failed "another model is refused"
fi

whole=$(text_of) cut=$(text_of "$work/ops.c")
if [ "$cut" -gt 0 ] && [ $((whole - cut)) -gt 4000 ]; then
	ok "text $whole whole, $cut cut"
else
	failed "text $whole whole, $cut cut"
fi
