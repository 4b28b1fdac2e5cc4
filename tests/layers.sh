#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the arrows between folders: who may include whose headers. One line
# for each violation, or `layers: ok (N files)`.
cd "$(dirname "$0")/.." || exit 2

# shellcheck disable=SC2046 # file names of the tree hold no blanks
awk '
BEGIN {
	allow["ir"] = "ir/"
	allow["schemas"] = "schemas/"
	allow["evaluator"] = "evaluator/ ir/"
	allow["passes"] = "passes/ evaluator/ ir/"
	allow["quantizer"] = "quantizer/ evaluator/ ir/ schemas/ " \
		"runtime/dbrt.h"
	allow["converter"] = "converter/ passes/ quantizer/ evaluator/ ir/ " \
		"schemas/ runtime/dbrt.h"
	allow["cli"] = "cli/ converter/ ir/ runtime/dbrt.h"
	allow["runtime"] = "runtime/ schemas/"
	# the device library is freestanding; these come with every compiler,
	# string.h for memcpy and memset alone
	freestanding = " stddef.h stdint.h stdbool.h limits.h float.h string.h "
	# instruction set headers of the compiler, for kernels
	intrinsics = " arm_neon.h arm_acle.h arm_mve.h immintrin.h cpuid.h "
}

function complain(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad++
}

function allowed(folder, header,    list, n, i)
{
	n = split(allow[folder], list, " ")
	for (i = 1; i <= n; i++) {
		if (list[i] == header ||
		    (list[i] ~ /\/$/ && index(header, list[i]) == 1))
			return 1
	}
	return 0
}

# Headers that protoc-c generates and its library: the ONNX reader only.
function is_protobuf(header)
{
	return header ~ /^protobuf-c\// || header ~ /\.pb-c\.h$/
}

FNR == 1 {
	files++
	folder = FILENAME
	sub(/^\.\//, "", folder)
	name = folder
	sub(/\/.*/, "", folder)
}

/^[ \t]*#[ \t]*include/ {
	header = $0
	sub(/^[^"<]*["<]/, "", header)
	sub(/[">].*/, "", header)
	quoted = $0 ~ /include[ \t]*"/
	if (header ~ /\.\.\//) {
		complain("includes \"" header "\" by a relative path")
	} else if (is_protobuf(header)) {
		if (name !~ /^converter\/onnx_[^\/]*$/)
			complain("only converter/onnx_* may include " header)
	} else if (quoted) {
		if (!allowed(folder, header))
			complain(folder " may not include \"" header "\"")
	} else if (folder == "runtime") {
		if (!index(freestanding intrinsics, " " header " "))
			complain("runtime may not include <" header ">")
	}
}

END {
	if (bad)
		exit 1
	printf "layers: ok (%d files)\n", files
}
' $(find ir schemas evaluator passes quantizer converter cli runtime \
	-name '*.[ch]' -o -name '*.def' | LC_ALL=C sort)
