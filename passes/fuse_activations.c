/* SPDX-License-Identifier: Apache-2.0 */
/* Fuses Relu, Clip and LeakyRelu into the node before, as on the device. */
#include <float.h>

#include "passes/match.h"
#include "passes/passes.h"

static bool read_activation(const struct node *n, struct activation *act)
{
	const struct value *low = node_input(n, 1), *high = node_input(n, 2);

	switch (n->op) {
	case OP_RELU:
		*act = (struct activation){ ACT_RELU, 0, 0 };
		return true;
	case OP_LEAKY_RELU:
		*act = (struct activation){ ACT_LEAKY_RELU,
					    node_float(n, "alpha", 0.01f), 0 };
		return true;
	case OP_CLIP:
		*act = (struct activation){ ACT_CLIP, -FLT_MAX, FLT_MAX };
		return (!low || value_const_scalar(low, &act->a)) &&
		       (!high || value_const_scalar(high, &act->b));
	default:
		return false;
	}
}

/* Operators whose device kernels end in a clamp; layers also have two
 * slopes. */
static bool can_take(const struct node *n, enum act_kind kind)
{
	switch (n->op) {
	case OP_CONV:
	case OP_CONV_TRANSPOSE:
	case OP_GEMM:
		return true;
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		return kind != ACT_LEAKY_RELU;
	default:
		return false;
	}
}

static int fuse(struct graph *g, struct node *n)
{
	struct value *x = n->inputs[0], *y = n->outputs[0];
	struct node *before = x->producer;
	struct activation act;

	if (n->tail || !before || before->tail || y->dtype != DT_F32 ||
	    before->act.kind != ACT_NONE || value_only_reader(x) != n ||
	    !read_activation(n, &act) || !can_take(before, act.kind))
		return 0;
	/* the node before computes y itself, with y's name */
	graph_remove(g, n);
	before->outputs[0] = y;
	y->producer = before;
	x->producer = NULL;
	before->act = act;
	return 0;
}

int pass_fuse_activations(struct graph *g, const struct config *c,
			  struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (n->input_count > 0 && n->inputs[0] && n->outputs[0] &&
		    fuse(g, n))
			return diag_error(d, "out of memory");
	}
	return 0;
}
