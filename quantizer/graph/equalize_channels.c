/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721, section 4.1)
 * of outliers. A network computes the same if all weights that produce a
 * channel are divided by a factor, and those that read it are multiplied by it.
 * Few bits do not: in a coded file a layer has one step for all its channels,
 * so a channel of large weights makes the step too coarse for the others, and
 * one of small weights is rounded to zero.
 *
 * A channel's balance is the size of the weights that produce it over that of
 * the weights that read it. Where it differs much from the median of its scale
 * group, the channel gets the factor that brings it there, to the nearest power
 * of two, so that no number is rounded. Networks from training seldom have such
 * channels; they are left as they are.
 */
#include "quantizer/graph/equalize_channels.h"

#include <math.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "quantizer/graph/conv_weights.h"

#define BALANCE_RATIO 64 /* to the median: a factor of 8 */
#define WEIGHT_MAX 1e30  /* no weight may become larger, or 1 / it smaller */

/* What is known of a channel group. */
struct channel {
	double made, read;  /* sums of squared weights */
	double most, least; /* of the absolute weights that are not 0 */
	bool fixed; /* something else than convolutions produces or reads it */
	int exponent;
};

struct equalizer {
	struct graph *g;
	const struct channel_groups *groups;
	struct channel **channels; /* by scale group */
};

/* Channel c of v; NULL where v has no channel groups. */
static struct channel *channel_at(const struct equalizer *k,
				  const struct value *v, int64_t c)
{
	const uint32_t *of = v ? k->groups->of[v->id] : NULL;

	return of ? &k->channels[k->groups->scale_group[v->id]][of[c]] : NULL;
}

static int64_t input_of(const struct conv_size *s, int64_t output, int64_t i)
{
	return output / s->group_outputs * s->inputs + i;
}

/* ---- The sizes of weights ---- */

static void add_weight(struct channel *c, double *sum, double w)
{
	if (!c || w == 0)
		return;
	*sum += w * w;
	w = fabs(w);
	c->most = fmax(c->most, w);
	c->least = c->least > 0 ? fmin(c->least, w) : w;
}

static void add_conv(const struct equalizer *k, const struct node *n)
{
	const struct conv_size s = conv_size(n);

	for (int64_t o = 0; o < s.outputs; o++) {
		struct channel *y = channel_at(k, n->outputs[0], o);

		for (int64_t i = 0; i < s.inputs; i++) {
			struct channel *x =
				channel_at(k, n->inputs[0], input_of(&s, o, i));

			for (int64_t tap = 0; tap < s.taps; tap++) {
				double w = conv_weight(n, o, i, tap);

				if (y)
					add_weight(y, &y->made, w);
				if (x)
					add_weight(x, &x->read, w);
			}
		}
	}
}

static void fix(const struct equalizer *k, const struct value *v)
{
	for (int64_t c = 0; v && k->groups->of[v->id] && c < v->shape.dim[3];
	     c++)
		channel_at(k, v, c)->fixed = true;
}

static void look_at(const struct equalizer *k, const struct node *n)
{
	const struct value *y = n->outputs[0];

	if (channel_groups_conv(n)) {
		add_conv(k, n);
		if (n->inputs[1]->quant) /* codes from training */
			fix(k, n->inputs[0]);
		if (n->inputs[1]->quant ||
		    (node_input(n, 2) && !value_is_const(n->inputs[2])))
			fix(k, y);
		return;
	}
	if (y && k->groups->of[y->id] && channel_groups_begin(k->groups, y))
		fix(k, y);
	for (int i = 0; channel_groups_sum(n) && i < 2; i++)
		fix(k, n->inputs[i]);
}

/* ---- The factors ---- */

static bool can_move(const struct channel *c)
{
	return !c->fixed && c->made > 0 && c->read > 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_balance(const struct channel *c, int count, double *room)
{
	int n = 0;

	for (int i = 0; i < count; i++)
		if (can_move(&c[i]))
			room[n++] = c[i].made / c[i].read;
	qsort(room, (size_t)n, sizeof(*room), by_size);
	return n ? room[n / 2] : 1;
}

/* Balances are ratios of squares: a factor f changes them by f^4. */
static void find_exponents(struct channel *c, int count, double *room)
{
	const double limit = (double)BALANCE_RATIO * BALANCE_RATIO;
	double median = median_balance(c, count, room);

	for (int i = 0; i < count; i++) {
		double ratio = c[i].made / c[i].read / median, factor;

		if (!can_move(&c[i]) || (ratio < limit && ratio > 1 / limit))
			continue;
		c[i].exponent = (int)rint(det_log(ratio) / det_log(16));
		factor = ldexp(1, abs(c[i].exponent));
		if (!(c[i].most * factor < WEIGHT_MAX) ||
		    !(c[i].least / factor > 1 / WEIGHT_MAX))
			c[i].exponent = 0;
	}
}

/* ---- The weights ---- */

static int exponent_of(const struct channel *c)
{
	return c ? c->exponent : 0;
}

static bool changes(const struct equalizer *k, const struct node *n)
{
	const struct conv_size s = conv_size(n);
	int64_t inputs = n->inputs[0]->shape.dim[3];

	for (int64_t o = 0; o < s.outputs; o++)
		if (exponent_of(channel_at(k, n->outputs[0], o)))
			return true;
	for (int64_t i = 0; i < inputs; i++)
		if (exponent_of(channel_at(k, n->inputs[0], i)))
			return true;
	return false;
}

static int scale_weights(const struct equalizer *k, struct node *n)
{
	struct value *w = n->inputs[1];
	const struct conv_size s = conv_size(n);
	float *now = arena_array(k->g->arena, (size_t)shape_elements(&w->shape),
				 sizeof(*now));
	size_t at = 0;

	if (!now)
		return -1;
	for (int64_t o = 0; o < s.outputs; o++)
		for (int64_t i = 0; i < s.inputs; i++) {
			int by = exponent_of(channel_at(k, n->inputs[0],
							input_of(&s, o, i))) -
				 exponent_of(channel_at(k, n->outputs[0], o));

			for (int64_t tap = 0; tap < s.taps; tap++)
				now[at++] = (float)ldexp(
					conv_weight(n, o, i, tap), by);
		}
	w->data = now;
	return 0;
}

static int scale_bias(const struct equalizer *k, struct node *n)
{
	struct value *bias = node_input(n, 2);
	const int64_t outputs = conv_size(n).outputs;
	const float *was;
	float *now;

	if (!bias || !value_is_const(bias))
		return 0;
	was = bias->data;
	now = arena_array(k->g->arena, (size_t)outputs, sizeof(*now));
	if (!now)
		return -1;
	for (int64_t o = 0; o < outputs; o++)
		now[o] = (float)ldexp(
			(double)was[o],
			-exponent_of(channel_at(k, n->outputs[0], o)));
	bias->data = now;
	return 0;
}

static int find_factors(struct equalizer *k, struct arena *scratch)
{
	const struct graph *g = k->g;

	k->channels =
		arena_array(scratch, g->value_count, sizeof(*k->channels));
	for (size_t i = 0; k->channels && i < g->value_count; i++) {
		k->channels[i] = arena_array(scratch,
					     (size_t)k->groups->count[i] + 1,
					     sizeof(**k->channels));
		if (!k->channels[i])
			return -1;
	}
	if (!k->channels)
		return -1;
	for (const struct node *n = g->first; n; n = n->next)
		look_at(k, n);
	for (size_t i = 0; i < g->value_count; i++) {
		int count = k->groups->count[i];
		double *room =
			arena_array(scratch, (size_t)count + 1, sizeof(*room));

		if (!room)
			return -1;
		find_exponents(k->channels[i], count, room);
	}
	return 0;
}

int equalize_channels(struct graph *g, const struct channel_groups *groups,
		      struct arena *scratch)
{
	struct equalizer k = { g, groups, NULL };

	if (find_factors(&k, scratch))
		return -1;
	for (struct node *n = g->first; n; n = n->next)
		if (channel_groups_conv(n) && changes(&k, n) &&
		    (scale_weights(&k, n) || scale_bias(&k, n)))
			return -1;
	return 0;
}
