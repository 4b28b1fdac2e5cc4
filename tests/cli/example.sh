# SPDX-License-Identifier: Apache-2.0
# The C header and examples/detect.c on it; sourced after lib.sh.
# shellcheck shell=sh disable=SC2154,SC2089,SC2090 # lib.sh; quotes for -D

# compile c|cc STEM DIR: STEM.h in DIR as C99 or C++11, and the array runs
compile() {
	printf '#include "%s.h"\nint main(void) { return %s_dbp[0] != 68; }\n' \
		"$2" "$2" >"$work/use.$1"
	case $1 in
	c) gcc -std=c99 -pedantic -Wall -Wextra -Werror -I"$3" -o "$work/use" \
		"$work/use.c" ;;
	cc) g++ -std=c++11 -Wall -Wextra -Werror -I"$3" -o "$work/use" \
		"$work/use.cc" ;;
	esac && "$work/use"
}

# example_prepare DIR STEM PREFIX PHOTO: the photo as PPM, what dbconvert run
# finds in it in $work/expected, the compiler's options in $flags. STEM.h is
# the header, PREFIX what its names begin with.
example_prepare() {
	upper=$(echo "$3" | tr '[:lower:]' '[:upper:]')
	flags="-std=c11 -I. -Iruntime -I$1 -DMODEL_HEADER=\"$2.h\""
	flags="$flags -DMODEL=$3_dbp -DMODEL_ARENA=${upper}_ARENA_BYTES"
	"$dbconvert" run "$1/$2.dbp" "$4" >"$work/expected" || failed "run $2"
	"$build/to_ppm" "$4" "$work/photo.ppm" || failed "to_ppm"
}

# example_here: the example finds the same on this machine
example_here() {
	# shellcheck disable=SC2086 # a list of words
	gcc $flags -O0 -Wall -Wextra -o "$work/detect" examples/detect.c \
		runtime/*.c runtime/x86/*.c &&
		"$work/detect" "$work/photo.ppm" >"$work/got" &&
		cmp "$work/expected" "$work/got"
}

# example_a53: the same on an emulated Cortex-A53
example_a53() {
	# shellcheck disable=SC2086 # a list of words
	aarch64-linux-gnu-gcc $flags -O2 -static -mcpu=cortex-a53 \
		-ffp-contract=off -o "$work/detect64" examples/detect.c \
		runtime/*.c runtime/neon/*.[cS] &&
		qemu-aarch64 -cpu cortex-a53 "$work/detect64" \
			"$work/photo.ppm" >"$work/got" &&
		cmp "$work/expected" "$work/got"
}
