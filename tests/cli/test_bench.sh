#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench: what it prints of a packed model; times themselves are not checked.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
"$dbconvert" "$blobs/blobs.onnx" -q -o "$work" 2>"$work/log" ||
	failed "packing the blobs' model"
model=$work/blobs.dbp

"$dbconvert" bench "$model" -j 2 --runs 3 >"$work/text" 2>"$work/err" ||
	failed "bench"
check "threads and runs" grep -q \
	'ms a frame, measured here on 2 threads (best of 3 runs' "$work/text"
check "kernels" grep -q '^conv_w8a8 ' "$work/text"
check "the others are counted" grep -q 'more operators; --verbose' "$work/text"
"$dbconvert" bench "$model" -v --runs 1 >"$work/all"
check "all with --verbose" test "$(wc -l <"$work/all")" -gt \
	"$(wc -l <"$work/text")"

"$dbconvert" bench "$model" -j 1 --runs 2 --json --trace "$work/trace.json" \
	>"$work/json" || failed "bench --json"
check "JSON" python3 -c "
import json
j = json.load(open('$work/json'))
assert j['threads'] == 1 and j['runs'] == 2 and j['source'] == 'measured'
assert 0 < j['best_us'] <= j['median_us']
ops = j['operators']
assert sum(o['us'] for o in ops) < 1.5 * j['median_us']
kinds = {o['kernel'].split('.')[0] for o in ops}
assert {'conv_w8a8', 'depthwise_w8a8'} <= kinds
assert all(o['us'] >= 0 and o['output'] for o in ops)
t = json.load(open('$work/trace.json'))['traceEvents']
assert len(t) == len(ops) and all(e['ph'] == 'X' for e in t)
"
refused "a model of ONNX" 2 "is not a packed model (.dbp)" \
	"$dbconvert" bench "$blobs/blobs.onnx"
refused "two models" 2 "bench takes one packed model" \
	"$dbconvert" bench "$model" "$model"
refused "no runs" 2 "--runs" "$dbconvert" bench "$model" --runs 0
echo "no model" >"$work/text.dbp"
refused "a text" 1 "" "$dbconvert" bench "$work/text.dbp"
refused "a trace that cannot be written" 1 "no/trace.json" \
	"$dbconvert" bench "$model" --runs 1 --trace "$work/no/trace.json"
