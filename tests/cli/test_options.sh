#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line, dbconvert.yaml and exit statuses.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
blobs=$PWD/$blobs
model=$blobs/blobs.onnx

"$dbconvert" >"$work/out.log" 2>&1
check "no arguments: status 2" test $? -eq 2
check "help" sh -c "'$dbconvert' --help | grep -q -- '--bits'"
check "help of a verb" sh -c "'$dbconvert' run --help | grep -q -- '--draw'"
check "version" sh -c "'$dbconvert' --version | grep -qE '^dbconvert [0-9]'"

refused "unknown option" 2 "unknown option '--bitz'" \
	"$dbconvert" "$model" --bitz 4
check "the option that was meant" grep -q "did you mean '--bits'" \
	"$work/err.log"
refused "a width that is none" 2 "'--bits': '5'" "$dbconvert" "$model" --bits 5
refused "a value that lacks" 2 "needs a value" "$dbconvert" "$model" --bits
refused "an option of another verb" 2 "does not belong" \
	"$dbconvert" "$model" --draw x.png
refused "a size that is none" 2 "'--max-size'" \
	"$dbconvert" "$model" --max-size 2parsecs
refused "two models" 2 "" "$dbconvert" "$model" "$model"
refused "verify without photos" 2 "" "$dbconvert" verify "$model" "$model"
refused "an unknown board" 2 "a54" "$dbconvert" "$model" -t a54 -o "$work/o"
refused "an unknown pass" 2 "no_such_pass" \
	"$dbconvert" "$model" --dump-after no_such_pass -o "$work/o"
check "the passes there are" grep -q fold_batchnorm "$work/err.log"
check "nothing is written" test ! -e "$work/o/blobs.dbp"

# Budgets: status 3, one error a budget, nothing written.
budget() {
	refused "$1 that cannot be met" 3 "cannot be met" "$dbconvert" \
		"$model" -q "$@" -o "$work/budget"
	check "$1: nothing is written" test ! -e "$work/budget/blobs.dbp"
	check "$1: the layers that cost most" grep -q 'hint: most goes to' \
		"$work/err.log"
}
budget --max-latency 1us
budget --max-size 1KB
budget --max-ram 1KB
# Coded, it is small enough, but takes too much memory; in place the other way.
refused "a size and a memory that exclude each other" 3 \
	"max_size cannot be met" "$dbconvert" "$model" -q --effort fast \
	--calib "$blobs/photos" --max-size 5KB --max-ram 64KB -o "$work/budget"
check "which of them to give more of" grep -q 'more of that (--max-ram)' \
	"$work/err.log"
refused "a fidelity that is not measured" 3 "is not measured" \
	"$dbconvert" "$model" -q --min-fidelity 0.5 -o "$work/budget"
# A smaller input meets a latency that the model's own size does not.
doorbell=testdata/doorbell/doorbell.onnx
refused "a latency at the model's own size" 3 "max_latency cannot be met" \
	"$dbconvert" $doorbell -q --max-latency 4ms -o "$work/small"
check "a smaller input" "$dbconvert" $doorbell --max-latency 4ms \
	--allow-resize -o "$work/small" --report "$work/small.json"
check "a smaller input: how small" grep -q '"input_width": 192' \
	"$work/small.json"
refused "no input is small enough" 3 "max_latency cannot be met" \
	"$dbconvert" $doorbell -q --max-latency 10us --allow-resize \
	-o "$work/small"
check "one method left out" "$dbconvert" "$model" -q --method no-bias \
	--effort fast -o "$work/method"
same=
for method in none clip per-channel bias gptq asymmetric fisher rate \
	search trellis; do
	"$dbconvert" "$model" -q --calib "$blobs/photos" --bits 4 --act-bits 4 \
		--effort fast --method no-$method -o "$work/without/$method" \
		2>"$work/method.log" || [ $method = none ] || failed "no-$method"
	[ $method != none ] || "$dbconvert" "$model" -q --bits 4 --act-bits 4 \
		--calib "$blobs/photos" --effort fast -o "$work/without/none" \
		2>"$work/method.log" || failed "all methods"
	if cmp -s "$work/without/none/blobs.dbp" \
		"$work/without/$method/blobs.dbp"; then
		same="$same $method"
	fi
done
check "each method changes something ($same)" test "$same" = " none"
for method in no-trellis no-codebook; do # no trellis is there in tiles
	"$dbconvert" "$model" -q --calib "$blobs/photos" --bits 2 --uniform \
		--target cortex-m7 --method $method -o "$work/tiles/$method" \
		2>"$work/method.log" || failed "$method"
done
check "levels change something" sh -c \
	"! cmp -s '$work/tiles/no-trellis/blobs.dbp' \
	'$work/tiles/no-codebook/blobs.dbp'"
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
refused "a method that is none" 2 "'--method'" \
	"$dbconvert" "$model" --method no-luck -o "$work/method"

check "budgets that are met" "$dbconvert" "$model" -q --max-latency 1s \
	--max-size 1MB --max-ram 1MB -o "$work/met"
check "a report without --calib says that nothing was measured" sh -c \
	"'$dbconvert' '$model' -o '$work/free' 2>&1 | grep -qi 'not measured'"

check "with one photo neither" sh -c "'$dbconvert' '$model' --calib \
	'$blobs/photos/scene_07.png' -o '$work/one' 2>&1 | grep -q 'too few'"

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

# config LINE TEXT YAML: an error in dbconvert.yaml that names its line
config() {
	printf '%b' "$3" >"$work/c.yaml"
	refused "config: $2" 2 "c.yaml:$1: " "$dbconvert" "$model" \
		--config "$work/c.yaml" -o "$work/o"
	check "config: says '$2'" grep -qF -- "$2" "$work/err.log"
}
config 2 "bitz" 'target: a53\nbitz: 4\n'
config 1 "'5'" 'bits: 5\n'
config 3 "twice" 'bits: 4\ntarget: a53\nbits: 2\n'
config 2 "" 'bits: 4\n\ttarget: [\n'
refused "a config that is not there" 2 "nowhere.yaml" "$dbconvert" "$model" \
	--config nowhere.yaml

# Progress on a terminal only; a log gets no control characters.
"$dbconvert" "$model" --calib "$blobs/photos" -o "$work/log" 2>"$work/log.txt"
check "no control characters in a log" sh -c \
	"! LC_ALL=C grep -q '[[:cntrl:]]' '$work/log.txt'"
"$dbconvert" "$model" --calib "$blobs/photos" --mean 0 -q -o "$work/log" \
	>"$work/log.txt" 2>&1
check "quiet says nothing" test ! -s "$work/log.txt"

# Where writing fails nothing stays.
mkdir -p "$work/closed"
: >"$work/closed/file"
refused "an output folder that is a file" 1 "$work/closed/file" \
	"$dbconvert" "$model" -o "$work/closed/file"
refused "a report in no folder" 1 "none/r.json" "$dbconvert" "$model" -q \
	--report "$work/none/r.json" -o "$work/report"
check "a report that fails: nothing is written" \
	test ! -e "$work/report/blobs.dbp"
