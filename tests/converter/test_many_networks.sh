#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Random networks as tests/converter/test_random_networks.c makes them, 300 of
# others than the quick tests have.
# long
program=$BUILD/tests/converter/test_random_networks
export RANDOM_SEED="${RANDOM_SEED:-1000}"
export RANDOM_NETWORKS="${RANDOM_NETWORKS:-300}"
if "$program"; then
	echo "ok $RANDOM_NETWORKS random networks from seed $RANDOM_SEED"
else
	echo "failed random networks"
	exit 1
fi
