/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax and ArgMin (opset 13), TopK (opset 11). Numbers are compared as
 * doubles; NaN is below all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/eval.h"
#include "ir/tensor.h"

/* A key that is larger for a better element. */
static double key_of(const struct value *v, const void *data, int64_t i,
		     double sign)
{
	double x = sign * tensor_element(v->dtype, data, i);

	return x != x ? -INFINITY : x;
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
		double top = key_of(v, e->in[0], at, sign);

		for (int64_t i = 1; i < n; i++) {
			double key = key_of(v, e->in[0], at + i * inner, sign);

			if (key > top || (last && key == top)) {
				top = key;
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

/* Best first; equal ones by index. */
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
				key_of(v, e->in[0], from + i * inner, sign), i
			};
		qsort(list, (size_t)n, sizeof(*list), by_key);
		store_top(e, list, k, from, to, inner);
	}
	free(list);
	return 0;
}
