/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs of integers, as tf2onnx and TFLite write them for pictures, become
 * float ones: calibration, preprocessing and the device know floats only. The
 * values are the same whole numbers.
 */
#include "ir/tensor.h"
#include "passes/passes.h"

/* One scale and zero point for all codes. */
static bool is_plain_dequantize(const struct node *n)
{
	float scale;

	return n->op == OP_DEQUANTIZE_LINEAR &&
	       node_const_float(n, 1, &scale) &&
	       (!node_input(n, 2) ||
		(value_is_const(n->inputs[2]) &&
		 shape_elements(&n->inputs[2]->shape) == 1));
}

static double zero_point_of(const struct node *n)
{
	const struct value *v = node_input(n, 2);

	return v ? tensor_element(v->dtype, v->data, 0) : 0;
}

/* Rounding to the grid that y is on already: the quantizer takes it over. */
static struct value *on_grid(struct graph *g, struct node *n, float scale,
			     float zero)
{
	struct value *in[4], *y = n->outputs[0];
	struct value *x = graph_value(g, y->name, DT_F32, &y->shape);
	const float bits = 8;
	struct node *q;

	in[0] = x;
	in[1] = graph_const_f32(g, n->name, -1, &scale);
	in[2] = graph_const_f32(g, n->name, -1, &zero);
	in[3] = graph_const_f32(g, n->name, -1, &bits);
	if (!x || !in[1] || !in[2] || !in[3])
		return NULL;
	n->outputs[0] = NULL;
	q = graph_node(g, OP_QUANT, n->name, in, 4, &y, 1, n->next);
	return q && !node_set_int(g, q, "signed",
				  n->inputs[0]->dtype == DT_I8) ?
		       x :
		       NULL;
}

/* (x - zero point) * scale, on the grid of the codes. */
static int spell_dequantize(struct graph *g, struct node *n, struct value *x)
{
	float zero = (float)zero_point_of(n), scale = 1;
	struct value *in[2] = { x }, *y = n->outputs[0];
	bool is_byte = n->inputs[0]->dtype == DT_I8 ||
		       n->inputs[0]->dtype == DT_U8;
	struct value *moved = graph_value(g, y->name, DT_F32, &x->shape);

	node_const_float(n, 1, &scale);
	if (is_byte && scale > 0 && !(y = on_grid(g, n, scale, zero)))
		return -1;
	in[1] = graph_const_f32(g, n->name, -1, &zero);
	if (!moved || !in[1] ||
	    !graph_node(g, OP_SUB, n->name, in, 2, &moved, 1, n))
		return -1;
	in[0] = moved;
	in[1] = graph_const_f32(g, n->name, -1, &scale);
	n->outputs[0] = NULL;
	if (!in[1] || !graph_node(g, OP_MUL, n->name, in, 2, &y, 1, n))
		return -1;
	graph_remove(g, n);
	return 0;
}

/* A reader that wants floats takes x itself. Returns 1: done; 0: it wants
 * integers; -1: out of memory. */
static int bypass(struct graph *g, struct node *n, const struct value *whole,
		  struct value *x)
{
	struct value *y = n->outputs[0];

	if (n->inputs[0] != whole)
		return 0;
	if (is_plain_dequantize(n))
		return spell_dequantize(g, n, x) ? -1 : 1;
	if (n->op != OP_CAST || y->dtype != DT_F32 || y->is_output)
		return 0;
	if (graph_replace(g, y, x))
		return -1;
	graph_remove(g, n);
	return 1;
}

/* Readers that want integers take `whole`. */
static int read_whole(struct graph *g, struct value *x, struct value *whole)
{
	while (x->use_count) {
		struct node *n = x->uses[0];

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] == x &&
			    graph_set_input(g, n, i, whole))
				return -1;
	}
	return 0;
}

static int to_float(struct graph *g, struct value *x)
{
	struct value *whole = graph_value(g, x->name, x->dtype, &x->shape);
	struct node *cast;
	int done = 0;

	if (!whole || read_whole(g, x, whole))
		return -1;
	cast = graph_node(g, OP_CAST, x->name, &x, 1, &whole, 1, g->first);
	if (!cast || node_set_string(g, cast, "to", dtype_name(x->dtype)))
		return -1;
	x->declared = x->dtype;
	x->dtype = DT_F32;
	for (int i = 0; i < whole->use_count; i = done ? 0 : i + 1) {
		done = bypass(g, whole->uses[i], whole, x);
		if (done < 0)
			return -1;
	}
	if (!whole->use_count)
		graph_remove(g, cast);
	return 0;
}

int pass_float_inputs(struct graph *g, const struct config *c, struct diag *d)
{
	(void)c;
	for (int i = 0; i < g->input_count; i++)
		if (g->inputs[i]->dtype != DT_F32 && to_float(g, g->inputs[i]))
			return diag_error(d, "out of memory");
	return 0;
}
