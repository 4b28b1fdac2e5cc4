/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_QUANTIZER_H
#define DBC_QUANTIZER_QUANTIZER_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/parallel.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "ir/samples.h"
#include "quantizer/bits/cost.h"

/*
 * Post-training quantization: chooses which values the device holds in integers
 * and which in float, their scales, and the codes of the weights. See
 * docs/quantization.md. Afterwards
 * - an activation with value->quant (up to 8 bits, signed) is S8 on the device,
 *   all others are F32. The decode tail is float; a node without an integer
 *   kernel has S8 inputs and outputs that the packer converts. An activation
 *   has one scale, or, between convolutions, a scale per channel and one zero
 *   point. Accumulators that only a table reads may have 10 bits: they are
 *   never stored;
 * - the weight of every Conv, ConvTranspose and Gemm outside the tail has
 *   value->quant with codes, per output channel, for inputs in units of the
 *   scale of their first channel. Biases stay float constants, corrected for
 *   the quantization error;
 * - node->act is ACT_NONE, RELU, CLIP or LEAKY_RELU only.
 *
 * quantizer_new() quantizes the activations, and quantizer_round() the weights,
 * any number of times. Graph, config, samples and target must stay in place.
 */
struct quantizer;

/* samples NULL or empty: data-free calibration. target NULL: not known.
 * image_range: of the first input, NULL: not known. progress: copied; NULL:
 * none. Returns NULL with a diagnostic on failure. */
struct quantizer *quantizer_new(struct graph *g, const struct config *c,
				const struct cost_target *target,
				const struct samples *samples,
				const struct input_range *image_range,
				const struct progress *progress,
				struct diag *d);
void quantizer_free(struct quantizer *q);

/* Turns the targets of asymmetric calibration (GPTAQ) on or off: at 8 bits
 * their estimate is mostly sampling noise. */
void quantizer_set_asymmetric(struct quantizer *q, bool on);

/* Presets of how layers are rounded. Which one is best for a model is found by
 * measuring; the first is the best for most. -1 with a diagnostic. */
int quantizer_preset_count(void);
int quantizer_set_preset(struct quantizer *q, int preset, struct diag *d);

/*
 * Lists the candidate formats of every layer, and their costs on the target,
 * for the current preset; needs a target and samples. The first call lists
 * those of the first `presets` presets, the current one among them, in one
 * pass. Before it, layers have the bits of the configuration. -1 with a
 * diagnostic.
 */
int quantizer_list_candidates(struct quantizer *q, int presets, struct diag *d);

/* Limits on the weighted layers together; INFINITY: none. */
struct quantizer_limits {
	double bytes;      /* of codes in the file */
	double time_us;    /* by the target's cost model */
	double tile_bytes; /* of codes in memory */
};

/* Estimated costs of the chosen candidates together. */
struct quantizer_totals {
	double bytes, time_us, tile_bytes;
	double loss; /* squared error over variance of the heads */
};

/* Chooses the candidates of least loss within the limits. 0; 1 where no choice
 * is within the limits (then *sum has the least possible of each cost); -1 with
 * a diagnostic. */
int quantizer_allocate_bits(struct quantizer *q,
			    const struct quantizer_limits *limits,
			    struct quantizer_totals *sum, struct diag *d);

/* Later roundings are drafts or not: of a few samples, with less search. Their
 * sizes are about those of the real ones, which take many times longer. The
 * formats must be chosen afterwards. */
void quantizer_set_draft(struct quantizer *q, bool on);

/* Rounds the weights in the chosen formats and puts them into the graph. *loss
 * (NULL: not needed) is squared error over variance of the heads, on
 * calibration samples. -1 with a diagnostic. */
int quantizer_round(struct quantizer *q, double *loss, struct diag *d);

/* A layer as last rounded, for reports. */
struct quantizer_layer {
	const struct node *node;
	int64_t weights;
	int bits;                 /* of the codes in memory */
	double entropy_bits;      /* per weight */
	double sensitivity, loss; /* estimated; 0 without candidates */
	const char *why;          /* why it has these bits, for people */
};
int quantizer_layer_count(const struct quantizer *q);
int64_t quantizer_layer_weights(const struct quantizer *q, int i);
/* After quantizer_round(). why is in the arena, or static. -1: out of
 * memory. */
int quantizer_layer_at(const struct quantizer *q, int i, struct arena *a,
		       struct quantizer_layer *out);

/* Quantizes everything, each layer with the bits of the configuration. -1 with
 * a diagnostic. */
int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range,
		   const struct progress *progress, struct diag *d);

#endif
