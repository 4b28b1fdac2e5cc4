/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_STORE_CODES_H
#define DBRT_STORE_CODES_H

/* Sums of 16 channels of a pixel, and their requantization: see
 * neon/requantize_neon.c. For kernels of 32-bit Arm. */
#include "runtime/neon/depthwise_tile.h"
#include "runtime/neon/intrinsics.h"

/* Channels 4 i to 4 i + 3 in v[i]. */
struct sums16 {
	int32x4_t v[4];
};

static inline struct sums16 load_sums(const int32_t *from)
{
	struct sums16 s;

	for (int i = 0; i < 4; i++)
		s.v[i] = vld1q_s32(from + 4 * i);
	return s;
}

static inline void store_sums16(int32_t *to, const struct sums16 *s)
{
	for (int i = 0; i < 4; i++)
		vst1q_s32(to + 4 * i, s->v[i]);
}

static inline int16x4_t scale_four(const struct sums16 *s,
				   const struct dbrt_depthwise_scale *k, int i)
{
	int32x4_t v = vqdmulhq_s32(s->v[i], vld1q_s32(k->multiplier + 4 * i));

	return vqmovn_s32(vrshlq_s32(v, vld1q_s32(k->shift + 4 * i)));
}

static inline void store_codes(int8_t *out, const struct sums16 *s,
			       const struct dbrt_depthwise_scale *k)
{
	const int16x8_t zero = vld1q_s16(k->zero_point);
	int16x8_t a = vcombine_s16(scale_four(s, k, 0), scale_four(s, k, 1));
	int16x8_t b = vcombine_s16(scale_four(s, k, 2), scale_four(s, k, 3));
	int8x16_t q = vcombine_s8(vqmovn_s16(vqaddq_s16(a, zero)),
				  vqmovn_s16(vqaddq_s16(b, zero)));

	q = vminq_s8(vmaxq_s8(q, vld1q_s8(k->low)), vld1q_s8(k->high));
	vst1q_s8(out, q);
}

/* The first 8. */
static inline void store_codes8(int8_t *out, const struct sums16 *s,
				const struct dbrt_depthwise_scale *k)
{
	int16x8_t a = vcombine_s16(scale_four(s, k, 0), scale_four(s, k, 1));
	int8x8_t q = vqmovn_s16(vqaddq_s16(a, vld1q_s16(k->zero_point)));

	q = vmin_s8(vmax_s8(q, vld1_s8(k->low)), vld1_s8(k->high));
	vst1_s8(out, q);
}

#endif
