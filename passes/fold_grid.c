/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "passes/fold_node.h"
#include "passes/trained_codes.h"

static int64_t elements_from(const struct shape *s, int first, int end)
{
	int64_t n = 1;

	for (int i = first; i < end; i++)
		n *= s->dim[i];
	return n;
}

static void set_axis(struct trained_codes *q, const struct shape *s, int axis)
{
	q->axis = axis;
	q->channels = s->dim[axis];
	q->inner = elements_from(s, axis + 1, s->rank);
}

/* A scale of y's rank or less, with at most one dim over 1. */
static bool grid_of_dim(const struct value *scale, const struct shape *y,
			struct trained_codes *q)
{
	for (int i = 0; i < scale->shape.rank; i++) {
		if (scale->shape.dim[i] == 1)
			continue;
		if (q->axis >= 0)
			return false;
		set_axis(q, y, y->rank - scale->shape.rank + i);
	}
	return true;
}

/* DequantizeLinear: one scale, a vector along attribute axis, or a block that
 * is as long as its axis. */
static bool grid_of_dequantize(const struct node *n, const struct shape *y,
			       struct trained_codes *q)
{
	const struct value *scale = n->inputs[1];
	int64_t axis = node_int(n, "axis", 1);

	q->scale = scale->data;
	if (n->inputs[0]->dtype == DT_I32)
		return false;
	if (shape_elements(&scale->shape) == 1)
		return true;
	axis = axis < 0 ? axis + y->rank : axis;
	if (node_int(n, "block_size", 0) > 0)
		return scale->shape.dim[axis] == 1 && grid_of_dim(scale, y, q);
	set_axis(q, y, (int)axis);
	return true;
}

/* QONNX Quant: the scale broadcasts. */
static bool grid_of_quant(const struct node *n, const struct shape *y,
			  struct trained_codes *q)
{
	const struct value *scale = n->inputs[1];

	q->scale = scale->data;
	return grid_of_dim(scale, y, q);
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
			  struct trained_codes *q)
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
		      struct trained_codes *q)
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
static bool find_steps(const struct trained_codes *q, const float *y,
		       int64_t count, int16_t *steps)
{
	for (int64_t i = 0; i < count; i++) {
		float scale = q->scale[trained_codes_channel(q, i)];
		double step = scale == 0 ? 0 : rint((double)y[i] / scale);

		if (!(step >= -256 && step <= 256) ||
		    (float)step * scale != y[i])
			return false;
		steps[i] = (int16_t)step;
	}
	return true;
}

int fold_keep_grid(struct graph *g, const struct node *n, struct value *y,
		   struct diag *d)
{
	int64_t count = shape_elements(&y->shape);
	struct trained_codes q = { .axis = -1, .channels = 1, .inner = 1 };
	int status = 0;

	if (y->dtype != DT_F32 || count < 1 || !find_grid(n, &y->shape, &q))
		return 0;
	int16_t *steps = calloc((size_t)count, sizeof(*steps));
	q.steps = steps;
	if (!steps)
		status = -1;
	else if (find_steps(&q, y->data, count, steps))
		status = trained_codes_set(g, y, &q);
	free(steps);
	return status < 0 ? node_error(d, n, "out of memory for its codes") : 0;
}
