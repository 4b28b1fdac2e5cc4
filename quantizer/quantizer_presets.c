/* SPDX-License-Identifier: Apache-2.0 */
/* Presets of how layers are rounded. */
#include "quantizer/quantizer.h"
#include "quantizer/quantizer_state.h"
#include "quantizer/weights/channel_importance.h"

static const struct {
	bool importance;
	double damping, rate_weight; /* times the default */
	double loss_exponent;
} presets[] = {
	{ true, 1, 1, 1 },      { true, 1, 1, 1.25 }, { false, 1, 1, 1.25 },
	{ true, 4, 1, 1 },      { true, 4, 1, 1.5 },  { false, 4, 1, 1 },
	{ true, 1, 0.7, 1.25 }, { true, 1, 1.3, 1 },
};

void quantizer_set_asymmetric(struct quantizer *q, bool on)
{
	if (on)
		q->layers.settings.methods |= METHOD_ASYMMETRIC;
	else
		q->layers.settings.methods &= ~METHOD_ASYMMETRIC;
}

int quantizer_preset_count(void)
{
	return (int)(sizeof(presets) / sizeof(*presets));
}

static int find_importance(struct quantizer *q, struct diag *d)
{
	struct layers *l = &q->layers;

	q->importance = arena_array(&q->arena, (size_t)l->count,
				    sizeof(*q->importance));
	if (!q->importance)
		return diag_error(d, "out of memory");
	if (q->representative && q->c->methods & METHOD_FISHER &&
	    channel_importance_find(q->g, l, &q->samples, q->c->jobs, &q->arena,
				    d))
		return -1;
	for (int i = 0; i < l->count; i++)
		q->importance[i] = l->rows[i].importance;
	return 0;
}

static struct candidate_variant variant_of(const struct quantizer *q,
					   int preset)
{
	struct candidate_variant v = { .settings = q->layers.settings };

	v.settings.damping =
		q->default_settings.damping * presets[preset].damping;
	v.settings.rate_weight =
		q->default_settings.rate_weight * presets[preset].rate_weight;
	v.settings.loss_exponent = presets[preset].loss_exponent;
	v.importance = presets[preset].importance ? q->importance : NULL;
	return v;
}

int quantizer_set_preset(struct quantizer *q, int preset, struct diag *d)
{
	struct layers *l = &q->layers;
	struct candidate_variant v;

	if (!q->importance && find_importance(q, d))
		return -1;
	v = variant_of(q, preset);
	q->preset = preset;
	l->settings = v.settings;
	for (int i = 0; i < l->count; i++)
		l->rows[i].importance = v.importance ? v.importance[i] : NULL;
	return 0;
}

/* Layers are rounded in the same way. */
static bool same_rounding(const struct candidate_variant *a,
			  const struct candidate_variant *b)
{
	return a->importance == b->importance &&
	       a->settings.damping == b->settings.damping &&
	       a->settings.rate_weight == b->settings.rate_weight;
}

void quantizer_list_variants(const struct quantizer *q, int count,
			     struct quantizer_variants *out)
{
	out->count = 0;
	for (int i = 0; i < count && i < quantizer_preset_count(); i++) {
		struct candidate_variant v = variant_of(q, i);
		int at = 0;

		while (at < out->count && !same_rounding(&v, &out->rows[at]))
			at++;
		out->of_preset[i] = at;
		if (at == out->count)
			out->rows[out->count++] = v;
	}
}
