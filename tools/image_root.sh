#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills a folder with a program and the shared libraries that it needs to run,
# nothing else: the container image's root.
#   tools/image_root.sh PROGRAM FOLDER
set -eu
program=$1
root=$2
libs=/usr/lib/$(gcc -dumpmachine)

loader=$(ldd "$program" | awk '$1 ~ /^\/.*\/ld-/ { print $1 }')

mkdir -p "$root/usr/bin" "$root$libs" "$root/usr/lib64" "$root/work" \
	"$root/usr/share/doc"
ln -sfn usr/bin "$root/bin"
ln -sfn usr/lib "$root/lib"
ln -sfn usr/lib64 "$root/lib64"
install -s -m 755 "$program" "$root/usr/bin"
ldd "$program" | awk '$2 == "=>" { print $3 }' | sort -u | while read -r lib; do
	cp -L "$lib" "$root$libs"
	package=$(dpkg-query -S "*/${lib##*/}" 2>/dev/null |
		head -n 1 | cut -d: -f1)
	# licences go where their libraries go
	licence=/usr/share/doc/$package/copyright
	if [ -f "$licence" ]; then
		install -D -m 644 "$licence" "$root$licence"
	fi
done
cp -L "$loader" "$root$loader"
chmod 1777 "$root/work"
