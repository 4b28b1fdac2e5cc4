/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_FLOAT_BLOCK_H
#define DBRT_FLOAT_BLOCK_H

/* Blocks of DBRT_BLOCK floats, on which loops are vectorized whatever memory
 * the operands share. */
#include <stddef.h>
#include <string.h>

#include "runtime/fmath.h"

/* Where flash is counted in kilobytes, one loop for all functions is enough. */
#ifdef __OPTIMIZE_SIZE__
#define DBRT_HAS_BLOCKS 0
#else
#define DBRT_HAS_BLOCKS 1
#endif

/* n <= DBRT_BLOCK floats, `step` elements apart, to x. */
static inline void dbrt_load_block(float *x, const float *in, int32_t step,
				   uint32_t n)
{
	uint32_t i;

	if (step == 1 && n == DBRT_BLOCK)
		memcpy(x, in, DBRT_BLOCK * sizeof(*x));
	else
		for (i = 0; i < n; i++)
			x[i] = in[(ptrdiff_t)i * step];
}

/* Canonical floats from x back to memory. */
static inline void dbrt_store_block(float *out, float *x, int32_t step,
				    uint32_t n)
{
	uint32_t i;

	for (i = 0; i < DBRT_BLOCK; i++)
		x[i] = dbrt_canonical(x[i]);
	if (step == 1 && n == DBRT_BLOCK)
		memcpy(out, x, DBRT_BLOCK * sizeof(*x));
	else
		for (i = 0; i < n; i++)
			out[(ptrdiff_t)i * step] = x[i];
}

#endif
