/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration: runs the float network over the samples, on several threads, and
 * observes the values that become integers. All sums are of integers, so the
 * result does not depend on the number of threads.
 */
#include "quantizer/activations/calibrate.h"

#include <stdlib.h>

#include "base/finite.h"
#include "base/ranks.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/simulate/runner.h"

/* The state of one thread, and what it has observed. */
struct calibration_worker {
	struct runner runner;
	struct calibration seen;
	const struct channel_groups *channel_groups;
};

struct calibration_run {
	const struct samples *samples;
	struct calibration_worker *workers;
};

static int calibration_init(struct calibration *c, const struct graph *g,
			    const struct channel_groups *groups,
			    struct arena *a)
{
	c->value_count = g->value_count;
	c->values = arena_array(a, g->value_count, sizeof(*c->values));
	c->means = arena_array(a, g->value_count, sizeof(*c->means));
	c->ranges = arena_array(a, g->value_count, sizeof(*c->ranges));
	c->infinite = arena_array(a, g->value_count, sizeof(*c->infinite));
	if (!c->values || !c->means || !c->ranges || !c->infinite ||
	    channel_ranges_init(c->ranges, g, groups, a))
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++) {
		if (groups->scale_group[i] != i &&
		    !channel_groups_begin(groups, g->values[i]))
			continue;
		c->values[i] = arena_alloc(a, sizeof(**c->values));
		if (!c->values[i])
			return -1;
		histogram_init(c->values[i]);
	}
	for (const struct node *n = g->first; n; n = n->next) {
		const struct value *x = node_input(n, 0);
		struct channel_means *m = x ? &c->means[x->id] : NULL;

		if (!node_has_weights(n) || m->sum)
			continue;
		m->channels = (int)x->shape.dim[x->shape.rank - 1];
		m->sum = arena_array(a, (size_t)m->channels, sizeof(*m->sum));
		if (!m->sum)
			return -1;
	}
	return 0;
}

static int observe_value(void *ctx, const struct value *v, void *data)
{
	struct calibration_worker *w = ctx;
	int64_t n = shape_elements(&v->shape);
	uint32_t group = w->channel_groups->scale_group[v->id];

	if (group != SCALE_GROUP_FLOAT && !floats_are_finite(data, n))
		w->seen.infinite[v->id] = true;
	if (group != SCALE_GROUP_FLOAT)
		histogram_add(w->seen.values[group], data, n);
	if (channel_groups_begin(w->channel_groups, v)) {
		channel_ranges_add(&w->seen.ranges[group], w->channel_groups, v,
				   data, n);
		if (group != v->id)
			histogram_add(w->seen.values[v->id], data, n);
	}
	if (w->seen.means[v->id].sum)
		channel_means_add(&w->seen.means[v->id], data, n);
	return 0;
}

static int observe_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct calibration_run *r = ctx;
	struct calibration_worker *w = &r->workers[worker];

	return runner_sample(&w->runner, r->samples, i, observe_value, w, d);
}

static int calibration_worker_init(struct calibration_worker *w,
				   const struct graph *g,
				   const struct channel_groups *groups,
				   struct diag *d)
{
	w->channel_groups = groups;
	if (runner_init(&w->runner, g, d))
		return -1;
	if (calibration_init(&w->seen, g, groups, &w->runner.arena))
		return diag_error(d, "out of memory");
	return 0;
}

static void calibration_merge(struct calibration *into,
			      const struct calibration *from)
{
	for (size_t i = 0; i < into->value_count; i++) {
		if (into->values[i])
			histogram_merge(into->values[i], from->values[i]);
		channel_ranges_merge(&into->ranges[i], &from->ranges[i]);
		channel_means_merge(&into->means[i], &from->means[i]);
		into->infinite[i] = into->infinite[i] || from->infinite[i];
	}
}

/* What each rank has observed: the same numbers of each thing. */
struct rank_calibrations {
	const struct graph *g;
	const struct channel_groups *groups;
	struct arena *arena;
	struct calibration *of; /* [ranks] */
};

static int send_calibration(void *ctx, int i, struct rank_parcel *p)
{
	struct rank_calibrations *r = ctx;
	struct calibration *c = &r->of[i];

	if (rank_parcel_receives(p) &&
	    calibration_init(c, r->g, r->groups, r->arena))
		return -1;
	rank_parcel_add(p, c->infinite, c->value_count);
	for (size_t k = 0; k < c->value_count; k++) {
		struct channel_ranges *ranges = &c->ranges[k];
		struct channel_means *m = &c->means[k];
		size_t floats = (size_t)ranges->channels * sizeof(float);

		if (c->values[k])
			rank_parcel_add(p, c->values[k], sizeof(**c->values));
		rank_parcel_add(p, ranges->low, floats);
		rank_parcel_add(p, ranges->high, floats);
		if (!m->sum)
			continue;
		rank_parcel_add(p, m->sum,
				(size_t)m->channels * sizeof(*m->sum));
		rank_parcel_add(p, &m->samples, sizeof(m->samples));
	}
	return 0;
}

/* Adds what the threads of all ranks have observed. */
static int merge_all(const struct calibration_run *run, int threads,
		     struct rank_calibrations *r, struct calibration *out,
		     int err, struct diag *d)
{
	int self = ranks_self();

	for (int i = 0; !err && i < threads; i++)
		calibration_merge(out, &run->workers[i].seen);
	r->of = arena_array(r->arena, (size_t)ranks_count(), sizeof(*r->of));
	if (r->of)
		r->of[self] = *out;
	else if (!err)
		err = diag_error(d, "out of memory");
	if (ranks_share(ranks_count(), send_calibration, r, err, d))
		return -1;
	for (int i = 0; i < ranks_count(); i++)
		if (i != self)
			calibration_merge(out, &r->of[i]);
	return 0;
}

int calibrate(const struct graph *g, const struct samples *samples,
	      const struct channel_groups *groups, int jobs, struct arena *a,
	      struct calibration *out, const struct progress *p, struct diag *d)
{
	int threads = parallel_threads(jobs, samples->count), ready = 0;
	struct calibration_run r = { .samples = samples };
	struct rank_calibrations all = { .g = g, .groups = groups };
	struct arena scratch;
	int err = -1;

	arena_init(&scratch, 0);
	all.arena = &scratch;
	r.workers = calloc((size_t)threads, sizeof(*r.workers));
	if (!r.workers || calibration_init(out, g, groups, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	while (ready < threads)
		if (calibration_worker_init(&r.workers[ready++], g, groups, d))
			goto done;
	err = ranks_parallel(threads, samples->count, observe_sample, &r, p, d);
	err = merge_all(&r, threads, &all, out, err, d);
	out->samples = samples->count;
done:
	arena_free(&scratch);
	for (int i = 0; i < ready; i++)
		runner_free(&r.workers[i].runner);
	free(r.workers);
	return err;
}
