/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conv and ConvTranspose (opset 22). Windows are gathered as rows of
 * [pixel][channel, ky, kx] (im2col), the order of OIHW weights, in blocks of
 * limited size, and multiplied. Depthwise convolutions are computed in place.
 */
#include <stdlib.h>
#include <string.h>

#include "evaluator/eval.h"
#include "ir/window.h"
#include "evaluator/eval_gemm.h"

#define BLOCK_FLOATS ((int64_t)1 << 20)

/* One image: x and y in either layout, as strides. */
struct conv_eval {
	const struct eval *e;
	struct window w;
	int64_t groups, in_per_group, out_per_group, taps;
	bool nhwc;
	int64_t in_channel, in_pixel;   /* strides of x */
	int64_t out_channel, out_pixel; /* and y */
	const float *weight, *bias;
	gemm_f32_fn *gemm;
};

static int conv_init(struct conv_eval *c, const struct eval *e)
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

static void add_bias(const struct conv_eval *c, float *y)
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

/* The window of one output pixel of one group; x is at channel 0 of the
 * group. */
static void gather_window(const struct conv_eval *c, const float *x,
			  int64_t pixel, float *to)
{
	const struct window *w = &c->w;
	int64_t oy = pixel / w->out[1], ox = pixel % w->out[1];

	for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
		int64_t iy = window_source(w, 0, oy, ky);

		for (int64_t kx = 0; kx < w->kernel[1]; kx++, to++) {
			int64_t ix = window_source(w, 1, ox, kx);
			bool inside = iy >= 0 && ix >= 0;
			const float *from = x + (inside ? (iy * w->in[1] + ix) *
								  c->in_pixel :
							  0);

			for (int64_t k = 0; k < c->in_per_group; k++)
				to[k * c->taps] =
					inside ? from[k * c->in_channel] : 0;
		}
	}
}

/* y (+)= windows x weights, for `pixels` output pixels from `first`. */
static int multiply(const struct conv_eval *c, const float *rows, int64_t lda,
		    bool rows_are_channels, const float *weight, float *y,
		    int64_t first, int64_t pixels)
{
	int64_t k = c->in_per_group * c->taps, n = c->out_per_group;

	if (c->nhwc)
		return c->gemm(rows_are_channels, true, pixels, n, k, 1, rows,
			       lda, weight, k, 0, y + first * c->out_pixel,
			       c->out_pixel, c->e->d);
	return c->gemm(false, !rows_are_channels, n, pixels, k, 1, weight, k,
		       rows, lda, 0, y + first, c->out_channel, c->e->d);
}

/* 1x1 windows with stride 1 need no gathering. */
static bool is_pointwise(const struct conv_eval *c)
{
	const struct window *w = &c->w;

	return c->taps == 1 && w->stride[0] == 1 && w->stride[1] == 1 &&
	       w->pad_begin[0] == 0 && w->pad_begin[1] == 0 &&
	       w->out[0] == w->in[0] && w->out[1] == w->in[1];
}

static int conv_group(const struct conv_eval *c, const float *x,
		      const float *weight, float *y)
{
	int64_t k = c->in_per_group * c->taps;
	int64_t pixels = c->w.out[0] * c->w.out[1], block;
	float *rows;
	int err = 0;

	if (is_pointwise(c))
		return multiply(c, x, c->nhwc ? c->in_pixel : c->in_channel,
				!c->nhwc, weight, y, 0, pixels);
	block = BLOCK_FLOATS / k;
	block = block < 1 ? 1 : block > pixels ? pixels : block;
	rows = malloc((size_t)(block * k) * sizeof(*rows));
	if (!rows)
		return diag_error(c->e->d, "out of memory");
	for (int64_t p = 0; !err && p < pixels; p += block) {
		int64_t count = p + block > pixels ? pixels - p : block;

		for (int64_t i = 0; i < count; i++)
			gather_window(c, x, p + i, rows + i * k);
		err = multiply(c, rows, k, false, weight, y, p, count);
	}
	free(rows);
	return err;
}

/* Depthwise in N,H,W,C: all channels of a pixel at once. */
static void depthwise_nhwc(const struct conv_eval *c, const float *x,
			   const float *by_tap, float *y)
{
	const struct window *w = &c->w;
	int64_t channels = w->channels;

	for (int64_t oy = 0; oy < w->out[0]; oy++)
		for (int64_t ox = 0; ox < w->out[1]; ox++, y += channels) {
			memset(y, 0, (size_t)channels * sizeof(*y));
			for (int64_t t = 0; t < c->taps; t++) {
				int64_t iy = window_source(w, 0, oy,
							   t / w->kernel[1]);
				int64_t ix = window_source(w, 1, ox,
							   t % w->kernel[1]);
				const float *from, *v = by_tap + t * channels;

				if (iy < 0 || ix < 0)
					continue;
				from = x + (iy * w->in[1] + ix) * channels;
				for (int64_t k = 0; k < channels; k++)
					y[k] += from[k] * v[k];
			}
		}
}

/* Output columns [*from, *to) whose tap kx lies inside. */
static void valid_columns(const struct window *w, int64_t kx, int64_t *from,
			  int64_t *to)
{
	*from = 0;
	while (*from < w->out[1] && window_source(w, 1, *from, kx) < 0)
		++*from;
	*to = w->out[1];
	while (*to > *from && window_source(w, 1, *to - 1, kx) < 0)
		--*to;
}

static void depthwise_row(const struct window *w, const float *from,
			  float weight, int64_t kx, float *y)
{
	int64_t first, end, shift = kx * w->dilation[1] - w->pad_begin[1];

	valid_columns(w, kx, &first, &end);
	if (w->stride[1] == 1) {
		for (int64_t ox = first; ox < end; ox++)
			y[ox] += from[ox + shift] * weight;
		return;
	}
	for (int64_t ox = first; ox < end; ox++)
		y[ox] += from[ox * w->stride[1] + shift] * weight;
}

static void depthwise_nchw(const struct conv_eval *c, const float *x, float *y)
{
	const struct window *w = &c->w;

	for (int64_t k = 0; k < w->channels; k++) {
		const float *plane = x + k * c->in_channel;
		const float *weight = c->weight + k * c->taps;

		for (int64_t oy = 0; oy < w->out[0]; oy++, y += w->out[1]) {
			memset(y, 0, (size_t)w->out[1] * sizeof(*y));
			for (int64_t t = 0; t < c->taps; t++) {
				int64_t iy = window_source(w, 0, oy,
							   t / w->kernel[1]);

				if (iy >= 0)
					depthwise_row(w, plane + iy * w->in[1],
						      weight[t],
						      t % w->kernel[1], y);
			}
		}
	}
}

/* [channels][taps] to [taps][channels]. */
static float *weights_by_tap(const struct conv_eval *c)
{
	int64_t channels = c->w.channels;
	float *v = malloc((size_t)(channels * c->taps) * sizeof(*v));

	for (int64_t k = 0; v && k < channels; k++)
		for (int64_t t = 0; t < c->taps; t++)
			v[t * channels + k] = c->weight[k * c->taps + t];
	return v;
}

static int depthwise(const struct conv_eval *c, const float *x, float *y)
{
	float *by_tap;

	if (!c->nhwc) {
		depthwise_nchw(c, x, y);
		return 0;
	}
	by_tap = weights_by_tap(c);
	if (!by_tap)
		return diag_error(c->e->d, "out of memory");
	depthwise_nhwc(c, x, by_tap, y);
	free(by_tap);
	return 0;
}

static int conv_image(const struct conv_eval *c, const float *x, float *y)
{
	int64_t weights = c->out_per_group * c->in_per_group * c->taps;

	if (c->in_per_group == 1 && c->out_per_group == 1)
		return depthwise(c, x, y);
	for (int64_t g = 0; g < c->groups; g++)
		if (conv_group(c, x + g * c->in_per_group * c->in_channel,
			       c->weight + g * weights,
			       y + g * c->out_per_group * c->out_channel))
			return -1;
	return 0;
}

int eval_conv(const struct eval *e)
{
	struct conv_eval c;
	int64_t in, out;

	if (conv_init(&c, e))
		return -1;
	in = c.w.channels * c.w.in[0] * c.w.in[1];
	out = c.out_per_group * c.groups * c.w.out[0] * c.w.out[1];
	for (int64_t b = 0; b < c.w.batch; b++) {
		float *y = (float *)e->out[0] + b * out;

		if (conv_image(&c, (const float *)e->in[0] + b * in, y))
			return -1;
		add_bias(&c, y);
	}
	return 0;
}

/* ---- Transposed ---- */

/* Adds the products of an input pixel, [channel, ky, kx], to the output. */
static void scatter_window(const struct conv_eval *c, const float *from,
			   int64_t pixel, float *y)
{
	const struct window *w = &c->w;
	int64_t iy = pixel / w->in[1], ix = pixel % w->in[1];

	for (int64_t t = 0; t < c->taps; t++) {
		int64_t oy = iy * w->stride[0] +
			     t / w->kernel[1] * w->dilation[0] -
			     w->pad_begin[0];
		int64_t ox = ix * w->stride[1] +
			     t % w->kernel[1] * w->dilation[1] -
			     w->pad_begin[1];
		float *to;

		if (oy < 0 || oy >= w->out[0] || ox < 0 || ox >= w->out[1])
			continue;
		to = y + (oy * w->out[1] + ox) * c->out_pixel;
		for (int64_t k = 0; k < c->out_per_group; k++)
			to[k * c->out_channel] += from[k * c->taps + t];
	}
}

static int transpose_group(const struct conv_eval *c, const float *x,
			   const float *weight, float *y)
{
	int64_t n = c->out_per_group * c->taps, k = c->in_per_group;
	int64_t pixels = c->w.in[0] * c->w.in[1], block = BLOCK_FLOATS / n;
	float *rows;
	int err = 0;

	block = block < 1 ? 1 : block > pixels ? pixels : block;
	rows = malloc((size_t)(block * n) * sizeof(*rows));
	if (!rows)
		return diag_error(c->e->d, "out of memory");
	for (int64_t p = 0; !err && p < pixels; p += block) {
		int64_t count = p + block > pixels ? pixels - p : block;

		err = c->gemm(!c->nhwc, false, count, n, k, 1,
			      x + p * c->in_pixel,
			      c->nhwc ? c->in_pixel : c->in_channel, weight, n,
			      0, rows, n, c->e->d);
		for (int64_t i = 0; !err && i < count; i++)
			scatter_window(c, rows + i * n, p + i, y);
	}
	free(rows);
	return err;
}

int eval_conv_transpose(const struct eval *e)
{
	struct conv_eval c;
	int64_t in, out, weights;

	if (conv_init(&c, e))
		return -1;
	in = c.w.channels * c.w.in[0] * c.w.in[1];
	out = c.out_per_group * c.groups * c.w.out[0] * c.w.out[1];
	weights = c.in_per_group * c.out_per_group * c.taps;
	memset(e->out[0], 0, (size_t)(out * c.w.batch) * sizeof(float));
	for (int64_t b = 0; b < c.w.batch; b++) {
		const float *x = (const float *)e->in[0] + b * in;
		float *y = (float *)e->out[0] + b * out;

		for (int64_t g = 0; g < c.groups; g++)
			if (transpose_group(
				    &c, x + g * c.in_per_group * c.in_channel,
				    c.weight + g * weights,
				    y + g * c.out_per_group * c.out_channel))
				return -1;
		add_bias(&c, y);
	}
	return 0;
}
