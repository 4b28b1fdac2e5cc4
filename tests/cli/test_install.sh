#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make install: the installed command converts, the man pages are there, and a
# program links with the installed library.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
case $build in
*sanitize*)
	echo "skipped install: not with sanitizers"
	exit
	;;
esac
root=$PWD/$work/root
config=${build#build/}
make --no-print-directory CONFIG="$config" install DESTDIR="$root" \
	PREFIX=/usr >"$work/log" 2>&1 || {
	failed "make install"
	cat "$work/log"
}
for file in bin/dbconvert include/dbrt.h include/dbrt_pool.h lib/libdbrt.a \
	lib/pkgconfig/dbrt.pc share/man/man1/dbconvert.1 \
	share/man/man5/dbp.5 share/doc/dbconvert/detect.c; do
	check "$file" test -s "$root/usr/$file"
done
check "nothing else is run" test "$(find "$root" -perm -u+x -type f)" = \
	"$root/usr/bin/dbconvert"

check "the installed command" "$root/usr/bin/dbconvert" "$blobs/blobs.onnx" \
	--calib "$blobs/photos" --mean 0 -q -o "$work/out"

flags() {
	PKG_CONFIG_PATH=$root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" dbrt
}
check "the version" test "dbconvert $(flags --modversion)" = \
	"$("$dbconvert" --version)"
check "the version is that of the file VERSION" test \
	"dbconvert $(cat VERSION)" = "$("$dbconvert" --version)"
# shellcheck disable=SC2046 # lists of words
check "a program against the library" cc -Wall -Wextra -Werror -O2 \
	$(flags --cflags) -I"$work/out" -DMODEL_HEADER='"blobs.h"' \
	-DMODEL=blobs_dbp -DMODEL_ARENA=BLOBS_ARENA_BYTES -o "$work/detect" \
	"$root/usr/share/doc/dbconvert/detect.c" $(flags --libs)
"$build/to_ppm" "$blobs/photos/scene_07.png" "$work/photo.ppm"
"$dbconvert" run "$work/out/blobs.dbp" "$blobs/photos/scene_07.png" \
	>"$work/expected" 2>"$work/log"
check "it runs" sh -c "'$work/detect' '$work/photo.ppm' >'$work/got'"
check "it finds the same" cmp "$work/expected" "$work/got"
check "it finds something" test -s "$work/got"
