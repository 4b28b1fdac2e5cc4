#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is not a model, or only nearly one, given to every verb: exit status 1,
# one error that names the file, nothing written.
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

mkdir "$bad/folder.onnx"
: >"$bad/empty.onnx"
cp "$photo" "$bad/picture.onnx"
echo "not a model" >"$bad/text.onnx"
cp "$packed" "$bad/packed.onnx"
for file in folder empty picture text packed missing; do
	path=$bad/$file.onnx
	refused "convert: $file" 1 "$path: " "$dbconvert" "$path" -o "$out"
	nothing_left "$file"
	refused "inspect: $file" 1 "$path: " "$dbconvert" inspect "$path"
	refused "run: $file" 1 "$path: " "$dbconvert" run "$path" "$photo"
done

mkdir "$bad/folder.dbp"
: >"$bad/empty.dbp"
cp "$photo" "$bad/picture.dbp"
cp "$model" "$bad/model.dbp"
for file in folder empty picture model missing; do
	path=$bad/$file.dbp
	refused "inspect: $file.dbp" 1 "$path: " "$dbconvert" inspect "$path"
	refused "run: $file.dbp" 1 "$path: " "$dbconvert" run "$path" \
		"$photo" -o "$out"
	nothing_left "$file.dbp"
	refused "verify: $file.dbp" 1 "$path: " "$dbconvert" verify "$model" \
		"$path" --calib "$blobs/photos"
done

# Photos and tensors.
echo "no picture" >"$bad/text.png"
head -c 300 "$photo" >"$bad/short.png"
head -c 40 "$photo" >"$bad/short.npy"
for file in text.png short.png short.npy missing.png; do
	refused "run on $file" 1 "$bad/$file: " "$dbconvert" run "$packed" \
		"$bad/$file" -o "$out"
	nothing_left "$file"
done
refused "no photos" 1 "$bad/folder.onnx" "$dbconvert" "$model" --calib \
	"$bad/folder.onnx" -o "$out"
nothing_left "no photos"
mkdir "$bad/photos"
cp "$photo" "$bad/photos"
cp "$bad/short.png" "$bad/photos"
refused "a broken photo among photos" 1 "$bad/photos/short.png" "$dbconvert" \
	"$model" --calib "$bad/photos" -o "$out"
nothing_left "a broken photo among photos"

# cut FILE NAME COMMAND...: cut at 64 places, all refused
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

# flipped FILE NAME COMMAND...: a byte changed at 100 places: done, or refused
flipped() {
	file=$1 name=$2
	shift 2
	worst=0
	for i in $(seq 100); do
		python3 - "$file" "$bad/flip.${file##*.}" "$i" <<'PYTHON'
import random, sys
data = bytearray(open(sys.argv[1], "rb").read())
r = random.Random(int(sys.argv[3]))
data[r.randrange(len(data))] ^= r.randrange(1, 256)
open(sys.argv[2], "wb").write(data)
PYTHON
		"$@" >"$work/log" 2>&1
		status=$?
		errors=$(grep -c '^dbconvert: error: ' "$work/log")
		[ $status -eq "$errors" ] && [ $status -le 1 ] ||
			worst="$status, $errors errors at $i"
	done
	check "$name ($worst)" test "$worst" = 0
}
flipped "$model" "a changed byte in a model" "$dbconvert" inspect \
	"$bad/flip.onnx"
flipped "$packed" "a changed byte in a packed file" "$dbconvert" run \
	"$bad/flip.dbp" "$photo"
check "no reports of sanitizers" sh -c \
	"! grep -rlE 'AddressSanitizer|LeakSanitizer|runtime error' '$work'"
