#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs test programs and scripts and counts their cases:
#   tests/run.sh WHICH BUILD [NAME]
# WHICH is one of
#   quick     programs, and scripts without a line `# long` in their head
#   long      scripts with that line: emulated processors, real models
#   programs  programs only
#   threads   programs that are built, and the scripts with a line `# threads`
#   all       programs and every script but those of `threads`
# A program is a cmocka one under BUILD/tests; a script is test_*.sh under
# tests/, which prints `ok NAME`, `failed NAME` or `skipped NAME: REASON`, one
# line a case. With NAME, only tests with it in their name run; cases/NAME is
# the case NAME of tests/cli/cases.
#
# As many run at a time as there are cores (JOBS sets another number). Those
# that took longest last time, in build/test-times, start first. The last line
# reads `N passed, N failed, N skipped`; the exit status is 0 where none
# failed.
set -u
which=$1
build=$2
only=${3:-}
seconds=${TEST_SECONDS:-1200}
logs=$build/test-logs
times=build/test-times
case $only in
cases/*)
	export CASE="${only#cases/}"
	only=test_cases.sh
	;;
esac
rm -rf "$logs"
mkdir -p "$logs"

programs() {
	find tests -type f -name "test_*.c" | sed "s|^|$build/|; s|\.c$||"
}

built_programs() {
	programs | while read -r program; do
		[ ! -x "$program" ] || echo "$program"
	done
}

scripts() {
	find tests -type f -name "test_*.sh"
}

# marked HOW WORD: scripts that have (-l) or lack (-L) a line `# WORD`
marked() {
	scripts | xargs grep "$1" "^# $2\$"
}

list() {
	case $which in
	quick)
		programs
		scripts | xargs grep -L -e '^# long$' -e '^# threads$'
		;;
	long) marked -l long ;;
	programs) programs ;;
	threads)
		built_programs
		marked -l threads
		;;
	all)
		programs
		marked -L threads
		;;
	esac | grep -F -- "${only:-/}"
}

# Longest first. What has no time yet: scripts before programs.
by_time() {
	touch "$times"
	LC_ALL=C sort | awk -v times="$times" -v build="$build" '
	BEGIN {
		while ((getline line <times) > 0) {
			split(line, field, " ")
			if (field[1] == build)
				took[field[2]] = field[3]
		}
	}
	{ print $0 in took ? took[$0] : /\.sh$/ ? 1000 : 0, $0 }' |
		sort -s -k 1,1nr | cut -d' ' -f2
}

# One test, its output in a file, its result in lines of our own form.
cat >"$logs/one.sh" <<'SCRIPT'
test=$1 logs=$2 seconds=$3 build=$4
name=$(echo "$test" | sed 's|.*tests/||; s|\.sh$||')
log=$logs/$(echo "$name" | tr '/' '-').log
begin=$(date +%s.%N)
case $test in
*.sh) BUILD=$build timeout "$seconds" sh "$test" >"$log" 2>&1 ;;
*) timeout "$seconds" "$test" >"$log" 2>&1 ;;
esac
status=$?
took=$(echo "$begin $(date +%s.%N)" | awk '{ printf "%.1f", $2 - $1 }')
echo "$build $test $took" >"$log.time"
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
if [ "$((passed + failed + skipped))" -eq 0 ] || {
	[ "$status" -ne 0 ] && [ "$failed" -eq 0 ]
}; then
	failed=$((failed + 1))
	[ "$status" -eq 124 ] && echo "took more than $seconds s" >>"$log"
fi
echo "$passed $failed $skipped" >"$log.count"
if [ "$failed" -gt 0 ]; then
	printf 'FAILED   %6s s  %s (status %s)\n' "$took" "$name" "$status"
	grep '^failed ' "$log" | sed 's/^/         | /'
	tail -n 40 "$log" | sed 's/^/         | /'
elif [ "$passed" -eq 0 ]; then
	printf 'skipped  %6s s  %s: %s\n' "$took" "$name" \
		"$(grep -m1 -E '^skipped' "$log" | sed 's/^skipped:* *//')"
else
	printf 'ok       %6s s  %s (%s)\n' "$took" "$name" "$passed"
fi
SCRIPT

list | by_time | xargs -r -P "${JOBS:-$(nproc)}" -I '{}' \
	sh "$logs/one.sh" '{}' "$logs" "$seconds" "$build"

# The new times over the old ones; a single case says nothing about its script.
if [ -z "${CASE:-}" ]; then
	cat "$times" "$logs"/*.time 2>/dev/null | awk '
		{ took[$1 " " $2] = $3 }
		END { for (t in took) print t, took[t] }' |
		LC_ALL=C sort >"$times.new"
	mv "$times.new" "$times"
fi
cat "$logs"/*.count 2>/dev/null | awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed > 0 || passed + skipped == 0
	}'
