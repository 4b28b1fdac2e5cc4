#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/models.sh [NAME...]: cycles of a frame of the models of bench/models.txt
# on a simulated in-order AArch64 core at 1.2 GHz, at 8, 4 and 2 bits (BITS sets
# others). Writes into build/bench
#   models.tsv  model, engine, bits, bytes of the file, cycles, ms on one core,
#               ms on four cores, predicted ms on one core, bytes of work
#               memory, bytes of text of the device library
#   layers.tsv  model, bits, operator, kernel, output, simulated us
#   NAME.BITS   what dbconvert bench --kernels reads
# Milliseconds are simulated but for those that targets/a53x1.yaml predicts.
# Minutes a model: a simulated second takes days. Models that are there already
# are left out; remove build/bench to measure again. Where the simulator is not at GEM5
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
make --no-print-directory all cross-bench build/cross/aarch64/libdbrt.a \
	>/dev/null
text=$(tools/library_size.sh build/cross/aarch64/libdbrt.a |
	awk '{ print $2 }')
names=" $* "

# simulate FILE.dbp CORES LOG
simulate() {
	"$gem5/referee" --cores "$2" build/cross/aarch64/time_dbp "$1" 1 "$2" \
		>"$3" 2>&1
}

# measure NAME MODEL BITS OPTIONS...
measure() {
	name=$1 model=$2 bits=$3
	shift 3
	[ ! -s "$out/$name.$bits" ] || return 0
	build/release/dbconvert "$model" --target a53x1 --bits "$bits" \
		--effort fast -q "$@" -o "$out/$name" \
		--report "$out/$name/$bits.json" </dev/null
	simulate "$out/$name/$name.dbp" 1 "$out/$name/$bits.log"
	simulate "$out/$name/$name.dbp" 4 "$out/$name/$bits.4cores.log"
	grep '^[0-9][0-9]*	' "$out/$name/$bits.log" >"$out/$name.$bits"
	awk -v model="$name" -v bits="$bits" '{
		print model "\t" bits "\t" $1 "\t" $2 "\t" $3 "\t" $8
	}' "$out/$name.$bits" >>"$out/layers.tsv"
	python3 - "$name" "$bits" "$out/$name/$bits" $mhz "$text" \
		<<'PYTHON' | tee -a "$out/models.tsv"
import json, re, sys
name, bits, files, mhz, text = sys.argv[1:]
o = json.load(open(files + ".json"))["output"]

def cycles(log):
    return int(re.search(r"core 0: (\d+) cycles", open(log).read()).group(1))

def ms(cycles):
    return f"{cycles / float(mhz) / 1e3:.2f}"

one = cycles(files + ".log")
print(name, "dbconvert", bits, o["dbp_bytes"], one, ms(one),
      ms(cycles(files + ".4cores.log")), f"{o['latency_us'] / 1e3:.2f}",
      o["arena_bytes"], text, sep="\t")
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
