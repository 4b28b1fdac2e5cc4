#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# examples/cortex-m on emulated boards finds what `dbconvert run` finds.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/example.sh

if ! command -v arm-none-eabi-gcc >/dev/null ||
	! command -v qemu-system-arm >/dev/null; then
	echo "skipped: no arm-none-eabi-gcc or qemu-system-arm"
	exit
fi
"$dbconvert" "$blobs/blobs.onnx" -q --calib "$blobs/photos" -o "$work/out" \
	2>"$work/log" || failed "convert"
example_prepare "$work/out" blobs blobs "$blobs/photos/scene_07.png"
[ -s "$work/expected" ] || failed "nothing is found"

# board NAME FORM: the corners that are printed there
board() {
	make -s -C examples/cortex-m run BOARD="$1" FORM="$2" \
		BUILD="$PWD/$work/kit" MODEL="$PWD/$work/out/blobs" \
		DBCONVERT="$dbconvert" PHOTO="$PWD/$work/photo.ppm" RAM_KB=512 \
		DEFINES=-DPHOTO_BYTES=230432 \
		>"$work/said" 2>&1
}

# same: as many detections, with the same whole pixels
same() {
	board "$1" "$2" && grep -q '^status 0, ' "$work/said" &&
		awk '{ print int($3), int($4), int($5), int($6) }' \
			"$work/expected" >"$work/want" &&
		sed '/^status/d; /^ticks/d; s/\r//; s/^class //' "$work/said" |
		awk '{ print $3, $4, $5, $6 }' >"$work/got" &&
		diff "$work/want" "$work/got"
}

for name in mps2-an386 mps2-an500 mps2-an385; do
	check "cut on $name" same $name cut
done
check "whole on mps2-an386" same mps2-an386 whole
check "in C on mps2-an386" same mps2-an386 c
check "in C on mps2-an500" same mps2-an500 c
# text FORM: bytes of code and constants on a Cortex-M4
text() {
	arm-none-eabi-size "$work/kit/mps2-an386/blobs-$1/firmware.elf" |
		awk 'END { print $1 }'
}

whole=$(text whole) cut=$(text cut)
if [ "$cut" -gt 0 ] && [ $((whole - cut)) -gt 4000 ]; then
	ok "text $whole whole, $cut cut"
else
	failed "text $whole whole, $cut cut"
fi
if make -s -C examples/cortex-m size RAM_KB=16 BUILD="$PWD/$work/kit16" \
	DBCONVERT="$dbconvert" MODEL="$PWD/$work/out/blobs" \
	>"$work/log" 2>&1; then
	failed "a board that is too small"
else
	check "a board that is too small" grep -q ram "$work/log"
fi
