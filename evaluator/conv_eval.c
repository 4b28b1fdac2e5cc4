/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/conv_eval.h"

int conv_init(struct conv_eval *c, const struct eval *e)
{
	const struct shape *ws = eval_in(e, 1);
	bool nhwc = e->n->layout == LAYOUT_NHWC;
	int64_t out_channels;

	*c = (struct conv_eval){ .e = e, .nhwc = nhwc };
	if (window_of(e->n, &c->w, e->d))
		return -1;
	c->groups = node_int(e->n, "group", 1);
	c->in_per_group = c->w.channels / c->groups;
	out_channels = e->n->op == OP_CONV ? ws->dim[0] :
					     ws->dim[1] * c->groups;
	c->out_per_group = out_channels / c->groups;
	c->taps = c->w.kernel[0] * c->w.kernel[1];
	c->in_channel = nhwc ? 1 : c->w.in[0] * c->w.in[1];
	c->in_pixel = nhwc ? c->w.channels : 1;
	c->out_channel = nhwc ? 1 : c->w.out[0] * c->w.out[1];
	c->out_pixel = nhwc ? out_channels : 1;
	c->weight = e->in[1];
	c->bias = eval_has(e, 2) ? e->in[2] : NULL;
	c->gemm = eval_gemm_for(e);
	return 0;
}

void conv_add_bias(const struct conv_eval *c, float *y)
{
	int64_t pixels = c->w.out[0] * c->w.out[1];
	int64_t channels = c->out_per_group * c->groups;

	if (!c->bias)
		return;
	if (c->nhwc) {
		for (int64_t p = 0; p < pixels; p++, y += channels)
			for (int64_t k = 0; k < channels; k++)
				y[k] += c->bias[k];
		return;
	}
	for (int64_t k = 0; k < channels; k++)
		for (int64_t p = 0; p < pixels; p++)
			*y++ += c->bias[k];
}
