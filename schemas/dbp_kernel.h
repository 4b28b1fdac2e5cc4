/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_KERNEL_H
#define DBP_KERNEL_H

/*
 * Names and tile widths of the kernels for operators with weights, for the
 * host: the cost model prices kernels by these names, and reports show them.
 */
#include <stdio.h>

/*
 * "conv_w2a8", "depthwise_w8a8", "conv_transpose_w4a4": `kind` is the
 * operator's name, w_bits the width of the weight tiles, a_bits that of the
 * input. `out` is cut to `size` bytes.
 */
static inline void dbp_kernel_name(char *out, size_t size, const char *kind,
				   int depthwise, int w_bits, int a_bits)
{
	snprintf(out, size, "%s_w%da%d", depthwise ? "depthwise" : kind, w_bits,
		 a_bits);
}

/* Width of the tiles that hold codes of `bits` bits: 2, 3, 4 or 8; depthwise
 * convolutions have no tiles of 3 bits. */
static inline int dbp_tile_bits(int bits, int depthwise)
{
	if (bits <= 2)
		return 2;
	if (bits > 4)
		return 8;
	return depthwise ? 4 : bits;
}

#endif
