/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for AArch64: the same bits as the portable ones. */
#include "runtime/neon/conv_neon.h"
#include "runtime/neon/rows_neon.h"

#ifdef DBRT_NEON

#include "runtime/neon/intrinsics.h"

#include "runtime/kernels_portable.h"

/* The sums of the lanes of four vectors. */
static inline int32x4_t sum_lanes(const int32x4_t s[4])
{
	return vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
}

/* Exact for all weights, -128 too. */
static void dot_w8a8_neon(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			  size_t stride, uint32_t blocks, uint32_t pixels)
{
	for (uint32_t p = 0; p < pixels; p++, x += stride) {
		const int8_t *wb = w, *xb = x;
		int32x4_t s[4], t[4];

		for (int r = 0; r < 4; r++)
			s[r] = t[r] = vdupq_n_s32(0);
		for (uint32_t b = 0; b < blocks; b++, wb += 64, xb += 16) {
			int8x16_t v = vld1q_s8(xb), u[4];
			int16x8_t low[4], high[4];

			for (int r = 0; r < 4; r++)
				u[r] = vld1q_s8(wb + 16 * r);
			for (int r = 0; r < 4; r++) {
				low[r] = vmull_s8(vget_low_s8(u[r]),
						  vget_low_s8(v));
				high[r] = vmull_high_s8(u[r], v);
			}
			for (int r = 0; r < 4; r++) {
				s[r] = vpadalq_s16(s[r], low[r]);
				t[r] = vpadalq_s16(t[r], high[r]);
			}
		}
		for (int r = 0; r < 4; r++)
			s[r] = vaddq_s32(s[r], t[r]);
		vst1q_s32(acc[p], sum_lanes(s));
	}
}

/* Blocks whose products, two a lane, fit 16 bits: 30 * 128 * 8 < 2^15. */
#define W8A4_BLOCKS 15

static void dot_w8a4_neon(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			  size_t stride, uint32_t blocks, uint32_t pixels)
{
	for (uint32_t p = 0; p < pixels; p++, x += stride) {
		const int8_t *wb = w, *xb = x;
		uint32_t left = blocks;
		int32x4_t s[4];

		for (int r = 0; r < 4; r++)
			s[r] = vdupq_n_s32(0);
		while (left) {
			uint32_t n = left < W8A4_BLOCKS ? left : W8A4_BLOCKS;
			int16x8_t t[4];

			left -= n;
			for (int r = 0; r < 4; r++)
				t[r] = vdupq_n_s16(0);
			for (; n; n--, wb += 64, xb += 16) {
				int8x16_t v = vld1q_s8(xb);

				for (int r = 0; r < 4; r++) {
					int8x16_t u = vld1q_s8(wb + 16 * r);

					t[r] = vmlal_s8(t[r], vget_low_s8(u),
							vget_low_s8(v));
					t[r] = vmlal_high_s8(t[r], u, v);
				}
			}
			for (int r = 0; r < 4; r++)
				s[r] = vpadalq_s16(s[r], t[r]);
		}
		vst1q_s32(acc[p], sum_lanes(s));
	}
}

/* ---- Weights ---- */

static inline void look_up(int8_t *out, int8x16_t values, uint8x16_t codes)
{
	vst1q_s8(out, vqtbl1q_s8(values, codes));
}

/* Each prefetches the tile behind, which is decoded next. */
static void decode_4(int8_t *out, const uint8_t *packed,
		     const int8x16_t values[4], uint32_t blocks)
{
	const uint8x16_t mask = vdupq_n_u8(15);

	for (uint32_t b = 0; b < blocks; b++, packed += 32, out += 64) {
		uint8x16_t c = vld1q_u8(packed), d = vld1q_u8(packed + 16);

		__builtin_prefetch(packed + 32 * (size_t)blocks);
		look_up(out, values[0], vandq_u8(c, mask));
		look_up(out + 16, values[1], vshrq_n_u8(c, 4));
		look_up(out + 32, values[2], vandq_u8(d, mask));
		look_up(out + 48, values[3], vshrq_n_u8(d, 4));
	}
}

/* 4 where bit r of a half byte is set, two columns a byte. */
static inline uint8x16_t third_bit(uint8x16_t pairs, int r)
{
	uint8x16_t bit =
		vreinterpretq_u8_u16(vdupq_n_u16((uint16_t)(0x1001u << r)));

	return vandq_u8(vtstq_u8(pairs, bit), vdupq_n_u8(4));
}

static inline void look_up_2(int8_t *out, const int8x16_t values[4],
			     uint8x16_t c, const uint8x16_t third[4])
{
	const uint8x16_t mask = vdupq_n_u8(3);

	look_up(out, values[0], vorrq_u8(vandq_u8(c, mask), third[0]));
	look_up(out + 16, values[1],
		vorrq_u8(vandq_u8(vshrq_n_u8(c, 2), mask), third[1]));
	look_up(out + 32, values[2],
		vorrq_u8(vandq_u8(vshrq_n_u8(c, 4), mask), third[2]));
	look_up(out + 48, values[3], vorrq_u8(vshrq_n_u8(c, 6), third[3]));
}

static void decode_2(int8_t *out, const uint8_t *packed,
		     const int8x16_t values[4], uint32_t blocks)
{
	const uint8x16_t mask = vdupq_n_u8(3);

	for (uint32_t b = 0; b < blocks; b++, packed += 16, out += 64) {
		uint8x16_t c = vld1q_u8(packed);

		__builtin_prefetch(packed + 16 * (size_t)blocks);
		look_up(out, values[0], vandq_u8(c, mask));
		look_up(out + 16, values[1], vandq_u8(vshrq_n_u8(c, 2), mask));
		look_up(out + 32, values[2], vandq_u8(vshrq_n_u8(c, 4), mask));
		look_up(out + 48, values[3], vshrq_n_u8(c, 6));
	}
}

static void decode_3(int8_t *out, const uint8_t *packed,
		     const int8x16_t values[4], uint32_t blocks)
{
	for (uint32_t b = 0; b < blocks; b++, packed += 24, out += 64) {
		uint8x16_t pairs =
			vcombine_u8(vld1_u8(packed + 16), vdup_n_u8(0));
		uint8x16_t third[4];

		pairs = vzip1q_u8(pairs, pairs);
		for (int r = 0; r < 4; r++)
			third[r] = third_bit(pairs, r);
		look_up_2(out, values, vld1q_u8(packed), third);
	}
}

static void decode_weights_neon(int8_t *out, const uint8_t *packed,
				const int8_t values[4][16], uint32_t blocks,
				uint32_t bits)
{
	int8x16_t v[4];

	for (int r = 0; r < 4; r++)
		v[r] = vld1q_s8(values[r]);
	if (bits == 4)
		decode_4(out, packed, v, blocks);
	else
		(bits == 3 ? decode_3 : decode_2)(out, packed, v, blocks);
}

uint32_t dbrt_largest_neon(const int8_t *x, size_t bytes)
{
	uint8x16_t most = vdupq_n_u8(0);
	uint32_t largest;
	size_t i = 0;

	for (; i + 16 <= bytes; i += 16)
		most = vmaxq_u8(most,
				vreinterpretq_u8_s8(vabsq_s8(vld1q_s8(x + i))));
	largest = vmaxvq_u8(most);
	for (; i < bytes; i++) {
		uint32_t size = (uint32_t)(x[i] < 0 ? -x[i] : x[i]);

		largest = size > largest ? size : largest;
	}
	return largest;
}

int dbrt_has_code_8_neon(const uint8_t *codes, size_t bytes)
{
	uint8x16_t found = vdupq_n_u8(0);

	/* tiles are whole blocks */
	for (size_t i = 0; i + 16 <= bytes; i += 16) {
		uint8x16_t v = vld1q_u8(codes + i);

		found = vorrq_u8(found,
				 vceqq_u8(vshlq_n_u8(v, 4), vdupq_n_u8(0x80)));
		found = vorrq_u8(found, vceqq_u8(vandq_u8(v, vdupq_n_u8(0xf0)),
						 vdupq_n_u8(0x80)));
	}
	return vmaxvq_u8(found) != 0;
}

const struct dbrt_kernels dbrt_kernels_neon = {
	.name = "neon",
	.dot_w8a8 = dot_w8a8_neon,
	.dot_w8a4 = dot_w8a4_neon,
	.decode_weights = decode_weights_neon,
	.requantize = dbrt_requantize_neon,
	.depthwise_w16a8 = dbrt_depthwise_w16a8_portable,
	.conv = dbrt_conv_run_neon,
	.depthwise = dbrt_depthwise_run_neon,
#ifdef DBRT_NEON_ROWS
	.rows = &dbrt_rows_neon,
#endif
};

#endif
