/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_INPUT_COVARIANCE_H
#define DBC_QUANTIZER_WEIGHTS_INPUT_COVARIANCE_H

#include "quantizer/graph/weighted_layers.h"
#include "quantizer/simulate/paired_run.h"

/*
 * Statistics of a layer's input patches, in codes less the zero point, about
 * their means. x is a patch of the float network, q the same patch of the
 * quantized one. The covariance of q is half the Hessian of the layer's squared
 * output error. Matrices are [length][length], one per group.
 */
struct input_covariance {
	int length, groups; /* length 0: not known */
	int patches;
	double *covariance;            /* E[q q'] */
	double *error_covariance;      /* E[(x - q) q'], rows by x */
	double *mean, *mean_quantized; /* of x, of q: [group][length] */
};
/* Products of so many patches are summed in float, and these sums in double. */
#define INPUT_COVARIANCE_FLOATS 256

/* Over the samples of the run, whose next node must be the layer's. Length 0
 * where patches are too long. In the arena; -1 with a diagnostic. */
int input_covariance_gather(const struct paired_run *t,
			    const struct weighted_layer *l, struct arena *a,
			    struct input_covariance *out, struct diag *d);

#endif
