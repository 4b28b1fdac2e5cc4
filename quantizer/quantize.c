/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of quantization in their order: see quantizer.h for the result. */
#include "quantizer/quantizer.h"

#include <math.h>
#include <stdlib.h>

#include "quantizer/activations/center_channels.h"
#include "quantizer/graph/equalize_channels.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/graph/split_activations.h"
#include "quantizer/quantizer_state.h"
#include "quantizer/simulate/paired_run.h"
#include "quantizer/weights/round_weights.h"
#include "quantizer/weights/sequential_rounding.h"

#define PAIRED_SAMPLES 96
#define PAIRED_BYTES ((size_t)640 << 20)
#define DRAFT_SAMPLES 16

/* Samples of noise have no useful covariance: rounds each layer separately, to
 * the nearest codes. */
static int round_separately(struct quantizer *q, const struct progress *p,
			    struct diag *d)
{
	const struct layers *l = &q->layers;

	for (int i = 0; i < l->count; i++) {
		uint32_t id = l->rows[i].node->inputs[0]->id;
		const struct channel_means *means =
			id < q->calibration.value_count ?
				&q->calibration.means[id] :
				NULL;
		struct rounding_target target;

		if (rounding_target_prepare(&l->rows[i], NULL, means,
					    q->c->jobs, &q->results, &target,
					    d) ||
		    layer_round(&target, q->formats[i], q->c->jobs, &q->results,
				&q->rounded[i], d))
			return -1;
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, l->count);
	}
	return 0;
}

static int round_in_sequence(struct quantizer *q, const struct progress *p,
			     double *loss, struct diag *d)
{
	int most = q->draft ? DRAFT_SAMPLES : PAIRED_SAMPLES, err;
	struct paired_run t;

	err = paired_run_init(&t, q->g, q->c->jobs, &q->samples, most,
			      PAIRED_BYTES, d) ||
	      sequential_rounding(q->g, &q->layers, q->formats, &t, &q->results,
				  q->rounded, p, d);
	if (!err && loss)
		*loss = paired_run_loss(&t);
	paired_run_free(&t);
	return err ? -1 : 0;
}

static int install_weights(struct quantizer *q, struct diag *d)
{
	for (int i = 0; i < q->layers.count; i++)
		if (rounded_layer_install(q->g, &q->layers.rows[i],
					  &q->rounded[i], d))
			return -1;
	return 0;
}

void quantizer_set_draft(struct quantizer *q, bool on)
{
	q->draft = on;
}

int quantizer_round(struct quantizer *q, double *loss, struct diag *d)
{
	const struct progress p =
		quantizer_stage(q, q->draft ? "draft" : "round");

	if (quantizer_set_widths(q, d))
		return -1;
	arena_free(&q->results);
	q->rounded = arena_array(&q->results, (size_t)q->layers.count,
				 sizeof(*q->rounded));
	if (!q->rounded)
		return diag_error(d, "out of memory");
	if (loss)
		*loss = 0;
	if (q->representative ? round_in_sequence(q, &p, loss, d) :
				round_separately(q, &p, d))
		return -1;
	return install_weights(q, d);
}

/* ---- The whole ---- */

/* Sample i of the subset. */
static int fill_subset(void *ctx, int i, float *const *inputs, struct diag *d)
{
	const struct quantizer *q = ctx;

	return q->samples.fill(
		q->samples.ctx,
		(int)((int64_t)i * q->samples.count / q->subset.count), inputs,
		d);
}

/* Bits of the file for each weight: those asked for, or fewer where the limit
 * on its size leaves fewer. */
static double file_bits(const struct quantizer *q)
{
	double bits = q->c->bits;
	int64_t weights = 0;

	for (const struct node *n = q->g->first; n; n = n->next)
		if (node_has_weights(n))
			weights += shape_elements(&n->inputs[1]->shape);
	if (q->c->max_size_bytes && weights)
		bits = fmin(bits,
			    8 * (double)q->c->max_size_bytes / (double)weights);
	return bits;
}

static bool is_coded(const struct quantizer *q)
{
	return q->target && q->target->coded;
}

/* Multipliers of sums, and biases that center channels, cost some bytes per
 * channel. With fewer bits per weight than this, weights use them better. */
#define SPARE_BITS 3.5

static bool has_bytes_to_spare(const struct quantizer *q)
{
	return !is_coded(q) || q->c->act_bits < 8 || file_bits(q) >= SPARE_BITS;
}

/* The typical width of weights, as the scales of channels see it. In a coded
 * file that is searched, each layer gets its own step and as many codes as that
 * needs: 8 bits. */
static int typical_weight_bits(const struct quantizer *q)
{
	const int free_steps = METHOD_SEARCH | METHOD_RATE;
	double bits = file_bits(q);

	if (q->given && is_coded(q) && !q->c->uniform &&
	    (q->c->methods & free_steps) == free_steps)
		return 8;
	return bits < 2.5 ? 2 : bits < 3.5 ? 3 : bits < 6 ? 4 : 8;
}

static int run_calibration(struct quantizer *q, const struct samples *samples,
			   struct diag *d)
{
	const struct progress p = quantizer_stage(q, "calibrate");

	return calibrate(q->g, samples, &q->channel_groups, q->c->jobs,
			 &q->arena, &q->calibration, &p, d);
}

/* One warning, about the first of such values. */
static void warn_infinite(const struct quantizer *q, struct diag *d)
{
	const struct node *n = q->g->first;
	int count = 0;

	for (size_t i = 0; i < q->calibration.value_count; i++)
		count += q->calibration.infinite[i];
	for (; count && n; n = n->next) {
		if (!n->outputs[0] ||
		    !q->calibration.infinite[n->outputs[0]->id])
			continue;
		diag_warn(d,
			  "node '%s' (%s): some of its results are infinite or "
			  "no numbers%s; the range is that of the others",
			  n->name, op_info(n->op)->name,
			  count > 1 ? ", and those of other nodes" : "");
		return;
	}
}

#define FLOAT_SHARE_MIN 0.01 /* of all multiply-accumulates */

/* One warning about layers that the device computes in float. */
static void warn_float_layers(const struct graph *g, struct diag *d)
{
	const struct node *first = NULL;
	double all = (double)graph_macs(g), own = 0;
	int count = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		if (!(op_info(n->op)->flags & OPF_W) || node_has_weights(n))
			continue;
		first = first ? first : n;
		own += (double)node_macs(n);
		count++;
	}
	if (!first || !(own > FLOAT_SHARE_MIN * all))
		return;
	if (count == 1)
		diag_warn(d,
			  "node '%s' (%s) stays in float: %.0f%% of the "
			  "multiply-accumulates",
			  first->name, op_info(first->op)->name,
			  100 * own / all);
	else
		diag_warn(d,
			  "node '%s' (%s) and %d others stay in float: %.0f%% "
			  "of the multiply-accumulates",
			  first->name, op_info(first->op)->name, count - 1,
			  100 * own / all);
}

/* Channels whose codes less their zero point do not fit 8 bits. */
static int wide_channels(const struct weighted_layer *l)
{
	int wide = 0;

	for (int c = 0; l->trained && c < l->trained->channels; c++)
		wide += l->trained->zero_point[c] != 0;
	return wide;
}

/* One warning about trained weights that the device cannot hold. */
static void warn_wide_weights(const struct layers *l, struct diag *d)
{
	const struct node *first = NULL;
	int layers = 0, scales = 0, wide = 0;

	for (int i = 0; i < l->count; i++) {
		int n = wide_channels(&l->rows[i]);

		if (!n)
			continue;
		first = first ? first : l->rows[i].node;
		layers++;
		scales += l->rows[i].trained->channels;
		wide += n;
	}
	if (!first)
		return;
	diag_warn(d,
		  "node '%s' (%s)%s: the codes of %d of %d weight scales, less "
		  "their zero point, do not fit 8 bits: these weights are "
		  "rounded again, the others are kept",
		  first->name, op_info(first->op)->name,
		  layers > 1 ? " and others" : "", wide, scales);
}

/* Ranges of activations, after their channels have been centered. */
static int find_ranges(struct quantizer *q, struct diag *d)
{
	if (q->c->methods & METHOD_CENTERING && has_bytes_to_spare(q) &&
	    center_channels_possible(q->g, &q->channel_groups)) {
		if (run_calibration(q, &q->subset, d))
			return -1;
		if (center_channels(q->g, &q->channel_groups,
				    q->calibration.ranges, &q->arena))
			return diag_error(d, "out of memory");
	}
	if (run_calibration(q, &q->samples, d))
		return -1;
	warn_infinite(q, d);
	for (uint32_t i = 0; i < q->g->value_count; i++)
		channel_ranges_hold_zero(&q->calibration.ranges[i]);
	return 0;
}

static int prepare_graph(struct quantizer *q, struct diag *d)
{
	uint32_t *scale_group;

	if (split_table_activations(q->g) || layers_own_constants(q->g) ||
	    !(scale_group = scale_groups_assign(q->g, &q->arena,
						&q->trained_grids)) ||
	    channel_groups_init(&q->channel_groups, q->g, scale_group,
				&q->arena) ||
	    (q->c->methods & METHOD_PER_CHANNEL &&
	     channel_groups_find(&q->channel_groups, q->g, scale_group,
				 q->trained_grids, has_bytes_to_spare(q),
				 &q->arena)))
		return diag_error(d, "out of memory");
	if (q->c->methods & METHOD_EQUALIZATION &&
	    equalize_channels(q->g, &q->channel_groups, &q->arena))
		return diag_error(d, "out of memory");
	warn_float_layers(q->g, d);
	q->scale_group = scale_group;
	q->weight_bits = typical_weight_bits(q);
	if (find_ranges(q, d))
		return -1;
	if (quantizer_set_activations(q, d))
		return -1;
	if (layers_init(&q->layers, q->g, q->c->methods, &q->arena, d))
		return -1;
	warn_wide_weights(&q->layers, d);
	q->default_settings = q->layers.settings;
	q->formats = arena_array(&q->arena, (size_t)q->layers.count,
				 sizeof(*q->formats));
	if (!q->formats)
		return diag_error(d, "out of memory");
	for (int i = 0; i < q->layers.count; i++)
		q->formats[i] =
			weight_format_default(&q->layers.rows[i], q->c,
					      !q->target || q->target->coded);
	return 0;
}

struct quantizer *quantizer_new(struct graph *g, const struct config *c,
				const struct cost_target *target,
				const struct samples *samples,
				const struct input_range *image_range,
				const struct progress *progress, struct diag *d)
{
	struct quantizer *q = calloc(1, sizeof(*q));

	if (!q) {
		diag_error(d, "out of memory");
		return NULL;
	}
	q->g = g;
	q->c = c;
	q->target = target;
	q->image_range = image_range ? *image_range :
				       (struct input_range){ 1, -1 };
	if (progress)
		q->progress = *progress;
	q->synthetic = (struct synthetic_images){ g, c->seed, { -1, 1 } };
	if (image_range)
		q->synthetic.range = *image_range;
	q->given = samples && samples->count;
	q->samples = q->given ? *samples : synthetic_images(&q->synthetic);
	q->representative = q->given || synthetic_images_suit(g);
	q->subset = (struct samples){ q->samples.count, fill_subset, q };
	if (q->subset.count > PAIRED_SAMPLES)
		q->subset.count = PAIRED_SAMPLES;
	arena_init(&q->arena, 0);
	arena_init(&q->scaled, 0);
	arena_init(&q->results, 0);
	if (!prepare_graph(q, d))
		return q;
	quantizer_free(q);
	return NULL;
}

void quantizer_free(struct quantizer *q)
{
	if (!q)
		return;
	arena_free(&q->results);
	arena_free(&q->scaled);
	arena_free(&q->arena);
	free(q);
}

int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range,
		   const struct progress *progress, struct diag *d)
{
	struct quantizer *q =
		quantizer_new(g, c, NULL, samples, image_range, progress, d);
	int err = !q || quantizer_round(q, NULL, d);

	quantizer_free(q);
	return err ? -1 : 0;
}
