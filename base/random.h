/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_RANDOM_H
#define DBC_BASE_RANDOM_H

#include <stdint.h>

/* The next of a sequence of 64-bit numbers: splitmix64 (Steele, Lea, Flood:
 * Fast splittable pseudorandom number generators, 2014). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* In [0, 1), exactly the same on every machine. */
static inline double random_double(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1p-53;
}

#endif
