/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the float network over the samples, on several threads, and observes
 * the values that become 8-bit. All sums are of integers, so the result does
 * not depend on the number of threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/evaluator.h"
#include "quantizer/internal.h"

#define MEAN_ONE 4294967296.0 /* channel means count in 2^-32 */
#define MEAN_LIMIT 1e5

struct worker {
	const struct graph *g;
	const struct samples *samples;
	const uint32_t *root;
	atomic_int *done;
	int first, step;
	struct arena arena;
	struct calibration seen;
	struct evaluator *evaluator;
	float **inputs;
	struct diag diag;
	int status;
	pthread_t thread;
	bool started;
};

static int calibration_init(struct calibration *c, const struct graph *g,
			    const uint32_t *root, struct arena *a)
{
	c->value_count = g->value_count;
	c->values = arena_array(a, g->value_count, sizeof(*c->values));
	c->means = arena_array(a, g->value_count, sizeof(*c->means));
	if (!c->values || !c->means)
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++) {
		if (root[i] != i)
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
	uint32_t root = w->root[v->id];

	if (root != DOMAIN_FLOAT)
		observed_add(w->seen.values[root], data, n);
	if (w->seen.means[v->id].sum)
		add_means(&w->seen.means[v->id], data, n);
	return 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = w->first; i < w->samples->count; i += w->step) {
		if (w->samples->fill(w->samples->ctx, i, w->inputs,
				     &w->diag) ||
		    evaluator_run(w->evaluator,
				  (const void *const *)w->inputs, observe, w,
				  &w->diag)) {
			w->status = -1;
			break;
		}
		atomic_fetch_add(w->done, 1);
	}
	return NULL;
}

static int worker_init(struct worker *w)
{
	const struct graph *g = w->g;

	arena_init(&w->arena, 0);
	diag_init(&w->diag);
	if (calibration_init(&w->seen, g, w->root, &w->arena))
		return diag_error(&w->diag, "out of memory");
	w->inputs = arena_array(&w->arena, (size_t)g->input_count,
				sizeof(*w->inputs));
	for (int i = 0; w->inputs && i < g->input_count; i++) {
		const struct value *v = g->inputs[i];

		w->inputs[i] = arena_array(
			&w->arena, (size_t)shape_elements(&v->shape), 8);
		if (!w->inputs[i])
			return diag_error(&w->diag, "out of memory");
	}
	w->evaluator = evaluator_new(g, &w->diag);
	return w->evaluator && w->inputs ? 0 : -1;
}

static void merge(struct calibration *into, const struct calibration *from)
{
	for (size_t i = 0; i < into->value_count; i++) {
		struct channel_means *m = &into->means[i];

		if (into->values[i])
			observed_merge(into->values[i], from->values[i]);
		for (int c = 0; c < m->channels; c++)
			m->sum[c] += from->means[i].sum[c];
		m->samples += from->means[i].samples;
	}
}

static void pass_on(struct diag *to, const struct diag *from)
{
	for (size_t i = 0; i < from->count; i++) {
		diag_set_file(to, NULL);
		diag_error(to, "%s", from->entries[i].text);
		if (from->entries[i].hint)
			diag_hint(to, "%s", from->entries[i].hint);
	}
}

static int gather(struct worker *w, struct calibration *out, struct diag *d)
{
	int status = w->status;

	if (!status)
		merge(out, &w->seen);
	else if (!d->errors)
		pass_on(d, &w->diag);
	return status;
}

int calibrate(const struct graph *g, const struct config *c,
	      const struct samples *samples, const uint32_t *root,
	      struct arena *a, struct calibration *out,
	      progress_fn *progress, void *progress_ctx, struct diag *d)
{
	int jobs = c->jobs < 1 ? 1 : c->jobs, status = 0;
	struct worker *w;
	atomic_int done = 0;

	jobs = jobs < samples->count ? jobs : samples->count;
	w = calloc((size_t)jobs + 1, sizeof(*w));
	if (!w || calibration_init(out, g, root, a)) {
		free(w);
		return diag_error(d, "out of memory");
	}
	for (int i = 0; i < jobs; i++) {
		w[i] = (struct worker){.g = g, .samples = samples,
				       .root = root, .done = &done,
				       .first = i, .step = jobs};
		w[i].status = worker_init(&w[i]);
		if (!w[i].status && i > 0)
			w[i].started = !pthread_create(&w[i].thread, NULL,
						       work, &w[i]);
	}
	for (int i = 0; i < jobs; i++) {
		if (!w[i].status && !w[i].started)
			work(&w[i]);
		if (w[i].started)
			pthread_join(w[i].thread, NULL);
		if (progress)
			progress(progress_ctx, "calibrate", atomic_load(&done),
				 samples->count);
	}
	for (int i = 0; i < jobs; i++) {
		if (gather(&w[i], out, d))
			status = -1;
		evaluator_free(w[i].evaluator);
		arena_free(&w[i].arena);
		diag_free(&w[i].diag);
	}
	free(w);
	return status;
}
