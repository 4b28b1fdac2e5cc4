/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requantization in 32 bits. With M = m << 15, sqdmulh gives
 * A = floor(2 v M / 2^32) = floor(v m / 2^16), and for s > 16
 *
 *	floor((v m + 2^(s-1)) / 2^s) = floor((A + 2^(s-17)) / 2^(s-16)),
 *
 * a rounding shift of A. Smaller s, which no sum of more than a few products
 * has, goes to the portable code.
 */
#include "runtime/neon/conv_neon.h"

#ifdef DBRT_NEON

#include <arm_neon.h>
#include <string.h>

#include "runtime/kernels_portable.h"

/* What four channels are scaled with; the second one is for sums below 0. */
struct scales {
	int32x4_t bias, multiplier[2], shift[2];
};

/* 0: some shift is too small. */
static int load_scales(struct scales *s, const struct dbrt_post *p, uint32_t o,
		       uint32_t count)
{
	const uint16_t *m[2] = { p->multiplier + o, p->multiplier2 + o };
	const uint8_t *shift[2] = { p->shift + o, p->shift2 + o };
	int32_t bias[4] = { 0 }, multiplier[2][4] = { 0 }, by[2][4] = { 0 };

	for (uint32_t c = 0; c < count; c++) {
		bias[c] = p->bias[o + c];
		for (int k = 0; k < 2; k++) {
			if (shift[k][c] < 17)
				return 0;
			multiplier[k][c] = (int32_t)m[k][c] << 15;
			by[k][c] = 16 - (int32_t)shift[k][c];
		}
	}
	s->bias = vld1q_s32(bias);
	for (int k = 0; k < 2; k++) {
		s->multiplier[k] = vld1q_s32(multiplier[k]);
		s->shift[k] = vld1q_s32(by[k]);
	}
	return 1;
}

/* Two slopes that are the same, in other arrays or the same ones. */
static int is_one_slope(const struct dbrt_post *p, uint32_t o, uint32_t count)
{
	for (uint32_t c = o; c < o + count; c++)
		if (p->multiplier[c] != p->multiplier2[c] ||
		    p->shift[c] != p->shift2[c])
			return 0;
	return 1;
}

static inline int32x4_t scale(int32x4_t v, const struct scales *s,
			      int two_slopes)
{
	int32x4_t q;

	v = vaddq_s32(v, s->bias);
	q = vrshlq_s32(vqdmulhq_s32(v, s->multiplier[0]), s->shift[0]);
	if (two_slopes) {
		int32x4_t r = vqdmulhq_s32(v, s->multiplier[1]);

		r = vrshlq_s32(r, s->shift[1]);
		q = vbslq_s32(vcltzq_s32(v), r, q);
	}
	return q;
}

static inline void store_lane(int8_t *out, uint32_t codes, uint32_t count)
{
	if (count == 4) {
		memcpy(out, &codes, 4);
		return;
	}
	for (uint32_t c = 0; c < count; c++)
		out[c] = (int8_t)(codes >> 8 * c);
}

/* Four pixels of four channels, or fewer, with a clamp. */
struct clamp {
	int16x8_t zero;
	int8x16_t low, high;
};

static inline int8x16_t clamp_codes(int32x4_t a, int32x4_t b, int32x4_t c,
				    int32x4_t d, const struct clamp *k)
{
	int16x8_t ab = vqmovn_high_s32(vqmovn_s32(a), b);
	int16x8_t cd = vqmovn_high_s32(vqmovn_s32(c), d);
	int8x16_t q;

	ab = vqaddq_s16(ab, k->zero);
	cd = vqaddq_s16(cd, k->zero);
	q = vqmovn_high_s16(vqmovn_s16(ab), cd);
	return vminq_s8(vmaxq_s8(q, k->low), k->high);
}

static inline __attribute__((always_inline)) void
clamp_pixels(int8_t *out, size_t stride, const int32_t *acc, uint32_t lanes,
	     uint32_t pixels, const struct scales *s, const struct dbrt_post *p,
	     uint32_t count, int two_slopes)
{
	const struct clamp k = { vdupq_n_s16((int16_t)p->zero_point),
				 vdupq_n_s8((int8_t)p->low),
				 vdupq_n_s8((int8_t)p->high) };
	uint32_t i = 0;

	for (; i + 4 <= pixels; i += 4, acc += 4 * lanes, out += 4 * stride) {
		uint32x4_t q = vreinterpretq_u32_s8(clamp_codes(
			scale(vld1q_s32(acc), s, two_slopes),
			scale(vld1q_s32(acc + lanes), s, two_slopes),
			scale(vld1q_s32(acc + 2 * lanes), s, two_slopes),
			scale(vld1q_s32(acc + 3 * lanes), s, two_slopes), &k));

		store_lane(out, vgetq_lane_u32(q, 0), count);
		store_lane(out + stride, vgetq_lane_u32(q, 1), count);
		store_lane(out + 2 * stride, vgetq_lane_u32(q, 2), count);
		store_lane(out + 3 * stride, vgetq_lane_u32(q, 3), count);
	}
	for (; i < pixels; i++, acc += lanes, out += stride) {
		int32x4_t q = scale(vld1q_s32(acc), s, two_slopes);
		int8x16_t codes = clamp_codes(q, q, q, q, &k);

		store_lane(out, vgetq_lane_u32(vreinterpretq_u32_s8(codes), 0),
			   count);
	}
}

static void table_pixels(int8_t *out, size_t stride, const int32_t *acc,
			 uint32_t lanes, uint32_t pixels,
			 const struct scales *s, const struct dbrt_post *p,
			 const int8_t *table, uint32_t count, int two_slopes)
{
	const int32x4_t zero = vdupq_n_s32(p->zero_point);
	const int32x4_t low = vdupq_n_s32(p->low), high = vdupq_n_s32(p->high);
	uint32_t at[4];

	for (uint32_t i = 0; i < pixels; i++, acc += lanes, out += stride) {
		int32x4_t q = scale(vld1q_s32(acc), s, two_slopes);

		q = vaddq_s32(q, zero);
		q = vsubq_s32(vminq_s32(vmaxq_s32(q, low), high), low);
		vst1q_u32(at, vreinterpretq_u32_s32(q));
		for (uint32_t c = 0; c < count; c++)
			out[c] = table[c * (size_t)p->table_step + at[c]];
	}
}

static void requantize_four(int8_t *out, size_t stride, const int32_t *acc,
			    uint32_t lanes, uint32_t pixels,
			    const struct dbrt_post *p, uint32_t channel,
			    uint32_t count)
{
	int one_slope = is_one_slope(p, channel, count);
	struct scales s;

	if (!load_scales(&s, p, channel, count))
		dbrt_requantize_portable(out, stride, acc, lanes, pixels, p,
					 channel, count);
	else if (p->table)
		table_pixels(out, stride, acc, lanes, pixels, &s, p,
			     p->table + (size_t)channel * p->table_step, count,
			     !one_slope);
	else if (one_slope && count == 4)
		clamp_pixels(out, stride, acc, lanes, pixels, &s, p, 4, 0);
	else
		clamp_pixels(out, stride, acc, lanes, pixels, &s, p, count,
			     !one_slope);
}

void dbrt_requantize_neon(int8_t *out, size_t stride, const int32_t *acc,
			  uint32_t lanes, uint32_t pixels,
			  const struct dbrt_post *p, uint32_t channel,
			  uint32_t count)
{
	for (uint32_t c = 0; c < count; c += 4)
		requantize_four(out + c, stride, acc + c, lanes, pixels, p,
				channel + c, count - c < 4 ? count - c : 4);
}

#endif
