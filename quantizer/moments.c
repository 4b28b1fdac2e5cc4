/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second moments of what weights multiply: patches of the input's codes, some
 * of each sample, as sums of integer products, so that threads may add them
 * up in any order.
 */
#include <stdlib.h>
#include <string.h>

#include "ir/window.h"
#include "quantizer/internal.h"

#define MOST_PATCHES 4096 /* 255^2 times these fits 32 bits */
#define MOST_SAMPLES 128
#define MOST_A_SAMPLE 256
#define MOST_LENGTH 1152 /* of a patch */

struct reader {
	const struct node *n;
	struct window window; /* of a Conv */
};

struct worker {
	struct runner runner;
	struct moments *moments; /* by value id of the node's output */
	int16_t *patch;
	const struct run *run;
	int sample;
};

struct run {
	const struct graph *g;
	const struct samples *samples;
	struct reader *readers; /* by value id of the node's output */
	int used, patches;      /* samples, patches a sample */
	struct worker *workers;
};

static int64_t patch_length(const struct node *n)
{
	const struct value *w = n->inputs[1];

	return shape_elements(&w->shape) / w->shape.dim[0];
}

bool moments_serve(const struct node *n)
{
	const struct value *x = n->inputs[0];

	if (!x->quant || patch_length(n) > MOST_LENGTH)
		return false;
	if (n->op == OP_GEMM)
		return x->shape.dim[x->shape.rank - 1] == patch_length(n);
	return n->op == OP_CONV && n->layout == LAYOUT_NHWC &&
	       node_int(n, "group", 1) == 1;
}

/* ---- Patches ---- */

static int16_t code_at(const struct value *v, const float *x, int64_t i)
{
	const struct quant *q = v->quant;
	int64_t c = q->channels > 1 ? i % q->channels : 0;
	double r = (double)x[i] / (double)q->scale[c] + 0.5;
	int zero = q->zero_point[0];
	int low = -128 - zero, high = 127 - zero, code;

	if (!(r > low))
		return (int16_t)low;
	if (r >= high)
		return (int16_t)high;
	code = (int)r;
	return (int16_t)(code - ((double)code > r));
}

static void take_conv(const struct reader *r, const float *x, int64_t at,
		      int16_t *patch)
{
	const struct window *w = &r->window;
	int64_t oy = at / w->out[1], ox = at % w->out[1];
	int64_t taps = w->kernel[0] * w->kernel[1];

	for (int64_t t = 0; t < taps; t++) {
		int64_t y = oy * w->stride[0] - w->pad_begin[0] +
			    t / w->kernel[1] * w->dilation[0];
		int64_t z = ox * w->stride[1] - w->pad_begin[1] +
			    t % w->kernel[1] * w->dilation[1];
		bool in = y >= 0 && y < w->in[0] && z >= 0 && z < w->in[1];

		for (int64_t c = 0; c < w->channels; c++)
			patch[c * taps + t] =
				in ? code_at(r->n->inputs[0], x,
					     (y * w->in[1] + z) * w->channels +
						     c) :
				     0;
	}
}

static void take_row(const struct reader *r, const float *x, int64_t at,
		     int length, int16_t *patch)
{
	for (int i = 0; i < length; i++)
		patch[i] = code_at(r->n->inputs[0], x, at * length + i);
}

static void add_patch(struct moments *m, const int16_t *patch)
{
	for (int i = 0; i < m->length; i++) {
		int32_t *row = m->product + (size_t)i * (size_t)m->length;
		int32_t p = patch[i];

		if (!p)
			continue;
		m->sum[i] += p;
		for (int k = i; k < m->length; k++)
			row[k] += p * patch[k];
	}
	m->patches++;
}

static void add_reader(struct worker *w, const struct reader *r, const float *x)
{
	struct moments *m = &w->moments[r->n->outputs[0]->id];
	int64_t places =
		r->n->op == OP_CONV ?
			r->window.out[0] * r->window.out[1] :
			shape_elements(&r->n->inputs[0]->shape) / m->length;
	int64_t count = places < w->run->patches ? places : w->run->patches;

	for (int64_t i = 0; i < count; i++) {
		/* spread over the map, elsewhere in each sample */
		int64_t at = (i * places + (int64_t)w->sample * 7919 % places) /
			     count;

		if (r->n->op == OP_CONV)
			take_conv(r, x, at, w->patch);
		else
			take_row(r, x, at, m->length, w->patch);
		add_patch(m, w->patch);
	}
}

static int observe(void *ctx, const struct value *v, void *data)
{
	struct worker *w = ctx;

	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];
		const struct reader *r;

		if (n->inputs[0] != v || !n->outputs[0])
			continue;
		r = &w->run->readers[n->outputs[0]->id];
		if (r->n)
			add_reader(w, r, data);
	}
	return 0;
}

/* ---- Threads ---- */

static int gather_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct run *r = ctx;
	struct worker *w = &r->workers[worker];

	w->sample = i;
	return runner_sample(&w->runner, r->samples,
			     (int)((int64_t)i * r->samples->count / r->used),
			     observe, w, d);
}

static int moments_init(struct moments *m, const struct run *r, struct arena *a)
{
	for (size_t i = 0; i < r->g->value_count; i++) {
		size_t n;

		if (!r->readers[i].n)
			continue;
		n = (size_t)patch_length(r->readers[i].n);
		m[i].length = (int)n;
		m[i].sum = arena_array(a, n, sizeof(*m[i].sum));
		m[i].product = arena_array(a, n * n, sizeof(*m[i].product));
		if (!m[i].sum || !m[i].product)
			return -1;
	}
	return 0;
}

static int worker_init(struct worker *w, const struct run *r, struct diag *d)
{
	struct arena *a = &w->runner.arena;

	w->run = r;
	if (runner_init(&w->runner, r->g, d))
		return -1;
	w->moments = arena_array(a, r->g->value_count, sizeof(*w->moments));
	w->patch = arena_array(a, MOST_LENGTH, sizeof(*w->patch));
	if (!w->moments || !w->patch || moments_init(w->moments, r, a))
		return diag_error(d, "out of memory");
	return 0;
}

static void merge(struct moments *into, const struct moments *from,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = (size_t)into[i].length;

		for (size_t k = 0; k < n; k++)
			into[i].sum[k] += from[i].sum[k];
		for (size_t k = 0; k < n * n; k++)
			into[i].product[k] += from[i].product[k];
		into[i].patches += from[i].patches;
	}
}

static int find_readers(struct run *r, const struct config *c, struct arena *a,
			struct diag *d)
{
	int found = 0;

	r->readers = arena_array(a, r->g->value_count, sizeof(*r->readers));
	if (!r->readers)
		return diag_error(d, "out of memory");
	for (const struct node *n = r->g->first; n; n = n->next) {
		struct reader *row = &r->readers[n->outputs[0]->id];

		/* the first layer has 8 bits as a rule, and is cheap */
		if (!domain_has_weights(n) || !moments_serve(n) ||
		    weights_default_bits(n, false, c) == 8)
			continue;
		row->n = n;
		if (n->op == OP_CONV && window_of(n, &row->window, d))
			return -1;
		found++;
	}
	return found;
}

int moments_gather(const struct graph *g, const struct config *c,
		   const struct samples *samples, struct arena *a,
		   struct moments **out, progress_fn *progress, void *ctx,
		   struct diag *d)
{
	const struct progress p = { progress, ctx, "moments" };
	struct run r = { .g = g, .samples = samples };
	int threads, ready = 0, err = -1, found;

	*out = NULL;
	r.used = samples->count < MOST_SAMPLES ? samples->count : MOST_SAMPLES;
	r.patches = MOST_PATCHES / r.used;
	r.patches = r.patches > MOST_A_SAMPLE ? MOST_A_SAMPLE : r.patches;
	found = find_readers(&r, c, a, d);
	if (found <= 0)
		return found;
	threads = parallel_threads(c->jobs, r.used);
	r.workers = calloc((size_t)threads, sizeof(*r.workers));
	*out = arena_array(a, g->value_count, sizeof(**out));
	if (!r.workers || !*out || moments_init(*out, &r, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	while (ready < threads)
		if (worker_init(&r.workers[ready++], &r, d))
			goto done;
	if (parallel_run(threads, r.used, gather_sample, &r, &p, d))
		goto done;
	for (int i = 0; i < threads; i++)
		merge(*out, r.workers[i].moments, g->value_count);
	err = 0;
done:
	for (int i = 0; i < ready; i++)
		runner_free(&r.workers[i].runner);
	free(r.workers);
	return err;
}
