/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_ACTIVATIONS_H
#define DBC_QUANTIZER_ACTIVATIONS_ACTIVATIONS_H

#include "ir/config.h"
#include "quantizer/activations/calibrate.h"

/* What the scales of activations are chosen from. */
struct activation_settings {
	const struct config *c;
	bool coded;                   /* its files are entropy-coded */
	int weight_bits;              /* of typical weights */
	bool synthetic;               /* calibration had no real samples */
	const struct samples *subset; /* a few of the samples */
	const struct input_range *image_range; /* of the first input, or NULL */
	const uint32_t *scale_group;           /* scale_groups_assign()'s */
	const uint8_t *bits;                   /* by scale group */
	const struct node **trained_grids;     /* by scale group, or NULL */
	const struct channel_groups *channel_groups;
	struct arena *scratch; /* only used meanwhile */
};

/* Sets value->quant of every value that the device holds in integers, from the
 * observed ranges. -1 with a diagnostic. */
int quantize_activations(struct graph *g, const struct activation_settings *s,
			 const struct calibration *seen, struct diag *d);

#endif
