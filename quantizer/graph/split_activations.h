/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_SPLIT_ACTIVATIONS_H
#define DBC_QUANTIZER_GRAPH_SPLIT_ACTIVATIONS_H

#include "ir/graph.h"

/* Makes every fused activation that the device reads from a table a separate
 * node again, so that the value before it gets a scale. -1: out of memory. */
int split_table_activations(struct graph *g);

#endif
