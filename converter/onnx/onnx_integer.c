/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_integer.h"

#include <string.h>

#include "converter/onnx/onnx_codes.h"

/* Places of the inputs; -1: there are none. */
static const struct form {
	const char *name;
	enum op op;
	int scale[2], zero[2], bias;
	bool dynamic; /* the first input is float, and quantized here */
} forms[] = {
	{ "ConvInteger", OP_CONV, { -1, -1 }, { 2, 3 }, -1, false },
	{ "MatMulInteger", OP_MAT_MUL, { -1, -1 }, { 2, 3 }, -1, false },
	{ "MatMulIntegerToFloat", OP_MAT_MUL, { 2, 3 }, { 4, 5 }, 6, false },
	{ "DynamicQuantizeMatMul", OP_MAT_MUL, { -1, 2 }, { -1, 3 }, 4, true },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return NULL;
}

enum op onnx_integer_op(const char *op_type)
{
	const struct form *f = find_form(op_type);

	return f ? f->op : OP_NONE;
}

static struct value *input_at(const struct node *n, int at)
{
	return at < 0 ? NULL : node_input(n, at);
}

/* Scales of 1, as many as there are zero points. */
static struct value *ones(const struct onnx_node *o, const struct value *zero)
{
	bool many = zero && zero->shape.rank == 1 && zero->shape.dim[0] > 1 &&
		    shape_known(&zero->shape);
	int64_t count = many ? zero->shape.dim[0] : 1;
	float *v = arena_array(o->r->g->arena, (size_t)count, sizeof(*v));

	for (int64_t i = 0; v && i < count; i++)
		v[i] = 1;
	return v ? graph_constant(o->r->g, o->name, DT_F32,
				  &(struct shape){ many, { count } }, v) :
		   NULL;
}

/* One zero point stands for those of all channels. */
static struct value *zeros_for(const struct onnx_node *o, struct value *zero,
			       const struct value *scale)
{
	int64_t count = shape_elements(&scale->shape);
	uint8_t *v;

	if (!value_is_const(zero) || shape_elements(&zero->shape) != 1 ||
	    scale->shape.rank != 1 || count < 2 ||
	    (zero->dtype != DT_I8 && zero->dtype != DT_U8))
		return zero;
	v = arena_alloc(o->r->g->arena, (size_t)count);
	if (!v)
		return NULL;
	memset(v, *(const uint8_t *)zero->data, (size_t)count);
	return graph_constant(o->r->g, zero->name, zero->dtype, &scale->shape,
			      v);
}

static struct value *operand(const struct onnx_node *o, struct node *n,
			     const struct form *f, int i)
{
	struct onnx_codes c = {
		.codes = n->inputs[i],
		.scale = input_at(n, f->scale[i]),
		.zero = input_at(n, f->zero[i]),
		.axis = f->op == OP_CONV ? !i : i - 2, /* rows, columns */
	};

	if (!c.scale)
		c.scale = ones(o, c.zero);
	if (c.scale && c.zero)
		c.zero = zeros_for(o, c.zero, c.scale);
	return c.scale && (c.zero || !input_at(n, f->zero[i])) ?
		       onnx_dequantized(o, &c, n) :
		       NULL;
}

/* The first operand of DynamicQuantizeMatMul. */
static struct value *dynamic_operand(const struct onnx_node *o, struct node *n)
{
	struct value *x = n->inputs[0], *out[3];
	struct onnx_codes c = { .axis = 1 };

	for (int i = 0; i < 3; i++)
		if (!(out[i] = onnx_new_value(o, x)))
			return NULL;
	if (!graph_node(o->r->g, OP_DYNAMIC_QUANTIZE_LINEAR, o->name, &x, 1,
			out, 3, n))
		return NULL;
	c.codes = out[0];
	c.scale = out[1];
	c.zero = out[2];
	return onnx_dequantized(o, &c, n);
}

static int check(const struct onnx_node *o, const struct node *n,
		 const struct form *f)
{
	int most = f->bias >= 0 ? f->bias + 1 : 4;

	if (n->input_count > most)
		return onnx_error(o, "has %d inputs, expected at most %d",
				  n->input_count, most);
	for (int i = 0; i < 2; i++) {
		if (!node_input(n, i))
			return onnx_error(o, "input %d is missing", i);
		if (f->scale[i] >= 0 && !node_input(n, f->scale[i]))
			return onnx_error(o, "input %d is missing",
					  f->scale[i]);
	}
	return 0;
}

/* Behind the node: the Cast to integers, or the Add of a bias. */
static int finish(const struct onnx_node *o, struct node *n,
		  const struct form *f, struct value *bias)
{
	bool whole = f->scale[1] < 0;
	struct value *in[2], *y;
	struct node *last;

	if (!whole && !bias)
		return 0;
	y = onnx_detach_output(o, n);
	in[0] = n->outputs[0];
	in[1] = bias;
	last = y ? graph_node(o->r->g, whole ? OP_CAST : OP_ADD, o->name, in,
			      whole ? 1 : 2, &y, 1, NULL) :
		   NULL;
	return !last || (whole && node_set_string(o->r->g, last, "to",
						  dtype_name(DT_I32))) ?
		       onnx_no_memory(o->r) :
		       0;
}

int onnx_integer(const struct onnx_node *o, struct node *n)
{
	const struct form *f = find_form(o->op_type);
	struct value *in[2], *bias;

	if (check(o, n, f))
		return -1;
	bias = input_at(n, f->bias);
	in[0] = f->dynamic ? dynamic_operand(o, n) : operand(o, n, f, 0);
	in[1] = operand(o, n, f, 1);
	if (!in[0] || !in[1])
		return onnx_no_memory(o->r);
	return onnx_set_inputs(o, n, in, 2) || finish(o, n, f, bias) ? -1 : 0;
}
