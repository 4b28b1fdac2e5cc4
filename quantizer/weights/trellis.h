/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_TRELLIS_H
#define DBC_QUANTIZER_WEIGHTS_TRELLIS_H

#include "base/arena.h"
#include "quantizer/weights/gptq.h"

/* Working space of one thread. */
struct trellis;
/* NULL: out of memory. */
struct trellis *trellis_new(struct arena *a);
/*
 * Rounds columns [first, end) of one row to dependent codes: the best path from
 * the row's state. rest: [length], the weights with the errors of the columns
 * before, in steps. errors[i] gets the error of column first + i, over its
 * pivot, to be spread over the columns after `end`.
 */
void trellis_block(struct trellis *t, const struct gptq_factor *c,
		   struct gptq_row *row, const float *rest, int first, int end,
		   const struct code_grid *grid, float *errors);

#endif
