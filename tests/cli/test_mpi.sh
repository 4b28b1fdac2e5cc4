#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# Ranks under mpirun: the files of one process, and one error where one fails.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh

if ! command -v mpirun >/dev/null || ! pkg-config --exists ompi-c; then
	echo "skipped mpi: no Open MPI"
	exit
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
make --no-print-directory MPI=1 build/release-mpi/dbconvert >"$work/log" 2>&1 ||
	failed "make MPI=1"
alone=$dbconvert
dbconvert=$PWD/build/release-mpi/dbconvert

# on RANKS ARGUMENTS...
on() {
	ranks=$1
	shift
	timeout 300 mpirun -q -n "$ranks" --oversubscribe "$dbconvert" "$@"
}

"$build/doorbell_scenes" "$work/scenes" 1 24
doorbell="testdata/doorbell/doorbell.onnx --mean 0 --calib $work/scenes/images
	--images $work/scenes/images --labels $work/scenes/labels.json"
for case in "8 fast" "2 normal --method no-trellis"; do
	# shellcheck disable=SC2086 # lists of words
	set -- $case
	bits=$1 effort=$2
	shift 2
	rm -rf "$work/one" "$work/many"
	# shellcheck disable=SC2086
	"$alone" $doorbell --bits "$bits" --effort "$effort" "$@" -q \
		-o "$work/one" --report "$work/one/report.json"
	for ranks in 2 3; do
		rm -rf "$work/many"
		# shellcheck disable=SC2086
		on $ranks $doorbell --bits "$bits" --effort "$effort" "$@" -q \
			-j 1 -o "$work/many" --report "$work/many/report.json" \
			>"$work/log" 2>&1
		check "$ranks ranks: $case" diff -r "$work/one" "$work/many"
	done
done
on 2 eval "$work/one/doorbell.dbp" --images "$work/scenes/images" \
	--labels "$work/scenes/labels.json" --json >"$work/eval.2" 2>"$work/log"
"$alone" eval "$work/one/doorbell.dbp" --images "$work/scenes/images" \
	--labels "$work/scenes/labels.json" --json >"$work/eval.1" 2>"$work/log"
check "eval" cmp "$work/eval.1" "$work/eval.2"
"$dbconvert" eval "$work/one/doorbell.dbp" --images "$work/scenes/images" \
	--labels "$work/scenes/labels.json" --json >"$work/eval.3" 2>"$work/log"
check "without mpirun" cmp "$work/eval.1" "$work/eval.3"

# refused_on NAME CODE TEXT ARGUMENTS...: one error of all ranks
refused_on() {
	name=$1 code=$2 text=$3
	shift 3
	on 3 "$@" >"$work/out.log" 2>"$work/err.log"
	status=$?
	if [ $status -eq "$code" ] && grep -qF -- "$text" "$work/err.log" &&
		[ "$(grep -c '^dbconvert: error: ' "$work/err.log")" -eq 1 ]; then
		ok "$name"
	else
		failed "$name (status $status)"
		sed 's/^/  | /' "$work/err.log"
	fi
}
refused_on "no model" 1 "no.onnx" no.onnx
refused_on "an option" 2 "--bits" "$blobs/blobs.onnx" --bits 5
refused_on "a limit" 3 "max_size" "$blobs/blobs.onnx" --effort fast \
	--max-size 100 -o "$work/limit"
# a photo that only one rank reads, and only when it is too late to check
cp -r "$blobs/photos" "$work/photos"
last=$(find "$work/photos" -type f | LC_ALL=C sort | tail -1)
head -c 600 "$last" >"$work/cut" && mv "$work/cut" "$last"
refused_on "a broken photo" 1 "$(basename "$last")" "$blobs/blobs.onnx" \
	--calib "$work/photos" --effort fast -o "$work/broken"
check "no file" test ! -e "$work/broken/blobs.dbp"

# a rank that is killed ends all
# shellcheck disable=SC2086
on 2 $doorbell --bits 2 --effort best -j 1 -o "$work/killed" \
	>"$work/log" 2>&1 &
mpirun=$!
victim=
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 1
	victim=$(pgrep -f -- "--effort best -j 1 -o $work/killed" |
		while read -r pid; do
			grep -qz '^OMPI_COMM_WORLD_RANK=1$' \
				"/proc/$pid/environ" 2>/dev/null && echo "$pid"
		done | head -1)
	[ -z "$victim" ] || break
done
sleep 2
kill -9 "$victim" 2>/dev/null || failed "no rank to kill"
wait $mpirun
check "a rank that is killed" test $? -ne 0
check "leaves no file" test ! -e "$work/killed/doorbell.dbp"

cat >"$work/sweep.yaml" <<YAML
models: [blobs/blobs.onnx]
calib: blobs/photos
mean: 0
effort: fast
vary: {target: [a53, cortex-m4], bits: [8, 4, 2]}
YAML
"$alone" sweep "$work/sweep.yaml" -q -o "$work/sweep1" >"$work/table1"
on 2 sweep "$work/sweep.yaml" -j 1 -q -o "$work/sweep2" >"$work/table2" \
	2>"$work/log"
check "sweep: the table" cmp "$work/table1" "$work/table2"
rm "$work"/sweep[12]/*/result # they name the tool
check "sweep: the files" diff -r "$work/sweep1" "$work/sweep2"
