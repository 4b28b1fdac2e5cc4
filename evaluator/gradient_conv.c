/* SPDX-License-Identifier: Apache-2.0 */
/* Windows are gathered as rows (im2col), as in the evaluator, but in the order
 * ky, kx, channel: the channels of a tap are adjacent in NHWC. */
#include "evaluator/gradient_conv.h"

#include <stdlib.h>
#include <string.h>

#include "ir/window.h"
#include "evaluator/gemm.h"

#define BLOCK_FLOATS ((int64_t)1 << 20)

struct conv_gradient {
	const struct gradient_args *r;
	struct window w;
	int64_t groups, in_per_group, out_per_group, taps;
	int64_t length; /* of a window, one group */
	int64_t out_channels;
	float *weight, *dweight; /* [channel][tap][in] */
	float *rows;
};

static bool is_pointwise(const struct conv_gradient *c)
{
	const struct window *w = &c->w;

	return c->taps == 1 && w->stride[0] == 1 && w->stride[1] == 1 &&
	       w->pad_begin[0] == 0 && w->pad_begin[1] == 0 &&
	       w->out[0] == w->in[0] && w->out[1] == w->in[1];
}

/* Weights from the order of the model to [channel][tap][in]; with `back` the
 * other way, added. */
static void reorder(const struct conv_gradient *c, const float *from, float *to,
		    bool back)
{
	for (int64_t o = 0; o < c->out_channels; o++)
		for (int64_t t = 0; t < c->taps; t++)
			for (int64_t k = 0; k < c->in_per_group; k++) {
				int64_t ours =
					(o * c->taps + t) * c->in_per_group + k;
				int64_t model =
					(o * c->in_per_group + k) * c->taps + t;

				if (back)
					to[model] += from[ours];
				else
					to[ours] = from[model];
			}
}

/* Index of the input pixel that tap t of output pixel p reads; -1: padding. */
static int64_t place(const struct conv_gradient *c, int64_t p, int64_t t)
{
	int64_t y =
		window_source(&c->w, 0, p / c->w.out[1], t / c->w.kernel[1]);
	int64_t x =
		window_source(&c->w, 1, p % c->w.out[1], t % c->w.kernel[1]);

	return y < 0 || x < 0 ? -1 : y * c->w.in[1] + x;
}

static void gather(const struct conv_gradient *c, int64_t group, int64_t first,
		   int64_t count)
{
	const float *x = c->r->in[0] + group * c->in_per_group;
	size_t bytes = (size_t)c->in_per_group * sizeof(*x);
	float *to = c->rows;

	for (int64_t p = first; p < first + count; p++)
		for (int64_t t = 0; t < c->taps; t++, to += c->in_per_group) {
			int64_t at = place(c, p, t);

			if (at < 0)
				memset(to, 0, bytes);
			else
				memcpy(to, x + at * c->w.channels, bytes);
		}
}

static void scatter(const struct conv_gradient *c, int64_t group, int64_t first,
		    int64_t count)
{
	float *dx = c->r->din[0] + group * c->in_per_group;
	const float *from = c->rows;

	for (int64_t p = first; p < first + count; p++)
		for (int64_t t = 0; t < c->taps; t++, from += c->in_per_group) {
			int64_t at = place(c, p, t);

			if (at < 0)
				continue;
			for (int64_t k = 0; k < c->in_per_group; k++)
				dx[at * c->w.channels + k] += from[k];
		}
}

static int block_of_group(const struct conv_gradient *c, int64_t group,
			  int64_t first, int64_t count)
{
	const struct gradient_args *r = c->r;
	const float *dy =
		r->dout[0] + first * c->out_channels + group * c->out_per_group;
	int64_t at = group * c->out_per_group * c->length;
	bool direct = is_pointwise(c);
	const float *rows = c->rows;
	int64_t lda = c->length;

	if (c->dweight) {
		if (direct) {
			rows = r->in[0] + first * c->w.channels +
			       group * c->in_per_group;
			lda = c->w.channels;
		} else {
			gather(c, group, first, count);
		}
		if (gemm_f32(true, false, c->out_per_group, c->length, count, 1,
			     dy, c->out_channels, rows, lda, 1, c->dweight + at,
			     c->length, r->d))
			return -1;
	}
	if (!gradient_wants(r, 0))
		return 0;
	if (direct)
		return gemm_f32(false, false, count, c->length,
				c->out_per_group, 1, dy, c->out_channels,
				c->weight + at, c->length, 1,
				r->din[0] + first * c->w.channels +
					group * c->in_per_group,
				c->w.channels, r->d);
	if (gemm_f32(false, false, count, c->length, c->out_per_group, 1, dy,
		     c->out_channels, c->weight + at, c->length, 0, c->rows,
		     c->length, r->d))
		return -1;
	scatter(c, group, first, count);
	return 0;
}

static int by_groups(struct conv_gradient *c)
{
	int64_t pixels = c->w.out[0] * c->w.out[1];
	int64_t block = BLOCK_FLOATS / c->length;
	int err = 0;

	block = block < 1 ? 1 : block > pixels ? pixels : block;
	c->rows = malloc((size_t)(block * c->length) * sizeof(*c->rows));
	if (!c->rows)
		return diag_error(c->r->d, "out of memory");
	for (int64_t g = 0; !err && g < c->groups; g++)
		for (int64_t p = 0; !err && p < pixels; p += block)
			err = block_of_group(c, g, p,
					     p + block > pixels ? pixels - p :
								  block);
	free(c->rows);
	return err;
}

/* Depthwise: weights by tap, all channels of a pixel at once. */
static int depthwise(const struct conv_gradient *c)
{
	const struct gradient_args *r = c->r;
	int64_t channels = c->w.channels, pixels = c->w.out[0] * c->w.out[1];
	size_t size = (size_t)(channels * c->taps);
	float *weight = malloc(2 * size * sizeof(*weight));
	float *dweight = weight ? weight + size : NULL;

	if (!weight)
		return diag_error(r->d, "out of memory");
	for (int64_t k = 0; k < channels; k++)
		for (int64_t t = 0; t < c->taps; t++)
			weight[t * channels + k] = r->in[1][k * c->taps + t];
	memset(dweight, 0, size * sizeof(*dweight));
	for (int64_t p = 0; p < pixels; p++) {
		const float *dy = r->dout[0] + p * channels;

		for (int64_t t = 0; t < c->taps; t++) {
			int64_t at = place(c, p, t) * channels;
			const float *w = weight + t * channels;
			float *dw = dweight + t * channels;

			if (at < 0)
				continue;
			if (c->dweight)
				for (int64_t k = 0; k < channels; k++)
					dw[k] += dy[k] * r->in[0][at + k];
			if (gradient_wants(r, 0))
				for (int64_t k = 0; k < channels; k++)
					r->din[0][at + k] += dy[k] * w[k];
		}
	}
	for (int64_t k = 0; c->dweight && k < channels; k++)
		for (int64_t t = 0; t < c->taps; t++)
			r->din[1][k * c->taps + t] += dweight[t * channels + k];
	free(weight);
	return 0;
}

static void bias_gradient(const struct gradient_args *r, int64_t pixels,
			  int64_t channels)
{
	if (!gradient_wants(r, 2))
		return;
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t k = 0; k < channels; k++)
			r->din[2][k] += r->dout[0][p * channels + k];
}

int gradient_conv(const struct gradient_args *r)
{
	const struct shape *ws = &r->n->inputs[1]->shape;
	struct conv_gradient c = { .r = r };
	size_t size;
	int err;

	if (window_of(r->n, &c.w, r->d))
		return -1;
	c.groups = node_int(r->n, "group", 1);
	c.in_per_group = c.w.channels / c.groups;
	c.out_channels = ws->dim[0];
	c.out_per_group = c.out_channels / c.groups;
	c.taps = c.w.kernel[0] * c.w.kernel[1];
	c.length = c.taps * c.in_per_group;
	bias_gradient(r, c.w.out[0] * c.w.out[1], c.out_channels);
	c.dweight = gradient_wants(r, 1) ? r->din[1] : NULL;
	if (c.in_per_group == 1 && c.out_per_group == 1)
		return depthwise(&c);
	size = (size_t)(c.out_channels * c.length);
	c.weight = malloc(2 * size * sizeof(*c.weight));
	if (!c.weight)
		return diag_error(r->d, "out of memory");
	reorder(&c, r->in[1], c.weight, false);
	if (c.dweight) {
		c.dweight = c.weight + size;
		memset(c.dweight, 0, size * sizeof(*c.dweight));
	}
	err = by_groups(&c);
	if (c.dweight)
		reorder(&c, c.dweight, r->din[1], true);
	free(c.weight);
	return err;
}

int gradient_gemm(const struct gradient_args *r)
{
	int64_t n = r->n->inputs[1]->shape.dim[0];
	int64_t k = r->n->inputs[1]->shape.dim[1];
	int64_t m = shape_elements(&r->n->inputs[0]->shape) / k;

	bias_gradient(r, m, n);
	if (gradient_wants(r, 1) &&
	    gemm_f32(true, false, n, k, m, 1, r->dout[0], n, r->in[0], k, 1,
		     r->din[1], k, r->d))
		return -1;
	return gradient_wants(r, 0) ?
		       gemm_f32(false, false, m, k, n, 1, r->dout[0], n,
				r->in[1], k, 1, r->din[0], k, r->d) :
		       0;
}
