/* SPDX-License-Identifier: Apache-2.0 */
/* Fused activations that the device reads from a table become nodes again. */
#include "quantizer/graph/split_activations.h"

static enum op op_of_activation(enum act_kind kind)
{
	switch (kind) {
	case ACT_SILU:
		return OP_SWISH;
	case ACT_HARD_SWISH:
		return OP_HARD_SWISH;
	case ACT_SIGMOID:
		return OP_SIGMOID;
	case ACT_HARD_SIGMOID:
		return OP_HARD_SIGMOID;
	case ACT_TANH:
		return OP_TANH;
	case ACT_GELU:
		return OP_GELU;
	case ACT_MISH:
		return OP_MISH;
	case ACT_ELU:
		return OP_ELU;
	default:
		return OP_NONE;
	}
}

static int split_activation(struct graph *g, struct node *n, enum op op)
{
	struct value *y = n->outputs[0];
	struct value *x = graph_value(g, y->name, y->dtype, &y->shape);
	struct activation act = n->act;
	struct node *behind;

	if (!x)
		return -1;
	n->outputs[0] = x;
	x->producer = n;
	n->act = (struct activation){ ACT_NONE, 0, 0 };
	behind = graph_node(g, op, n->name, &x, 1, &y, 1, n->next);
	if (!behind)
		return -1;
	if (op == OP_HARD_SIGMOID || op == OP_ELU) {
		if (node_set_float(g, behind, "alpha", act.a))
			return -1;
	}
	return op == OP_HARD_SIGMOID ?
		       node_set_float(g, behind, "beta", act.b) :
		       0;
}

int split_table_activations(struct graph *g)
{
	for (struct node *n = g->first; n; n = n->next) {
		enum op op = op_of_activation(n->act.kind);

		if (op != OP_NONE && split_activation(g, n, op))
			return -1;
	}
	return 0;
}
