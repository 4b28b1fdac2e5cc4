/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels moved about zero. What a convolution without an activation makes
 * lies anywhere, each channel somewhere else, while the codes of all channels
 * have one zero point: those off the centre use half of their codes. Adding a
 * constant to such a channel and taking what it makes of it off the biases of
 * the convolutions that read it leaves the network as it is, costs nothing on
 * the device, and lets each channel use all codes. Readers must not pad: what
 * they pad with is zero, for every channel.
 */
#include "ir/window.h"
#include "quantizer/internal.h"

struct centering {
	struct graph *g;
	const struct tracks *t;
	const struct channel_ranges *ranges; /* by root */
	double **by; /* by root: what is added to each track, 0: nothing */
};

/* What is added to each of v's channels' tracks; NULL: v has none. */
static double *shifts_of(const struct centering *k, const struct value *v)
{
	return v && k->t->of[v->id] ? k->by[k->t->root[v->id]] : NULL;
}

/* ---- Which ---- */

static bool bias_is_known(const struct node *n)
{
	const struct value *b = node_input(n, 2);

	return b && value_is_const(b);
}

static bool pads(const struct node *n)
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

static bool reads_anywhere(const struct node *n)
{
	switch (n->op) {
	case OP_CONV:
		return !pads(n) && bias_is_known(n);
	case OP_CONCAT:
	case OP_SPLIT:
	case OP_SLICE:
	case OP_CHANNEL_SHUFFLE:
		return true;
	default:
		return false;
	}
}

static bool makes_anywhere(const struct node *n)
{
	return tracks_conv(n) && n->act.kind == ACT_NONE && bias_is_known(n);
}

static bool can_move(const struct tracks *t, const struct value *v)
{
	if (tracks_begin(t, v) && !makes_anywhere(v->producer))
		return false;
	for (int i = 0; i < v->use_count; i++)
		if (!reads_anywhere(v->uses[i]))
			return false;
	return true;
}

bool tracks_may_center(const struct graph *g, const struct tracks *t)
{
	for (uint32_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];

		if (tracks_begin(t, v) && can_move(t, v))
			return true;
	}
	return false;
}

/* ---- Where to ---- */

static int find_shifts(struct centering *k, struct arena *a)
{
	for (uint32_t i = 0; i < k->g->value_count; i++) {
		const struct channel_ranges *r = &k->ranges[i];

		if (!r->channels)
			continue;
		k->by[i] = arena_array(a, (size_t)r->channels, sizeof(**k->by));
		if (!k->by[i])
			return -1;
		for (int c = 0; c < r->channels; c++)
			if (r->low[c] <= r->high[c])
				k->by[i][c] = -0.5 * ((double)r->low[c] +
						      (double)r->high[c]);
	}
	for (uint32_t i = 0; i < k->g->value_count; i++) {
		const struct value *v = k->g->values[i];

		if (!k->t->of[i] || can_move(k->t, v))
			continue;
		for (int64_t c = 0; c < v->shape.dim[3]; c++)
			shifts_of(k, v)[k->t->of[i][c]] = 0;
	}
	return 0;
}

/* What moving adds to output o of a convolution: its own shift, less what it
 * makes of those that it reads. */
static double added(const struct centering *k, const struct node *n, int64_t o)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];
	const struct conv_size s = conv_size(n);
	const double *read = shifts_of(k, x), *made = shifts_of(k, y);
	double total = made ? made[k->t->of[y->id][o]] : 0;

	for (int64_t i = 0; read && i < s.inputs; i++) {
		double by = read[k->t->of[x->id][o / s.group * s.inputs + i]];

		for (int64_t t = 0; by != 0 && t < s.taps; t++)
			total -= by * conv_weight(n, o, i, t);
	}
	return total;
}

static int move_bias(const struct centering *k, const struct node *n)
{
	struct value *bias = n->inputs[2];
	const int64_t outputs = conv_size(n).outputs;
	const float *was = bias->data;
	float *now = arena_array(k->g->arena, (size_t)outputs, sizeof(*now));

	if (!now)
		return -1;
	for (int64_t o = 0; o < outputs; o++)
		now[o] = (float)((double)was[o] + added(k, n, o));
	bias->data = now;
	return 0;
}

int tracks_center(struct graph *g, const struct tracks *t,
		  const struct channel_ranges *ranges, struct arena *a)
{
	struct centering k = { g, t, ranges, NULL };

	k.by = arena_array(a, g->value_count, sizeof(*k.by));
	if (!k.by || find_shifts(&k, a))
		return -1;
	for (const struct node *n = g->first; n; n = n->next)
		if (tracks_conv(n) && bias_is_known(n) &&
		    (shifts_of(&k, n->inputs[0]) ||
		     shifts_of(&k, n->outputs[0])) &&
		    move_bias(&k, n))
			return -1;
	return 0;
}
