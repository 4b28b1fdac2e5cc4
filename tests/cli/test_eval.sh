#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How well models detect: the doorbell's detector on drawn scenes, labels in
# every form, --min-accuracy.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
model=testdata/doorbell/doorbell.onnx
scenes=$work/scenes
count=24
case $build in
*sanitize*) count=6 ;;
esac
"$build/doorbell_scenes" "$scenes" 4000 $count || failed "doorbell_scenes"
"$build/doorbell_scenes" "$work/again" 4000 2 || failed "doorbell_scenes"
check "the same scenes for a seed" cmp "$scenes/images/000001.png" \
	"$work/again/images/000001.png"

# value FILE KEY: the number behind the first "KEY": of a JSON file
value()
{
	sed -n "s/^ *\"$2\": \([0-9.eE+-]*\),*$/\1/p" "$1" | head -1
}

# at_least LEAST VALUE
at_least()
{
	awk "BEGIN { exit !($2 >= $1) }"
}

evaluate()
{
	"$dbconvert" eval "$@" --images "$scenes/images" --json -q
}
# the model's own preprocessing: that of YOLOX, which its head is, is another
evaluate_float()
{
	evaluate $model --mean 0 --scale 1/255 "$@"
}

evaluate_float --labels "$scenes/labels.json" >"$work/float.json"
ap=$(value "$work/float.json" ap50)
echo "float ap50 $ap"
if [ $count -ge 24 ]; then
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
evaluate_float --labels "$work/yolo" >"$work/yolo.json"
check "YOLO labels give the same" cmp "$work/float.json" "$work/yolo.json"
evaluate_float --labels "$work/voc" >"$work/voc.json"
check "Pascal VOC labels give the same" cmp "$work/float.json" \
	"$work/voc.json"
evaluate_float --labels "$scenes/labels.json" --jobs 3 >"$work/jobs.json"
check "any number of threads gives the same" cmp "$work/float.json" \
	"$work/jobs.json"

# Packed.
"$dbconvert" $model --bits 8 -q --effort fast -o "$work/out" --calib "$scenes/images" \
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
"$dbconvert" $model --calib "$scenes/images" --preprocess auto --effort fast \
	-q -o "$work/auto" --report "$work/auto.json" 2>"$work/log"
check "the preprocessing is found" sh -c "grep -q '\"source\": \"found\"' \
	'$work/auto.json' && grep -q -- '--color rgb --mean 0 --scale 1/255' \
	'$work/log'"
check "names are in the file" grep -qE '^(person|pet|vehicle) 0\.' \
	"$work/found"
check "a picture is drawn" test -s "$work/found.png"
