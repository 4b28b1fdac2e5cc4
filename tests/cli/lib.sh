# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder; sourced from the project's folder.
# shellcheck shell=sh disable=SC2034 # the scripts use the variables
build=${BUILD:-build/release}
dbconvert=$PWD/$build/dbconvert
data=$PWD/../shared/data
work=$build/tests/$(basename "$0" .sh)
rm -rf "$work"
mkdir -p "$work"

ok() {
	echo "ok $1"
}

failed() {
	echo "failed $1"
}

# check NAME COMMAND...: ok where the command succeeds
check() {
	name=$1
	shift
	if "$@" >"$work/check.log" 2>&1; then
		ok "$name"
	else
		failed "$name"
		sed 's/^/  | /' "$work/check.log"
	fi
}

# refused NAME CODE TEXT COMMAND...: exit status CODE, one error with TEXT in
# it, and no more than one
refused() {
	name=$1 code=$2 text=$3
	shift 3
	"$@" >"$work/out.log" 2>"$work/err.log"
	status=$?
	errors=$(grep -c '^dbconvert: error: ' "$work/err.log")
	if [ "$status" -eq "$code" ] && [ "$errors" -eq 1 ] &&
		grep -qF -- "$text" "$work/err.log"; then
		ok "$name"
	else
		failed "$name (status $status, $errors errors)"
		sed 's/^/  | /' "$work/err.log"
	fi
}

# The blobs' model and photos, in $blobs.
blobs=$work/blobs
"$build/blob_model" "$blobs" || failed "blob_model"
