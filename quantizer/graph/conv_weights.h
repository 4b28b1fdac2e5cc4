/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_CONV_WEIGHTS_H
#define DBC_QUANTIZER_GRAPH_CONV_WEIGHTS_H

#include <stdint.h>

#include "ir/graph.h"

/* The weights of a Conv: [outputs][inputs][taps]. */
struct conv_size {
	int64_t outputs;
	int64_t inputs; /* of one group */
	int64_t taps;
	int64_t group_outputs; /* outputs of one group */
};
struct conv_size conv_size(const struct node *n);
/* Weight `tap` of output o and input channel k of its group. */
double conv_weight(const struct node *n, int64_t o, int64_t k, int64_t tap);

#endif
