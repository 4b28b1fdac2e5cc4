#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Converts the models of bench/models.txt and measures the packed ones against
# the float ones, on samples that they were not calibrated on:
#   bench/accuracy.sh BUILD BITS...
# One line a model and width. SQNR over all outputs in decibels; top-1: same
# class in per cent; F1 and mAP50: detections against the float model's, IoU
# 0.5. `-` where a model has no classes or boxes.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
. bench/data.sh
work=$build/accuracy
rm -rf "$work"
mkdir -p "$work"

# One line of figures out of two JSON reports.
row() {
	python3 - "$@" <<'PYTHON'
import json, sys
name, bits, report, verify = sys.argv[1:]
out = json.load(open(report))["output"]
f = json.load(open(verify))
boxes = f["detections"] or {"f1": None, "map50": None}
def figure(x, factor, form):
    return "-" if x is None else form % (factor * x)
print("%-30s %4s %8d %6.2f %8d %6.1f %6s %6s %6s" % (
    name, bits, out["dbp_bytes"], out["compression"], out["arena_bytes"],
    f["sqnr_db"], figure(f["top1_agreement"], 100, "%.2f"),
    figure(boxes["f1"], 1, "%.3f"), figure(boxes["map50"], 1, "%.3f")))
PYTHON
}

printf '%-30s %4s %8s %6s %8s %6s %6s %6s %6s\n' model bits bytes ratio arena \
	SQNR top-1 F1 mAP50
while read -r file calib held options; do
	case $file in ''|\#*) continue ;; esac
	name=${file%.onnx}
	bench/samples.sh "$data" "$calib" >"$work/$name.calib"
	bench/samples.sh "$data" "$held" >"$work/$name.held"
	for bits in "$@"; do
		out=$work/$name.$bits
		# shellcheck disable=SC2086 # a list of options
		"$build/dbconvert" "$data/models/$file" --bits "$bits" -q \
			--calib "$work/$name.calib" $options -o "$out" \
			--report "$out.json" </dev/null
		# shellcheck disable=SC2086
		"$build/dbconvert" verify "$data/models/$file" \
			"$out/$name.dbp" -q --calib "$work/$name.held" \
			$options --json </dev/null >"$out.verify.json"
		row "$name" "$bits" "$out.json" "$out.verify.json"
	done
done <bench/models.txt
