/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers of sound and other sequences, N,C,L, become layers of pictures with
 * one row, N,C,1,L: then all that is known about these holds. Reshapes stand
 * around each; between two layers they cancel.
 */
#include "passes/passes.h"

static bool is_layer(const struct node *n)
{
	switch (n->op) {
	case OP_CONV:
	case OP_CONV_TRANSPOSE:
		return value_is_const(n->inputs[1]);
	case OP_MAX_POOL:
		return n->output_count < 2 || !n->outputs[1];
	case OP_AVERAGE_POOL:
	case OP_GLOBAL_AVERAGE_POOL:
	case OP_GLOBAL_MAX_POOL:
		return true;
	default:
		return false;
	}
}

/* Lists of one entry for each dim, and pads: begin and end of each. */
static int raise_lists(struct graph *g, struct node *n)
{
	static const struct {
		const char *name;
		int64_t rows;
	} lists[] = { { "kernel_shape", 1 },
		      { "strides", 1 },
		      { "dilations", 1 },
		      { "output_padding", 0 },
		      { "output_shape", 1 } };
	int64_t one, pads[2];

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (node_ints(n, lists[i].name, &one, 1) == 1 &&
		    node_set_ints(g, n, lists[i].name,
				  (int64_t[]){ lists[i].rows, one }, 2))
			return -1;
	if (node_ints(n, "pads", pads, 2) != 2)
		return 0;
	return node_set_ints(g, n, "pads",
			     (int64_t[]){ 0, pads[0], 0, pads[1] }, 4);
}

static struct shape with_row(const struct shape *s)
{
	struct shape out = { .rank = 4,
			     .dim = { s->dim[0], s->dim[1], 1, s->dim[2] } };

	return out;
}

static struct value *raised_weights(struct graph *g, const struct value *w)
{
	struct shape s = with_row(&w->shape);
	struct value *out = graph_constant(g, w->name, w->dtype, &s, w->data);

	if (out)
		out->quant = w->quant;
	return out;
}

static struct node *reshape(struct graph *g, const struct node *n,
			    struct value *x, struct value *y,
			    struct node *before)
{
	struct value *in[2] = { x };

	in[1] = graph_const_i64(g, n->name, y->shape.rank, y->shape.dim);
	return in[1] ? graph_node(g, OP_RESHAPE, n->name, in, 2, &y, 1,
				  before) :
		       NULL;
}

static int raise_layer(struct graph *g, struct node *n)
{
	struct value *x = n->inputs[0], *y = n->outputs[0], *w = NULL;
	struct shape in = with_row(&x->shape), out = with_row(&y->shape);
	struct value *from = graph_value(g, x->name, x->dtype, &in);
	struct value *to = graph_value(g, y->name, y->dtype, &out);

	if (!from || !to || !reshape(g, n, x, from, n) ||
	    graph_set_input(g, n, 0, from) || raise_lists(g, n))
		return -1;
	if (n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE) {
		w = raised_weights(g, n->inputs[1]);
		if (!w || graph_set_input(g, n, 1, w))
			return -1;
	}
	n->outputs[0] = to;
	to->producer = n;
	return reshape(g, n, to, y, n->next) ? 0 : -1;
}

int pass_raise_1d(struct graph *g, const struct config *c, struct diag *d)
{
	(void)c;
	for (struct node *n = g->first; n; n = n->next)
		if (is_layer(n) && n->inputs[0]->shape.rank == 3 &&
		    shape_elements(&n->inputs[0]->shape) > 0 &&
		    shape_elements(&n->outputs[0]->shape) > 0 &&
		    raise_layer(g, n))
			return diag_error(d, "out of memory");
	return 0;
}
