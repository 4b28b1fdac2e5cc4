#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# The example on the C header finds what `dbconvert run` finds, on an emulated
# Cortex-A53 and with a real model.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/example.sh

a53() {
	if command -v aarch64-linux-gnu-gcc >/dev/null &&
		command -v qemu-aarch64 >/dev/null; then
		check "$1 on aarch64" example_a53
	else
		echo "skipped $1 on aarch64: no compiler or emulator"
	fi
}

"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
example_prepare "$work/out" blobs blobs "$blobs/photos/scene_07.png"
a53 "blobs"

if [ ! -d "$data" ]; then
	echo "skipped faces: ../shared/data is not there"
	exit
fi
cp "$data/models/ultraface_RFB-320.onnx" "$work/faces.onnx"
"$dbconvert" "$work/faces.onnx" -q --mean 127 \
	--scale 1/128 --calib "$data/images/faces_unlabelled" \
	-o "$work/faces" 2>"$work/log" || failed "convert faces"
check "C99 header, faces" compile c faces "$work/faces"
face=$(find "$data/images/faces" -name '*.jpg' -o -name '*.png' |
	LC_ALL=C sort | sed -n 5p)
example_prepare "$work/faces" faces faces "$face"
check "faces" example_here
a53 "faces"
