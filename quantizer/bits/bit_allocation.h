/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_BIT_ALLOCATION_H
#define DBC_QUANTIZER_BITS_BIT_ALLOCATION_H

#include "quantizer/bits/candidates.h"
#include "quantizer/bits/input_widths.h"

/* Limits on all layers together; INFINITY: none. */
struct bit_limits {
	double bytes;      /* of codes in the file */
	double time_us;    /* by the target's cost model */
	double tile_bytes; /* of codes in memory */
};

/* Bytes of a layer's codes in memory. */
double candidate_tile_bytes(const struct weighted_layer *l,
			    const struct candidate *c);

/* The least time of a layer, over its candidates and the widths of its
 * input. */
double candidates_least_time(const struct layer_candidates *o,
			     const struct input_groups *inputs, int layer);

/*
 * chosen[i] becomes the candidate of layer i, and widths[g] the width of group
 * g of `inputs` (NULL: none): least loss within the limits, or up to 5 % more
 * where that is faster; a quarter more, or some of the heads' variance, where
 * there are widths to choose. 0; 1 where no choice is within the limits (chosen
 * and widths are left alone); -1: out of memory.
 */
int bit_allocation_solve(const struct layers *layers,
			 const struct layer_candidates *candidates,
			 const struct input_groups *inputs,
			 const struct bit_limits *limits, int *chosen,
			 int *widths);

/* Says, for people, how much the next smaller candidate would lose, and the
 * next better one would save. In the arena; NULL: out of memory. */
const char *bit_allocation_explain(const struct layer_candidates *o, int chosen,
				   struct arena *a);

#endif
