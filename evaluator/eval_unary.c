/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementwise operators of one input, and Cast, in the forms of opset 13 to
 * 24. Floats are computed in double and rounded once.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "evaluator/eval.h"
#include "evaluator/element.h"
#include "evaluator/simd/simd.h"
#include "ir/tensor.h"

/* Attributes, with the defaults of the ONNX specification. */
struct unary_attributes {
	double a, b;
	bool tanh_form; /* Gelu */
};

static struct unary_attributes attributes_of(const struct node *n)
{
	struct unary_attributes p = { 0, 0, false };

	switch (n->op) {
	case OP_HARD_SIGMOID:
		p.a = (double)node_float(n, "alpha", 0.2f);
		p.b = (double)node_float(n, "beta", 0.5f);
		break;
	case OP_LEAKY_RELU:
		p.a = (double)node_float(n, "alpha", 0.01f);
		break;
	case OP_SELU:
		p.a = (double)node_float(n, "alpha", 1.6732632f);
		p.b = (double)node_float(n, "gamma", 1.050701f);
		break;
	case OP_SHRINK:
		p.a = (double)node_float(n, "lambd", 0.5f);
		p.b = (double)node_float(n, "bias", 0);
		break;
	default: /* Celu, Elu, Swish, ThresholdedRelu; others have none */
		p.a = (double)node_float(n, "alpha", 1.0f);
	}
	p.tanh_form = !strcmp(node_string(n, "approximate", "none"), "tanh");
	return p;
}

static double softplus(double x)
{
	return x > 40 ? x : det_log1p(det_exp(x));
}

static double gelu(double x, bool tanh_form)
{
	if (tanh_form)
		return 0.5 * x *
		       (1 + det_tanh(0.79788456080286535588 *
				     (x + 0.044715 * x * x * x)));
	return x * 0.5 * (1 + det_erf(x * 0.70710678118654752440));
}

static double unary_double(enum op op, const struct unary_attributes *p,
			   double x)
{
	switch (op) {
	case OP_CEIL:
		return ceil(x);
	case OP_CELU:
		return x > 0 ? x : p->a * (det_exp(x / p->a) - 1);
	case OP_ERF:
		return det_erf(x);
	case OP_FLOOR:
		return floor(x);
	case OP_GELU:
		return gelu(x, p->tanh_form);
	case OP_LOG:
		return det_log(x);
	case OP_MISH:
		return x * det_tanh(softplus(x));
	case OP_RECIPROCAL:
		return 1 / x;
	case OP_ROUND:
		return rint(x);
	case OP_SELU:
		return p->b * (x > 0 ? x : p->a * (det_exp(x) - 1));
	case OP_SHRINK:
		return x < -p->a ? x + p->b : x > p->a ? x - p->b : 0;
	case OP_SIGN:
		return x > 0 ? 1 : x < 0 ? -1 : x;
	case OP_SOFTPLUS:
		return softplus(x);
	case OP_SOFTSIGN:
		return x / (1 + fabs(x));
	case OP_SQRT:
		return det_sqrt(x);
	case OP_THRESHOLDED_RELU:
		return x > p->a ? x : 0;
	default:
		assert(!"an operator of one float");
		return x;
	}
}

/* Operators that are exact in float, each with its own fast loop. */
static bool unary_fast(const struct node *node, const float *x, float *y,
		       int64_t n)
{
	float alpha = node_float(node, "alpha", 0.01f);

	switch (node->op) {
	case OP_ABS:
		for (int64_t i = 0; i < n; i++)
			y[i] = fabsf(x[i]);
		return true;
	case OP_NEG:
		for (int64_t i = 0; i < n; i++)
			y[i] = -x[i];
		return true;
	case OP_RELU:
		for (int64_t i = 0; i < n; i++)
			y[i] = x[i] < 0 ? 0 : x[i];
		return true;
	case OP_LEAKY_RELU:
		for (int64_t i = 0; i < n; i++)
			y[i] = x[i] < 0 ? alpha * x[i] : x[i];
		return true;
	default:
		return false;
	}
}

/* Those that the rows of instructions have; false: it is none. */
static bool unary_array(enum op op, const struct unary_attributes *p,
			const float *x, float *y, int64_t n)
{
	static const struct {
		enum op op;
		enum simd_function f;
	} functions[] = {
		{ OP_ELU, SIMD_ELU },
		{ OP_EXP, SIMD_EXP },
		{ OP_HARD_SIGMOID, SIMD_HARD_SIGMOID },
		{ OP_HARD_SWISH, SIMD_HARD_SWISH },
		{ OP_SIGMOID, SIMD_SIGMOID },
		{ OP_SWISH, SIMD_SWISH },
		{ OP_TANH, SIMD_TANH },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (functions[i].op == op) {
			simd()->map[functions[i].f](x, y, n, p->a, p->b);
			return true;
		}
	return false;
}

static int unary_int(const struct eval *e)
{
	enum dtype t = e->n->inputs[0]->dtype;
	int64_t n = eval_count(e);

	for (int64_t i = 0; i < n; i++) {
		int64_t x = element_int(t, e->in[0], i);

		switch (e->n->op) {
		case OP_ABS:
			x = x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
			break;
		case OP_NEG:
			x = (int64_t)(0 - (uint64_t)x);
			break;
		case OP_RELU:
			x = x < 0 ? 0 : x;
			break;
		case OP_SIGN:
			x = (x > 0) - (x < 0);
			break;
		case OP_NOT:
			x = !x;
			break;
		default:
			return node_error(e->d, e->n,
					  "cannot be evaluated "
					  "on %s",
					  dtype_name(t));
		}
		element_store_int(e->n->outputs[0]->dtype, e->out[0], i, x);
	}
	return 0;
}

void eval_unary_floats(const struct node *n, const float *x, float *y,
		       int64_t count)
{
	struct unary_attributes p = attributes_of(n);

	if (unary_fast(n, x, y, count) || unary_array(n->op, &p, x, y, count))
		return;
	for (int64_t i = 0; i < count; i++)
		y[i] = (float)unary_double(n->op, &p, (double)x[i]);
}

int eval_unary(const struct eval *e)
{
	if (e->n->inputs[0]->dtype != DT_F32)
		return unary_int(e);
	if (e->n->op == OP_FUNCTION)
		return eval_function(e);
	eval_unary_floats(e->n, e->in[0], e->out[0], eval_count(e));
	return 0;
}

/* Clip: an absent bound does not limit. */
int eval_clip(const struct eval *e)
{
	enum dtype t = e->n->inputs[0]->dtype;
	bool low = eval_has(e, 1), high = eval_has(e, 2);
	int64_t n = eval_count(e);

	if (t == DT_F32) {
		const float *x = e->in[0];
		float *y = e->out[0];
		float a = low ? *(const float *)e->in[1] : -INFINITY;
		float b = high ? *(const float *)e->in[2] : INFINITY;

		for (int64_t i = 0; i < n; i++) {
			float v = x[i] < a ? a : x[i];

			y[i] = v > b ? b : v;
		}
		return 0;
	}
	for (int64_t i = 0; i < n; i++) {
		int64_t v = element_int(t, e->in[0], i);

		if (low && v < eval_index(e, 1, 0))
			v = eval_index(e, 1, 0);
		if (high && v > eval_index(e, 2, 0))
			v = eval_index(e, 2, 0);
		element_store_int(t, e->out[0], i, v);
	}
	return 0;
}

/* A float that does not fit saturates: ONNX leaves it undefined, and the
 * device saturates. */
static int64_t saturate_to(enum dtype t, int64_t v)
{
	static const int64_t low[DT_COUNT] = {
		[DT_I32] = INT32_MIN, [DT_I8] = -128
	};
	static const int64_t high[DT_COUNT] = {
		[DT_I32] = INT32_MAX, [DT_I8] = 127, [DT_U8] = 255
	};

	if (t == DT_I64 || t == DT_F32)
		return v;
	return v < low[t] ? low[t] : v > high[t] ? high[t] : v;
}

/* The lowest `bits` bits of v: an int4 or the like, held in I8 or U8. */
static int64_t wrap_to(enum dtype t, int64_t v, int bits)
{
	int64_t half = (int64_t)1 << (bits - 1), low = v & (2 * half - 1);

	return t == DT_I8 && low >= half ? low - 2 * half : low;
}

/* Floats are truncated toward zero; integers wrap. */
static int64_t cast_to_int(enum dtype from, const void *x, int64_t i,
			   enum dtype to, int bits)
{
	int64_t v = element_int(from, x, i);

	if (bits > 0 && bits < 8)
		return wrap_to(to, v, bits);
	return from == DT_F32 ? saturate_to(to, v) : v;
}

int eval_cast(const struct eval *e)
{
	enum dtype from = e->n->inputs[0]->dtype;
	enum dtype to = e->n->outputs[0]->dtype;
	int bits = (int)node_int(e->n, "bits", 8);
	const void *x = e->in[0];
	int64_t n = eval_count(e);

	for (int64_t i = 0; i < n; i++) {
		if (to == DT_F32)
			((float *)e->out[0])[i] =
				(float)tensor_element(from, x, i);
		else if (to == DT_BOOL)
			((uint8_t *)e->out[0])[i] =
				tensor_element(from, x, i) != 0;
		else
			element_store_int(to, e->out[0], i,
					  cast_to_int(from, x, i, to, bits));
	}
	return 0;
}
