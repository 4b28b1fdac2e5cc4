/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_BACKBONE_H
#define DBC_CONVERTER_HEADS_HEAD_BACKBONE_H

#include "ir/graph.h"

/* Facts of the network in front of the head, which tell training codes with the
 * same outputs apart. */
struct head_backbone {
	int strided_pools; /* max pools of stride 2 */
	int flat_pools;    /* of stride 1, of kernels 5 and more */
	bool odd_pools;    /* of stride 1, with kernel 3 or 7 */
	int convolutions;  /* dense ones of kernel 3 and more */
	int depthwise;     /* convolutions of one channel a group */
	int leaky, mish;   /* activations */
	int swish;         /* sigmoid times its input */
};

struct head_backbone head_backbone_of(const struct graph *g);

#endif
