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

	if (window_of(n, &w, l->d))
		return lower_refuse(l, "its window is not supported");
	if (w.dilation[0] != 1 || w.dilation[1] != 1)
		return lower_refuse(l,
				    "a dilated average pool is not supported");
	p = params_of(&w);
	p.count_include_pad = node_int(n, "count_include_pad", 0) != 0;
	out = out_shape(&w);
	x = lower_to_nhwc(l, n, average_input(l, n));
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
