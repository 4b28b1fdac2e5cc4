#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Options that change the packed file, and dbconvert.yaml. What options that
# are wrong print is in tests/cli/cases.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
blobs=$PWD/$blobs
model=$blobs/blobs.onnx

check "one method left out" "$dbconvert" "$model" -q --method no-bias \
	--effort fast -o "$work/method"
# without NAME OPTIONS...: the packed file without a method, NAME
without() {
	name=$1
	shift
	"$dbconvert" "$model" -q --calib "$blobs/photos" --bits 4 \
		--act-bits 4 --effort fast "$@" -o "$work/without/$name" \
		2>"$work/method.log" || failed "without $name"
}
without nothing
same=
for method in clip per-channel bias gptq asymmetric fisher rate search \
	trellis; do
	without $method --method no-$method
	cmp -s "$work/without/nothing/blobs.dbp" \
		"$work/without/$method/blobs.dbp" && same="$same $method"
done
check "each method changes something ($same)" test -z "$same"
for method in no-trellis no-codebook; do # no trellis is there in tiles
	"$dbconvert" "$model" -q --calib "$blobs/photos" --bits 2 --uniform \
		--target cortex-m7 --method $method -o "$work/tiles/$method" \
		2>"$work/method.log" || failed "$method"
done
check "levels change something" sh -c \
	"! cmp -s '$work/tiles/no-trellis/blobs.dbp' \
	'$work/tiles/no-codebook/blobs.dbp'"
"$dbconvert" "$model" -v --calib "$blobs/photos" --bits 4 --effort fast \
	-o "$work/stages" 2>"$work/stages.log" || failed "with -v"
for stage in calibrate candidates sensitivity round; do
	check "-v tells the time of $stage" \
		grep -q "^  $stage  *[0-9.]* *[0-9.]* *[0-9]*\$" \
		"$work/stages.log"
done
# activations of 8 bits: those of 4 have a table for each channel here
for options in "" "--method no-fine-tables"; do
	# shellcheck disable=SC2086 # none, or two
	"$dbconvert" "$model" -q --calib "$blobs/photos" $options \
		-o "$work/finer$options" 2>"$work/method.log" ||
		failed "converting with '$options'"
done
check "finer codes in front of tables change something" sh -c \
	"! cmp -s '$work/finer/blobs.dbp' \
	'$work/finer--method no-fine-tables/blobs.dbp'"

# The same from the command line and from a file; the command line wins.
here=$work/here
mkdir -p "$here"
digest() {
	sha256sum <"$1" | cut -c1-64
}
"$dbconvert" "$model" --bits 4 --mean 127 --scale 1/128 --seed 7 -q \
	-o "$here/line"
cat >"$here/dbconvert.yaml" <<'YAML'
bits: 2
mean: 127
scale: 1/128
seed: 7
YAML
(cd "$here" && "$dbconvert" "$model" --bits 4 -q -o file)
check "dbconvert.yaml says the same" test "$(digest "$here/line/blobs.dbp")" = \
	"$(digest "$here/file/blobs.dbp")"

# Progress on a terminal only; a log gets no control characters.
"$dbconvert" "$model" --calib "$blobs/photos" -o "$work/log" 2>"$work/log.txt"
check "no control characters in a log" sh -c \
	"! LC_ALL=C grep -q '[[:cntrl:]]' '$work/log.txt'"
"$dbconvert" "$model" --calib "$blobs/photos" --mean 0 -q -o "$work/log" \
	>"$work/log.txt" 2>&1
check "quiet says nothing" test ! -s "$work/log.txt"
