/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_REQUANT_H
#define DBRT_REQUANT_H

#include <stdint.h>

/*
 * The one rounding rule of the packed format (schemas/dbp.md, "Arithmetic"):
 * (v * multiplier + 2^(shift-1)) / 2^shift, rounded down, in 64 bits, where
 * |v * multiplier| < 2^62 and 1 <= shift <= 62. Ties go up.
 */
static inline int64_t dbrt_round_shift(int64_t v, uint32_t shift)
{
	/* Right shift of a negative number is arithmetic on every compiler
	 * that the library supports (gcc, clang). */
	return (v + ((int64_t)1 << (shift - 1))) >> shift;
}

static inline int32_t dbrt_clamp(int64_t v, int32_t low, int32_t high)
{
	return (int32_t)(v < low ? low : v > high ? high : v);
}

static inline int8_t dbrt_requantize(int32_t acc, uint32_t multiplier,
				     uint32_t shift, int32_t zero_point,
				     int32_t low, int32_t high)
{
	int64_t q = dbrt_round_shift((int64_t)acc * multiplier, shift);

	return (int8_t)dbrt_clamp(q + zero_point, low, high);
}

#endif
