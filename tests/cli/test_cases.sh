#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line, one case a file: tests/cli/cases/NAME.sh, and beside it
# what is expected of it,
#   NAME.stdout, NAME.stderr  (no file: nothing)
#   NAME.exit                 (no file: 0)
# A case runs in a folder that holds blobs/ (model and photos), packed/ (the
# model packed), small/ (models of a few operators, and tensors) and
# doorbell.onnx, with dbconvert in its PATH, so that no path
# of this machine is printed. Where the exit status is not 0, no file may be
# left in out/.
#   CASE=NAME    runs one (make check T=cases/NAME)
#   UPDATE=1     writes what is expected anew (make golden)
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
cases=$PWD/tests/cli/cases
doorbell=$PWD/testdata/doorbell/doorbell.onnx
work=$PWD/$work
PATH=${dbconvert%/*}:$PATH
"$build/small_model" "$work/small" || failed "small_model"
"$dbconvert" "$blobs/blobs.onnx" -q -o "$work/packed" 2>"$work/log" || {
	failed "packing the blobs' model"
	cat "$work/log"
}

# run_case NAME: leaves stdout, stderr and exit in $work/NAME.case
run_case() {
	here=$work/$1.case
	mkdir -p "$here/at"
	cp -r "$work/blobs" "$work/packed" "$work/small" "$here/at"
	cp "$doorbell" "$here/at"
	(cd "$here/at" && sh -u "$cases/$1.sh") </dev/null \
		>"$here/stdout" 2>"$here/stderr"
	echo $? >"$here/exit"
}

# expected NAME PART: the expected text
expected() {
	if [ -e "$cases/$1.$2" ]; then
		cat "$cases/$1.$2"
	elif [ "$2" = exit ]; then
		echo 0
	fi
}

# same NAME: every part is as expected
same() {
	verdict=0
	for part in exit stderr stdout; do
		expected "$1" $part >"$work/$1.case/expected"
		diff -u --label "$1.$part" --label "now" \
			"$work/$1.case/expected" "$work/$1.case/$part" || verdict=1
	done
	return $verdict
}

# update NAME: what it printed is what is expected
update() {
	for part in exit stderr stdout; do
		cp "$work/$1.case/$part" "$cases/$1.$part"
		[ -s "$cases/$1.$part" ] || rm "$cases/$1.$part"
	done
	[ "$(cat "$cases/$1.exit")" != 0 ] || rm "$cases/$1.exit"
}

for file in "$cases"/${CASE:-*}.sh; do
	name=$(basename "$file" .sh)
	run_case "$name"
	left=
	[ "$(cat "$work/$name.case/exit")" = 0 ] ||
		left=$(find "$work/$name.case/at/out" -type f 2>/dev/null)
	if [ -n "${UPDATE:-}" ]; then
		update "$name"
		echo "wrote $name"
	elif [ -n "$left" ]; then
		failed "$name (refused, but wrote $left)"
	elif same "$name" >"$work/diff"; then
		ok "$name"
	else
		failed "$name"
		cat "$work/diff"
	fi
done
