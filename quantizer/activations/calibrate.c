/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the float network over the samples, on several threads, and observes
 * the values that become 8-bit. All sums are of integers, so the result does
 * not depend on the number of threads.
 */
#include <stdlib.h>
#include <string.h>

#include "quantizer/internal.h"

#define MEAN_ONE 4294967296.0 /* channel means count in 2^-32 */
#define MEAN_LIMIT 1e5

/* What one thread needs, and what it has seen. */
struct worker {
	struct runner runner;
	struct calibration seen;
	const struct tracks *tracks;
};

struct run {
	const struct samples *samples;
	struct worker *workers;
};

static int calibration_init(struct calibration *c, const struct graph *g,
			    const struct tracks *t, struct arena *a)
{
	c->value_count = g->value_count;
	c->values = arena_array(a, g->value_count, sizeof(*c->values));
	c->means = arena_array(a, g->value_count, sizeof(*c->means));
	c->ranges = arena_array(a, g->value_count, sizeof(*c->ranges));
	if (!c->values || !c->means || !c->ranges ||
	    channel_ranges_init(c->ranges, g, t, a))
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++) {
		if (t->root[i] != i && !tracks_begin(t, g->values[i]))
			continue;
		c->values[i] = arena_alloc(a, sizeof(**c->values));
		if (!c->values[i])
			return -1;
		observed_init(c->values[i]);
	}
	for (const struct node *n = g->first; n; n = n->next) {
		const struct value *x = node_input(n, 0);
		struct channel_means *m = x ? &c->means[x->id] : NULL;

		if (!domain_has_weights(n) || m->sum)
			continue;
		m->channels = (int)x->shape.dim[x->shape.rank - 1];
		m->sum = arena_array(a, (size_t)m->channels, sizeof(*m->sum));
		if (!m->sum)
			return -1;
	}
	return 0;
}

static void add_means(struct channel_means *m, const float *x, int64_t n)
{
	int64_t rows = n / m->channels;

	for (int c = 0; c < m->channels; c++) {
		double sum = 0, mean;

		for (int64_t r = 0; r < rows; r++)
			sum += (double)x[r * m->channels + c];
		mean = sum / (double)rows;
		if (mean > MEAN_LIMIT)
			mean = MEAN_LIMIT;
		if (!(mean >= -MEAN_LIMIT))
			mean = -MEAN_LIMIT;
		m->sum[c] += (int64_t)(mean * MEAN_ONE);
	}
	m->samples++;
}

static int observe(void *ctx, const struct value *v, void *data)
{
	struct worker *w = ctx;
	int64_t n = shape_elements(&v->shape);
	uint32_t root = w->tracks->root[v->id];

	if (root != DOMAIN_FLOAT)
		observed_add(w->seen.values[root], data, n);
	if (tracks_begin(w->tracks, v)) {
		channel_ranges_add(&w->seen.ranges[root], w->tracks, v, data,
				   n);
		if (root != v->id)
			observed_add(w->seen.values[v->id], data, n);
	}
	if (w->seen.means[v->id].sum)
		add_means(&w->seen.means[v->id], data, n);
	return 0;
}

static int observe_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct run *r = ctx;
	struct worker *w = &r->workers[worker];

	return runner_sample(&w->runner, r->samples, i, observe, w, d);
}

static int worker_init(struct worker *w, const struct graph *g,
		       const struct tracks *t, struct diag *d)
{
	w->tracks = t;
	if (runner_init(&w->runner, g, d))
		return -1;
	if (calibration_init(&w->seen, g, t, &w->runner.arena))
		return diag_error(d, "out of memory");
	return 0;
}

static void merge(struct calibration *into, const struct calibration *from)
{
	for (size_t i = 0; i < into->value_count; i++) {
		struct channel_means *m = &into->means[i];

		if (into->values[i])
			observed_merge(into->values[i], from->values[i]);
		channel_ranges_merge(&into->ranges[i], &from->ranges[i]);
		for (int c = 0; c < m->channels; c++)
			m->sum[c] += from->means[i].sum[c];
		m->samples += from->means[i].samples;
	}
}

int calibrate(const struct graph *g, const struct config *c,
	      const struct samples *samples, const struct tracks *t,
	      struct arena *a, struct calibration *out, progress_fn *progress,
	      void *progress_ctx, struct diag *d)
{
	const struct progress p = { progress, progress_ctx, "calibrate" };
	int threads = parallel_threads(c->jobs, samples->count), ready = 0;
	struct run r = { .samples = samples };
	int err = -1;

	r.workers = calloc((size_t)threads, sizeof(*r.workers));
	if (!r.workers || calibration_init(out, g, t, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	while (ready < threads)
		if (worker_init(&r.workers[ready++], g, t, d))
			goto done;
	if (parallel_run(threads, samples->count, observe_sample, &r, &p, d))
		goto done;
	out->samples = samples->count;
	for (int i = 0; i < threads; i++)
		merge(out, &r.workers[i].seen);
	err = 0;
done:
	for (int i = 0; i < ready; i++)
		runner_free(&r.workers[i].runner);
	free(r.workers);
	return err;
}
