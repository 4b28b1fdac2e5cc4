/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool (opset 22) and the global ones, all channels of a
 * window at once in layout NHWC. */
#include <math.h>
#include <stdlib.h>

#include "evaluator/eval.h"
#include "ir/window.h"
#include "evaluator/element.h"
#include "evaluator/simd/simd.h"

struct pool_eval {
	struct window w;
	enum dtype dtype; /* of x and y */
	bool average, count_padding;
	int64_t run;   /* channels taken at once */
	int64_t pixel; /* stride of x */
	double *value; /* [run]: result of the window */
};

/* Taps of an output's window that lie inside: [*first, *end). */
static void taps_inside(const struct window *w, int axis, int64_t o,
			int64_t *first, int64_t *end)
{
	int64_t start = o * w->stride[axis] - w->pad_begin[axis];
	int64_t step = w->dilation[axis];

	*first = start < 0 ? (step - 1 - start) / step : 0;
	*end = w->kernel[axis];
	if (start + (*end - 1) * step >= w->in[axis])
		*end = (w->in[axis] - start + step - 1) / step;
}

/* The cells along one axis that an average with count_include_pad counts. A
 * window of ceil_mode may reach past the padding; cells there do not count. */
static int64_t padded_count(const struct window *w, int axis, int64_t o)
{
	int64_t left = w->in[axis] + w->pad_end[axis] + w->pad_begin[axis] -
		       o * w->stride[axis];
	int64_t most = (left + w->dilation[axis] - 1) / w->dilation[axis];

	return most < w->kernel[axis] ? most : w->kernel[axis];
}

/* By what an average divides; taps: cells of the window that lie inside. */
static int64_t divisor(const struct pool_eval *p, int64_t oy, int64_t ox,
		       int64_t taps)
{
	return p->count_padding ?
		       padded_count(&p->w, 0, oy) * padded_count(&p->w, 1, ox) :
		       taps;
}

/* The cells of output (oy, ox) that lie inside; their number. */
static int64_t list_cells(const struct pool_eval *p, const float *x, int64_t oy,
			  int64_t ox, const float **cells)
{
	const struct window *w = &p->w;
	int64_t y0 = oy * w->stride[0] - w->pad_begin[0];
	int64_t x0 = ox * w->stride[1] - w->pad_begin[1];
	int64_t ky, y_end, first, x_end, count = 0;

	taps_inside(w, 0, oy, &ky, &y_end);
	taps_inside(w, 1, ox, &first, &x_end);
	for (; ky < y_end; ky++)
		for (int64_t kx = first; kx < x_end; kx++) {
			int64_t iy = y0 + ky * w->dilation[0];
			int64_t ix = x0 + kx * w->dilation[1];

			cells[count++] = x + (iy * w->in[1] + ix) * p->pixel;
		}
	return count;
}

/* Adds the cell of x at element `at` to p->value. */
static void take_cell(const struct pool_eval *p, const void *x, int64_t at)
{
	double *value = p->value;

	for (int64_t c = 0; c < p->run; c++) {
		double v = (double)element_int(p->dtype, x, at + c);

		if (p->average)
			value[c] += v;
		else
			value[c] = v > value[c] || v != v ? v : value[c];
	}
}

/* x: element 0 of the channels; output cell oy, ox to p->value. */
static void pool_window(const struct pool_eval *p, const void *x, int64_t plane,
			int64_t oy, int64_t ox)
{
	const struct window *w = &p->w;
	int64_t y0 = oy * w->stride[0] - w->pad_begin[0];
	int64_t x0 = ox * w->stride[1] - w->pad_begin[1];
	int64_t ky, y_end, kx_begin, x_end, cells;

	taps_inside(w, 0, oy, &ky, &y_end);
	taps_inside(w, 1, ox, &kx_begin, &x_end);
	cells = divisor(p, oy, ox, (y_end - ky) * (x_end - kx_begin));
	for (int64_t c = 0; c < p->run; c++)
		p->value[c] = p->average ? 0 : -INFINITY;
	for (; ky < y_end; ky++)
		for (int64_t kx = kx_begin; kx < x_end; kx++) {
			int64_t iy = y0 + ky * w->dilation[0];
			int64_t ix = x0 + kx * w->dilation[1];

			take_cell(p, x,
				  plane + (iy * w->in[1] + ix) * p->pixel);
		}
	for (int64_t c = 0; p->average && c < p->run; c++)
		p->value[c] /= (double)cells;
}

static void store_window(const struct pool_eval *p, void *y, int64_t at)
{
	for (int64_t c = 0; c < p->run; c++)
		element_store_int(p->dtype, y, at + c, (int64_t)p->value[c]);
}

/* N,H,W,C in float: the cells of each window as pointers. */
static int run_pool_nhwc(const struct eval *e, const struct pool_eval *p)
{
	const struct window *w = &p->w;
	simd_pool_fn *pool = p->average ? simd()->pool_mean : simd()->pool_max;
	int64_t image = w->in[0] * w->in[1] * p->pixel;
	const float *x = e->in[0];
	float *y = e->out[0];
	const float **cells =
		malloc((size_t)(w->in[0] * w->in[1]) * sizeof(*cells));

	if (!cells)
		return diag_error(e->d, "out of memory");
	for (int64_t b = 0; b < w->batch; b++, x += image)
		for (int64_t oy = 0; oy < w->out[0]; oy++)
			for (int64_t ox = 0; ox < w->out[1]; ox++) {
				int64_t taps = list_cells(p, x, oy, ox, cells);

				pool(cells, taps, p->run,
				     divisor(p, oy, ox, taps), y);
				y += p->run;
			}
	free(cells);
	return 0;
}

/* One window of a plane of floats. */
static float pool_floats(const struct pool_eval *p, const float *x, int64_t oy,
			 int64_t ox)
{
	const struct window *w = &p->w;
	int64_t y0 = oy * w->stride[0] - w->pad_begin[0];
	int64_t x0 = ox * w->stride[1] - w->pad_begin[1];
	int64_t ky, y_end, first, x_end, taps;
	float most = -INFINITY;
	double sum = 0;

	taps_inside(w, 0, oy, &ky, &y_end);
	taps_inside(w, 1, ox, &first, &x_end);
	taps = (y_end - ky) * (x_end - first);
	for (; ky < y_end; ky++) {
		const float *row = x + (y0 + ky * w->dilation[0]) * w->in[1];

		for (int64_t kx = first; kx < x_end; kx++) {
			float v = row[x0 + kx * w->dilation[1]];

			if (p->average)
				sum += (double)v;
			else
				most = v > most || v != v ? v : most;
		}
	}
	return p->average ? (float)(sum / (double)divisor(p, oy, ox, taps)) :
			    most;
}

/* N,C,H,W in float. */
static int run_pool_nchw(const struct eval *e, const struct pool_eval *p)
{
	const struct window *w = &p->w;
	const float *x = e->in[0];
	float *y = e->out[0];

	for (int64_t i = 0; i < w->batch * w->channels; i++) {
		for (int64_t oy = 0; oy < w->out[0]; oy++)
			for (int64_t ox = 0; ox < w->out[1]; ox++)
				*y++ = pool_floats(p, x, oy, ox);
		x += w->in[0] * w->in[1];
	}
	return 0;
}

static int run_pool(const struct eval *e, bool average)
{
	struct pool_eval p = { .dtype = e->n->inputs[0]->dtype,
			       .average = average };
	bool nhwc = e->n->layout == LAYOUT_NHWC;
	int64_t planes, in, out, at = 0;

	if (window_of(e->n, &p.w, e->d))
		return -1;
	p.count_padding = node_int(e->n, "count_include_pad", 0) != 0;
	p.run = nhwc ? p.w.channels : 1;
	p.pixel = p.run;
	if (p.dtype == DT_F32)
		return nhwc ? run_pool_nhwc(e, &p) : run_pool_nchw(e, &p);
	planes = p.w.batch * (nhwc ? 1 : p.w.channels);
	in = p.w.in[0] * p.w.in[1] * p.pixel;
	out = p.w.out[0] * p.w.out[1];
	p.value = malloc((size_t)p.run * sizeof(*p.value) + 1);
	if (!p.value)
		return diag_error(e->d, "out of memory");
	for (int64_t plane = 0; plane < planes; plane++)
		for (int64_t o = 0; o < out; o++, at += p.run) {
			pool_window(&p, e->in[0], plane * in, o / p.w.out[1],
				    o % p.w.out[1]);
			store_window(&p, e->out[0], at);
		}
	free(p.value);
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
