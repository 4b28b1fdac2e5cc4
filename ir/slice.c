/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/slice.h"

static int64_t clamp_i64(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* A negative position counts from the end. dim is small: no overflow. */
static int64_t clamped_position(int64_t v, int64_t dim, int64_t low,
				int64_t high)
{
	return clamp_i64(v < 0 ? v + dim : v, low, high);
}

static void slice_axis(struct slice *s, int axis, int64_t dim, int64_t start,
		       int64_t end, int64_t step)
{
	int64_t length;

	if (step > 0) {
		start = clamped_position(start, dim, 0, dim);
		end = clamped_position(end, dim, 0, dim);
		length = end - start;
	} else {
		start = clamped_position(start, dim, -1, dim - 1);
		end = clamped_position(end, dim, -1, dim - 1);
		length = start - end;
	}
	uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;

	s->count[axis] = 0;
	if (length > 0)
		s->count[axis] = (int64_t)((uint64_t)(length - 1) / stride) + 1;
	s->start[axis] = s->count[axis] > 0 ? start : 0;
	s->step[axis] = s->count[axis] > 1 ? step : 1;
}

/* Input `slot` as at most GRAPH_MAX_RANK integers. */
static int read_ints(const struct node *n, int slot, int64_t *out,
		     struct diag *d)
{
	const struct value *v = node_input(n, slot);

	if (!v)
		return 0;
	int count = node_const_ints(n, slot, out, GRAPH_MAX_RANK);
	if (count < 0)
		return node_error(d, n,
				  "input '%s' is no constant of at most "
				  "%d integers",
				  v->name, GRAPH_MAX_RANK);
	return count;
}

int slice_of(const struct node *n, struct slice *s, struct diag *d)
{
	int64_t starts[GRAPH_MAX_RANK], ends[GRAPH_MAX_RANK];
	int64_t axes[GRAPH_MAX_RANK] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	int64_t steps[GRAPH_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	const struct shape *x = &n->inputs[0]->shape;
	unsigned seen = 0;

	int count = read_ints(n, 1, starts, d);
	int end_count = read_ints(n, 2, ends, d);
	int axis_count = read_ints(n, 3, axes, d);
	int step_count = read_ints(n, 4, steps, d);
	if (count < 0 || end_count < 0 || axis_count < 0 || step_count < 0)
		return -1;
	if (count != end_count || (node_input(n, 3) && axis_count != count) ||
	    (node_input(n, 4) && step_count != count))
		return node_error(d, n,
				  "starts, ends, axes and steps differ "
				  "in number");
	s->rank = x->rank;
	for (int i = 0; i < x->rank; i++)
		slice_axis(s, i, x->dim[i], 0, x->dim[i], 1);
	for (int i = 0; i < count; i++) {
		int64_t axis = axes[i] < 0 ? axes[i] + x->rank : axes[i];

		if (axis < 0 || axis >= x->rank || seen & 1u << axis)
			return node_error(d, n,
					  "axis %lld is out of range for "
					  "%d dimensions, or given twice",
					  (long long)axes[i], x->rank);
		seen |= 1u << axis;
		if (steps[i] == 0)
			return node_error(d, n, "a step is 0");
		slice_axis(s, (int)axis, x->dim[axis], starts[i], ends[i],
			   steps[i]);
	}
	return 0;
}

bool slice_known(const struct node *n, struct slice *s)
{
	struct diag d;
	bool known;

	diag_init(&d);
	known = slice_of(n, s, &d) == 0;
	diag_free(&d);
	return known;
}
