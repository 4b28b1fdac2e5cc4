#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Damaged models and packed files: cut short, or with one byte changed
# (HOSTILE_FLIPS files, 100 without it). Exit status 1, one error, nothing
# written. What files of other kinds print is in tests/cli/cases.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
model=$blobs/blobs.onnx
bad=$work/bad
out=$work/out
photo=$blobs/photos/scene_07.png
mkdir -p "$bad"
"$dbconvert" "$model" -q -o "$work/good" 2>"$work/log" || failed "convert"
packed=$work/good/blobs.dbp

# nothing_left NAME: no output folder, or an empty one
nothing_left() {
	check "$1: nothing is written" test -z "$(ls -A "$out" 2>/dev/null)"
}

# cut_at FILE NAME COMMAND...: cut at 64 places, all refused
cut_at() {
	file=$1 name=$2
	shift 2
	size=$(wc -c <"$file")
	worst=0
	i=0
	while [ $i -lt 64 ]; do
		head -c $((size * i / 64)) "$file" >"$bad/cut.${file##*.}"
		"$@" >"$work/log" 2>&1
		status=$?
		[ "$(grep -c '^dbconvert: error: ' "$work/log")" -eq 1 ] &&
			[ $status -eq 1 ] || worst="$status at $i of 64"
		i=$((i + 1))
	done
	check "$name ($worst)" test "$worst" = 0
	nothing_left "$name"
}
cut_at "$model" "a model cut short" "$dbconvert" "$bad/cut.onnx" -q -o "$out"
cut_at "$packed" "a packed file cut short" "$dbconvert" run "$bad/cut.dbp" \
	"$photo" -o "$out"

# flipped FILE NAME COMMAND...: a byte changed at $flips places: done, or
# refused with one error
flips=${HOSTILE_FLIPS:-100}
flipped() {
	file=$1 name=$2
	shift 2
	mkdir -p "$bad/flips"
	"$build/flip_bytes" "$file" "$bad/flips" "$flips" || failed "flip_bytes"
	worst=0
	i=0
	while [ $i -lt "$flips" ]; do
		mv "$bad/flips/$i" "$bad/flip.${file##*.}"
		"$@" >"$work/log" 2>&1
		status=$?
		errors=$(grep -c '^dbconvert: error: ' "$work/log")
		[ $status -eq "$errors" ] && [ $status -le 1 ] ||
			worst="$status, $errors errors at $i"
		i=$((i + 1))
	done
	check "$name ($worst)" test "$worst" = 0
}
flipped "$model" "a changed byte in a model" "$dbconvert" inspect \
	"$bad/flip.onnx"
flipped "$packed" "a changed byte in a packed file" "$dbconvert" run \
	"$bad/flip.dbp" "$photo"
check "no reports of sanitizers" sh -c \
	"! grep -rlE 'AddressSanitizer|LeakSanitizer|runtime error' '$work'"
