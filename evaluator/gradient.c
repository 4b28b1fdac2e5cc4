/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient rules of each operator: see gradient.h. */
#include "evaluator/gradient.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "evaluator/gradient_conv.h"
#include "evaluator/gradient_move.h"
#include "ir/resize.h"
#include "ir/window.h"
#include "evaluator/broadcast.h"

#define NUDGE 1e-3f /* step of a central difference, relative to 1 + |x| */

/* A map of one image with channels last. */
static bool is_map(const struct node *n)
{
	const struct shape *s = &n->inputs[0]->shape;

	return n->layout == LAYOUT_NHWC && s->rank == 4 && s->dim[0] == 1;
}

/* ---- Elementwise ---- */

/* d sigmoid(x) / dx, from y = sigmoid(x). */
static double slope_of_sigmoid(double y)
{
	return y * (1 - y);
}

/* By a central difference. */
static int gradient_unary(const struct gradient_args *r)
{
	int64_t count = shape_elements(&r->n->outputs[0]->shape);
	float *x = malloc((size_t)count * 4 * sizeof(*x));
	float *above = x ? x + count : NULL;
	float *low = x ? x + 2 * count : NULL, *high = x ? x + 3 * count : NULL;
	int err = -1;

	if (!x)
		return diag_error(r->d, "out of memory");
	for (int64_t i = 0; i < count; i++) {
		float nudge = NUDGE * (1 + fabsf(r->in[0][i]));

		x[i] = r->in[0][i] - nudge;
		above[i] = r->in[0][i] + nudge;
	}
	for (int side = 0; side < 2; side++) {
		const void *in[GRADIENT_MAX_OPERANDS] = { side ? above : x };
		void *out[1] = { side ? high : low };

		for (int i = 1; i < r->n->input_count; i++)
			in[i] = r->n->inputs[i] ? r->n->inputs[i]->data : NULL;
		if (eval_node(r->n, in, out, r->d))
			goto done;
	}
	for (int64_t i = 0; i < count; i++)
		r->din[0][i] +=
			r->dout[0][i] * (high[i] - low[i]) / (above[i] - x[i]);
	err = 0;
done:
	free(x);
	return err;
}

static int gradient_swish(const struct gradient_args *r)
{
	int64_t count = shape_elements(&r->n->outputs[0]->shape);

	for (int64_t i = 0; i < count; i++) {
		double x = (double)r->in[0][i], y = (double)r->out[0][i];
		/* y = x s */
		double s = x < -1e-3 || x > 1e-3 ? y / x : 0.5 + x / 4;

		r->din[0][i] +=
			r->dout[0][i] * (float)(s + x * slope_of_sigmoid(s));
	}
	return 0;
}

static int gradient_sigmoid(const struct gradient_args *r)
{
	int64_t count = shape_elements(&r->n->outputs[0]->shape);

	for (int64_t i = 0; i < count; i++)
		r->din[0][i] += r->dout[0][i] *
				(float)slope_of_sigmoid((double)r->out[0][i]);
	return 0;
}

/* Straight-through estimator: the gradient passes where x was rounded, and is 0
 * where x was clipped (Bengio, Leonard & Courville 2013, arXiv 1308.3432). */
static int gradient_quant(const struct gradient_args *r)
{
	int64_t count = shape_elements(&r->n->outputs[0]->shape);
	const float *scale = r->in[1];

	for (int64_t i = 0; i < count; i++)
		if (fabsf(r->in[0][i] - r->out[0][i]) <= *scale)
			r->din[0][i] += r->dout[0][i];
	return 0;
}

static bool can_unary(const struct node *n)
{
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && !value_is_const(n->inputs[i]))
			return false;
	return n->input_count <= GRADIENT_MAX_OPERANDS &&
	       n->inputs[0]->dtype == DT_F32 && n->op != OP_CAST;
}

/* Add, Sub, Mul, Div with broadcasting: gradients of equal places add up. */
static int gradient_binary(const struct gradient_args *r)
{
	const struct shape *shapes[2] = { &r->n->inputs[0]->shape,
					  &r->n->inputs[1]->shape };
	const float *a = r->in[0], *b = r->in[1], *dy = r->dout[0];
	float *da = gradient_wants(r, 0) ? r->din[0] : NULL;
	float *db = gradient_wants(r, 1) ? r->din[1] : NULL;
	enum op op = r->n->op;
	struct broadcast w;

	broadcast_begin(&w, &r->n->outputs[0]->shape, shapes, 2);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++, dy++) {
			int64_t p = w.at[0] + i * w.step[0];
			int64_t q = w.at[1] + i * w.step[1];

			if (da)
				da[p] += op == OP_MUL ? *dy * b[q] :
					 op == OP_DIV ? *dy / b[q] :
							*dy;
			if (db)
				db[q] += op == OP_MUL ?
						 *dy * a[p] :
					 op == OP_DIV ?
						 -*dy * a[p] / (b[q] * b[q]) :
					 op == OP_SUB ? -*dy :
							*dy;
		}
	return 0;
}

/* ---- Pools ---- */

/* Index of the largest cell of a window, the first of equals; -1 if no cell is
 * inside. */
static int64_t largest(const struct window *w, const float *x, int64_t oy,
		       int64_t ox, int64_t channel)
{
	int64_t best = -1;

	for (int64_t ky = 0; ky < w->kernel[0]; ky++)
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			int64_t y = window_source(w, 0, oy, ky);
			int64_t z = window_source(w, 1, ox, kx);
			int64_t at;

			if (y < 0 || z < 0)
				continue;
			at = (y * w->in[1] + z) * w->channels + channel;
			if (best < 0 || x[at] > x[best])
				best = at;
		}
	return best;
}

static int gradient_max_pool(const struct gradient_args *r)
{
	const float *dy = r->dout[0];
	struct window w;

	if (window_of(r->n, &w, r->d))
		return -1;
	for (int64_t oy = 0; oy < w.out[0]; oy++)
		for (int64_t ox = 0; ox < w.out[1]; ox++)
			for (int64_t c = 0; c < w.channels; c++, dy++) {
				int64_t at = largest(&w, r->in[0], oy, ox, c);

				if (at >= 0)
					r->din[0][at] += *dy;
			}
	return 0;
}

/* Returns the number of cells of a window that are inside; adds dy * share to
 * each of them unless dx is NULL. */
static int64_t share_out(const struct window *w, int64_t oy, int64_t ox,
			 const float *dy, float share, float *dx)
{
	int64_t count = 0;

	for (int64_t ky = 0; ky < w->kernel[0]; ky++)
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			int64_t y = window_source(w, 0, oy, ky);
			int64_t z = window_source(w, 1, ox, kx);

			if (y < 0 || z < 0)
				continue;
			count++;
			for (int64_t c = 0; dx && c < w->channels; c++)
				dx[(y * w->in[1] + z) * w->channels + c] +=
					dy[c] * share;
		}
	return count;
}

static int gradient_average_pool(const struct gradient_args *r)
{
	bool padding = node_int(r->n, "count_include_pad", 0) != 0;
	const float *dy = r->dout[0];
	struct window w;

	if (window_of(r->n, &w, r->d))
		return -1;
	for (int64_t oy = 0; oy < w.out[0]; oy++)
		for (int64_t ox = 0; ox < w.out[1]; ox++, dy += w.channels) {
			int64_t count =
				padding ? w.kernel[0] * w.kernel[1] :
					  share_out(&w, oy, ox, dy, 0, NULL);

			share_out(&w, oy, ox, dy, count ? 1 / (float)count : 0,
				  r->din[0]);
		}
	return 0;
}

/* Global average: the mean over rows and columns. */
static int gradient_global_average(const struct gradient_args *r)
{
	const struct shape *s = &r->n->inputs[0]->shape;
	int64_t channels = s->dim[3], cells = s->dim[1] * s->dim[2];

	for (int64_t p = 0; p < cells; p++)
		for (int64_t c = 0; c < channels; c++)
			r->din[0][p * channels + c] +=
				r->dout[0][c] / (float)cells;
	return 0;
}

static bool is_mean_of_maps(const struct node *n)
{
	int64_t axes[2];

	return n->inputs[0]->shape.rank == 4 &&
	       n->inputs[0]->shape.dim[0] == 1 &&
	       node_const_ints(n, 1, axes, 2) == 2 && axes[0] * axes[1] == 2 &&
	       axes[0] + axes[1] == 3;
}

/* ---- Resize ---- */

static int gradient_resize(const struct gradient_args *r)
{
	const struct shape *s = &r->n->inputs[0]->shape;
	int64_t channels = s->dim[3];
	const float *dy = r->dout[0];
	struct resize_tap rows[4], columns[4];
	struct resize z;

	if (resize_of(r->n, &z, r->d))
		return -1;
	for (int64_t oy = 0; oy < z.out[1]; oy++) {
		int high = resize_taps(&z, 1, oy, rows);

		for (int64_t ox = 0; ox < z.out[2]; ox++, dy += channels) {
			int wide = resize_taps(&z, 2, ox, columns);

			for (int i = 0; i < high * wide; i++) {
				const struct resize_tap *y = &rows[i / wide];
				const struct resize_tap *x = &columns[i % wide];
				float weight = (float)(y->weight * x->weight);
				float *dx = r->din[0] +
					    (y->cell * s->dim[2] + x->cell) *
						    channels;

				for (int64_t c = 0; c < channels; c++)
					dx[c] += dy[c] * weight;
			}
		}
	}
	return 0;
}

static bool resizes_maps(const struct node *n)
{
	const struct shape *in = &n->inputs[0]->shape;
	const struct shape *out = &n->outputs[0]->shape;

	return is_map(n) && out->dim[0] == 1 && in->dim[3] == out->dim[3];
}

/* ---- Rules ---- */

static bool is_plain_gemm(const struct node *n)
{
	return node_int(n, "transB", 0) && !node_int(n, "transA", 0);
}

static bool has_no_indices(const struct node *n)
{
	return is_map(n) && (n->output_count < 2 || !n->outputs[1]);
}

static bool has_no_ceil_mode(const struct node *n)
{
	return is_map(n) && !node_int(n, "ceil_mode", 0);
}

static bool has_one_scale(const struct node *n)
{
	return value_is_const(n->inputs[1]) &&
	       shape_elements(&n->inputs[1]->shape) == 1;
}

static bool has_no_alpha(const struct node *n)
{
	return node_float(n, "alpha", 1) == 1;
}

/* Rules of single operators. `applies` NULL: to every node with a float input.
 * An operator without a rule here may have one by its flags, see
 * kind_rule(). */
static const struct gradient_rule {
	gradient_fn *run;
	bool (*applies)(const struct node *n);
} rules[OP_COUNT] = {
	[OP_CONV] = { gradient_conv, is_map },
	[OP_GEMM] = { gradient_gemm, is_plain_gemm },
	[OP_ADD] = { gradient_binary, NULL },
	[OP_SUB] = { gradient_binary, NULL },
	[OP_MUL] = { gradient_binary, NULL },
	[OP_DIV] = { gradient_binary, NULL },
	[OP_MAX_POOL] = { gradient_max_pool, has_no_indices },
	[OP_AVERAGE_POOL] = { gradient_average_pool, has_no_ceil_mode },
	[OP_GLOBAL_AVERAGE_POOL] = { gradient_global_average, is_map },
	[OP_REDUCE_MEAN] = { gradient_global_average, is_mean_of_maps },
	[OP_RESIZE] = { gradient_resize, resizes_maps },
	[OP_SIGMOID] = { gradient_sigmoid, NULL },
	[OP_SWISH] = { gradient_swish, has_no_alpha },
	[OP_QUANT] = { gradient_quant, has_one_scale },
	[OP_PAD] = { gradient_move, gradient_can_move },
};

static gradient_fn *kind_rule(const struct node *n)
{
	unsigned flags = op_info(n->op)->flags;

	if (flags & OPF_S)
		return gradient_can_move(n) ? gradient_move : NULL;
	return flags & OPF_U && can_unary(n) ? gradient_unary : NULL;
}

static gradient_fn *rule_of(const struct node *n)
{
	const struct value *x = node_input(n, 0);
	const struct gradient_rule *rule = &rules[n->op];

	if (!x || x->dtype != DT_F32)
		return NULL;
	if (rule->run && (!rule->applies || rule->applies(n)))
		return rule->run;
	return kind_rule(n);
}

static bool act_has_gradient(enum act_kind kind)
{
	return kind == ACT_NONE || kind == ACT_RELU || kind == ACT_CLIP ||
	       kind == ACT_LEAKY_RELU;
}

bool gradient_supports(const struct node *n)
{
	return act_has_gradient(n->act.kind) && rule_of(n) != NULL;
}

/* The gradient before the fused activation, from the activated output. */
static void through_activation(const struct gradient_args *r)
{
	const struct activation *act = &r->n->act;
	int64_t count = shape_elements(&r->n->outputs[0]->shape);
	const float *y = r->out[0];
	float *dy = r->dout[0];

	for (int64_t i = 0; act->kind != ACT_NONE && i < count; i++)
		switch (act->kind) {
		case ACT_RELU:
			dy[i] = y[i] > 0 ? dy[i] : 0;
			break;
		case ACT_CLIP:
			dy[i] = y[i] > act->a && y[i] < act->b ? dy[i] : 0;
			break;
		case ACT_LEAKY_RELU:
			dy[i] = y[i] < 0 ? act->a * dy[i] : dy[i];
			break;
		default:
			assert(!"an activation with a gradient");
		}
}

/* Rules of several inputs ask which gradients are wanted; the others add to
 * that of input 0 without asking. */
static bool is_wanted(gradient_fn *run, const struct gradient_args *r)
{
	if (run != gradient_conv && run != gradient_gemm &&
	    run != gradient_binary && run != gradient_move)
		return gradient_wants(r, 0);
	for (int i = 0; i < r->n->input_count; i++)
		if (gradient_wants(r, i))
			return true;
	return false;
}

int gradient_node(const struct node *n, const float *const *in,
		  const float *const *out, float *const *dout,
		  float *const *din, struct diag *d)
{
	const struct gradient_args r = { n, in, out, dout, din, d };

	if (!gradient_supports(n))
		return node_error(d, n, "has no gradient");
	through_activation(&r);
	return is_wanted(rule_of(n), &r) ? rule_of(n)(&r) : 0;
}
