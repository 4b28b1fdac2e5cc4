/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/eval_conv_depthwise.h"

#include <stdlib.h>
#include <string.h>

#include "evaluator/simd/simd.h"

/* ---- N,H,W,C: all channels of a pixel at once ---- */

struct depthwise {
	const struct conv_eval *c;
	const struct simd_row *row;
	const float *x;
	const float *by_tap;           /* [taps][channels] */
	const float *bias;             /* bias or zeros */
	const float **cells, **weight; /* [taps] */
};

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

/* Output pixels from (oy, ox) on that read the same taps. */
static void depthwise_pixels(const struct depthwise *t, int64_t oy, int64_t ox,
			     int64_t pixels, float *y)
{
	const struct window *w = &t->c->w;
	struct simd_taps s = {
		.x = t->cells,
		.weight = t->weight,
		.channels = w->channels,
		.pixels = pixels,
		.x_step = w->stride[1] * w->channels,
		.bias = t->bias,
		.y = y,
	};

	for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
		int64_t iy = window_source(w, 0, oy, ky);

		for (int64_t kx = 0; iy >= 0 && kx < w->kernel[1]; kx++) {
			int64_t ix = window_source(w, 1, ox, kx);

			if (ix < 0)
				continue;
			t->cells[s.taps] =
				t->x + (iy * w->in[1] + ix) * w->channels;
			t->weight[s.taps++] = t->by_tap + (ky * w->kernel[1] +
							   kx) * w->channels;
		}
	}
	t->row->sum_taps(&s);
}

/* Columns [*from, *to) whose windows lie inside. */
static void inner_columns(const struct window *w, int64_t *from, int64_t *to)
{
	int64_t last = w->kernel[1] - 1;

	*from = 0;
	while (*from < w->out[1] && window_source(w, 1, *from, 0) < 0)
		++*from;
	*to = w->out[1];
	while (*to > *from && window_source(w, 1, *to - 1, last) < 0)
		--*to;
}

static void depthwise_nhwc(const struct depthwise *t, float *y)
{
	const struct window *w = &t->c->w;
	int64_t from, to;

	inner_columns(w, &from, &to);
	for (int64_t oy = 0; oy < w->out[0]; oy++)
		for (int64_t ox = 0, n; ox < w->out[1]; ox += n) {
			n = ox == from && to > from ? to - from : 1;
			depthwise_pixels(t, oy, ox, n, y);
			y += n * w->channels;
		}
}

static int with_lists(const struct conv_eval *c, const float *x, float *y)
{
	size_t channels = (size_t)c->w.channels, taps = (size_t)c->taps;
	float *zeros = calloc(channels, sizeof(*zeros));
	float *by_tap = weights_by_tap(c);
	const float **lists = malloc(2 * taps * sizeof(*lists));
	struct depthwise t = { .c = c,
			       .row = simd(),
			       .x = x,
			       .by_tap = by_tap,
			       .bias = c->bias ? c->bias : zeros,
			       .cells = lists };
	int err = 0;

	if (zeros && by_tap && lists) {
		t.weight = lists + taps;
		depthwise_nhwc(&t, y);
	} else {
		err = diag_error(c->e->d, "out of memory");
	}
	free(zeros);
	free(by_tap);
	free(lists);
	return err;
}

/* ---- N,C,H,W ---- */

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

int conv_depthwise(const struct conv_eval *c, const float *x, float *y)
{
	if (c->nhwc)
		return with_lists(c, x, y);
	depthwise_nchw(c, x, y);
	conv_add_bias(c, y);
	return 0;
}
