#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# JSON on standard output: the fields that other programs may rely on, and
# numbers that agree with the files.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
model=$blobs/blobs.onnx
out=$work/out

# holds NAME FILE EXPRESSION: an expression over `j`, the JSON of FILE
holds() {
	check "$1" python3 -c "
import hashlib, json, os, sys
j = json.load(open('$2'))
out = '$out'
assert $3, j
"
}

"$dbconvert" "$model" --bits 4 --calib "$blobs/photos" --mean 0 --json \
	--max-size 1MB --max-latency 1s --max-ram 1MB --seed 3 -o "$out" \
	--report "$work/report.json" >"$work/convert.json" 2>"$work/log" ||
	failed "convert"
check "--report is what --json prints" cmp "$work/report.json" \
	"$work/convert.json"
json=$work/convert.json
holds "top" "$json" "list(j) == ['schema', 'tool', 'inputs', 'model', \
	'preprocessing', 'target', 'output', 'fidelity', 'budgets', 'layers', \
	'pareto', 'warnings'] and \
	j['schema'] == 1 and j['tool']['name'] == 'dbconvert'"
holds "inputs" "$json" "j['inputs']['seed'] == 3 and \
	j['inputs']['model_sha256'] == \
	hashlib.sha256(open('$model', 'rb').read()).hexdigest() and \
	len(j['inputs']['calib_sha256']) == 64"
holds "model" "$json" "j['model']['name'] == 'blobs' and \
	j['model']['fp32_bytes'] == 4 * j['model']['params'] and \
	j['model']['nodes'] > 0 and j['model']['macs'] > 0"
holds "target" "$json" "j['target'] == {'name': 'a53', 'cores': 4, \
	'clock_hz': 1200000000}"
holds "output" "$json" "j['output']['dbp_bytes'] == \
	os.path.getsize(out + '/blobs.dbp') and j['output']['dbp_sha256'] == \
	hashlib.sha256(open(out + '/blobs.dbp', 'rb').read()).hexdigest() and \
	abs(j['output']['compression'] - j['model']['fp32_bytes'] / \
	j['output']['dbp_bytes']) < 1e-4 and \
	2 <= j['output']['weight_bits_mean'] <= 8 and \
	j['output']['weight_bits_file'] <= j['output']['weight_bits_memory'] \
	<= 8 and j['output']['weight_bits_asked'] == 4 and \
	j['output']['ram_bytes'] > j['output']['arena_bytes'] and \
	j['output']['latency_source'] == 'simulated'"
holds "fidelity" "$json" "j['fidelity']['images'] == 4 and \
	j['fidelity']['detections']['f1'] > 0.9 and \
	j['fidelity']['sqnr_db'] > 20 and j['fidelity']['accuracy'] is None"
holds "agreement" "$json" "j['fidelity']['agreement']['images'] == 20 and \
	j['fidelity']['agreement']['calibrated'] == 16 and \
	0.5 < j['fidelity']['agreement']['low'] <= \
	j['fidelity']['agreement']['value'] <= \
	j['fidelity']['agreement']['high'] and \
	j['fidelity']['agreement']['value'] > 0.9"
holds "budgets" "$json" "[b['name'] for b in j['budgets']] == \
	['max_latency', 'max_size', 'max_ram'] and \
	all(b['met'] and b['value'] <= b['limit'] for b in j['budgets'])"
holds "layers" "$json" "all(list(l) == ['name', 'op', 'kernel', 'w_bits', \
	'a_bits', 'macs', 'weight_bytes', 'latency_us', 'sqnr_db', \
	'file_bytes'] + ['entropy_bits', 'sensitivity', 'loss', 'why'] * \
	('why' in l) \
	for l in j['layers']) and abs(sum(l['latency_us'] for l in \
	j['layers']) / j['output']['latency_us'] - 1) < 1e-3 and \
	all(('why' in l) == (l['w_bits'] > 0) for l in j['layers'])"
holds "the front" "$json" "len(j['pareto']) > 8 and \
	[p['dbp_bytes'] for p in j['pareto'] if p['chosen']] == \
	[j['output']['dbp_bytes']] and all(p['loss'] >= 0 and (p['built'] or \
	p['fidelity'] is None) for p in j['pareto'])"
holds "layers are measured" "$json" "all(l['sqnr_db'] > 5 \
	for l in j['layers'] if l['sqnr_db'] is not None) and \
	any(l['sqnr_db'] is not None for l in j['layers'])"

"$dbconvert" inspect "$out/blobs.dbp" --json >"$work/inspect.json"
holds "inspect: the parts are the file" "$work/inspect.json" \
	"sum(p['bytes'] for p in j['parts']) == \
	os.path.getsize(out + '/blobs.dbp')"
holds "inspect: the layers' bytes" "$work/inspect.json" \
	"[l['file_bytes'] for l in j['layers']] == [l['file_bytes'] \
	for l in json.load(open('$json'))['layers']] and \
	0 < sum(l['file_bytes'] for l in j['layers']) < j['bytes'] < \
	j['expanded_bytes']"
holds "inspect: the work buffer" "$work/inspect.json" "j['arena_bytes'] == \
	json.load(open('$json'))['output']['arena_bytes']"
"$dbconvert" inspect "$model" --json >"$work/inspect.json"
holds "inspect of a model" "$work/inspect.json" "len(j['layers']) == 39 and \
	j['inputs'][0]['shape'] == '1x3x96x128' and \
	[o['name'] for o in j['outputs']] == ['scores', 'boxes']"

"$dbconvert" verify "$model" "$out/blobs.dbp" --calib "$blobs/photos" --json \
	>"$work/verify.json" 2>"$work/log"
holds "verify" "$work/verify.json" "j['images'] == 20 and \
	j['detections']['f1'] > 0.9 and len(j['outputs']) == 2 and \
	[l for l in j['layers'] if l['name'] == 'stem'][0]['sqnr_db'] > 30"

"$dbconvert" run "$out/blobs.dbp" "$blobs/photos/scene_07.png" --json \
	>"$work/run.json" 2>"$work/log"
holds "run" "$work/run.json" "len(j) == 1 and len(j[0]['detections']) > 2 \
	and all(len(d['box']) == 4 and d['box'][0] < d['box'][2] and \
	0 <= d['score'] <= 1 for d in j[0]['detections'])"

"$dbconvert" "$model" --act-bits 4 --calib "$blobs/photos" --mean 0 -q \
	--report "$work/few.json" -o "$work/few" 2>"$work/log" ||
	failed "convert with few bits of activations"
holds "widths of activations" "$work/few.json" \
	"{l['a_bits'] for l in j['layers'] if 'why' in l} == {4, 8} and \
	j['layers'][0]['a_bits'] == 8 and j['fidelity']['detections']['f1'] > 0.8"

# A budget that is missed is in the JSON too.
"$dbconvert" "$model" --max-size 1KB --json -q -o "$work/none" \
	>"$work/no.json" 2>"$work/log"
check "a missed budget: status 3" test $? -eq 3
holds "a missed budget" "$work/no.json" "not j['budgets'][0]['met'] and \
	j['fidelity'] is None and j['inputs']['calib_sha256'] is None"
