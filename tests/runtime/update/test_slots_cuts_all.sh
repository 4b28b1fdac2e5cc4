#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# long
# Power cuts at every step of updates, and 10,000 pairs of cuts.
cd "$(dirname "$0")/../../.." || exit 2
program=${BUILD:-build/release}/tests/runtime/update/test_slots_cuts

if CUTS=10000 "$program" 2>&1; then
	echo "ok every step, 10000 pairs"
else
	echo "failed every step, 10000 pairs"
fi
