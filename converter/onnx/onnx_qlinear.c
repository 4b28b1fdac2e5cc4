/* SPDX-License-Identifier: Apache-2.0 */
/* Operators from codes to codes become DequantizeLinear, the float operator and
 * QuantizeLinear. */
#include "converter/onnx/onnx_qlinear.h"

#include <string.h>

#include "converter/onnx/onnx_codes.h"

/* Order of the inputs. An operand is a value, its scale and its zero point. */
enum order {
	OUTPUT_LAST,  /* operands, scale and zero point of the output, bias */
	OUTPUT_FIRST, /* scale and zero point of the output, any operands */
	AFTER_FLAGS,  /* a condition, then as OUTPUT_LAST */
	BIAS_BEFORE   /* operands, bias, scale and zero point of the output; or
		       * the output is float */
};

static const struct form {
	const char *name;
	enum op op;
	int operands;
	enum order order;
} forms[] = {
	{ "QGemm", OP_GEMM, 2, BIAS_BEFORE },
	{ "QLinearAdd", OP_ADD, 2, OUTPUT_LAST },
	{ "QLinearAveragePool", OP_AVERAGE_POOL, 1, OUTPUT_LAST },
	{ "QLinearConcat", OP_CONCAT, 0, OUTPUT_FIRST },
	{ "QLinearConv", OP_CONV, 2, OUTPUT_LAST },
	{ "QLinearGlobalAveragePool", OP_GLOBAL_AVERAGE_POOL, 1, OUTPUT_LAST },
	{ "QLinearLeakyRelu", OP_LEAKY_RELU, 1, OUTPUT_LAST },
	{ "QLinearMatMul", OP_MAT_MUL, 2, OUTPUT_LAST },
	{ "QLinearMul", OP_MUL, 2, OUTPUT_LAST },
	{ "QLinearReduceMean", OP_REDUCE_MEAN, 1, OUTPUT_LAST },
	{ "QLinearSigmoid", OP_SIGMOID, 1, OUTPUT_LAST },
	{ "QLinearSoftmax", OP_SOFTMAX, 1, OUTPUT_LAST },
	{ "QLinearWhere", OP_WHERE, 2, AFTER_FLAGS },
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

/* Where things stand among the inputs. */
struct places {
	int first, operands; /* of the operands */
	int output;          /* scale of the output */
	int bias;            /* -1: none */
};

static struct places places_of(const struct form *f, const struct node *n)
{
	struct places p = { 0, f->operands, 3 * f->operands, -1 };

	switch (f->order) {
	case OUTPUT_FIRST:
		p.first = 2;
		p.operands = (n->input_count - 2 + 2) / 3;
		p.output = 0;
		break;
	case AFTER_FLAGS:
		p.first = 1;
		p.output++;
		break;
	case BIAS_BEFORE:
		p.bias = p.output++;
		break;
	case OUTPUT_LAST:
		if (f->op == OP_CONV)
			p.bias = p.output + 2;
		break;
	}
	return p;
}

static int check(const struct onnx_node *o, const struct node *n,
		 const struct form *f, const struct places *p)
{
	int behind = p->first + 3 * p->operands;
	int most = p->output + 2 > behind ? p->output + 2 : behind;

	if (p->bias >= most)
		most = p->bias + 1;
	if (p->operands < 1)
		return onnx_error(o, "has no operands");
	if (n->input_count > most)
		return onnx_error(o, "has %d inputs, expected at most %d",
				  n->input_count, most);
	for (int i = 0; i < behind; i++)
		if ((i - p->first) % 3 != 2 && i >= p->first &&
		    !node_input(n, i))
			return onnx_error(o, "input %d is missing", i);
	if (f->order == AFTER_FLAGS && !node_input(n, 0))
		return onnx_error(o, "input 0 is missing");
	if (f->order != BIAS_BEFORE && !node_input(n, p->output))
		return onnx_error(o, "input %d is missing", p->output);
	return 0;
}

/* The axis of scales of channels: rows and columns of products, output channels
 * of weights. */
static int scale_axis(const struct onnx_node *o, enum op op, int operand)
{
	if (op == OP_CONV)
		return operand ? 0 : 1;
	if (op == OP_MAT_MUL)
		return operand ? -1 : -2;
	if (op == OP_GEMM)
		return operand ? !onnx_attr_int(o, "transB", 0) :
				 onnx_attr_int(o, "transA", 0) != 0;
	return 1;
}

static struct onnx_codes operand_at(const struct onnx_node *o,
				    const struct node *n, const struct form *f,
				    const struct places *p, int i)
{
	int at = p->first + 3 * i;

	return (struct onnx_codes){ n->inputs[at], n->inputs[at + 1],
				    node_input(n, at + 2),
				    scale_axis(o, f->op, i) };
}

/* The bias has the scale of x times those of w, and Gemm's alpha. */
static struct value *float_bias(const struct onnx_node *o, struct node *n,
				const struct form *f, const struct places *p)
{
	const struct onnx_codes x = operand_at(o, n, f, p, 0);
	const struct onnx_codes w = operand_at(o, n, f, p, 1);
	struct onnx_codes bias = { .codes = n->inputs[p->bias], .axis = -1 };
	float alpha = node_float(n, "alpha", 1);

	bias.scale = onnx_put(o, OP_MUL, (struct value *[]){ w.scale, x.scale },
			      2, n);
	if (f->op == OP_GEMM && alpha != 1 && bias.scale)
		bias.scale = onnx_put(
			o, OP_MUL,
			(struct value *[]){
				bias.scale,
				graph_const_f32(o->r->g, o->name, -1, &alpha) },
			2, n);
	return bias.scale ? onnx_dequantized(o, &bias, n) : NULL;
}

/* ---- Channels last ---- */

static struct value *transposed(const struct onnx_node *o, struct value *v,
				const int64_t *perm, struct node *before)
{
	struct value *t = onnx_put(o, OP_TRANSPOSE, &v, 1, before);

	return t && !node_set_ints(o->r->g, t->producer, "perm", perm, 4) ?
		       t :
		       NULL;
}

/* The node computes N,C,H,W between two Transposes. */
static int channels_last(const struct onnx_node *o, struct node *n)
{
	static const int64_t nchw[4] = { 0, 3, 1, 2 }, nhwc[4] = { 0, 2, 3, 1 };
	struct value *x = transposed(o, n->inputs[0], nchw, n), *y;
	struct node *back;

	if (!x || graph_set_input(o->r->g, n, 0, x))
		return onnx_no_memory(o->r);
	y = onnx_detach_output(o, n);
	back = y ? graph_node(o->r->g, OP_TRANSPOSE, o->name, n->outputs, 1, &y,
			      1, NULL) :
		   NULL;
	return back && !node_set_ints(o->r->g, back, "perm", nhwc, 4) ?
		       0 :
		       onnx_no_memory(o->r);
}

/* ---- The node ---- */

/* Its operands as floats, in `in`. -1: out of memory. */
static int float_operands(const struct onnx_node *o, struct node *n,
			  const struct form *f, const struct places *p,
			  struct value **in)
{
	int count = 0;

	if (p->first == 1)
		in[count++] = n->inputs[0];
	for (int i = 0; i < p->operands; i++) {
		struct onnx_codes c = operand_at(o, n, f, p, i);

		in[count] = onnx_dequantized(o, &c, n);
		if (!in[count++])
			return -1;
	}
	if (p->bias >= 0 && node_input(n, p->bias)) {
		in[count] = float_bias(o, n, f, p);
		if (!in[count++])
			return -1;
	}
	return count;
}

int onnx_qlinear(const struct onnx_node *o, struct node *n)
{
	const struct form *f = find_form(o->op_type);
	const struct places p = places_of(f, n);
	struct value *scale, *zero, **in;
	int count;

	if (check(o, n, f, &p))
		return -1;
	scale = node_input(n, p.output);
	zero = node_input(n, p.output + 1);
	in = arena_array(o->r->scratch, (size_t)p.operands + 2, sizeof(*in));
	count = in ? float_operands(o, n, f, &p, in) : -1;
	if (count < 0)
		return onnx_no_memory(o->r);
	if (onnx_set_inputs(o, n, in, count) ||
	    (scale && onnx_quantize_output(o, n, scale, zero)))
		return -1;
	return onnx_attr_int(o, "channels_last", 0) ? channels_last(o, n) : 0;
}
