/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_FMATH_H
#define DBRT_FMATH_H

#include <stdint.h>

/*
 * Elementary functions of the float tail. They use only IEEE single +, -, *, /
 * and integer arithmetic: the same bits on every processor and with every
 * compiler (without contraction), without libm. Infinities, zeros and NaN as
 * in C99 Annex F; every NaN result is dbrt_nan().
 */
/* C11 allows this use of a union; memcpy() is a call in freestanding code. */
union dbrt_float {
	float x;
	uint32_t bits;
};

static inline uint32_t dbrt_float_bits(float x)
{
	const union dbrt_float u = { .x = x };

	return u.bits;
}

static inline float dbrt_float_of(uint32_t bits)
{
	const union dbrt_float u = { .bits = bits };

	return u.x;
}

static inline float dbrt_nan(void)
{
	return dbrt_float_of(0x7fc00000u);
}

static inline float dbrt_infinity(void)
{
	return dbrt_float_of(0x7f800000u);
}

/* a or b without a branch: a branch would prevent vectorization */
static inline uint32_t dbrt_pick(int first, uint32_t a, uint32_t b)
{
	return b ^ ((a ^ b) & (0u - (uint32_t)first));
}

/* Processors make different NaNs: this returns one NaN for all of them. */
static inline float dbrt_canonical(float x)
{
	uint32_t bits = dbrt_float_bits(x);

	return dbrt_float_of(dbrt_pick((bits & 0x7fffffffu) > 0x7f800000u,
				       0x7fc00000u, bits));
}

static inline float dbrt_absf(float x)
{
	return dbrt_float_of(dbrt_float_bits(x) & 0x7fffffffu);
}

float dbrt_expf(float x);           /* relative error under 2e-7 */
float dbrt_logf(float x);           /* relative error under 2e-7 */
float dbrt_log1pf(float x);         /* relative error under 4e-7; x > -1 */
float dbrt_powf(float x, float y);  /* relative error under 4e-7 */
float dbrt_tanhf(float x);          /* absolute error under 2e-7 */
float dbrt_sigmoidf(float x);       /* absolute error under 2e-7 */
float dbrt_erff(float x);           /* absolute error under 2e-7 */
float dbrt_sqrtf(float x);          /* correctly rounded */
float dbrt_fmodf(float x, float y); /* exact; the sign of x, as C's fmodf */
float dbrt_floorf(float x);
float dbrt_ceilf(float x);
float dbrt_roundf(float x); /* half to even, as C's rintf */

/* The same functions with the same bits on DBRT_BLOCK floats in place, as
 * loops that compilers vectorize. */
#define DBRT_BLOCK 16
void dbrt_exp_block(float *x);
void dbrt_sigmoid_block(float *x);

/* x / scale rounded half to even, plus the zero point, clamped to int8; NaN
 * gives the zero point. */
int8_t dbrt_quantize(float x, float scale, int32_t zero_point);

#endif
