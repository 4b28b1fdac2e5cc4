/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Importance of output channels, similar to the empirical Fisher information
 * that Theis et al. 2018 (arXiv 1801.05787) prune by, but of the heads' squared
 * error instead of a training loss: the diagonal of the Gauss-Newton matrix,
 * E[(d heads / d output)^2], summed over the places of a channel, each head
 * relative to its variance. Random signs at the heads estimate it (Hutchinson):
 * the squared gradient of the signed sum is the sum of the squares, on average.
 */
#include "quantizer/weights/channel_importance.h"

#include "base/finite.h"
#include "base/parallel.h"
#include "base/ranks.h"
#include "evaluator/detmath.h"
#include "quantizer/graph/head_values.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/simulate/gradient_tape.h"

#define SAMPLES 16
#define IMPORTANCE_MIN 1e-3 /* of the mean */
#define VARIANCE_MIN 1e-20  /* a head that varies less does not count */
#define MOST_INPUTS 64

struct importance_search {
	const struct graph *g;
	struct layers *layers;
	const struct samples *samples;
	struct gradient_tape *tapes; /* by worker */
	double **sums; /* [sample]: all layers' channels in order */
	size_t *first; /* [layer]: its first channel */
	size_t channels;
	int count;
};

struct gradient_listener {
	struct importance_search *f;
	double *sums;
};

static int layer_of(const struct layers *l, const struct node *n)
{
	for (int i = 0; i < l->count; i++)
		if (l->rows[i].node == n)
			return i;
	return -1;
}

static void add_gradients(void *ctx, const struct node *n, const float *dout)
{
	struct gradient_listener *w = ctx;
	int i = node_has_weights(n) ? layer_of(w->f->layers, n) : -1;
	int64_t total, channels;
	double *sums;

	if (i < 0)
		return;
	channels = w->f->layers->rows[i].channels;
	total = shape_elements(&n->outputs[0]->shape);
	sums = w->sums + w->f->first[i];
	for (int64_t k = 0; k < total; k += channels)
		for (int64_t c = 0; c < channels; c++)
			sums[c] += (double)dout[k + c] * (double)dout[k + c];
}

static double variance_of(const float *x, int64_t n)
{
	double sum = 0, squares = 0;

	for (int64_t i = 0; i < n; i++) {
		if (!float_is_finite(x[i]))
			continue;
		sum += (double)x[i];
		squares += (double)x[i] * (double)x[i];
	}
	return squares / (double)n - sum / (double)n * (sum / (double)n);
}

/* Random signs over the heads' standard deviations. */
static int seed_heads(struct gradient_tape *t, uint32_t seed, struct diag *d)
{
	for (uint32_t i = 0; i < t->g->value_count; i++) {
		const struct value *v = t->g->values[i];
		int64_t n = shape_elements(&v->shape);
		double variance;
		float *to, size;

		if (v->dtype != DT_F32 || !value_is_head(v) || !t->value[i])
			continue;
		to = gradient_tape_seed(t, v);
		if (!to)
			return diag_error(d, "out of memory");
		variance = variance_of(t->value[i], n) * (double)n;
		size = variance > VARIANCE_MIN ?
			       (float)(1 / det_sqrt(variance)) :
			       0;
		for (int64_t k = 0; k < n; k++) {
			seed = seed * 1664525u + 1013904223u;
			to[k] = seed >> 31 ? size : -size;
		}
	}
	return 0;
}

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	struct importance_search *f = ctx;
	struct gradient_listener w = { f, f->sums[i] };
	struct gradient_tape *t = &f->tapes[worker];
	float *inputs[MOST_INPUTS];

	for (int k = 0; k < f->g->input_count; k++)
		inputs[k] = t->value[f->g->inputs[k]->id];
	if (f->samples->fill(f->samples->ctx,
			     (int)((int64_t)i * f->samples->count / f->count),
			     inputs, d) ||
	    gradient_tape_forward(t, d) || seed_heads(t, (uint32_t)i + 1, d))
		return -1;
	return gradient_tape_backward(t, add_gradients, &w, d);
}

static int send_sums(void *ctx, int i, struct rank_parcel *p)
{
	const struct importance_search *f = ctx;

	rank_parcel_add(p, f->sums[i], f->channels * sizeof(double));
	return 0;
}

/* The diagonal overstates the differences between channels, because gradients
 * within a channel are correlated; its square root works better. */
static void set_importance(struct importance_search *f, double *all)
{
	for (size_t c = 0; c < f->channels; c++)
		for (int s = 0; s < f->count; s++)
			all[c] += f->sums[s][c];
	for (int i = 0; i < f->layers->count; i++) {
		struct weighted_layer *l = &f->layers->rows[i];
		double *own = all + f->first[i], mean = 0;

		for (int64_t c = 0; c < l->channels; c++)
			mean += own[c] / (double)l->channels;
		if (!(mean > 0))
			continue;
		for (int64_t c = 0; c < l->channels; c++) {
			own[c] /= mean;
			own[c] = det_sqrt(own[c] < IMPORTANCE_MIN ?
						  IMPORTANCE_MIN :
						  own[c]);
		}
		l->importance = own;
	}
}

static int find_importance(struct importance_search *f, int threads,
			   struct arena *scratch, double *all, struct diag *d)
{
	int err = -1, ready = 0;

	f->tapes = arena_array(scratch, (size_t)threads, sizeof(*f->tapes));
	f->sums = arena_array(scratch, (size_t)f->count, sizeof(*f->sums));
	for (int i = 0; f->sums && i < f->count; i++) {
		f->sums[i] = arena_array(scratch, f->channels, sizeof(double));
		if (!f->sums[i])
			return diag_error(d, "out of memory");
	}
	if (!f->tapes || !f->sums)
		return diag_error(d, "out of memory");
	while (ready < threads)
		if (gradient_tape_init(&f->tapes[ready++], f->g, d))
			goto done;
	if (ranks_run(threads, f->count, sample_job, send_sums, f, NULL, d))
		goto done;
	set_importance(f, all);
	err = 0;
done:
	for (int i = 0; i < ready; i++)
		gradient_tape_free(&f->tapes[i]);
	return err;
}

int channel_importance_find(const struct graph *g, struct layers *layers,
			    const struct samples *samples, int jobs,
			    struct arena *a, struct diag *d)
{
	struct importance_search f = { .g = g,
				       .layers = layers,
				       .samples = samples };
	struct arena scratch;
	double *all;
	int err;

	if (gradient_tape_obstacle(g) || g->input_count > MOST_INPUTS)
		return 0;
	f.count = samples->count < SAMPLES ? samples->count : SAMPLES;
	arena_init(&scratch, 0);
	f.first =
		arena_array(&scratch, (size_t)layers->count, sizeof(*f.first));
	for (int i = 0; f.first && i < layers->count; i++) {
		f.first[i] = f.channels;
		f.channels += (size_t)layers->rows[i].channels;
	}
	all = arena_array(a, f.channels, sizeof(*all));
	err = f.first && all ?
		      find_importance(&f, parallel_threads(jobs, f.count),
				      &scratch, all, d) :
		      diag_error(d, "out of memory");
	arena_free(&scratch);
	return err;
}
