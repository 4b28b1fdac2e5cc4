/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_OP_CONV_H
#define DBRT_OP_CONV_H

#include "runtime/dbrt_internal.h"
#include "runtime/kernels.h"

/* One spatial axis of a convolution. */
struct dbrt_axis {
	int32_t stride, dilation, pad, size; /* size of the input */
	int transposed;
};

/* The input index that tap k of output `out` reads, or -1 for padding. */
static inline int32_t dbrt_axis_source(const struct dbrt_axis *a, int32_t out,
				       int32_t k)
{
	int32_t i;

	if (!a->transposed)
		i = out * a->stride + k * a->dilation - a->pad;
	else {
		i = out + a->pad - k * a->dilation;
		if (i < 0 || i % a->stride)
			return -1;
		i /= a->stride;
	}
	return i >= 0 && i < a->size ? i : -1;
}

/* The taps [first, end) of a window that lie in the image. */
static inline void dbrt_clip_taps(const struct dbrt_axis *a, int32_t out,
				  int32_t taps, int32_t *first, int32_t *end)
{
	int32_t at = out * a->stride - a->pad;

	*first = at < 0 ? (-at + a->dilation - 1) / a->dilation : 0;
	*end = at < a->size ? (a->size - 1 - at) / a->dilation + 1 : 0;
	if (*first > taps)
		*first = taps;
	if (*end > taps)
		*end = taps;
	if (*end < *first)
		*end = *first;
}

/* A convolution during a run. */
struct dbrt_conv_job {
	const struct dbrt_op_view *v;
	const struct dbp_conv *p;
	const struct dbp_tensor *x, *y;
	const struct dbrt_kernels *kernels;
	struct dbrt_post post;
	struct dbrt_axis axis_h, axis_w;
	const int8_t *in;
	uint8_t *out;
	const uint8_t *weights;
	const float *float_scale;
	const int8_t *levels;
	uint32_t k, k16;
	uint32_t rows;  /* output channels of a group */
	uint32_t tiles; /* of 4 rows, of a group */
	uint32_t pixels;
	uint32_t chunk;  /* pixels a job */
	uint32_t splits; /* jobs a chunk, each SPLIT_TILES tiles or all */
	int direct;
	int four_bits; /* x is in -8 to 7 */
};

struct dbrt_conv_job dbrt_conv_job_of(const struct dbrt_op_view *v,
				      int transposed);
/* values[k]: the weight of each code of 2 to 4 bits, for one channel. */
void dbrt_conv_channel_values(const struct dbrt_conv_job *j, uint32_t channel,
			      int8_t values[16]);
/*
 * Writes the output of `pixels` pixels from number `pixel` on, channels
 * `channel` to `channel` + `count` - 1, from acc[p * lanes + c].
 */
void dbrt_conv_store(const struct dbrt_conv_job *j, const int32_t *acc,
		     uint32_t lanes, uint32_t pixel, uint32_t pixels,
		     uint32_t channel, uint32_t count);
/* Runs any convolution but a depthwise one. */
void dbrt_conv_run_windows(const struct dbrt_op_view *v, int transposed);
/* The largest size of a number of the input, padding included. */
uint32_t dbrt_conv_input_bound(const struct dbrt_op_view *v);
/* Describes a convolution that has been checked. */
void dbrt_conv_describe(const struct dbrt_op_view *v,
			struct dbrt_conv_form *out);

#endif
