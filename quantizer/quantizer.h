/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_H
#define DBC_QUANTIZER_H

#include "ir/config.h"
#include "ir/diag.h"
#include "ir/graph.h"
#include "ir/parallel.h"

/*
 * Photos or tensors, one at a time: what calibration sees. fill() writes the
 * float inputs of sample `index` (0 to count - 1) for every graph input, in
 * the graph's own layout and shape; it may be called from several threads.
 */
struct samples {
	int count;
	int (*fill)(void *ctx, int index, float *const *inputs, struct diag *d);
	void *ctx;
};

/*
 * Chooses the numbers: which values the device holds in 8 bits and which in
 * float, their scales, and the codes of the weights. Afterwards
 * - an activation with value->quant (8 bits, signed) is S8 on the device, all
 *   others F32 (the decode tail, and what has no integer kernel keeps S8 in
 *   and out with float between: the packer converts); it has one scale, or,
 *   between convolutions, one a channel and one zero point for all;
 * - the weight of every Conv, ConvTranspose and Gemm outside the tail has
 *   value->quant with codes, per output channel, for inputs in units of their
 *   first channel's scale; biases stay float constants, corrected for the
 *   quantization error;
 * - node->act is ACT_NONE, RELU, CLIP or LEAKY_RELU only.
 * `samples` NULL or empty: data-free. `image_range` (NULL: none): the real
 * values that the first input takes, low and high, known from preprocessing,
 * with the step between neighbours.
 */
struct input_range {
	float low, high;
};

int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range, progress_fn *progress,
		   void *progress_ctx, struct diag *d);

#endif
