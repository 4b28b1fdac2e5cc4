#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Same input, same bytes: any number of threads, any run.
cd "$(dirname "$0")/../.." || exit 2
. tests/cli/lib.sh
. tests/cli/same_bytes.sh

compare jobs2 "$dbconvert" --jobs 2
compare jobs7 "$dbconvert" --jobs 7
compare again "$dbconvert" --jobs 1
