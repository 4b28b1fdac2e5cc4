#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# threads
# Conversions and measurements in four threads, under TSan: no data race.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"

check "a conversion with photos" "$dbconvert" "$blobs/blobs.onnx" --bits 2 \
	--act-bits 4 --effort fast --calib "$blobs/photos" --mean 0 \
	--jobs 4 -q -o "$work/out"
check "without photos" "$dbconvert" "$blobs/blobs.onnx" --jobs 4 -q \
	-o "$work/none"
check "verify" "$dbconvert" verify "$blobs/blobs.onnx" \
	"$work/out/blobs.dbp" --calib "$blobs/photos" --jobs 4
check "run" "$dbconvert" run "$work/out/blobs.dbp" \
	"$blobs/photos/scene_07.png" --jobs 4
