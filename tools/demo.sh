#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws scenes, converts the doorbell's detector with some of them, measures
# it on others and draws what it finds.
set -eu
build=$1
out=${DEMO_OUT:-demo-out}
model=testdata/doorbell/doorbell.onnx
photo=$out/check/images/000012.png
pixels='--mean 0 --scale 1/255'

mkdir -p "$out"
echo "drawing scenes: 64 to calibrate with, 200 others to measure on"
"$build/doorbell_scenes" "$out/calib" 1 64
"$build/doorbell_scenes" "$out/check" 2 200
for bits in 8 4 2; do
	echo "converting at $bits bits"
	# shellcheck disable=SC2086 # options
	"$build/dbconvert" "$model" --bits $bits $pixels -q \
		--calib "$out/calib/images" --images "$out/check/images" \
		--labels "$out/check/labels.json" \
		--report "$out/bits$bits.json" -o "$out/bits$bits"
done

echo
echo "Average precision (IoU 0.5) on scenes that it never saw; milliseconds"
echo "are modelled for a quad Cortex-A53. The detector is trained on drawn"
echo "scenes: an example, not a product."
awk '
function value(line) {
	sub(/^[^:]*: */, "", line)
	sub(/,$/, "", line)
	return line
}
function row(name, bytes, smaller, ms, work) {
	printf "%-7s %9s %8s %7s %9s", name, bytes, smaller, ms, work
}
function precision(kind,    i) {
	for (i = 1; i <= classes; i++)
		printf " %8.3f", ap[kind, i]
	printf " %8.3f\n", ap[kind, 0]
}
FNR == 1 { inside = named = classes = at = have_bytes = have_ms = 0 }
/"dbp_bytes"/ && !have_bytes++ { bytes = value($0) }
/"fp32_bytes"/ { fp32 = value($0) }
/"compression"/ { smaller = value($0) }
/"arena_bytes"/ { work = value($0) }
/"latency_us"/ && !have_ms++ { ms = value($0) / 1000 }
/"accuracy"/ { inside = 1 }
inside && /"float"/ { ap["float", at] = value($0) }
inside && /"quantized"/ { ap["quantized", at] = value($0) }
inside && /"per_class"/ { named = 1; next }
named && /: \{/ {
	at = ++classes
	names[at] = $1
	gsub(/[":]/, "", names[at])
}
/"budgets"/ {
	if (!head++) {
		row("weights", "bytes", "smaller", "ms", "work RAM")
		for (i = 1; i <= classes; i++)
			printf " %8s", names[i]
		printf " %8s\n", "all"
		row("float", fp32, "1.0x", "-", "-")
		precision("float")
	}
	bits = FILENAME
	gsub(/.*bits|\.json/, "", bits)
	row(bits " bits", bytes, sprintf("%.1fx", smaller),
		sprintf("%.1f", ms), work)
	precision("quantized")
	inside = named = 0
}' "$out/bits8.json" "$out/bits4.json" "$out/bits2.json"

echo
echo "What the 4-bit model finds on $photo (class, score, corners):"
"$build/dbconvert" run "$out/bits4/doorbell.dbp" "$photo" \
	--draw "$out/found.png"
echo
echo "Open $out/found.png to see the boxes. Yours next:"
echo "  $build/dbconvert MODEL.onnx --bits 4 --calib PHOTOS -o DIR"
