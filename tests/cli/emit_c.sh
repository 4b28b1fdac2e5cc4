# SPDX-License-Identifier: Apache-2.0
# A packed model against the same in C; sourced after lib.sh.
# shellcheck shell=sh disable=SC2154 # lib.sh

# bits_prepare DIR STEM: the program that compares STEM.h in DIR with the model
# in C in $work/c
bits_prepare() {
	from=$1 stem=$2
	upper=$(echo "$2" | tr '[:lower:]' '[:upper:]')
	"$dbconvert" inspect --emit c -o "$work/c" "$1/$2.dbp" &&
		sed "s/STEM_ARENA_BYTES/${upper}_ARENA_BYTES/; s/STEM/$2/g" \
			>"$work/bits.c" <<'C'
#include <stdio.h>
#include "STEM.h"
#include "STEM_run.h"
static unsigned char ram[2][STEM_ARENA_BYTES] __attribute__((aligned(64)));
int main(void)
{
	struct dbrt_model packed, in_c;
	uint32_t a = 0, b = 1;

	if (dbrt_load(&packed, STEM_dbp, sizeof(STEM_dbp), ram[0],
		      sizeof(ram[0])) ||
	    STEM_open(&in_c, ram[1], STEM_ARENA) || dbrt_selftest(&in_c))
		return 1;
	for (uint32_t seed = 1; seed < 4; seed++) {
		if (dbrt_golden_crc32(&packed, seed, &a) ||
		    dbrt_golden_crc32(&in_c, seed, &b) || a != b)
			return 1;
		printf("%08lx\n", (unsigned long)a);
	}
	return STEM_open(&in_c, ram[1], STEM_ARENA - 1) != DBRT_ERROR_ARENA;
}
C
}

# same_bits COMPILER... (its files and options): builds $work/bits
same_bits() {
	"$@" -std=c99 -I. -Iruntime -I"$from" -I"$work/c" -ffp-contract=off \
		-o "$work/bits" "$work/bits.c" "$work/c/${stem}_run.c" \
		runtime/*.c
}
