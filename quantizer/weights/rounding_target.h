/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_ROUNDING_TARGET_H
#define DBC_QUANTIZER_WEIGHTS_ROUNDING_TARGET_H

#include "quantizer/activations/channel_means.h"
#include "quantizer/weights/gptq.h"
#include "quantizer/weights/input_covariance.h"

/* What all formats of a layer share: the weights to approximate, and the
 * factors of the input covariance. */
struct rounding_target {
	const struct weighted_layer *l;
	const struct input_covariance *inputs; /* NULL: round to nearest */
	const struct channel_means *means; /* without inputs; NULL: not known */
	struct gptq_factor *factors;       /* with inputs, by group */
	double *error_weight; /* by group: geometric mean of the cost of a
			       * weight's squared error */
	double *weights;      /* [channels][length] */
	double signal;        /* variance of the output, all channels */
};
/* inputs NULL or of length 0: the target is the layer's own weights. In the
 * arena; -1 with a diagnostic. */
int rounding_target_prepare(const struct weighted_layer *l,
			    const struct input_covariance *inputs,
			    const struct channel_means *means, int jobs,
			    struct arena *a, struct rounding_target *out,
			    struct diag *d);

#endif
