# SPDX-License-Identifier: Apache-2.0
# Converts the blobs' model in several ways and compares the bytes; sourced
# after lib.sh.
# shellcheck shell=sh disable=SC2154 # from lib.sh

# convert NAME COMMAND...: the sha256 of what it writes
convert() {
	name=$1
	shift
	"$@" "$blobs/blobs.onnx" --bits 2 --act-bits 4 --calib "$blobs/photos" -q --mean 0 \
		--scale 1/255 -o "$work/$name" 2>"$work/$name.log" ||
		sed 's/^/  | /' "$work/$name.log" >&2
	cat "$work/$name/blobs.dbp" "$work/$name/blobs.h" 2>/dev/null |
		sha256sum | cut -c1-64
}

first=$(convert jobs1 "$dbconvert" --jobs 1)
echo "jobs 1     $first"
[ -s "$work/jobs1/blobs.dbp" ] || failed "nothing converted"

compare() {
	name=$1
	got=$(convert "$@")
	printf '%-10s %s\n' "$name" "$got"
	if [ "$got" = "$first" ]; then ok "$name"; else failed "$name"; fi
}
