#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The C header compiles as C99 and C++11, and the example built on it finds
# what `dbconvert run` finds, here and on an emulated Cortex-A53.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh

# photo FROM TO: as a binary PPM, by the picture library of the tests
photo() {
	"$build/to_ppm" "$1" "$2"
}

compile() {
	printf '#include "%s.h"\nint main(void) { return %s_dbp[0] != 68; }\n' \
		"$2" "$2" >"$work/use.$1"
	case $1 in
	c) gcc -std=c99 -pedantic -Wall -Wextra -Werror -I"$3" -o "$work/use" \
		"$work/use.c" ;;
	cc) g++ -std=c++11 -Wall -Wextra -Werror -I"$3" -o "$work/use" \
		"$work/use.cc" ;;
	esac && "$work/use"
}

# example DIR STEM MACRO PHOTO LABEL
example() {
	flags="-std=c11 -O2 -I. -Iruntime -I$1 -DMODEL=$2_dbp"
	flags="$flags -DMODEL_ARENA=$3_ARENA_BYTES"
	"$dbconvert" run "$1/$6.dbp" "$4" >"$work/expected" || failed "run $5"
	photo "$4" "$work/photo.ppm" || failed "to_ppm"
	# shellcheck disable=SC2086 # a list of words
	if gcc $flags -DMODEL_HEADER="\"$6.h\"" -Wall -Wextra -o \
		"$work/detect" examples/detect.c runtime/*.c \
		runtime/x86/*.c &&
		"$work/detect" "$work/photo.ppm" >"$work/got" &&
		cmp "$work/expected" "$work/got"; then
		ok "example $5"
	else
		failed "example $5"
	fi
	if ! command -v aarch64-linux-gnu-gcc >/dev/null ||
		! command -v qemu-aarch64 >/dev/null; then
		echo "skipped example $5 on aarch64: no compiler or emulator"
		return
	fi
	# shellcheck disable=SC2086
	if aarch64-linux-gnu-gcc $flags -static -mcpu=cortex-a53 \
		-ffp-contract=off -DMODEL_HEADER="\"$6.h\"" \
		-o "$work/detect64" examples/detect.c runtime/*.c &&
		qemu-aarch64 -cpu cortex-a53 "$work/detect64" \
			"$work/photo.ppm" >"$work/got" &&
		cmp "$work/expected" "$work/got"; then
		ok "example $5 on aarch64"
	else
		failed "example $5 on aarch64"
	fi
}

"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
check "C99 header" compile c blobs "$work/out"
check "C++11 header" compile cc blobs "$work/out"
example "$work/out" blobs BLOBS "$blobs/photos/scene_07.png" "blobs" blobs

if [ -d "$data" ]; then
	"$dbconvert" "$data/models/ultraface_RFB-320.onnx" -q --mean 127 \
		--scale 1/128 --calib "$data/images/faces_unlabelled" \
		-o "$work/faces" 2>"$work/log" || failed "convert faces"
	cp "$work/faces/ultraface_RFB-320.h" "$work/faces/ultraface_RFB_320.h"
	check "C99 header, faces" compile c ultraface_RFB_320 "$work/faces"
	face=$(find "$data/images/faces" -name '*.jpg' -o -name '*.png' |
		LC_ALL=C sort | sed -n 5p)
	example "$work/faces" ultraface_RFB_320 ULTRAFACE_RFB_320 "$face" \
		faces ultraface_RFB-320
else
	echo "skipped faces: ../shared/data is not there"
fi
