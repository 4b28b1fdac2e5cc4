#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys, signed updates, and what is refused.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
unset DBCONVERT_KEY

"$dbconvert" "$blobs/blobs.onnx" -q -o "$work" || failed "no model"
dbp=$work/blobs.dbp
dbu=$work/blobs.dbu
key=$work/fleet
about="--model-version 7 --hardware board-1"
# sign ARGUMENTS...
sign() {
	# shellcheck disable=SC2086 # several options
	"$dbconvert" sign "$dbp" -q $about "$@"
}

check "keygen" "$dbconvert" keygen "$key" -q
check "keygen another" "$dbconvert" keygen "$work/other" -q
check "the secret key is its owner's" \
	test "$(stat -c %a "$key.key")" = 600
refused "keygen keeps a key" 1 "exists already" "$dbconvert" keygen "$key"

check "sign" sign --key-file "$key.key" -o "$dbu"
check "check" "$dbconvert" check "$dbu" --key-file "$key.pub"
check "the payload is the model" sh -c "tail -c +513 '$dbu' | cmp - '$dbp'"
check "inspect" sh -c "'$dbconvert' inspect '$dbu' |
	grep -q 'model blobs, version 7, for board-1'"
check "inspect says that nothing is checked" sh -c \
	"'$dbconvert' inspect '$dbu' --json | grep -q '\"verified\": false'"
check "check --json" sh -c "'$dbconvert' check '$dbu' --json \
	--key-file '$key.pub' | grep -q '\"verified\": true'"

DBCONVERT_KEY=$(cat "$key.key")
export DBCONVERT_KEY
check "sign by the environment" sign -o "$work/again.dbu"
unset DBCONVERT_KEY
check "the same bytes" cmp "$dbu" "$work/again.dbu"

# A command in place of the secret key: here one that knows the signature.
tail -c +265 "$dbu" | head -c 64 >"$work/signature"
check "sign by a command" sign --key-file "$key.pub" \
	--sign-command "cmp -n 256 - '$dbu' && cat '$work/signature'" \
	-o "$work/again.dbu"
check "the same bytes by a command" cmp "$dbu" "$work/again.dbu"
refused "a command that fails" 1 "failed with status 3" sign \
	--key-file "$key.pub" --sign-command "exit 3" -o "$work/no.dbu"
refused "a command with too little" 1 "did not print 64 bytes" sign \
	--key-file "$key.pub" --sign-command "echo" -o "$work/no.dbu"
refused "a command with another key" 1 "not of this key" sign \
	--key-file "$work/other.pub" \
	--sign-command "cat '$work/signature'" -o "$work/no.dbu"

refused "another key" 1 "no trusted key" \
	"$dbconvert" check "$dbu" --key-file "$work/other.pub"
refused "no key" 1 "no key is given" "$dbconvert" check "$dbu"
refused "the public half" 1 "cannot sign" sign --key-file "$key.pub" \
	-o "$work/no.dbu"
refused "a key that is none" 1 "no key of Ed25519" sign --key-file "$work/signature" \
	-o "$work/no.dbu"
refused "no version" 2 "'--model-version' is missing" \
	"$dbconvert" sign "$dbp" --hardware board-1 --key-file "$key.key"
refused "no hardware" 2 "'--hardware' is missing" \
	"$dbconvert" sign "$dbp" --model-version 7 --key-file "$key.key"
head -c 2000 "$dbp" >"$work/cut.dbp"
refused "a model that is cut" 1 "cut.dbp" "$dbconvert" sign "$work/cut.dbp" \
	--model-version 7 --hardware b --key-file "$key.key" -o "$work/no.dbu"
head -c 2000 "$dbu" >"$work/cut.dbu"
refused "an update that is cut" 1 "truncated" \
	"$dbconvert" check "$work/cut.dbu" --key-file "$key.pub"
head -c 100 "$dbu" >"$work/cut.dbu"
refused "an update that is short" 1 "too short" \
	"$dbconvert" inspect "$work/cut.dbu"
{
	cat "$dbu"
	echo
} >"$work/long.dbu"
refused "an update with more" 1 "truncated" \
	"$dbconvert" check "$work/long.dbu" --key-file "$key.pub"
check "no file after errors" test ! -e "$work/no.dbu"
