/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_QUANTIZER_H
#define DBC_QUANTIZER_QUANTIZER_H

#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"
#include "ir/samples.h"
#include "base/parallel.h"
#include "quantizer/bits/cost.h"

/*
 * Chooses the numbers: which values the device holds in 8 bits and which in
 * float, their scales, and the codes of the weights. Afterwards
 * - an activation with value->quant (up to 8 bits, signed) is S8 on the device,
 *   all others F32 (the decode tail, and what has no integer kernel keeps S8
 *   in and out with float between: the packer converts); it has one scale, or,
 *   between convolutions, one a channel and one zero point for all. Sums that
 *   only a table reads may have 10 bits: nobody stores them;
 * - the weight of every Conv, ConvTranspose and Gemm outside the tail has
 *   value->quant with codes, per output channel, for inputs in units of their
 *   first channel's scale; biases stay float constants, corrected for the
 *   quantization error;
 * - node->act is ACT_NONE, RELU, CLIP or LEAKY_RELU only.
 *
 * quantizer_new() settles the activations; quantizer_round() the weights, as
 * often as one likes. Graph, config, samples and target must stay in place.
 */
struct quantizer;

/* samples NULL or empty: data-free. image_range NULL: not known. NULL with a
 * diagnostic. */
struct quantizer *quantizer_new(struct graph *g, const struct config *c,
				const struct cost_target *target,
				const struct samples *samples,
				const struct input_range *image_range,
				progress_fn *progress, void *progress_ctx,
				struct diag *d);
void quantizer_free(struct quantizer *q);

/* Turns the targets of asymmetric calibration (GPTAQ) on or off: at 8 bits
 * their estimate is mostly sampling noise. */
void quantizer_set_asymmetric(struct quantizer *q, bool on);

/* Variants of how layers are rounded, the best as a rule first: what is best
 * for a model shows when it runs. */
int quantizer_preset_count(void);
int quantizer_set_preset(struct quantizer *q, int variant, struct diag *d);

/*
 * Lists what every layer may become on the target, and what that costs; needs
 * samples. Before it, layers have the bits of the configuration.
 */
int quantizer_list_candidates(struct quantizer *q, struct diag *d);

/* Limits on the weighted layers together; INFINITY: none. */
struct quantizer_limits {
	double bytes;      /* of codes in the file */
	double time_us;    /* by the target's cost model */
	double tile_bytes; /* of codes in memory */
};

/* What the chosen layers come to by the table. */
struct quantizer_totals {
	double bytes, time_us, tile_bytes;
	double loss; /* error over variance of the heads */
};

/* Chooses the options of least loss within limits: 0; 1 where there are none
 * (then *sum has the least of each); -1 failed. */
int quantizer_allocate_bits(struct quantizer *q,
			    const struct quantizer_limits *limits,
			    struct quantizer_totals *sum, struct diag *d);

/* Rounds the weights as chosen and puts them into the graph; *loss (NULL: not
 * asked for) is error over variance of the heads, on calibration samples. */
int quantizer_round(struct quantizer *q, double *loss, struct diag *d);

/* A layer as it is now, for reports. */
struct quantizer_layer {
	const struct node *node;
	int64_t weights;
	int bits;                 /* of the codes in memory */
	double entropy_bits;      /* a weight */
	double sensitivity, loss; /* by the table; 0 without one */
	const char *why;          /* it has them, for people; the arena's */
};
int quantizer_layer_count(const struct quantizer *q);
int64_t quantizer_layer_weights(const struct quantizer *q, int i);
/* Once rounded. -1: out of memory. */
int quantizer_layer_at(const struct quantizer *q, int i, struct arena *a,
		       struct quantizer_layer *out);

/* All at once, each layer with the bits of the configuration. */
int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range, progress_fn *progress,
		   void *progress_ctx, struct diag *d);

#endif
