/* SPDX-License-Identifier: Apache-2.0 */
/* Scales of activations, and which of them make do with few bits. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "quantizer/activations/activation_bits.h"
#include "quantizer/quantizer_state.h"

/* ---- One scale ---- */

static struct quant *activation_quant(struct arena *a,
				      const struct domain_grid *grid)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_alloc(a, sizeof(*scale));
	int32_t *zero = arena_alloc(a, sizeof(*zero));

	if (!q || !scale || !zero)
		return NULL;
	*scale = grid->scale;
	*zero = grid->zero_point;
	*q = (struct quant){ .bits = grid->bits,
			     .is_signed = true,
			     .axis = -1,
			     .channels = 1,
			     .scale = scale,
			     .zero_point = zero };
	return q;
}

/* The grid of 8 bits whose steps are split in four. */
static struct quant *quarters(struct arena *a, struct domain_grid grid)
{
	grid.scale /= 4;
	grid.zero_point *= 4;
	grid.bits = 10;
	return activation_quant(a, &grid);
}

/*
 * What only a table of a convolution's own reads is never stored: four times
 * as many codes cost a larger table, which hardly shows in a coded file, and
 * leave the rounding behind the table alone.
 */
static bool is_finer(const struct quantizer *q, const struct value *v,
		     const uint32_t *root)
{
	const struct node *table = domain_table_of_sums(v);
	uint32_t made;

	if (!(q->c->methods & METHOD_FINE_TABLES) || !q->target ||
	    !q->target->coded || q->grids[v->id] || !table)
		return false;
	made = root[table->outputs[0]->id];
	return made != DOMAIN_FLOAT && q->g->values[made]->quant->channels == 1;
}

/* Nobody looks at the last byte: coded weights of 8 bits, without limits on
 * what the model takes up. */
static bool cheap_tables(const struct quantizer *q)
{
	return q->target && q->target->coded && q->c->bits == 8 &&
	       !q->c->max_size_bytes && !q->c->max_ram_bytes;
}

/* ---- Scales a channel ---- */

/* The most that channel c of a value is. */
static float most_of(const struct quantizer *q, const struct value *v,
		     int64_t c)
{
	const uint32_t root = q->tracks.root[v->id];
	const uint32_t *of = q->tracks.of[v->id];

	return root == DOMAIN_FLOAT ? FLT_MAX :
	       of                   ? q->seen.ranges[root].high[of[c]] :
				      q->seen.values[root]->high;
}

/* The least that shows of channel c where v goes into a sum that is held at
 * zero: what takes all of the other off it. */
static float least_that_shows(const struct quantizer *q, const struct value *v,
			      int64_t c)
{
	const struct node *n = value_only_reader(v);

	if (!n || n->op != OP_ADD || n->act.kind != ACT_RELU || !tracks_sum(n))
		return -FLT_MAX;
	return -most_of(q, n->inputs[n->inputs[0] == v], c);
}

/* The ranges of a root's tracks, each within where it pays to clip the values
 * that begin them. */
static int clip_tracks(struct quantizer *q, const struct value *root, int bits,
		       struct channel_ranges *out)
{
	const struct channel_ranges *seen = &q->seen.ranges[root->id];
	const struct tracks *t = &q->tracks;
	size_t bytes = (size_t)seen->channels * sizeof(float);

	out->channels = seen->channels;
	out->low = arena_alloc(&q->arena, bytes);
	out->high = arena_alloc(&q->arena, bytes);
	if (!out->low || !out->high)
		return -1;
	memcpy(out->low, seen->low, bytes);
	memcpy(out->high, seen->high, bytes);
	if (bits < 8 || !(q->c->methods & METHOD_CLIP))
		return 0;
	for (uint32_t i = 0; i < q->g->value_count; i++) {
		const struct value *v = q->g->values[i];
		struct input_range r;

		if (t->root[i] != root->id || !tracks_begin(t, v))
			continue;
		r = clip_range(q->seen.values[i], domain_table_behind(v), bits);
		/* what a loud channel would clip off all of a curve's foot */
		if (tracks_behind_table(v))
			r.low = -FLT_MAX;
		for (int64_t c = 0; c < v->shape.dim[3]; c++) {
			float *low = &out->low[t->of[i][c]];
			float *high = &out->high[t->of[i][c]];

			*low = fmaxf(fmaxf(*low, r.low),
				     least_that_shows(q, v, c));
			*high = fminf(*high, r.high);
		}
	}
	return 0;
}

static int quantize_tracks(struct quantizer *q, struct value *root, int bits)
{
	const struct channel_terms terms = { .samples = q->seen.samples,
					     .drawn = !q->given,
					     .weight_bits = q->c->bits,
					     .bits = bits,
					     .cheap_tables = cheap_tables(q) };
	struct channel_ranges ranges;

	if (clip_tracks(q, root, bits, &ranges))
		return -1;
	return channel_quant(q->g, root, &q->tracks, &ranges, &terms,
			     q->g->arena, &q->arena, &root->quant);
}

/* The scales of v's own channels, out of those of its root's tracks. */
static struct quant *pick_tracks(const struct quant *q, const uint32_t *of,
				 int64_t channels, struct arena *a)
{
	struct quant *own = arena_alloc(a, sizeof(*own));
	float *scale = arena_array(a, (size_t)channels, sizeof(*scale));
	int32_t *zero = arena_array(a, (size_t)channels, sizeof(*zero));

	if (!own || !scale || !zero)
		return NULL;
	for (int64_t c = 0; c < channels; c++) {
		scale[c] = q->scale[of[c]];
		zero[c] = q->zero_point[of[c]];
	}
	*own = *q;
	own->channels = (int)channels;
	own->scale = scale;
	own->zero_point = zero;
	return own;
}

/* ---- Roots ---- */

/* The grid that it was trained with, scales a channel where that is better,
 * otherwise one. */
static int quantize_root(struct quantizer *q, struct value *v,
			 const uint32_t *root, int bits,
			 const struct input_range *image_range)
{
	struct graph *g = q->g;
	const struct observed *seen = q->seen.values[v->id];
	struct input_range r = { seen->low, seen->high };
	struct domain_grid grid;

	if (q->grids[v->id] && domain_grid(q->grids[v->id], &grid)) {
		v->quant = activation_quant(g->arena, &grid);
		return v->quant ? 0 : -1;
	}
	if (is_finer(q, v, root)) {
		if (q->c->methods & METHOD_CLIP)
			r = clip_range(seen, domain_table_behind(v), 10);
		range_to_scale(r, 8, &grid.scale, &grid.zero_point);
		v->quant = quarters(g->arena, grid);
		return v->quant ? 0 : -1;
	}
	if (q->tracks.of[v->id] && quantize_tracks(q, v, bits))
		return -1;
	if (v->quant)
		return 0;
	if (q->c->methods & METHOD_CLIP)
		r = clip_range(seen, domain_table_behind(v), bits);
	if (image_range && g->input_count && g->inputs[0] == v)
		r = *image_range;
	grid.bits = bits;
	range_to_scale(r, bits, &grid.scale, &grid.zero_point);
	v->quant = activation_quant(g->arena, &grid);
	return v->quant ? 0 : -1;
}

static int quantize_roots(struct quantizer *q, const uint32_t *root,
			  const bool *few,
			  const struct input_range *image_range)
{
	struct graph *g = q->g;
	struct quant **of = arena_array(&q->arena, g->value_count, sizeof(*of));

	if (!of)
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] == i)
			g->values[i]->quant = NULL;
	/* what tables make comes before what they read */
	for (int sums = 0; sums < 2; sums++)
		for (uint32_t i = 0; i < g->value_count; i++) {
			struct value *v = g->values[i];

			if (root[i] == i &&
			    (domain_table_of_sums(v) != NULL) == sums &&
			    quantize_root(q, v, root,
					  few[i] ? q->c->act_bits : 8,
					  image_range))
				return -1;
		}
	for (uint32_t i = 0; i < g->value_count; i++)
		of[i] = root[i] == i ? g->values[i]->quant : NULL;
	for (uint32_t i = 0; i < g->value_count; i++) {
		struct value *v = g->values[i];

		if (root[i] == DOMAIN_FLOAT)
			continue;
		v->quant = of[root[i]];
		if (v->quant->channels > 1)
			v->quant = pick_tracks(v->quant, q->tracks.of[i],
					       v->shape.dim[3], g->arena);
		if (!v->quant)
			return -1;
	}
	return 0;
}

static int copy_ranges(const struct channel_ranges *from, size_t count,
		       struct channel_ranges *to, struct arena *a)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = (size_t)from[i].channels;

		to[i] = from[i];
		if (!n)
			continue;
		to[i].low = arena_array(a, n, sizeof(float));
		to[i].high = arena_array(a, n, sizeof(float));
		if (!to[i].low || !to[i].high)
			return -1;
		memcpy(to[i].low, from[i].low, n * sizeof(float));
		memcpy(to[i].high, from[i].high, n * sizeof(float));
	}
	return 0;
}

/* Fewer bits than 8 where they lose least. */
static int choose_few(struct quantizer *q, const uint32_t *root, bool *few,
		      const struct input_range *image_range, struct diag *d)
{
	const struct progress p = { q->progress, q->progress_ctx,
				    "activations" };
	struct graph *g = q->g;
	struct channel_ranges *wide =
		arena_array(&q->arena, g->value_count, sizeof(*wide));

	if (!wide ||
	    copy_ranges(q->seen.ranges, g->value_count, wide, &q->arena))
		return diag_error(d, "out of memory");
	if (q->c->methods & METHOD_CLIP &&
	    channel_clip(g, &q->tracks, &q->few, q->seen.ranges, few,
			 1 << q->c->act_bits, q->c->jobs, d))
		return -1;
	if (q->c->uniform || !q->telling)
		return 0;
	if (quantize_roots(q, root, few, image_range))
		return diag_error(d, "out of memory");
	if (few_bits_raise(g, &q->few, root, few, q->c->jobs, &p, d))
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (!few[i])
			q->seen.ranges[i] = wide[i];
	return 0;
}

int quantize_activations(struct quantizer *q, const uint32_t *root,
			 const struct input_range *image_range, struct diag *d)
{
	bool *few = domain_few_bits(q->g, root, &q->arena);

	if (!few)
		return diag_error(d, "out of memory");
	if (q->c->act_bits < 8 && choose_few(q, root, few, image_range, d))
		return -1;
	return quantize_roots(q, root, few, image_range) ?
		       diag_error(d, "out of memory") :
		       0;
}
