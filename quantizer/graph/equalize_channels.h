/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_EQUALIZE_CHANNELS_H
#define DBC_QUANTIZER_GRAPH_EQUALIZE_CHANNELS_H

#include "quantizer/graph/channel_groups.h"

/* Moves factors of powers of two from convolutions to those that read them, for
 * channels whose weights are far larger or smaller than those of the others:
 * see equalize_channels.c. Weights and biases must be
 * separate. -1: out of memory. */
int equalize_channels(struct graph *g, const struct channel_groups *groups,
		      struct arena *scratch);

#endif
