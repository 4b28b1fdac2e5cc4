#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each fuzz target on the inputs that it begins with, without a fuzzer.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
for source in tests/fuzz/fuzz_*.c; do
	kind=$(basename "$source" .c | sed 's/^fuzz_//')
	mkdir "$folder/$kind"
	if said=$(FUZZ_SEEDS=$folder/$kind "$BUILD/fuzz_replay_$kind" \
		"$folder/$kind" 2>&1) && [ "$said" != "0 inputs" ]; then
		echo "ok $kind: $said"
	else
		echo "$said"
		echo "failed $kind"
		failed=1
	fi
done
exit $failed
