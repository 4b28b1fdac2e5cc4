/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one float. */
#include "converter/lower/lower_function.h"

#include <float.h>
#include <string.h>

#include "converter/lower/lower_eltwise.h"
#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"
#include "ir/function_body.h"

static const enum dbp_unary unary_kinds[OP_COUNT] = {
	[OP_ABS] = DBP_U_ABS,
	[OP_CEIL] = DBP_U_CEIL,
	[OP_ELU] = DBP_U_ELU,
	[OP_ERF] = DBP_U_ERF,
	[OP_EXP] = DBP_U_EXP,
	[OP_FLOOR] = DBP_U_FLOOR,
	[OP_HARD_SWISH] = DBP_U_HARD_SWISH,
	[OP_LOG] = DBP_U_LOG,
	[OP_MISH] = DBP_U_MISH,
	[OP_NEG] = DBP_U_NEG,
	[OP_NOT] = DBP_U_NOT,
	[OP_RECIPROCAL] = DBP_U_RECIPROCAL,
	[OP_ROUND] = DBP_U_ROUND,
	[OP_SIGMOID] = DBP_U_SIGMOID,
	[OP_SIGN] = DBP_U_SIGN,
	[OP_SOFTPLUS] = DBP_U_SOFTPLUS,
	[OP_SQRT] = DBP_U_SQRT,
	[OP_TANH] = DBP_U_TANH,
};

static uint32_t lower_clip(struct lower *l, const struct node *n, uint32_t x)
{
	const struct value *low = node_input(n, 1), *high = node_input(n, 2);
	float a = -FLT_MAX, b = FLT_MAX;

	if ((!low || value_const_scalar(low, &a)) &&
	    (!high || value_const_scalar(high, &b)))
		return lower_unary(l, DBP_U_CLIP, x, a, b);
	if (low)
		x = lower_binary(l, DBP_B_MAX, x, lower_f32(l, low));
	if (high)
		x = lower_binary(l, DBP_B_MIN, x, lower_f32(l, high));
	return x;
}

static uint32_t lower_gelu(struct lower *l, const struct node *n, uint32_t x)
{
	uint32_t t;

	if (strcmp(node_string(n, "approximate", "none"), "tanh"))
		return lower_unary(l, DBP_U_GELU, x, 0, 0);
	t = lower_binary(l, DBP_B_MUL, x, x);
	t = lower_binary_scalar(l, DBP_B_MUL, t, 0.044715f);
	t = lower_binary_scalar(l, DBP_B_ADD, t, 1);
	t = lower_binary(l, DBP_B_MUL, t, x);
	t = lower_binary_scalar(l, DBP_B_MUL, t, 0.79788456080286536f);
	t = lower_unary(l, DBP_U_TANH, t, 0, 0);
	t = lower_binary_scalar(l, DBP_B_ADD, t, 1);
	t = lower_binary(l, DBP_B_MUL, t, x);
	return lower_binary_scalar(l, DBP_B_MUL, t, 0.5f);
}

/* x * sigmoid(alpha * x) */
static uint32_t lower_swish(struct lower *l, uint32_t x, float alpha)
{
	uint32_t t;

	if (alpha == 1)
		return lower_unary(l, DBP_U_SILU, x, 0, 0);
	t = lower_binary_scalar(l, DBP_B_MUL, x, alpha);
	t = lower_unary(l, DBP_U_SIGMOID, t, 0, 0);
	return lower_binary(l, DBP_B_MUL, x, t);
}

/* x + bias below -lambd, x - bias above lambd, 0 between. */
static uint32_t lower_shrink(struct lower *l, const struct node *n, uint32_t x)
{
	float lambd = node_float(n, "lambd", 0.5f);
	float bias = node_float(n, "bias", 0);
	uint32_t below = lower_binary_scalar(l, DBP_B_LESS, x, -lambd);
	uint32_t above = lower_binary_scalar(l, DBP_B_GREATER, x, lambd);

	below = lower_binary(l, DBP_B_MUL, below,
			     lower_binary_scalar(l, DBP_B_ADD, x, bias));
	above = lower_binary(l, DBP_B_MUL, above,
			     lower_binary_scalar(l, DBP_B_SUB, x, bias));
	return lower_binary(l, DBP_B_ADD, below, above);
}

static uint32_t lower_body(struct lower *l, const struct node *n, uint32_t x);

uint32_t lower_function_f32(struct lower *l, const struct node *n, uint32_t x)
{
	float alpha = node_float(n, "alpha", 1);
	uint32_t t;

	switch (n->op) {
	case OP_CLIP:
		return lower_clip(l, n, x);
	case OP_RELU:
		return lower_unary(l, DBP_U_CLIP, x, 0, FLT_MAX);
	case OP_LEAKY_RELU:
		return lower_unary(l, DBP_U_LEAKY, x,
				   node_float(n, "alpha", 0.01f), 0);
	case OP_HARD_SIGMOID:
		return lower_unary(l, DBP_U_HARD_SIGMOID, x,
				   node_float(n, "alpha", 0.2f),
				   node_float(n, "beta", 0.5f));
	case OP_FUNCTION:
		return lower_body(l, n, x);
	case OP_GELU:
		return lower_gelu(l, n, x);
	case OP_SWISH:
		return lower_swish(l, x, alpha);
	case OP_CELU: /* alpha * elu(x / alpha) */
		t = lower_binary_scalar(l, DBP_B_DIV, x, alpha);
		t = lower_unary(l, DBP_U_ELU, t, 1, 0);
		return lower_binary_scalar(l, DBP_B_MUL, t, alpha);
	case OP_SELU:
		t = lower_unary(l, DBP_U_ELU, x,
				node_float(n, "alpha", 1.6732632f), 0);
		return lower_binary_scalar(l, DBP_B_MUL, t,
					   node_float(n, "gamma", 1.0507010f));
	case OP_SHRINK:
		return lower_shrink(l, n, x);
	case OP_SOFTSIGN:
		t = lower_unary(l, DBP_U_ABS, x, 0, 0);
		t = lower_binary_scalar(l, DBP_B_ADD, t, 1);
		return lower_binary(l, DBP_B_DIV, x, t);
	case OP_THRESHOLDED_RELU:
		t = lower_binary_scalar(l, DBP_B_GREATER, x, alpha);
		return lower_binary(l, DBP_B_MUL, x, t);
	default:
		return lower_unary(l, unary_kinds[n->op], x, alpha, 0);
	}
}

/* ---- The body of a Function ---- */

/* An operand on the stack: a tensor, or a number. */
struct operand {
	bool is_number;
	float number;
	uint32_t tensor;
};

static uint32_t operand_tensor(struct lower *l, const struct operand *o)
{
	const struct shape one = shape_1(1);

	return o->is_number ? lower_constant_f32(l, &one, &o->number) :
			      o->tensor;
}

static uint32_t lower_step(struct lower *l, const struct node *n,
			   const struct operand *a)
{
	uint32_t t = operand_tensor(l, a);

	if (op_info(n->op)->flags & OPF_U)
		return lower_function_f32(l, n, t);
	if (n->op == OP_POW && a[1].is_number)
		return lower_unary(l, DBP_U_POW, t, a[1].number, 0);
	return lower_binary(l, lower_binary_kind(n->op), t,
			    operand_tensor(l, &a[1]));
}

static uint32_t lower_body(struct lower *l, const struct node *n, uint32_t x)
{
	struct operand stack[FUNCTION_MAX_DEPTH];
	struct function_body body;
	int depth = 0;

	if (function_body_of(n, &body)) {
		lower_refuse(l, "its body cannot be read");
		return x;
	}
	for (int i = 0; i < body.count; i++) {
		const struct function_step *step = &body.steps[i];
		struct operand next = { .tensor = x };

		if (step->kind == FUNCTION_NUMBER)
			next = (struct operand){ true, step->number, 0 };
		depth -= step->operands;
		if (step->kind == FUNCTION_OP)
			next.tensor = lower_step(l, &step->node, stack + depth);
		stack[depth++] = next;
	}
	return stack[0].tensor;
}
