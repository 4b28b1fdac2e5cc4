#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes everything that reads a file, for SECONDS each: the targets of this
# folder, or those named. Their first inputs are made by the targets themselves
# (FUZZ_SEEDS) and by the tool; models, photos and packed files of ../shared are
# added where it is there.
#   tests/fuzz/run.sh BUILDS SECONDS [TARGET...]
# Inputs that crash are written to BUILDS/fuzz/found-*, the corpus to
# BUILDS/fuzz/work.
set -eu
builds=$1
seconds=$2
shift 2
[ $# -gt 0 ] || set -- onnx convert dbp yaml labels tensor image dbu
work=$builds/fuzz/work
shared=../shared
mkdir -p "$work"
"$builds/release/blob_model" "$work/blobs" >/dev/null

# seed NAME OPTIONS...: a packed file to begin with
seed() {
	name=$1
	shift
	"$builds/release/dbconvert" "$work/blobs/blobs.onnx" -q "$@" \
		-o "$work/blobs"
	cp "$work/blobs/blobs.dbp" "$work/dbp/$name.dbp"
}

# small FOLDER FILES...: copies those of at most 64 KB, the longest input
small() {
	folder=$1
	shift
	for file in "$@"; do
		[ ! -f "$file" ] ||
			find "$file" -size -64k -exec cp {} "$folder" \;
	done
}

first_inputs() {
	case $1 in
	onnx | convert)
		cp "$work/blobs/blobs.onnx" "$work/$1"
		small "$work/$1" "$shared"/cases/*/*.onnx
		;;
	dbp)
		seed coded
		seed plain -t cortex-m4
		seed coded3 --bits 3 --uniform
		seed trellis --bits 4 --act-bits 4 --calib "$work/blobs/photos"
		seed levels -t cortex-m4 --bits 2 --uniform \
			--calib "$work/blobs/photos"
		small "$work/dbp" "$shared"/cases/*/*.dbp
		;;
	yaml) small "$work/yaml" examples/*.yaml "$shared"/cases/*/*.yaml ;;
	labels) small "$work/labels" "$shared"/cases/*/*.json ;;
	tensor) small "$work/tensor" "$shared"/cases/*/*.npy ;;
	image)
		small "$work/image" "$work"/blobs/photos/*0.png \
			"$shared"/cases/*/*.jpg
		;;
	esac
}

for kind in "$@"; do
	mkdir -p "$work/$kind"
	export FUZZ_SEEDS="$work/$kind"
	first_inputs "$kind"
	"$builds/fuzz/fuzz_$kind" -max_total_time="$seconds" -timeout=20 \
		-max_len=65536 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$builds/fuzz/found-$kind-" "$work/$kind" \
		2>"$builds/fuzz/$kind.log" || {
		tail -n 40 "$builds/fuzz/$kind.log"
		exit 1
	}
	echo "$kind:"
	grep -E 'number_of_executed_units|peak_rss' "$builds/fuzz/$kind.log"
done
