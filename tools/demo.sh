#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Converts the demo's detector, measures it and draws what it finds.
set -eu
build=$1
out=${DEMO_OUT:-demo-out}
"$build/demo_model" "$out"
for bits in 8 4 2; do
	echo
	echo "== --bits $bits =="
	"$build/dbconvert" "$out/demo.onnx" --bits $bits \
		--calib "$out/photos" --mean 0 --scale 1/255 \
		-o "$out/bits$bits"
done
echo
echo "== what the 4-bit model finds (class, score, corners) =="
"$build/dbconvert" run "$out/bits4/demo.dbp" "$out/photos/scene_07.png" \
	--draw "$out/found.png"
echo
echo "Open $out/found.png to see the boxes. Yours next:"
echo "  $build/dbconvert MODEL.onnx --bits 4 --calib PHOTOS -o DIR"
