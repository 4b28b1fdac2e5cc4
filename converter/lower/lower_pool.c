/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, and reductions of whole images as pooling. */
#include "converter/lower/lower_operators.h"

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_scale.h"
#include "converter/lower/lower_tensor.h"
#include "ir/window.h"

static struct dbp_pool params_of(const struct window *w)
{
	return (struct dbp_pool){
		.kernel_h = (uint16_t)w->kernel[0],
		.kernel_w = (uint16_t)w->kernel[1],
		.stride_h = (uint16_t)w->stride[0],
		.stride_w = (uint16_t)w->stride[1],
		.dilation_h = (uint16_t)w->dilation[0],
		.dilation_w = (uint16_t)w->dilation[1],
		.pad_top = (uint16_t)w->pad_begin[0],
		.pad_left = (uint16_t)w->pad_begin[1],
		.pad_bottom = (uint16_t)w->pad_end[0],
		.pad_right = (uint16_t)w->pad_end[1],
	};
}

/* The values do not change, so that the form of the input is kept. */
static uint32_t max_pool(struct lower *l, uint32_t x, struct dbp_pool *p,
			 const struct shape *out)
{
	p->multiplier = 32768;
	return lower_op1(l, DBP_OP_MAX_POOL, x, lower_tensor_like(l, x, out), p,
			 sizeof(*p));
}

static uint32_t average_pool(struct lower *l, uint32_t x, struct dbp_pool *p,
			     const struct shape *out, const struct value *y)
{
	bool s8 = l->m->tensors[x].dtype == DBP_S8;
	double ratio = 1;

	p->multiplier = 32768;
	p->shift = 15;
	if (s8 && !quant_per_channel(y->quant))
		ratio = (double)l->m->tensors[x].scale /
			(double)y->quant->scale[0];
	if (s8 && scale_to_multiplier(ratio, 0, 40, &p->multiplier, &p->shift))
		lower_refuse(l, "the scales differ too much");
	return lower_op1(l, DBP_OP_AVG_POOL, x,
			 lower_tensor(l, s8 ? DBP_S8 : DBP_F32, out, y->quant),
			 p, sizeof(*p));
}

/* ---- Averages on trained grids ---- */

/* The Quant behind an average of x, both on grids from training, if the sums of
 * a window of `count` codes fit 8 bits; otherwise NULL. */
static const struct node *rounding_of_sums(const struct node *n, int64_t count)
{
	const struct quant *x = n->inputs[0]->quant, *y;
	const struct node *r = value_only_reader(n->outputs[0]);

	if (!r || r->op != OP_QUANT || r->tail || !lower_is_s8(r->outputs[0]) ||
	    !lower_is_s8(n->outputs[0]) || node_int(r, "narrow", 0) ||
	    !lower_is_s8(n->inputs[0]))
		return NULL;
	y = r->outputs[0]->quant;
	return x->trained && y->trained && !quant_per_channel(x) &&
			       !quant_per_channel(y) && x->bits < 8 &&
			       count * ((1 << x->bits) - 1) <= 255 ?
		       r :
		       NULL;
}

/* Every window has the same number of codes. */
static bool has_whole_windows(const struct dbp_pool *p)
{
	return p->count_include_pad ||
	       !(p->pad_top || p->pad_left || p->pad_bottom || p->pad_right);
}

/* The least sum has the code -128. */
static struct quant *quant_of_sums(struct arena *a, const struct quant *x,
				   int64_t count)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_alloc(a, sizeof(*scale));
	int32_t *zero = arena_alloc(a, sizeof(*zero));
	int64_t low = -(1 << (x->bits - 1)) - x->zero_point[0];

	if (!q || !scale || !zero)
		return NULL;
	*scale = x->scale[0] / (float)count;
	*zero = (int32_t)(-128 - count * low);
	*q = *x;
	q->bits = 8;
	q->scale = scale;
	q->zero_point = zero;
	return q;
}

/*
 * Averages have halves, which training rounds to even: the sums of windows are
 * codes, and a table has the code of each. Does nothing, and returns
 * LOWER_ELSEWHERE, where sums do not fit.
 */
static int average_by_table(struct lower *l, const struct node *n, uint32_t x,
			    struct dbp_pool *p, const struct shape *out)
{
	int64_t count = (int64_t)p->kernel_h * p->kernel_w;
	const struct node *r = rounding_of_sums(n, count);
	const struct quant *y = r ? r->outputs[0]->quant : NULL;
	int half = r ? 1 << (y->bits - 1) : 0;
	struct quant *sums;
	struct dbp_table t;
	int8_t table[256];

	if (!r || n->act.kind != ACT_NONE || !has_whole_windows(p))
		return LOWER_ELSEWHERE;
	sums = quant_of_sums(l->m->arena, n->inputs[0]->quant, count);
	if (!sums)
		return lower_refuse(l, "out of memory");
	for (int i = 0; i < 256; i++) {
		double mean = (i - 128 - sums->zero_point[0]) *
			      (double)n->inputs[0]->quant->scale[0] /
			      (double)count;
		int code =
			scale_code(mean, (double)y->scale[0], y->zero_point[0]);

		table[i] = (int8_t)(code < -half ? -half :
				    code >= half ? half - 1 :
						   code);
	}
	scale_to_multiplier((double)count, 0, 40, &p->multiplier, &p->shift);
	x = lower_op1(l, DBP_OP_AVG_POOL, x, lower_tensor(l, DBP_S8, out, sums),
		      p, sizeof(*p));
	t.table = dev_add_data(l->m, table, sizeof(table));
	x = lower_op1(l, DBP_OP_TABLE, x, lower_tensor(l, DBP_S8, out, y), &t,
		      sizeof(t));
	if (n->layout != LAYOUT_NHWC)
		x = lower_transpose(l, x, (int64_t[]){ 0, 3, 1, 2 });
	lower_store(l, r->outputs[0], x);
	return 0;
}

/* An average reads codes only if its output is codes too. */
static uint32_t average_input(struct lower *l, const struct node *n)
{
	const struct value *x = n->inputs[0];

	if (lower_is_s8(x) && lower_is_s8(n->outputs[0]) &&
	    n->act.kind == ACT_NONE)
		return lower_own(l, x);
	return lower_f32(l, x);
}

static struct shape out_shape(const struct window *w)
{
	return shape_4(w->batch, w->out[0], w->out[1], w->channels);
}

int lower_max_pool(struct lower *l, const struct node *n)
{
	struct dbp_pool p;
	struct window w;
	struct shape out;
	uint32_t x;

	if (n->output_count > 1 && n->outputs[1])
		return lower_refuse(
			l, "the indices of the maxima are not supported");
	if (window_of(n, &w, l->d))
		return lower_refuse(l, "its window is not supported");
	p = params_of(&w);
	out = out_shape(&w);
	x = n->act.kind == ACT_NONE ? lower_own(l, n->inputs[0]) :
				      lower_f32(l, n->inputs[0]);
	x = max_pool(l, lower_to_nhwc(l, n, x), &p, &out);
	lower_store_nhwc(l, n, lower_act_f32(l, &n->act, x));
	return 0;
}

int lower_average_pool(struct lower *l, const struct node *n)
{
	struct dbp_pool p;
	struct window w;
	struct shape out;
	uint32_t x;
	int status;

	if (window_of(n, &w, l->d))
		return lower_refuse(l, "its window is not supported");
	if (w.dilation[0] != 1 || w.dilation[1] != 1)
		return lower_refuse(l,
				    "a dilated average pool is not supported");
	p = params_of(&w);
	p.count_include_pad = node_int(n, "count_include_pad", 0) != 0;
	out = out_shape(&w);
	x = lower_to_nhwc(l, n, average_input(l, n));
	status = average_by_table(l, n, x, &p, &out);
	if (status != LOWER_ELSEWHERE)
		return status;
	x = average_pool(l, x, &p, &out, n->outputs[0]);
	lower_store_nhwc(l, n, lower_act_f32(l, &n->act, x));
	return 0;
}

/* Mean and maximum over H and W: pools of the whole image. */
int lower_reduce_s8(struct lower *l, const struct node *n)
{
	const struct value *y = n->outputs[0];
	struct shape s = n->inputs[0]->shape, out;
	struct dbp_pool p = {
		.dilation_h = 1, .dilation_w = 1, .stride_h = 1, .stride_w = 1
	};
	int64_t axes[2];
	uint32_t x;

	if (!lower_is_s8(n->inputs[0]) || !lower_is_s8(y) || s.rank != 4 ||
	    n->act.kind != ACT_NONE || node_const_ints(n, 1, axes, 2) != 2)
		return LOWER_ELSEWHERE;
	for (int i = 0; i < 2; i++)
		axes[i] += axes[i] < 0 ? 4 : 0;
	if (axes[0] * axes[1] != 2 || axes[0] + axes[1] != 3 ||
	    s.dim[1] > UINT16_MAX || s.dim[2] > UINT16_MAX)
		return LOWER_ELSEWHERE;
	p.kernel_h = (uint16_t)s.dim[1];
	p.kernel_w = (uint16_t)s.dim[2];
	out = shape_4(s.dim[0], 1, 1, s.dim[3]);
	x = lower_own(l, n->inputs[0]);
	lower_store(l, y,
		    n->op == OP_REDUCE_MAX ? max_pool(l, x, &p, &out) :
					     average_pool(l, x, &p, &out, y));
	return 0;
}
