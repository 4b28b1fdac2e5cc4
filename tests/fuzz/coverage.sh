#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lines that the fuzz targets' corpora reach, for each room and for each file of
# runtime/, by llvm-cov:
#   tests/fuzz/coverage.sh BUILDS [TARGET...]
# BUILDS/cover has the targets with their replay driver (make fuzz-coverage).
set -eu
builds=$1
shift
[ $# -gt 0 ] || set -- onnx convert dbp yaml labels tensor image dbu
cover=$builds/cover
objects=
for kind in "$@"; do
	mkdir -p "$builds/fuzz/work/$kind"
	LLVM_PROFILE_FILE=$cover/$kind.profraw FUZZ_SEEDS=$builds/fuzz/work/$kind \
		"$cover/fuzz_replay_$kind" "$builds/fuzz/work/$kind" >/dev/null
	objects="$objects -object $cover/fuzz_replay_$kind"
done
llvm-profdata merge -o "$cover/all.profdata" "$cover"/*.profraw
# shellcheck disable=SC2086 # a list of options
llvm-cov report $objects -instr-profile="$cover/all.profdata" \
	-show-region-summary=false -show-branch-summary=false \
	-show-functions=false >"$cover/report.txt" 2>/dev/null
# columns: file, functions, missed, share, lines, missed, share
awk -v root="$(pwd | sed "s|^/||")/" '
	/^-|^Filename|^TOTAL|^$/ { next }
	{
		file = $1
		at = index(file, root)
		if (at)
			file = substr(file, at + length(root))
		if (file ~ /^(tests|build|usr)\//)
			next
		room = file
		sub("/[^/]*$", "", room)
		lines[room] += $5
		missed[room] += $6
		if (room ~ /^runtime/)
			printf "%5.1f %% of %5d lines  %s\n", 100 - 100 * $6 / $5, $5,
				file
	}
	END {
		for (r in lines)
			printf "%5.1f %% of %5d lines  %s/\n",
				100 - 100 * missed[r] / lines[r], lines[r], r
	}' "$cover/report.txt" | sort -k 6
