/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/lower/lower_pairs.h"

#include <math.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"

#define WRONG_MOST 0.01 /* of all pairs, before floats are worth their time */

static const struct quant *operand(const struct pair_operator *p, int i)
{
	return p->n->inputs[i]->quant;
}

static int lowest(const struct quant *q)
{
	return -(1 << (q->bits - 1));
}

static int clamped(double x, int low, int high)
{
	return (int)fmin(fmax(x, low), high);
}

static float real_of(const struct quant *q, int code)
{
	return (float)(code - q->zero_point[0]) * q->scale[0];
}

static float activated(const struct activation *act, float x)
{
	if (act->kind == ACT_RELU)
		return x > 0 ? x : 0;
	if (act->kind == ACT_CLIP)
		return fminf(fmaxf(x, act->a), act->b);
	return x;
}

/* The code that training gives: in floats, halves to even. */
static int trained_code(const struct pair_operator *p, int a, int b)
{
	const struct quant *y = p->n->outputs[0]->quant;
	float u = real_of(operand(p, 0), a), v = real_of(operand(p, 1), b);
	float x = p->n->op == OP_MUL ? u * v :
		  p->n->op == OP_SUB ? u - v :
				       u + v;

	x = activated(&p->n->act, x) / y->scale[0] + (float)y->zero_point[0];
	return clamped((double)rintf(x), lowest(y), -lowest(y) - 1);
}

/* The code that the device's integers give: schemas/dbp.md, "Arithmetic". */
static int device_code(const struct pair_operator *p, int a, int b)
{
	int64_t u = a - operand(p, 0)->zero_point[0];
	int64_t v = b - operand(p, 1)->zero_point[0];
	int64_t sum = p->n->op == OP_MUL ?
			      u * v * p->multiplier_a :
			      u * p->multiplier_a + v * p->multiplier_b;

	sum = (sum + ((int64_t)1 << (p->shift - 1))) >> p->shift;
	return clamped((double)(sum + p->n->outputs[0]->quant->zero_point[0]),
		       p->clamp_min, p->clamp_max);
}

static bool is_trained(const struct value *v)
{
	return !value_is_const(v) && v->quant && v->quant->trained &&
	       v->quant->bits <= 8 && !quant_per_channel(v->quant);
}

enum pair_form pair_form_find(const struct pair_operator *p)
{
	const struct node *n = p->n;
	int wrong = 0, bits, a, b;

	if (!is_trained(n->inputs[0]) || !is_trained(n->inputs[1]) ||
	    !is_trained(n->outputs[0]))
		return PAIR_INTEGER;
	a = lowest(operand(p, 0));
	b = lowest(operand(p, 1));
	for (int i = a; i < -a; i++)
		for (int k = b; k < -b; k++)
			wrong += trained_code(p, i, k) != device_code(p, i, k);
	bits = operand(p, 0)->bits + operand(p, 1)->bits;
	if (!wrong)
		return PAIR_INTEGER;
	if (bits <= 8)
		return PAIR_TABLE;
	/* two of 8 bits are worth their speed */
	return bits < 16 && n->outputs[0]->quant->bits == 8 &&
			       wrong > WRONG_MOST * (double)(1 << bits) ?
		       PAIR_FLOAT :
		       PAIR_INTEGER;
}

/* A grid of the indices. */
static struct quant *index_quant(struct arena *arena, int32_t zero)
{
	struct quant *q = arena_alloc(arena, sizeof(*q));
	float *scale = arena_alloc(arena, sizeof(*scale));
	int32_t *zero_point = arena_alloc(arena, sizeof(*zero_point));

	if (!q || !scale || !zero_point)
		return NULL;
	*scale = 1;
	*zero_point = zero;
	*q = (struct quant){ .bits = 8,
			     .is_signed = true,
			     .axis = -1,
			     .channels = 1,
			     .scale = scale,
			     .zero_point = zero_point };
	return q;
}

int pair_lower_table(struct lower *l, const struct pair_operator *p)
{
	const struct value *y = p->n->outputs[0];
	const struct quant *a = operand(p, 0), *b = operand(p, 1);
	int low_a = lowest(a), low_b = lowest(b), many = 1 << b->bits;
	int8_t codes[256] = { 0 };
	/* (a's place) * many + b's place - 128 */
	struct dbp_add add = { .multiplier_a = 2 * many,
			       .multiplier_b = 2,
			       .shift = 1,
			       .clamp_min = -128,
			       .clamp_max = 127 };
	struct quant *index = index_quant(
		l->m->arena, (a->zero_point[0] - low_a) * many +
				     b->zero_point[0] - low_b - 128);
	uint32_t in[2] = { lower_own(l, p->n->inputs[0]),
			   lower_own(l, p->n->inputs[1]) };
	struct dbp_table table;
	uint32_t t, out;

	if (!index)
		return lower_refuse(l, "out of memory");
	for (int i = 0; i < 1 << (a->bits + b->bits); i++)
		codes[i] = (int8_t)trained_code(p, low_a + i / many,
						low_b + i % many);
	t = lower_tensor(l, DBP_S8, &y->shape, index);
	lower_op(l, DBP_OP_ADD, in, 2, t, &add, sizeof(add));
	table.table = dev_add_data(l->m, codes, sizeof(codes));
	out = lower_tensor(l, DBP_S8, &y->shape, y->quant);
	lower_store(l, y,
		    lower_op1(l, DBP_OP_TABLE, t, out, &table, sizeof(table)));
	return 0;
}
