/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_SYNTHETIC_IMAGES_H
#define DBC_QUANTIZER_ACTIVATIONS_SYNTHETIC_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/samples.h"

/* Images for data-free calibration: drawn from a seed. */
struct synthetic_images {
	const struct graph *g;
	uint64_t seed;
	struct input_range range; /* of all inputs */
};
/* p must stay in place. */
struct samples synthetic_images(struct synthetic_images *p);
/* Every input of g is an image, so the samples look like real ones. */
bool synthetic_images_suit(const struct graph *g);

#endif
