#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The float evaluator on one core of this machine: matrix products beside
# OpenBLAS (libopenblas0-pthread), then the models of bench/models.txt beside
# OpenCV's DNN module (python3-opencv). A peer that is not installed is skipped.
#   bench/float.sh BUILD [MODEL...]
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
models=$PWD/../shared/data/models
for core in Nehalem Haswell; do
	"$build/bench_gemm" "$core"
done
[ -d "$models" ] || {
	echo "skipped: no $models"
	exit
}
[ $# -gt 0 ] || set -- ultraface_RFB-320_nopost.onnx yunet_n_320_320.onnx \
	FastestDet.onnx nanodet_hpc203.onnx yolox_nano_bigisland.onnx
pairs=
for name in "$@"; do
	shape=$("$build/dbconvert" inspect -q --json "$models/$name" |
		python3 -c "import json, sys
print(json.load(sys.stdin)['inputs'][0]['shape'])")
	pairs="$pairs $models/$name=$shape=$models/$name"
done
echo
if /usr/bin/python3 -c 'import cv2' 2>/dev/null; then
	# shellcheck disable=SC2086 # a list of words
	bench/peers.py "$build/time_float" $pairs
else
	echo "skipped: no OpenCV to compare with (python3-opencv)"
	for name in "$@"; do
		printf '%-34s %s\n' "$name" \
			"$("$build/time_float" "$models/$name")"
	done
fi
