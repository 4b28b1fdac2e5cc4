/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_TRELLIS_H
#define DBP_TRELLIS_H

/*
 * Dependent (trellis-coded) quantization: Schwarz et al., "Hybrid video coding
 * with trellis-coded quantization", DCC 2019. Each weight of a row uses one of
 * two sets of levels: the even numbers, or zero and the odd numbers. The codes
 * so far select the set of the next weight (4 states). Each set is as coarse,
 * and as cheap, as a step of 2; both together are as fine as a step of 1. A
 * row begins in state 0; even states use the even numbers.
 */
#include <stdint.h>

#define DBP_TRELLIS_STATES 8

/* Next state, by state and parity of a code. */
static inline uint32_t dbp_trellis_next(uint32_t state, uint32_t size)
{
	static const uint8_t next[DBP_TRELLIS_STATES][2] = {
		{ 0, 2 }, { 5, 7 }, { 1, 3 }, { 6, 4 },
		{ 2, 0 }, { 4, 6 }, { 3, 1 }, { 7, 5 }
	};

	return next[state][size & 1];
}

/* The size of a level from the size of its code, and back. */
static inline uint32_t dbp_trellis_level(uint32_t state, uint32_t size)
{
	return size ? 2 * size - (state & 1) : 0;
}

static inline uint32_t dbp_trellis_size(uint32_t state, uint32_t level)
{
	return (level + (state & 1)) / 2;
}

#endif
