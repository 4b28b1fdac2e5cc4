/* SPDX-License-Identifier: Apache-2.0 */
/* The quantizer's order of work: see quantizer.h for what it leaves. */
#include "quantizer/internal.h"

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

/* By value id: some weighted node lies on a way to it. */
static bool *mark_behind_weights(const struct graph *g, struct arena *a)
{
	bool *behind = arena_array(a, g->value_count, sizeof(*behind));

	for (const struct node *n = g->first; behind && n; n = n->next) {
		bool yes = domain_has_weights(n);

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] && behind[n->inputs[i]->id])
				yes = true;
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i])
				behind[n->outputs[i]->id] = yes;
	}
	return behind;
}

static int quantize_weights(struct graph *g, const struct config *c,
			    const struct calibration *seen,
			    const struct moments *moments,
			    struct arena *scratch, progress_fn *progress,
			    void *ctx, struct diag *d)
{
	bool *behind = mark_behind_weights(g, scratch);
	int total = 0, done = 0;

	if (!behind)
		return diag_error(d, "out of memory");
	for (struct node *n = g->first; n; n = n->next)
		total += domain_has_weights(n);
	for (struct node *n = g->first; n; n = n->next) {
		const struct channel_means *means;
		int bits;

		if (!domain_has_weights(n) || !n->inputs[0]->quant)
			continue;
		bits = weights_default_bits(n, !behind[n->inputs[0]->id], c);
		means = n->inputs[0]->id < seen->value_count ?
				&seen->means[n->inputs[0]->id] :
				NULL;
		if (weights_quantize(
			    g, n, bits, means,
			    moments ? &moments[n->outputs[0]->id] : NULL, d))
			return -1;
		if (progress)
			progress(ctx, "quantize", ++done, total);
	}
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
	struct moments *moments = NULL;
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
	if (photos && c->bits < 8 &&
	    moments_gather(g, c, samples, &scratch, &moments, progress,
			   progress_ctx, d))
		goto done;
	status = quantize_weights(g, c, &seen, moments, &scratch, progress,
				  progress_ctx, d);
done:
	arena_free(&scratch);
	return status;
}
