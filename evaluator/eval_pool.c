/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "evaluator/internal.h"
#include "ir/window.h"

/* One output cell of a pool over the cells of a window. */
struct pool {
	struct window w;
	bool average, count_padding;
	int64_t pixel, channel; /* strides of x */
};

/* Cells that an average counts: those of the input, or of the padded input
 * (ceil_mode's windows reach past it, and count nothing there). */
static int64_t padded_count(const struct window *w, int axis, int64_t o)
{
	int64_t first = o * w->stride[axis] - w->pad_begin[axis], n = 0;

	for (int64_t k = 0; k < w->kernel[axis]; k++)
		n += first + k * w->dilation[axis] <
		     w->in[axis] + w->pad_end[axis];
	return n;
}

static float pool_cell(const struct pool *p, const float *x, int64_t oy,
		       int64_t ox)
{
	const struct window *w = &p->w;
	int64_t y0 = oy * w->stride[0] - w->pad_begin[0];
	int64_t x0 = ox * w->stride[1] - w->pad_begin[1], n = 0;
	float best = -INFINITY;
	double sum = 0;

	for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
		int64_t iy = y0 + ky * w->dilation[0];

		if (iy < 0 || iy >= w->in[0])
			continue;
		for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
			int64_t ix = x0 + kx * w->dilation[1];
			float v;

			if (ix < 0 || ix >= w->in[1])
				continue;
			v = x[(iy * w->in[1] + ix) * p->pixel];
			best = v > best || v != v ? v : best;
			sum += (double)v;
			n++;
		}
	}
	if (!p->average)
		return best;
	if (p->count_padding)
		n = padded_count(w, 0, oy) * padded_count(w, 1, ox);
	return (float)(sum / (double)n);
}

static int run_pool(const struct eval *e, bool average)
{
	struct pool p = { .average = average };
	bool nhwc = e->n->layout == LAYOUT_NHWC;
	const float *x = e->in[0];
	float *y = e->out[0];
	int64_t in, out;

	if (e->n->inputs[0]->dtype != DT_F32)
		return node_error(e->d, e->n, "cannot be evaluated on %s",
				  dtype_name(e->n->inputs[0]->dtype));
	if (window_of(e->n, &p.w, e->d))
		return -1;
	if (e->n->output_count > 1 && e->n->outputs[1])
		return node_error(e->d, e->n, "indices are not supported");
	in = p.w.in[0] * p.w.in[1];
	out = p.w.out[0] * p.w.out[1];
	p.count_padding = node_int(e->n, "count_include_pad", 0) != 0;
	p.pixel = nhwc ? p.w.channels : 1;
	p.channel = nhwc ? 1 : in;
	for (int64_t b = 0; b < p.w.batch; b++)
		for (int64_t c = 0; c < p.w.channels; c++)
			for (int64_t o = 0; o < out; o++) {
				const float *from =
					x + b * in * p.w.channels +
					c * p.channel;
				int64_t to = nhwc ? o * p.w.channels + c :
						    c * out + o;

				y[b * out * p.w.channels + to] =
					pool_cell(&p, from, o / p.w.out[1],
						  o % p.w.out[1]);
			}
	return 0;
}

int eval_max_pool(const struct eval *e)
{
	return run_pool(e, false);
}

int eval_average_pool(const struct eval *e)
{
	return run_pool(e, true);
}
