/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CHANNEL_CLIP_H
#define DBC_QUANTIZER_ACTIVATIONS_CHANNEL_CLIP_H

#include "base/diag.h"
#include "ir/samples.h"
#include "quantizer/activations/channel_ranges.h"

/* Clips the range of each channel of the scale groups with fewer bits than 8,
 * bits[group], with least mean squared error: see channel_clip.c. -1 with a
 * diagnostic. */
int channel_clip(const struct graph *g, const struct channel_groups *groups,
		 const struct samples *samples, struct channel_ranges *ranges,
		 const uint8_t *bits, int jobs, struct diag *d);

#endif
