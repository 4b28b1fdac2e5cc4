#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the readers of ONNX models and of packed files, for SECONDS each. The
# blobs' model, its packed forms and a small model of each operator are the first
# inputs.
#   tests/fuzz/run.sh BUILDS SECONDS
# Inputs that crash are written to BUILDS/fuzz/found-*, the corpus to
# BUILDS/fuzz/work.
set -eu
builds=$1
seconds=$2
work=$builds/fuzz/work
mkdir -p "$work/onnx" "$work/dbp"
"$builds/release/blob_model" "$work/blobs" >/dev/null
cp "$work/blobs/blobs.onnx" "$work/onnx"
# seed NAME OPTIONS...: a packed file to begin with
seed() {
	name=$1
	shift
	"$builds/release/dbconvert" "$work/blobs/blobs.onnx" -q "$@" \
		-o "$work/blobs"
	cp "$work/blobs/blobs.dbp" "$work/dbp/$name.dbp"
}
seed coded
seed plain -t cortex-m4
seed coded3 --bits 3 --uniform
seed trellis --bits 4 --act-bits 4 --calib "$work/blobs/photos"
seed levels -t cortex-m4 --bits 2 --uniform --calib "$work/blobs/photos"
export FUZZ_SEEDS="$work/dbp"
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
