#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Time and memory on this machine, on the models of bench/models.txt:
#   bench/speed.sh BUILD
# Conversions with 64 photos on all cores, one with 1,000, and milliseconds a
# frame of the device library beside OpenCV's (python3-opencv).
set -eu
cd "$(dirname "$0")/.."
build=$1
. bench/data.sh
work=$build/speed
rm -rf "$work"
mkdir -p "$work"

# shape JSON: of the first input
shape() {
	python3 -c "import json, sys
print(json.load(sys.stdin)['inputs'][0]['shape'])"
}

echo "conversion, 8 bits, 64 samples                  time     peak memory"
while read -r file calib held options; do
	case $file in ''|\#*) continue ;; esac
	name=${file%.onnx}
	for part in "$calib" "$held"; do
		bench/samples.sh "$data" "$part"
	done | head -n 64 >"$work/$name.calib"
	# shellcheck disable=SC2086 # a list of options
	bench/cost.py "$name" "$build/dbconvert" "$data/models/$file" -q \
		--calib "$work/$name.calib" $options -o "$work" </dev/null
	# shellcheck disable=SC2086
	echo "$data/models/$file=$("$build/dbconvert" inspect -q --json \
		"$data/models/$file" $options </dev/null | shape)=$work/$name.dbp" \
		>>"$work/pairs"
done <bench/models.txt

# As many as are asked for, each photo again and again.
bench/samples.sh "$data" images/coco128 >"$work/photos"
for _ in 1 2 3 4 5 6 7 8; do
	cat "$work/photos"
done | head -n 1000 >"$work/thousand"
bench/cost.py "nanodet_hpc203, $(wc -l <"$work/thousand") photos" \
	"$build/dbconvert" "$data/models/nanodet_hpc203.onnx" -q --calib \
	"$work/thousand" --color bgr -o "$work/thousand.out"

echo
if /usr/bin/python3 -c 'import cv2' 2>/dev/null; then
	# shellcheck disable=SC2046 # a list of words
	bench/peers.py "$build/time_dbp" $(cat "$work/pairs")
else
	echo "skipped: no OpenCV to compare with (python3-opencv)"
fi
