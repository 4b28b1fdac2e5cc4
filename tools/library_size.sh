#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the bytes of code and constants of libdbrt.a files, with every
# operator linked.
for lib in "$@"; do
	printf '%-10s %7d bytes of text\n' \
		"$(basename "$(dirname "$lib")")" \
		"$(size -t "$lib" 2>/dev/null | awk 'END { print $1 }')"
done
