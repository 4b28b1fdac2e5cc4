/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that compute element by element. */
#include "converter/lower/lower_eltwise.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "converter/lower/lower_function.h"
#include "converter/lower/lower_op.h"
#include "converter/lower/lower_operators.h"
#include "converter/lower/lower_pairs.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_scale.h"
#include "converter/lower/lower_tensor.h"

/* ---- On integers ---- */

int lower_table_s8(struct lower *l, const struct node *n)
{
	const struct value *x = scalar_fn_input(n), *y = n->outputs[0];
	struct dbp_table p;
	int8_t table[256];
	struct shape s;
	uint32_t t;

	if (!x || !lower_is_s8(x) || !lower_is_s8(y))
		return LOWER_ELSEWHERE;
	if (quant_per_channel(x->quant) || quant_per_channel(y->quant))
		return lower_refuse(l, "a table for each channel is supported "
				       "only after a convolution");
	if (scalar_fn_table(l, n, x->quant, y->quant, table))
		return -1;
	p.table = dev_add_data(l->m, table, sizeof(table));
	t = lower_own(l, x);
	s = lower_shape(l, t);
	t = lower_op1(l, DBP_OP_TABLE, t, lower_tensor(l, DBP_S8, &s, y->quant),
		      &p, sizeof(p));
	lower_store(l, y, t);
	return 0;
}

/* Both operands are codes or constants, and the result is codes. */
static bool on_codes(const struct node *n)
{
	if (n->input_count != 2 || !lower_is_s8(n->outputs[0]) ||
	    n->act.kind > ACT_CLIP)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct value *v = n->inputs[i];

		if (v->dtype != DT_F32 ||
		    (!value_is_const(v) && !lower_is_s8(v)))
			return false;
	}
	return true;
}

/* The operands broadcast to the result. */
static int add_pair(struct lower *l, const struct node *n,
		    enum dbp_op_kind kind, const uint32_t in[2],
		    const void *params, size_t bytes)
{
	const struct value *y = n->outputs[0];
	uint32_t out = lower_tensor(l, DBP_S8, &y->shape, y->quant);

	lower_op(l, kind, in, 2, out, params, bytes);
	lower_store(l, y, out);
	return 0;
}

static bool has_channels(const struct value *v)
{
	return v->quant && quant_per_channel(v->quant);
}

/* A shift for the largest ratio. More than 128 steps of the output are clamped
 * anyway. */
static int sum_shift(double most)
{
	int exponent;

	frexp(most, &exponent);
	return exponent > 7 ? 8 : exponent < -9 ? 24 : 15 - exponent;
}

static int16_t sum_multiplier(double ratio, int shift)
{
	return (int16_t)fmin(rint(ldexp(ratio, shift)), 32767);
}

/* Scales differ from channel to channel. */
static int add_channels(struct lower *l, const struct node *n)
{
	const struct value *y = n->outputs[0];
	const struct quant *a = n->inputs[0]->quant, *b = n->inputs[1]->quant;
	const int64_t channels = y->shape.dim[y->shape.rank - 1];
	struct dbp_add_channels p = { 0 };
	int16_t *m = arena_array(l->m->arena, (size_t)channels, 2 * sizeof(*m));
	uint32_t in[2] = { lower_own(l, n->inputs[0]),
			   lower_own(l, n->inputs[1]) };
	double most = 0;

	if (!m)
		return lower_refuse(l, "out of memory");
	for (int64_t c = 0; c < channels; c++)
		most = fmax(most, fmax((double)quant_scale(a, c),
				       (double)quant_scale(b, c)) /
					  (double)quant_scale(y->quant, c));
	p.shift = (uint8_t)sum_shift(most);
	for (int64_t c = 0; c < channels; c++) {
		double one = (double)quant_scale(y->quant, c);

		m[2 * c] = sum_multiplier((double)quant_scale(a, c) / one,
					  p.shift);
		m[2 * c + 1] = sum_multiplier((double)quant_scale(b, c) / one,
					      p.shift);
		if (n->op == OP_SUB)
			m[2 * c + 1] = (int16_t)-m[2 * c + 1];
	}
	p.multipliers =
		dev_add_data(l->m, m, (size_t)channels * 2 * sizeof(*m));
	scale_clamp(&n->act, y->quant, &p.clamp_min, &p.clamp_max);
	return add_pair(l, n, DBP_OP_ADD_CHANNELS, in, &p, sizeof(p));
}

enum { GO_ON = LOWER_ELSEWHERE + 1 };

/* Another form where the integers miss codes of training; GO_ON: they do
 * not. */
static int on_trained_grids(struct lower *l, const struct pair_operator *p)
{
	switch (pair_form_find(p)) {
	case PAIR_TABLE:
		return pair_lower_table(l, p);
	case PAIR_FLOAT:
		return LOWER_ELSEWHERE;
	default:
		return GO_ON;
	}
}

int lower_add_s8(struct lower *l, const struct node *n)
{
	const struct value *y = n->outputs[0];
	struct dbp_add p = { 0 };
	double a, b;
	uint32_t in[2];
	int exponent, shift, status;

	status = lower_table_s8(l, n);
	if (status != LOWER_ELSEWHERE)
		return status;
	if (!on_codes(n))
		return LOWER_ELSEWHERE;
	if (has_channels(n->inputs[0]) || has_channels(n->inputs[1]) ||
	    has_channels(y))
		return add_channels(l, n);
	in[0] = lower_s8(l, n->inputs[0]);
	in[1] = lower_s8(l, n->inputs[1]);
	a = (double)l->m->tensors[in[0]].scale / (double)y->quant->scale[0];
	b = (double)l->m->tensors[in[1]].scale / (double)y->quant->scale[0];
	/* The larger ratio takes 30 bits. */
	frexp(fmax(a, b), &exponent);
	shift = 30 - exponent > 62 ? 62 : 30 - exponent;
	if (shift < 1)
		return LOWER_ELSEWHERE;
	p.shift = (uint8_t)shift;
	p.multiplier_a = (int32_t)rint(ldexp(a, shift));
	p.multiplier_b = (int32_t)rint(ldexp(b, shift));
	if (n->op == OP_SUB)
		p.multiplier_b = -p.multiplier_b;
	scale_clamp(&n->act, y->quant, &p.clamp_min, &p.clamp_max);
	status = on_trained_grids(
		l, &(struct pair_operator){ n, p.multiplier_a, p.multiplier_b,
					    shift, p.clamp_min, p.clamp_max });
	return status == GO_ON ? add_pair(l, n, DBP_OP_ADD, in, &p, sizeof(p)) :
				 status;
}

int lower_mul_s8(struct lower *l, const struct node *n)
{
	const struct value *y = n->outputs[0];
	struct dbp_mul p = { 0 };
	uint32_t in[2], shift;
	double ratio;
	int status;

	status = lower_table_s8(l, n);
	if (status != LOWER_ELSEWHERE)
		return status;
	if (!on_codes(n))
		return LOWER_ELSEWHERE;
	in[0] = lower_s8(l, n->inputs[0]);
	in[1] = lower_s8(l, n->inputs[1]);
	ratio = (double)l->m->tensors[in[0]].scale *
		(double)l->m->tensors[in[1]].scale / (double)y->quant->scale[0];
	if (scale_to_multiplier(ratio, 1, 62, &p.multiplier, &shift))
		return LOWER_ELSEWHERE;
	p.shift = (uint8_t)shift;
	scale_clamp(&n->act, y->quant, &p.clamp_min, &p.clamp_max);
	status = on_trained_grids(
		l, &(struct pair_operator){ n, p.multiplier, 0, p.shift,
					    p.clamp_min, p.clamp_max });
	return status == GO_ON ? add_pair(l, n, DBP_OP_MUL, in, &p, sizeof(p)) :
				 status;
}

/* ---- In float ---- */

static const enum dbp_binary binary_kinds[OP_COUNT] = {
	[OP_ADD] = DBP_B_ADD,
	[OP_SUB] = DBP_B_SUB,
	[OP_MUL] = DBP_B_MUL,
	[OP_DIV] = DBP_B_DIV,
	[OP_POW] = DBP_B_POW,
	[OP_MOD] = DBP_B_MOD,
	[OP_PRELU] = DBP_B_PRELU,
	[OP_AND] = DBP_B_AND,
	[OP_OR] = DBP_B_OR,
	[OP_EQUAL] = DBP_B_EQUAL,
	[OP_XOR] = DBP_B_EQUAL, /* and its opposite */
	[OP_LESS] = DBP_B_LESS,
	[OP_LESS_OR_EQUAL] = DBP_B_LESS_EQUAL,
	[OP_GREATER] = DBP_B_GREATER,
	[OP_GREATER_OR_EQUAL] = DBP_B_GREATER_EQUAL,
	[OP_MAX] = DBP_B_MAX,
	[OP_MIN] = DBP_B_MIN,
	[OP_SUM] = DBP_B_ADD,
	[OP_MEAN] = DBP_B_ADD,
};

enum dbp_binary lower_binary_kind(enum op op)
{
	return binary_kinds[op];
}

static bool is_whole(enum dtype t)
{
	return t == DT_I64 || t == DT_I32 || t == DT_I8 || t == DT_U8;
}

/* Rounds towards zero, as integer division and casts do. */
static uint32_t truncate(struct lower *l, uint32_t x)
{
	uint32_t size = lower_unary(l, DBP_U_ABS, x, 0, 0);

	size = lower_unary(l, DBP_U_FLOOR, size, 0, 0);
	return lower_binary(l, DBP_B_MUL, size,
			    lower_unary(l, DBP_U_SIGN, x, 0, 0));
}

/* fmod of C: the result has the sign of the dividend. */
static uint32_t remainder_c(struct lower *l, uint32_t a, uint32_t b)
{
	/* one statement each: compilers differ in the order of arguments */
	uint32_t size_b = lower_unary(l, DBP_U_ABS, b, 0, 0);
	uint32_t size_a = lower_unary(l, DBP_U_ABS, a, 0, 0);
	uint32_t y = lower_binary(l, DBP_B_MOD, size_a, size_b);

	return lower_binary(l, DBP_B_MUL, y,
			    lower_unary(l, DBP_U_SIGN, a, 0, 0));
}

static uint32_t lower_two_operands(struct lower *l, const struct node *n,
				   uint32_t a)
{
	float exponent;
	uint32_t y;

	if (n->op == OP_POW && node_const_float(n, 1, &exponent))
		return lower_unary(l, DBP_U_POW, a, exponent, 0);
	if (n->op == OP_MOD && node_int(n, "fmod", 0))
		return remainder_c(l, a, lower_f32(l, n->inputs[1]));
	y = lower_binary(l, binary_kinds[n->op], a, lower_f32(l, n->inputs[1]));
	if (n->op == OP_XOR)
		y = lower_unary(l, DBP_U_NOT, y, 0, 0);
	if (n->op == OP_DIV && is_whole(n->outputs[0]->dtype))
		y = truncate(l, y);
	return y;
}

int lower_elementwise_f32(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]);

	x = op_info(n->op)->flags & OPF_B ? lower_two_operands(l, n, x) :
					    lower_function_f32(l, n, x);
	return lower_finish_f32(l, n, x);
}

int lower_variadic_f32(struct lower *l, const struct node *n)
{
	uint32_t y = lower_f32(l, n->inputs[0]);

	for (int i = 1; i < n->input_count; i++)
		y = lower_binary(l, binary_kinds[n->op], y,
				 lower_f32(l, n->inputs[i]));
	if (n->op == OP_MEAN)
		y = lower_binary_scalar(l, DBP_B_DIV, y, (float)n->input_count);
	return lower_finish_f32(l, n, y);
}

/* A branch of Where. Infinite constants become finite, because 0 * infinity
 * would give NaN where the other branch is chosen. */
static uint32_t where_branch(struct lower *l, const struct value *v)
{
	uint32_t t = lower_f32(l, v);
	const float *f = v->data;
	int64_t count = value_is_const(v) && v->dtype == DT_F32 ?
				shape_elements(&v->shape) :
				0;

	for (int64_t i = 0; i < count; i++)
		if (!isfinite(f[i]))
			return lower_unary(l, DBP_U_CLIP, t, -FLT_MAX, FLT_MAX);
	return t;
}

/* c * a + (1 - c) * b, where c is 0 or 1. */
int lower_where(struct lower *l, const struct node *n)
{
	uint32_t c = lower_f32(l, n->inputs[0]);
	uint32_t a =
		lower_binary(l, DBP_B_MUL, c, where_branch(l, n->inputs[1]));
	uint32_t other = where_branch(l, n->inputs[2]);
	uint32_t b = lower_binary(l, DBP_B_MUL,
				  lower_unary(l, DBP_U_NOT, c, 0, 0), other);

	return lower_finish_f32(l, n, lower_binary(l, DBP_B_ADD, a, b));
}

int lower_cast(struct lower *l, const struct node *n)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];

	if (node_attr(n, "bits"))
		return lower_refuse(l, "casts to integers of less than 8 bits "
				       "are not supported");
	uint32_t t = lower_own(l, x);
	if (l->m->tensors[t].dtype == DBP_I32 && is_whole(y->dtype)) {
		lower_store(l, y, t);
		return 0;
	}
	t = lower_f32(l, x);
	if (y->dtype == DT_BOOL && x->dtype != DT_BOOL)
		t = lower_unary(l, DBP_U_NOT,
				lower_unary(l, DBP_U_NOT, t, 0, 0), 0, 0);
	else if (is_whole(y->dtype) && x->dtype == DT_F32)
		t = truncate(l, t);
	return lower_finish_f32(l, n, t);
}
