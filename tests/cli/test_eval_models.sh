#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# Real models in float, on labelled photos: average precision and top-1 as
# measured when the models were chosen.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
if [ ! -d "$data/models" ]; then
	echo "skipped real models: no ../shared/data"
	exit
fi

# value FILE KEY: the number behind the first "KEY": of a JSON file
value()
{
	sed -n "s/^ *\"$2\": \([0-9.eE+-]*\),*$/\1/p" "$1" | head -1
}

# figure NAME LOW HIGH OPTION...: eval's value is in that range
figure()
{
	name=$1 low=$2 high=$3
	shift 3
	"$dbconvert" eval "$@" --json -q >"$work/figure.json" 2>"$work/log" ||
		cat "$work/log"
	got=$(value "$work/figure.json" value)
	echo "$name $got"
	check "$name" awk "BEGIN { exit !($got >= $low && $got <= $high) }"
}
coco="--images $data/images/coco128/images --labels $data/images/coco128/labels"
faces="--images $data/images/faces/images --labels $data/images/faces/xml"
cifar="--images $data/images/cifar10 --labels $data/images/cifar10"
# shellcheck disable=SC2086 # options
{
	figure FastestDet .327 .337 "$data/models/FastestDet.onnx" $coco \
		--color bgr
	figure nanodet .492 .502 "$data/models/nanodet_hpc203.onnx" $coco \
		--color bgr --resize letterbox --mean 103.53,116.28,123.675 \
		--scale 1/57.375,1/57.12,1/58.395
	figure yolox .507 .517 "$data/models/yolox_nano_bigisland.onnx" $coco \
		--color bgr --resize letterbox-topleft --pad-value 114 \
		--mean 0 --scale 1
	figure RFB-320 .600 .610 "$data/models/ultraface_RFB-320.onnx" $faces \
		--mean 127 --scale 1/128
	figure yunet .661 .671 "$data/models/yunet_n_320_320.onnx" $faces \
		--color bgr --resize letterbox-topleft --mean 0 --scale 1
	figure vww .861 .871 "$data/models/vww_96_float_kaijiang.onnx" \
		--images "$data/images/vww/images" \
		--labels "$data/images/vww/labels.csv" --color bgr
	figure alibaba .773 .783 "$data/models/alibaba_ic.onnx" $cifar \
		--mean 125.307,122.961,113.8575 \
		--scale 1/51.5865,1/50.847,1/51.255
	figure resnet8 .735 .745 "$data/models/resnet8_K1.onnx" $cifar \
		--mean 0 --scale 1
}
