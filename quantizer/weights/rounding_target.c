/* SPDX-License-Identifier: Apache-2.0 */
/* Where the weights of a layer aim, and how errors are made up for. */
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "quantizer/graph/weighted_layers.h"

struct aiming {
	struct aim *aim;
	double *signal; /* by channel */
	double **rest;  /* by worker, for compensation_aim() */
};

static double variance(const double *w, const double *covariance, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (size_t k = 0; k < n; k++)
			sum += covariance[i * n + k] * w[k];
		total += w[i] * sum;
	}
	return total;
}

/* The geometric mean of what an error of a weight costs. */
static double mean_weight(const struct compensation *c)
{
	double logs = 0;

	for (int j = 0; j < c->length; j++) {
		double u = (double)c->rows[(size_t)j * (size_t)c->length +
					   (size_t)j];

		logs += det_log(u > 0 ? u : 1e-300);
	}
	return c->length ? det_exp(-2 * logs / c->length) : 0;
}

static int set_order(struct compensation *c, const struct layer *l,
		     const double *covariance)
{
	if (!l->dependent)
		return compensation_sort(c, covariance);
	for (int i = 0; i < c->length; i++)
		c->order[i] = (int)layer_place(l, i);
	return 0;
}

/* A group's compensation, and the targets of its channels. */
static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	struct aiming *r = ctx;
	struct aim *aim = r->aim;
	const struct layer *l = aim->l;
	size_t n = (size_t)l->length, at = (size_t)i * n * n;
	int64_t each = l->channels / l->groups;

	if (set_order(&aim->groups[i], l, aim->s->covariance + at))
		return diag_error(d, "out of memory");
	if (compensation_set(&aim->groups[i], aim->s->covariance + at,
			     aim->s->patches, l->manner->damping,
			     !(l->manner->methods & METHOD_GPTQ), d))
		return -1;
	aim->weight[i] = mean_weight(&aim->groups[i]);
	for (int64_t c = i * each; c < (i + 1) * each; c++) {
		double *target = aim->target + c * l->length;

		r->signal[c] = l->unit * l->unit *
			       variance(target, aim->s->covariance + at, n);
		if (l->manner->methods & METHOD_ASYMMETRIC &&
		    l->manner->methods & METHOD_GPTQ)
			compensation_aim(&aim->groups[i], aim->s->missing + at,
					 target, r->rest[worker]);
	}
	return 0;
}

static int allocate(struct aim *aim, struct arena *a)
{
	const struct layer *l = aim->l;

	aim->target = arena_array(a, (size_t)(l->channels * l->length),
				  sizeof(double));
	aim->groups = arena_array(a, (size_t)l->groups, sizeof(*aim->groups));
	aim->weight = arena_array(a, (size_t)l->groups, sizeof(*aim->weight));
	if (!aim->target || !aim->groups || !aim->weight)
		return -1;
	for (int64_t g = 0; aim->s && g < l->groups; g++)
		if (compensation_new(&aim->groups[g], (int)l->length, a))
			return -1;
	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++)
			aim->target[c * l->length + i] =
				(double)l->data[layer_at(l, c, i)];
	return 0;
}

static int take_aim(struct aim *aim, int threads, struct diag *d)
{
	const struct layer *l = aim->l;
	struct aiming r = { .aim = aim };
	struct arena scratch;
	int err = 0;

	arena_init(&scratch, 0);
	r.signal = arena_array(&scratch, (size_t)l->channels, sizeof(double));
	r.rest = arena_array(&scratch, (size_t)threads, sizeof(*r.rest));
	if (!r.signal || !r.rest)
		err = diag_error(d, "out of memory");
	for (int i = 0; !err && i < threads; i++) {
		r.rest[i] = arena_array(&scratch, 2 * (size_t)l->length,
					sizeof(double));
		if (!r.rest[i])
			err = diag_error(d, "out of memory");
	}
	err = err ||
	      parallel_run(threads, (int)l->groups, group_job, &r, NULL, d);
	for (int64_t c = 0; !err && c < l->channels; c++)
		aim->signal += r.signal[c];
	arena_free(&scratch);
	return err ? -1 : 0;
}

int layer_aim(const struct layer *l, const struct statistics *s,
	      const struct channel_means *means, int jobs, struct arena *a,
	      struct aim *out, struct diag *d)
{
	*out = (struct aim){ .l = l,
			     .s = s && s->length && s->patches ? s : NULL,
			     .means = means };
	if (allocate(out, a))
		return diag_error(d, "out of memory");
	if (!out->s)
		return 0;
	return take_aim(out, parallel_threads(jobs, (int)l->groups), d);
}
