/* SPDX-License-Identifier: Apache-2.0 */
/* The weights that a layer's codes approximate, and the factors for GPTQ. */
#include "quantizer/weights/rounding_target.h"

#include "base/parallel.h"
#include "evaluator/detmath.h"
#include "ir/config.h"

#define PIVOT_MIN 1e-300

struct target_preparation {
	struct rounding_target *target;
	double *signal; /* by channel */
	double **rest;  /* by worker, see gptq_asymmetric_target() */
};

static double output_variance(const double *w, const double *covariance,
			      size_t n)
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

/* Geometric mean of the cost of a weight's squared error, 1 / pivot^2. */
static double mean_weight(const struct gptq_factor *c)
{
	double logs = 0;

	for (int j = 0; j < c->length; j++) {
		double u = (double)c->rows[(size_t)j * (size_t)c->length +
					   (size_t)j];

		logs += det_log(u > 0 ? u : PIVOT_MIN);
	}
	return c->length ? det_exp(-2 * logs / c->length) : 0;
}

static int set_order(struct gptq_factor *c, const struct weighted_layer *l,
		     const double *covariance)
{
	if (!l->dependent)
		return gptq_factor_sort(c, covariance);
	for (int i = 0; i < c->length; i++)
		c->order[i] = (int)layer_place(l, i);
	return 0;
}

/* The factor of one group, and the targets of its channels. */
static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	struct target_preparation *r = ctx;
	struct rounding_target *target = r->target;
	const struct weighted_layer *l = target->l;
	size_t n = (size_t)l->length, at = (size_t)i * n * n;
	int64_t each = l->channels / l->groups;

	if (set_order(&target->factors[i], l, target->inputs->covariance + at))
		return diag_error(d, "out of memory");
	if (gptq_factor_set(&target->factors[i],
			    target->inputs->covariance + at,
			    target->inputs->patches, l->settings->damping,
			    !(l->settings->methods & METHOD_GPTQ), d))
		return -1;
	target->error_weight[i] = mean_weight(&target->factors[i]);
	for (int64_t c = i * each; c < (i + 1) * each; c++) {
		double *weights = target->weights + c * l->length;

		r->signal[c] = l->unit * l->unit *
			       output_variance(weights,
					       target->inputs->covariance + at,
					       n);
		if (l->settings->methods & METHOD_ASYMMETRIC &&
		    l->settings->methods & METHOD_GPTQ)
			gptq_asymmetric_target(
				&target->factors[i],
				target->inputs->error_covariance + at, weights,
				r->rest[worker]);
	}
	return 0;
}

static int allocate_target(struct rounding_target *target, struct arena *a)
{
	const struct weighted_layer *l = target->l;

	target->weights = arena_array(a, (size_t)(l->channels * l->length),
				      sizeof(double));
	target->factors =
		arena_array(a, (size_t)l->groups, sizeof(*target->factors));
	target->error_weight = arena_array(a, (size_t)l->groups,
					   sizeof(*target->error_weight));
	if (!target->weights || !target->factors || !target->error_weight)
		return -1;
	for (int64_t g = 0; target->inputs && g < l->groups; g++)
		if (gptq_factor_new(&target->factors[g], (int)l->length, a))
			return -1;
	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++)
			target->weights[c * l->length + i] =
				(double)l->data[layer_at(l, c, i)];
	return 0;
}

static int prepare_groups(struct rounding_target *target, int threads,
			  struct diag *d)
{
	const struct weighted_layer *l = target->l;
	struct target_preparation r = { .target = target };
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
		target->signal += r.signal[c];
	arena_free(&scratch);
	return err ? -1 : 0;
}

int rounding_target_prepare(const struct weighted_layer *l,
			    const struct input_covariance *inputs,
			    const struct channel_means *means, int jobs,
			    struct arena *a, struct rounding_target *out,
			    struct diag *d)
{
	*out = (struct rounding_target){
		.l = l,
		.inputs = inputs && inputs->length && inputs->patches ? inputs :
									NULL,
		.means = means
	};
	if (allocate_target(out, a))
		return diag_error(d, "out of memory");
	if (!out->inputs)
		return 0;
	return prepare_groups(out, parallel_threads(jobs, (int)l->groups), d);
}
