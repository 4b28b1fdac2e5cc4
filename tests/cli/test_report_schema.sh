#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports are what docs/report.schema.json says.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
schema=docs/report.schema.json

# report NAME OPTIONS...: makes a report and validates it
report() {
	name=$1
	shift
	"$dbconvert" -q --effort fast "$@" -o "$work/out" \
		--json >"$work/$name.json" 2>"$work/log" || failed "$name"
	check "report: $name" jsonschema -i "$work/$name.json" $schema
}

"$build/doorbell_scenes" "$work/scenes" 1 12
doorbell=testdata/doorbell/doorbell.onnx
report "data-free" "$blobs/blobs.onnx"
report "searched" "$blobs/blobs.onnx" --bits 4 --calib "$blobs/photos" \
	--mean 0 --max-size 1MB --max-latency 1s --max-ram 1MB
report "accuracy" $doorbell --mean 0 --calib "$work/scenes/images" \
	--labels "$work/scenes/labels.json" --min-fidelity 0.1 \
	--min-accuracy 0.1
report "verbose" "$blobs/blobs.onnx" --bits 4 --calib "$blobs/photos" \
	--mean 0 -v
for name in searched verbose; do
	grep -c '"cpu_seconds"' "$work/$name.json"
done | tr '\n' ' ' >"$work/stages"
if grep -q '^0 [1-9]' "$work/stages"; then
	ok "stages only where they are asked for"
else
	failed "stages only where they are asked for"
fi
sed 's/"schema": 1,/"schema": 1, "unknown": 2,/' "$work/searched.json" \
	>"$work/unknown.json"
if jsonschema -i "$work/unknown.json" $schema >"$work/log" 2>&1; then
	failed "a key that the schema does not have"
else
	ok "a key that the schema does not have"
fi
