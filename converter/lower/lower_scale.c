/* SPDX-License-Identifier: Apache-2.0 */
/* Scales as the device's integers, and functions as tables. */
#include "converter/lower/lower_scale.h"

#include <math.h>

#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"
#include "evaluator/evaluator.h"

int scale_to_multiplier(double ratio, int min_shift, int max_shift,
			uint32_t *multiplier, uint32_t *shift)
{
	int exponent, right;
	double m;

	*multiplier = 0;
	*shift = (uint32_t)min_shift;
	if (!(ratio >= 0 && ratio < INFINITY))
		return -1;
	if (ratio == 0)
		return 0;
	m = rint(ldexp(frexp(ratio, &exponent), 16));
	if (m >= 65536) {
		m /= 2;
		exponent++;
	}
	right = 16 - exponent;
	if (right < min_shift)
		return -1;
	if (right > max_shift)
		return 0;
	*multiplier = (uint32_t)m;
	*shift = (uint32_t)right;
	return 0;
}

int8_t scale_code(double real, double scale, int32_t zero_point)
{
	double q = rint(real / scale) + zero_point;

	if (isnan(q))
		return (int8_t)zero_point;
	return (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
}

/* scale_code() within the codes of a tensor of one scale. */
static int8_t scale_code_of(double real, const struct quant *q)
{
	int half = 1 << (q->bits - 1);
	int code = scale_code(real, (double)q->scale[0], q->zero_point[0]);

	return (int8_t)(code < -half ? -half : code >= half ? half - 1 : code);
}

void scale_clamp(const struct activation *act, const struct quant *q,
		 int8_t *low, int8_t *high)
{
	int half = q->bits < 8 ? 1 << (q->bits - 1) : 128;

	*low = (int8_t)-half;
	*high = (int8_t)(half - 1);
	if (act->kind == ACT_RELU)
		*low = scale_code_of(0, q);
	if (act->kind != ACT_CLIP)
		return;
	*low = scale_code_of((double)act->a, q);
	*high = scale_code_of((double)act->b, q);
	if (*low > *high)
		*low = *high;
}

/* ---- Functions of one number ---- */

static bool is_single(const struct value *v)
{
	return value_is_const(v) && v->dtype == DT_F32 &&
	       shape_elements(&v->shape) == 1;
}

static bool is_function_of_two(enum op op)
{
	switch (op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_POW:
	case OP_PRELU:
	case OP_MAX:
	case OP_MIN:
	case OP_SUM:
		return true;
	default:
		return false;
	}
}

static bool is_function_of_one(const struct node *n)
{
	if (!(op_info(n->op)->flags & OPF_U) || n->op == OP_CAST ||
	    n->op == OP_NOT)
		return false;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && !is_single(n->inputs[i]))
			return false;
	return true;
}

const struct value *scalar_fn_input(const struct node *n)
{
	const struct value *y = n->outputs[0], *x = n->inputs[0];

	if (!x || y->dtype != DT_F32)
		return NULL;
	if (!is_function_of_one(n)) {
		if (!is_function_of_two(n->op) || n->input_count != 2)
			return NULL;
		if (is_single(x))
			x = n->inputs[1];
		else if (!is_single(n->inputs[1]))
			return NULL;
	}
	if (value_is_const(x) || x->dtype != DT_F32 ||
	    shape_elements(&x->shape) != shape_elements(&y->shape))
		return NULL;
	return x;
}

int scalar_fn_table_size(const struct quant *in)
{
	return in->bits > 8 ? 1 << in->bits : 256;
}

int scalar_fn_table(struct lower *l, const struct node *n,
		    const struct quant *in, const struct quant *out,
		    int8_t *table)
{
	int size = scalar_fn_table_size(in);
	const struct value *x = scalar_fn_input(n);
	struct value values[4], *inputs[3] = { NULL }, *y = &values[3];
	const void *data[3] = { NULL };
	struct node copy = *n;
	float reals[SCALAR_FN_TABLE_MOST], results[SCALAR_FN_TABLE_MOST];
	void *to = results;

	for (int i = 0; i < size; i++)
		reals[i] = in->scale[0] *
			   (float)(i - size / 2 - in->zero_point[0]);
	for (int i = 0; i < n->input_count; i++) {
		if (!n->inputs[i])
			continue;
		inputs[i] = &values[i];
		values[i] = *n->inputs[i];
		values[i].shape = shape_1(n->inputs[i] == x ? size : 1);
		data[i] = n->inputs[i] == x ? reals : n->inputs[i]->data;
	}
	*y = *n->outputs[0];
	y->shape = shape_1(size);
	copy.inputs = inputs;
	copy.outputs = &y;
	copy.output_count = 1;
	if (eval_node(&copy, data, &to, l->d))
		return lower_refuse(l, "cannot be evaluated");
	for (int i = 0; i < size; i++)
		table[i] = scale_code_of((double)results[i], out);
	return 0;
}
