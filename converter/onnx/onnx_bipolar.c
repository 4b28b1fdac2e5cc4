/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_bipolar.h"

#include "converter/onnx/onnx_codes.h"

static struct value *number(const struct onnx_node *o, float v)
{
	return graph_const_f32(o->r->g, o->name, -1, &v);
}

int onnx_bipolar(const struct onnx_node *o, struct node *n)
{
	struct value *x = n->inputs[0], *scale = node_input(n, 1), *in[4];
	struct value *pair[2] = { x, number(o, 0) }, *choice[3];

	if (!scale)
		return onnx_error(o, "input 1 is missing");
	choice[0] = onnx_put(o, OP_GREATER_OR_EQUAL, pair, 2, n);
	choice[1] = scale;
	choice[2] = onnx_put(o, OP_NEG, &scale, 1, n);
	in[0] = onnx_put(o, OP_WHERE, choice, 3, n);
	in[1] = scale;
	in[2] = number(o, 0);
	in[3] = number(o, 2);
	if (!in[0] || !in[2] || !in[3] ||
	    node_set_int(o->r->g, n, "signed", 1) ||
	    node_set_int(o->r->g, n, "narrow", 1))
		return onnx_no_memory(o->r);
	return onnx_set_inputs(o, n, in, 4);
}
