/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_WEIGHTS_H
#define DBC_CONVERTER_LOWER_LOWER_WEIGHTS_H

#include "converter/lower/lower_state.h"

/* Codes of a Conv, ConvTranspose or Gemm in one order: [Cout][K], where the
 * window is flattened as (ky, kx, ci) and K = taps * input channels of a group.
 */
struct weights {
	int bits; /* 2, 4, 8, as stored */
	enum dbp_grid grid;
	uint32_t outputs, groups, k, taps;
	int8_t *codes;
	int8_t *levels; /* [outputs][1 << bits]; or NULL */
	double *scale;  /* [outputs], of one unit of the grid */
};
int weights_of(struct lower *l, const struct node *n, struct weights *w);
/* The number that a code represents, before the scale. */
int weights_number(const struct weights *w, uint32_t output, int8_t code);
/* Multiplies the numbers of each channel by a factor, and divides its scale.
 * They stay within 8 bits. -1: out of memory. */
int weights_multiply(struct lower *l, struct weights *w, const int *factors);
/* The codes as the kernels read them: schemas/dbp.md. NULL when memory is
 * exhausted. */
uint8_t *weights_tiles(struct arena *a, const struct weights *w,
		       uint32_t *bytes);
uint8_t *weights_depthwise_tiles(struct arena *a, const struct weights *w,
				 uint32_t *bytes);

#endif
