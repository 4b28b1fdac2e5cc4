#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agreement that a conversion states, without labels, against what the
# packed model keeps of the float model's mAP50 on labelled photos:
#   bench/agreement.sh BUILD [MODEL...]
# Five detectors at 8 and 4 bits and at a twelfth and a twentieth of the file,
# --effort fast; photos as in bench/models.txt, every second one to calibrate
# with (THIN sets another number), the labelled ones neither calibrated on nor
# seen by the agreement. One line a conversion: model, options, SQNR, agreement,
# its interval, share of mAP50 kept, whether it lies in the interval. The last
# line counts. Results that are there in BUILD/agreement are not made again.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
[ $# -gt 0 ] || set -- ultraface_RFB-320 yunet_n_320_320 FastestDet \
	nanodet_hpc203 yolox_nano_bigisland
models=" $* "
. bench/data.sh
work=$build/agreement
mkdir -p "$work"

labels_of() {
	case $1 in
	*coco128*) echo "$data/images/coco128/labels" ;;
	*) echo "$data/images/faces/xml" ;;
	esac
}

# evaluate NAME MODEL: accuracy on the labelled photos, into NAME.eval
evaluate() {
	# shellcheck disable=SC2086 # a list of options
	[ -s "$work/$1.eval" ] || "$build/dbconvert" eval "$2" -q \
		--images "$work/$name.labelled" --labels "$labels" --json \
		$options </dev/null >"$work/$1.eval"
}

# row NAME LABEL: a line out of the report and both evaluations
row() {
	python3 - "$work" "$name" "$@" <<'PYTHON'
import json, sys
work, model, name, label = sys.argv[1:]
f = json.load(open(f"{work}/{name}.json"))["fidelity"]
before = json.load(open(f"{work}/{model}.eval"))["value"]
kept = json.load(open(f"{work}/{name}.eval"))["value"] / before
a = f["agreement"]
print("%-22s %-22s %6.1f %6.3f  %.3f to %.3f  %6.3f  %s" % (
    model[:22], label, f["sqnr_db"], a["value"], a["low"], a["high"], kept,
    "inside" if a["low"] <= kept <= a["high"] else "OUTSIDE"))
PYTHON
}

# convert SETTING OPTIONS...
convert() {
	one=$name.$1
	shift
	# shellcheck disable=SC2086 # a list of options
	[ -s "$work/$one.json" ] || "$build/dbconvert" "$model" "$@" -q \
		--effort fast --calib "$work/$name.calib" $options \
		-o "$work/$one" --report "$work/$one.json" </dev/null \
		2>"$work/$one.log" || {
		tail -n 2 "$work/$one.log"
		return 0
	}
	evaluate "$one" "$work/$one/$name.dbp"
	row "$one" "$*" | tee "$work/$one.row"
}

printf '%-22s %-22s %6s %6s  %-14s  %6s\n' model options SQNR agrees interval \
	kept
for setting in 8 20 12 4; do
	while read -r file calib held options; do
		name=${file%.onnx}
		case $models in *" $name "*) ;; *) continue ;; esac
		model=$data/models/$file
		labels=$(labels_of "$held")
		bench/samples.sh "$data" "$calib" |
			awk -v n="${THIN:-2}" 'NR % n == 0' \
				>"$work/$name.calib"
		bench/samples.sh "$data" "$held" >"$work/$name.labelled"
		evaluate "$name" "$model"
		case $setting in
		4 | 8) convert $setting --bits $setting ;;
		*) convert $setting --max-size \
			$(($(wc -c <"$model") / setting)) ;;
		esac
	done <bench/models.txt
done
cat "$work"/*.row | awk '{ inside += / inside$/ }
	END { printf "%d of %d inside\n", inside, NR }'
