/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input covariance: patches of the layer's input, some of each sample, are the
 * rows of two matrices, one for each side of the paired run. Columns are
 * [tap][channel] there, and [channel][tap] in the result.
 */
#include "quantizer/weights/input_covariance.h"

#include "base/parallel.h"
#include "evaluator/gemm.h"
#include "quantizer/weights/depthwise_covariance.h"
#include "quantizer/weights/input_patches.h"

#define BLOCK 96 /* rows of a covariance, computed at once */
#define MEANS 64 /* columns whose means one job subtracts */

struct gathering_worker {
	float *x, *q;   /* of its current group: [patches][length] */
	float *product; /* [BLOCK][length] */
	double *sum;    /* [BLOCK][length] */
};

struct covariance_gathering {
	const struct input_patches *from;
	struct input_covariance *out;
	struct gathering_worker *workers;
	int *place; /* of a column in the result */
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- Means ---- */

/* Subtracts its mean from each of columns [first, end) of a matrix of
 * patches. */
static void subtract_means(const struct covariance_gathering *g, float *m,
			   int first, int end, double *mean)
{
	const struct input_covariance *s = g->out;
	size_t length = (size_t)s->length;
	double sum[MEANS] = { 0 };
	float by[MEANS];

	for (int p = 0; p < s->patches; p++)
		for (int i = first; i < end; i++)
			sum[i - first] +=
				(double)m[(size_t)p * length + (size_t)i];
	for (int i = first; i < end; i++) {
		mean[g->place[i]] = sum[i - first] / s->patches;
		by[i - first] = (float)mean[g->place[i]];
	}
	for (int p = 0; p < s->patches; p++)
		for (int i = first; i < end; i++)
			m[(size_t)p * length + (size_t)i] -= by[i - first];
}

/* Columns of both matrices about their means; then x becomes x - q. */
static void prepare_columns(const struct covariance_gathering *g, int group,
			    int first, float *x, float *q)
{
	const struct input_covariance *s = g->out;
	size_t length = (size_t)s->length;
	double *mean = s->mean + (size_t)group * length;
	double *mean_quantized = s->mean_quantized + (size_t)group * length;
	int end = (int)smaller(first + MEANS, s->length);

	subtract_means(g, x, first, end, mean);
	subtract_means(g, q, first, end, mean_quantized);
	for (int p = 0; p < s->patches; p++, x += length, q += length)
		for (int i = first; i < end; i++)
			x[i] -= q[i];
}

/* ---- Sums ---- */

/* sum = rows [first, first + rows) of left' q, columns from `from` on. Sums of
 * a few patches are in float, and the sums of those in double. */
static int sum_products(const struct covariance_gathering *g, const float *left,
			const float *q, int64_t first, int64_t rows,
			int64_t from, const struct gathering_worker *w,
			struct diag *d)
{
	const struct input_covariance *s = g->out;
	int64_t n = s->length, width = n - from;

	for (int p = 0; p < s->patches; p += INPUT_COVARIANCE_FLOATS) {
		int64_t count =
			smaller(INPUT_COVARIANCE_FLOATS, s->patches - p);

		if (gemm_f32(true, false, rows, width, count, 1,
			     left + p * n + first, n, q + p * n + from, n, 0,
			     w->product, width, d))
			return -1;
		for (int64_t i = 0; i < rows * width; i++)
			w->sum[i] = (p ? w->sum[i] : 0) + (double)w->product[i];
	}
	return 0;
}

/* Rows [first, first + BLOCK) of left' q / patches, and, of a symmetric
 * product, what lies below them. */
static int add_block(const struct covariance_gathering *g, const float *left,
		     const float *q, bool symmetric, int64_t first, double *to,
		     const struct gathering_worker *w, struct diag *d)
{
	const struct input_covariance *s = g->out;
	int64_t n = s->length, rows = smaller(BLOCK, n - first);
	int64_t from = symmetric ? first : 0, width = n - from;
	const int *place = g->place;

	if (sum_products(g, left, q, first, rows, from, w, d))
		return -1;
	for (int64_t i = 0; i < rows; i++)
		for (int64_t k = 0; k < width; k++) {
			double mean = w->sum[i * width + k] / s->patches;

			to[place[first + i] * n + place[from + k]] = mean;
			if (symmetric)
				to[place[from + k] * n + place[first + i]] =
					mean;
		}
	return 0;
}

static int blocks_of(const struct input_covariance *s)
{
	return (s->length + BLOCK - 1) / BLOCK;
}

/* Job [0, 2 * blocks): a block of one of the two products. */
static int add_products(const struct covariance_gathering *g, int group,
			int job, const float *x, const float *q,
			const struct gathering_worker *w, struct diag *d)
{
	const struct input_covariance *s = g->out;
	size_t at = (size_t)group * (size_t)s->length * (size_t)s->length;
	int first = job / 2 * BLOCK;

	if (job % 2)
		return add_block(g, q, q, true, first, s->covariance + at, w,
				 d);
	return add_block(g, x, q, false, first, s->error_covariance + at, w, d);
}

/* ---- One group: threads share samples, columns and blocks ---- */

static void copy_sample(const struct covariance_gathering *g, int sample,
			int group, const struct gathering_worker *to)
{
	int64_t channels = g->out->length / g->from->taps;
	size_t at = (size_t)sample * (size_t)g->from->per_sample *
		    (size_t)g->out->length;

	input_patches_copy(g->from, sample, group * channels, channels,
			   to->x + at, to->q + at);
}

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct covariance_gathering *g = ctx;

	(void)worker;
	(void)d;
	copy_sample(g, i, 0, &g->workers[0]);
	return 0;
}

static int columns_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct covariance_gathering *g = ctx;

	(void)worker;
	(void)d;
	prepare_columns(g, 0, i * MEANS, g->workers[0].x, g->workers[0].q);
	return 0;
}

static int block_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct covariance_gathering *g = ctx;

	return add_products(g, 0, i, g->workers[0].x, g->workers[0].q,
			    &g->workers[worker], d);
}

static int gather_one(struct covariance_gathering *g, int threads,
		      struct diag *d)
{
	int columns = (g->out->length + MEANS - 1) / MEANS;

	return parallel_run(threads, g->from->run->count, sample_job, g, NULL,
			    d) ||
			       parallel_run(threads, columns, columns_job, g,
					    NULL, d) ||
			       parallel_run(threads, 2 * blocks_of(g->out),
					    block_job, g, NULL, d) ?
		       -1 :
		       0;
}

/* ---- Several groups: threads share groups ---- */

static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct covariance_gathering *g = ctx;
	const struct gathering_worker *w = &g->workers[worker];

	for (int s = 0; s < g->from->run->count; s++)
		copy_sample(g, s, i, w);
	for (int k = 0; k < g->out->length; k += MEANS)
		prepare_columns(g, i, k, w->x, w->q);
	for (int b = 0; b < 2 * blocks_of(g->out); b++)
		if (add_products(g, i, b, w->x, w->q, w, d))
			return -1;
	return 0;
}

/* ---- All ---- */

static int allocate_results(struct input_covariance *s, struct arena *a)
{
	size_t n = (size_t)s->length, groups = (size_t)s->groups;

	s->covariance = arena_array(a, groups * n * n, sizeof(double));
	s->error_covariance = arena_array(a, groups * n * n, sizeof(double));
	s->mean = arena_array(a, groups * n, sizeof(double));
	s->mean_quantized = arena_array(a, groups * n, sizeof(double));
	return s->covariance && s->error_covariance && s->mean &&
			       s->mean_quantized ?
		       0 :
		       -1;
}

static int allocate_matrices(struct covariance_gathering *g, int threads,
			     struct arena *a)
{
	struct input_covariance *s = g->out;
	size_t n = (size_t)s->length, cells = (size_t)s->patches * n;
	size_t channels = n / (size_t)g->from->taps;
	size_t block = (size_t)smaller(BLOCK, s->length) * n;

	g->workers = arena_array(a, (size_t)threads, sizeof(*g->workers));
	g->place = arena_array(a, n, sizeof(*g->place));
	if (!g->workers || !g->place)
		return -1;
	for (size_t i = 0; i < n; i++)
		g->place[i] =
			(int)(i % channels * (n / channels) + i / channels);
	for (int i = 0; i < threads; i++) {
		struct gathering_worker *w = &g->workers[i];
		bool all = i == 0 || s->groups > 1;

		w->x = arena_array(a, all ? cells : 0, sizeof(float));
		w->q = arena_array(a, all ? cells : 0, sizeof(float));
		w->product = arena_array(a, block, sizeof(float));
		w->sum = arena_array(a, block, sizeof(double));
		if (!w->x || !w->q || !w->product || !w->sum)
			return -1;
	}
	return 0;
}

static int gather_dense(const struct input_patches *from, int threads,
			struct input_covariance *out, struct diag *d)
{
	struct covariance_gathering g = { .from = from, .out = out };
	struct arena scratch;
	int err;

	if (out->groups > 1)
		threads = parallel_threads(threads, out->groups);
	arena_init(&scratch, 0);
	if (allocate_matrices(&g, threads, &scratch))
		err = diag_error(d, "out of memory");
	else if (out->groups == 1)
		err = gather_one(&g, threads, d);
	else
		err = parallel_run(threads, out->groups, group_job, &g, NULL,
				   d);
	arena_free(&scratch);
	return err;
}

int input_covariance_gather(const struct paired_run *t,
			    const struct weighted_layer *l, struct arena *a,
			    struct input_covariance *out, struct diag *d)
{
	int threads = parallel_threads(t->jobs, 1024);
	struct input_patches from;

	*out = (struct input_covariance){ 0 };
	if (input_patches_init(&from, t, l, a, d))
		return -1;
	if (!from.per_sample)
		return 0;
	out->length = (int)l->length;
	out->groups = (int)l->groups;
	out->patches = from.per_sample * t->count;
	if (allocate_results(out, a))
		return diag_error(d, "out of memory");
	if (out->groups > 1 && out->length == from.taps)
		return depthwise_covariance_gather(&from, threads, out, d);
	return gather_dense(&from, threads, out, d);
}
