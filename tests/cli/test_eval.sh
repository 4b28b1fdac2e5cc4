#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How well models detect: the doorbell's detector on drawn scenes, labels in
# every form, --min-accuracy, and real models against published figures.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
model=testdata/doorbell/doorbell.onnx
scenes=$work/scenes
count=100
case $build in
*sanitize*) count=6 ;;
esac
"$build/doorbell_scenes" "$scenes" 4000 $count || failed "doorbell_scenes"
"$build/doorbell_scenes" "$work/again" 4000 2 || failed "doorbell_scenes"
check "the same scenes for a seed" cmp "$scenes/images/000001.png" \
	"$work/again/images/000001.png"

# VALUE FILE KEY: the number behind the first "KEY": of a JSON file
value()
{
	sed -n "s/^ *\"$2\": \([0-9.eE+-]*\),*$/\1/p" "$1" | head -1
}

# figure LEAST VALUE
at_least()
{
	awk "BEGIN { exit !($2 >= $1) }"
}

evaluate()
{
	"$dbconvert" eval "$@" --images "$scenes/images" --json -q
}

evaluate $model --labels "$scenes/labels.json" >"$work/float.json"
ap=$(value "$work/float.json" ap50)
echo "float ap50 $ap"
if [ $count -ge 100 ]; then
	check "every class is detected in float" at_least 0.95 "$ap"
fi

# The same boxes as YOLO and as VOC.
mkdir -p "$work/yolo" "$work/voc"
cat >"$work/yolo/classes.txt" <<'END'
person
pet
vehicle
END
sed -n 's/.*"image_id":\([0-9]*\),"category_id":\([0-9]*\),"bbox":\[\([0-9,]*\)\].*/\1 \2 \3/p' \
	"$scenes/labels.json" | tr , ' ' | awk -v out="$work" '
BEGIN { split("person pet vehicle", name, " ") }
{
	id = sprintf("%06d", $1 - 1)
	printf "%d %.9f %.9f %.9f %.9f\n", $2 - 1, ($3 + $5 / 2) / 320,
		($4 + $6 / 2) / 240, $5 / 320, $6 / 240 > (out "/yolo/" id ".txt")
	object[id] = object[id] "<object><name>" name[$2] "</name><bndbox>" \
		"<xmin>" $3 "</xmin><ymin>" $4 "</ymin><xmax>" $3 + $5 \
		"</xmax><ymax>" $4 + $6 "</ymax></bndbox></object>"
}
END {
	for (id in object)
		print "<annotation>" object[id] "</annotation>" > \
			(out "/voc/" id ".xml")
}'
i=0
while [ $i -lt $count ]; do
	voc=$work/voc/$(printf %06d $i).xml
	[ -e "$voc" ] || echo "<annotation/>" >"$voc"
	i=$((i + 1))
done
evaluate $model --labels "$work/yolo" >"$work/yolo.json"
check "YOLO labels give the same" cmp "$work/float.json" "$work/yolo.json"
evaluate $model --labels "$work/voc" >"$work/voc.json"
check "Pascal VOC labels give the same" cmp "$work/float.json" \
	"$work/voc.json"
evaluate $model --labels "$scenes/labels.json" --jobs 3 >"$work/jobs.json"
check "any number of threads gives the same" cmp "$work/float.json" \
	"$work/jobs.json"

# Packed.
"$dbconvert" $model --bits 8 -q -o "$work/out" --calib "$scenes/images" \
	--labels "$scenes/labels.json" --images "$scenes/images" \
	--min-accuracy 0.9 --report "$work/report.json" --mean 0 ||
	failed "a conversion with --min-accuracy"
evaluate "$work/out/doorbell.dbp" --labels "$scenes/labels.json" \
	>"$work/packed.json"
check "the report has what eval measures" test \
	"$(value "$work/report.json" quantized)" = \
	"$(value "$work/packed.json" value)"
check "8 bits keep the accuracy" at_least "$ap - 0.01" \
	"$(value "$work/packed.json" ap50)"
status=0
# without photos to calibrate on, to the nearest code
"$dbconvert" $model --bits 2 --uniform --method clip -q -o "$work/none" \
	--mean 0 --labels "$scenes/labels.json" --images "$scenes/images" \
	--min-accuracy 0.99 2>"$work/log" || status=$?
check "below --min-accuracy: status 3" test $status -eq 3
check "... and nothing is written" test ! -e "$work/none/doorbell.dbp"
check "... and says so" grep -q min_accuracy "$work/log"
"$dbconvert" run "$work/out/doorbell.dbp" "$scenes/images/000000.png" \
	--draw "$work/found.png" >"$work/found"
check "names are in the file" grep -qE '^(person|pet|vehicle) 0\.' \
	"$work/found"
check "a picture is drawn" test -s "$work/found.png"

refused "eval without labels" 2 "needs photos" "$dbconvert" eval $model
echo "000000.png,1" >"$work/labels.csv"
refused "labels of another kind" 1 "a class a photo" "$dbconvert" eval $model \
	--images "$scenes/images" --labels "$work/labels.csv"
refused "labels that are not there" 1 "No such file" "$dbconvert" eval $model \
	--images "$scenes/images" --labels "$work/absent"
refused "--min-accuracy without labels" 2 "need --labels" "$dbconvert" $model \
	--min-accuracy 0.5

if [ ! -d "$data/models" ] || [ $count -lt 100 ]; then
	echo "skipped real models: no ../shared/data, or sanitizers"
	exit
fi
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
