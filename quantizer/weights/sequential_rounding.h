/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_SEQUENTIAL_ROUNDING_H
#define DBC_QUANTIZER_WEIGHTS_SEQUENTIAL_ROUNDING_H

#include "base/parallel.h"
#include "quantizer/weights/rounded_layer.h"
#include "quantizer/weights/weight_format.h"

struct paired_run;

/*
 * Rounds all layers in order, out[i] in formats[i], each with the input that
 * the rounded layers before it produce. The paired run is new, and complete
 * afterwards: paired_run_loss() returns the loss. p: NULL: no progress. -1 with
 * a diagnostic.
 */
int sequential_rounding(const struct graph *g, const struct layers *layers,
			const struct weight_format *formats,
			struct paired_run *run, struct arena *a,
			struct rounded_layer *out, const struct progress *p,
			struct diag *d);

#endif
