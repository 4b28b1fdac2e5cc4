/* SPDX-License-Identifier: Apache-2.0 */
/* The rounding nodes of quantized models, in float: codes are floats with whole
 * values, so that their readers get the numbers of the file. */
#include "converter/lower/lower_operators.h"

#include <math.h>
#include <string.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"
#include "ir/code_range.h"

/* The least and largest code of a grid. */
struct quant_codes {
	int low, high;
};

/* A scale or zero point, for one axis of x or for the whole tensor. */
static uint32_t along_axis(struct lower *l, const struct node *n, int slot,
			   uint32_t x)
{
	const struct value *v = n->inputs[slot];
	uint32_t t = lower_f32(l, v);
	int64_t count = shape_elements(&v->shape);
	struct shape s = { .rank = l->m->tensors[x].rank };
	int axis;

	if (count == 1)
		return t;
	axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			  node_int(n, "axis", 1));
	if (axis < 0)
		return t;
	if (v->shape.rank != 1 || count != l->m->tensors[x].dims[axis]) {
		lower_refuse(l, "scales of blocks are not supported");
		return t;
	}
	for (int i = 0; i < s.rank; i++)
		s.dim[i] = i == axis ? count : 1;
	return lower_reshape(l, t, &s);
}

int lower_quantize_linear(struct lower *l, const struct node *n)
{
	const struct code_range r = quantize_code_range(n);
	uint32_t x = lower_f32(l, n->inputs[0]);

	x = lower_binary(l, DBP_B_DIV, x, along_axis(l, n, 1, x));
	x = lower_unary(l, DBP_U_ROUND, x, 0, 0);
	if (node_input(n, 2))
		x = lower_binary(l, DBP_B_ADD, x, along_axis(l, n, 2, x));
	x = lower_unary(l, DBP_U_CLIP, x, (float)r.low, (float)r.high);
	return lower_finish_f32(l, n, x);
}

int lower_dequantize_linear(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]);

	if (node_input(n, 2))
		x = lower_binary(l, DBP_B_SUB, x, along_axis(l, n, 2, x));
	x = lower_binary(l, DBP_B_MUL, x, along_axis(l, n, 1, x));
	return lower_finish_f32(l, n, x);
}

/* How a trained grid rounds: whole numbers by `kind`, of the magnitude plus
 * `add` where it rounds to or from zero. */
struct rounding {
	const char *mode;
	enum dbp_unary kind;
	bool of_magnitude;
	float add;
};

static const struct rounding *rounding_of(const struct node *n)
{
	static const struct rounding modes[] = {
		{ "ROUND", DBP_U_ROUND, false, 0 },
		{ "HALF_EVEN", DBP_U_ROUND, false, 0 },
		{ "CEIL", DBP_U_CEIL, false, 0 },
		{ "FLOOR", DBP_U_FLOOR, false, 0 },
		{ "UP", DBP_U_CEIL, true, 0 },
		{ "DOWN", DBP_U_FLOOR, true, 0 },
		{ "ROUND_TO_ZERO", DBP_U_FLOOR, true, 0 },
		{ "HALF_UP", DBP_U_FLOOR, true, .5f },
		{ "HALF_DOWN", DBP_U_CEIL, true, -.5f },
	};
	const char *mode = node_string(n, "rounding_mode", "ROUND");

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(mode, modes[i].mode))
			return &modes[i];
	return NULL;
}

static uint32_t lower_rounding(struct lower *l, const struct rounding *r,
			       uint32_t x)
{
	uint32_t size;

	if (!r->of_magnitude)
		return lower_unary(l, r->kind, x, 0, 0);
	size = lower_unary(l, DBP_U_ABS, x, 0, 0);
	if (r->add < 0 || r->add > 0)
		size = lower_binary_scalar(l, DBP_B_ADD, size, r->add);
	size = lower_unary(l, r->kind, size, 0, 0);
	return lower_binary(l, DBP_B_MUL, size,
			    lower_unary(l, DBP_U_SIGN, x, 0, 0));
}

/* QONNX: (clip(round(x / scale + zero point)) - zero point) * scale. */
int lower_quant(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]);
	uint32_t scale = lower_f32(l, n->inputs[1]);
	uint32_t zero = lower_f32(l, n->inputs[2]);
	const struct rounding *rounding = rounding_of(n);
	struct code_range r;
	float bits;

	if (!rounding)
		return lower_refuse(l, "rounding '%s'",
				    node_string(n, "rounding_mode", ""));
	if (!node_const_float(n, 3, &bits) || !(bits >= 1 && bits <= 24))
		return lower_refuse(l, "the bit width is not from 1 to 24");
	r = quant_code_range(n, (int)bits);
	x = lower_binary(l, DBP_B_DIV, x, scale);
	x = lower_binary(l, DBP_B_ADD, x, zero);
	x = lower_unary(l, DBP_U_CLIP, x, (float)r.low, (float)r.high);
	x = lower_rounding(l, rounding, x);
	x = lower_binary(l, DBP_B_SUB, x, zero);
	return lower_finish_f32(l, n, lower_binary(l, DBP_B_MUL, x, scale));
}

/* ---- On codes ---- */

/* The codes of t that the grid does not use become its least and largest. */
static uint32_t clamp_codes(struct lower *l, uint32_t t, const struct quant *q,
			    int low, int high)
{
	struct shape s = lower_shape(l, t);
	int8_t table[256];
	struct dbp_table p;

	for (int i = 0; i < 256; i++)
		table[i] = (int8_t)(i - 128 < low  ? low :
				    i - 128 > high ? high :
						     i - 128);
	p.table = dev_add_data(l->m, table, sizeof(table));
	return lower_op1(l, DBP_OP_TABLE, t, lower_tensor(l, DBP_S8, &s, q), &p,
			 sizeof(p));
}

/* y is in the grid of the Quant: x is rounded to it with 8 bits, and clamped
 * where the grid has fewer codes. */
static int quantize_to_grid(struct lower *l, const struct node *n,
			    const struct quant_codes *c)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];
	uint32_t t = lower_is_s8(x) ? lower_own(l, x) : lower_f32(l, x);

	t = lower_to_s8(l, t, y->quant);
	if (c->low > -128 || c->high < 127)
		t = clamp_codes(l, t, y->quant, c->low, c->high);
	lower_store(l, y, t);
	return 0;
}

/* The codes of n's grid, as signed ones. False unless y has that grid. */
static bool codes_in_grid(const struct node *n, struct quant_codes *c)
{
	const struct quant *q = n->outputs[0]->quant;
	struct code_range r;
	float scale, zero, bits;
	int offset;

	if (quant_per_channel(q) || !node_const_float(n, 1, &scale) ||
	    !node_const_float(n, 2, &zero) || !node_const_float(n, 3, &bits) ||
	    q->scale[0] != scale || !(bits >= 2 && bits <= 8))
		return false;
	r = quant_code_range(n, (int)bits);
	offset = r.is_signed ? 0 : 1 << ((int)bits - 1);
	c->low = (int)r.low - offset;
	c->high = (int)r.high - offset;
	return q->zero_point[0] == (int32_t)zero - offset;
}

static bool is_finer(const struct node *n)
{
	float bits;

	return node_const_float(n, 3, &bits) && bits > 8;
}

/* Converts to codes of the grid, which x often has already. A grid of more
 * codes than 8 bits changes nothing. */
int lower_quant_s8(struct lower *l, const struct node *n)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];
	struct quant_codes c;

	if (!y->quant)
		return LOWER_ELSEWHERE;
	if (lower_is_s8(x) && x->quant == y->quant) {
		/* x is y; reports read y */
		l->own[y->id] = lower_own(l, x);
		l->m->tensors[l->own[y->id]].value = y;
		return 0;
	}
	if (codes_in_grid(n, &c))
		return quantize_to_grid(l, n, &c);
	if (!is_finer(n))
		return LOWER_ELSEWHERE;
	lower_store(l, y, lower_is_s8(x) ? lower_own(l, x) : lower_f32(l, x));
	return 0;
}
