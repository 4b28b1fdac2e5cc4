/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_GPTQ_H
#define DBC_QUANTIZER_WEIGHTS_GPTQ_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "quantizer/weights/gptq_factor.h"
#include "quantizer/weights/grid.h"

#define GPTQ_BLOCK 128 /* columns */

/* One output channel, and the result. */
struct gptq_row {
	const double *target; /* the weights to approximate */
	double inverse;       /* 1 / step */
	int8_t *codes;
	double loss;    /* squared error of the output, in steps */
	uint32_t state; /* of the trellis, after the columns so far */
};

/* Working space of one thread. */
struct gptq_work {
	float *rest;   /* [count][length]: weights that are still free */
	float *errors; /* [count][GPTQ_BLOCK] */
	struct trellis *trellis;
};
/* For `count` channels of `length` weights, in the arena. -1: out of memory. */
int gptq_work_new(struct gptq_work *w, int length, int count, struct arena *a);
/* Rounds `count` channels at once to codes of the grid. Dependent codes follow
 * each other in c's order. -1 with a diagnostic. */
int gptq_round(const struct gptq_factor *c, struct gptq_row *rows, int count,
	       const struct code_grid *grid, const struct gptq_work *w,
	       struct diag *d);

#endif
