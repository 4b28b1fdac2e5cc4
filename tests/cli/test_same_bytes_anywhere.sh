#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# Same input, same bytes: compilers and processors.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/same_bytes.sh

if [ -x build/clang/dbconvert ]; then
	compare clang "$PWD/build/clang/dbconvert" --jobs 2
else
	echo "skipped clang: build/clang is not built"
fi
for cpu in Nehalem Haswell; do
	if command -v qemu-x86_64 >/dev/null; then
		compare "$cpu" qemu-x86_64 -cpu "$cpu" "$dbconvert" --jobs 1
	else
		echo "skipped $cpu: no qemu-x86_64"
	fi
done
