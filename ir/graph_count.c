/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/graph.h"

int64_t graph_params(const struct graph *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];
		int64_t n;

		if (!value_is_const(v) || v->dtype != DT_F32 ||
		    !value_readers(v))
			continue;
		n = shape_elements(&v->shape);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

/* Multiplications for each output element (for ConvTranspose: each input
 * element). */
static int64_t macs_per_element(const struct node *n)
{
	const struct shape *w = &n->inputs[1]->shape;
	int64_t all = shape_elements(w);

	switch (n->op) {
	case OP_CONV:
	case OP_CONV_TRANSPOSE:
		return all < 0 || w->rank < 1 || w->dim[0] <= 0 ?
			       -1 :
			       all / w->dim[0];
	case OP_GEMM:
		if (all < 0 || w->rank != 2)
			return -1;
		return w->dim[node_int(n, "transB", 0) ? 1 : 0];
	default:
		if (all < 0 || w->rank < 1)
			return -1;
		return w->dim[w->rank < 2 ? 0 : w->rank - 2];
	}
}

int64_t node_macs(const struct node *n)
{
	const struct value *counted;
	int64_t elements, each;

	if (n->op != OP_CONV && n->op != OP_CONV_TRANSPOSE &&
	    n->op != OP_GEMM && n->op != OP_MAT_MUL)
		return 0;
	counted = n->op == OP_CONV_TRANSPOSE ? n->inputs[0] : n->outputs[0];
	elements = shape_elements(&counted->shape);
	each = macs_per_element(n);
	return elements < 0 || each < 0 ? -1 : elements * each;
}

int64_t graph_macs(const struct graph *g)
{
	int64_t sum = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		int64_t macs = node_macs(n);

		if (macs < 0 || macs > INT64_MAX - sum)
			return -1;
		sum += macs;
	}
	return sum;
}
