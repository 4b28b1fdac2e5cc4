#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sweep: its table, what is kept from an earlier run, and its errors.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
mkdir -p "$work/in"
cp -r "$blobs/blobs.onnx" "$blobs/photos" "$work/in"
cp "$blobs/blobs.onnx" "$work/in/second.onnx"

cat >"$work/in/sweep.yaml" <<'YAML'
models:
  - blobs.onnx
  - {model: second.onnx, name: other, max-size: 5KB}
calib: photos
mean: 0
effort: fast
vary:
  target: [a53, cortex-m4]
  bits: [8, 2]
  act-bits: [~]
YAML
out=$work/out
"$dbconvert" sweep "$work/in/sweep.yaml" -o "$out" >"$work/text" \
	2>"$work/err" || failed "sweep"
check "a line a job" test "$(grep -c ' of 8  ' "$work/err")" -eq 8
check "a row a job" test "$(grep -cE '^(blobs|other) ' "$work/text")" -eq 8
check "a limit that is missed" grep -q 'missed: max_size' "$work/text"
check "figures are those of the conversions" python3 -c "
import csv, json, os
rows = json.load(open('$out/sweep.json'))['jobs']
assert len({r['job'] for r in rows}) == 8
for r in rows:
    folder = os.path.join('$out', r['job'])
    report = json.load(open(folder + '/report.json'))
    dbp = os.path.join(folder, r['model'] + '.dbp')
    assert os.path.exists(dbp) == (r['state'] == 'converted')
    assert r['dbp_bytes'] == report['output']['dbp_bytes']
    assert r['agreement'] == report['fidelity']['agreement']['value']
    assert report['target']['name'] == r['varied']['target']
    assert str(report['output']['weight_bits_asked']) == r['varied']['bits']
    if r['state'] == 'converted':
        assert os.path.getsize(dbp) == r['dbp_bytes']
    else:
        assert r['dbp_bytes'] > 5000 and 'max_size' in r['missed']
        assert not r['best']
assert any(r['best'] for r in rows) and not all(r['best'] for r in rows)
lines = list(csv.DictReader(open('$out/sweep.csv')))
assert [l['job'] for l in lines] == [r['job'] for r in rows]
assert [float(l['bytes']) for l in lines] == [r['dbp_bytes'] for r in rows]
"
check "the picture is XML" python3 -c "
import xml.etree.ElementTree as tree
points = [e for e in tree.parse('$out/sweep.svg').iter()
          if e.tag.endswith('circle')]
assert len(points) == 8
"
# as a conversion by itself
"$dbconvert" "$work/in/blobs.onnx" --calib "$work/in/photos" --mean 0 \
	--effort fast --bits 2 --target cortex-m4 -q -o "$work/alone"
check "the model of a job" cmp "$work/alone/blobs.dbp" \
	"$out/blobs-cortex-m4-bits2/blobs.dbp"

# kept REST: how many of the jobs ran again
again() {
	"$dbconvert" sweep "$work/in/sweep.yaml" -o "$out" 2>&1 >"$work/text2" |
		grep -cv ' kept '
}
check "everything is kept" test "$(again)" -eq 0
check "the same table" cmp "$work/text" "$work/text2"
rm "$out/other-a53-bits8/result"
cp -r "$out" "$work/before"
check "a job that was killed runs again" test "$(again)" -eq 1
rm "$work/before/other-a53-bits8/result" 2>/dev/null
rm -r "$work/before/other-a53-bits8"
mkdir "$work/before/other-a53-bits8"
cp "$out"/other-a53-bits8/* "$work/before/other-a53-bits8"
check "with the same files" diff -r "$work/before" "$out"
cp "$work/in/photos/$(find "$work/in/photos" -type f -printf '%f\n' |
	LC_ALL=C sort | head -1)" "$work/in/photos/zzz.png"
check "other photos, all run again" test "$(again)" -eq 8

# sweep_of TEXT: writes a file
sweep_of() {
	cat >"$work/in/bad.yaml"
}
echo "bits: 4" | sweep_of
refused "no models" 1 "no models" "$dbconvert" sweep "$work/in/bad.yaml"
printf 'models: [blobs.onnx, ./blobs.onnx]\n' | sweep_of
refused "two of a name" 1 "two jobs have the name 'blobs'" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/bad"
printf 'models: [blobs.onnx]\nvary: {bits: 4}\n' | sweep_of
refused "no list" 1 "'bits' of 'vary' needs a list" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/bad"
printf 'models: [blobs.onnx]\nvary: {bits: [4, 5]}\n' | sweep_of
refused "a value that no option has" 1 "bad.yaml:2: key 'bits'" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/bad"
printf 'models: [blobs.onnx]\noutput: elsewhere\n' | sweep_of
refused "an output of a job" 1 "key 'output' is not one of a conversion" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/bad"
printf 'models: [blobs.onnx]\nvary: {bist: [4]}\n' | sweep_of
refused "an unknown key" 1 "unknown key 'bist'" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/bad"
check "nothing is written" test ! -e "$work/bad"
printf 'models: [blobs.onnx]\nuniform: true\nmax-size: 100\n' | sweep_of
refused "no job meets its limits" 3 "none of 1 jobs meets its limits" \
	"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/none"
printf 'models: [blobs.onnx, no.onnx]\neffort: fast\n' | sweep_of
"$dbconvert" sweep "$work/in/bad.yaml" -o "$work/half" >"$work/text" \
	2>"$work/err"
check "a failed job" test $? -eq 1
check "is named" grep -q "^dbconvert: error: no: .*no.onnx" "$work/err"
check "the others are done" test -s "$work/half/blobs/blobs.dbp"
