#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Random networks as tests/converter/test_random_networks.c makes them, 300 of
# others than the quick tests have.
# long
export RANDOM_SEED="${RANDOM_SEED:-1000}"
export RANDOM_NETWORKS="${RANDOM_NETWORKS:-300}"
if said=$("$BUILD/tests/converter/test_random_networks" 2>&1); then
	echo "ok $(echo "$said" | grep ' networks: ')"
else
	echo "$said"
	echo "failed random networks"
	exit 1
fi
