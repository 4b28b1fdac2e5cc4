/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients, operator by operator: see reverse.h. */
#include "evaluator/gradient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "evaluator/gradient_internal.h"
#include "ir/resize.h"
#include "ir/window.h"

#define MOST_IDS (1 << 24) /* whole numbers that a float can tell apart */
#define MOST_INPUTS 64
#define NUDGE 1e-3f /* of 1 or of the number, to see what a function does */

/* ---- What moves numbers ---- */

/*
 * What a selection does is seen by letting it select from numbers that say
 * where they stand, counted from 1: 0 is padding.
 */
static int reverse_move(const struct reverse *r)
{
	const struct node *n = r->n;
	const void *in[MOST_INPUTS];
	void *out[MOST_INPUTS] = { NULL };
	int64_t first[MOST_INPUTS + 1] = { 0 };
	float *ids = NULL;
	int err = -1;

	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];
		bool moved = v && v->role != VALUE_CONSTANT;

		in[i] = v && !moved ? v->data : NULL;
		first[i + 1] =
			first[i] + (moved ? shape_elements(&v->shape) : 0);
	}
	ids = malloc(((size_t)first[n->input_count] + 1) * sizeof(*ids));
	if (!ids)
		return diag_error(r->d, "out of memory");
	for (int64_t i = 0; i < first[n->input_count]; i++)
		ids[i] = (float)(i + 1);
	for (int i = 0; i < n->input_count; i++)
		if (first[i + 1] > first[i])
			in[i] = ids + first[i];
	for (int i = 0; i < n->output_count; i++) {
		size_t count =
			n->outputs[i] ?
				(size_t)shape_elements(&n->outputs[i]->shape) :
				0;

		out[i] = count ? malloc(count * sizeof(float)) : NULL;
		if (count && !out[i]) {
			diag_error(r->d, "out of memory");
			goto done;
		}
	}
	if (eval_node(n, in, out, r->d))
		goto done;
	for (int o = 0; o < n->output_count; o++) {
		int64_t count = out[o] ? shape_elements(&n->outputs[o]->shape) :
					 0;

		for (int64_t e = 0, i = 0; e < count; e++) {
			int64_t id = (int64_t)((float *)out[o])[e] - 1;

			if (id < 0)
				continue;
			while (id >= first[i + 1])
				i++;
			while (id < first[i])
				i--;
			if (r->din[i])
				r->din[i][id - first[i]] += r->dout[o][e];
		}
	}
	err = 0;
done:
	free(ids);
	for (int i = 0; i < n->output_count; i++)
		free(out[i]);
	return err;
}

static bool can_move(const struct node *n)
{
	int64_t total = 0;

	if (n->input_count > MOST_INPUTS || n->output_count > MOST_INPUTS)
		return false;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (!v || v->role == VALUE_CONSTANT)
			continue;
		if (v->dtype != DT_F32)
			return false;
		total += shape_elements(&v->shape);
	}
	if (n->op == OP_PAD) {
		const struct value *v = node_input(n, 2);

		if (v && (!value_is_const(v) || *(const float *)v->data != 0))
			return false;
	}
	/* constants among what is moved would look like places */
	if (n->op == OP_CONCAT)
		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i]->role == VALUE_CONSTANT)
				return false;
	return total < MOST_IDS;
}

/* ---- What is done to each number ---- */

static double slope_of_sigmoid(double y)
{
	return y * (1 - y);
}

/* By the difference that a small nudge makes. */
static int reverse_unary(const struct reverse *r)
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
		const void *in[MOST_INPUTS] = { side ? above : x };
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

static int reverse_swish(const struct reverse *r)
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

static int reverse_sigmoid(const struct reverse *r)
{
	int64_t count = shape_elements(&r->n->outputs[0]->shape);

	for (int64_t i = 0; i < count; i++)
		r->din[0][i] += r->dout[0][i] *
				(float)slope_of_sigmoid((double)r->out[0][i]);
	return 0;
}

/* Rounding passes gradients straight through; clipping does not. */
static int reverse_quant(const struct reverse *r)
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
	return n->input_count <= MOST_INPUTS && n->inputs[0]->dtype == DT_F32 &&
	       n->op != OP_CAST;
}

/* Add, Sub, Mul, Div of two that broadcast. */
static int reverse_binary(const struct reverse *r)
{
	const struct shape *shapes[2] = { &r->n->inputs[0]->shape,
					  &r->n->inputs[1]->shape };
	const float *a = r->in[0], *b = r->in[1], *dy = r->dout[0];
	float *da = reverse_wants(r, 0) ? r->din[0] : NULL;
	float *db = reverse_wants(r, 1) ? r->din[1] : NULL;
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

/* The largest cell of a window, the first of equals; -1: none is inside. */
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

static int reverse_max_pool(const struct reverse *r)
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

/* Cells of a window that are inside, or what they are given. */
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

static int reverse_average_pool(const struct reverse *r)
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

/* Means over rows and columns. */
static int reverse_global_average(const struct reverse *r)
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

static int reverse_resize(const struct reverse *r)
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

	return in->rank == 4 && in->dim[0] == 1 && out->dim[0] == 1 &&
	       in->dim[3] == out->dim[3];
}

/* ---- All ---- */

static reverse_fn *rule_of(const struct node *n)
{
	const struct value *x = node_input(n, 0);
	unsigned flags = op_info(n->op)->flags;
	bool maps;

	if (!x || x->dtype != DT_F32)
		return NULL;
	maps = n->layout == LAYOUT_NHWC && x->shape.rank == 4 &&
	       x->shape.dim[0] == 1;
	switch (n->op) {
	case OP_CONV:
		return maps ? reverse_conv : NULL;
	case OP_GEMM:
		return node_int(n, "transB", 0) && !node_int(n, "transA", 0) ?
			       reverse_gemm :
			       NULL;
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
		return reverse_binary;
	case OP_MAX_POOL:
		return maps && (n->output_count < 2 || !n->outputs[1]) ?
			       reverse_max_pool :
			       NULL;
	case OP_AVERAGE_POOL:
		return maps && !node_int(n, "ceil_mode", 0) ?
			       reverse_average_pool :
			       NULL;
	case OP_GLOBAL_AVERAGE_POOL:
		return maps ? reverse_global_average : NULL;
	case OP_REDUCE_MEAN:
		return is_mean_of_maps(n) ? reverse_global_average : NULL;
	case OP_RESIZE:
		return maps && resizes_maps(n) ? reverse_resize : NULL;
	case OP_SIGMOID:
		return reverse_sigmoid;
	case OP_SWISH:
		return node_float(n, "alpha", 1) == 1 ? reverse_swish :
							reverse_unary;
	case OP_QUANT:
		return value_is_const(n->inputs[1]) &&
				       shape_elements(&n->inputs[1]->shape) ==
					       1 ?
			       reverse_quant :
			       NULL;
	case OP_PAD:
		return can_move(n) ? reverse_move : NULL;
	default:
		if (flags & OPF_S)
			return can_move(n) ? reverse_move : NULL;
		return flags & OPF_U && can_unary(n) ? reverse_unary : NULL;
	}
}

static bool act_reverses(enum act_kind kind)
{
	return kind == ACT_NONE || kind == ACT_RELU || kind == ACT_CLIP ||
	       kind == ACT_LEAKY_RELU;
}

bool reverse_supports(const struct node *n)
{
	return act_reverses(n->act.kind) && rule_of(n) != NULL;
}

/* Through the fused activation, by what came out. */
static void reverse_act(const struct reverse *r)
{
	const struct activation *act = &r->n->act;
	int64_t count = shape_elements(&r->n->outputs[0]->shape);
	const float *y = r->out[0];
	float *dy = r->dout[0];

	for (int64_t i = 0; i < count; i++)
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
			return;
		}
}

int reverse_node(const struct node *n, const float *const *in,
		 const float *const *out, float *const *dout, float *const *din,
		 struct diag *d)
{
	const struct reverse r = { n, in, out, dout, din, d };
	reverse_fn *rule = rule_of(n);

	if (!rule)
		return node_error(d, n, "has no gradient");
	reverse_act(&r);
	return rule(&r);
}
