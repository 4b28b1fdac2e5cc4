/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_INPUT_PATCHES_H
#define DBC_QUANTIZER_WEIGHTS_INPUT_PATCHES_H

#include "ir/window.h"
#include "quantizer/graph/weighted_layers.h"
#include "quantizer/simulate/paired_run.h"

/* Where the patches of a layer's input come from: some places of each sample of
 * a run whose next node is the layer's. */
struct input_patches {
	const struct paired_run *run;
	const struct weighted_layer *l;
	struct window window; /* of a Conv */
	int64_t taps;         /* 1 without a window */
	int64_t places;       /* positions of patches, per sample */
	int per_sample;       /* patches */
	float *scale;         /* by channel of the input */
};

/* per_sample 0 where the layer's inputs are no patches. scale is in the arena.
 * -1 with a diagnostic. */
int input_patches_init(struct input_patches *p, const struct paired_run *run,
		       const struct weighted_layer *l, struct arena *a,
		       struct diag *d);

/*
 * Copies the patches of a sample, of channels [first, first + channels) alone,
 * in codes less the zero point: x, q: [per_sample][tap][channel], of the float
 * network and of the quantized one.
 */
void input_patches_copy(const struct input_patches *p, int sample,
			int64_t first, int64_t channels, float *x, float *q);

#endif
