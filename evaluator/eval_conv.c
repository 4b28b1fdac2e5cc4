/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conv (opset 22). In N,H,W,C tiles of a matrix product read the image itself
 * (eval_conv_tiles.c). Otherwise windows are gathered as rows of
 * [pixel][channel, ky, kx] (im2col), the order of OIHW weights, in blocks of
 * limited size, and multiplied.
 */
#include <stdlib.h>

#include "evaluator/eval_conv_depthwise.h"
#include "evaluator/eval_conv_tiles.h"

#define BLOCK_FLOATS ((int64_t)1 << 20)

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

static int conv_image(const struct conv_eval *c, const float *x, float *y)
{
	int64_t weights = c->out_per_group * c->in_per_group * c->taps;

	if (c->in_per_group == 1 && c->out_per_group == 1)
		return conv_depthwise(c, x, y);
	if (c->nhwc && c->gemm == gemm_f32)
		return conv_tiles(c, x, y);
	for (int64_t g = 0; g < c->groups; g++)
		if (conv_group(c, x + g * c->in_per_group * c->in_channel,
			       c->weight + g * weights,
			       y + g * c->out_per_group * c->out_channel))
			return -1;
	conv_add_bias(c, y);
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
	}
	return 0;
}
