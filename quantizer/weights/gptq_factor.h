/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_GPTQ_FACTOR_H
#define DBC_QUANTIZER_WEIGHTS_GPTQ_FACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/*
 * The order in which the weights of a channel are rounded, and how the later
 * weights compensate for the error of each: the rows of an upper triangular u
 * with (covariance + damping)^-1 = u' u, in that order. u[j][j] is the pivot of
 * weight j: an error of e steps costs (e / pivot)^2.
 */
struct gptq_factor {
	int length;
	int *order;
	double damping; /* added to each variance */
	float *rows;    /* u, [length][length] */
};
/* In the arena, in the constant's order. -1: out of memory. */
int gptq_factor_new(struct gptq_factor *c, int length, struct arena *a);
/* Inputs of largest variance first (GPTQ's "act order"). -1: out of memory. */
int gptq_factor_sort(struct gptq_factor *c, const double *covariance);
/* Factors a covariance [length][length], in c's order. patches: that it is the
 * mean of. damping: share of the mean variance that is added to each variance.
 * alone: only the variances count, so no weight compensates for another. -1
 * with a diagnostic. */
int gptq_factor_set(struct gptq_factor *c, const double *covariance,
		    int patches, double damping, bool alone, struct diag *d);
/*
 * The target of asymmetric calibration (GPTAQ) of `count` output channels: the
 * weights w, [count][length], whose output from the quantized input comes
 * nearest to the output of w from the float input, by least squares: w += w
 * error_covariance (covariance + damping)^-1. -1 with a diagnostic.
 */
int gptq_asymmetric_target(const struct gptq_factor *c,
			   const double *error_covariance, double *w, int count,
			   struct diag *d);

#endif
