/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_STEP_ROWS_H
#define DBC_QUANTIZER_BITS_STEP_ROWS_H

#include "quantizer/bits/candidates.h"

#define STEP_ROWS_MAX 16

/* Measured candidates of one width, whose steps are each half of the one
 * before: places in layer_candidates.rows, -1 where there is none. */
struct step_rows {
	int at[STEP_ROWS_MAX];
	int count;
};

/* Appends the candidates between neighbours, whose step is the geometric mean.
 * Rows must have room. */
void step_rows_interpolate(const struct step_rows *s,
			   struct layer_candidates *o);

#endif
