/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kernels_portable.h"

#include <string.h>

#include "runtime/requant.h"

/* Four sums at a time: one load of x is used for four rows, and compilers
 * vectorize the inner loop with 16-bit products. */
static void dot_w8a8_portable(int32_t (*acc)[4], const int8_t *w,
			      const int8_t *x, size_t stride, uint32_t blocks,
			      uint32_t pixels)
{
	for (uint32_t p = 0; p < pixels; p++, x += stride) {
		int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
		const int8_t *wb = w, *xb = x;

		for (uint32_t b = 0; b < blocks; b++, wb += 64, xb += 16)
			for (int c = 0; c < 16; c++) {
				s0 += wb[c] * xb[c];
				s1 += wb[16 + c] * xb[c];
				s2 += wb[32 + c] * xb[c];
				s3 += wb[48 + c] * xb[c];
			}
		acc[p][0] = s0;
		acc[p][1] = s1;
		acc[p][2] = s2;
		acc[p][3] = s3;
	}
}

/* Products of 8 and 4 bits are added in 16 bits, one sum for each column: a
 * vector holds twice as many of them. 31 * 128 * 8 < 2^15. */
#define W8A4_BLOCKS 31

static void add_lanes(int32_t acc[4], const int8_t *w, const int8_t *x,
		      uint32_t blocks)
{
	int16_t s[4][16] = { { 0 } };

	for (uint32_t b = 0; b < blocks; b++, w += 64, x += 16)
		for (int c = 0; c < 16; c++) {
			s[0][c] = (int16_t)(s[0][c] + w[c] * x[c]);
			s[1][c] = (int16_t)(s[1][c] + w[16 + c] * x[c]);
			s[2][c] = (int16_t)(s[2][c] + w[32 + c] * x[c]);
			s[3][c] = (int16_t)(s[3][c] + w[48 + c] * x[c]);
		}
	for (int r = 0; r < 4; r++)
		for (int c = 0; c < 16; c++)
			acc[r] += s[r][c];
}

void dbrt_dot_w8a4_lanes(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			 size_t stride, uint32_t blocks, uint32_t pixels)
{
	for (uint32_t p = 0; p < pixels; p++, x += stride) {
		memset(acc[p], 0, sizeof(acc[p]));
		for (uint32_t b = 0; b < blocks; b += W8A4_BLOCKS)
			add_lanes(acc[p], w + 64 * (size_t)b,
				  x + 16 * (size_t)b,
				  blocks - b < W8A4_BLOCKS ? blocks - b :
							     W8A4_BLOCKS);
	}
}

/* Faster on vectors without 16-bit dot products, if windows are long enough to
 * pay for the final sum over the lanes. */
#ifdef __ARM_NEON
#define LANES_FROM 8 /* blocks */
#else
#define LANES_FROM UINT32_MAX
#endif

static void dot_w8a4_portable(int32_t (*acc)[4], const int8_t *w,
			      const int8_t *x, size_t stride, uint32_t blocks,
			      uint32_t pixels)
{
	(blocks < LANES_FROM ? dot_w8a8_portable : dbrt_dot_w8a4_lanes)(
		acc, w, x, stride, blocks, pixels);
}

/* The third bits of a row of a block. */
static void add_third_bits(uint8_t codes[16], const uint8_t *block, uint32_t r)
{
	for (uint32_t c = 0; c < 16; c++)
		codes[c] |= (uint8_t)((block[16 + c / 2] >> (c % 2 * 4 + r) & 1)
				      << 2);
}

void dbrt_decode_weights_portable(int8_t *out, const uint8_t *packed,
				  const int8_t values[4][16], uint32_t blocks,
				  uint32_t bits)
{
	uint32_t low = bits == 3 ? 2 : bits, per_byte = 8 / low;
	uint32_t mask = (1u << low) - 1;
	uint8_t codes[16];

	for (uint32_t b = 0; b < blocks; b++, packed += 8 * bits)
		for (uint32_t r = 0; r < 4; r++, out += 16) {
			const uint8_t *from = packed + r / per_byte * 16;
			uint32_t at = r % per_byte * low;

			for (int c = 0; c < 16; c++)
				codes[c] = (uint8_t)(from[c] >> at & mask);
			if (bits == 3)
				add_third_bits(codes, packed, r);
			for (int c = 0; c < 16; c++)
				out[c] = values[r][codes[c]];
		}
}

static inline int32_t add_bias(int32_t acc, int32_t bias)
{
	return (int32_t)((uint32_t)acc + (uint32_t)bias);
}

void dbrt_requantize_portable(int8_t *out, size_t stride, const int32_t *acc,
			      uint32_t lanes, uint32_t pixels,
			      const struct dbrt_post *p, uint32_t channel,
			      uint32_t count)
{
	for (uint32_t c = 0; c < count; c++) {
		uint32_t o = channel + c;
		int32_t bias = p->bias[o];
		uint32_t m[2] = { p->multiplier[o], p->multiplier2[o] };
		uint32_t s[2] = { p->shift[o], p->shift2[o] };
		const int8_t *table =
			p->table ? p->table + (size_t)o * p->table_step : NULL;

		for (uint32_t i = 0; i < pixels; i++) {
			int32_t v = add_bias(acc[i * lanes + c], bias);
			int n = v < 0;
			int32_t q = dbrt_requantize(
				v, m[n], s[n], p->zero_point, p->low, p->high);

			out[i * stride + c] = table ? table[q - p->low] :
						      (int8_t)q;
		}
	}
}

static void add_tap(int32_t acc[16], const int16_t *w, const int8_t *x,
		    uint32_t channels)
{
	if (channels == 16) {
		for (int c = 0; c < 16; c++)
			acc[c] += w[c] * x[c];
		return;
	}
	for (uint32_t c = 0; c < channels; c++)
		acc[c] += w[c] * x[c];
}

void dbrt_depthwise_w16a8_portable(int32_t (*acc)[16], const int32_t base[16],
				   const struct dbrt_depthwise_window *d)
{
	for (uint32_t p = 0; p < d->pixels; p++) {
		const int8_t *x = d->x + p * d->pixel_stride;
		const int16_t *w = d->weights;

		for (int c = 0; c < 16; c++)
			acc[p][c] = base[c];
		for (uint32_t ky = 0; ky < d->rows; ky++)
			for (uint32_t kx = 0; kx < d->columns; kx++, w += 16)
				add_tap(acc[p], w,
					x + ky * d->row_stride +
						kx * d->column_stride,
					d->channels);
	}
}

const struct dbrt_kernels dbrt_kernels_portable = {
	.name = "portable",
	.dot_w8a8 = dot_w8a8_portable,
	.dot_w8a4 = dot_w8a4_portable,
	.decode_weights = dbrt_decode_weights_portable,
	.requantize = dbrt_requantize_portable,
	.depthwise_w16a8 = dbrt_depthwise_w16a8_portable,
};
