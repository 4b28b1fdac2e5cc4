#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of packages.txt that are missing:
#   tools/deps.sh SECTION...       install
#   tools/deps.sh -l SECTION...    list only
set -eu
cd "$(dirname "$0")/.."
list=
if [ "$1" = -l ]; then
	list=yes
	shift
fi
packages=$(for section in "$@"; do
	sed -n "/^\[$section\]\$/,/^\[/{/^[a-z0-9]/p}" packages.txt
done)
if [ -n "$list" ]; then
	echo "$packages"
	exit
fi
missing=$(for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
		grep -q 'ok installed' || echo "$package"
done)
[ -z "$missing" ] && exit
echo "installing: $(echo "$missing" | tr '\n' ' ')"
root=
[ "$(id -u)" -eq 0 ] || root=sudo
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$root apt-get install -y -qq --no-install-recommends $missing
