#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/board_peers.sh PEERS: XNNPACK's convolutions and ncnn's networks on the
# simulated core of bench/kernels.sh, beside the figures of that script and of
# bench/models.sh, which it makes where they are not there yet. PEERS holds what
# the recipes beside the simulator build:
#   bench_xnn                      linked to an XNNPACK whose shared libraries
#                                  stand in lib/
#   bench_ncnn                     and for every network NAME.WxH.param and .bin
# On the terminal and in build/bench/peers.tsv: program, layer or network,
# cycles. Missing programs and a missing simulator are said and skipped.
set -eu
cd "$(dirname "$0")/.."
gem5=${GEM5:-../shared/gem5}
peers=$1
out=build/bench
if ! [ -x "$gem5/referee" ]; then
	echo "skipped: no $gem5/referee"
	exit
fi
[ -s "$out/kernels.tsv" ] || bench/kernels.sh >/dev/null
: >"$out/peers.tsv"

# row PROGRAM NAME CYCLES
row() {
	printf '%s\t%s\t%s\n' "$@" | tee -a "$out/peers.tsv"
}

if [ -x "$peers/bench_xnn" ]; then
	"$gem5/referee" --interp /usr/aarch64-linux-gnu/ \
		--redirect "/proc=$gem5/rootfs/proc" \
		--redirect "/sys=$gem5/rootfs/sys" --env \
		"LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib:$peers/lib" \
		"$peers/bench_xnn" |
		awk '/^LAYER/ { name = $4; for (i = 5; i <= NF; i++)
				name = name " " $i }
			/^REGION/ { print name ":" $5 }' |
		while IFS=: read -r name cycles; do
			row XNNPACK "$name" "$cycles"
		done
else
	echo "skipped: no $peers/bench_xnn"
fi
for param in "$peers"/*.param; do
	if ! [ -x "$peers/bench_ncnn" ] || ! [ -f "$param" ]; then
		echo "skipped: no $peers/bench_ncnn or no network for it"
		break
	fi
	name=$(basename "$param" .param)
	shape=${name##*.}
	"$gem5/referee" "$peers/bench_ncnn" "$param" "${param%.param}.bin" \
		"${shape%x*}" "${shape#*x}" | awk '/^REGION/ { print $5 }' |
		while read -r cycles; do
			row ncnn "$name" "$cycles"
		done
done
awk -F '\t' '{ print "dbconvert\t" $1 " " $2 "\t" $5 }' "$out/kernels.tsv" |
	tee -a "$out/peers.tsv"
[ ! -s "$out/models.tsv" ] ||
	awk -F '\t' '{ print $2 "\t" $1 " " $3 " bits\t" $5 }' \
		"$out/models.tsv" | tee -a "$out/peers.tsv"
