#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Random budgets of size, latency and memory: each is met, or refused with the
# limit that fails. COUNT of them, for one model:
#   bench/budgets.sh BUILD COUNT MODEL.onnx PHOTOS [options]
# At the end the rank correlation (Spearman) of the losses that were predicted
# and measured, over all models that were built.
set -eu
build=$1 count=$2 model=$3 photos=$4
shift 4
work=$build/budgets
rm -rf "$work"
mkdir -p "$work"
name=$(basename "$model" .onnx)

# Predicted and measured, a line for each model that was built.
losses() {
	awk -F '[:,]' '
	/"loss"/ { loss = $2 }
	/"predicted_loss"/ { predicted = $2 }
	/"built": true/ && predicted > 0 { print predicted + 0, loss + 0 }' "$1"
}

# Ranks of a column of numbers, in the order of the lines.
ranks() {
	cut -d' ' -f"$1" "$work/losses.once" | cat -n | sort -k2,2g |
		awk '{ print $1, NR }' | sort -n | cut -d' ' -f2
}

number() {
	sed -n "s/^ *\"$1\": \([0-9.eE+-]*\),*$/\1/p" "$2" | head -1
}

"$build/dbconvert" "$model" -q --calib "$photos" "$@" -o "$work" \
	--report "$work/base.json" 2>/dev/null
size=$(number dbp_bytes "$work/base.json")
us=$(number latency_us "$work/base.json")
ram=$(number ram_bytes "$work/base.json")
met=0 refused=0 wrong=0 i=0
while [ $i -lt "$count" ]; do
	i=$((i + 1))
	limits=$(awk -v seed=$i -v size="$size" -v us="$us" -v ram="$ram" '
	BEGIN {
		srand(seed)
		printf "--max-size %d --max-latency %dus --max-ram %d",
			size * (0.1 + rand()), us * (0.82 + 0.3 * rand()),
			ram * (0.7 + 0.4 * rand())
	}')
	rm -rf "$work/out"
	status=0
	# shellcheck disable=SC2086 # a list of options
	"$build/dbconvert" "$model" -q --effort fast --calib "$photos" "$@" \
		$limits -o "$work/out" --json >"$work/out.json" \
		2>"$work/log" || status=$?
	misses=$(grep -c '"met": false' "$work/out.json" || true)
	losses "$work/out.json" >>"$work/losses"
	case $status in
	0)
		bytes=$(wc -c <"$work/out/$name.dbp")
		told=$(number dbp_bytes "$work/out.json")
		if [ "$misses" = 0 ] && [ "$bytes" = "$told" ]; then
			met=$((met + 1))
		else
			wrong=$((wrong + 1))
			echo "wrong: $limits"
		fi
		;;
	3)
		if [ "$misses" -gt 0 ] && grep -q 'cannot be met' "$work/log"; then
			refused=$((refused + 1))
			reason=$(sed -n 's/.*: \(max_[a-z]*\) cannot be met: \(.*\)/\1: \2/p' "$work/log" | tr '\n' ';')
			echo "refused: $limits: $reason"
		else
			wrong=$((wrong + 1))
			echo "wrong: $limits"
		fi
		;;
	*)
		wrong=$((wrong + 1))
		echo "wrong, status $status: $limits"
		;;
	esac
done
sort -u "$work/losses" >"$work/losses.once"
ranks 1 >"$work/ranks.1"
ranks 2 >"$work/ranks.2"
paste "$work/ranks.1" "$work/ranks.2" | awk '
{ d += ($1 - $2) ^ 2 }
END { printf "%d models built, rank correlation of losses %.3f\n", NR,
	(NR > 1) ? 1 - 6 * d / (NR * (NR * NR - 1)) : 0 }'
echo "$name: $count budgets, $met met, $refused refused, $wrong wrong"
[ $wrong -eq 0 ]
