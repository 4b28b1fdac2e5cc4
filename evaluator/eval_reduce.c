/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and the like over some dims, and the places of extremes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "evaluator/internal.h"

/* Bit i: dim i is reduced. */
static unsigned reduced_dims(const struct eval *e)
{
	int64_t axes[GRAPH_MAX_RANK];
	int rank = eval_in(e, 0)->rank;
	int count = eval_has(e, 1) ?
			    node_const_ints(e->n, 1, axes, GRAPH_MAX_RANK) :
			    0;
	unsigned mask = 0;

	for (int i = 0; i < count; i++)
		mask |= 1u << (axes[i] < 0 ? axes[i] + rank : axes[i]);
	if (count <= 0 && node_int(e->n, "noop_with_empty_axes", 0) == 0)
		mask = (1u << rank) - 1;
	return mask;
}

static double start_of(enum op op)
{
	switch (op) {
	case OP_REDUCE_MAX:
		return -INFINITY;
	case OP_REDUCE_MIN:
		return INFINITY;
	case OP_REDUCE_PROD:
		return 1;
	default:
		return 0;
	}
}

static double step_of(enum op op, double sum, double x)
{
	switch (op) {
	case OP_REDUCE_MAX:
		return x > sum || x != x ? x : sum;
	case OP_REDUCE_MIN:
		return x < sum || x != x ? x : sum;
	case OP_REDUCE_PROD:
		return sum * x;
	case OP_REDUCE_L1:
		return sum + fabs(x);
	case OP_REDUCE_L2:
	case OP_REDUCE_SUM_SQUARE:
		return sum + x * x;
	default:
		return sum + x;
	}
}

/* Offset in the output of each step along the input's dims. */
static void output_strides(const struct shape *x, unsigned mask,
			   int64_t *stride)
{
	int64_t step = 1;

	for (int i = x->rank - 1; i >= 0; i--) {
		stride[i] = mask & 1u << i ? 0 : step;
		if (!(mask & 1u << i))
			step *= x->dim[i];
	}
}

static void gather_sums(const struct eval *e, unsigned mask, double *sums)
{
	const struct value *v = e->n->inputs[0];
	int64_t index[GRAPH_MAX_RANK] = { 0 }, stride[GRAPH_MAX_RANK];
	int64_t n = shape_elements(&v->shape), at = 0;

	output_strides(&v->shape, mask, stride);
	for (int64_t k = 0; k < n; k++) {
		sums[at] = step_of(e->n->op, sums[at],
				   element_double(v->dtype, e->in[0], k));
		for (int i = v->shape.rank - 1; i >= 0; i--) {
			at += stride[i];
			if (++index[i] < v->shape.dim[i])
				break;
			at -= stride[i] * v->shape.dim[i];
			index[i] = 0;
		}
	}
}

int eval_reduce(const struct eval *e)
{
	int64_t n = eval_count(e), in = shape_elements(eval_in(e, 0));
	enum dtype t = e->n->outputs[0]->dtype;
	double *sums = malloc((size_t)n * sizeof(*sums) + 1);

	if (!sums)
		return diag_error(e->d, "out of memory");
	for (int64_t i = 0; i < n; i++)
		sums[i] = start_of(e->n->op);
	gather_sums(e, reduced_dims(e), sums);
	for (int64_t i = 0; i < n; i++) {
		double y = sums[i];

		if (e->n->op == OP_REDUCE_MEAN)
			y /= (double)(in / n);
		if (e->n->op == OP_REDUCE_L2)
			y = det_sqrt(y);
		if (t == DT_F32)
			((float *)e->out[0])[i] = (float)y;
		else
			element_store_int(t, e->out[0], i, (int64_t)y);
	}
	free(sums);
	return 0;
}

int eval_arg(const struct eval *e)
{
	const struct value *v = e->n->inputs[0];
	int axis = eval_axis(e, 0, v->shape.rank);
	int64_t outer = shape_outer(&v->shape, axis);
	int64_t inner = shape_inner(&v->shape, axis), n = v->shape.dim[axis];
	bool last = node_int(e->n, "select_last_index", 0) != 0;
	double sign = e->n->op == OP_ARG_MAX ? 1 : -1;
	int64_t *y = e->out[0];

	for (int64_t o = 0; o < outer * inner; o++) {
		int64_t at = o / inner * n * inner + o % inner, best = 0;
		double top = 0;

		for (int64_t i = 0; i < n; i++) {
			double x = sign * element_double(v->dtype, e->in[0],
							 at + i * inner);

			if (i == 0 || x > top || (last && x == top)) {
				top = x;
				best = i;
			}
		}
		y[o] = best;
	}
	return 0;
}

struct ranked {
	double key;
	int64_t index;
};

/* Best first; equal ones by their place. */
static int by_key(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void store_top(const struct eval *e, const struct ranked *list,
		      int64_t k, int64_t from, int64_t to, int64_t inner)
{
	size_t size = dtype_size(e->n->inputs[0]->dtype);

	for (int64_t i = 0; i < k; i++) {
		size_t at = (size_t)(to + i * inner);

		if (e->n->outputs[0])
			memcpy((char *)e->out[0] + at * size,
			       (const char *)e->in[0] +
				       (size_t)(from + list[i].index * inner) *
					       size,
			       size);
		if (e->n->output_count > 1 && e->n->outputs[1])
			((int64_t *)e->out[1])[at] = list[i].index;
	}
}

int eval_top_k(const struct eval *e)
{
	const struct value *v = e->n->inputs[0];
	int axis = eval_axis(e, -1, v->shape.rank);
	int64_t outer = shape_outer(&v->shape, axis);
	int64_t inner = shape_inner(&v->shape, axis), n = v->shape.dim[axis];
	int64_t k = eval_index(e, 1, 0);
	double sign = node_int(e->n, "largest", 1) ? 1 : -1;
	struct ranked *list = malloc((size_t)n * sizeof(*list) + 1);

	if (!list)
		return diag_error(e->d, "out of memory");
	for (int64_t o = 0; o < outer * inner; o++) {
		int64_t from = o / inner * n * inner + o % inner;
		int64_t to = o / inner * k * inner + o % inner;

		for (int64_t i = 0; i < n; i++)
			list[i] = (struct ranked){
				sign * element_double(v->dtype, e->in[0],
						      from + i * inner),
				i
			};
		qsort(list, (size_t)n, sizeof(*list), by_key);
		store_top(e, list, k, from, to, inner);
	}
	free(list);
	return 0;
}
