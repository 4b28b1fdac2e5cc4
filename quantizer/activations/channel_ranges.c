/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/activations/channel_ranges.h"

#include <float.h>
#include <string.h>

#include "base/finite.h"

static void widen_range(struct channel_ranges *r, int c, float low, float high)
{
	r->low[c] = low < r->low[c] ? low : r->low[c];
	r->high[c] = high > r->high[c] ? high : r->high[c];
}

int channel_ranges_init(struct channel_ranges *r, const struct graph *g,
			const struct channel_groups *groups, struct arena *a)
{
	for (uint32_t i = 0; i < g->value_count; i++) {
		if (groups->scale_group[i] != i || !groups->of[i])
			continue;
		r[i].channels = groups->count[i];
		r[i].low =
			arena_array(a, (size_t)groups->count[i], sizeof(float));
		r[i].high =
			arena_array(a, (size_t)groups->count[i], sizeof(float));
		if (!r[i].low || !r[i].high)
			return -1;
		for (int c = 0; c < groups->count[i]; c++) {
			r[i].low[c] = FLT_MAX;
			r[i].high[c] = -FLT_MAX;
		}
	}
	return 0;
}

void channel_ranges_add(struct channel_ranges *r,
			const struct channel_groups *groups,
			const struct value *v, const float *x, int64_t n)
{
	const int first = (int)groups->of[v->id][0];
	const int channels = (int)v->shape.dim[3];

	for (int64_t i = 0; i < n; i += channels)
		for (int c = 0; c < channels; c++)
			if (float_is_finite(x[i + c]))
				widen_range(r, first + c, x[i + c], x[i + c]);
}

void channel_ranges_merge(struct channel_ranges *into,
			  const struct channel_ranges *from)
{
	for (int c = 0; c < into->channels; c++)
		widen_range(into, c, from->low[c], from->high[c]);
}

void channel_ranges_hold_zero(struct channel_ranges *r)
{
	for (int c = 0; c < r->channels; c++)
		widen_range(r, c, 0, 0);
}

int channel_ranges_copy(const struct channel_ranges *from, size_t count,
			struct channel_ranges *to, struct arena *a)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = (size_t)from[i].channels;

		to[i] = from[i];
		if (!n)
			continue;
		to[i].low = arena_array(a, n, sizeof(float));
		to[i].high = arena_array(a, n, sizeof(float));
		if (!to[i].low || !to[i].high)
			return -1;
		memcpy(to[i].low, from[i].low, n * sizeof(float));
		memcpy(to[i].high, from[i].high, n * sizeof(float));
	}
	return 0;
}
