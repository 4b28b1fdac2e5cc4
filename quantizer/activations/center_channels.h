/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CENTER_CHANNELS_H
#define DBC_QUANTIZER_ACTIVATIONS_CENTER_CHANNELS_H

#include "quantizer/activations/channel_ranges.h"

/* Some channels can be centered. */
bool center_channels_possible(const struct graph *g,
			      const struct channel_groups *groups);
/* Shifts channels so that their ranges are centered on zero, through the biases
 * of the convolutions that produce and read them: see center_channels.c. Biases
 * must be separate. ranges: by scale group, as observed. -1: out of memory. */
int center_channels(struct graph *g, const struct channel_groups *groups,
		    const struct channel_ranges *ranges, struct arena *a);

#endif
