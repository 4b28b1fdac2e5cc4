#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/detectors.sh BUILD [BITS...]: average precision (AP50) of the detectors
# of bench/detectors.txt on labelled photos, one line a model: the family that
# is recognised, the reference figure, the float model without any option of
# the preprocessing, with the right ones, and the packed model with the right
# ones at each width (--effort fast, or EFFORT). MODELS names some of them only.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
. bench/data.sh
work=$build/detectors
mkdir -p "$work"

# ap MODEL OPTION...: the figure of `eval`
ap() {
	# shellcheck disable=SC2086 # two options
	"$build/dbconvert" eval "$@" $photos -q --json 2>/dev/null |
		sed -n 's/^ *"value": \([0-9.e-]*\),*$/\1/p' | head -1
}

# packed MODEL NAME BITS OPTION...: the figure of the converted model
packed() {
	model=$1 name=$2 bits=$3
	shift 3
	"$build/dbconvert" "$model" --bits "$bits" --effort "${EFFORT:-fast}" -q \
		--calib "$work/$set.calib" "$@" -o "$work/$name.$bits" \
		</dev/null >/dev/null 2>&1
	ap "$work/$name.$bits/$name.dbp"
}

bench/samples.sh "$data" images/unlabelled:0-39,images/faces_unlabelled \
	>"$work/faces.calib"
bench/samples.sh "$data" images/coco128:0-63 >"$work/coco128.calib"
printf '%-30s %-12s %5s %6s %6s' model head ref usual right
[ $# = 0 ] || printf ' %6s' "$@"
echo
while read -r file set reference shape options; do
	case $file in ''|\#*) continue ;; esac
	name=${file%.onnx} model=$data/models/$file
	case " ${MODELS-$name} " in *" $name "*) ;; *) continue ;; esac
	case $set in
	faces) labels=$data/images/faces/xml ;;
	*) labels=$data/images/$set/labels ;;
	esac
	photos="--images $data/images/$set/images --labels $labels"
	case $shape in -) shape= ;; *) shape="--shape $shape" ;; esac
	# shellcheck disable=SC2086 # a list of options
	head=$("$build/dbconvert" eval "$model" $shape $photos --json 2>&1 \
		>"$work/$name.json" </dev/null |
		sed -n 's/.*the usual one of \(.*\) is taken.*/\1/p')
	usual=$(sed -n 's/^ *"value": \([0-9.e-]*\),*$/\1/p' \
		"$work/$name.json" | head -1)
	# shellcheck disable=SC2086
	right=$(ap "$model" $shape $options </dev/null)
	printf '%-30s %-12s %5s %6.3f %6.3f' "$name" "$head" "$reference" \
		"$usual" "$right"
	for bits in "$@"; do
		# shellcheck disable=SC2086
		printf ' %6.3f' "$(packed "$model" "$name" "$bits" $shape \
			$options)"
	done
	echo
done <bench/detectors.txt
