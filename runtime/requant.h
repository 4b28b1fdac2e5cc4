/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_REQUANT_H
#define DBRT_REQUANT_H

#include <stdint.h>

/*
 * The one rounding rule of the packed format (schemas/dbp.md, "Arithmetic"):
 * (v * multiplier + 2^(shift-1)) / 2^shift, rounded down, in 64 bits: round
 * half up of v * multiplier / 2^shift (as gemmlowp and TensorFlow Lite, but
 * with one rounding). |v * multiplier| < 2^62, 1 <= shift <= 62.
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

static inline int32_t dbrt_requantize(int32_t acc, uint32_t multiplier,
				      uint32_t shift, int32_t zero_point,
				      int32_t low, int32_t high)
{
	int64_t q = dbrt_round_shift((int64_t)acc * multiplier, shift);

	return dbrt_clamp(q + zero_point, low, high);
}

/* x / scale rounded half to even, plus zero_point, clamped to int8; NaN gives
 * the zero point. Without libm: beyond 512 every code is clamped. */
static inline int8_t dbrt_quantize_f32(float x, float scale, int32_t zero_point)
{
	float r = x / scale, rest;
	int32_t n;

	if (!(r == r))
		return (int8_t)zero_point;
	r = r < -512.0f ? -512.0f : r > 512.0f ? 512.0f : r;
	n = (int32_t)r;
	rest = r - (float)n;
	if (rest > 0.5f || (rest == 0.5f && (n & 1)))
		n++;
	else if (rest < -0.5f || (rest == -0.5f && (n & 1)))
		n--;
	return (int8_t)dbrt_clamp(n + zero_point, -128, 127);
}

#endif
