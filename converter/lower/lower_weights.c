/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in the order of the kernels: schemas/dbp.md, "Weights". */
#include "converter/lower/lower_weights.h"

#include <string.h>

#include "converter/lower/lower_refusal.h"

/* Strides of a weight in the value: output channel, group, input channel of the
 * group; taps are innermost. */
struct weight_order {
	int64_t outputs; /* of a group */
	int64_t inputs;
	int64_t group, output, input;
};

static struct weight_order order_of(const struct node *n, int64_t groups,
				    int64_t taps)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t first = s->dim[0] / groups, second = s->dim[1];

	if (n->op == OP_CONV_TRANSPOSE)
		return (struct weight_order){ second, first,
					      first * second * taps, taps,
					      second * taps };
	return (struct weight_order){ first, second, first * second * taps,
				      second * taps, taps };
}

/* Index into the per-channel arrays for an output channel; a grouped
 * ConvTranspose has one array for all groups. */
static int64_t channel_of(const struct node *n, const struct quant *q,
			  const struct weight_order *o, int64_t output)
{
	if (q->channels == 1)
		return 0;
	return n->op == OP_CONV_TRANSPOSE ? output % o->outputs : output;
}

static void read_codes(const struct quant *q, const struct weight_order *o,
		       struct weights *w)
{
	for (int64_t c = 0; c < w->outputs; c++) {
		const int8_t *from = q->codes + c / o->outputs * o->group +
				     c % o->outputs * o->output;
		int8_t *to = w->codes + c * w->k;

		for (int64_t t = 0; t < w->taps; t++)
			for (int64_t i = 0; i < o->inputs; i++)
				*to++ = from[i * o->input + t];
	}
}

static int check_quant(struct lower *l, const struct node *n,
		       const struct weight_order *o)
{
	const struct quant *q = n->inputs[1]->quant;
	int64_t channels = n->op == OP_CONV_TRANSPOSE ||
					   node_int(n, "group", 1) == 1 ?
				   o->outputs :
				   n->inputs[1]->shape.dim[0];

	if ((q->bits < 2 || q->bits > 4) && q->bits != 8)
		return lower_refuse(l, "weights of %d bits are not supported",
				    q->bits);
	if (q->channels != 1 && q->channels != channels)
		return lower_refuse(l, "has %d weight scales for %lld channels",
				    q->channels, (long long)channels);
	for (int i = 0; i < q->channels; i++)
		if (q->grid == GRID_UNIFORM && q->zero_point &&
		    q->zero_point[i])
			return lower_refuse(
				l,
				"weights with a zero point are not supported");
	return 0;
}

static void read_scales(const struct node *n, const struct weight_order *o,
			struct weights *w)
{
	const struct quant *q = n->inputs[1]->quant;
	double unit = q->grid == GRID_HALF ? 0.5 : 1;
	size_t levels = (size_t)1 << w->bits;

	for (uint32_t c = 0; c < w->outputs; c++) {
		int64_t from = channel_of(n, q, o, c);

		w->scale[c] = unit * (double)q->scale[from];
		if (w->levels)
			memcpy(w->levels + c * levels,
			       q->levels + (size_t)from * levels, levels);
	}
}

int weights_of(struct lower *l, const struct node *n, struct weights *w)
{
	const struct shape *s = &n->inputs[1]->shape;
	const struct quant *q = n->inputs[1]->quant;
	int64_t groups = node_int(n, "group", 1), taps = 1;
	struct weight_order o;

	for (int i = 2; i < s->rank; i++)
		taps *= s->dim[i];
	o = order_of(n, groups, taps);
	if (check_quant(l, n, &o))
		return -1;
	if (o.inputs * taps > DBP_CONV_MAX_K)
		return lower_refuse(
			l,
			"a window has %lld weights, at most %d are supported",
			(long long)(o.inputs * taps), DBP_CONV_MAX_K);
	*w = (struct weights){
		.bits = q->bits,
		.groups = (uint32_t)groups,
		.grid = q->grid == GRID_HALF   ? DBP_GRID_HALF :
			q->grid == GRID_LEVELS ? DBP_GRID_LEVELS :
						 DBP_GRID_UNIFORM,
		.outputs = (uint32_t)(o.outputs * groups),
		.taps = (uint32_t)taps,
		.k = (uint32_t)(o.inputs * taps),
	};
	w->codes = arena_array(l->m->arena, w->outputs, w->k);
	w->scale = arena_array(l->m->arena, w->outputs, sizeof(*w->scale));
	if (q->grid == GRID_LEVELS)
		w->levels = arena_array(l->m->arena, w->outputs,
					(size_t)1 << w->bits);
	if (!w->codes || !w->scale || (q->grid == GRID_LEVELS && !w->levels)) {
		l->m->failed = true;
		return -1;
	}
	read_codes(q, &o, w);
	read_scales(n, &o, w);
	return 0;
}

int weights_number(const struct weights *w, uint32_t output, int8_t code)
{
	unsigned mask = (1u << w->bits) - 1;

	if (w->grid == DBP_GRID_HALF)
		return 2 * code + 1;
	if (w->grid == DBP_GRID_LEVELS)
		return w->levels[((size_t)output << w->bits) +
				 ((unsigned)code & mask)];
	return code;
}

/* Codes of few bits stay, and get levels. */
static int levels_of_codes(struct lower *l, struct weights *w)
{
	size_t codes = (size_t)1 << w->bits;
	int8_t *levels = arena_array(l->m->arena, w->outputs, codes);

	if (!levels) {
		l->m->failed = true;
		return -1;
	}
	for (uint32_t o = 0; o < w->outputs; o++)
		for (size_t i = 0; i < codes; i++) {
			int code = (int)i - (i < codes / 2 ? 0 : (int)codes);

			levels[o * codes + i] =
				(int8_t)weights_number(w, o, (int8_t)code);
		}
	w->levels = levels;
	w->grid = DBP_GRID_LEVELS;
	return 0;
}

int weights_multiply(struct lower *l, struct weights *w, const int *factors)
{
	bool any = false;

	for (uint32_t o = 0; o < w->outputs; o++)
		any |= factors[o] > 1;
	if (!any)
		return 0;
	if (w->bits < 8 && !w->levels && levels_of_codes(l, w))
		return -1;
	for (uint32_t o = 0; o < w->outputs; o++) {
		size_t count = w->levels ? (size_t)1 << w->bits : w->k;
		int8_t *v = (w->levels ? w->levels : w->codes) + o * count;

		for (size_t i = 0; i < count; i++) {
			int x = v[i] * factors[o];

			/* a level that no weight has may not fit */
			v[i] = (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
		}
		w->scale[o] /= factors[o];
	}
	return 0;
}

/* The low bits of a code, as number `at` of a byte. */
static uint8_t code_bits(const struct weights *w, int8_t code, uint32_t at)
{
	unsigned mask = (1u << w->bits) - 1;

	return (uint8_t)(((unsigned)code & mask) << at * (unsigned)w->bits);
}

uint8_t *weights_tiles(struct arena *a, const struct weights *w,
		       uint32_t *bytes)
{
	uint32_t rows = w->outputs / w->groups, tiles = (rows + 3) / 4;
	uint32_t blocks = (w->k + 15) / 16, bits = (uint32_t)w->bits;
	uint64_t total = (uint64_t)w->groups * tiles * blocks * 8 * bits;
	uint8_t *out = total <= DBP_MAX_BYTES ? arena_alloc(a, total) : NULL;

	if (!out)
		return NULL;
	*bytes = (uint32_t)total;
	for (uint32_t o = 0; o < w->outputs; o++) {
		uint32_t row = o % rows;
		size_t tile = (size_t)(o / rows) * tiles + row / 4;
		uint8_t *at = out + tile * blocks * 8 * bits;

		for (uint32_t c = 0; c < w->k; c++)
			dbp_block_put(at + c / 16 * 8 * bits, bits, row % 4,
				      c % 16,
				      (uint8_t)w->codes[(size_t)o * w->k + c]);
	}
	return out;
}

uint8_t *weights_depthwise_tiles(struct arena *a, const struct weights *w,
				 uint32_t *bytes)
{
	uint32_t per_byte = 8 / (uint32_t)w->bits;
	uint32_t block = (w->taps + per_byte - 1) / per_byte * 16;
	uint64_t total = ((uint64_t)w->outputs + 15) / 16 * block;
	uint8_t *out = total <= DBP_MAX_BYTES ? arena_alloc(a, total) : NULL;

	if (!out)
		return NULL;
	*bytes = (uint32_t)total;
	for (uint32_t o = 0; o < w->outputs; o++)
		for (uint32_t t = 0; t < w->taps; t++)
			out[(size_t)(o / 16) * block + t / per_byte * 16 +
			    o % 16] |= code_bits(w,
						 w->codes[(size_t)o * w->k + t],
						 t % per_byte);
	return out;
}
