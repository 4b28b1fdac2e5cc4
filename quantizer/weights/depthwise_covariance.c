/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/depthwise_covariance.h"

#include "base/parallel.h"
#include "evaluator/simd/simd.h"

/* Columns of the patches of a block of channels: a few patches of them stay in
 * a cache. */
#define COLUMNS_MAX 320
#define CHANNELS_MAX 64
#define CHANNELS_MIN 16

struct depthwise_worker {
	float *x, *q;     /* [patches][tap][channel of the block] */
	float *product;   /* [channel] */
	double *sum;      /* [tap][tap][channel] */
	double *mean;     /* [tap][channel] */
	float *less;      /* the same, to subtract */
	const float **at; /* [2][INPUT_COVARIANCE_FLOATS] */
};

struct depthwise_gathering {
	const struct input_patches *from;
	struct input_covariance *out;
	struct depthwise_worker *workers;
	float *zeros; /* [channel] */
	int block;    /* channels that a job takes */
};

/* ---- Means ---- */

/* Subtracts the means of the columns from m; mean gets those of the block's
 * channels. */
static void subtract_means(const struct depthwise_gathering *g,
			   struct depthwise_worker *w, float *m, int first,
			   int channels, double *mean)
{
	int patches = g->out->patches, taps = g->out->length;
	int columns = taps * channels;

	for (int i = 0; i < columns; i++)
		w->mean[i] = 0;
	for (int p = 0; p < patches; p++)
		for (int i = 0; i < columns; i++)
			w->mean[i] += (double)
				m[(size_t)p * (size_t)columns + (size_t)i];
	for (int i = 0; i < columns; i++) {
		double *to =
			&mean[(first + i % channels) * taps + i / channels];

		*to = w->mean[i] / patches;
		w->less[i] = (float)*to;
	}
	for (int p = 0; p < patches; p++, m += columns)
		for (int i = 0; i < columns; i++)
			m[i] -= w->less[i];
}

/* ---- Sums ---- */

/* Adds the products of columns i of `left` and k of q, of `count` patches. */
static void add_products(const struct depthwise_gathering *g,
			 const struct depthwise_worker *w, const float *left,
			 const float *q, int count, int channels, int i, int k,
			 double *sum)
{
	int64_t columns = (int64_t)g->out->length * channels;
	struct simd_taps t = {
		.x = w->at,
		.weight = w->at + INPUT_COVARIANCE_FLOATS,
		.taps = count,
		.channels = channels,
		.pixels = 1,
		.bias = g->zeros,
		.y = w->product,
	};

	for (int64_t p = 0; p < count; p++) {
		w->at[p] = left + p * columns + i * channels;
		w->at[INPUT_COVARIANCE_FLOATS + p] =
			q + p * columns + k * channels;
	}
	simd()->sum_taps(&t);
	for (int c = 0; c < channels; c++)
		sum[c] += (double)w->product[c];
}

/* to = left' q / patches, of each channel; half of a symmetric product is
 * computed. */
static void multiply(const struct depthwise_gathering *g,
		     const struct depthwise_worker *w, const float *left,
		     bool symmetric, int first, int channels, double *to)
{
	int taps = g->out->length, patches = g->out->patches;
	size_t columns = (size_t)taps * (size_t)channels;

	for (size_t i = 0; i < columns * (size_t)taps; i++)
		w->sum[i] = 0;
	for (int p = 0; p < patches; p += INPUT_COVARIANCE_FLOATS) {
		int count = patches - p < INPUT_COVARIANCE_FLOATS ?
				    patches - p :
				    INPUT_COVARIANCE_FLOATS;
		size_t at = (size_t)p * columns;

		for (int i = 0; i < taps; i++)
			for (int k = symmetric ? i : 0; k < taps; k++)
				add_products(g, w, left + at, w->q + at, count,
					     channels, i, k,
					     w->sum +
						     (i * taps + k) * channels);
	}
	for (int c = 0; c < channels; c++)
		for (int i = 0; i < taps; i++)
			for (int k = 0; k < taps; k++) {
				int at = symmetric && k < i ? k * taps + i :
							      i * taps + k;

				to[((int64_t)(first + c) * taps + i) * taps +
				   k] = w->sum[at * channels + c] / patches;
			}
}

static int block_job(void *ctx, int job, int worker, struct diag *d)
{
	const struct depthwise_gathering *g = ctx;
	struct input_covariance *s = g->out;
	struct depthwise_worker *w = &g->workers[worker];
	int first = job * g->block;
	int channels = s->groups - first < g->block ? s->groups - first :
						      g->block;
	size_t columns = (size_t)s->length * (size_t)channels;

	(void)d;
	for (int i = 0; i < g->from->run->count; i++) {
		size_t at = (size_t)i * (size_t)g->from->per_sample * columns;

		input_patches_copy(g->from, i, first, channels, w->x + at,
				   w->q + at);
	}
	subtract_means(g, w, w->x, first, channels, s->mean);
	subtract_means(g, w, w->q, first, channels, s->mean_quantized);
	for (size_t i = 0; i < columns * (size_t)s->patches; i++)
		w->x[i] -= w->q[i];
	multiply(g, w, w->q, true, first, channels, s->covariance);
	multiply(g, w, w->x, false, first, channels, s->error_covariance);
	return 0;
}

/* ---- All ---- */

static int allocate(struct depthwise_gathering *g, int threads, struct arena *a)
{
	size_t block = (size_t)g->block, taps = (size_t)g->out->length;
	size_t cells = (size_t)g->out->patches * taps * block;

	g->workers = arena_array(a, (size_t)threads, sizeof(*g->workers));
	g->zeros = arena_array(a, block, sizeof(float));
	if (!g->workers || !g->zeros)
		return -1;
	for (int i = 0; i < threads; i++) {
		struct depthwise_worker *w = &g->workers[i];

		w->x = arena_array(a, cells, sizeof(float));
		w->q = arena_array(a, cells, sizeof(float));
		w->product = arena_array(a, block, sizeof(float));
		w->sum = arena_array(a, taps * taps * block, sizeof(double));
		w->mean = arena_array(a, taps * block, sizeof(double));
		w->less = arena_array(a, taps * block, sizeof(float));
		w->at = arena_array(a, 2 * INPUT_COVARIANCE_FLOATS,
				    sizeof(*w->at));
		if (!w->x || !w->q || !w->product || !w->sum || !w->mean ||
		    !w->less || !w->at)
			return -1;
	}
	return 0;
}

/* Channels of a block: few enough for the cache, and no fewer than threads can
 * share. */
static int block_channels(const struct input_covariance *s, int threads)
{
	int block = CHANNELS_MAX;

	while (block > CHANNELS_MIN &&
	       (block * s->length > COLUMNS_MAX || block * threads > s->groups))
		block /= 2;
	return block;
}

int depthwise_covariance_gather(const struct input_patches *from, int threads,
				struct input_covariance *out, struct diag *d)
{
	struct depthwise_gathering g = {
		.from = from, .out = out, .block = block_channels(out, threads)
	};
	int jobs = (out->groups + g.block - 1) / g.block;
	struct arena scratch;
	int err;

	threads = parallel_threads(threads, jobs);
	arena_init(&scratch, 0);
	err = allocate(&g, threads, &scratch) ?
		      diag_error(d, "out of memory") :
		      parallel_run(threads, jobs, block_job, &g, NULL, d);
	arena_free(&scratch);
	return err;
}
