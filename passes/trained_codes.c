/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/trained_codes.h"

#include <stdlib.h>

/* Range of a channel's steps, 0 included. */
struct range {
	int low, high;
};

/* False if one of them needs more than 8 bits. */
static bool find_ranges(const struct trained_codes *t, int64_t count,
			struct range *ranges)
{
	for (int64_t i = 0; i < count; i++) {
		struct range *r = &ranges[trained_codes_channel(t, i)];

		r->low = t->steps[i] < r->low ? t->steps[i] : r->low;
		r->high = t->steps[i] > r->high ? t->steps[i] : r->high;
	}
	for (int64_t c = 0; c < t->channels; c++) {
		if (ranges[c].high - ranges[c].low > 255)
			return false;
	}
	return true;
}

/* Shifts the steps into 8 bits; 0 if they fit already. */
static int32_t zero_point_of(const struct range *r)
{
	return r->low < -128 || r->high > 127 ? -128 - r->low : 0;
}

static int bits_of(const int8_t *codes, int64_t count)
{
	int bits = 2;

	for (int64_t i = 0; i < count; i++) {
		while (codes[i] < -(1 << (bits - 1)) ||
		       codes[i] > (1 << (bits - 1)) - 1)
			bits++;
	}
	return bits;
}

static int set_quant(struct graph *g, struct value *y,
		     const struct trained_codes *t, const struct range *ranges)
{
	int64_t count = shape_elements(&y->shape);
	struct quant *out = arena_alloc(g->arena, sizeof(*out));
	size_t channels = (size_t)t->channels;
	float *scale = arena_array(g->arena, channels, sizeof(*scale));
	int32_t *zero_point =
		arena_array(g->arena, channels, sizeof(*zero_point));
	int8_t *codes = arena_alloc(g->arena, (size_t)count);

	if (!out || !scale || !zero_point || !codes)
		return -1;
	for (size_t c = 0; c < channels; c++) {
		/* a channel of zeros does not need the step 0 */
		scale[c] = t->scale[c] > 0 ? t->scale[c] : 1;
		zero_point[c] = zero_point_of(&ranges[c]);
	}
	for (int64_t i = 0; i < count; i++)
		codes[i] = (int8_t)(t->steps[i] +
				    zero_point[trained_codes_channel(t, i)]);
	*out = (struct quant){
		.bits = bits_of(codes, count),
		.is_signed = true,
		.grid = GRID_UNIFORM,
		.axis = t->axis,
		.channels = (int)t->channels,
		.scale = scale,
		.zero_point = zero_point,
		.codes = codes,
	};
	y->quant = out;
	return 1;
}

int trained_codes_set(struct graph *g, struct value *y,
		      const struct trained_codes *t)
{
	struct range *ranges = calloc((size_t)t->channels, sizeof(*ranges));
	int status = ranges ? 0 : -1;

	if (ranges && find_ranges(t, shape_elements(&y->shape), ranges))
		status = set_quant(g, y, t, ranges);
	free(ranges);
	return status;
}

int trained_codes_scale(struct graph *g, const struct value *w, int axis,
			const double *factors, struct value *y, float *to)
{
	const struct quant *q = w->quant;
	struct trained_codes t = { .axis = axis };
	int64_t count = shape_elements(&w->shape);
	int16_t *steps;
	float *scale;

	if (!q || !q->codes || q->grid != GRID_UNIFORM ||
	    (q->channels > 1 && q->axis != axis))
		return 0;
	t.channels = w->shape.dim[axis];
	t.inner = shape_inner(&w->shape, axis);
	scale = arena_array(g->arena, (size_t)t.channels, sizeof(*scale));
	steps = arena_array(g->arena, (size_t)count, sizeof(*steps));
	if (!scale || !steps)
		return -1;
	t.scale = scale;
	t.steps = steps;
	for (int64_t i = 0; i < count; i++) {
		int64_t c = trained_codes_channel(&t, i);
		int64_t from = q->channels > 1 ? c : 0;
		double factor = (double)q->scale[from] * factors[c];
		int step = q->codes[i] - q->zero_point[from];

		scale[c] = (float)(factor < 0 ? -factor : factor);
		steps[i] = (int16_t)(factor > 0 ? step :
				     factor < 0 ? -step :
						  0);
		to[i] = (float)steps[i] * scale[c];
	}
	return trained_codes_set(g, y, &t);
}
