/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_DEPTHWISE_TILE_H
#define DBRT_DEPTHWISE_TILE_H

#include <stddef.h>
#include <stdint.h>

/* Requantization of 16 channels: multipliers times 2^15, 16 less than the
 * shifts, negative; zero point and clamp in every lane. */
struct dbrt_depthwise_scale {
	int32_t multiplier[16], shift[16];
	int16_t zero_point[8];
	int8_t low[16], high[16];
};

struct dbrt_depthwise_pixel {
	const int8_t *x; /* where the offsets of the taps count from */
	void *out;
};

/* Windows of 16 channels, four pixels at a time. */
struct dbrt_depthwise_tile {
	const struct dbrt_depthwise_pixel *pixels; /* 4 * groups */
	const int8_t *w;        /* [taps + 2][16], the last two not used */
	const int32_t *offsets; /* [taps + 2], as well, but valid */
	const int32_t *base;    /* [16], what the sums begin with */
	const struct dbrt_depthwise_scale *scale;
	size_t channel;        /* added to every x, and to out for codes */
	uint32_t groups, taps; /* each at least 1 */
	uint32_t run; /* pairs of taps with sums in 16 bits: 2 run |w x| < 2^15
		       */
};

/* out: int8_t[16], requantized */
void dbrt_depthwise_w8a8_neon_4x16(const struct dbrt_depthwise_tile *t);
/* out: int32_t[16], sums */
void dbrt_depthwise_sums_neon_4x16(const struct dbrt_depthwise_tile *t);

/* Windows of 3x3, four neighbouring pixels at a time. The cells of a row of the
 * input are 16 bytes apart. */
struct dbrt_depthwise_3x3 {
	const struct dbrt_depthwise_pixel *pixels; /* groups, the first of 4 */
	const int8_t *w;                           /* [9][16] */
	size_t row_bytes;                          /* from a row to the next */
	const int32_t *base;
	const struct dbrt_depthwise_scale *scale;
	size_t channel; /* added to out */
	size_t pitch;   /* of out */
	uint32_t groups;
};

typedef void dbrt_depthwise_3x3_kernel(const struct dbrt_depthwise_3x3 *t);
/* 2 |w x| < 2^15 */
dbrt_depthwise_3x3_kernel dbrt_depthwise_w8a8_neon_3x3;
dbrt_depthwise_3x3_kernel dbrt_depthwise_w8a8_neon_3x3s2;
/* 9 |w x| < 2^15 */
dbrt_depthwise_3x3_kernel dbrt_depthwise_w4a8_neon_3x3;
dbrt_depthwise_3x3_kernel dbrt_depthwise_w4a8_neon_3x3s2;

#endif
