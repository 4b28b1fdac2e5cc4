#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes models and packed files, from the blobs':
#   tests/fuzz/run.sh BUILDS SECONDS
# What is found lies in BUILDS/fuzz/found-*; a corpus grows beside it.
set -eu
builds=$1
seconds=$2
work=$builds/fuzz/work
mkdir -p "$work/onnx" "$work/dbp"
"$builds/release/blob_model" "$work/blobs" >/dev/null
"$builds/release/dbconvert" "$work/blobs/blobs.onnx" -q -o "$work/blobs"
cp "$work/blobs/blobs.onnx" "$work/onnx"
cp "$work/blobs/blobs.dbp" "$work/dbp/coded.dbp"
"$builds/release/dbconvert" "$work/blobs/blobs.onnx" -q -t cortex-m4 \
	-o "$work/blobs"
cp "$work/blobs/blobs.dbp" "$work/dbp/plain.dbp"
"$builds/release/dbconvert" "$work/blobs/blobs.onnx" -q --bits 3 --uniform \
	-o "$work/blobs"
cp "$work/blobs/blobs.dbp" "$work/dbp/coded3.dbp"
for kind in onnx dbp; do
	"$builds/fuzz/fuzz_$kind" -max_total_time="$seconds" -timeout=20 \
		-max_len=65536 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$builds/fuzz/found-$kind-" "$work/$kind" \
		2>"$builds/fuzz/$kind.log" || {
		tail -n 40 "$builds/fuzz/$kind.log"
		exit 1
	}
	grep -E 'number_of_executed_units|peak_rss' "$builds/fuzz/$kind.log"
done
