/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of a quantizer: their candidates, the choice among them, and what
 * reports say about them. */
#include <math.h>

#include "quantizer/bits/bit_allocation.h"
#include "quantizer/quantizer.h"
#include "quantizer/quantizer_state.h"
#include "quantizer/weights/grid.h"

static void set_dependent(struct quantizer *q)
{
	const int trellis = METHOD_TRELLIS | METHOD_RATE;

	for (int i = 0; i < q->layers.count; i++) {
		struct weighted_layer *l = &q->layers.rows[i];

		l->dependent = q->target->coded &&
			       (q->c->methods & trellis) == trellis &&
			       layer_has_rows(l);
	}
}

static int list_tables(struct quantizer *q, int presets,
		       const struct quantizer_variants *variants,
		       struct diag *d)
{
	const struct candidate_settings settings = { .g = q->g,
						     .layers = &q->layers,
						     .variants = variants->rows,
						     .variant_count =
							     variants->count,
						     .target = q->target,
						     .c = q->c,
						     .samples = &q->samples,
						     .progress = &q->progress };

	q->listed = 0;
	q->chosen = arena_array(&q->arena, (size_t)q->layers.count,
				sizeof(*q->chosen));
	if (!q->chosen)
		return diag_error(d, "out of memory");
	set_dependent(q);
	if (candidates_list(&settings, &q->arena, q->tables, d))
		return -1;
	q->listed = presets;
	q->listed_coded = q->target->coded;
	return 0;
}

int quantizer_list_candidates(struct quantizer *q, int presets, struct diag *d)
{
	struct quantizer_variants variants;
	bool known = presets <= q->listed &&
		     q->listed_coded == q->target->coded;

	quantizer_list_variants(q, presets, &variants);
	if (quantizer_list_inputs(q, d) ||
	    (!known && list_tables(q, presets, &variants, d)))
		return -1;
	q->candidates = q->tables[variants.of_preset[q->preset]];
	return 0;
}

static void choose_candidate(struct quantizer *q, int i,
			     struct quantizer_totals *sum)
{
	const struct candidate *o = &q->candidates[i].rows[q->chosen[i]];

	q->formats[i] = o->format;
	q->formats[i].survivors = q->draft ? 1 : GRID_MOST_SURVIVORS;
	sum->bytes += o->bytes;
	sum->time_us += o->time_us[input_width_of(&q->inputs, q->widths, i)];
	sum->tile_bytes += candidate_tile_bytes(&q->layers.rows[i], o);
	sum->loss += o->loss;
}

/* Adds the least of each cost, over the candidates of layer i. */
static void add_least(const struct quantizer *q, int i,
		      struct quantizer_totals *sum)
{
	const struct layer_candidates *o = &q->candidates[i];
	double bytes = INFINITY, tiles = INFINITY;

	for (int k = 0; k < o->count; k++) {
		bytes = fmin(bytes, o->rows[k].bytes);
		tiles = fmin(tiles, candidate_tile_bytes(&q->layers.rows[i],
							 &o->rows[k]));
	}
	sum->bytes += bytes;
	sum->time_us += candidates_least_time(o, &q->inputs, i);
	sum->tile_bytes += tiles;
}

int quantizer_allocate_bits(struct quantizer *q,
			    const struct quantizer_limits *limits,
			    struct quantizer_totals *sum, struct diag *d)
{
	const struct bit_limits l = { limits->bytes, limits->time_us,
				      limits->tile_bytes };
	int status = bit_allocation_solve(&q->layers, q->candidates,
					  q->inputs.count ? &q->inputs : NULL,
					  &l, q->chosen, q->widths);

	*sum = (struct quantizer_totals){ 0 };
	for (int i = 0; !status && i < q->layers.count; i++)
		choose_candidate(q, i, sum);
	for (int g = 0; !status && g < q->inputs.count; g++)
		sum->loss += q->inputs.rows[g].loss[q->widths[g]];
	for (int i = 0; status == 1 && i < q->layers.count; i++)
		add_least(q, i, sum);
	return status < 0 ? diag_error(d, "out of memory") : status;
}

int quantizer_layer_count(const struct quantizer *q)
{
	return q->layers.count;
}

int64_t quantizer_layer_weights(const struct quantizer *q, int i)
{
	return q->layers.rows[i].channels * q->layers.rows[i].length;
}

int quantizer_layer_at(const struct quantizer *q, int i, struct arena *a,
		       struct quantizer_layer *out)
{
	const struct weighted_layer *l = &q->layers.rows[i];
	const struct rounded_layer *r = &q->rounded[i];

	*out = (struct quantizer_layer){
		.node = l->node,
		.weights = l->channels * l->length,
		.bits = r->bits,
		.entropy_bits =
			r->entropy_bits / (double)(l->channels * l->length),
		.why = l->trained                       ? "the model's own" :
		       q->formats[i].bits == q->c->bits ? "as asked for" :
		       l->depthwise                     ? "depthwise" :
		       l->first                         ? "the first layer" :
							  "gives an output",
	};
	if (!q->candidates || l->trained)
		return 0;
	out->sensitivity = q->candidates[i].sensitivity;
	out->loss = q->candidates[i].rows[q->chosen[i]].loss;
	out->why = bit_allocation_explain(&q->candidates[i], q->chosen[i], a);
	return out->why ? 0 : -1;
}
