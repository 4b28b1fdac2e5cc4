/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_OP_CONV_PARTS_H
#define DBRT_OP_CONV_PARTS_H

/*
 * Steps of a convolution that op_conv.c shares with whole convolutions of other
 * rows of kernels. They are static: where op_conv.c is the only user, as on
 * microcontrollers, the compiler makes them part of it.
 */
#include <string.h>

#include "runtime/op_conv.h"

/* ---- Weights ---- */

/* 4 rows of int8 weights: a tile of the file, or decoded into scratch. */
static const int8_t *tile_weights(const struct dbrt_conv_job *j, uint32_t group,
				  uint32_t tile, int8_t *scratch)
{
	uint32_t first = group * j->rows + tile * 4;
	uint32_t count = j->rows - tile * 4;
	size_t bytes = j->k16 / 2 * j->p->weight_bits;
	const uint8_t *packed =
		j->weights + ((size_t)group * j->tiles + tile) * bytes;
	int8_t values[4][16];

	if (j->p->weight_bits == 8)
		return (const int8_t *)packed;
	for (uint32_t r = 0; r < 4; r++) {
		if (r < count)
			dbrt_conv_channel_values(j, first + r, values[r]);
		else
			memset(values[r], 0, sizeof(values[r]));
	}
	j->kernels->decode_weights(scratch, packed, values, j->k16 / 16,
				   j->p->weight_bits);
	return scratch;
}

/* ---- Windows ---- */

/* A row of a window in one piece, `first` taps behind the line's begin: what
 * lies beside the line has the zero point. */
static void gather_piece(const struct dbrt_conv_job *j, const int8_t *line,
			 int32_t first, uint32_t run, int8_t *to)
{
	int32_t taps = j->p->kernel_w, left = first < 0 ? -first : 0;
	int32_t right = j->axis_w.size - first, zero = j->x->zero_point;

	left = left < taps ? left : taps;
	right = right > taps ? taps : right < left ? left : right;
	memset(to, zero, (size_t)left * run);
	if (right > left)
		memcpy(to + (size_t)left * run,
		       line + (size_t)(first + left) * run,
		       (size_t)(right - left) * run);
	memset(to + (size_t)right * run, zero, (size_t)(taps - right) * run);
}

/* One row of a window: kernel_w taps of `run` channels each. */
static void gather_row(const struct dbrt_conv_job *j, const int8_t *line,
		       int32_t ox, uint32_t run, int8_t *to)
{
	int32_t zero = j->x->zero_point, taps = j->p->kernel_w;

	if (!j->axis_w.transposed && j->axis_w.dilation == 1 &&
	    run == j->x->pitch) {
		gather_piece(j, line, ox * j->axis_w.stride - j->axis_w.pad,
			     run, to);
		return;
	}
	for (int32_t kx = 0; kx < taps; kx++, to += run) {
		int32_t ix = dbrt_axis_source(&j->axis_w, ox, kx);

		if (ix < 0)
			memset(to, zero, run);
		else
			memcpy(to, line + (size_t)ix * j->x->pitch, run);
	}
}

/* The window of an output pixel, K bytes and zeros up to k16. */
static void gather_window(const struct dbrt_conv_job *j, uint32_t group,
			  uint32_t pixel, int8_t *to)
{
	uint32_t out_w = j->y->dims[2], line = pixel / out_w;
	uint32_t n = line / j->y->dims[1], run = j->x->dims[3] / j->p->groups;
	int32_t ox = (int32_t)(pixel % out_w);
	int32_t oy = (int32_t)(line % j->y->dims[1]);
	size_t line_bytes = (size_t)j->x->dims[2] * j->x->pitch;
	const int8_t *image =
		j->in + (size_t)n * j->x->dims[1] * line_bytes + group * run;

	for (int32_t ky = 0; ky < j->p->kernel_h; ky++) {
		int32_t iy = dbrt_axis_source(&j->axis_h, oy, ky);

		if (iy < 0)
			memset(to, j->x->zero_point,
			       (size_t)run * j->p->kernel_w);
		else
			gather_row(j, image + (size_t)iy * line_bytes, ox, run,
				   to);
		to += (size_t)run * j->p->kernel_w;
	}
	memset(to, 0, j->k16 - j->k);
}

#endif
