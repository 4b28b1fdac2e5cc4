/* SPDX-License-Identifier: Apache-2.0 */
/* The weights that a layer's codes approximate, and the factors for GPTQ. */
#include "quantizer/weights/rounding_target.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "evaluator/detmath.h"
#include "evaluator/gemm.h"
#include "ir/config.h"

#define PIVOT_MIN 1e-300

struct target_preparation {
	struct rounding_target *target;
	double *signal; /* by channel */
	int64_t panel;  /* channels that a job takes */
};

/* The variance of the output of each channel of a group, from w, [count][n]. */
static int output_variances(const double *w, const double *covariance,
			    int64_t n, int64_t count, double *variance,
			    struct diag *d)
{
	double *y = malloc((size_t)(n * count) * sizeof(*y) + 1);
	int err;

	if (!y)
		return diag_error(d, "out of memory");
	err = gemm_f64(false, true, count, n, n, 1, w, n, covariance, n, 0, y,
		       n, d);
	for (int64_t c = 0; !err && c < count; c++) {
		variance[c] = 0;
		for (int64_t i = 0; i < n; i++)
			variance[c] += w[c * n + i] * y[c * n + i];
	}
	free(y);
	return err;
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

/* The factor of group i. */
static int set_factor(const struct target_preparation *r, int i, struct diag *d)
{
	struct rounding_target *target = r->target;
	const struct weighted_layer *l = target->l;
	size_t n = (size_t)l->length, at = (size_t)i * n * n;

	if (set_order(&target->factors[i], l, target->inputs->covariance + at))
		return diag_error(d, "out of memory");
	if (gptq_factor_set(&target->factors[i],
			    target->inputs->covariance + at,
			    target->inputs->patches, l->settings->damping,
			    !(l->settings->methods & METHOD_GPTQ), d))
		return -1;
	target->error_weight[i] = mean_weight(&target->factors[i]);
	return 0;
}

/* The signal of channels [first, first + count), which are of group i. */
static int set_signal(const struct target_preparation *r, int i, int64_t first,
		      int64_t count, struct diag *d)
{
	const struct rounding_target *target = r->target;
	const struct weighted_layer *l = target->l;
	size_t n = (size_t)l->length, at = (size_t)i * n * n;

	if (output_variances(target->weights + first * l->length,
			     target->inputs->covariance + at, l->length, count,
			     r->signal + first, d))
		return -1;
	for (int64_t c = first; c < first + count; c++)
		r->signal[c] *= l->unit * l->unit;
	return 0;
}

/* Their targets, once the signal and the factor are known. */
static int move_weights(const struct target_preparation *r, int i,
			int64_t first, int64_t count, struct diag *d)
{
	const struct rounding_target *target = r->target;
	const struct weighted_layer *l = target->l;
	size_t n = (size_t)l->length, at = (size_t)i * n * n;

	if (!(l->settings->methods & METHOD_ASYMMETRIC) ||
	    !(l->settings->methods & METHOD_GPTQ))
		return 0;
	return gptq_asymmetric_target(
		&target->factors[i], target->inputs->error_covariance + at,
		target->weights + first * l->length, (int)count, d);
}

/* ---- Several groups: threads share groups ---- */

static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct target_preparation *r = ctx;
	int64_t each = r->target->l->channels / r->target->l->groups;

	(void)worker;
	return set_factor(r, i, d) || set_signal(r, i, i * each, each, d) ||
			       move_weights(r, i, i * each, each, d) ?
		       -1 :
		       0;
}

/* ---- One group: threads share panels of channels ---- */

static int64_t panel_channels(const struct target_preparation *r, int panel)
{
	int64_t left = r->target->l->channels - panel * r->panel;

	return left < r->panel ? left : r->panel;
}

/* The factor, or the signal of a panel. */
static int factor_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct target_preparation *r = ctx;

	(void)worker;
	if (!i)
		return set_factor(r, 0, d);
	return set_signal(r, 0, (i - 1) * r->panel, panel_channels(r, i - 1),
			  d);
}

static int weights_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct target_preparation *r = ctx;

	(void)worker;
	return move_weights(r, 0, i * r->panel, panel_channels(r, i), d);
}

/* Fewer channels than this are not worth the copies of a job. */
#define PANEL_MIN 24

static int prepare_dense(struct target_preparation *r, int threads,
			 struct diag *d)
{
	int64_t channels = r->target->l->channels;
	int panels;

	r->panel = (channels + threads - 1) / threads;
	r->panel = r->panel < PANEL_MIN ? PANEL_MIN : r->panel;
	panels = (int)((channels + r->panel - 1) / r->panel);
	return parallel_run(threads, panels + 1, factor_job, r, NULL, d) ||
			       parallel_run(threads, panels, weights_job, r,
					    NULL, d) ?
		       -1 :
		       0;
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
	if (!r.signal)
		err = diag_error(d, "out of memory");
	if (!err && l->groups == 1)
		err = prepare_dense(&r, threads, d);
	else if (!err)
		err = parallel_run(threads, (int)l->groups, group_job, &r, NULL,
				   d);
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
	return prepare_groups(out, parallel_threads(jobs, (int)l->channels), d);
}
