/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_CHANNEL_IMPORTANCE_H
#define DBC_QUANTIZER_WEIGHTS_CHANNEL_IMPORTANCE_H

#include "base/diag.h"
#include "ir/samples.h"
#include "quantizer/graph/weighted_layers.h"

/*
 * The importance of each layer's output channels: the root of the diagonal of
 * the Gauss-Newton matrix, see channel_importance.c. Sets
 * layers->rows[].importance, in the arena, or leaves it alone where a node of
 * the network has no gradient. -1 with a diagnostic.
 */
int channel_importance_find(const struct graph *g, struct layers *layers,
			    const struct samples *samples, int jobs,
			    struct arena *a, struct diag *d);

#endif
