/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/lower/lower_trained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/lower/lower_tensor.h"

#define ANY_SUM ((int64_t)1 << 30)
#define MOST_CODES 1024 /* of a table's index */
#define TABLE_BYTES                                               \
	((size_t)1 << 16) /* of a layer, to be worth their memory \
			   */

static bool is_trained(const struct quant *q)
{
	return q && q->trained;
}

/* Input and weights are on grids from training: the sums are what the model's
 * author computed. */
static bool has_trained_sums(const struct conv *c)
{
	return is_trained(c->n->inputs[0]->quant) &&
	       is_trained(c->n->inputs[1]->quant) && c->gain >= 1 &&
	       c->gain <= 1;
}

/* The output is rounded on the device in float, or its sums are coarse. */
static bool needs_float_bias(const struct conv *c)
{
	const struct node *n = value_only_reader(c->n->outputs[0]);
	bool is_rounded = n &&
			  (n->op == OP_QUANT || n->op == OP_QUANTIZE_LINEAR);

	for (uint32_t o = 0; c->bias && o < c->w.outputs; o++)
		if (fabsf(c->bias[o]) > 0)
			return c->w.bits < 8 || is_rounded;
	return false;
}

/* The codes of the input, above its zero point. */
static void set_sums(const struct conv *c, uint32_t output,
		     struct exact_channel *e)
{
	const struct quant *x = c->n->inputs[0]->quant;
	int64_t half = 1 << (x->bits - 1), low = -half - x->zero_point[0];

	for (uint32_t i = 0; i < c->w.k; i++) {
		int v = weights_number(&c->w, output,
				       c->w.codes[(size_t)output * c->w.k + i]);

		e->least += v * (v > 0 ? low : low + 2 * half - 1);
		e->most += v * (v > 0 ? low + 2 * half - 1 : low);
		e->largest = abs(v) > e->largest ? abs(v) : e->largest;
	}
}

static struct exact_channel channel_at(const struct lower *l,
				       const struct conv *c, uint32_t output)
{
	const struct quant y = conv_channel_quant(c->quant, output);
	struct exact_channel e = {
		.unit = (double)l->m->tensors[c->x].scale * c->w.scale[output],
		.bias = c->bias ? (double)c->bias[output] * c->bias_gain : 0,
		.step = (double)y.scale[0],
		.zero = y.zero_point[0],
		.low = c->p.clamp_min,
		.high = c->p.clamp_max
	};

	set_sums(c, output, &e);
	return e;
}

/* ---- Tables of sums ---- */

/*
 * Tables of all channels; false if one of them has none of that size. With
 * whole ones, of sums that do not occur too, channels of one scale have one
 * table.
 */
static bool find_tables(const struct conv *c,
			const struct exact_channel *channels, bool whole,
			int size, int8_t *tables,
			struct exact_scaling *scalings)
{
	for (uint32_t o = 0; o < c->w.outputs; o++) {
		struct exact_channel e = channels[o];

		if (whole) {
			e.least = -ANY_SUM;
			e.most = ANY_SUM;
		}
		if (!exact_sums_table(&e, size, tables + (size_t)size * o,
				      &scalings[o]))
			return false;
	}
	return true;
}

/* The smallest size for which there are tables; 0: none. */
static int find_size(const struct conv *c, const struct exact_channel *channels,
		     int8_t *tables, struct exact_scaling *scalings)
{
	for (int whole = 1; whole >= 0; whole--)
		for (int size = 256; size <= MOST_CODES; size *= 2)
			if (find_tables(c, channels, whole, size, tables,
					scalings))
				return size;
	return 0;
}

/* Tables for layers that no multiplier is right for. */
static int sum_tables(struct lower *l, struct conv *c,
		      const struct exact_channel *channels)
{
	uint32_t outputs = c->w.outputs, count = 1;
	int8_t *tables = arena_array(l->m->arena, outputs, MOST_CODES);
	struct exact_scaling *scalings =
		arena_array(l->m->arena, outputs, sizeof(*scalings));
	int size;

	if (!tables || !scalings) {
		l->m->failed = true;
		return -1;
	}
	size = find_size(c, channels, tables, scalings);
	if (!size)
		return 0;
	for (uint32_t o = 1; o < outputs; o++)
		if (memcmp(tables, tables + (size_t)size * o, (size_t)size))
			count = outputs;
	if ((size_t)size * count > TABLE_BYTES)
		return 0;
	c->exact = scalings;
	c->p.post = count > 1 ? DBP_POST_TABLES : DBP_POST_TABLE;
	c->p.inner_zero_point = 0;
	c->p.inner_extra = (uint8_t)(size / 512);
	c->p.table = dev_add_data(l->m, tables, (size_t)size * count);
	return 0;
}

/* ---- The layer ---- */

static bool fits(const struct exact_channel *e, const struct exact_scaling *s)
{
	const int64_t most = BIAS_MAX / 2;

	return llabs(s->bias) + s->factor * llabs(e->least) <= most &&
	       llabs(s->bias) + s->factor * llabs(e->most) <= most;
}

static int fit_channels(struct lower *l, struct conv *c,
			struct exact_channel *channels, int *factors)
{
	bool exact = true;

	for (uint32_t o = 0; o < c->w.outputs; o++) {
		channels[o] = channel_at(l, c, o);
		if (!exact_scaling_find(&channels[o], &c->exact[o]) ||
		    !fits(&channels[o], &c->exact[o])) {
			c->exact = NULL;
			return 0;
		}
		exact &= c->exact[o].exact;
	}
	if (!exact && sum_tables(l, c, channels))
		return -1;
	for (uint32_t o = 0; o < c->w.outputs; o++)
		factors[o] = c->exact[o].factor;
	return weights_multiply(l, &c->w, factors);
}

int lower_trained(struct lower *l, struct conv *c)
{
	struct exact_channel *channels;
	int *factors;

	if (!has_trained_sums(c))
		return 0;
	if (!c->quant)
		c->float_bias = needs_float_bias(c);
	if (!is_trained(c->quant) || c->p.post != DBP_POST_CLAMP)
		return 0;
	c->exact = arena_array(l->m->arena, c->w.outputs, sizeof(*c->exact));
	factors = arena_array(l->m->arena, c->w.outputs, sizeof(*factors));
	channels = arena_array(l->m->arena, c->w.outputs, sizeof(*channels));
	if (!c->exact || !factors || !channels) {
		l->m->failed = true;
		return -1;
	}
	return fit_channels(l, c, channels, factors);
}
