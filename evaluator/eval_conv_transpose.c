/* SPDX-License-Identifier: Apache-2.0 */
/* ConvTranspose (opset 22): products of each input pixel, added up. */
#include <stdlib.h>
#include <string.h>

#include "evaluator/conv_eval.h"

#define BLOCK_FLOATS ((int64_t)1 << 20)

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
		conv_add_bias(&c, y);
	}
	return 0;
}
