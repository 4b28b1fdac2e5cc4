/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementwise operators of two or more inputs with multidirectional
 * broadcasting: arithmetic, comparison and logic, in the forms of opset 13 to
 * 22, and Where.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "evaluator/eval.h"
#include "evaluator/broadcast.h"
#include "evaluator/element.h"
#include "ir/tensor.h"

/* A row of floats. The step of an operand is 0 or 1. */
struct binary_row {
	const float *a, *b;
	int64_t step_a, step_b, n;
	float *y;
};

#define EACH(r, expression)                        \
	for (int64_t i = 0; i < (r)->n; i++) {     \
		float a = (r)->a[i * (r)->step_a]; \
		float b = (r)->b[i * (r)->step_b]; \
		(r)->y[i] = (expression);          \
	}

/* Mod. With fmod = 0 the result has the sign of the divisor, as in Python. */
static float modulo(float a, float b, bool c_rule)
{
	float m = fmodf(a, b);

	return !c_rule && m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

static float power(float a, float b)
{
	if (b == 2)
		return a * a;
	if (b == 1)
		return a;
	if (b == 0.5f && a > 0)
		return sqrtf(a);
	return (float)det_pow((double)a, (double)b);
}

static void float_row(enum op op, const struct binary_row *r, bool c_rule)
{
	switch (op) {
	case OP_ADD:
	case OP_SUM:
	case OP_MEAN:
		EACH(r, a + b);
		break;
	case OP_SUB:
		EACH(r, a - b);
		break;
	case OP_MUL:
		EACH(r, a * b);
		break;
	case OP_DIV:
		EACH(r, a / b);
		break;
	case OP_POW:
		EACH(r, power(a, b));
		break;
	case OP_MOD:
		EACH(r, modulo(a, b, c_rule));
		break;
	case OP_PRELU:
		EACH(r, a < 0 ? b * a : a);
		break;
	case OP_MIN:
		EACH(r, a != a || a < b ? a : b);
		break;
	case OP_MAX:
		EACH(r, a != a || a > b ? a : b);
		break;
	default:
		assert(!"a binary operator on floats");
	}
}

void eval_binary_floats(enum op op, const float *a, const float *b, float *y,
			int64_t count)
{
	struct binary_row r = { a, b, 1, 1, count, y };

	float_row(op, &r, false);
}

static void float_rows(const struct eval *e, const float *a,
		       const struct shape *sa, const float *b,
		       const struct shape *sb, float *y)
{
	const struct shape *shapes[2] = { sa, sb };
	bool c_rule = node_int(e->n, "fmod", 0) != 0;
	struct broadcast w;

	broadcast_begin(&w, eval_out(e, 0), shapes, 2);
	for (; broadcast_next(&w); y += w.row) {
		struct binary_row r = { a + w.at[0], b + w.at[1], w.step[0],
					w.step[1],   w.row,       y };

		float_row(e->n->op, &r, c_rule);
	}
}

static int64_t int_power(int64_t base, int64_t exponent)
{
	uint64_t y = 1, b = (uint64_t)base;

	if (exponent < 0)
		return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
	for (; exponent; exponent >>= 1, b *= b)
		if (exponent & 1)
			y *= b;
	return (int64_t)y;
}

/* Integers wrap. *bad is set if the result is not defined. */
static int64_t int_op(enum op op, int64_t a, int64_t b, bool c_rule, bool *bad)
{
	int64_t m;

	switch (op) {
	case OP_ADD:
	case OP_SUM:
		return (int64_t)((uint64_t)a + (uint64_t)b);
	case OP_SUB:
		return (int64_t)((uint64_t)a - (uint64_t)b);
	case OP_MUL:
		return (int64_t)((uint64_t)a * (uint64_t)b);
	case OP_POW:
		return int_power(a, b);
	case OP_MIN:
		return a < b ? a : b;
	case OP_MAX:
		return a > b ? a : b;
	case OP_PRELU:
		return a < 0 ? (int64_t)((uint64_t)a * (uint64_t)b) : a;
	case OP_DIV:
	case OP_MOD:
		if (b == 0 || (b == -1 && a == INT64_MIN)) {
			*bad = true;
			return 0;
		}
		if (op == OP_DIV)
			return a / b;
		m = a % b;
		return !c_rule && m && (m < 0) != (b < 0) ? m + b : m;
	default:
		*bad = true;
		return 0;
	}
}

static int int_rows(const struct eval *e, const void *a, const struct value *va,
		    const void *b, const struct value *vb, void *y)
{
	const struct shape *shapes[2] = { &va->shape, &vb->shape };
	bool c_rule = node_int(e->n, "fmod", 0) != 0, bad = false;
	struct broadcast w;
	int64_t at = 0;

	broadcast_begin(&w, eval_out(e, 0), shapes, 2);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			int64_t l = element_int(va->dtype, a,
						w.at[0] + i * w.step[0]);
			int64_t r = element_int(vb->dtype, b,
						w.at[1] + i * w.step[1]);

			element_store_int(e->n->outputs[0]->dtype, y, at++,
					  int_op(e->n->op, l, r, c_rule, &bad));
		}
	if (bad)
		return node_error(e->d, e->n,
				  "an integer is divided by zero, "
				  "or the operator has no integer form");
	return 0;
}

/* Pow allows an exponent of another type than the base. */
static int mixed_power(const struct eval *e)
{
	const struct value *va = e->n->inputs[0], *vb = e->n->inputs[1];
	const struct shape *shapes[2] = { &va->shape, &vb->shape };
	struct broadcast w;
	int64_t at = 0;

	broadcast_begin(&w, eval_out(e, 0), shapes, 2);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			double a = tensor_element(va->dtype, e->in[0],
						  w.at[0] + i * w.step[0]);
			double b = tensor_element(vb->dtype, e->in[1],
						  w.at[1] + i * w.step[1]);
			float y = power((float)a, (float)b);

			if (va->dtype == DT_F32)
				((float *)e->out[0])[at++] = y;
			else
				element_store_int(va->dtype, e->out[0], at++,
						  element_int(DT_F32, &y, 0));
		}
	return 0;
}

int eval_binary(const struct eval *e)
{
	const struct value *a = e->n->inputs[0], *b = e->n->inputs[1];

	if (a->dtype != b->dtype && e->n->op == OP_POW)
		return mixed_power(e);
	if (a->dtype != DT_F32)
		return int_rows(e, e->in[0], a, e->in[1], b, e->out[0]);
	float_rows(e, e->in[0], &a->shape, e->in[1], &b->shape, e->out[0]);
	return 0;
}

/* y = input 0, broadcast. */
static void broadcast_first(const struct eval *e)
{
	const struct value *y = e->n->outputs[0];
	const struct shape *first = eval_in(e, 0);
	size_t size = dtype_size(y->dtype);
	char *to = e->out[0];
	struct broadcast w;

	broadcast_begin(&w, &y->shape, &first, 1);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++, to += size) {
			int64_t from = w.at[0] + i * w.step[0];

			memcpy(to, (const char *)e->in[0] + (size_t)from * size,
			       size);
		}
}

/* Max, Mean, Min, Sum: the operands are added to the output one by one. */
int eval_variadic(const struct eval *e)
{
	const struct value *y = e->n->outputs[0];
	int64_t n = eval_count(e);

	if (e->n->op == OP_MEAN && y->dtype != DT_F32)
		return node_error(e->d, e->n, "cannot be evaluated on %s",
				  dtype_name(y->dtype));
	broadcast_first(e);
	for (int k = 1; k < e->n->input_count; k++) {
		const struct value *v = e->n->inputs[k];

		if (y->dtype == DT_F32)
			float_rows(e, e->out[0], &y->shape, e->in[k], &v->shape,
				   e->out[0]);
		else if (int_rows(e, e->out[0], y, e->in[k], v, e->out[0]))
			return -1;
	}
	for (int64_t i = 0; e->n->op == OP_MEAN && i < n; i++)
		((float *)e->out[0])[i] /= (float)e->n->input_count;
	return 0;
}

static bool compare(enum op op, double a, double b)
{
	switch (op) {
	case OP_EQUAL:
		return a == b;
	case OP_LESS:
		return a < b;
	case OP_LESS_OR_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_OR_EQUAL:
		return a >= b;
	default:
		assert(!"a comparison");
		return false;
	}
}

static bool compare_int(enum op op, int64_t a, int64_t b)
{
	switch (op) {
	case OP_EQUAL:
		return a == b;
	case OP_LESS:
		return a < b;
	case OP_LESS_OR_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_OR_EQUAL:
		return a >= b;
	case OP_AND:
		return a && b;
	case OP_OR:
		return a || b;
	case OP_XOR:
		return !a != !b;
	default:
		assert(!"a comparison or a logical operator");
		return false;
	}
}

static int bool_rows(const struct eval *e, bool is_float)
{
	const struct value *va = e->n->inputs[0], *vb = e->n->inputs[1];
	const struct shape *shapes[2] = { &va->shape, &vb->shape };
	uint8_t *y = e->out[0];
	struct broadcast w;

	broadcast_begin(&w, eval_out(e, 0), shapes, 2);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			int64_t l = w.at[0] + i * w.step[0];
			int64_t r = w.at[1] + i * w.step[1];

			*y++ = is_float ? compare(e->n->op,
						  tensor_element(va->dtype,
								 e->in[0], l),
						  tensor_element(vb->dtype,
								 e->in[1], r)) :
					  compare_int(e->n->op,
						      element_int(va->dtype,
								  e->in[0], l),
						      element_int(vb->dtype,
								  e->in[1], r));
		}
	return 0;
}

int eval_compare(const struct eval *e)
{
	return bool_rows(e, e->n->inputs[0]->dtype == DT_F32);
}

int eval_logic(const struct eval *e)
{
	return bool_rows(e, false);
}

int eval_where(const struct eval *e)
{
	const struct shape *shapes[3] = { eval_in(e, 0), eval_in(e, 1),
					  eval_in(e, 2) };
	size_t size = dtype_size(e->n->outputs[0]->dtype);
	const uint8_t *condition = e->in[0];
	char *y = e->out[0];
	struct broadcast w;

	broadcast_begin(&w, eval_out(e, 0), shapes, 3);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++, y += size) {
			int k = condition[w.at[0] + i * w.step[0]] ? 1 : 2;
			int64_t from = w.at[k] + i * w.step[k];

			memcpy(y, (const char *)e->in[k] + from * (int64_t)size,
			       size);
		}
	return 0;
}
