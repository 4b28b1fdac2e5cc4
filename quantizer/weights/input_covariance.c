/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input covariance: patches of the layer's input, some of each sample, are the
 * rows of two matrices, one for each side of the paired run.
 */
#include "quantizer/weights/input_covariance.h"

#include "base/parallel.h"
#include "evaluator/gemm.h"
#include "ir/window.h"

#define PATCHES_MAX 8192
#define SAMPLE_PATCHES_MAX 512
#define LENGTH_MAX 2304 /* of a patch */
#define BLOCK 64        /* rows of a covariance, computed at once */
#define BLOCK_PATCHES 256

struct patch_gathering {
	const struct paired_run *t;
	const struct weighted_layer *l;
	struct window window; /* of a Conv */
	int64_t places;       /* positions of patches, per sample */
	int per_sample;       /* patches */
	struct input_covariance *out;
	/* by worker, for its current group: [patches][length] */
	float **x, **q;
	float **product; /* [BLOCK][length] */
};

/* ---- Patches ---- */

static void copy_conv_patch(const struct patch_gathering *g, const float *x,
			    int group, int64_t at, float *patch)
{
	const struct window *w = &g->window;
	const struct quant *q = g->l->node->inputs[0]->quant;
	int64_t oy = at / w->out[1], ox = at % w->out[1];
	int64_t taps = w->kernel[0] * w->kernel[1];
	int64_t channels = w->channels / g->l->groups, first = group * channels;

	for (int64_t t = 0; t < taps; t++) {
		int64_t y = window_source(w, 0, oy, t / w->kernel[1]);
		int64_t z = window_source(w, 1, ox, t % w->kernel[1]);
		bool in = y >= 0 && z >= 0;
		const float *from =
			x + (in ? (y * w->in[1] + z) * w->channels : 0);

		for (int64_t c = first; c < first + channels; c++)
			patch[(c - first) * taps + t] =
				!in ? 0 :
				      from[c] / q->scale[q->channels > 1 ? c :
									   0];
	}
}

static void copy_row(const struct patch_gathering *g, const float *x,
		     int64_t at, float *patch)
{
	float scale = g->l->node->inputs[0]->quant->scale[0];

	for (int i = 0; i < g->out->length; i++)
		patch[i] = x[at * g->out->length + i] / scale;
}

static void take_patches(const struct patch_gathering *g, int sample, int group,
			 float *xs, float *qs)
{
	const struct value *v = g->l->node->inputs[0];
	const float *reference = paired_run_reference(g->t, sample, v);
	const float *quantized = paired_run_quantized(g->t, sample, v);
	size_t length = (size_t)g->out->length;

	for (int i = 0; i < g->per_sample; i++) {
		/* spread over the map, at other places in each sample */
		int64_t at =
			(i * g->places + (int64_t)sample * 7919 % g->places) /
			g->per_sample;
		size_t row = (size_t)(sample * g->per_sample + i) * length;

		if (g->l->node->op == OP_CONV) {
			copy_conv_patch(g, reference, group, at, xs + row);
			copy_conv_patch(g, quantized, group, at, qs + row);
		} else {
			copy_row(g, reference, at, xs + row);
			copy_row(g, quantized, at, qs + row);
		}
	}
}

/* ---- Sums ---- */

/* Subtracts its mean from every column of a matrix of patches. */
static void subtract_means(const struct input_covariance *s, float *m,
			   double *mean)
{
	size_t length = (size_t)s->length;

	for (int p = 0; p < s->patches; p++)
		for (size_t i = 0; i < length; i++)
			mean[i] += (double)m[(size_t)p * length + i];
	for (size_t i = 0; i < length; i++)
		mean[i] /= s->patches;
	for (int p = 0; p < s->patches; p++)
		for (size_t i = 0; i < length; i++)
			m[(size_t)p * length + i] -= (float)mean[i];
}

/* Both matrices about their means; then x becomes x - q. */
static void prepare_matrices(const struct patch_gathering *g, int group,
			     float *x, float *q)
{
	const struct input_covariance *s = g->out;
	size_t length = (size_t)s->length, total = length * (size_t)s->patches;

	subtract_means(s, x, s->mean + (size_t)group * length);
	subtract_means(s, q, s->mean_quantized + (size_t)group * length);
	for (size_t i = 0; i < total; i++)
		x[i] -= q[i];
}

static int rows_of_block(const struct input_covariance *s, int first)
{
	return s->length - first < BLOCK ? s->length - first : BLOCK;
}

/* Rows [first, first + BLOCK) of left' q / patches, columns from `from` on.
 * Sums of a few patches in float, and the sums of those in double. */
static int add_product(const struct input_covariance *s, const float *left,
		       const float *q, int first, int from, float *product,
		       double *to, struct diag *d)
{
	int64_t n = s->length, width = n - from;
	int rows = rows_of_block(s, first);

	to += first * n + from;
	for (int p = 0; p < s->patches; p += BLOCK_PATCHES) {
		int count = s->patches - p < BLOCK_PATCHES ? s->patches - p :
							     BLOCK_PATCHES;

		if (gemm_f32(true, false, rows, width, count, 1,
			     left + p * n + first, n, q + p * n + from, n, 0,
			     product, width, d))
			return -1;
		for (int64_t i = 0; i < rows; i++)
			for (int64_t k = 0; k < width; k++)
				to[i * n + k] = (p ? to[i * n + k] : 0) +
						(double)product[i * width + k];
	}
	for (int64_t i = 0; i < rows; i++)
		for (int64_t k = 0; k < width; k++)
			to[i * n + k] /= s->patches;
	return 0;
}

/* What lies below rows [first, first + BLOCK) is what lies beside them. */
static void mirror(const struct input_covariance *s, int first, double *to)
{
	int64_t n = s->length, end = first + rows_of_block(s, first);

	for (int64_t i = first; i < end; i++)
		for (int64_t k = end; k < n; k++)
			to[k * n + i] = to[i * n + k];
}

static int add_block(const struct patch_gathering *g, int group, int block,
		     const float *x, const float *q, float *product,
		     struct diag *d)
{
	const struct input_covariance *s = g->out;
	size_t at = (size_t)group * (size_t)s->length * (size_t)s->length;
	int first = block * BLOCK;

	if (add_product(s, q, q, first, first, product, s->covariance + at, d))
		return -1;
	mirror(s, first, s->covariance + at);
	return add_product(s, x, q, first, 0, product, s->error_covariance + at,
			   d);
}

static int blocks_of(const struct input_covariance *s)
{
	return (s->length + BLOCK - 1) / BLOCK;
}

/* ---- One group: threads share samples, then blocks ---- */

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct patch_gathering *g = ctx;

	(void)worker;
	(void)d;
	take_patches(g, i, 0, g->x[0], g->q[0]);
	return 0;
}

static int block_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct patch_gathering *g = ctx;

	return add_block(g, 0, i, g->x[0], g->q[0], g->product[worker], d);
}

static int gather_one(struct patch_gathering *g, int threads, struct diag *d)
{
	if (parallel_run(threads, g->t->count, sample_job, g, NULL, d))
		return -1;
	prepare_matrices(g, 0, g->x[0], g->q[0]);
	return parallel_run(threads, blocks_of(g->out), block_job, g, NULL, d);
}

/* ---- Several groups: threads share groups ---- */

static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct patch_gathering *g = ctx;

	for (int s = 0; s < g->t->count; s++)
		take_patches(g, s, i, g->x[worker], g->q[worker]);
	prepare_matrices(g, i, g->x[worker], g->q[worker]);
	for (int b = 0; b < blocks_of(g->out); b++)
		if (add_block(g, i, b, g->x[worker], g->q[worker],
			      g->product[worker], d))
			return -1;
	return 0;
}

/* ---- All ---- */

static int allocate_matrices(struct patch_gathering *g, int threads,
			     struct arena *a)
{
	struct input_covariance *s = g->out;
	size_t n = (size_t)s->length, groups = (size_t)s->groups;
	size_t cells = (size_t)s->patches * n;

	s->covariance = arena_array(a, groups * n * n, sizeof(double));
	s->error_covariance = arena_array(a, groups * n * n, sizeof(double));
	s->mean = arena_array(a, groups * n, sizeof(double));
	s->mean_quantized = arena_array(a, groups * n, sizeof(double));
	g->x = arena_array(a, (size_t)threads, sizeof(*g->x));
	g->q = arena_array(a, (size_t)threads, sizeof(*g->q));
	g->product = arena_array(a, (size_t)threads, sizeof(*g->product));
	if (!s->covariance || !s->error_covariance || !s->mean ||
	    !s->mean_quantized || !g->x || !g->q || !g->product)
		return -1;
	for (int i = 0; i < threads; i++) {
		bool all = i == 0 || groups > 1;

		g->x[i] = arena_array(a, all ? cells : 0, sizeof(float));
		g->q[i] = arena_array(a, all ? cells : 0, sizeof(float));
		g->product[i] = arena_array(a, BLOCK * n, sizeof(float));
		if (!g->x[i] || !g->q[i] || !g->product[i])
			return -1;
	}
	return 0;
}

static bool has_patches(const struct weighted_layer *l)
{
	const struct value *x = l->node->inputs[0];

	if (l->length > LENGTH_MAX || l->node->op == OP_CONV_TRANSPOSE)
		return false;
	return l->node->op == OP_CONV ||
	       x->shape.dim[x->shape.rank - 1] == l->length;
}

int input_covariance_gather(const struct paired_run *t,
			    const struct weighted_layer *l, struct arena *a,
			    struct input_covariance *out, struct diag *d)
{
	struct patch_gathering g = { .t = t, .l = l, .out = out };
	int threads = parallel_threads(t->jobs, 1024);

	*out = (struct input_covariance){ 0 };
	if (!has_patches(l))
		return 0;
	if (l->node->op == OP_CONV && window_of(l->node, &g.window, d))
		return -1;
	g.places =
		l->node->op == OP_CONV ?
			g.window.out[0] * g.window.out[1] :
			shape_elements(&l->node->inputs[0]->shape) / l->length;
	g.per_sample = PATCHES_MAX / t->count;
	if (g.per_sample > SAMPLE_PATCHES_MAX)
		g.per_sample = SAMPLE_PATCHES_MAX;
	if (g.per_sample > g.places)
		g.per_sample = (int)g.places;
	out->length = (int)l->length;
	out->groups = (int)l->groups;
	out->patches = g.per_sample * t->count;
	if (allocate_matrices(&g, threads, a))
		return diag_error(d, "out of memory");
	if (l->groups == 1)
		return gather_one(&g, threads, d);
	return parallel_run(threads, out->groups, group_job, &g, NULL, d);
}
