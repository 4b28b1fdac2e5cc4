#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs test programs and scripts, two at a time, and counts their cases:
#   tests/run.sh BUILD [NAME]
# A program is a cmocka one under BUILD/tests; a script is tests/*/test_*.sh,
# which prints `ok NAME`, `failed NAME` or `skipped NAME: REASON`, one line a
# case. With NAME only what has it in its name runs. The last line reads
# `N passed, N failed, N skipped`; the exit status is 0 where none failed.
set -u
build=$1
only=${2:-}
seconds=${TEST_SECONDS:-600}
logs=$build/test-logs
rm -rf "$logs"
mkdir -p "$logs"

list() {
	find "$build/tests" -type f -name "test_*$only*" -perm -u+x \
		! -name '*.o' 2>/dev/null | LC_ALL=C sort
	find tests -type f -name "test_*$only*.sh" | LC_ALL=C sort
}

# One test, its output in a file, its result in lines of our own form.
cat >"$logs/one.sh" <<'SCRIPT'
test=$1 logs=$2 seconds=$3 build=$4
name=$(echo "$test" | sed 's|.*tests/||; s|\.sh$||')
log=$logs/$(echo "$name" | tr '/' '-').log
case $test in
*.sh) BUILD=$build timeout "$seconds" sh "$test" >"$log" 2>&1 ;;
*) timeout "$seconds" "$test" >"$log" 2>&1 ;;
esac
status=$?
passed=$(grep -cE '^(\[       OK \]|ok )' "$log")
failed=$(grep -cE '^(\[  FAILED  \] [^ ]+$|failed )' "$log")
skipped=$(grep -cE '^(\[  SKIPPED \] [^ ]+$|skipped )' "$log")
# cmocka lists failed and skipped cases twice: as they end, and at the end
case $test in
*.sh) ;;
*)
	failed=$(grep -E '^\[  FAILED  \] [^ ]+$' "$log" | sort -u | wc -l)
	skipped=$(grep -E '^\[  SKIPPED \] [^ ]+$' "$log" | sort -u | wc -l)
	;;
esac
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	failed=1
	[ "$status" -eq 124 ] && echo "took more than $seconds s" >>"$log"
fi
echo "$passed $failed $skipped" >"$log.count"
if [ "$failed" -gt 0 ]; then
	printf 'FAILED   %s (status %s)\n' "$name" "$status"
	tail -n 40 "$log" | sed 's/^/         | /'
elif [ "$passed" -eq 0 ] && [ "$skipped" -gt 0 ]; then
	printf 'skipped  %s: %s\n' "$name" \
		"$(grep -m1 -E '^skipped' "$log" | sed 's/^skipped:* *//')"
else
	printf 'ok       %s (%s)\n' "$name" "$passed"
fi
SCRIPT

list | xargs -P 2 -I '{}' sh "$logs/one.sh" '{}' "$logs" "$seconds" "$build"
cat "$logs"/*.count 2>/dev/null | awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed > 0 || passed + skipped == 0
	}'
