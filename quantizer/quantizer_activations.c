/* SPDX-License-Identifier: Apache-2.0 */
/* The activations of a quantizer: their widths and scales. */
#include <string.h>

#include "quantizer/activations/activation_bits.h"
#include "quantizer/activations/activations.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/quantizer_state.h"

static int set_scales(struct quantizer *q, struct diag *d)
{
	const struct input_range *image = &q->image_range;
	struct arena scratch;
	struct activation_settings s = {
		.c = q->c,
		.coded = q->target && q->target->coded,
		.weight_bits = q->weight_bits,
		.synthetic = !q->given,
		.subset = &q->subset,
		.image_range = image->low > image->high ? NULL : image,
		.scale_group = q->scale_group,
		.bits = q->act_bits,
		.trained_grids = q->trained_grids,
		.channel_groups = &q->channel_groups,
		.scratch = &scratch
	};
	int err;

	arena_init(&scratch, 0);
	err = quantize_activations(q->g, &s, &q->calibration, d);
	arena_free(&scratch);
	return err;
}

/* What each of the groups that may have few bits loses at `bits`. */
static int measure_groups(struct quantizer *q, int bits, struct diag *d)
{
	const struct progress p = quantizer_stage(q, "activations");

	for (int i = 0; i < q->groups.count; i++)
		q->act_bits[q->groups.rows[i].group] = (uint8_t)bits;
	return set_scales(q, d) || activation_groups_measure(
					   q->g, &q->subset, q->scale_group,
					   &q->groups, q->c->jobs, &p, d) ?
		       -1 :
		       0;
}

/* Lists the groups that may have few bits. */
static int list_groups(struct quantizer *q, struct diag *d)
{
	bool *low_bit = scale_groups_low_bit(q->g, q->scale_group, &q->arena);

	for (uint32_t i = 0; low_bit && i < q->channel_groups.values; i++)
		low_bit[i] = low_bit[i] && !q->trained_grids[i];
	if (!low_bit || activation_groups_list(q->g, q->scale_group, low_bit,
					       &q->arena, &q->groups))
		return diag_error(d, "out of memory");
	return 0;
}

/* All at the bits of the configuration, but the most sensitive ones. */
static int set_few_bits(struct quantizer *q, struct diag *d)
{
	for (int i = 0; i < q->groups.count; i++)
		q->act_bits[q->groups.rows[i].group] = (uint8_t)q->c->act_bits;
	if (q->c->uniform || !q->representative)
		return 0;
	if (measure_groups(q, q->c->act_bits, d))
		return -1;
	activation_bits_raise(&q->groups, q->act_bits);
	return 0;
}

int quantizer_set_activations(struct quantizer *q, struct diag *d)
{
	q->act_bits = arena_array(&q->arena, q->channel_groups.values, 1);
	if (!q->act_bits)
		return diag_error(d, "out of memory");
	memset(q->act_bits, 8, q->channel_groups.values);
	if (q->c->act_bits != 8 && list_groups(q, d))
		return -1;
	if (q->c->act_bits < 8 && set_few_bits(q, d))
		return -1;
	return set_scales(q, d);
}

/* ---- Widths that are chosen with the formats of weights ---- */

/* Groups are measured at one width. The squared error of rounding falls to a
 * quarter with each bit. */
#define PROBE_BITS 5

static double loss_at(double probe, int bits)
{
	for (; bits < PROBE_BITS; bits++)
		probe *= 4;
	for (; bits > PROBE_BITS; bits--)
		probe /= 4;
	return probe;
}

static void fill_inputs(struct quantizer *q)
{
	struct input_groups *in = &q->inputs;

	in->count = q->groups.count;
	for (int i = 0; i < in->count; i++) {
		double probe = q->groups.rows[i].loss;

		in->rows[i].group = q->groups.rows[i].group;
		for (int w = 0; w < INPUT_WIDTHS; w++)
			in->rows[i].loss[w] =
				loss_at(probe, input_width_bits(w)) -
				loss_at(probe, 8);
	}
	for (int i = 0; i < q->layers.count; i++) {
		uint32_t id = q->layers.rows[i].node->inputs[0]->id;

		in->of_layer[i] = -1;
		for (int k = 0; k < in->count; k++)
			if (in->rows[k].group == q->scale_group[id])
				in->of_layer[i] = k;
	}
}

int quantizer_list_inputs(struct quantizer *q, struct diag *d)
{
	struct input_groups *in = &q->inputs;
	size_t count = (size_t)q->groups.count;

	if (q->c->act_bits != ACT_BITS_AUTO || !q->representative)
		return 0;
	if (in->rows) {
		memset(q->widths, 0, (size_t)in->count * sizeof(*q->widths));
		return quantizer_set_widths(q, d);
	}
	in->rows = arena_array(&q->arena, count, sizeof(*in->rows));
	in->of_layer = arena_array(&q->arena, (size_t)q->layers.count,
				   sizeof(*in->of_layer));
	q->widths = arena_array(&q->arena, count, sizeof(*q->widths));
	if (!in->rows || !in->of_layer || !q->widths)
		return diag_error(d, "out of memory");
	if (measure_groups(q, PROBE_BITS, d))
		return -1;
	memset(q->act_bits, 8, q->channel_groups.values);
	if (set_scales(q, d))
		return -1;
	fill_inputs(q);
	return 0;
}

int quantizer_set_widths(struct quantizer *q, struct diag *d)
{
	bool other = false;

	for (int i = 0; i < q->inputs.count; i++) {
		uint8_t *bits = &q->act_bits[q->inputs.rows[i].group];
		int chosen = input_width_bits(q->widths[i]);

		other = other || *bits != chosen;
		*bits = (uint8_t)chosen;
	}
	if (!other)
		return 0;
	arena_free(&q->scaled);
	if (set_scales(q, d))
		return -1;
	if (layers_rescale(&q->layers, &q->scaled))
		return diag_error(d, "out of memory");
	return 0;
}
