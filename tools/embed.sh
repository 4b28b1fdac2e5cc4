#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints a C file that holds the given target files as strings.
set -eu
export LC_ALL=C
echo '/* Made by tools/embed.sh. */'
echo '#include "converter/target_files.h"'
echo 'const struct target_file target_files[] = {'
for file in "$@"; do
	name=${file##*/}
	printf '\t{"%s",\n' "${name%.yaml}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/\t"&\\n"/' "$file"
	printf '\t},\n'
done
echo '};'
echo "const int target_file_count = $#;"
