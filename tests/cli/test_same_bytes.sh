#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Same input, same bytes: any number of threads, any run, any instruction set
# that this processor has.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/same_bytes.sh

compare jobs2 "$dbconvert" --jobs 2
compare jobs7 "$dbconvert" --jobs 7
compare again "$dbconvert" --jobs 1
for row in sse2 avx2 avx512 neon; do
	if DBCONVERT_SIMD=$row "$dbconvert" run "$blobs/blobs.onnx" \
		"$blobs/photos" >/dev/null 2>&1; then
		compare "$row" env DBCONVERT_SIMD=$row "$dbconvert" --jobs 1
	fi
done
