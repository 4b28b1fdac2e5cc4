#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# Real models at 8 bits against their float selves, on photos that they were
# not calibrated on: a detector keeps mAP50 0.97 and F1 0.85 of the float model's
# own detections, a classifier 25 dB and 98 % of the classes.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
if [ ! -d "$data/models" ]; then
	echo "skipped real models: no ../shared/data"
	exit
fi
bench/accuracy.sh "$build" 8 >"$work/table" 2>"$work/log" || {
	failed "bench/accuracy.sh"
	cat "$work/log"
}
cat "$work/table"
awk 'NR > 1 {
	boxes = $8 != "-"
	classes = $7 != "-"
	good = boxes ? $9 >= 0.97 && $8 >= 0.85 : classes ? $6 >= 25 && $7 >= 98 : $6 > 0
	print good ? "ok" : "failed", $1
}' "$work/table"
models=$(grep -c '^[^#]' bench/models.txt)
check "every model of bench/models.txt" \
	test "$(wc -l <"$work/table")" -eq $((models + 1))
