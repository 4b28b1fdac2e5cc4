#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test: the doorbell's suite on drawn scenes, a model with the wrong order of
# colors, the forms of its results, and suites that are wrong.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
suite=testdata/doorbell/suite.yaml
model=testdata/doorbell/doorbell.onnx
scenes=$work/scenes
full=true count=180
case $build in
*sanitize*) full=false count=24 ;;
esac
"$build/doorbell_scenes" "$scenes" 7 $count slices || failed "doorbell_scenes"
labels=$scenes/labels.json
# a few of them, where the figures do not matter
find "$PWD/$scenes/images" -name "0000[01]*" | LC_ALL=C sort >"$work/few.txt"
few=$work/few.txt
for color in rgb bgr; do
	"$dbconvert" $model --mean 0 --scale 1/255 --color $color -q \
		--method clip -o "$work/$color" || failed "converting"
done
rgb=$work/rgb/doorbell.dbp bgr=$work/bgr/doorbell.dbp

# run NAME STATUS ARGUMENTS...: on few photos; what it prints is in $work/NAME
run() {
	name=$1 expected=$2
	shift 2
	status=0
	"$dbconvert" test "$@" --images "$few" --labels "$labels" -q --ascii \
		>"$work/$name" 2>"$work/log" || status=$?
	check "$name: status $expected" test $status -eq "$expected"
}

# holds NAME FILE EXPRESSION: about j, the JSON of a file
holds() {
	check "$1" python3 -c "
import json
j = json.load(open('$2'))
assert $3, j"
}

# ---- The doorbell ----

if $full; then
	status=0
	"$dbconvert" test $suite "$rgb" "$bgr" --images "$scenes/images" \
		--labels "$labels" -qv --ascii >"$work/colors" \
		2>"$work/log" || status=$?
	check "a model fails: status 3" test $status -eq 3
	sed '/ passed/q' "$work/colors" >"$work/right"
	sed '1,/ passed/d' "$work/colors" >"$work/wrong"
	check "the right order of colors passes" sh -c \
		"! grep FAIL '$work/right'"
	check "the wrong order of colors fails" grep -qE \
		'^FAIL everything  *recall .* below the baseline' "$work/wrong"
	check "its photos are named" grep -q '^    see 0.*png' "$work/wrong"
	check "a slice of few photos" grep -qE \
		'^\?    small  .* too few photos to tell \([0-9]+ boxes: .* to' \
		"$work/right"
	check "a sum" grep -qE '^[0-9]+ / 13 passed, [0-9]+ with too few' \
		"$work/right"
fi

# ---- Forms of the results ----

"$dbconvert" test $suite "$rgb" $model --images "$few" \
	--labels "$labels" -q --json --junit "$work/results.xml" \
	>"$work/results.json" 2>"$work/log"
check "JSON as its schema" jsonschema -i "$work/results.json" \
	docs/test.schema.json
holds "sums" "$work/results.json" "all(j[k] == sum(m[k] for m in j['models']) \
	and all(m[k] == sum(s['verdict'] == k for s in m['slices'])
	for m in j['models']) for k in ('passed', 'failed', 'too_few'))"
holds "a model compared with itself" "$work/results.json" \
	"[c['value'] for c in j['models'][1]['slices'][0]['checks']
	if c['bound'] == 'drop'] == [c['baseline'] for c in
	j['models'][1]['slices'][0]['checks'] if c['bound'] == 'drop']"
holds "intervals hold the value" "$work/results.json" \
	"all(c['low'] <= c['value'] <= c['high'] for m in j['models']
	for s in m['slices'] for c in s['checks']
	if c['bound'] != 'drop' and c['count'])"
check "JUnit says the same" python3 -c "
import json, xml.etree.ElementTree as tree
j = json.load(open('$work/results.json'))
top = tree.parse('$work/results.xml').getroot()
assert top.tag == 'testsuites' and len(top) == len(j['models'])
for suite, m in zip(top, j['models']):
    assert suite.tag == 'testsuite' and suite.get('name') == m['model']
    assert int(suite.get('tests')) == len(suite) == len(m['slices'])
    assert int(suite.get('failures')) == len(suite.findall('*/failure'))
    assert int(suite.get('skipped')) == len(suite.findall('*/skipped'))
    for case, s in zip(suite, m['slices']):
        kind = case[0].tag if len(case) else 'passed'
        assert case.get('name') == s['name'] and case.get('classname')
        assert kind == {'passed': 'passed', 'failed': 'failure',
                        'too_few': 'skipped'}[s['verdict']]
"
"$dbconvert" test $suite "$rgb" $model --images "$few" \
	--labels "$labels" -q --json --jobs 3 >"$work/jobs.json" \
	2>"$work/log"
check "any number of threads" cmp "$work/results.json" "$work/jobs.json"

# ---- Figures ----

# what a slice of everything is, eval measures too
"$dbconvert" eval "$rgb" --images "$few" \
	--labels "$labels" --json -q >"$work/eval.json"
check "the figures are those of eval" python3 -c "
import json
e = json.load(open('$work/eval.json'))
s = json.load(open('$work/results.json'))['models'][0]['slices']
mine = {c['metric']: c['value'] for c in s[0]['checks'] if c['bound'] == 'min'}
assert abs(mine['ap50'] - e['ap50']) < 1e-6, (mine, e)
for i, name in ((1, 'person'), (2, 'pet'), (3, 'vehicle')):
    of = [c for c in e['per_class'] if c['name'] == name] \
        if isinstance(e['per_class'], list) else [e['per_class'][name]]
    mine = {c['metric']: c['value'] for c in s[i]['checks']}
    for k in ('recall', 'precision'):
        assert abs(mine[k] - of[0][k]) < 1e-6, (name, k, mine, of)
"

# ---- Other suites ----

# suite_of: standard input is a suite, $work/suite.yaml
suite_of() {
	cat >"$work/suite.yaml"
}
tested() {
	refused "$1" "$2" "$3" "$dbconvert" test "$work/suite.yaml" "$rgb" \
		--images "$few" --labels "$labels" -q
}
echo 'slices: {a: {where: {name: none}, expect: {false-alarms: 900}}}' |
	suite_of
run nothing 3 "$work/suite.yaml" "$rgb"
check "a slice of nothing fails" grep -q '^FAIL a  holds no photo$' \
	"$work/nothing"
echo 'slices: {a: {where: {name: "00000[0-2]*"}, expect: {recall: 0.7}}}' |
	suite_of
run few 3 "$work/suite.yaml" "$rgb"
check "nothing but too few photos fails" grep -q '^0 / 1 passed, 1 with too few' \
	"$work/few"
echo 'slices: {a: {expect: {recall: 0}}, b: {where: {name: 000002.png},
  expect: {recall: 0.7}}}' | suite_of
run report 0 "$work/suite.yaml" "$rgb"
echo 'too-few: fail' >>"$work/suite.yaml"
run fail 3 "$work/suite.yaml" "$rgb"
printf 'max-size: 1KB\nslices: {a: {expect: {recall: 0}}}\n' | suite_of
run size 3 "$work/suite.yaml" "$rgb"
check "a limit of the model" grep -qE \
	'^FAIL model  max-size [0-9]+ > 1000 bytes$' "$work/size"
run unpacked 0 "$work/suite.yaml" $model
check "no limit of a model that is not packed" grep -q \
	'doorbell.onnx: is not packed: its size, .* are not checked' "$work/log"
printf 'models: [%s]\nslices: {a: {expect: {recall: 0}}}\n' "$PWD/$rgb" |
	suite_of
run models 0 "$work/suite.yaml"
mkdir "$work/porch"
cp "$scenes/images/000004.png" "$scenes/images/000010.png" "$work/porch"
printf 'slices: {a: {images: "por*", empty: true,
  expect: {false-alarms: {max: 1000}}}}' | suite_of
check "a pattern, and photos that are empty" "$dbconvert" test \
	"$work/suite.yaml" "$rgb" -q --json
printf 'photo,lit\n000000.png,yes\n000001.png,yes\n000002.png,no\n' \
	>"$work/photos.csv"
printf 'metadata: photos.csv\nslices: {a: {where: {lit: yes},
  expect: {recall: 0}}}' | suite_of
run metadata 0 "$work/suite.yaml" "$rgb" --json
holds "a table of photos" "$work/metadata" \
	"j['models'][0]['slices'][0]['photos'] == 2"

# ---- Writing one ----

"$dbconvert" test --init "$rgb" --images "$few" \
	--labels "$labels" -o "$work/init.yaml" -q ||
	failed "test --init"
check "a slice of an attribute" grep -q '"night": "true"' "$work/init.yaml"
check "the model passes the suite that it wrote" sh -c "'$dbconvert' test \
	'$work/init.yaml' '$rgb' -q | tail -1 | grep -qE '^([0-9]+) / \1 passed$'"
refused "--init without labels" 2 "--labels" "$dbconvert" test --init \
	"$rgb" --images "$few" -o "$work/no.yaml"
refused "--init without photos of objects" 1 "no slice holds" \
	"$dbconvert" test --init "$rgb" --images "$work/porch" \
	--labels "$scenes/labels.json" -o "$work/no.yaml" -q
check "nothing is written" test ! -e "$work/no.yaml"

# ---- Suites that are wrong ----

echo 'slices: {a: {expect: {recal: 0.7}}}' | suite_of
tested "an unknown figure" 1 "suite.yaml:1: unknown key 'recal' of 'expect'"
echo 'slices: {a: {expect: {recall: 7}}}' | suite_of
tested "no share" 1 "'recall' needs a number from 0 to 1"
echo 'slices: {a: {where: {class: dog}, expect: {recall: 0.7}}}' | suite_of
tested "a class of no model" 1 "has no class 'dog'"
echo 'slices: {a: {where: {nigth: true}, expect: {recall: 0.7}}}' | suite_of
tested "an unknown attribute" 1 "no photo and no box has the attribute 'nigth'"
check "the right one is proposed" grep -q "did you mean 'night'?" \
	"$work/err.log"
echo 'slices: {a: {where: {night: true}}}' | suite_of
tested "a slice that expects nothing" 1 "slice 'a' expects nothing"
echo 'slices: {a: {expect: {accuracy: 0.7}}}' | suite_of
tested "a figure of classifiers" 1 "'accuracy' is none of a detector"
echo 'slices: {a: {expect: {recall: {drop: 0.1}}}}' | suite_of
tested "a drop from nothing" 1 "'drop' needs a model to compare with"
echo 'slices: {a: {where: {distance: "> far"}, expect: {recall: 1}}}' |
	suite_of
tested "no number" 1 "'> far' compares with no number"
echo 'margin: 0.1' | suite_of
tested "no slices" 1 "has no slices"
echo 'slices: {a: {expect: {recall: 0.7}}}' | suite_of
refused "no model" 1 "no model to test" "$dbconvert" test "$work/suite.yaml" \
	--images "$few" --labels "$labels"
refused "no labels" 1 "slice 'a' needs labels" "$dbconvert" test \
	"$work/suite.yaml" "$rgb" --images "$few"
refused "no suite" 2 "test takes a suite" "$dbconvert" test
