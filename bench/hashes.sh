#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the SHA-256 of the packed file, the header and the report of each
# model of bench/models.txt at 8 and 4 bits, and of the doorbell's detector at
# 2 bits: two builds that print the same lines make the same bytes.
#   bench/hashes.sh BUILD [NAME...]     with names only those models
# Calibration takes the fast effort. Paths and the tool's version are left out
# of the reports.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
names=" $* "
data=$PWD/../shared/data
work=$build/hashes
rm -rf "$work"
mkdir -p "$work"

# Converts one model and prints its hashes: NAME MODEL BITS OPTIONS...
hash_outputs() {
	name=$1 model=$2 bits=$3
	shift 3
	case $names in '  '|*" $name "*) ;; *) return ;; esac
	"$build/dbconvert" "$model" --bits "$bits" --effort fast -q "$@" \
		-o "$work/out" --json </dev/null >"$work/report.json"
	python3 - "$work/report.json" >"$work/report.txt" <<'PYTHON'
import json, sys

def without_paths(value):
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()
                if key not in ("dbp", "header", "tool", "seconds")}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    return value

print(json.dumps(without_paths(json.load(open(sys.argv[1])))))
PYTHON
	for made in "$work/out/$name.dbp" "$work/out/$name.h" \
		"$work/report.txt"; do
		printf '%s  %s %s %s\n' "$(sha256sum <"$made" | cut -d' ' -f1)" \
			"$name" "$bits" "${made##*.}"
	done
	rm -rf "$work/out"
}

"$build/doorbell_scenes" "$work/scenes" 1 64
hash_outputs doorbell testdata/doorbell/doorbell.onnx 2 --mean 0 \
	--scale 1/255 --calib "$work/scenes/images"
[ -d "$data/models" ] || {
	echo "skipped the rest: no $data/models" >&2
	exit
}
while read -r file calib _ options; do
	case $file in ''|\#*) continue ;; esac
	bench/samples.sh "$data" "$calib" >"$work/calib"
	for bits in 8 4; do
		# shellcheck disable=SC2086 # a list of options
		hash_outputs "${file%.onnx}" "$data/models/$file" "$bits" \
			--calib "$work/calib" $options
	done
done <bench/models.txt
