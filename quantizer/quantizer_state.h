/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_QUANTIZER_STATE_H
#define DBC_QUANTIZER_QUANTIZER_STATE_H

#include "quantizer/graph/weighted_layers.h"
#include "quantizer/bits/candidates.h"

/* What the parts of the quantizer share. */
struct quantizer {
	struct graph *g;
	const struct config *c;
	const struct cost_target *target;
	struct picture_samples drawn;
	struct samples samples, few; /* all, and some of them, evenly spread */
	bool given;                  /* samples; otherwise they are drawn */
	bool telling;                /* samples look like what will come */
	progress_fn *progress;
	void *progress_ctx;
	struct calibration seen;
	const struct node **grids; /* by root: of the model itself, or NULL */
	struct tracks tracks;
	struct layers layers;
	struct manner usual;
	const double **importance;     /* by layer; NULL: not found yet */
	struct choice *choices;        /* by layer */
	struct layer_options *options; /* NULL: not tabulated */
	int *chosen;                   /* of the options */
	struct rounded *rounded;       /* the last */
	struct arena arena, results;
};

/* Gives every value that the device holds in integers its scale, from what
 * calibration has seen; root: domain_assign(). */
int quantize_activations(struct quantizer *q, const uint32_t *root,
			 const struct input_range *image_range, struct diag *d);

#endif
