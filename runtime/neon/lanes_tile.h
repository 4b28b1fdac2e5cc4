/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_LANES_TILE_H
#define DBRT_LANES_TILE_H

#include "runtime/neon/depthwise_tile.h"

/* Windows of few columns by 16 output channels, four pixels at a time, or by 8,
 * eight at a time, for all weights and inputs of 8 bits. */
struct dbrt_lanes_tile {
	/* 4 or 8 * groups, and one more, whose out is fetched */
	const struct dbrt_depthwise_pixel *pixels;
	const int16_t *w;    /* [columns + 2][16], the last ones not used */
	const int32_t *base; /* [16], what the sums begin with */
	const struct dbrt_depthwise_scale *scale;
	size_t channel; /* added to every out, for codes */
	uint32_t groups;
	uint32_t columns; /* of a window; readable, as the weights, by eight */
};

/* out: int8_t[16], requantized */
void dbrt_lanes_w8a8_neon_4x16(const struct dbrt_lanes_tile *t);
/* out: int32_t[16], sums */
void dbrt_lanes_sums_neon_4x16(const struct dbrt_lanes_tile *t);

/* The same for the first 8 of 16 channels; they write nothing behind them. */
void dbrt_lanes_w8a8_neon_8x8(const struct dbrt_lanes_tile *t);
void dbrt_lanes_sums_neon_8x8(const struct dbrt_lanes_tile *t);

#endif
