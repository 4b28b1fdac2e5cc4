/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

/* The next state of a linear congruential generator (Numerical Recipes). Its
 * low bits are poor: use the upper ones. */
static inline uint32_t random_next(uint32_t *state)
{
	return *state = *state * 1664525u + 1013904223u;
}

/* 24 bits. */
static inline uint32_t random_bits24(uint32_t *state)
{
	return random_next(state) >> 8;
}

/* From -1 to below 1. */
static inline float random_signed(uint32_t *state)
{
	return (float)random_bits24(state) / (1 << 23) - 1;
}

#endif
