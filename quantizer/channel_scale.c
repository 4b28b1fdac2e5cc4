/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scales of their own for the channels of an activation. A convolution
 * rounds each of its output channels by a multiplier of its own, and one that
 * reads can take a channel's scale into its weights: so the scale of what
 * lies between two convolutions may differ from channel to channel at no cost
 * on the device. Without it one loud channel leaves the others few steps,
 * which ruins depthwise networks (equalization of ranges as in Nagel et al.,
 * arXiv 1906.04721, section 4.1, but of the codes, so that activations that
 * are not linear can lie in between, by a table a channel).
 */
#include <float.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/internal.h"

#define LEAST_RATIO (1.0 / 1024) /* of the smallest scale to the largest */
#define LEAST_GAIN 1.5
#define LEAST_GAIN_FEW 1.05 /* of codes of fewer than 8 bits */
/* Tables cost 256 bytes a channel, about 60 in a coded file: only where one
 * scale for all loses more than 20 dB would, or 35 where they are cheap, and a
 * table each halves that. */
#define TABLES_SQNR 100.0
#define CHEAP_SQNR 3000.0
#define TABLES_GAIN 2.0

/* ---- Where it is possible ---- */

static bool is_plain_conv(const struct node *n)
{
	return n && n->op == OP_CONV && domain_has_weights(n);
}

static bool keeps_channels(const struct node *n)
{
	return (n->op == OP_MAX_POOL || n->op == OP_GLOBAL_MAX_POOL ||
		n->op == OP_RESIZE) &&
	       n->layout == LAYOUT_NHWC;
}

/* v is what a table makes of a convolution's output alone. */
static bool is_behind_table(const struct value *v)
{
	const struct value *x = v->producer ? node_input(v->producer, 0) : NULL;

	return x && is_plain_conv(x->producer) &&
	       x->producer->act.kind <= ACT_RELU &&
	       domain_table_behind(x) == v->producer;
}

static bool is_made_by_channel(const struct value *v)
{
	const struct node *n = v->producer;

	if (is_plain_conv(n))
		return n->act.kind == ACT_NONE || n->act.kind == ACT_RELU ||
		       (n->act.kind == ACT_LEAKY_RELU && n->act.a >= 0);
	return n && (keeps_channels(n) || is_behind_table(v));
}

static bool is_read_by_channel(const struct value *v, const uint32_t *root)
{
	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];

		if (n->inputs[0] != v || n->tail)
			return false;
		/* codes that were trained count in units of one scale */
		if (is_plain_conv(n) && !n->inputs[1]->quant)
			continue;
		if (keeps_channels(n) && root[n->outputs[0]->id] == root[v->id])
			continue;
		return false;
	}
	return v->use_count > 0;
}

static bool may_differ(const struct value *v, const uint32_t *root)
{
	const struct node *table = domain_table_behind(v);

	if (v->shape.rank != 4 || v->shape.dim[3] < 2 || v->is_output ||
	    !is_made_by_channel(v))
		return false;
	if (table && is_behind_table(table->outputs[0]))
		return root[table->outputs[0]->id] != DOMAIN_FLOAT;
	return is_read_by_channel(v, root);
}

int channel_ranges_init(struct channel_ranges *r, const struct graph *g,
			const uint32_t *root, struct arena *a)
{
	bool *differ = arena_array(a, g->value_count, sizeof(*differ));

	if (!differ)
		return -1;
	memset(differ, 1, g->value_count * sizeof(*differ));
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT && !may_differ(g->values[i], root))
			differ[root[i]] = false;
	for (uint32_t i = 0; i < g->value_count; i++) {
		int64_t channels;

		if (root[i] != i || !differ[i])
			continue;
		channels = g->values[i]->shape.dim[3];
		r[i].channels = (int)channels;
		r[i].low = arena_array(a, (size_t)channels, sizeof(float));
		r[i].high = arena_array(a, (size_t)channels, sizeof(float));
		if (!r[i].low || !r[i].high)
			return -1;
	}
	return 0;
}

/* ---- What is seen ---- */

static void widen(struct channel_ranges *r, int c, float low, float high)
{
	r->low[c] = low < r->low[c] ? low : r->low[c];
	r->high[c] = high > r->high[c] ? high : r->high[c];
}

void channel_ranges_add(struct channel_ranges *r, const float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i += r->channels)
		for (int c = 0; c < r->channels; c++)
			widen(r, c, x[i + c], x[i + c]);
}

void channel_ranges_merge(struct channel_ranges *into,
			  const struct channel_ranges *from)
{
	for (int c = 0; c < into->channels; c++)
		widen(into, c, from->low[c], from->high[c]);
}

/* ---- What readers make of it ---- */

/* Of a channel, over all convolutions that read it. */
struct reading {
	double power; /* sum of squared weights */
	double need;  /* least scale that holds its range */
};

/* The convolutions that read v, through what keeps channels apart. */
static int find_readers(const struct value *v, const struct node **list,
			int count, int most)
{
	for (int i = 0; i < v->use_count && count < most; i++) {
		const struct node *n = v->uses[i];

		if (is_plain_conv(n) && n->inputs[0] == v)
			list[count++] = n;
		else if (keeps_channels(n))
			count = find_readers(n->outputs[0], list, count, most);
	}
	return count;
}

/* Weight `tap` of output o and input channel k of its group. */
static double weight(const struct node *n, int64_t o, int64_t k, int64_t tap)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t taps = s->dim[2] * s->dim[3];

	return (double)((const float *)n->inputs[1]
				->data)[(o * s->dim[1] + k) * taps + tap];
}

struct conv_size {
	int64_t outputs, inputs, taps, group; /* inputs and outputs a group */
};

static struct conv_size size_of(const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;

	return (struct conv_size){ s->dim[0], s->dim[1], s->dim[2] * s->dim[3],
				   s->dim[0] / node_int(n, "group", 1) };
}

static void add_power(const struct node *n, struct reading *r)
{
	struct conv_size s = size_of(n);

	for (int64_t o = 0; o < s.outputs; o++)
		for (int64_t k = 0; k < s.inputs; k++)
			for (int64_t t = 0; t < s.taps; t++) {
				double w = weight(n, o, k, t);

				r[o / s.group * s.inputs + k].power += w * w;
			}
}

/*
 * Squared error that rounding n's weights adds, with the channels' scales in
 * them: per output a step of the largest over the grid's reach, squared over
 * 12, times the power of the codes, taken as a sixth of their range.
 */
static double weight_error(const struct node *n, const struct reading *r,
			   const double *scale, int bits, int levels)
{
	double reach = bits == 2 ? 1.5 : (1 << (bits - 1)) - 1, total = 0;
	struct conv_size s = size_of(n);

	for (int64_t o = 0; o < s.outputs; o++) {
		int64_t first = o / s.group * s.inputs;
		double top = 0, codes = 0;

		for (int64_t k = 0; k < s.inputs; k++) {
			double code = r[first + k].need * (levels - 1) / 6 /
				      scale[first + k];

			codes += (double)s.taps * code * code;
			for (int64_t t = 0; t < s.taps; t++) {
				double w =
					weight(n, o, k, t) * scale[first + k];

				w = w < 0 ? -w : w;
				top = w > top ? w : top;
			}
		}
		total += top / reach * (top / reach) / 12 * codes;
	}
	return total;
}

/* ---- The choice ---- */

#define MAX_READERS 16

struct choice {
	const struct channel_ranges *ranges;
	struct input_range limits; /* beyond which clipping pays */
	const struct node *readers[MAX_READERS];
	int reader_count;
	struct reading *channels;
	double *scale;
	int zero, weight_bits;
	int levels;    /* of the codes, the lowest -levels / 2 */
	double margin; /* what is not seen may be so much larger */
};

static double need_at(const struct choice *k, int c, int zero)
{
	double low = (double)k->ranges->low[c],
	       high = (double)k->ranges->high[c];
	double below = zero + k->levels / 2;
	double above = k->levels / 2 - 1 - zero;

	low = low < (double)k->limits.low ? (double)k->limits.low : low;
	high = high > (double)k->limits.high ? (double)k->limits.high : high;
	if ((low < 0 && below == 0) || (high > 0 && above == 0))
		return -1;
	low = below > 0 ? -low / below : 0;
	high = above > 0 ? high / above : 0;
	return low > high ? low : high;
}

/* The one zero point with which the channels need least. */
static void choose_zero(struct choice *k)
{
	double best = -1;

	for (int zero = -k->levels / 2; zero < k->levels / 2; zero++) {
		double cost = 0;
		int c;

		for (c = 0; c < k->ranges->channels; c++) {
			double need = need_at(k, c, zero);

			if (need < 0)
				break;
			cost += k->channels[c].power * need * need;
		}
		if (c == k->ranges->channels && (best < 0 || cost < best)) {
			best = cost;
			k->zero = zero;
		}
	}
	for (int c = 0; c < k->ranges->channels; c++)
		k->channels[c].need = need_at(k, c, k->zero);
}

static double largest_need(const struct choice *k)
{
	double top = 0;

	for (int c = 0; c < k->ranges->channels; c++)
		top = k->channels[c].need > top ? k->channels[c].need : top;
	return top;
}

/* Between one scale for all (quarters 0) and just what each needs (4). */
static void set_scales(struct choice *k, int quarters)
{
	double top = largest_need(k);

	for (int c = 0; c < k->ranges->channels; c++) {
		double ratio = k->channels[c].need / top * k->margin, half;

		ratio = ratio < LEAST_RATIO ? LEAST_RATIO :
			ratio > 1           ? 1 :
					      ratio;
		half = det_sqrt(ratio);
		ratio = quarters == 4 ? ratio :
			quarters == 3 ? half * det_sqrt(half) :
			quarters == 2 ? half :
			quarters == 1 ? det_sqrt(half) :
					1;
		k->scale[c] = (double)(float)(top * ratio);
	}
}

static double activation_error(const struct choice *k)
{
	double total = 0;

	for (int c = 0; c < k->ranges->channels; c++)
		total += k->channels[c].power * k->scale[c] * k->scale[c] / 12;
	return total;
}

static double error_of(const struct choice *k)
{
	double total = activation_error(k);

	for (int i = 0; i < k->reader_count; i++) {
		bool depthwise = k->readers[i]->inputs[1]->shape.dim[1] == 1;

		total += weight_error(k->readers[i], k->channels, k->scale,
				      depthwise ? 8 : k->weight_bits,
				      k->levels);
	}
	return total;
}

/* Mean power of what is read, after the weights. */
static double signal_of(const struct choice *k)
{
	double total = 0;

	for (int c = 0; c < k->ranges->channels; c++) {
		double x = k->channels[c].need * (k->levels - 1) / 6;

		total += k->channels[c].power * x * x;
	}
	return total;
}

/* Leaves the best scales; how much less the error is than with one. */
static double choose_scales(struct choice *k)
{
	double one, best;
	int best_at = 0;

	set_scales(k, 0);
	one = best = error_of(k);
	for (int quarters = 1; quarters <= 4; quarters++) {
		double error;

		set_scales(k, quarters);
		error = error_of(k);
		if (error < best) {
			best = error;
			best_at = quarters;
		}
	}
	set_scales(k, best_at);
	return best > 0 ? one / best : 1;
}

static struct quant *quant_of(const struct choice *k, struct arena *a)
{
	size_t n = (size_t)k->ranges->channels;
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_array(a, n, sizeof(*scale));
	int32_t *zero = arena_array(a, n, sizeof(*zero));

	if (!q || !scale || !zero)
		return NULL;
	for (size_t c = 0; c < n; c++) {
		scale[c] = (float)k->scale[c];
		zero[c] = k->zero;
	}
	*q = (struct quant){ .bits = k->levels == 16 ? 4 : 8,
			     .is_signed = true,
			     .axis = 3,
			     .channels = (int)n,
			     .scale = scale,
			     .zero_point = zero };
	return q;
}

/* The activation behind v's convolution, where a table makes it. */
static bool needs_tables(const struct value *v)
{
	return domain_table_behind(v) || is_behind_table(v);
}

int channel_quant(const struct value *v, const struct channel_ranges *r,
		  const struct channel_terms *terms, struct arena *a,
		  struct arena *scratch, struct quant **out)
{
	const struct node *table = domain_table_behind(v);
	const double sqnr = terms->cheap_tables ? CHEAP_SQNR : TABLES_SQNR;
	bool few = terms->bits < 8;
	struct choice k = { .ranges = r,
			    .limits = terms->limits,
			    .weight_bits = terms->weight_bits,
			    .levels = 1 << terms->bits };
	double gain;

	*out = NULL;
	k.margin = 1 + 1 / det_sqrt(terms->samples);
	if (few) { /* the ranges are where clipping pays */
		k.margin = 1;
		k.limits = (struct input_range){ -FLT_MAX, FLT_MAX };
	}
	/* what a loud channel would clip off all of a curve's foot */
	if (is_behind_table(v))
		k.limits.low = -FLT_MAX;
	k.channels =
		arena_array(scratch, (size_t)r->channels, sizeof(*k.channels));
	k.scale = arena_array(scratch, (size_t)r->channels, sizeof(double));
	if (!k.channels || !k.scale)
		return -1;
	k.reader_count = find_readers(table ? table->outputs[0] : v, k.readers,
				      0, MAX_READERS);
	for (int i = 0; i < k.reader_count; i++)
		add_power(k.readers[i], k.channels);
	for (int c = 0; !k.reader_count && c < r->channels; c++)
		k.channels[c].power = 1; /* behind a table: not known */
	choose_zero(&k);
	if (!(largest_need(&k) > 1e-30))
		return 0;
	if (table)
		k.reader_count = 0; /* the table takes the scales, no weights */
	gain = choose_scales(&k);
	if (needs_tables(v)) {
		set_scales(&k, 0);
		if (signal_of(&k) > sqnr * activation_error(&k) ||
		    gain < TABLES_GAIN)
			return 0;
		choose_scales(&k);
	} else if (gain < (few ? LEAST_GAIN_FEW : LEAST_GAIN)) {
		return 0;
	}
	*out = quant_of(&k, a);
	return *out ? 0 : -1;
}
