/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_GPTQ_H
#define DBC_QUANTIZER_WEIGHTS_GPTQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "quantizer/weights/grid.h"

/*
 * The order in which the weights of a channel are rounded, and by how much
 * the later ones make up for each: rows of an upper triangle u, with
 * (covariance + damping)^-1 = u' u in that order.
 */
struct compensation {
	int length;
	int *order;
	double damping; /* of each variance */
	float *rows;    /* of u */
};
/* In the order that they lie in. -1 when memory is exhausted. */
int compensation_new(struct compensation *c, int length, struct arena *a);
/* Inputs that vary most first. -1 when memory is exhausted. */
int compensation_sort(struct compensation *c, const double *covariance);
/* In c's order, from a covariance [length][length], taken over so many patches,
 * with a share of the mean variance added to all; alone: errors are not made
 * up for. */
int compensation_set(struct compensation *c, const double *covariance,
		     int patches, double damping, bool alone, struct diag *d);
/*
 * Moves the weights w to where they give from the coded input what the given
 * ones give from the real one: w += w missing (covariance + damping)^-1, with
 * `missing` the covariance of what the coded input lacks with it (asymmetric
 * calibration, GPTAQ). `rest` is working space of twice the length.
 */
void compensation_aim(const struct compensation *c, const double *missing,
		      double *w, double *rest);

/* A channel to be rounded, and what comes of it. */
struct compensated {
	const double *target; /* weights */
	double inverse;       /* 1 over the step */
	int8_t *codes;
	double loss;    /* squared error of the output, in steps */
	uint32_t state; /* of the trellis, as far as it has come */
};
#define COMPENSATE_BLOCK 128

/* Working space of one thread. */
struct compensate_work {
	float *rest;             /* [count][length] */
	float *errors;           /* [count][COMPENSATE_BLOCK] */
	struct trellis *trellis; /* see trellis.c */
};
/* For so many channels of such a length. -1 when memory is exhausted. */
int compensate_work_new(struct compensate_work *w, int length, int count,
			struct arena *a);
/* Codes of the grid for `count` channels at once; a dependent one's are written
 * in c's order. */
int compensate(const struct compensation *c, struct compensated *rows,
	       int count, const struct grid *grid,
	       const struct compensate_work *w, struct diag *d);

struct trellis *trellis_new(struct arena *a);
/* Columns [first, end) of one row: the best path from the row's state. errors
 * gets what is to be spread over the columns behind. */
void trellis_block(struct trellis *t, const struct compensation *c,
		   struct compensated *row, const float *rest, int first,
		   int end, const struct grid *grid, float *errors);

#endif
