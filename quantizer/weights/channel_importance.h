/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_CHANNEL_IMPORTANCE_H
#define DBC_QUANTIZER_WEIGHTS_CHANNEL_IMPORTANCE_H

#include "quantizer/graph/weighted_layers.h"

/*
 * What errors of each layer's output channels cost: from squares of gradients
 * of the heads, each head counting by its variance, over some samples, the
 * diagonal of the Gauss-Newton matrix. Sets layers->rows[].importance, or
 * leaves it where a node of the network has no gradient.
 */
int importance_find(const struct graph *g, struct layers *layers,
		    const struct samples *samples, int jobs, struct arena *a,
		    struct diag *d);

#endif
