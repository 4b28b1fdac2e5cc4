#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual: its examples work, it describes every option and operator.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
page=$PWD/man/dbconvert.1

mkdir -p "$work/here"
cp "$blobs/blobs.onnx" "$work/here/model.onnx"
cp -r "$blobs/photos" "$work/here/photos"
sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/s/^\.Dl \$ //p' "$page" >"$work/examples"
while read -r line; do
	if (cd "$work/here" && PATH=$(dirname "$dbconvert"):$PATH &&
		sh -c "$line") >"$work/log" 2>&1 </dev/null; then
		ok "$line"
	else
		failed "$line"
		sed 's/^/  | /' "$work/log"
	fi
done <"$work/examples"
[ -s "$work/examples" ] || failed "no examples"
for file in model.dbp model.h found.png firmware/model.dbp; do
	check "makes $file" test -s "$work/here/$file"
done

for verb in convert run verify inspect eval test; do
	"$dbconvert" $verb --help
done | grep -oE '^ +(-., )?--[a-z-]+' | sed 's/.*--//' | sort -u \
	>"$work/options"
while read -r option; do
	check "--$option is described" grep -qE -- \
		"^\.It (Fl . , )?Fl -$option( |\$)" "$page"
done <"$work/options"

# Operators that a file may name: those of ops.def with a first opset.
sed -n 's/^OP([A-Z0-9_]*, "\([A-Za-z0-9]*\)", [1-9].*/\1/p' ir/ops.def |
	LC_ALL=C sort >"$work/operators"
sed -n '/^\.Sh OPERATORS/,/^\.Pp/p' "$page" | grep -v '^\.' | sed 1d |
	tr -d ., | tr ' ' '\n' | LC_ALL=C sort >"$work/described"
check "the operators" diff "$work/operators" "$work/described"

# The configuration that the manual shows is one.
sed -n '/^\.Bd -literal$/,/^\.Ed/{/^\./d;p;}' "$page" |
	sed -n '/^target:/,/^max-latency:/p' >"$work/here/dbconvert.yaml"
check "dbconvert.yaml of the manual" sh -c "cd '$work/here' &&
	grep -q . dbconvert.yaml && '$dbconvert' model.onnx -o fromyaml -q"
