/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CHANNEL_MEANS_H
#define DBC_QUANTIZER_ACTIVATIONS_CHANNEL_MEANS_H

#include <stdint.h>

/*
 * Means of the channels of a weighted node's input, in units of 2^-32. Integer
 * sums do not depend on the order of the samples.
 */
struct channel_means {
	int64_t *sum; /* [channels], over the samples; NULL: no weighted node
		       * reads the value */
	int channels;
	int samples;
};

/* Adds one sample: n elements, channels innermost. */
void channel_means_add(struct channel_means *m, const float *x, int64_t n);
void channel_means_merge(struct channel_means *into,
			 const struct channel_means *from);
/* Mean of a channel, over all samples. */
double channel_means_at(const struct channel_means *m, int64_t channel);

#endif
