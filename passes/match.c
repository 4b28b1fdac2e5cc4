/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/match.h"

struct node *match_producer(const struct value *v, enum op op)
{
	struct node *n = v ? v->producer : NULL;

	return n && n->op == op && n->outputs[0] == v &&
			       n->act.kind == ACT_NONE ?
		       n :
		       NULL;
}

struct node *match_inner(const struct value *v, enum op op)
{
	return v && value_readers(v) == 1 ? match_producer(v, op) : NULL;
}

bool match_scalar(const struct node *n, float *number, struct value **other,
		  bool *swapped)
{
	for (int i = 0; i < 2; i++) {
		const struct value *c = node_input(n, 1 - i);
		struct value *v = node_input(n, i);

		if (!c || !v || value_is_const(v) ||
		    !value_const_scalar(c, number) ||
		    c->shape.rank > v->shape.rank)
			continue;
		*other = v;
		if (swapped)
			*swapped = i == 1;
		return true;
	}
	return false;
}

bool match_near(double a, double b)
{
	double scale = a < 0 ? -a : a, distance = a < b ? b - a : a - b;

	return distance <= 1e-5 * (scale > 1 ? scale : 1);
}

struct value *match_other(const struct node *n, const struct value *v)
{
	if (n->input_count != 2)
		return NULL;
	return n->inputs[0] == v ? n->inputs[1] :
	       n->inputs[1] == v ? n->inputs[0] :
				   NULL;
}

struct node *match_put(struct graph *g, struct node *old, enum op op,
		       struct value *input)
{
	struct value *y = old->outputs[0];
	struct node *n;

	old->outputs[0] = NULL;
	n = graph_node(g, op, old->name, &input, 1, &y, 1, old);
	if (n)
		graph_remove(g, old);
	return n;
}
