/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/bits/channel_sample.h"

#include <string.h>

#define CHANNELS_MIN 32
#define WEIGHTS_MIN (1 << 16) /* fewer are not worth an estimate */
#define EVERY_MAX 4

/* Groups have inputs of their own, and other orders of weights are rare. */
static int sample_every(const struct rounding_target *of)
{
	const struct weighted_layer *l = of->l;
	int64_t every = l->channels / CHANNELS_MIN;
	int64_t weights = l->channels * l->length;

	if (weights / WEIGHTS_MIN < every)
		every = weights / WEIGHTS_MIN;
	if (l->groups > 1 || l->channel_stride != l->length || l->trained ||
	    !of->inputs || every < 1)
		return 1;
	return every < EVERY_MAX ? (int)every : EVERY_MAX;
}

int channel_sample_take(const struct rounding_target *of, struct arena *a,
			struct channel_sample *out)
{
	size_t n = (size_t)of->l->length, every, count;
	double *weights, *importance;

	*out = (struct channel_sample){ .every = sample_every(of) };
	if (out->every == 1)
		return 0;
	every = (size_t)out->every;
	count = (size_t)of->l->channels / every;
	out->l = *of->l;
	out->l.channels = (int64_t)count;
	out->l.every = out->every;
	out->target = *of;
	out->target.l = &out->l;
	out->target.weights = weights =
		arena_array(a, count * n, sizeof(*weights));
	importance = arena_array(a, count, sizeof(*importance));
	if (!weights || !importance)
		return -1;
	for (size_t c = 0; c < count; c++) {
		memcpy(weights + c * n, of->weights + c * every * n,
		       n * sizeof(*weights));
		importance[c] =
			of->l->importance ? of->l->importance[c * every] : 1;
	}
	out->l.importance = of->l->importance ? importance : NULL;
	return 0;
}
