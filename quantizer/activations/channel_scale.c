/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scales of their own for the channels of an activation. A convolution
 * rounds each of its output channels by a multiplier of its own, and one that
 * reads can take a channel's scale into its weights: so the scale of what
 * lies between two convolutions may differ from channel to channel at no cost
 * on the device; sums have multipliers a channel. Without it one loud channel
 * leaves the others few steps, which ruins depthwise networks (equalization of
 * ranges as in Nagel et al., arXiv 1906.04721, section 4.1, but of the codes,
 * so that activations that are not linear can lie in between, by a table a
 * channel).
 */
#include <float.h>

#include "evaluator/detmath.h"
#include "quantizer/internal.h"

#define LEAST_RATIO (1.0 / 1024) /* of the smallest scale to the largest */
#define LEAST_GAIN 1.05          /* it costs next to nothing */
/* Photos leave the ranges of drawings: FastestDet without photos, 8 bits, has
 * .90 of the float model's detections with a margin of 1.1, .93 with 1.3, .94
 * with 1.6, .95 with 2 and 3. */
#define DRAWN_MARGIN 2.0
/* Tables cost 256 bytes a channel, about 60 in a coded file: only where one
 * scale for all loses more than 20 dB would, or 35 where they are cheap, and a
 * table each halves that. */
#define TABLES_SQNR 100.0
#define CHEAP_SQNR 3000.0
#define TABLES_GAIN 2.0

/* ---- What is seen ---- */

static void widen(struct channel_ranges *r, int c, float low, float high)
{
	r->low[c] = low < r->low[c] ? low : r->low[c];
	r->high[c] = high > r->high[c] ? high : r->high[c];
}

int channel_ranges_init(struct channel_ranges *r, const struct graph *g,
			const struct tracks *t, struct arena *a)
{
	for (uint32_t i = 0; i < g->value_count; i++) {
		if (t->root[i] != i || !t->of[i])
			continue;
		r[i].channels = t->count[i];
		r[i].low = arena_array(a, (size_t)t->count[i], sizeof(float));
		r[i].high = arena_array(a, (size_t)t->count[i], sizeof(float));
		if (!r[i].low || !r[i].high)
			return -1;
		for (int c = 0; c < t->count[i]; c++) {
			r[i].low[c] = FLT_MAX;
			r[i].high[c] = -FLT_MAX;
		}
	}
	return 0;
}

void channel_ranges_add(struct channel_ranges *r, const struct tracks *t,
			const struct value *v, const float *x, int64_t n)
{
	const int first = (int)t->of[v->id][0];
	const int channels = (int)v->shape.dim[3];

	for (int64_t i = 0; i < n; i += channels)
		for (int c = 0; c < channels; c++)
			widen(r, first + c, x[i + c], x[i + c]);
}

void channel_ranges_merge(struct channel_ranges *into,
			  const struct channel_ranges *from)
{
	for (int c = 0; c < into->channels; c++)
		widen(into, c, from->low[c], from->high[c]);
}

void channel_ranges_hold_zero(struct channel_ranges *r)
{
	for (int c = 0; c < r->channels; c++)
		widen(r, c, 0, 0);
}

/* ---- What readers make of it ---- */

/* Of a track, over all convolutions that read it. */
struct reading {
	double power;   /* sum of squared weights */
	double need;    /* least scale that holds its range */
	double loudest; /* the most that a channel of its maker needs */
};

/* A convolution or a sum, and the tracks of what it reads. */
struct reader {
	const struct node *n;
	const uint32_t *of;
	double share; /* of its errors: one over the power of what it makes */
};

static bool is_reader(const struct tracks *t, const struct node *n, int input,
		      uint32_t root)
{
	const struct value *x = node_input(n, input);

	return x && t->root[x->id] == root && t->of[x->id] &&
	       (input == 0 ? tracks_conv(n) || tracks_sum(n) :
			     input == 1 && tracks_sum(n));
}

/* All that read tracks of a root; list NULL: only counts. */
static int find_readers(const struct graph *g, const struct tracks *t,
			uint32_t root, struct reader *list)
{
	int count = 0;

	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; i < n->input_count; i++) {
			if (!is_reader(t, n, i, root))
				continue;
			if (list)
				list[count] = (struct reader){
					n, t->of[n->inputs[i]->id], 1
				};
			count++;
		}
	return count;
}

double conv_weight(const struct node *n, int64_t o, int64_t k, int64_t tap)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t taps = s->dim[2] * s->dim[3];

	return (double)((const float *)n->inputs[1]
				->data)[(o * s->dim[1] + k) * taps + tap];
}

struct conv_size conv_size(const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;

	return (struct conv_size){ s->dim[0], s->dim[1], s->dim[2] * s->dim[3],
				   s->dim[0] / node_int(n, "group", 1) };
}

/* Adds times `share` the squared weights by track. */
static void add_power(const struct reader *of, struct reading *r)
{
	struct conv_size s;

	if (tracks_sum(of->n)) {
		for (int64_t c = 0; c < of->n->outputs[0]->shape.dim[3]; c++)
			r[of->of[c]].power += of->share;
		return;
	}
	s = conv_size(of->n);
	for (int64_t o = 0; o < s.outputs; o++)
		for (int64_t k = 0; k < s.inputs; k++) {
			uint32_t track = of->of[o / s.group * s.inputs + k];

			for (int64_t t = 0; t < s.taps; t++) {
				double w = conv_weight(of->n, o, k, t);

				r[track].power += of->share * (w * w);
			}
		}
}

/*
 * Squared error that rounding n's weights adds, with the channels' scales in
 * them: per output a step of the largest over the grid's reach, squared over
 * 12, times the power of the codes, taken as a sixth of their range.
 */
static double weight_error(const struct reader *of, const struct reading *r,
			   const double *scale, int bits, int levels)
{
	double reach = bits == 2 ? 1.5 : (1 << (bits - 1)) - 1, total = 0;
	struct conv_size s = conv_size(of->n);

	for (int64_t o = 0; o < s.outputs; o++) {
		const uint32_t *track = of->of + o / s.group * s.inputs;
		double top = 0, codes = 0;

		for (int64_t k = 0; k < s.inputs; k++) {
			double code = r[track[k]].need * (levels - 1) / 6 /
				      scale[track[k]];

			codes += (double)s.taps * code * code;
			for (int64_t t = 0; t < s.taps; t++) {
				double w = conv_weight(of->n, o, k, t) *
					   scale[track[k]];

				w = w < 0 ? -w : w;
				top = w > top ? w : top;
			}
		}
		total += top / reach * (top / reach) / 12 * codes;
	}
	return total;
}

/* ---- The choice ---- */

struct choice {
	const struct channel_ranges *ranges;
	struct reader *readers;
	int reader_count;
	struct reading *channels; /* by track, like all below */
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

/* Between one scale for all, or for all that one convolution makes, (quarters
 * 0) and just what each needs (4). */
static void set_scales(struct choice *k, bool by_maker, int quarters)
{
	double all = largest_need(k), least = all * LEAST_RATIO;

	for (int c = 0; c < k->ranges->channels; c++) {
		double need = k->channels[c].need * k->margin, half, ratio;
		double top = by_maker ? k->channels[c].loudest * k->margin :
					all;

		top = top < least ? least : top > all ? all : top;
		need = need < least ? least : need > top ? top : need;
		ratio = need / top;
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
		const struct reader *of = &k->readers[i];
		bool depthwise = of->n->inputs[1]->shape.dim[1] == 1;

		if (tracks_sum(of->n))
			continue;
		total +=
			of->share * weight_error(of, k->channels, k->scale,
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

	set_scales(k, false, 0);
	one = best = error_of(k);
	for (int at = 1; at < 9; at++) { /* 4 quarters are the same in both */
		double error;

		set_scales(k, at > 4, at % 5);
		error = error_of(k);
		if (error < best) {
			best = error;
			best_at = at;
		}
	}
	set_scales(k, best_at > 4, best_at % 5);
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

/* ---- A root ---- */

/* Errors of readers are told against the power of what they make: a track's
 * weights times its range. */
static void weigh_readers(struct choice *k)
{
	for (int i = 0; i < k->reader_count; i++) {
		struct reader *of = &k->readers[i];
		double total = 0;

		for (int c = 0; c < k->ranges->channels; c++)
			k->channels[c].power = 0;
		add_power(of, k->channels);
		for (int c = 0; c < k->ranges->channels; c++) {
			double range = (double)k->ranges->high[c] -
				       (double)k->ranges->low[c];

			total += k->channels[c].power * range * range;
		}
		of->share = total > 0 ? 1 / total : 0;
	}
	for (int c = 0; c < k->ranges->channels; c++)
		k->channels[c].power = k->reader_count ? 0 : 1;
	for (int i = 0; i < k->reader_count; i++)
		add_power(&k->readers[i], k->channels);
}

static void find_loudest(struct choice *k, const struct graph *g,
			 const struct tracks *t, uint32_t root)
{
	for (uint32_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];
		struct reading *r = k->channels;
		double top = 0;

		if (t->root[i] != root || !tracks_begin(t, v))
			continue;
		r += t->of[i][0];
		for (int c = 0; c < v->shape.dim[3]; c++)
			top = r[c].need > top ? r[c].need : top;
		for (int c = 0; c < v->shape.dim[3]; c++)
			r[c].loudest = top;
	}
}

/* The tracks that are read: behind a table, those of what it makes. */
static int list_readers(struct choice *k, const struct graph *g,
			const struct tracks *t, const struct value *root,
			struct arena *scratch)
{
	const struct node *table = domain_table_behind(root);
	uint32_t read = table ? t->root[table->outputs[0]->id] : root->id;

	k->reader_count = find_readers(g, t, read, NULL);
	k->readers = arena_array(scratch, (size_t)k->reader_count + 1,
				 sizeof(*k->readers));
	if (!k->readers)
		return -1;
	find_readers(g, t, read, k->readers);
	return 0;
}

static double margin_of(const struct channel_terms *terms)
{
	/* the ranges are where clipping pays */
	if (terms->bits < 8)
		return 1;
	return terms->drawn ? DRAWN_MARGIN : 1 + 1 / det_sqrt(terms->samples);
}

int channel_quant(const struct graph *g, const struct value *root,
		  const struct tracks *t, const struct channel_ranges *r,
		  const struct channel_terms *terms, struct arena *a,
		  struct arena *scratch, struct quant **out)
{
	const bool inner = domain_table_behind(root) != NULL;
	const bool tables = inner || tracks_behind_table(root);
	const double sqnr = terms->cheap_tables ? CHEAP_SQNR : TABLES_SQNR;
	struct choice k = { .ranges = r,
			    .weight_bits = terms->weight_bits,
			    .levels = 1 << terms->bits };
	double gain;

	*out = NULL;
	k.margin = margin_of(terms);
	k.channels =
		arena_array(scratch, (size_t)r->channels, sizeof(*k.channels));
	k.scale = arena_array(scratch, (size_t)r->channels, sizeof(double));
	if (!k.channels || !k.scale || list_readers(&k, g, t, root, scratch))
		return -1;
	weigh_readers(&k);
	choose_zero(&k);
	find_loudest(&k, g, t, root->id);
	if (!(largest_need(&k) > 1e-30))
		return 0;
	if (inner)
		k.reader_count = 0; /* the table takes the scales, no weights */
	gain = choose_scales(&k);
	if (tables) {
		set_scales(&k, false, 0);
		if (signal_of(&k) > sqnr * activation_error(&k) ||
		    gain < TABLES_GAIN)
			return 0;
		choose_scales(&k);
	} else if (gain < LEAST_GAIN) {
		return 0;
	}
	*out = quant_of(&k, a);
	return *out ? 0 : -1;
}
