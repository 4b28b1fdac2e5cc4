/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_CHANNEL_SAMPLE_H
#define DBC_QUANTIZER_BITS_CHANNEL_SAMPLE_H

#include "quantizer/weights/rounding_target.h"

/* Some of a layer's output channels, evenly spread, as a layer of their own:
 * what its candidates cost is estimated from them. */
struct channel_sample {
	struct weighted_layer l;
	struct rounding_target target; /* of l */
	int every; /* one channel of so many; 1: all, and nothing is set */
};

/* In the arena; `of` must stay in place. -1: out of memory. */
int channel_sample_take(const struct rounding_target *of, struct arena *a,
			struct channel_sample *out);

#endif
