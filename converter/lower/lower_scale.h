/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_SCALE_H
#define DBC_CONVERTER_LOWER_LOWER_SCALE_H

#include "converter/lower/lower_state.h"

/*
 * A multiplier of 16 bits: ratio = multiplier / 2^shift, rounded to nearest,
 * multiplier 32768 to 65535. Ratios too small to matter give multiplier 0
 * and the least shift; -1 for those that need a smaller shift than
 * `min_shift`.
 */
int scale_to_multiplier(double ratio, int min_shift, int max_shift,
			uint32_t *multiplier, uint32_t *shift);
/* round(real / scale) + zero_point, half to even, clamped; NaN gives the
 * zero point. */
int8_t scale_code(double real, double scale, int32_t zero_point);
/* The clamp of an activation (NONE, RELU, CLIP) in an S8 output's codes. */
void scale_clamp(const struct activation *act, const struct quant *q,
		 int8_t *low, int8_t *high);

/* The value of which the node is an elementwise function: the node is a unary
 * operator, or a binary one whose other operand is a constant of one element.
 * NULL for other nodes. */
const struct value *scalar_fn_input(const struct node *n);
/* Fills `table` with the output code of the node for every code of `in`, lowest
 * first: scalar_fn_table_size() entries, computed with the evaluator. */
#define SCALAR_FN_TABLE_MOST 1024
int scalar_fn_table_size(const struct quant *in);
int scalar_fn_table(struct lower *l, const struct node *n,
		    const struct quant *in, const struct quant *out,
		    int8_t *table);

#endif
