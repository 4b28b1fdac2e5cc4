/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CHANNEL_RANGES_H
#define DBC_QUANTIZER_ACTIVATIONS_CHANNEL_RANGES_H

#include "base/arena.h"
#include "quantizer/graph/channel_groups.h"

/* The observed extremes of each channel group of a scale group; channels 0
 * where it has none. */
struct channel_ranges {
	float *low, *high; /* [channels]; low above high: nothing observed */
	int channels;
};

/* r: an array by scale group, zero. -1: out of memory. */
int channel_ranges_init(struct channel_ranges *r, const struct graph *g,
			const struct channel_groups *groups, struct arena *a);
/* Adds n elements of a value where channel groups begin. */
void channel_ranges_add(struct channel_ranges *r,
			const struct channel_groups *groups,
			const struct value *v, const float *x, int64_t n);
void channel_ranges_merge(struct channel_ranges *into,
			  const struct channel_ranges *from);
/* Extends the ranges to contain 0, which every grid has a code for. */
void channel_ranges_hold_zero(struct channel_ranges *r);
/* Copies `count` of them. -1: out of memory. */
int channel_ranges_copy(const struct channel_ranges *from, size_t count,
			struct channel_ranges *to, struct arena *a);

#endif
