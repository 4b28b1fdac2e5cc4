/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_KERNELS_PORTABLE_H
#define DBRT_KERNELS_PORTABLE_H

#include "runtime/kernels.h"

/* The kernels in plain C: the reference for every other row. */
extern const struct dbrt_kernels dbrt_kernels_portable;

/* dot_w8a4 with 16-bit sums, used in the portable row if it is faster. */
void dbrt_dot_w8a4_lanes(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			 size_t stride, uint32_t blocks, uint32_t pixels);

/* For the remainders of rows of other instruction sets. */
void dbrt_decode_weights_portable(int8_t *out, const uint8_t *packed,
				  const int8_t values[4][16], uint32_t blocks,
				  uint32_t bits);
void dbrt_requantize_portable(int8_t *out, size_t stride, const int32_t *acc,
			      uint32_t lanes, uint32_t pixels,
			      const struct dbrt_post *p, uint32_t channel,
			      uint32_t count);
void dbrt_depthwise_w16a8_portable(int32_t (*acc)[16], const int32_t base[16],
				   const struct dbrt_depthwise_window *w);

#endif
