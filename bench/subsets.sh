#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Few bits, over calibration photos: converts the detectors of MODELS at six
# settings, each with three subsets of unlabelled photos, and measures the share
# of the float model's average precision (AP50 on labelled photos) that is kept:
#   bench/subsets.sh BUILD
# One line a model and setting: mean bytes, mean latency on the target, mean
# share kept, and the least and the most of the three. EFFORT (normal) is that
# of the conversions; SETTINGS names some of them only.
set -eu
cd "$(dirname "$0")/.."
build=$1
. bench/data.sh
models=" ${MODELS:-FastestDet nanodet_hpc203 yolox_nano_bigisland ultraface_RFB-320} "
work=$build/subsets
mkdir -p "$work"

# number KEY FILE: the first number of that key
number() {
	sed -n "s/^ *\"$1\": \([0-9.eE+-]*\),*$/\1/p" "$2" | head -1
}

# ap MODEL OPTION...: AP50 on the labelled photos of $set
ap() {
	case $set in
	faces) labels=$data/images/faces/xml ;;
	*) labels=$data/images/$set/labels ;;
	esac
	"$build/dbconvert" eval "$@" --images "$data/images/$set/images" \
		--labels "$labels" -q --json </dev/null 2>/dev/null |
		sed -n 's/^ *"value": \([0-9.e-]*\),*$/\1/p' | head -1
}

# Every third photo from number $1 on
subset() {
	faces=
	[ "$set" = faces ] && faces=,images/faces_unlabelled
	bench/samples.sh "$data" "images/unlabelled:0-167$faces" |
		awk -v from="$1" 'NR % 3 == from'
}

# convert SETTING SUBSET OPTIONS...: a line of bytes, milliseconds, AP50
convert() {
	setting=$1 number=$2
	shift 2
	case $setting in
	auto) few='--bits 4 --act-bits auto' ;;
	*x) few="--max-size $(($(wc -c <"$model") / ${setting%x}))" ;;
	*) few="--bits $setting" ;;
	esac
	out=$work/$name.$setting.$number
	subset "$number" >"$out.calib"
	# shellcheck disable=SC2086
	"$build/dbconvert" "$model" $few --effort "${EFFORT:-normal}" -q \
		--calib "$out.calib" "$@" -o "$out" --report "$out.json" \
		</dev/null 2>"$out.log" || return 0
	echo "$(number dbp_bytes "$out.json") $(number latency_us "$out.json")" \
		"$(ap "$out/$name.dbp")"
}

printf '%-22s %-7s %8s %7s %6s  %s\n' model setting bytes ms kept 'least most'
while read -r file set _ _ options; do
	name=${file%.onnx} model=$data/models/$file
	case $models in *" $name "*) ;; *) continue ;; esac
	# shellcheck disable=SC2086 # a list of options
	float=$(ap "$model" $options)
	for setting in ${SETTINGS:-8 4 auto 10x 12x 14x}; do
		for number in 0 1 2; do
			# shellcheck disable=SC2086
			convert "$setting" "$number" $options
		done | awk -v float="$float" -v name="$name $setting" '
			{ kept = $3 / float; bytes += $1; us += $2; sum += kept
			  if (NR == 1 || kept < low) low = kept
			  if (kept > high) high = kept }
			END {
				split(name, n, " ")
				if (!NR)
					printf "%-22s %-7s refused\n", n[1], n[2]
				else
					printf "%-22s %-7s %8d %7.1f %6.3f  %.3f %.3f\n",
						n[1], n[2], bytes / NR,
						us / NR / 1000, sum / NR, low, high
			}'
	done
done <bench/detectors.txt
