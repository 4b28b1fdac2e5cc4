/* SPDX-License-Identifier: Apache-2.0 */
/* The quantizer's order of work: see quantizer.h for what it leaves. */
#include <stdlib.h>

#include "quantizer/weights/channel_importance.h"
#include "quantizer/quantizer_state.h"

#define TWIN_SAMPLES 96
#define TWIN_BYTES ((size_t)640 << 20)

/* Of noise nothing is learned: to the nearest code, each layer for itself. */
static int round_alone(struct quantizer *q, const struct progress *p,
		       struct diag *d)
{
	const struct layers *l = &q->layers;

	for (int i = 0; i < l->count; i++) {
		uint32_t id = l->rows[i].node->inputs[0]->id;
		const struct channel_means *means =
			id < q->seen.value_count ? &q->seen.means[id] : NULL;
		struct aim aim;

		if (layer_aim(&l->rows[i], NULL, means, q->c->jobs, &q->results,
			      &aim, d) ||
		    layer_round(&aim, q->choices[i], q->c->jobs, &q->results,
				&q->rounded[i], d))
			return -1;
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, l->count);
	}
	return 0;
}

static int round_together(struct quantizer *q, const struct progress *p,
			  double *loss, struct diag *d)
{
	struct twin t;
	int err;

	err = twin_init(&t, q->g, q->c->jobs, &q->samples, TWIN_SAMPLES,
			TWIN_BYTES, d) ||
	      sequence_round(q->g, &q->layers, q->choices, &t, &q->results,
			     q->rounded, p, d);
	if (!err && loss)
		*loss = twin_loss(&t);
	twin_free(&t);
	return err ? -1 : 0;
}

static int install(struct quantizer *q, struct diag *d)
{
	for (int i = 0; i < q->layers.count; i++)
		if (layer_install(q->g, &q->layers.rows[i], &q->rounded[i], d))
			return -1;
	return 0;
}

int quantizer_round(struct quantizer *q, double *loss, struct diag *d)
{
	const struct progress p = { q->progress, q->progress_ctx, "round" };

	arena_free(&q->results);
	q->rounded = arena_array(&q->results, (size_t)q->layers.count,
				 sizeof(*q->rounded));
	if (!q->rounded)
		return diag_error(d, "out of memory");
	if (loss)
		*loss = 0;
	if (q->telling ? round_together(q, &p, loss, d) : round_alone(q, &p, d))
		return -1;
	return install(q, d);
}

/* ---- Variants ---- */

static const struct {
	bool importance;
	double damping, thrift; /* times the usual */
	double evenness;
} variants[] = {
	{ true, 1, 1, 1 },      { true, 1, 1, 1.25 }, { false, 1, 1, 1.25 },
	{ true, 4, 1, 1 },      { true, 4, 1, 1.5 },  { false, 4, 1, 1 },
	{ true, 1, 0.7, 1.25 }, { true, 1, 1.3, 1 },
};

void quantizer_set_asymmetric(struct quantizer *q, bool on)
{
	if (on)
		q->layers.manner.methods |= METHOD_ASYMMETRIC;
	else
		q->layers.manner.methods &= ~METHOD_ASYMMETRIC;
}

int quantizer_preset_count(void)
{
	return (int)(sizeof(variants) / sizeof(*variants));
}

static int find_importance(struct quantizer *q, struct diag *d)
{
	struct layers *l = &q->layers;

	q->importance = arena_array(&q->arena, (size_t)l->count,
				    sizeof(*q->importance));
	if (!q->importance)
		return diag_error(d, "out of memory");
	if (q->telling && q->c->methods & METHOD_FISHER &&
	    importance_find(q->g, l, &q->samples, q->c->jobs, &q->arena, d))
		return -1;
	for (int i = 0; i < l->count; i++)
		q->importance[i] = l->rows[i].importance;
	return 0;
}

int quantizer_set_preset(struct quantizer *q, int variant, struct diag *d)
{
	struct layers *l = &q->layers;

	if (!q->importance && find_importance(q, d))
		return -1;
	l->manner.damping = q->usual.damping * variants[variant].damping;
	l->manner.thrift = q->usual.thrift * variants[variant].thrift;
	l->manner.evenness = variants[variant].evenness;
	for (int i = 0; i < l->count; i++)
		l->rows[i].importance =
			variants[variant].importance ? q->importance[i] : NULL;
	return 0;
}

/* ---- The whole ---- */

/* Sample i of the few. */
static int fill_few(void *ctx, int i, float *const *inputs, struct diag *d)
{
	const struct quantizer *q = ctx;

	return q->samples.fill(
		q->samples.ctx,
		(int)((int64_t)i * q->samples.count / q->few.count), inputs, d);
}

/* Multipliers of sums and biases that follow from where channels lie take some
 * bytes a channel, which weights of so few bits would rather have. */
#define SPARE_BITS 3.5

static bool has_bytes_to_spare(const struct quantizer *q)
{
	double bits = q->c->bits;
	int64_t weights = 0;

	for (const struct node *n = q->g->first; n; n = n->next)
		if (domain_has_weights(n))
			weights += shape_elements(&n->inputs[1]->shape);
	if (q->c->max_size_bytes && weights)
		bits = 8 * (double)q->c->max_size_bytes / (double)weights;
	return !q->target || !q->target->coded || q->c->act_bits < 8 ||
	       bits >= SPARE_BITS;
}

static int watch(struct quantizer *q, const struct samples *samples,
		 struct diag *d)
{
	return calibrate(q->g, q->c, samples, &q->tracks, &q->arena, &q->seen,
			 q->progress, q->progress_ctx, d);
}

/* Ranges of activations, after their channels have been moved. */
static int find_ranges(struct quantizer *q, struct diag *d)
{
	if (q->c->methods & METHOD_CENTERING && has_bytes_to_spare(q) &&
	    tracks_may_center(q->g, &q->tracks)) {
		if (watch(q, &q->few, d))
			return -1;
		if (tracks_center(q->g, &q->tracks, q->seen.ranges, &q->arena))
			return diag_error(d, "out of memory");
	}
	if (watch(q, &q->samples, d))
		return -1;
	for (uint32_t i = 0; i < q->g->value_count; i++)
		channel_ranges_hold_zero(&q->seen.ranges[i]);
	return 0;
}

static int prepare(struct quantizer *q, const struct input_range *image_range,
		   struct diag *d)
{
	uint32_t *root;

	if (domain_split_activations(q->g) || layers_own_biases(q->g) ||
	    !(root = domain_assign(q->g, &q->arena, &q->grids)) ||
	    tracks_init(&q->tracks, q->g, root, &q->arena) ||
	    (q->c->methods & METHOD_PER_CHANNEL &&
	     tracks_find(&q->tracks, q->g, root, q->grids,
			 has_bytes_to_spare(q), &q->arena)))
		return diag_error(d, "out of memory");
	if (find_ranges(q, d))
		return -1;
	if (quantize_activations(q, root, image_range, d))
		return -1;
	if (layers_init(&q->layers, q->g, q->c->methods, &q->arena, d))
		return -1;
	q->usual = q->layers.manner;
	q->choices = arena_array(&q->arena, (size_t)q->layers.count,
				 sizeof(*q->choices));
	if (!q->choices)
		return diag_error(d, "out of memory");
	for (int i = 0; i < q->layers.count; i++)
		q->choices[i] = layer_default(&q->layers.rows[i], q->c,
					      !q->target || q->target->coded);
	return 0;
}

struct quantizer *quantizer_new(struct graph *g, const struct config *c,
				const struct cost_target *target,
				const struct samples *samples,
				const struct input_range *image_range,
				progress_fn *progress, void *progress_ctx,
				struct diag *d)
{
	struct quantizer *q = calloc(1, sizeof(*q));

	if (!q) {
		diag_error(d, "out of memory");
		return NULL;
	}
	q->g = g;
	q->c = c;
	q->target = target;
	q->progress = progress;
	q->progress_ctx = progress_ctx;
	q->drawn = (struct picture_samples){ g, c->seed, { -1, 1 } };
	if (image_range)
		q->drawn.range = *image_range;
	q->given = samples && samples->count;
	q->samples = q->given ? *samples : picture_samples(&q->drawn);
	q->telling = q->given || picture_samples_fit(g);
	q->few = (struct samples){ q->samples.count, fill_few, q };
	if (q->few.count > TWIN_SAMPLES)
		q->few.count = TWIN_SAMPLES;
	arena_init(&q->arena, 0);
	arena_init(&q->results, 0);
	if (!prepare(q, image_range, d))
		return q;
	quantizer_free(q);
	return NULL;
}

void quantizer_free(struct quantizer *q)
{
	if (!q)
		return;
	arena_free(&q->results);
	arena_free(&q->arena);
	free(q);
}

int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range, progress_fn *progress,
		   void *progress_ctx, struct diag *d)
{
	struct quantizer *q = quantizer_new(g, c, NULL, samples, image_range,
					    progress, progress_ctx, d);
	int err = !q || quantizer_round(q, NULL, d);

	quantizer_free(q);
	return err ? -1 : 0;
}
