#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the paths of samples as bench/models.txt names them:
#   bench/samples.sh DATA FOLDER[:FROM-TO],...
# Photos of a folder are taken alternately from its subfolders.
data=$1

list_folder() {
	find "$1" -type f \( -name '*.jpg' -o -name '*.jpeg' -o -name '*.png' \
		-o -name '*.JPEG' -o -name '*_input_0.pb' \) |
		LC_ALL=C sort | awk -F/ '{
			path = $0
			sub(/\/[^\/]*$/, "")
			printf "%06d %s\n", seen[$0]++, path
		}' | LC_ALL=C sort | cut -d' ' -f2-
}

for part in $(echo "$2" | tr ',' ' '); do
	folder=${part%%:*}
	range=${part#"$folder"}
	range=${range#:}
	if [ -z "$range" ]; then
		list_folder "$data/$folder"
	else
		list_folder "$data/$folder" |
			sed -n "$((${range%-*} + 1)),$((${range#*-} + 1))p"
	fi
done
