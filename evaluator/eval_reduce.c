/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Reduce operators (opset 18; ReduceSum 13). Floats are added in double,
 * integers in 64 bits that wrap, both in the order of memory.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "evaluator/eval.h"
#include "evaluator/element.h"

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

/* Walks the input in order, with the index of the output element. */
struct reduction_walk {
	const struct shape *x;
	int64_t index[GRAPH_MAX_RANK], stride[GRAPH_MAX_RANK];
	int64_t at;
};

static void reduction_begin(struct reduction_walk *r, const struct shape *x,
			    unsigned mask)
{
	int64_t step = 1;

	*r = (struct reduction_walk){ .x = x };
	for (int i = x->rank - 1; i >= 0; i--) {
		r->stride[i] = mask & 1u << i ? 0 : step;
		if (!(mask & 1u << i))
			step *= x->dim[i];
	}
}

static void reduction_next(struct reduction_walk *r)
{
	for (int i = r->x->rank - 1; i >= 0; i--) {
		r->at += r->stride[i];
		if (++r->index[i] < r->x->dim[i])
			return;
		r->at -= r->stride[i] * r->x->dim[i];
		r->index[i] = 0;
	}
}

static double float_start(enum op op)
{
	switch (op) {
	case OP_REDUCE_MAX:
		return -INFINITY;
	case OP_REDUCE_MIN:
		return INFINITY;
	case OP_REDUCE_PROD:
		return 1;
	case OP_REDUCE_SUM:
	case OP_REDUCE_MEAN:
	case OP_REDUCE_L1:
	case OP_REDUCE_L2:
	case OP_REDUCE_SUM_SQUARE:
		return 0;
	default:
		assert(!"a reduction");
		return 0;
	}
}

static double float_step(enum op op, double sum, double x)
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
	case OP_REDUCE_SUM:
	case OP_REDUCE_MEAN:
		return sum + x;
	default:
		assert(!"a reduction");
		return 0;
	}
}

static int reduce_floats(const struct eval *e, unsigned mask)
{
	int64_t n = eval_count(e), in = shape_elements(eval_in(e, 0));
	double *sums = malloc((size_t)n * sizeof(*sums) + 1);
	const float *x = e->in[0];
	float *y = e->out[0];
	struct reduction_walk r;

	if (!sums)
		return diag_error(e->d, "out of memory");
	for (int64_t i = 0; i < n; i++)
		sums[i] = float_start(e->n->op);
	reduction_begin(&r, eval_in(e, 0), mask);
	for (int64_t k = 0; k < in; k++, reduction_next(&r))
		sums[r.at] = float_step(e->n->op, sums[r.at], (double)x[k]);
	for (int64_t i = 0; i < n; i++) {
		if (e->n->op == OP_REDUCE_MEAN)
			sums[i] /= (double)(in / n);
		if (e->n->op == OP_REDUCE_L2)
			sums[i] = det_sqrt(sums[i]);
		y[i] = (float)sums[i];
	}
	free(sums);
	return 0;
}

static int64_t int_start(enum op op)
{
	switch (op) {
	case OP_REDUCE_MAX:
		return INT64_MIN;
	case OP_REDUCE_MIN:
		return INT64_MAX;
	case OP_REDUCE_PROD:
		return 1;
	case OP_REDUCE_SUM:
	case OP_REDUCE_MEAN:
	case OP_REDUCE_L1:
	case OP_REDUCE_L2:
	case OP_REDUCE_SUM_SQUARE:
		return 0;
	default:
		assert(!"a reduction");
		return 0;
	}
}

static int64_t int_step(enum op op, int64_t sum, int64_t x)
{
	uint64_t s = (uint64_t)sum, u = (uint64_t)x;

	switch (op) {
	case OP_REDUCE_MAX:
		return x > sum ? x : sum;
	case OP_REDUCE_MIN:
		return x < sum ? x : sum;
	case OP_REDUCE_PROD:
		return (int64_t)(s * u);
	case OP_REDUCE_L1:
		return (int64_t)(s + (x < 0 ? 0 - u : u));
	case OP_REDUCE_L2:
	case OP_REDUCE_SUM_SQUARE:
		return (int64_t)(s + u * u);
	case OP_REDUCE_SUM:
	case OP_REDUCE_MEAN:
		return (int64_t)(s + u);
	default:
		assert(!"a reduction");
		return 0;
	}
}

static int64_t int_finish(enum op op, int64_t sum, int64_t count)
{
	if (op == OP_REDUCE_MEAN)
		return count ? sum / count : 0;
	if (op == OP_REDUCE_L2)
		return sum > 0 ? (int64_t)det_sqrt((double)sum) : 0;
	return sum;
}

static int reduce_ints(const struct eval *e, unsigned mask)
{
	int64_t n = eval_count(e), in = shape_elements(eval_in(e, 0));
	enum dtype t = e->n->inputs[0]->dtype;
	int64_t *sums = malloc((size_t)n * sizeof(*sums) + 1);
	struct reduction_walk r;

	if (!sums)
		return diag_error(e->d, "out of memory");
	for (int64_t i = 0; i < n; i++)
		sums[i] = int_start(e->n->op);
	reduction_begin(&r, eval_in(e, 0), mask);
	for (int64_t k = 0; k < in; k++, reduction_next(&r))
		sums[r.at] = int_step(e->n->op, sums[r.at],
				      element_int(t, e->in[0], k));
	for (int64_t i = 0; i < n; i++)
		element_store_int(t, e->out[0], i,
				  int_finish(e->n->op, sums[i], in / n));
	free(sums);
	return 0;
}

int eval_reduce(const struct eval *e)
{
	unsigned mask = reduced_dims(e);

	return e->n->inputs[0]->dtype == DT_F32 ? reduce_floats(e, mask) :
						  reduce_ints(e, mask);
}
