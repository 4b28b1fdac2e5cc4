#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of packages.txt that are missing:
#   tools/deps.sh SECTION...            install
#   tools/deps.sh -l SECTION...         list only
#   tools/deps.sh -m TEXT SECTION...    install, TEXT is said before
# It says which packages before it installs them. Without the rights to
# install, it names them and the command, with exit status 1.
set -eu
cd "$(dirname "$0")/.."
list='' text="installing:"
case $1 in
-l)
	list=yes
	shift
	;;
-m)
	text=$2
	shift 2
	;;
esac
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
done | tr '\n' ' ')
[ -z "$missing" ] && exit
root=
if [ "$(id -u)" -ne 0 ]; then
	root=sudo
	command -v sudo >/dev/null 2>&1 || {
		echo "error: packages are missing: $missing" >&2
		echo "hint: as root: apt-get install $missing" >&2
		exit 1
	}
fi
echo "$text $missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$root apt-get install -y -qq --no-install-recommends $missing
