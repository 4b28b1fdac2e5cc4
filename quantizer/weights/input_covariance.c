/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of what weights multiply: patches of the layer's input, some of
 * each sample, as rows of two matrices, one a side of the twin.
 */
#include <stdlib.h>
#include <string.h>

#include "evaluator/blas.h"
#include "ir/window.h"
#include "quantizer/graph/weighted_layers.h"

#define MOST_PATCHES 8192
#define MOST_A_SAMPLE 512
#define MOST_LENGTH 2304 /* of a patch */
#define BLOCK 64

struct gathering {
	const struct twin *t;
	const struct layer *l;
	struct window window; /* of a Conv */
	int64_t places;       /* where a patch can be taken, a sample */
	int per_sample;
	struct statistics *out;
	/* of the group at work, by worker: [patches][length] */
	float **x, **q;
	float **product; /* [BLOCK][length] */
	int group;       /* at work, where there is one alone */
};

/* ---- Patches ---- */

static void take_conv(const struct gathering *g, const float *x, int group,
		      int64_t at, float *patch)
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

static void take_row(const struct gathering *g, const float *x, int64_t at,
		     float *patch)
{
	float scale = g->l->node->inputs[0]->quant->scale[0];

	for (int i = 0; i < g->out->length; i++)
		patch[i] = x[at * g->out->length + i] / scale;
}

static void take_sample(const struct gathering *g, int sample, int group,
			float *xs, float *qs)
{
	const struct value *v = g->l->node->inputs[0];
	const float *real = twin_real(g->t, sample, v);
	const float *coded = twin_coded(g->t, sample, v);
	size_t length = (size_t)g->out->length;

	for (int i = 0; i < g->per_sample; i++) {
		/* spread over the map, elsewhere in each sample */
		int64_t at =
			(i * g->places + (int64_t)sample * 7919 % g->places) /
			g->per_sample;
		size_t row = (size_t)(sample * g->per_sample + i) * length;

		if (g->l->node->op == OP_CONV) {
			take_conv(g, real, group, at, xs + row);
			take_conv(g, coded, group, at, qs + row);
		} else {
			take_row(g, real, at, xs + row);
			take_row(g, coded, at, qs + row);
		}
	}
}

/* ---- Sums ---- */

/* Takes the mean off every column of a matrix of patches. */
static void centre(const struct statistics *s, float *m, double *mean)
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

/* Both matrices about their means, x less q in x. */
static void prepare(const struct gathering *g, int group, float *x, float *q)
{
	const struct statistics *s = g->out;
	size_t length = (size_t)s->length, total = length * (size_t)s->patches;

	centre(s, x, s->mean + (size_t)group * length);
	centre(s, q, s->mean_coded + (size_t)group * length);
	for (size_t i = 0; i < total; i++)
		x[i] -= q[i];
}

/* Rows [first, first + BLOCK) of left' q over the patches. */
static int add_product(const struct statistics *s, const float *left,
		       const float *q, int first, float *product, double *to,
		       struct diag *d)
{
	int rows = s->length - first < BLOCK ? s->length - first : BLOCK;

	if (blas_gemm(true, false, rows, s->length, s->patches, 1, left + first,
		      s->length, q, s->length, 0, product, s->length, d))
		return -1;
	for (int64_t i = 0; i < (int64_t)rows * s->length; i++)
		to[(int64_t)first * s->length + i] =
			(double)product[i] / s->patches;
	return 0;
}

static int add_block(const struct gathering *g, int group, int block,
		     const float *x, const float *q, float *product,
		     struct diag *d)
{
	const struct statistics *s = g->out;
	size_t at = (size_t)group * (size_t)s->length * (size_t)s->length;

	return add_product(s, q, q, block * BLOCK, product, s->covariance + at,
			   d) ||
	       add_product(s, x, q, block * BLOCK, product, s->missing + at, d);
}

static int blocks_of(const struct statistics *s)
{
	return (s->length + BLOCK - 1) / BLOCK;
}

/* ---- One group: samples and blocks are shared out ---- */

static int take_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct gathering *g = ctx;

	(void)worker;
	(void)d;
	take_sample(g, i, 0, g->x[0], g->q[0]);
	return 0;
}

static int block_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct gathering *g = ctx;

	return add_block(g, 0, i, g->x[0], g->q[0], g->product[worker], d);
}

static int gather_one(struct gathering *g, int threads, struct diag *d)
{
	if (parallel_run(threads, g->t->count, take_job, g, NULL, d))
		return -1;
	prepare(g, 0, g->x[0], g->q[0]);
	return parallel_run(threads, blocks_of(g->out), block_job, g, NULL, d);
}

/* ---- Many: groups are ---- */

static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct gathering *g = ctx;

	for (int s = 0; s < g->t->count; s++)
		take_sample(g, s, i, g->x[worker], g->q[worker]);
	prepare(g, i, g->x[worker], g->q[worker]);
	for (int b = 0; b < blocks_of(g->out); b++)
		if (add_block(g, i, b, g->x[worker], g->q[worker],
			      g->product[worker], d))
			return -1;
	return 0;
}

/* ---- All ---- */

static int allocate(struct gathering *g, int threads, struct arena *a)
{
	struct statistics *s = g->out;
	size_t n = (size_t)s->length, groups = (size_t)s->groups;
	size_t cells = (size_t)s->patches * n;

	s->covariance = arena_array(a, groups * n * n, sizeof(double));
	s->missing = arena_array(a, groups * n * n, sizeof(double));
	s->mean = arena_array(a, groups * n, sizeof(double));
	s->mean_coded = arena_array(a, groups * n, sizeof(double));
	g->x = arena_array(a, (size_t)threads, sizeof(*g->x));
	g->q = arena_array(a, (size_t)threads, sizeof(*g->q));
	g->product = arena_array(a, (size_t)threads, sizeof(*g->product));
	if (!s->covariance || !s->missing || !s->mean || !s->mean_coded ||
	    !g->x || !g->q || !g->product)
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

static bool serves(const struct layer *l)
{
	const struct value *x = l->node->inputs[0];

	if (l->length > MOST_LENGTH || l->node->op == OP_CONV_TRANSPOSE)
		return false;
	return l->node->op == OP_CONV ||
	       x->shape.dim[x->shape.rank - 1] == l->length;
}

int statistics_gather(const struct twin *t, const struct layer *l,
		      struct arena *a, struct statistics *out, struct diag *d)
{
	struct gathering g = { .t = t, .l = l, .out = out };
	int threads = parallel_threads(t->jobs, 1024);

	*out = (struct statistics){ 0 };
	if (!serves(l))
		return 0;
	if (l->node->op == OP_CONV && window_of(l->node, &g.window, d))
		return -1;
	g.places =
		l->node->op == OP_CONV ?
			g.window.out[0] * g.window.out[1] :
			shape_elements(&l->node->inputs[0]->shape) / l->length;
	g.per_sample = MOST_PATCHES / t->count;
	if (g.per_sample > MOST_A_SAMPLE)
		g.per_sample = MOST_A_SAMPLE;
	if (g.per_sample > g.places)
		g.per_sample = (int)g.places;
	out->length = (int)l->length;
	out->groups = (int)l->groups;
	out->patches = g.per_sample * t->count;
	if (allocate(&g, threads, a))
		return diag_error(d, "out of memory");
	if (l->groups == 1)
		return gather_one(&g, threads, d);
	return parallel_run(threads, out->groups, group_job, &g, NULL, d);
}
