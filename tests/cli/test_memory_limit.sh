#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Under any limit of memory a conversion ends, with its result or one error.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
case $build in
*sanitize* | *thread*)
	echo "skipped memory limits: sanitizers need memory of their own"
	exit
	;;
esac

# kilobytes of address space, and its end: status 0, or 1 with one error
limited() {
	rm -rf "$work/out"
	status=0
	(
		# shellcheck disable=SC3045 # dash has it
		ulimit -v "$1"
		exec timeout 60 "$dbconvert" "$blobs/blobs.onnx" --calib \
			"$blobs/photos" --mean 0 -q -j 2 -o "$work/out"
	) >/dev/null 2>"$work/err.log" || status=$?
	errors=$(grep -c '^dbconvert: error: ' "$work/err.log")
	case $status-$errors in
	0-0) test -s "$work/out/blobs.dbp" ;;
	1-1) ! test -e "$work/out/blobs.dbp" ;;
	*)
		echo "status $status, $errors errors"
		cat "$work/err.log"
		return 1
		;;
	esac
}

for size in 50000 75000 100000 150000 200000 300000 400000 800000; do
	check "$size kB" limited "$size"
done
check "enough memory is enough" test -s "$work/out/blobs.dbp"
