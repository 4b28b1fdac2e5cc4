/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on integers become DequantizeLinear, the float operator and
 * QuantizeLinear. */
#include "converter/onnx/onnx_qlinear.h"

#include <string.h>

#define MOST_OPERANDS 2

/* Inputs are `operands` times a value, its scale and its zero point, then the
 * scale and zero point of the output. */
static const struct form {
	const char *name;
	enum op op;
	int operands;
} forms[] = {
	{ "QLinearAdd", OP_ADD, 2 },
	{ "QLinearConv", OP_CONV, 2 },
	{ "QLinearLeakyRelu", OP_LEAKY_RELU, 1 },
	{ "QLinearMatMul", OP_MAT_MUL, 2 },
	{ "QLinearMul", OP_MUL, 2 },
	{ "QLinearSigmoid", OP_SIGMOID, 1 },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return NULL;
}

enum op onnx_qlinear_op(const char *op_type)
{
	const struct form *f = find_form(op_type);

	return f ? f->op : OP_NONE;
}

/* A node between `in` and a new value; scales of channels lie along `axis`.
 * NULL when memory is exhausted. */
static struct node *convert(const struct onnx_node *o, enum op op,
			    struct value *const in[3], struct value *out,
			    int axis, struct node *before)
{
	int count = in[2] ? 3 : 2;
	struct node *n = out ? graph_node(o->r->g, op, o->name, in, count, &out,
					  1, before) :
			       NULL;

	return n && !node_set_int(o->r->g, n, "axis", axis) ? n : NULL;
}

static struct value *new_value(const struct onnx_node *o,
			       const struct value *like)
{
	return graph_value(o->r->g, like->name, DT_NONE, NULL);
}

/* Scale of the bias of a QLinearConv: that of x times those of w. */
static struct value *bias_scale(const struct onnx_node *o, struct node *n)
{
	struct value *in[2] = { n->inputs[1], n->inputs[4] };
	struct value *v = new_value(o, n->inputs[4]);

	return v && graph_node(o->r->g, OP_MUL, o->name, in, 2, &v, 1, n) ?
		       v :
		       NULL;
}

static struct value *float_bias(const struct onnx_node *o, struct node *n,
				struct value *bias)
{
	struct value *scaled[3] = { bias, bias_scale(o, n), NULL };
	struct value *v = new_value(o, bias);

	return scaled[1] && convert(o, OP_DEQUANTIZE_LINEAR, scaled, v, 0, n) ?
		       v :
		       NULL;
}

static int check(const struct onnx_node *o, const struct node *n,
		 const struct form *f)
{
	int count = 3 * f->operands + 2;

	for (int i = 0; i < count; i++) {
		bool zero = i == count - 1 || (i < count - 2 && i % 3 == 2);

		if (!zero && !node_input(n, i))
			return onnx_error(o, "input %d is missing", i);
	}
	if (n->input_count > count + (f->op == OP_CONV))
		return onnx_error(o, "has %d inputs, expected at most %d",
				  n->input_count, count + (f->op == OP_CONV));
	return 0;
}

/* The codes of the output have the type of its zero point. */
static int quantize_output(const struct onnx_node *o, struct node *n,
			   struct value *scale, struct value *zero)
{
	struct value *y = n->outputs[0], *made = new_value(o, y);
	struct value *in[3] = { made, scale, zero };
	bool is_signed = zero && onnx_value_type(o->r, zero) == ONNX_INT8;
	struct node *q;

	if (!made)
		return onnx_no_memory(o->r);
	n->outputs[0] = made;
	made->producer = n;
	y->producer = NULL;
	q = convert(o, OP_QUANTIZE_LINEAR, in, y, 1, NULL);
	return q && !node_set_int(o->r->g, q, "signed", is_signed) ?
		       0 :
		       onnx_no_memory(o->r);
}

/* The node keeps only `count` inputs: these. */
static int set_inputs(const struct onnx_node *o, struct node *n,
		      struct value *const *in, int count)
{
	for (int i = 0; i < n->input_count; i++)
		if (graph_set_input(o->r->g, n, i, i < count ? in[i] : NULL))
			return onnx_no_memory(o->r);
	n->input_count = count;
	return 0;
}

int onnx_qlinear(const struct onnx_node *o, struct node *n)
{
	const struct form *f = find_form(o->op_type);
	struct value *in[MOST_OPERANDS + 1] = { NULL }, *bias, *scale, *zero;
	int count = f->operands;

	if (check(o, n, f))
		return -1;
	for (int i = 0; i < count; i++) {
		in[i] = new_value(o, n->inputs[3 * i]);
		if (!convert(o, OP_DEQUANTIZE_LINEAR, n->inputs + 3 * i, in[i],
			     f->op == OP_CONV ? 0 : 1, n))
			return onnx_no_memory(o->r);
	}
	bias = f->op == OP_CONV ? node_input(n, 8) : NULL;
	if (bias) {
		in[count] = float_bias(o, n, bias);
		if (!in[count++])
			return onnx_no_memory(o->r);
	}
	scale = n->inputs[3 * f->operands];
	zero = node_input(n, 3 * f->operands + 1);
	return set_inputs(o, n, in, count) ||
			       quantize_output(o, n, scale, zero) ?
		       -1 :
		       0;
}
