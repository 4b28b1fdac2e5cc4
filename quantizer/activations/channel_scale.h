/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CHANNEL_SCALE_H
#define DBC_QUANTIZER_ACTIVATIONS_CHANNEL_SCALE_H

#include "quantizer/activations/channel_ranges.h"

/* What the scales of channels depend on, besides the ranges. */
struct channel_scale_settings {
	int samples;       /* that the ranges were observed on */
	bool synthetic;    /* these samples were not real ones */
	int weight_bits;   /* of the weights that read the channels */
	int bits;          /* of the codes */
	bool cheap_tables; /* the size of a table per channel hardly matters */
};

/*
 * Scales for the channel groups of one scale group, whose ranges are r, and one
 * zero point for all. *out, in `a`: channel c of the quant is channel group c;
 * NULL where one scale for all is as good. -1: out of memory.
 */
int channel_quant(const struct graph *g, const struct value *leader,
		  const struct channel_groups *groups,
		  const struct channel_ranges *r,
		  const struct channel_scale_settings *settings,
		  struct arena *a, struct arena *scratch, struct quant **out);

#endif
