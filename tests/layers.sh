#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the arrows between rooms: who may include whose headers. A room is a
# folder, or a sub-folder of converter/, quantizer/ and runtime/. One line for
# each violation, or `layers: ok (N files)`.
#   tests/layers.sh [sizes]     sizes: also lists the lines of each room
cd "$(dirname "$0")/.." || exit 2

rooms="base ir schemas evaluator passes quantizer converter cli runtime"
# shellcheck disable=SC2046,SC2086 # file names of the tree hold no blanks
awk -v sizes="${1:-}" '
# Room and the rooms whose headers it may include.
BEGIN {
	arrow("schemas", "schemas")
	arrow("base", "base")
	arrow("ir", "ir base")
	arrow("evaluator", "evaluator ir base")
	arrow("passes", "passes evaluator ir base")

	arrow("quantizer/graph", "quantizer/graph evaluator ir base")
	arrow("quantizer/simulate", "quantizer/simulate quantizer/graph " \
		"evaluator ir base")
	arrow("quantizer/activations", "quantizer/activations " \
		"quantizer/simulate quantizer/graph evaluator ir base")
	arrow("quantizer/weights", "quantizer/weights quantizer/activations " \
		"quantizer/simulate quantizer/graph evaluator ir base schemas")
	arrow("quantizer/bits", "quantizer/bits quantizer/weights " \
		"quantizer/activations quantizer/simulate quantizer/graph " \
		"evaluator ir base schemas")
	arrow("quantizer", "quantizer quantizer/* evaluator ir base schemas")

	arrow("converter/onnx", "converter/onnx passes ir base")
	arrow("converter/heads", "converter/heads evaluator ir base schemas " \
		"runtime/dbrt.h")
	arrow("converter/data", "converter/data converter/onnx ir base " \
		"schemas runtime/dbrt.h")
	arrow("converter/lower", "converter/lower evaluator ir base schemas")
	arrow("converter/pack", "converter/pack converter/lower " \
		"converter/heads converter/data ir base schemas runtime/dbrt.h")
	arrow("converter/emit", "converter/emit converter/pack base " \
		"schemas runtime/dbrt.h")
	arrow("converter/measure", "converter/measure converter/pack " \
		"converter/heads converter/data converter/onnx evaluator ir " \
		"base schemas runtime/dbrt.h")
	arrow("converter/update", "converter/update converter/pack base " \
		"schemas runtime/dbrt.h runtime/update/adapters")
	arrow("converter", "converter converter/* quantizer quantizer/bits " \
		"passes ir base schemas runtime/dbrt.h")
	arrow("cli", "cli converter converter/* passes quantizer/bits ir " \
		"base runtime/dbrt.h runtime/dbrt_pool.h")
	arrow("runtime", "runtime schemas")
	# kernels for a family of processors
	arrow("runtime/neon", "runtime/neon runtime schemas")
	arrow("runtime/arm", "runtime/arm runtime/neon runtime schemas")
	arrow("runtime/x86", "runtime/x86 runtime schemas")
	arrow("runtime/posix", "runtime schemas")
	# updates: the reader, and what binds it to libraries of cryptography
	arrow("runtime/update", "runtime/update runtime schemas")
	arrow("runtime/update/adapters", "runtime/update/adapters " \
		"runtime/update schemas")
	# the device library is freestanding; these come with every compiler,
	# string.h for memcpy and memset alone
	freestanding = " stddef.h stdint.h stdbool.h limits.h float.h string.h "
	# instruction set headers of the compiler, for kernels
	intrinsics = " arm_neon.h arm_acle.h arm_mve.h immintrin.h cpuid.h "
}

function arrow(room, seen)
{
	allow[room] = seen
}

function complain(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad++
}

# The room of a file: its folder.
function room_of(path)
{
	sub(/^\.\//, "", path)
	sub(/\/[^\/]*$/, "", path)
	if (path !~ /^(converter|quantizer|runtime)\//)
		sub(/\/.*/, "", path)
	return path
}

function allowed(room, header,    list, n, i, owner)
{
	owner = room_of(header)
	n = split(allow[room], list, " ")
	for (i = 1; i <= n; i++) {
		if (list[i] == owner || list[i] == header)
			return 1
		if (list[i] ~ /\/\*$/ && index(owner, substr(list[i], 1,
		    length(list[i]) - 1)) == 1)
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
	room = room_of(FILENAME)
	if (!(room in allow))
		complain("room " room " has no row in tests/layers.sh")
	base_name = FILENAME
	sub(/.*\//, "", base_name)
	if (base_name in named)
		complain("has the name of " named[base_name])
	named[base_name] = FILENAME
}

{ lines[room]++; total++; length_of[FILENAME]++ }

/^[ \t]*#[ \t]*include/ {
	header = $0
	sub(/^[^"<]*["<]/, "", header)
	sub(/[">].*/, "", header)
	quoted = $0 ~ /include[ \t]*"/
	if (header ~ /\.\.\//) {
		complain("includes \"" header "\" by a relative path")
	} else if (is_protobuf(header)) {
		if (room != "converter/onnx")
			complain("only converter/onnx may include " header)
	} else if (quoted) {
		# installed beside each other
		if (FILENAME == "runtime/dbrt_pool.h" && header == "dbrt.h")
			header = "runtime/dbrt.h"
		if (!allowed(room, header))
			complain(room " may not include \"" header "\"")
		else if (room_of(header) == room)
			inside[FILENAME] = inside[FILENAME] " " header
	} else if (room ~ /^runtime/) {
		if (room == "runtime/posix" && header == "pthread.h")
			next
		if (room == "runtime/update/adapters")
			next
		if (!index(freestanding intrinsics, " " header " "))
			complain("runtime may not include <" header ">")
	}
}

END {
	for (room in lines)
		if (lines[room] > 0.15 * total) {
			printf "%s: %d lines, over 15 %% of %d\n", room,
				lines[room], total
			bad++
		}
	for (file in length_of)
		if (length_of[file] > 500 && file !~ /\.def$/ &&
		    file != "schemas/dbp.h") {
			printf "%s: %d lines, over 500\n", file, length_of[file]
			bad++
		}
	if (sizes != "")
		for (room in lines)
			printf "%6d %4.1f %% %s\n", lines[room],
				100 * lines[room] / total, room | "sort -rn"
	close("sort -rn")
	if (bad)
		exit 1
	printf "layers: ok (%d files)\n", files
}
' $(find $rooms -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort)
