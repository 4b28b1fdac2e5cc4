/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_CANDIDATES_H
#define DBC_QUANTIZER_BITS_CANDIDATES_H

#include "base/parallel.h"
#include "ir/samples.h"
#include "quantizer/bits/cost.h"
#include "quantizer/bits/input_widths.h"
#include "quantizer/weights/weight_format.h"

/* A format for a layer's weights, and its estimated cost. */
struct candidate {
	struct weight_format format;
	double bytes; /* of codes in the file; scales and biases cost the same
		       * in all formats */
	double time_us[INPUT_WIDTHS]; /* by width of the input; [0]: as it is */
	double error;                 /* squared error of the layer's output */
	double loss; /* error * sensitivity: squared error over variance of
		      * the heads, about */
};

struct layer_candidates {
	struct candidate *rows;
	int count;
	double sensitivity; /* loss per error */
};

/* One way to round layers. */
struct candidate_variant {
	struct rounding_settings settings;
	const double *const *importance; /* by layer; NULL: none */
};

/* What candidates are listed for. */
struct candidate_settings {
	const struct graph *g;
	const struct layers *layers;
	const struct candidate_variant *variants;
	int variant_count; /* 1 or more */
	const struct cost_target *target;
	const struct config *c;
	const struct samples *samples;
	const struct progress *progress; /* NULL: none */
};

/*
 * Lists the candidates of each layer on a target: codes of 2 to 8 bits with a
 * scale or a codebook per channel; where files are coded, one step for the
 * whole layer, out of a range of steps. out[v], in the arena, is by layer, for
 * variant v. All variants see the inputs that the first one leaves, and have
 * its sensitivities. -1 with a diagnostic.
 */
int candidates_list(const struct candidate_settings *s, struct arena *a,
		    struct layer_candidates **out, struct diag *d);

#endif
