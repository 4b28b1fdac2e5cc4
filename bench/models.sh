#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/models.sh [NAME...]: cycles of a frame of the models of bench/models.txt
# on a simulated in-order AArch64 core at 1.2 GHz, at 8, 4 and 2 bits (BITS sets
# others). Writes into build/bench
#   models.tsv  model, bits, bytes, cycles, simulated ms, predicted ms, arena
#   layers.tsv  model, bits, operator, kernel, output, simulated us
#   NAME.BITS   what dbconvert bench --kernels reads
# The prediction is that of targets/a53x1.yaml. Minutes a model: a simulated
# second takes days. Models that are there already are left out; remove
# build/bench to measure again. Where the simulator is not at GEM5
# (../shared/gem5), nothing is measured.
set -eu
cd "$(dirname "$0")/.."
gem5=${GEM5:-../shared/gem5}
data=$PWD/../shared/data
out=build/bench
mhz=1200
if ! [ -x "$gem5/referee" ] || ! [ -d "$data/models" ]; then
	echo "skipped: no $gem5/referee or no $data/models"
	exit
fi
mkdir -p "$out"
make --no-print-directory all cross-bench >/dev/null
names=" $* "

# measure NAME MODEL BITS OPTIONS...
measure() {
	name=$1 model=$2 bits=$3
	shift 3
	[ ! -s "$out/$name.$bits" ] || return 0
	build/release/dbconvert "$model" --target a53x1 --bits "$bits" \
		--effort fast -q "$@" -o "$out/$name" \
		--report "$out/$name/$bits.json" </dev/null
	"$gem5/referee" build/cross/aarch64/time_dbp \
		"$out/$name/$name.dbp" 1 1 >"$out/$name/$bits.log" 2>&1
	grep '^[0-9][0-9]*	' "$out/$name/$bits.log" >"$out/$name.$bits"
	awk -v model="$name" -v bits="$bits" '{
		print model "\t" bits "\t" $1 "\t" $2 "\t" $3 "\t" $8
	}' "$out/$name.$bits" >>"$out/layers.tsv"
	python3 - "$name" "$bits" "$out/$name/$bits.json" \
		"$out/$name/$bits.log" $mhz <<'PYTHON' | tee -a "$out/models.tsv"
import json, re, sys
name, bits, report, log, mhz = sys.argv[1:]
o = json.load(open(report))["output"]
cycles = int(re.search(r"core 0: (\d+) cycles", open(log).read()).group(1))
print(name, bits, o["dbp_bytes"], cycles, f"{cycles / float(mhz) / 1e3:.2f}",
      f"{o['latency_us'] / 1e3:.2f}", o["arena_bytes"], sep="\t")
PYTHON
}

while read -r file calib _ options; do
	case $file in ''|\#*) continue ;; esac
	name=${file%.onnx}
	case $names in '  '|*" $name "*) ;; *) continue ;; esac
	mkdir -p "$out/$name"
	bench/samples.sh "$data" "$calib" >"$out/$name/photos"
	for bits in ${BITS:-8 4 2}; do
		# shellcheck disable=SC2086 # a list of options
		measure "$name" "$data/models/$file" "$bits" \
			--calib "$out/$name/photos" $options
	done
done <bench/models.txt
