/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_CONV_NEON_H
#define DBRT_CONV_NEON_H

#include "runtime/op_conv.h"

#ifdef DBRT_NEON

/* Entries of the row of kernels.h. */
int dbrt_conv_run_neon(const struct dbrt_conv_job *j);
int dbrt_depthwise_run_neon(const struct dbrt_conv_job *j);
void dbrt_requantize_neon(int8_t *out, size_t stride, const int32_t *acc,
			  uint32_t lanes, uint32_t pixels,
			  const struct dbrt_post *p, uint32_t channel,
			  uint32_t count);

/*
 * All channels of a group for `count` windows, each of DBRT_LANES_COLUMNS or
 * fewer bytes, which are output pixels from number `pixel` on. `weights`
 * returns a tile, as it is in the file or decoded.
 */
#define DBRT_LANES_COLUMNS 96 /* a multiple of 16 */
#define DBRT_LANES_PIXELS 96  /* of a call, a multiple of 8 */
typedef const int8_t *dbrt_lanes_weights(const void *ctx, uint32_t group,
					 uint32_t tile, int8_t *decoded);
void dbrt_conv_lanes_neon(const struct dbrt_conv_job *j, uint32_t group,
			  const int8_t *const *x, uint32_t pixel,
			  uint32_t count, dbrt_lanes_weights *weights,
			  const void *ctx, int8_t *decoded);
/* 0: a shift is too small for requantization in 32 bits. */
struct dbrt_depthwise_scale;
int dbrt_load_scale_neon(struct dbrt_depthwise_scale *s,
			 const struct dbrt_post *p, uint32_t first,
			 uint32_t count);

/* The largest size of the numbers of the weights, or a bound of it where a
 * smaller one would not help products with numbers of up to `x`. */
uint32_t dbrt_weights_bound_neon(const struct dbrt_conv_job *j, uint32_t x);

/* The largest size of `bytes` numbers; of -128 it is 128. */
uint32_t dbrt_largest_neon(const int8_t *x, size_t bytes);
/* One of the codes of 4 bits, two a byte, is the pattern 8. */
int dbrt_has_code_8_neon(const uint8_t *codes, size_t bytes);

#endif
#endif
