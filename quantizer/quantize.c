/* SPDX-License-Identifier: Apache-2.0 */
/* The quantizer's order of work: see quantizer.h for what it leaves. */
#include "quantizer/layer.h"

#define TWIN_SAMPLES 64
#define TWIN_BYTES ((size_t)400 << 20)

static struct quant *activation_quant(struct arena *a, struct input_range r)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_alloc(a, sizeof(*scale));
	int32_t *zero = arena_alloc(a, sizeof(*zero));

	if (!q || !scale || !zero)
		return NULL;
	range_to_scale(r, scale, zero);
	*q = (struct quant){ .bits = 8,
			     .is_signed = true,
			     .axis = -1,
			     .channels = 1,
			     .scale = scale,
			     .zero_point = zero };
	return q;
}

/* A root: scales a channel where that is better, otherwise one. */
static int quantize_root(struct graph *g, struct value *v,
			 const struct config *c, const struct calibration *seen,
			 const struct input_range *image_range,
			 struct arena *scratch)
{
	const struct channel_ranges *ranges = &seen->ranges[v->id];
	struct input_range r =
		clip_range(seen->values[v->id], domain_table_behind(v));

	if (ranges->channels &&
	    channel_quant(v, ranges, seen->samples, r, c->bits, g->arena,
			  scratch, &v->quant))
		return -1;
	if (v->quant)
		return 0;
	if (image_range && g->input_count && g->inputs[0] == v)
		r = *image_range;
	v->quant = activation_quant(g->arena, r);
	return v->quant ? 0 : -1;
}

static int quantize_activations(struct graph *g, const struct config *c,
				const uint32_t *root,
				const struct calibration *seen,
				const struct input_range *image_range,
				struct arena *scratch)
{
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] == i && quantize_root(g, g->values[i], c, seen,
						  image_range, scratch))
			return -1;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT)
			g->values[i]->quant = g->values[root[i]]->quant;
	return 0;
}

/* Without photos: to the nearest code, each layer for itself. */
static int round_alone(const struct layers *l, const struct choice *choices,
		       const struct config *c, const struct calibration *seen,
		       struct arena *a, struct rounded *out,
		       const struct progress *p, struct diag *d)
{
	for (int i = 0; i < l->count; i++) {
		uint32_t id = l->rows[i].node->inputs[0]->id;
		const struct channel_means *means =
			id < seen->value_count ? &seen->means[id] : NULL;

		if (layer_round(&l->rows[i], choices[i], NULL, means, c->jobs,
				a, &out[i], d))
			return -1;
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, l->count);
	}
	return 0;
}

static int round_together(struct graph *g, const struct layers *l,
			  const struct choice *choices, const struct config *c,
			  const struct samples *samples, struct arena *a,
			  struct rounded *out, const struct progress *p,
			  struct diag *d)
{
	struct twin t;
	int err;

	err = twin_init(&t, g, c->jobs, samples, TWIN_SAMPLES, TWIN_BYTES, d) ||
	      sequence_round(g, l, choices, &t, a, out, p, d);
	twin_free(&t);
	return err ? -1 : 0;
}

static int quantize_weights(struct graph *g, const struct config *c,
			    const struct samples *samples,
			    const struct calibration *seen,
			    struct arena *scratch, progress_fn *progress,
			    void *ctx, struct diag *d)
{
	const struct progress p = { progress, ctx, "quantize" };
	struct layers l;
	struct choice *choices;
	struct rounded *out;

	if (layers_init(&l, g, scratch, d))
		return -1;
	choices = arena_array(scratch, (size_t)l.count, sizeof(*choices));
	out = arena_array(scratch, (size_t)l.count, sizeof(*out));
	if (!choices || !out)
		return diag_error(d, "out of memory");
	for (int i = 0; i < l.count; i++)
		choices[i].bits = layer_default_bits(&l.rows[i], c);
	if (samples ? round_together(g, &l, choices, c, samples, scratch, out,
				     &p, d) :
		      round_alone(&l, choices, c, seen, scratch, out, &p, d))
		return -1;
	for (int i = 0; i < l.count; i++)
		if (layer_install(g, &l.rows[i], &out[i], d))
			return -1;
	return 0;
}

int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range, progress_fn *progress,
		   void *progress_ctx, struct diag *d)
{
	struct noise_samples noise = { g, c->seed, { -1, 1 } };
	struct samples made;
	struct calibration seen = { 0 };
	bool photos = samples && samples->count;
	struct arena scratch;
	uint32_t *root;
	int status = -1;

	arena_init(&scratch, 0);
	if (image_range)
		noise.range = *image_range;
	if (!photos) {
		made = noise_samples(&noise);
		samples = &made;
	}
	if (domain_split_activations(g) ||
	    !(root = domain_assign(g, &scratch))) {
		diag_error(d, "out of memory");
		goto done;
	}
	if (calibrate(g, c, samples, root, &scratch, &seen, progress,
		      progress_ctx, d))
		goto done;
	if (quantize_activations(g, c, root, &seen, image_range, &scratch)) {
		diag_error(d, "out of memory");
		goto done;
	}
	status = quantize_weights(g, c, photos ? samples : NULL, &seen,
				  &scratch, progress, progress_ctx, d);
done:
	arena_free(&scratch);
	return status;
}
