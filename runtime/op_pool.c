/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, N,H,W,C. Cells outside of the input are not counted: the maximum of
 * no cell is the lowest code (or minus infinity), the average of no cell is
 * 0. */
#include "runtime/fmath.h"
#include "runtime/requant.h"
#include "runtime/row_kernels.h"

#include <string.h>

/* Keeps every coordinate and every sum of codes within int32. */
#define POOL_MAX_SPAN (1 << 30)
#define POOL_MAX_CELLS (1u << 23)
#define BIG_WINDOW 1024 /* cells; may be cancelled between them */
#define POOL_BLOCK 32   /* channels summed at a time */

/* One axis of the windows. */
struct pool_axis {
	uint32_t in, out, kernel, stride, dilation, pad, pad_end;
};

static struct pool_axis axis_h(const struct dbrt_op_view *v)
{
	const struct dbp_pool *p = v->params;

	return (struct pool_axis){ dbrt_in(v, 0)->dims[1],
				   dbrt_out(v, 0)->dims[1],
				   p->kernel_h,
				   p->stride_h,
				   p->dilation_h,
				   p->pad_top,
				   p->pad_bottom };
}

static struct pool_axis axis_w(const struct dbrt_op_view *v)
{
	const struct dbp_pool *p = v->params;

	return (struct pool_axis){ dbrt_in(v, 0)->dims[2],
				   dbrt_out(v, 0)->dims[2],
				   p->kernel_w,
				   p->stride_w,
				   p->dilation_w,
				   p->pad_left,
				   p->pad_right };
}

static int axis_ok(const struct pool_axis *a)
{
	uint64_t span = (uint64_t)(a->out - 1) * a->stride +
			(uint64_t)a->kernel * a->dilation + a->in + a->pad_end;

	return a->kernel && a->stride && a->dilation && span < POOL_MAX_SPAN;
}

static int pool_ok(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	struct pool_axis h, w;

	if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0] ||
	    x->dims[3] != y->dims[3] || x->dtype != y->dtype ||
	    x->dtype == DBP_I32)
		return 0;
	h = axis_h(v);
	w = axis_w(v);
	return axis_ok(&h) && axis_ok(&w);
}

int dbrt_max_pool_check(const struct dbrt_op_view *v)
{
	return dbrt_expect(pool_ok(v) &&
			   dbrt_same_type(dbrt_in(v, 0), dbrt_out(v, 0)));
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int dbrt_avg_pool_check(const struct dbrt_op_view *v)
{
	const struct dbp_pool *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0);
	uint64_t cells;

	if (!pool_ok(v) || p->dilation_h != 1 || p->dilation_w != 1)
		return DBRT_ERROR_FORMAT;
	cells = (uint64_t)at_most(p->kernel_h, x->dims[1]) *
		at_most(p->kernel_w, x->dims[2]);
	/* 2 * (kernel_h * kernel_w << shift) stays below 2^62. */
	return dbrt_expect(
		cells <= POOL_MAX_CELLS &&
		(x->dtype == DBP_F32 ||
		 (dbrt_scaling_ok(p->multiplier, 1) && p->shift <= 40 &&
		  (uint64_t)p->kernel_h * p->kernel_w <=
			  (uint64_t)1 << (60 - p->shift))));
}

/* The taps of one window on one axis that lie inside of the input: the first
 * cell and the number of cells, `dilation` apart. Also the number of cells
 * that an average counts with padding. */
struct span {
	uint32_t first, count, padded;
};

static struct span window(const struct pool_axis *a, uint32_t out)
{
	int32_t start = (int32_t)(out * a->stride) - (int32_t)a->pad;
	int32_t d = (int32_t)a->dilation, in = (int32_t)a->in, skip = 0;
	int32_t count = 0, padded = in + (int32_t)a->pad_end - start;
	struct span s;

	if (start < 0)
		skip = (-start + d - 1) / d;
	if (start + skip * d < in)
		count = (in - start + d - 1) / d;
	if (count > (int32_t)a->kernel)
		count = (int32_t)a->kernel;
	if (padded > (int32_t)a->kernel)
		padded = (int32_t)a->kernel;
	s.first = (uint32_t)(start + skip * d);
	s.count = count > skip ? (uint32_t)(count - skip) : 0;
	s.padded = padded > 0 ? (uint32_t)padded : 0;
	return s;
}

struct pool_job {
	const struct dbrt_op_view *v;
	const struct dbp_tensor *x, *y;
	struct pool_axis h, w;
	void (*cell)(const struct pool_job *p, const struct span *h,
		     const struct span *w, const uint8_t *in, uint8_t *out);
};

/* Channels of tap (ky, kx) of a window; `in` is its image. */
static const uint8_t *tap(const struct pool_job *p, const struct span *h,
			  const struct span *w, const uint8_t *in, uint32_t ky,
			  uint32_t kx)
{
	size_t y = h->first + (size_t)ky * p->h.dilation;
	size_t x = w->first + (size_t)kx * p->w.dilation;

	return in + (y * p->w.in + x) * p->x->pitch * dbrt_element_bytes(p->x);
}

/* The number of cells that the average divides by. */
static uint32_t divisor(const struct pool_job *p, const struct span *h,
			const struct span *w)
{
	const struct dbp_pool *params = p->v->params;

	return params->count_include_pad ? h->padded * w->padded :
					   h->count * w->count;
}

static void max_s8(const struct pool_job *p, const struct span *h,
		   const struct span *w, const uint8_t *in, uint8_t *out)
{
	uint32_t channels = p->x->dims[3], ky, kx, c;
	int8_t *best = (int8_t *)out;

	memset(out, -128, channels);
	for (ky = 0; ky < h->count; ky++)
		for (kx = 0; kx < w->count; kx++) {
			const int8_t *cell =
				(const int8_t *)tap(p, h, w, in, ky, kx);

			for (c = 0; c < channels; c++)
				best[c] = cell[c] > best[c] ? cell[c] : best[c];
		}
}

/* NaN wins, in any position. */
static float larger(float a, float b)
{
	if (a != a || b != b)
		return dbrt_nan();
	return a > b ? a : b;
}

static void max_f32(const struct pool_job *p, const struct span *h,
		    const struct span *w, const uint8_t *in, uint8_t *out)
{
	uint32_t channels = p->x->dims[3], ky, kx, c;
	float *best = (float *)(void *)out;

	for (c = 0; c < channels; c++)
		best[c] = -dbrt_infinity();
	for (ky = 0; ky < h->count; ky++)
		for (kx = 0; kx < w->count; kx++) {
			const float *cell =
				(const void *)tap(p, h, w, in, ky, kx);

			for (c = 0; c < channels; c++)
				best[c] = larger(cell[c], best[c]);
		}
}

/* struct dbp_pool's formula for n > 0 cells */
static int8_t average_code(const struct dbp_pool *p, int64_t sum, uint32_t n,
			   int32_t zero)
{
	int64_t d = (int64_t)n << p->shift, a = 2 * sum * p->multiplier + d;
	int64_t q = a / (2 * d);

	q -= a % (2 * d) < 0;
	return (int8_t)dbrt_clamp(q + zero, -128, 127);
}

static void sum_codes(const struct pool_job *p, const struct span *h,
		      const struct span *w, const uint8_t *in, uint32_t c0,
		      uint32_t n, int32_t *sum)
{
	uint32_t ky, kx, c;

	memset(sum, 0, n * sizeof(*sum));
	for (ky = 0; ky < h->count; ky++)
		for (kx = 0; kx < w->count; kx++) {
			const int8_t *cell =
				(const int8_t *)tap(p, h, w, in, ky, kx) + c0;

			for (c = 0; c < n; c++)
				sum[c] += cell[c];
		}
}

static void avg_s8(const struct pool_job *p, const struct span *h,
		   const struct span *w, const uint8_t *in, uint8_t *out)
{
	uint32_t n = divisor(p, h, w), channels = p->x->dims[3], c0, c, block;
	int32_t sum[POOL_BLOCK], zero = p->y->zero_point;
	int64_t offset = (int64_t)h->count * w->count * p->x->zero_point;

	if (n == 0)
		memset(out, zero, channels);
	for (c0 = 0; n && c0 < channels; c0 += block) {
		block = at_most(channels - c0, POOL_BLOCK);
		sum_codes(p, h, w, in, c0, block, sum);
		for (c = 0; c < block; c++)
			out[c0 + c] = (uint8_t)average_code(
				p->v->params, sum[c] - offset, n, zero);
	}
}

static void avg_f32(const struct pool_job *p, const struct span *h,
		    const struct span *w, const uint8_t *in, uint8_t *out)
{
	uint32_t n = divisor(p, h, w), channels = p->x->dims[3], ky, kx, c;
	float *sum = (float *)(void *)out;

	memset(out, 0, (size_t)channels * sizeof(*sum));
	for (ky = 0; ky < h->count; ky++)
		for (kx = 0; kx < w->count; kx++) {
			const float *cell =
				(const void *)tap(p, h, w, in, ky, kx);

			for (c = 0; c < channels; c++)
				sum[c] += cell[c];
		}
	for (c = 0; n && c < channels; c++)
		sum[c] = dbrt_canonical(sum[c] / (float)n);
}

#ifdef DBRT_NEON_ROWS

/* Windows from x on that are as wide as this one. */
static uint32_t alike(const struct pool_axis *a, const struct span *w,
		      uint32_t x)
{
	uint32_t end = w->first + (w->count - 1) * a->dilation, n;

	if (w->count < a->kernel)
		return 1;
	n = (a->in - 1 - end) / a->stride + 1;
	return at_most(n, a->out - x);
}

/* Windows from output x on that this CPU has a kernel for; returns how many. */
static uint32_t run_kernel(const struct pool_job *p, const struct span *h,
			   const struct span *w, const uint8_t *in,
			   uint8_t *out, uint32_t x)
{
	const struct dbrt_rows *rows = dbrt_kernels()->rows;
	const struct dbp_pool *params = p->v->params;
	uint32_t cells = h->count * w->count, n = divisor(p, h, w);
	struct dbrt_pool_window k = {
		.row_stride = (size_t)p->h.dilation * p->w.in * p->x->pitch,
		.column_stride = (size_t)p->w.dilation * p->x->pitch,
		.pixel_stride = (size_t)p->w.stride * p->x->pitch,
		.out_stride = p->y->pitch,
		.rows = h->count,
		.columns = w->count,
		.channels = p->x->dims[3],
	};
	struct dbrt_average a = { n, params->multiplier, params->shift,
				  p->x->zero_point, p->y->zero_point };

	if (!rows || p->x->dtype != DBP_S8 ||
	    k.channels < DBRT_WINDOW_CHANNELS || !cells || cells > BIG_WINDOW)
		return 0;
	k.in = (const int8_t *)tap(p, h, w, in, 0, 0);
	k.pixels = alike(&p->w, w, x);
	if (p->cell == max_s8) {
		rows->max_windows((int8_t *)out, &k);
	} else {
		if (cells > DBRT_AVERAGE_CELLS || n > DBRT_AVERAGE_CELLS)
			return 0;
		if (params->count_include_pad)
			k.pixels = 1; /* the next one may count less */
		rows->average_windows((int8_t *)out, &k, &a);
	}
	return k.pixels;
}

#else
static uint32_t run_kernel(const struct pool_job *p, const struct span *h,
			   const struct span *w, const uint8_t *in,
			   uint8_t *out, uint32_t x)
{
	(void)p, (void)h, (void)w, (void)in, (void)out, (void)x;
	return 0;
}
#endif

/* Job i: row i of the output, counted over all images. */
static void pool_row(void *arg, uint32_t i, uint32_t worker)
{
	const struct pool_job *p = arg;
	uint32_t size = dbrt_element_bytes(p->x), x, n;
	size_t image = (size_t)p->h.in * p->w.in * p->x->pitch * size;
	const uint8_t *in = dbrt_data(p->v->m, p->x);
	uint8_t *out = dbrt_data(p->v->m, p->y);
	struct span h = window(&p->h, i % p->h.out), w;

	in += image * (i / p->h.out);
	out += (size_t)i * p->w.out * p->y->pitch * size;
	for (x = 0; x < p->w.out; x += n) {
		w = window(&p->w, x);
		if (h.count * w.count > BIG_WINDOW &&
		    dbrt_is_cancelled(p->v->m, worker))
			return;
		n = run_kernel(p, &h, &w, in, out, x);
		if (!n) {
			p->cell(p, &h, &w, in, out);
			n = 1;
		}
		out += (size_t)n * p->y->pitch * size;
	}
}

static void run_pool(struct pool_job *p, const struct dbrt_op_view *v)
{
	p->v = v;
	p->x = dbrt_in(v, 0);
	p->y = dbrt_out(v, 0);
	p->h = axis_h(v);
	p->w = axis_w(v);
	dbrt_for(v->m, p->y->dims[0] * p->h.out, pool_row, p);
}

void dbrt_max_pool_run(const struct dbrt_op_view *v)
{
	struct pool_job p = { 0 };

	p.cell = dbrt_in(v, 0)->dtype == DBP_S8 ? max_s8 : max_f32;
	run_pool(&p, v);
}

void dbrt_avg_pool_run(const struct dbrt_op_view *v)
{
	struct pool_job p = { 0 };

	p.cell = dbrt_in(v, 0)->dtype == DBP_S8 ? avg_s8 : avg_f32;
	run_pool(&p, v);
}
