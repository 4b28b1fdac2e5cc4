/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves DequantizeLinear in front of operators that only move or select codes,
 * which models of quantized operators have between them: the operators become
 * float ones, and rounding and its inverse come together. One scale and zero
 * point for all codes make the two orders equal.
 */
#include <string.h>

#include "ir/tensor.h"
#include "passes/passes.h"

static bool has_one_grid(const struct node *n)
{
	const struct value *zero = node_input(n, 2);
	float scale;

	return n->op == OP_DEQUANTIZE_LINEAR && n->inputs[0]->dtype != DT_I32 &&
	       node_const_float(n, 1, &scale) &&
	       (!zero ||
		(value_is_const(zero) && shape_elements(&zero->shape) == 1));
}

static bool same_constant(const struct value *a, const struct value *b)
{
	size_t bytes;

	if (a == b || !a || !b)
		return a == b;
	bytes = dtype_size(a->dtype);
	return a->dtype == b->dtype &&
	       !memcmp(a->data, b->data, bytes); /* one element */
}

static bool same_grid(const struct node *a, const struct node *b)
{
	return has_one_grid(b) && same_constant(a->inputs[1], b->inputs[1]) &&
	       same_constant(node_input(a, 2), node_input(b, 2));
}

/* Output values are input values: of the first input, or of all of them. */
static bool moves_codes(const struct node *n)
{
	const char *mode = node_string(n, "mode", "nearest");

	if (n->output_count != 1)
		return false;
	switch (n->op) {
	case OP_CONCAT:
	case OP_GATHER_ELEMENTS:
	case OP_GATHER_ND:
	case OP_TILE:
		return true;
	case OP_PAD:
		return !node_input(n, 2) || value_is_const(n->inputs[2]);
	case OP_RESIZE:
		return !strcmp(mode, "nearest") &&
		       strcmp(node_string(n, "coordinate_transformation_mode",
					  ""),
			      "tf_crop_and_resize");
	default:
		return op_info(n->op)->flags & OPF_KEEPS_SCALE;
	}
}

/* The node that makes dq's codes, if everything that reads them is such a
 * DequantizeLinear. */
static struct node *mover_before(const struct node *dq)
{
	const struct value *codes = dq->inputs[0];
	struct node *n = codes->producer;

	if (!n || !moves_codes(n) || codes->is_output)
		return NULL;
	for (int i = 0; i < codes->use_count; i++)
		if (codes->uses[i]->inputs[0] != codes ||
		    !same_grid(dq, codes->uses[i]))
			return NULL;
	return n;
}

static int dequantize_input(struct graph *g, struct node *n, int slot,
			    const struct node *dq)
{
	struct value *v = n->inputs[slot];
	struct value *in[3] = { v, dq->inputs[1], node_input(dq, 2) };
	struct value *y = graph_value(g, v->name, DT_F32, &v->shape);

	return y && graph_node(g, OP_DEQUANTIZE_LINEAR, dq->name, in,
			       in[2] ? 3 : 2, &y, 1, n) ?
		       graph_set_input(g, n, slot, y) :
		       -1;
}

static double first_element(const struct value *v)
{
	return v ? tensor_element(v->dtype, v->data, 0) : 0;
}

/* A Pad writes a code too. */
static int dequantize_padding(struct graph *g, struct node *n,
			      const struct node *dq)
{
	float v = (float)((first_element(node_input(n, 2)) -
			   first_element(node_input(dq, 2))) *
			  first_element(dq->inputs[1]));
	struct value *with = graph_const_f32(g, n->name, -1, &v);

	if (strcmp(node_string(n, "mode", "constant"), "constant"))
		return 0;
	while (n->input_count < 2)
		if (graph_set_input(g, n, n->input_count, NULL))
			return -1;
	return with ? graph_set_input(g, n, 2, with) : -1;
}

/* All DequantizeLinear behind n go; n computes floats. */
static int move(struct graph *g, struct node *n, const struct node *dq)
{
	struct value *y = n->outputs[0];
	int count = n->op == OP_CONCAT ? n->input_count : 1;

	for (int i = 0; i < count; i++)
		if (dequantize_input(g, n, i, dq))
			return -1;
	if (n->op == OP_PAD && dequantize_padding(g, n, dq))
		return -1;
	y->dtype = DT_F32;
	for (int i = 0; i < y->use_count; i++) {
		struct node *reader = y->uses[i];

		if (reader->op != OP_DEQUANTIZE_LINEAR)
			continue; /* read one of them before */
		if (graph_replace(g, reader->outputs[0], y))
			return -1;
		graph_remove(g, reader);
		i = -1; /* the list has changed */
	}
	return 0;
}

int pass_dequantize_early(struct graph *g, const struct config *c,
			  struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->last; n; n = next) {
		struct node *mover = has_one_grid(n) ? mover_before(n) : NULL;

		next = n->prev;
		if (!mover)
			continue;
		if (move(g, mover, n))
			return diag_error(d, "out of memory");
		next = mover;
	}
	return 0;
}
