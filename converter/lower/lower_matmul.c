/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products in float: MatMul, Gemm, and convolutions by im2col. */
#include "converter/lower/lower_operators.h"

#include <string.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"
#include "ir/window.h"

/* Most inputs of one operator; more are concatenated in two steps. */
#define CONCAT_MAX 64

static uint32_t matmul(struct lower *l, uint32_t a, uint32_t b)
{
	struct shape s = lower_shape(l, a), t = lower_shape(l, b);
	uint32_t out;

	s.dim[s.rank - 1] = t.dim[t.rank - 1];
	out = lower_tensor(l, DBP_F32, &s, NULL);
	lower_op(l, DBP_OP_MATMUL, (uint32_t[]){ a, b }, 2, out, NULL, 0);
	return out;
}

/* Reshapes an operand to the outer dims of the product. */
static uint32_t spread(struct lower *l, uint32_t t, const struct shape *outer,
		       int64_t rows, int64_t columns)
{
	struct shape s = *outer;
	uint32_t out;

	s.dim[s.rank++] = rows;
	s.dim[s.rank++] = columns;
	if (shape_elements(&s) == dev_elements(&l->m->tensors[t]))
		return lower_reshape(l, t, &s);
	out = lower_tensor(l, DBP_F32, &s, NULL);
	return lower_op1(l, DBP_OP_EXPAND, t, out, NULL, 0);
}

/* Dims before the last two, of both operands broadcast. */
static struct shape outer_dims(const struct shape *a, const struct shape *b)
{
	int rank = (a->rank > b->rank ? a->rank : b->rank) - 2;
	struct shape s = { .rank = rank };

	for (int i = 0; i < rank; i++) {
		int at_a = a->rank - 2 - rank + i;
		int at_b = b->rank - 2 - rank + i;

		s.dim[i] = at_a >= 0 ? a->dim[at_a] : 1;
		if (at_b >= 0 && b->dim[at_b] != 1)
			s.dim[i] = b->dim[at_b];
	}
	return s;
}

/* A vector is a row on the left, a column on the right. */
static struct shape as_matrix(const struct shape *s, bool left)
{
	if (s->rank != 1)
		return *s;
	return left ? shape_of(2, (int64_t[]){ 1, s->dim[0] }) :
		      shape_of(2, (int64_t[]){ s->dim[0], 1 });
}

int lower_matmul(struct lower *l, const struct node *n)
{
	struct shape a = as_matrix(&n->inputs[0]->shape, true);
	struct shape b = as_matrix(&n->inputs[1]->shape, false);
	int64_t m = a.dim[a.rank - 2], k = a.dim[a.rank - 1];
	int64_t columns = b.dim[b.rank - 1];
	struct shape outer = outer_dims(&a, &b);
	uint32_t left = lower_f32(l, n->inputs[0]);
	uint32_t right = lower_f32(l, n->inputs[1]);

	if (shape_elements(&b) == k * columns) {
		/* One matrix for all rows. */
		m = shape_elements(&a) / k;
		outer.rank = 0;
	}
	left = spread(l, left, &outer, m, k);
	right = spread(l, right, &outer, k, columns);
	return lower_finish_f32(l, n, matmul(l, left, right));
}

/* A matrix operand of Gemm in the order in which it is multiplied. */
static uint32_t gemm_operand(struct lower *l, const struct node *n, int slot,
			     const char *flag)
{
	uint32_t t = lower_f32(l, n->inputs[slot]);

	if (!node_int(n, flag, 0))
		return t;
	return lower_transpose(l, t, (int64_t[]){ 1, 0 });
}

int lower_gemm_f32(struct lower *l, const struct node *n)
{
	uint32_t a = gemm_operand(l, n, 0, "transA");
	uint32_t b = gemm_operand(l, n, 1, "transB");
	float alpha = node_float(n, "alpha", 1), beta;
	uint32_t y = matmul(l, a, b), c;

	beta = node_float(n, "beta", 1);
	if (alpha != 1)
		y = lower_binary_scalar(l, DBP_B_MUL, y, alpha);
	if (node_input(n, 2) && beta != 0) {
		c = lower_f32(l, n->inputs[2]);
		if (beta != 1)
			c = lower_binary_scalar(l, DBP_B_MUL, c, beta);
		y = lower_binary(l, DBP_B_ADD, y, c);
	}
	return lower_finish_f32(l, n, y);
}

/* ---- Convolutions of the tail ---- */

static uint32_t padded(struct lower *l, uint32_t x, const struct window *w)
{
	struct dbp_pad p = { .mode = DBP_PAD_CONSTANT };
	struct shape s = lower_shape(l, x);
	bool any = false;

	for (int i = 0; i < 2; i++) {
		/* As far as the last window reaches. */
		int64_t need =
			(w->out[i] - 1) * w->stride[i] + window_reach(w, i);

		p.begin[1 + i] = (uint32_t)w->pad_begin[i];
		if (need < s.dim[1 + i] + w->pad_begin[i])
			need = s.dim[1 + i] + w->pad_begin[i];
		any = any || need != s.dim[1 + i];
		s.dim[1 + i] = need;
	}
	if (!any)
		return x;
	return lower_op1(l, DBP_OP_PAD, x, lower_tensor_like(l, x, &s), &p,
			 sizeof(p));
}

static uint32_t tap_of(struct lower *l, uint32_t x, const struct window *w,
		       int64_t ky, int64_t kx)
{
	struct dbp_slice p = {
		.start = { 0, (uint32_t)(ky * w->dilation[0]),
			   (uint32_t)(kx * w->dilation[1]), 0 },
		.step = { 1, (int32_t)w->stride[0], (int32_t)w->stride[1], 1 },
	};
	struct shape s = shape_4(w->batch, w->out[0], w->out[1], w->channels);

	return lower_op1(l, DBP_OP_SLICE, x, lower_tensor_like(l, x, &s), &p,
			 sizeof(p));
}

/* im2col: the windows of all pixels, [N, H, W, taps * channels]. */
static uint32_t windows_of(struct lower *l, uint32_t x, const struct window *w)
{
	struct dbp_concat p = { 3 };
	int64_t taps = w->kernel[0] * w->kernel[1];
	uint32_t parts[CONCAT_MAX], out;
	struct shape s;

	if (taps == 1 && w->stride[0] == 1 && w->stride[1] == 1)
		return padded(l, x, w);
	x = padded(l, x, w);
	for (int64_t t = 0; t < taps; t++)
		parts[t] = tap_of(l, x, w, t / w->kernel[1], t % w->kernel[1]);
	s = shape_4(w->batch, w->out[0], w->out[1], taps * w->channels);
	out = lower_tensor(l, DBP_F32, &s, NULL);
	lower_op(l, DBP_OP_CONCAT, parts, (int)taps, out, &p, sizeof(p));
	return out;
}

/* OIHW to [(ky, kx, ci)][O]. */
static uint32_t window_weights(struct lower *l, const struct value *v,
			       int64_t taps)
{
	int64_t outputs = v->shape.dim[0], inputs = v->shape.dim[1];
	struct shape s = shape_of(2, (int64_t[]){ taps * inputs, outputs });
	float *w = arena_array(l->m->arena, (size_t)(taps * inputs),
			       (size_t)outputs * sizeof(*w));
	const float *from = v->data;

	if (!w) {
		l->m->failed = true;
		return 0;
	}
	for (int64_t o = 0; o < outputs; o++)
		for (int64_t i = 0; i < inputs; i++)
			for (int64_t t = 0; t < taps; t++)
				w[(t * inputs + i) * outputs + o] = *from++;
	return lower_constant_f32(l, &s, w);
}

int lower_conv_f32(struct lower *l, const struct node *n)
{
	const struct value *weight = n->inputs[1], *bias = node_input(n, 2);
	struct window w;
	struct shape rows, image;
	int64_t taps;
	uint32_t x, y, weights;

	if (!value_is_const(weight) || weight->dtype != DT_F32)
		return lower_refuse(l, "computed weights are not supported");
	if (node_int(n, "group", 1) != 1)
		return lower_refuse(l, "groups are not supported in float");
	if (window_of(n, &w, l->d))
		return lower_refuse(l, "its window is not supported");
	taps = w.kernel[0] * w.kernel[1];
	if (taps > CONCAT_MAX)
		return lower_refuse(l,
				    "a kernel of more than %d cells is not "
				    "supported in float",
				    CONCAT_MAX);
	x = windows_of(l, lower_to_nhwc(l, n, lower_f32(l, n->inputs[0])), &w);
	rows = shape_of(2, (int64_t[]){ w.batch * w.out[0] * w.out[1],
					taps * w.channels });
	/* one statement each: compilers differ in the order of arguments */
	weights = window_weights(l, weight, taps);
	y = matmul(l, lower_reshape(l, x, &rows), weights);
	if (bias)
		y = lower_binary(l, DBP_B_ADD, y, lower_f32(l, bias));
	image = shape_4(w.batch, w.out[0], w.out[1], weight->shape.dim[0]);
	y = lower_act_f32(l, &n->act, lower_reshape(l, y, &image));
	lower_store_nhwc(l, n, y);
	return 0;
}
