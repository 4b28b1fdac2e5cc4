/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "passes/fold_node.h"

/* Scales of a folded constant: one, or one for each channel of `axis`. */
struct trained_grid {
	int axis; /* -1: one scale */
	int64_t channels;
	int64_t inner; /* elements behind the axis */
	const float *scale;
};

/* Range of a channel's steps (value / scale). */
struct range {
	int low, high;
};

static int64_t elements_from(const struct shape *s, int first, int end)
{
	int64_t n = 1;

	for (int i = first; i < end; i++)
		n *= s->dim[i];
	return n;
}

static void set_axis(struct trained_grid *q, const struct shape *s, int axis)
{
	q->axis = axis;
	q->channels = s->dim[axis];
	q->inner = elements_from(s, axis + 1, s->rank);
}

/* DequantizeLinear: one scale, or a vector along attribute axis. */
static bool grid_of_dequantize(const struct node *n, const struct shape *y,
			       struct trained_grid *q)
{
	const struct value *scale = n->inputs[1];
	int64_t axis = node_int(n, "axis", 1);

	q->scale = scale->data;
	if (n->inputs[0]->dtype == DT_I32 || node_int(n, "block_size", 0) > 0)
		return false;
	if (shape_elements(&scale->shape) == 1)
		return true;
	set_axis(q, y, (int)(axis < 0 ? axis + y->rank : axis));
	return true;
}

/* QONNX Quant: the scale broadcasts, with at most one dim over 1. */
static bool grid_of_quant(const struct node *n, const struct shape *y,
			  struct trained_grid *q)
{
	const struct value *scale = n->inputs[1];

	q->scale = scale->data;
	for (int i = 0; i < scale->shape.rank; i++) {
		if (scale->shape.dim[i] == 1)
			continue;
		if (q->axis >= 0)
			return false;
		set_axis(q, y, y->rank - scale->shape.rank + i);
	}
	return true;
}

/* The axis of y that is axis `from` of x: the same number of elements lies
 * before it. */
static int moved_axis(const struct node *n, const struct shape *x,
		      const struct shape *y, int from)
{
	int64_t perm[GRAPH_MAX_RANK];
	int count = node_ints(n, "perm", perm, GRAPH_MAX_RANK);

	for (int i = 0; i < y->rank; i++) {
		if (n->op == OP_TRANSPOSE) {
			int source = count ? (int)perm[i] : y->rank - 1 - i;

			if (source == from)
				return i;
		} else if (y->dim[i] == x->dim[from] &&
			   elements_from(y, 0, i) ==
				   elements_from(x, 0, from)) {
			return i;
		}
	}
	return -1;
}

/* Operators allowed between the codes and the layer that reads them. */
static bool grid_of_input(const struct node *n, const struct shape *y,
			  struct trained_grid *q)
{
	const struct quant *from = n->inputs[0]->quant;

	if (!from || from->grid != GRID_UNIFORM)
		return false;
	q->scale = from->scale;
	if (from->axis < 0)
		return true;
	int axis = moved_axis(n, &n->inputs[0]->shape, y, from->axis);
	if (axis < 0)
		return false;
	set_axis(q, y, axis);
	return true;
}

static bool find_grid(const struct node *n, const struct shape *y,
		      struct trained_grid *q)
{
	switch (n->op) {
	case OP_DEQUANTIZE_LINEAR:
		return grid_of_dequantize(n, y, q);
	case OP_QUANT:
		return grid_of_quant(n, y, q);
	case OP_TRANSPOSE:
	case OP_RESHAPE:
	case OP_FLATTEN:
	case OP_SQUEEZE:
	case OP_UNSQUEEZE:
	case OP_IDENTITY:
		return grid_of_input(n, y, q);
	default:
		return false;
	}
}

/* Steps of y's elements, rounded from y / scale. False unless scale * step
 * equals y exactly. */
static bool find_steps(const struct trained_grid *q, const float *y,
		       int64_t count, int16_t *steps)
{
	for (int64_t i = 0; i < count; i++) {
		float scale = q->scale[i / q->inner % q->channels];
		double step = scale == 0 ? 0 : rint((double)y[i] / scale);

		if (!(step >= -256 && step <= 256) ||
		    (float)step * scale != y[i])
			return false;
		steps[i] = (int16_t)step;
	}
	return true;
}

/* The range of each channel's steps, 0 included; false if it needs more than 8
 * bits. */
static bool find_ranges(const struct trained_grid *q, const int16_t *steps,
			int64_t count, struct range *ranges)
{
	for (int64_t i = 0; i < count; i++) {
		struct range *r = &ranges[i / q->inner % q->channels];

		r->low = steps[i] < r->low ? steps[i] : r->low;
		r->high = steps[i] > r->high ? steps[i] : r->high;
	}
	for (int64_t c = 0; c < q->channels; c++) {
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
		     const struct trained_grid *q, const int16_t *steps,
		     const struct range *ranges)
{
	int64_t count = shape_elements(&y->shape);
	struct quant *out = arena_alloc(g->arena, sizeof(*out));
	size_t channels = (size_t)q->channels;
	float *scale = arena_array(g->arena, channels, sizeof(*scale));
	int32_t *zero_point =
		arena_array(g->arena, channels, sizeof(*zero_point));
	int8_t *codes = arena_alloc(g->arena, (size_t)count);

	if (!out || !scale || !zero_point || !codes)
		return -1;
	for (size_t c = 0; c < channels; c++) {
		/* a channel of zeros does not need the step 0 */
		scale[c] = q->scale[c] == 0 ? 1 : q->scale[c];
		zero_point[c] = zero_point_of(&ranges[c]);
	}
	for (int64_t i = 0; i < count; i++)
		codes[i] = (int8_t)(steps[i] +
				    zero_point[i / q->inner % q->channels]);
	*out = (struct quant){
		.bits = bits_of(codes, count),
		.is_signed = true,
		.grid = GRID_UNIFORM,
		.axis = q->axis,
		.channels = (int)q->channels,
		.scale = scale,
		.zero_point = zero_point,
		.codes = codes,
	};
	y->quant = out;
	return 0;
}

int fold_keep_grid(struct graph *g, const struct node *n, struct value *y,
		   struct diag *d)
{
	int64_t count = shape_elements(&y->shape);
	struct trained_grid q = { .axis = -1, .channels = 1, .inner = 1 };
	int status = 0;

	if (y->dtype != DT_F32 || count < 1 || !find_grid(n, &y->shape, &q))
		return 0;
	int16_t *steps = calloc((size_t)count, sizeof(*steps));
	struct range *ranges = calloc((size_t)q.channels, sizeof(*ranges));
	if (!steps || !ranges)
		status = -1;
	else if (find_steps(&q, y->data, count, steps) &&
		 find_ranges(&q, steps, count, ranges))
		status = set_quant(g, y, &q, steps, ranges);
	if (status)
		node_error(d, n, "out of memory for its codes");
	free(steps);
	free(ranges);
	return status;
}
