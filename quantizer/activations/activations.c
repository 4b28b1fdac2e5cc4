/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the scales of activations. */
#include "quantizer/activations/activations.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "quantizer/activations/channel_clip.h"
#include "quantizer/activations/channel_scale.h"
#include "quantizer/activations/clip.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"

#define RATIO_MAX 32 /* a weight times its input, in steps of the output */
#define FINE_BITS 10 /* codes of accumulators that only a table reads */

struct activation_quantizer {
	struct graph *g;
	const struct activation_settings *s;
	const struct calibration *seen;
	struct channel_ranges *ranges; /* by scale group, clipped */
};

/* ---- One scale ---- */

static struct quant *activation_quant(struct arena *a,
				      const struct trained_grid *grid)
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

/* An 8-bit grid with four times as many codes. */
static struct quant *fine_quant(struct arena *a, struct trained_grid grid)
{
	grid.scale /= 4;
	grid.zero_point *= 4;
	grid.bits = FINE_BITS;
	return activation_quant(a, &grid);
}

/*
 * v may have finer codes: only a table reads the accumulators of a convolution,
 * so v is never stored. Four times as many codes cost a larger table, which
 * hardly matters in a coded file, and leave only the rounding after the table.
 */
static bool is_finer(const struct activation_quantizer *q,
		     const struct value *v)
{
	const struct node *table = value_accumulator_table(v);
	uint32_t made;

	if (!(q->s->c->methods & METHOD_FINE_TABLES) || !q->s->coded ||
	    q->s->trained_grids[v->id] || !table)
		return false;
	made = q->s->scale_group[table->outputs[0]->id];
	return made != SCALE_GROUP_FLOAT &&
	       !quant_per_channel(q->g->values[made]->quant);
}

/* The size of tables hardly matters: coded weights of 8 bits, and no limit on
 * the model's size. */
static bool has_cheap_tables(const struct activation_quantizer *q)
{
	const struct config *c = q->s->c;

	return q->s->coded && c->bits == 8 && !c->max_size_bytes &&
	       !c->max_ram_bytes;
}

/* ---- A scale per channel ---- */

/* Observed maximum of channel c of a value. */
static float channel_max(const struct activation_quantizer *q,
			 const struct value *v, int64_t c)
{
	const uint32_t group = q->s->channel_groups->scale_group[v->id];
	const uint32_t *of = q->s->channel_groups->of[v->id];

	return group == SCALE_GROUP_FLOAT ? FLT_MAX :
	       of                         ? q->ranges[group].high[of[c]] :
					    q->seen->values[group]->high;
}

/* The least value of channel c that matters where only Relu(v + y) reads v:
 * below -max(y) the output is always 0. */
static float least_effective(const struct activation_quantizer *q,
			     const struct value *v, int64_t c)
{
	const struct node *n = value_only_reader(v);

	if (!n || n->op != OP_ADD || n->act.kind != ACT_RELU ||
	    !channel_groups_sum(n))
		return -FLT_MAX;
	return -channel_max(q, n->inputs[n->inputs[0] == v], c);
}

/* The ranges of a scale group's channels, each within the MSE clipping range of
 * the value where the channel begins. */
static int clip_channel_groups(struct activation_quantizer *q,
			       const struct value *leader, int bits,
			       struct channel_ranges *out)
{
	const struct channel_ranges *seen = &q->ranges[leader->id];
	const struct channel_groups *t = q->s->channel_groups;
	size_t bytes = (size_t)seen->channels * sizeof(float);

	out->channels = seen->channels;
	out->low = arena_alloc(q->s->scratch, bytes);
	out->high = arena_alloc(q->s->scratch, bytes);
	if (!out->low || !out->high)
		return -1;
	memcpy(out->low, seen->low, bytes);
	memcpy(out->high, seen->high, bytes);
	if (bits < 8 || !(q->s->c->methods & METHOD_CLIP))
		return 0;
	for (uint32_t i = 0; i < q->s->channel_groups->values; i++) {
		const struct value *v = q->g->values[i];
		struct input_range r;

		if (t->scale_group[i] != leader->id ||
		    !channel_groups_begin(t, v))
			continue;
		r = clip_range(q->seen->values[i], value_table_reader(v), bits);
		/* the lower end of an activation curve matters in every
		 * channel: one large channel must not clip it */
		if (channel_groups_behind_table(v))
			r.low = -FLT_MAX;
		for (int64_t c = 0; c < v->shape.dim[3]; c++) {
			float *low = &out->low[t->of[i][c]];
			float *high = &out->high[t->of[i][c]];

			*low = fmaxf(fmaxf(*low, r.low),
				     least_effective(q, v, c));
			*high = fminf(*high, r.high);
		}
	}
	return 0;
}

static int quantize_channel_groups(struct activation_quantizer *q,
				   struct value *leader, int bits)
{
	const struct channel_scale_settings settings = {
		.samples = q->seen->samples,
		.synthetic = q->s->synthetic,
		.weight_bits = q->s->weight_bits,
		.bits = bits,
		.cheap_tables = has_cheap_tables(q)
	};
	struct channel_ranges ranges;

	if (clip_channel_groups(q, leader, bits, &ranges))
		return -1;
	return channel_quant(q->g, leader, q->s->channel_groups, &ranges,
			     &settings, q->g->arena, q->s->scratch,
			     &leader->quant);
}

/* The quant of a value, from the quant of its scale group, by channel group. */
static struct quant *pick_channels(const struct quant *q, const uint32_t *of,
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

/* ---- Scale groups ---- */

/* The grid that training gave the group of v. One with more codes than the
 * device has keeps its scale where the codes in use are few enough. */
static bool group_grid(const struct activation_quantizer *q,
		       const struct value *v, struct trained_grid *grid)
{
	const struct node *n = q->s->trained_grids[v->id];
	const struct histogram *seen = q->seen->values[v->id];
	double low, high;

	if (!n)
		return false;
	if (trained_grid(n, grid)) {
		/* the Quant behind v clamps */
		if (q->s->scale_group[n->outputs[0]->id] != v->id)
			grid->bits = 8;
		return true;
	}
	if (!finer_grid(n, &grid->scale))
		return false;
	low = rint((double)seen->low / (double)grid->scale);
	high = rint((double)seen->high / (double)grid->scale);
	if (!(high - low <= 255))
		return false;
	grid->bits = 8;
	grid->zero_point = (int32_t)fmin(fmax(-128 - low, -128), 127);
	return (double)grid->zero_point + high <= 127;
}

/* The grid from training, or a scale per channel where that is better, or one
 * scale. */
static int quantize_group(struct activation_quantizer *q, struct value *v,
			  int bits)
{
	struct graph *g = q->g;
	const struct histogram *seen = q->seen->values[v->id];
	struct input_range r = { seen->low, seen->high };
	struct trained_grid grid;

	if (group_grid(q, v, &grid)) {
		v->quant = activation_quant(g->arena, &grid);
		if (!v->quant)
			return -1;
		v->quant->trained = true;
		return 0;
	}
	if (is_finer(q, v)) {
		if (q->s->c->methods & METHOD_CLIP)
			r = clip_range(seen, value_table_reader(v), FINE_BITS);
		range_to_scale(r, 8, &grid.scale, &grid.zero_point);
		v->quant = fine_quant(g->arena, grid);
		return v->quant ? 0 : -1;
	}
	if (q->s->channel_groups->of[v->id] &&
	    quantize_channel_groups(q, v, bits))
		return -1;
	if (v->quant)
		return 0;
	if (q->s->c->methods & METHOD_CLIP)
		r = clip_range(seen, value_table_reader(v), bits);
	if (q->s->image_range && g->input_count && g->inputs[0] == v)
		r = *q->s->image_range;
	grid.bits = bits;
	range_to_scale(r, bits, &grid.scale, &grid.zero_point);
	v->quant = activation_quant(g->arena, &grid);
	return v->quant ? 0 : -1;
}

/* Input channel that element i of output channel c's weights multiplies; a
 * ConvTranspose has the weights of all its outputs in one row. */
static int64_t input_channel(const struct node *n, int64_t c, int64_t i)
{
	const struct shape *w = &n->inputs[1]->shape;
	int64_t taps = 1, group;

	for (int k = n->op == OP_CONV_TRANSPOSE ? 1 : 2; k < w->rank; k++)
		taps *= w->dim[k];
	if (n->op != OP_CONV)
		return i / taps;
	group = c / (w->dim[0] / node_int(n, "group", 1));
	return group * w->dim[1] + i / taps;
}

/* The largest product of a weight of output channel c and the scale of what it
 * multiplies. x: of the input's scale group; of: the place of each channel of
 * the input there. */
static double largest_product(const struct node *n, const struct quant *x,
			      const uint32_t *of, int64_t c)
{
	const struct value *w = n->inputs[1];
	const float *data = w->data;
	bool by_row = n->op != OP_CONV_TRANSPOSE;
	int64_t total = shape_elements(&w->shape);
	int64_t row = by_row ? total / w->shape.dim[0] : total;
	double most = 0;

	for (int64_t i = 0; i < row; i++) {
		double weight = (double)data[(by_row ? c * row : 0) + i];
		uint32_t from =
			quant_per_channel(x) ? of[input_channel(n, c, i)] : 0;

		most = fmax(most, fabs(weight) * (double)x->scale[from]);
	}
	return most;
}

/*
 * A layer whose outputs hardly varied, such as behind black pictures, has a
 * tiny scale: too small for the device's multiplier of one weight, or for the
 * shifts of its faster kernels. Wider ones lose nothing that was observed. In
 * the order of the graph, because a wider input needs a wider output.
 */
static int widen_scales(struct activation_quantizer *q, struct diag *d)
{
	for (const struct node *n = q->g->first; n; n = n->next) {
		const struct value *y = n->outputs[0];
		const struct quant *x;
		const uint32_t *x_of;
		struct quant *own;
		uint32_t from, to;

		if (!node_has_weights(n))
			continue;
		from = q->s->scale_group[n->inputs[0]->id];
		to = q->s->scale_group[y->id];
		if (from == SCALE_GROUP_FLOAT || to == SCALE_GROUP_FLOAT ||
		    q->s->trained_grids[to])
			continue;
		x = q->g->values[from]->quant;
		x_of = q->s->channel_groups->of[n->inputs[0]->id];
		own = q->g->values[to]->quant;
		for (int64_t c = 0; c < y->shape.dim[y->shape.rank - 1]; c++) {
			const uint32_t *of = q->s->channel_groups->of[y->id];
			uint32_t at = quant_per_channel(own) ? of[c] : 0;
			float *scale = (float *)(uintptr_t)&own->scale[at];
			double least =
				largest_product(n, x, x_of, c) / RATIO_MAX;

			if (least > FLT_MAX)
				return node_error(
					d, n,
					"weights times input are larger than a "
					"float can be");
			if ((double)*scale < least)
				*scale = (float)least;
		}
	}
	return 0;
}

static int quantize_groups(struct activation_quantizer *q, struct diag *d)
{
	const uint32_t *scale_group = q->s->scale_group;
	const size_t values = q->s->channel_groups->values;
	struct graph *g = q->g;
	struct quant **of = arena_array(q->s->scratch, values, sizeof(*of));

	if (!of)
		return diag_error(d, "out of memory");
	for (uint32_t i = 0; i < values; i++)
		if (scale_group[i] == i)
			g->values[i]->quant = NULL;
	/* the outputs of tables come before the values that tables read */
	for (int sums = 0; sums < 2; sums++)
		for (uint32_t i = 0; i < values; i++) {
			struct value *v = g->values[i];

			if (scale_group[i] == i &&
			    (value_accumulator_table(v) != NULL) == sums &&
			    quantize_group(q, v, q->s->bits[i]))
				return diag_error(d, "out of memory");
		}
	if (widen_scales(q, d))
		return -1;
	for (uint32_t i = 0; i < values; i++)
		of[i] = scale_group[i] == i ? g->values[i]->quant : NULL;
	for (uint32_t i = 0; i < values; i++) {
		struct value *v = g->values[i];

		if (scale_group[i] == SCALE_GROUP_FLOAT)
			continue;
		v->quant = of[scale_group[i]];
		if (quant_per_channel(v->quant))
			v->quant = pick_channels(v->quant,
						 q->s->channel_groups->of[i],
						 v->shape.dim[3], g->arena);
		if (!v->quant)
			return diag_error(d, "out of memory");
	}
	return 0;
}

static int clip_few_bits(struct activation_quantizer *q, struct diag *d)
{
	bool any = false;

	q->ranges = arena_array(q->s->scratch, q->s->channel_groups->values,
				sizeof(*q->ranges));
	if (!q->ranges ||
	    channel_ranges_copy(q->seen->ranges, q->s->channel_groups->values,
				q->ranges, q->s->scratch))
		return diag_error(d, "out of memory");
	for (uint32_t i = 0; i < q->s->channel_groups->values; i++)
		any = any || q->s->bits[i] < 8;
	if (!any || !(q->s->c->methods & METHOD_CLIP))
		return 0;
	return channel_clip(q->g, q->s->channel_groups, q->s->subset, q->ranges,
			    q->s->bits, q->s->c->jobs, d);
}

int quantize_activations(struct graph *g, const struct activation_settings *s,
			 const struct calibration *seen, struct diag *d)
{
	struct activation_quantizer q = { g, s, seen, NULL };

	return clip_few_bits(&q, d) || quantize_groups(&q, d) ? -1 : 0;
}
