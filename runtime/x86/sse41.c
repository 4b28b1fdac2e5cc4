/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with SSE4.1: the same bits as the portable ones. */
#include "runtime/kernels.h"

#ifdef DBRT_X86

#include "runtime/x86/kernels_x86.h"
#include "runtime/x86/vectors_128.h"

#define WINDOWS 2 /* whose sums fit the registers */

#include "runtime/x86/dot_x86.inc"
#include "runtime/x86/post_x86.inc"

const struct dbrt_kernels dbrt_kernels_sse41 = {
	.name = "sse41",
	.dot_w8a8 = dot_w8a8,
	.dot_w8a4 = dot_w8a4,
	.decode_weights = decode_weights,
	.requantize = requantize,
	.depthwise_w16a8 = depthwise_w16a8,
	.requantize_tiles = requantize_tiles,
	.gather = dbrt_gather_x86,
};

#endif
