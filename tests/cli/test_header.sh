#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The C header compiles as C99 and C++11, and the example built on it finds
# what `dbconvert run` finds.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/example.sh

"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
check "C99 header" compile c blobs "$work/out"
check "C++11 header" compile cc blobs "$work/out"
example_prepare "$work/out" blobs blobs "$blobs/photos/scene_07.png"
check "example" example_here
