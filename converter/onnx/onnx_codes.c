/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_codes.h"

struct value *onnx_new_value(const struct onnx_node *o,
			     const struct value *like)
{
	return graph_value(o->r->g, like->name, DT_NONE, NULL);
}

struct value *onnx_put(const struct onnx_node *o, enum op op,
		       struct value *const *in, int count, struct node *before)
{
	struct value *y;

	for (int i = 0; i < count; i++)
		if (!in[i])
			return NULL;
	y = onnx_new_value(o, in[0]);
	return y && graph_node(o->r->g, op, o->name, in, count, &y, 1, before) ?
		       y :
		       NULL;
}

struct value *onnx_dequantized(const struct onnx_node *o,
			       const struct onnx_codes *c, struct node *before)
{
	struct value *in[3] = { c->codes, c->scale, c->zero };
	struct value *y =
		onnx_put(o, OP_DEQUANTIZE_LINEAR, in, c->zero ? 3 : 2, before);

	return y && !node_set_int(o->r->g, y->producer, "axis", c->axis) ? y :
									   NULL;
}

struct value *onnx_detach_output(const struct onnx_node *o, struct node *n)
{
	struct value *y = n->outputs[0], *made = onnx_new_value(o, y);

	if (!made)
		return NULL;
	n->outputs[0] = made;
	made->producer = n;
	y->producer = NULL;
	return y;
}

int onnx_quantize_output(const struct onnx_node *o, struct node *n,
			 struct value *scale, struct value *zero)
{
	struct value *y = onnx_detach_output(o, n);
	struct value *in[3] = { n->outputs[0], scale, zero };
	const struct onnx_type *t =
		zero ? onnx_type(onnx_value_type(o->r, zero)) : NULL;
	bool is_signed = t && t->is_signed;
	struct node *q = y ? graph_node(o->r->g, OP_QUANTIZE_LINEAR, o->name,
					in, zero ? 3 : 2, &y, 1, NULL) :
			     NULL;

	return q && !node_set_int(o->r->g, q, "axis", 1) &&
			       !node_set_int(o->r->g, q, "signed", is_signed) ?
		       0 :
		       onnx_no_memory(o->r);
}

int onnx_set_inputs(const struct onnx_node *o, struct node *n,
		    struct value *const *in, int count)
{
	int had = n->input_count;

	for (int i = 0; i < had || i < count; i++)
		if (graph_set_input(o->r->g, n, i, i < count ? in[i] : NULL))
			return onnx_no_memory(o->r);
	n->input_count = count;
	return 0;
}
