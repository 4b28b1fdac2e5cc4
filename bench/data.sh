# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by scripts that measure real models: their folder, data; without it
# the script ends.
data=$PWD/../shared/data
[ -d "$data/models" ] || {
	echo "skipped: no $data/models"
	exit
}
