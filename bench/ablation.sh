#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures the gain of each method of the quantizer: converts detectors at a few
# sizes with all methods, and with each left out. Figures: bytes, average
# precision (IoU 0.5) against the float model's own detections on photos that
# were not used for calibration, signal to quantization noise of the outputs.
#   bench/ablation.sh BUILD
set -eu
cd "$(dirname "$0")/.."
build=$1
. bench/data.sh
work=$build/ablation
rm -rf "$work"
mkdir -p "$work"

# number KEY FILE: the first number of that key
number() {
	sed -n "s/^ *\"$1\": \([0-9.eE+-]*\),*$/\1/p" "$2" | head -1
}

# row MODEL METHOD OPTIONS: one line of the table
row() {
	line=$(grep "^$1.onnx" bench/models.txt)
	# shellcheck disable=SC2086 # a list of words
	set -- "$1" "$2" "$3" $line
	model=$1 method=$2 options=$3
	shift 4
	name=$method
	[ "$method" = $all ] && name=all
	bench/samples.sh "$data" "$1" >"$work/calib"
	bench/samples.sh "$data" "$2" >"$work/held"
	shift 2
	out=$work/out
	rm -rf "$out"
	# shellcheck disable=SC2086
	if "$build/dbconvert" "$data/models/$model.onnx" -q --effort fast \
		--calib "$work/calib" "$@" $options --method "$method" \
		-o "$out" --report "$out.json" 2>"$work/log"; then
		"$build/dbconvert" verify "$data/models/$model.onnx" \
			"$out/$model.dbp" -q --calib "$work/held" "$@" \
			--json >"$out.verify.json"
		printf '| %s | %s | %s | %s | %.3f | %.1f |\n' "$model" \
			"$options" "$name" "$(number dbp_bytes "$out.json")" \
			"$(number map50 "$out.verify.json")" \
			"$(number sqnr_db "$out.verify.json")"
	else
		printf '| %s | %s | %s | refused: %s | | |\n' "$model" \
			"$options" "$name" \
			"$(sed -n 's/.*: \(max_[a-z]* cannot.*\)/\1/p' \
				"$work/log" | head -1)"
	fi
}

all=clip,per-channel,bias,gptq,asymmetric,fisher,rate,search,trellis,codebook
all=$all,fine-tables,centering,equalization
echo '| model | options | methods | bytes | AP | SQNR |'
echo '| --- | --- | --- | --- | --- | --- |'
for model in ultraface_RFB-320 FastestDet; do
	case $model in
	FastestDet) size='--bits 8 --max-size 96000' ;;
	*) size='--bits 8 --max-size 60000' ;;
	esac
	for method in $all no-bias no-gptq no-asymmetric no-fisher \
		no-rate no-trellis; do
		row "$model" "$method" "$size"
	done
	for method in $all no-per-channel no-centering; do
		row "$model" "$method" '--bits 8'
	done
	for method in $all no-clip no-per-channel no-centering; do
		row "$model" "$method" '--bits 4 --act-bits 4'
	done
	row "$model" no-search '--bits 4'
	row "$model" "$all" '--bits 4'
	for method in $all no-codebook; do
		row "$model" "$method" '--bits 2 --uniform --target cortex-m7'
	done
done
for method in $all no-fine-tables; do # the one with activations by table
	row yolox_nano_bigisland "$method" '--bits 8'
done
