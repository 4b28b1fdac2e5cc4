/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_WINDOW_H
#define DBC_IR_WINDOW_H

#include "base/diag.h"
#include "ir/graph.h"

/* Kernels, strides, dilations and pads fit the 16 bits of a packed file. */
#define WINDOW_MAX 65535

/*
 * Geometry of a Conv, ConvTranspose or pool in order H, W (one spatial dim:
 * H = 1, with kernel, stride and dilation 1 and no pads). auto_pad is
 * resolved. A global pool's kernel is its whole input.
 *
 * Output o of a Conv or pool reads input o * stride + k * dilation -
 * pad_begin for each tap k; taps outside of [0, in) read padding. With
 * ceil_mode a pool's last windows reach past pad_end. ConvTranspose adds
 * input i to output i * stride + k * dilation - pad_begin; outputs that no
 * input reaches (output_padding, output_shape) are the bias.
 */
struct window {
	int64_t kernel[2], stride[2], dilation[2];
	int64_t pad_begin[2], pad_end[2];
	int64_t in[2], out[2];
	int64_t batch, channels; /* of the input */
	int spatial;             /* 1 or 2 dims in the file's own shapes */
};

/*
 * Computes the geometry from the node's attributes, layout, first input's shape
 * and (Conv, ConvTranspose) weight's shape, all of which must be known, and
 * checks it: rank 3 or 4; kernels, strides and dilations of 1 to WINDOW_MAX;
 * pads of 0 to WINDOW_MAX; kernels not larger than the padded input; each
 * window of a pool holds at least one cell of the input. -1 with a diagnostic
 * as of node_error().
 */
int window_of(const struct node *n, struct window *w, struct diag *d);

/* The cells that a kernel covers: dilation * (kernel - 1) + 1. */
int64_t window_reach(const struct window *w, int dim);

/* The input index that tap k of output o of a Conv or pool reads along one
 * dim; -1: padding. */
static inline int64_t window_source(const struct window *w, int dim, int64_t o,
				    int64_t k)
{
	int64_t i =
		o * w->stride[dim] + k * w->dilation[dim] - w->pad_begin[dim];

	return i >= 0 && i < w->in[dim] ? i : -1;
}

/* The shape of the node's first output, in the node's layout. */
struct shape window_output(const struct window *w, const struct node *n,
			   int64_t channels);

#endif
