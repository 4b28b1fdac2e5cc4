#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pairs of limits: a larger file is never worse beyond noise, and --bits 4 never
# larger and worse than the default under the same limit:
#   bench/limits.sh BUILD MODEL.onnx PHOTOS [options]
# converts with six limits on the size, from a twentieth to a sixth of the
# file, and with --bits 4 under five of these, --effort fast: ten pairs, five of
# neighbouring limits and five of widths. One line a pair: both sizes, the SQNR
# on held-out photos of both, and whether the larger one is worse by more than
# NOISE (0.5) dB. Exit status 1 where one is.
set -eu
build=$1 model=$2 photos=$3
shift 3
noise=${NOISE:-0.5}
name=$(basename "$model" .onnx)
work=$build/limits/$name
mkdir -p "$work"
bytes=$(wc -c <"$model")

# convert BITS PART OPTIONS...: bytes and SQNR of the model within bytes / PART
convert() {
	bits=$1 part=$2 report=$work/$1.$2.json
	shift 2
	[ -s "$report" ] || "$build/dbconvert" "$model" -q --effort fast \
		--bits "$bits" --max-size $((bytes / part)) --calib "$photos" \
		"$@" -o "$work/out" --report "$report" </dev/null \
		2>"$work/log" || true
	python3 - "$report" <<'PYTHON'
import json, sys
j = json.load(open(sys.argv[1]))
print(j["output"]["dbp_bytes"], j["fidelity"]["sqnr_db"])
PYTHON
}

# compare WHAT SIZE DB SIZE DB
compare() {
	echo "$@" | awk -v noise="$noise" -v name="$name" '{
		larger = $2 > $4 ? $3 : $5
		smaller = $2 > $4 ? $5 : $3
		bad = larger < smaller - noise && $2 != $4
		printf "%-24s %-14s %7d %6.2f dB  %7d %6.2f dB  %s\n", name, \
			$1, $2, $3, $4, $5, bad ? "WORSE" : "ok"
	}' | tee -a "$work/pairs"
}

: >"$work/pairs"
before=
for part in 20 17 14 11 8 6; do
	now=$(convert 8 $part "$@")
	[ -z "$before" ] || compare "/$part" "$before" "$now"
	before=$now
	[ $part -eq 6 ] || compare "bits4/$part" "$now" \
		"$(convert 4 $part "$@")"
done
awk '{ bad += / WORSE$/ }
	END { printf "%d pairs, %d worse\n", NR, bad; exit bad > 0 }' \
	"$work/pairs"
