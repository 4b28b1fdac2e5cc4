/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "ir/code_range.h"
#include "passes/shape_rules.h"

/* Constant scales must be finite and positive (zero_ok: or zero). */
static int check_scales(const struct node *n, bool zero_ok, struct diag *d)
{
	const struct value *v = n->inputs[1];
	int64_t count = shape_elements(&v->shape);

	if (rule_dtype(n, 1, DT_F32, d))
		return -1;
	for (int64_t i = 0; value_is_const(v) && i < count; i++) {
		float scale = ((const float *)v->data)[i];

		if (!isfinite(scale) || scale < 0 || (scale == 0 && !zero_ok))
			return node_error(d, n,
					  "scale %g in '%s' is out of "
					  "range",
					  (double)scale, v->name);
	}
	return 0;
}

/* QuantizeLinear (opset 21): scales in blocks along the axis have the rank of
 * x. */
static int check_blocks(const struct node *n, int axis, int64_t block,
			struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	struct shape want = *x;
	char have[SHAPE_TEXT], text[SHAPE_TEXT];

	want.dim[axis] = (x->dim[axis] + block - 1) / block;
	if (shape_equal(&n->inputs[1]->shape, &want))
		return 0;
	shape_print(&n->inputs[1]->shape, have, sizeof(have));
	shape_print(&want, text, sizeof(text));
	return node_error(d, n, "scale '%s' is %s, expected %s",
			  n->inputs[1]->name, have, text);
}

/* The scale is one number, one for each channel of `axis`, or one for each
 * block. */
static int check_granularity(const struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *scale = &n->inputs[1]->shape;
	int64_t block = node_int(n, "block_size", 0);

	if (block < 0 || block > GRAPH_MAX_ELEMENTS)
		return node_error(d, n, "attribute 'block_size' is %lld",
				  (long long)block);
	if (block == 0 && scale->rank <= 1 && shape_elements(scale) == 1)
		return 0;
	int axis = rule_axis_attr(n, 1, x->rank, d);
	if (axis < 0)
		return -1;
	return block > 0 ? check_blocks(n, axis, block, d) :
			   rule_vector(n, 1, x->dim[axis], d);
}

static int check_zero_point(const struct node *n, struct diag *d)
{
	const struct value *scale = n->inputs[1], *zero = node_input(n, 2);

	if (!zero || shape_equal(&zero->shape, &scale->shape) ||
	    (shape_elements(&zero->shape) == 1 &&
	     shape_elements(&scale->shape) == 1))
		return 0;
	return node_error(d, n,
			  "scale '%s' and zero point '%s' differ in "
			  "shape",
			  scale->name, zero->name);
}

static bool is_code(enum dtype t)
{
	return t == DT_I8 || t == DT_U8;
}

int shape_quantize(struct node *n, struct diag *d)
{
	const struct value *x = n->inputs[0], *zero = node_input(n, 2);
	bool wide = node_int(n, "bits", 8) > 8;
	enum dtype t = node_int(n, "signed", 0) != 0 ? DT_I8 : DT_U8;

	if (x->dtype != DT_F32 && x->dtype != DT_I32)
		return node_error(d, n, "input '%s' is %s, expected f32",
				  x->name, dtype_name(x->dtype));
	if (zero && (wide ? zero->dtype != DT_I32 : !is_code(zero->dtype)))
		return node_error(d, n, "zero point '%s' is %s, expected %s",
				  zero->name, dtype_name(zero->dtype),
				  wide ? "i32" : "i8 or u8");
	if (check_scales(n, false, d) || check_granularity(n, d) ||
	    check_zero_point(n, d))
		return -1;
	return rule_output(n, 0,
			   zero ? zero->dtype :
			   wide ? DT_I32 :
				  t,
			   &x->shape, d);
}

int shape_dequantize(struct node *n, struct diag *d)
{
	const struct value *x = n->inputs[0];

	if (!is_code(x->dtype) && x->dtype != DT_I32)
		return node_error(d, n,
				  "input '%s' is %s, expected i8, u8 or "
				  "i32",
				  x->name, dtype_name(x->dtype));
	if (rule_same_dtype(n, 2, d) || check_scales(n, true, d) ||
	    check_granularity(n, d) || check_zero_point(n, d))
		return -1;
	return rule_output(n, 0, DT_F32, &x->shape, d);
}

/* Codes, their scale and their zero point. */
int shape_dynamic_quantize(struct node *n, struct diag *d)
{
	const struct shape scalar = { .rank = 0 };

	if (rule_dtype(n, 0, DT_F32, d) ||
	    rule_output(n, 0, DT_U8, &n->inputs[0]->shape, d) ||
	    (n->output_count > 1 && rule_output(n, 1, DT_F32, &scalar, d)))
		return -1;
	return n->output_count > 2 ? rule_output(n, 2, DT_U8, &scalar, d) : 0;
}

/* The zero point is one of the codes. */
static int check_quant_zeros(const struct node *n, int bits, struct diag *d)
{
	const struct value *v = n->inputs[2];
	const struct code_range r = quant_code_range(n, bits);
	int64_t count = value_is_const(v) ? shape_elements(&v->shape) : 0;

	for (int64_t i = 0; i < count; i++) {
		double zero = (double)((const float *)v->data)[i];

		if (!(zero >= r.low && zero <= r.high))
			return node_error(d, n,
					  "zero point %g in '%s' is none of "
					  "its codes, %.0f to %.0f",
					  zero, v->name, r.low, r.high);
	}
	return 0;
}

/* QONNX Quant: all inputs are floats; scale and zero point broadcast. */
int shape_quant(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;

	for (int i = 0; i < 4; i++) {
		if (rule_dtype(n, i, DT_F32, d))
			return -1;
	}
	if (check_scales(n, false, d) || rule_broadcast_into(n, 1, x, d) ||
	    rule_broadcast_into(n, 2, x, d) || rule_scalar(n, 3, d))
		return -1;
	const struct value *bits = n->inputs[3];
	if (!value_is_const(bits))
		return node_error(d, n,
				  "bit width '%s' depends on the data, "
				  "expected a constant",
				  bits->name);
	float width = *(const float *)bits->data;
	if (!(width >= 1 && width <= 32))
		return node_error(d, n, "bit width %g is out of range",
				  (double)width);
	if (width != rintf(width))
		return node_error(d, n, "bit width %g is not a whole number",
				  (double)width);
	return check_quant_zeros(n, (int)width, d) ? -1 :
						     rule_output_same(n, d);
}
