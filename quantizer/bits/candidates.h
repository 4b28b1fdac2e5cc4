/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_CANDIDATES_H
#define DBC_QUANTIZER_BITS_CANDIDATES_H

#include "quantizer/bits/cost.h"
#include "quantizer/graph/weighted_layers.h"

/* A way to hold a layer's weights, and what it would cost. */
struct option {
	struct choice choice;
	double bytes; /* in the file: codes; scales and biases are the same */
	double time_us;
	double error; /* squared error of the layer's output, by itself */
	double loss;  /* what that is for the whole network: error over
		       * variance of the heads, about */
};

struct layer_options {
	struct option *rows;
	int count;
	double sensitivity; /* loss an error of one */
};

/*
 * Lists what each layer may become on a target: codes of 2, 4 and 8 bits
 * with a scale a channel and, where files are coded, one step for the whole
 * layer out of a range of steps. Errors are measured against the float
 * network's own input; sensitivities, on `samples` of the twin's size, by
 * what the heads lose when one layer alone is rounded.
 */
int options_list(const struct graph *g, const struct layers *l,
		 const struct cost_target *target, const struct config *c,
		 const struct samples *samples, struct arena *a,
		 struct layer_options **out, progress_fn *progress, void *ctx,
		 struct diag *d);

#endif
