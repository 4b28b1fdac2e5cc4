/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel centering, related to bias absorption (Nagel et al., arXiv
 * 1906.04721, section 4.1.3): a constant moves from one convolution's bias into
 * the next. The output of a convolution without an activation has a different
 * range in each channel, but the codes of all channels have one zero point:
 * channels that are off the center use half of their codes. The constant that
 * is added to such a channel is subtracted again, times the weights, from the
 * biases of the convolutions that read it. The network computes the same, the
 * device has no extra work, and each channel uses all codes. The readers must
 * not pad: padding is 0 in every channel.
 */
#include "quantizer/activations/center_channels.h"

#include "ir/window.h"
#include "quantizer/graph/conv_weights.h"

struct centering {
	struct graph *g;
	const struct channel_groups *groups;
	const struct channel_ranges *ranges; /* by scale group */
	double **shift; /* by scale group: added to each channel group */
};

/* What is added to each channel group of v's; NULL: v has none. */
static double *shifts_of(const struct centering *k, const struct value *v)
{
	return v && k->groups->of[v->id] ?
		       k->shift[k->groups->scale_group[v->id]] :
		       NULL;
}

/* ---- Which channels ---- */

static bool bias_is_known(const struct node *n)
{
	const struct value *b = node_input(n, 2);

	return b && value_is_const(b);
}

static bool conv_pads(const struct node *n)
{
	struct window w;
	struct diag ignored;
	bool yes;

	diag_init(&ignored);
	yes = window_of(n, &w, &ignored) || w.pad_begin[0] || w.pad_begin[1] ||
	      w.pad_end[0] || w.pad_end[1];
	diag_free(&ignored);
	return yes;
}

static bool can_read_shifted(const struct node *n)
{
	if (n->op == OP_CONV)
		return !conv_pads(n) && bias_is_known(n);
	return op_info(n->op)->flags & OPF_MOVES_CHANNELS;
}

static bool can_produce_shifted(const struct node *n)
{
	return channel_groups_conv(n) && n->act.kind == ACT_NONE &&
	       bias_is_known(n);
}

static bool can_shift(const struct channel_groups *groups,
		      const struct value *v)
{
	if (channel_groups_begin(groups, v) &&
	    !can_produce_shifted(v->producer))
		return false;
	for (int i = 0; i < v->use_count; i++)
		if (!can_read_shifted(v->uses[i]))
			return false;
	return true;
}

bool center_channels_possible(const struct graph *g,
			      const struct channel_groups *groups)
{
	for (uint32_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];

		if (channel_groups_begin(groups, v) && can_shift(groups, v))
			return true;
	}
	return false;
}

/* ---- By how much ---- */

static int find_shifts(struct centering *k, struct arena *a)
{
	for (uint32_t i = 0; i < k->g->value_count; i++) {
		const struct channel_ranges *r = &k->ranges[i];

		if (!r->channels)
			continue;
		k->shift[i] =
			arena_array(a, (size_t)r->channels, sizeof(**k->shift));
		if (!k->shift[i])
			return -1;
		for (int c = 0; c < r->channels; c++)
			if (r->low[c] <= r->high[c])
				k->shift[i][c] = -0.5 * ((double)r->low[c] +
							 (double)r->high[c]);
	}
	for (uint32_t i = 0; i < k->g->value_count; i++) {
		const struct value *v = k->g->values[i];

		if (!k->groups->of[i] || can_shift(k->groups, v))
			continue;
		for (int64_t c = 0; c < v->shape.dim[3]; c++)
			shifts_of(k, v)[k->groups->of[i][c]] = 0;
	}
	return 0;
}

/* The change of the bias of output o: the output's shift, less the shifts of
 * the inputs times their weights. */
static double bias_change(const struct centering *k, const struct node *n,
			  int64_t o)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];
	const struct conv_size s = conv_size(n);
	const double *read = shifts_of(k, x), *made = shifts_of(k, y);
	double total = made ? made[k->groups->of[y->id][o]] : 0;

	for (int64_t i = 0; read && i < s.inputs; i++) {
		double by =
			read[k->groups->of[x->id]
					  [o / s.group_outputs * s.inputs + i]];

		for (int64_t tap = 0; by != 0 && tap < s.taps; tap++)
			total -= by * conv_weight(n, o, i, tap);
	}
	return total;
}

static int shift_bias(const struct centering *k, const struct node *n)
{
	struct value *bias = n->inputs[2];
	const int64_t outputs = conv_size(n).outputs;
	const float *was = bias->data;
	float *now = arena_array(k->g->arena, (size_t)outputs, sizeof(*now));

	if (!now)
		return -1;
	for (int64_t o = 0; o < outputs; o++)
		now[o] = (float)((double)was[o] + bias_change(k, n, o));
	bias->data = now;
	return 0;
}

int center_channels(struct graph *g, const struct channel_groups *groups,
		    const struct channel_ranges *ranges, struct arena *a)
{
	struct centering k = { g, groups, ranges, NULL };

	k.shift = arena_array(a, g->value_count, sizeof(*k.shift));
	if (!k.shift || find_shifts(&k, a))
		return -1;
	for (const struct node *n = g->first; n; n = n->next)
		if (channel_groups_conv(n) && bias_is_known(n) &&
		    (shifts_of(&k, n->inputs[0]) ||
		     shifts_of(&k, n->outputs[0])) &&
		    shift_bias(&k, n))
			return -1;
	return 0;
}
