/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_CONV_H
#define DBRT_CONV_H

#include "runtime/dbrt_internal.h"

/* What op_conv.c and op_conv_transpose.c share. */

/*
 * Whence a window's tap reads along one axis: the input index for output
 * index `out` and kernel tap `k`, or -1 for padding.
 */
struct dbrt_axis {
	int32_t stride, dilation, pad, size; /* size of the input */
	int transposed;
};

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

/* Checks all but the op's own geometry. */
int dbrt_conv_check_common(const struct dbrt_op_view *v, int transposed);
/* Width of the codes that a convolution may count on: 4 or 8. */
int dbrt_conv_input_bits(const struct dbrt_op_view *v);
/* Windows gathered, multiplied tile by tile, requantized. */
void dbrt_conv_run_windows(const struct dbrt_op_view *v, int transposed);

#endif
