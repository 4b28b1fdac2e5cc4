/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/shape_rules.h"

/* The output shape if the axes of `mask` are reduced. */
static struct shape reduced(const struct shape *x, int mask, bool keep)
{
	struct shape s = { .rank = 0 };

	for (int i = 0; i < x->rank; i++) {
		if (!(mask & 1 << i))
			s.dim[s.rank++] = x->dim[i];
		else if (keep)
			s.dim[s.rank++] = 1;
	}
	return s;
}

/* ReduceMax and ReduceMin (opset 20) take bool as well. */
static int check_type(const struct node *n, struct diag *d)
{
	if (n->op == OP_REDUCE_MAX || n->op == OP_REDUCE_MIN)
		return 0;
	return rule_number(n, 0, d);
}

int shape_reduce(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t axes[GRAPH_MAX_RANK];
	int count = rule_ints(n, 1, axes, GRAPH_MAX_RANK, d);

	if (count < 0 || check_type(n, d))
		return -1;
	int mask = rule_axes(n, axes, count, x->rank, d);
	if (mask < 0)
		return -1;
	if (count == 0 && node_int(n, "noop_with_empty_axes", 0) == 0)
		mask = (1 << x->rank) - 1;
	struct shape s = reduced(x, mask, node_int(n, "keepdims", 1) != 0);
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_arg(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int axis = rule_axis_attr(n, 0, x->rank, d);

	if (axis < 0 || rule_number(n, 0, d))
		return -1;
	if (x->dim[axis] == 0)
		return node_error(d, n, "there is nothing along axis %d", axis);
	struct shape s = reduced(x, 1 << axis, node_int(n, "keepdims", 1) != 0);
	return rule_output(n, 0, DT_I64, &s, d);
}

int shape_softmax(struct node *n, struct diag *d)
{
	if (rule_dtype(n, 0, DT_F32, d) ||
	    rule_axis_attr(n, -1, n->inputs[0]->shape.rank, d) < 0)
		return -1;
	return rule_output_same(n, d);
}

int shape_top_k(struct node *n, struct diag *d)
{
	struct shape s = n->inputs[0]->shape;
	int axis = rule_axis_attr(n, -1, s.rank, d);
	int64_t k = 0;

	if (axis < 0 || rule_number(n, 0, d) || rule_scalar(n, 1, d) ||
	    rule_ints(n, 1, &k, 1, d) < 0)
		return -1;
	if (k < 1 || k > s.dim[axis])
		return node_error(d, n, "k is %lld, expected 1 to %lld",
				  (long long)k, (long long)s.dim[axis]);
	s.dim[axis] = k;
	if (rule_output(n, 0, n->inputs[0]->dtype, &s, d))
		return -1;
	return rule_output(n, 1, DT_I64, &s, d);
}
