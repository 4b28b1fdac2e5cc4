/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Per-channel scales of activations. A convolution rounds each of its output
 * channels with a separate multiplier, and a convolution that reads a channel
 * can contain the channel's scale in its weights. So the scale of a value
 * between two convolutions may differ by channel at no cost on the device; sums
 * have multipliers per channel. With one scale for all, one channel of large
 * values leaves few steps to the others, which ruins depthwise networks.
 *
 * This is cross-layer equalization (Nagel et al., arXiv 1906.04721, section
 * 4.1), but of the codes instead of the weights: a nonlinear activation may
 * lie between, as one table per channel.
 */
#include "quantizer/activations/channel_scale.h"

#include "evaluator/detmath.h"
#include "quantizer/graph/conv_weights.h"
#include "quantizer/graph/integer_nodes.h"

#define SCALE_RATIO_MIN (1.0 / 1024) /* smallest scale over the largest */
#define GAIN_MIN 1.05   /* error with one scale over error with several */
#define RANGE_MIN 1e-30 /* values that are always 0 get one scale */
/* Photos exceed the ranges of synthetic images: FastestDet without photos, 8
 * bits, has .90 of the float model's detections with a margin of 1.1, .93 with
 * 1.3, .94 with 1.6, .95 with 2 and 3. */
#define SYNTHETIC_MARGIN 2.0
/* A table per channel costs 256 bytes, about 60 in a coded file: only where the
 * signal with one scale for all is less than 20 dB above the error, or 35 dB
 * where tables are cheap, and several tables at least halve the error. */
#define TABLES_SQNR 100.0
#define CHEAP_TABLES_SQNR 3000.0
#define TABLES_GAIN_MIN 2.0

/* ---- The readers ---- */

/* A channel group. */
struct channel_need {
	double power; /* squared weights of all its readers, weighted by share
		       */
	double need;  /* least scale that covers its range */
	double producer_need; /* the largest of its producer's channels */
};

/* A convolution or a sum, and the channel groups of its input. */
struct channel_reader {
	const struct node *n;
	const uint32_t *channel_group; /* by channel of the input */
	double share; /* weight of its errors: 1 / power of its output */
};

static bool is_reader(const struct channel_groups *groups, const struct node *n,
		      int input, uint32_t group)
{
	const struct value *x = node_input(n, input);

	return x && groups->scale_group[x->id] == group && groups->of[x->id] &&
	       (input == 0 ? channel_groups_conv(n) || channel_groups_sum(n) :
			     input == 1 && channel_groups_sum(n));
}

/* All readers of a scale group's channels; list NULL: only counts. */
static int find_readers(const struct graph *g,
			const struct channel_groups *groups, uint32_t group,
			struct channel_reader *list)
{
	int count = 0;

	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; i < n->input_count; i++) {
			if (!is_reader(groups, n, i, group))
				continue;
			if (list)
				list[count] = (struct channel_reader){
					n, groups->of[n->inputs[i]->id], 1
				};
			count++;
		}
	return count;
}

/* Adds share times the squared weights, by channel group. */
static void add_power(const struct channel_reader *reader,
		      struct channel_need *r)
{
	struct conv_size s;

	if (channel_groups_sum(reader->n)) {
		for (int64_t c = 0; c < reader->n->outputs[0]->shape.dim[3];
		     c++)
			r[reader->channel_group[c]].power += reader->share;
		return;
	}
	s = conv_size(reader->n);
	for (int64_t o = 0; o < s.outputs; o++)
		for (int64_t k = 0; k < s.inputs; k++) {
			uint32_t group =
				reader->channel_group[o / s.group_outputs *
							      s.inputs +
						      k];

			for (int64_t tap = 0; tap < s.taps; tap++) {
				double w = conv_weight(reader->n, o, k, tap);

				r[group].power += reader->share * (w * w);
			}
		}
}

/*
 * Squared error from rounding the reader's weights, which contain the channels'
 * scales. For each output channel: step^2 / 12, where the step is the largest
 * weight over the largest code, times the power of the input codes, whose
 * standard deviation is taken as a sixth of their range.
 */
static double weight_error(const struct channel_reader *reader,
			   const struct channel_need *r, const double *scale,
			   int bits, int levels)
{
	double reach = bits == 2 ? 1.5 : (1 << (bits - 1)) - 1, total = 0;
	struct conv_size s = conv_size(reader->n);

	for (int64_t o = 0; o < s.outputs; o++) {
		const uint32_t *group =
			reader->channel_group + o / s.group_outputs * s.inputs;
		double top = 0, codes = 0;

		for (int64_t k = 0; k < s.inputs; k++) {
			double code = r[group[k]].need * (levels - 1) / 6 /
				      scale[group[k]];

			codes += (double)s.taps * code * code;
			for (int64_t tap = 0; tap < s.taps; tap++) {
				double w = conv_weight(reader->n, o, k, tap) *
					   scale[group[k]];

				w = w < 0 ? -w : w;
				top = w > top ? w : top;
			}
		}
		total += top / reach * (top / reach) / 12 * codes;
	}
	return total;
}

/* ---- The scales ---- */

struct channel_scale_search {
	const struct channel_ranges *ranges;
	struct channel_reader *readers;
	int reader_count;
	struct channel_need *channels; /* by channel group */
	double *scale;                 /* by channel group */
	int zero, weight_bits;
	int levels;    /* of the codes, the lowest -levels / 2 */
	double margin; /* ranges are extended by this factor */
};

static double need_at(const struct channel_scale_search *k, int c, int zero)
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

/* The common zero point of least error. */
static void search_zero_point(struct channel_scale_search *k)
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

static double largest_need(const struct channel_scale_search *k)
{
	double top = 0;

	for (int c = 0; c < k->ranges->channels; c++)
		top = k->channels[c].need > top ? k->channels[c].need : top;
	return top;
}

/* Scales between one for all channels (quarters 0), or one for all channels of
 * a producer, and the least that each channel needs (quarters 4), on a
 * logarithmic scale. */
static void set_scales(struct channel_scale_search *k, bool by_producer,
		       int quarters)
{
	double all = largest_need(k), least = all * SCALE_RATIO_MIN;

	for (int c = 0; c < k->ranges->channels; c++) {
		double need = k->channels[c].need * k->margin, half, ratio;
		double top = by_producer ?
				     k->channels[c].producer_need * k->margin :
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

static double activation_error(const struct channel_scale_search *k)
{
	double total = 0;

	for (int c = 0; c < k->ranges->channels; c++)
		total += k->channels[c].power * k->scale[c] * k->scale[c] / 12;
	return total;
}

static double total_error(const struct channel_scale_search *k)
{
	double total = activation_error(k);

	for (int i = 0; i < k->reader_count; i++) {
		const struct channel_reader *reader = &k->readers[i];
		bool depthwise = reader->n->inputs[1]->shape.dim[1] == 1;

		if (channel_groups_sum(reader->n))
			continue;
		total += reader->share *
			 weight_error(reader, k->channels, k->scale,
				      depthwise ? 8 : k->weight_bits,
				      k->levels);
	}
	return total;
}

/* Mean power of the signal after the readers' weights. */
static double signal_of(const struct channel_scale_search *k)
{
	double total = 0;

	for (int c = 0; c < k->ranges->channels; c++) {
		double x = k->channels[c].need * (k->levels - 1) / 6;

		total += k->channels[c].power * x * x;
	}
	return total;
}

/* Sets the best scales. Returns the error with one scale over theirs. */
static double search_channel_scales(struct channel_scale_search *k)
{
	double one, best;
	int best_at = 0;

	set_scales(k, false, 0);
	one = best = total_error(k);
	for (int at = 1; at < 9; at++) { /* quarters 4 is the same in both */
		double error;

		set_scales(k, at > 4, at % 5);
		error = total_error(k);
		if (error < best) {
			best = error;
			best_at = at;
		}
	}
	set_scales(k, best_at > 4, best_at % 5);
	return best > 0 ? one / best : 1;
}

static struct quant *quant_of(const struct channel_scale_search *k,
			      struct arena *a)
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
			     .axis = n > 1 ? 3 : -1,
			     .channels = (int)n,
			     .scale = scale,
			     .zero_point = zero };
	return q;
}

/* ---- A scale group ---- */

/* Errors of a reader count relative to the power of its output: squared weights
 * times squared ranges. */
static void weigh_readers(struct channel_scale_search *k)
{
	for (int i = 0; i < k->reader_count; i++) {
		struct channel_reader *reader = &k->readers[i];
		double total = 0;

		for (int c = 0; c < k->ranges->channels; c++)
			k->channels[c].power = 0;
		add_power(reader, k->channels);
		for (int c = 0; c < k->ranges->channels; c++) {
			double range = (double)k->ranges->high[c] -
				       (double)k->ranges->low[c];

			total += k->channels[c].power * range * range;
		}
		reader->share = total > 0 ? 1 / total : 0;
	}
	for (int c = 0; c < k->ranges->channels; c++)
		k->channels[c].power = k->reader_count ? 0 : 1;
	for (int i = 0; i < k->reader_count; i++)
		add_power(&k->readers[i], k->channels);
}

static void find_producer_needs(struct channel_scale_search *k,
				const struct graph *g,
				const struct channel_groups *groups,
				uint32_t group)
{
	for (uint32_t i = 0; i < groups->values; i++) {
		const struct value *v = g->values[i];
		struct channel_need *r = k->channels;
		double top = 0;

		if (groups->scale_group[i] != group ||
		    !channel_groups_begin(groups, v))
			continue;
		r += groups->of[i][0];
		for (int c = 0; c < v->shape.dim[3]; c++)
			top = r[c].need > top ? r[c].need : top;
		for (int c = 0; c < v->shape.dim[3]; c++)
			r[c].producer_need = top;
	}
}

/* Readers of the group's channels; of the table's output where a table reads
 * the group. */
static int list_readers(struct channel_scale_search *k, const struct graph *g,
			const struct channel_groups *groups,
			const struct value *leader, struct arena *scratch)
{
	const struct node *table = value_table_reader(leader);
	uint32_t read = table ? groups->scale_group[table->outputs[0]->id] :
				leader->id;

	k->reader_count = find_readers(g, groups, read, NULL);
	k->readers = arena_array(scratch, (size_t)k->reader_count + 1,
				 sizeof(*k->readers));
	if (!k->readers)
		return -1;
	find_readers(g, groups, read, k->readers);
	return 0;
}

static double margin_of(const struct channel_scale_settings *settings)
{
	/* the ranges are clipped already */
	if (settings->bits < 8)
		return 1;
	return settings->synthetic ? SYNTHETIC_MARGIN :
				     1 + 1 / det_sqrt(settings->samples);
}

int channel_quant(const struct graph *g, const struct value *leader,
		  const struct channel_groups *groups,
		  const struct channel_ranges *r,
		  const struct channel_scale_settings *settings,
		  struct arena *a, struct arena *scratch, struct quant **out)
{
	const bool inner = value_table_reader(leader) != NULL;
	const bool tables = inner || channel_groups_behind_table(leader);
	const double sqnr = settings->cheap_tables ? CHEAP_TABLES_SQNR :
						     TABLES_SQNR;
	struct channel_scale_search k = { .ranges = r,
					  .weight_bits = settings->weight_bits,
					  .levels = 1 << settings->bits };
	double gain;

	*out = NULL;
	k.margin = margin_of(settings);
	k.channels =
		arena_array(scratch, (size_t)r->channels, sizeof(*k.channels));
	k.scale = arena_array(scratch, (size_t)r->channels, sizeof(double));
	if (!k.channels || !k.scale ||
	    list_readers(&k, g, groups, leader, scratch))
		return -1;
	weigh_readers(&k);
	search_zero_point(&k);
	find_producer_needs(&k, g, groups, leader->id);
	if (!(largest_need(&k) > RANGE_MIN))
		return 0;
	if (inner)
		k.reader_count =
			0; /* the table contains the scales, not weights */
	gain = search_channel_scales(&k);
	if (tables) {
		set_scales(&k, false, 0);
		if (signal_of(&k) > sqnr * activation_error(&k) ||
		    gain < TABLES_GAIN_MIN)
			return 0;
		search_channel_scales(&k);
	} else if (gain < GAIN_MIN) {
		return 0;
	}
	*out = quant_of(&k, a);
	return *out ? 0 : -1;
}
