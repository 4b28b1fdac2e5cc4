/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requantization in 32 bits. With M = m << 15, sqdmulh gives
 * A = floor(2 v M / 2^32) = floor(v m / 2^16), and for s > 16
 *
 *	floor((v m + 2^(s-1)) / 2^s) = floor((A + 2^(s-17)) / 2^(s-16)),
 *
 * a rounding shift of A. For a smaller s, v 2^(17-s) takes the place of v and
 *17 that of s. Where this is over 31 bits it saturates: the result is over 2^28
 *and its clamp the same.
 */
#include "runtime/neon/conv_neon.h"

#ifdef DBRT_NEON

#include "runtime/neon/intrinsics.h"
#include <string.h>

#include "runtime/kernels_portable.h"

/* What four channels are scaled with; the second one is for sums below 0. */
struct scales {
	int32x4_t bias, multiplier[2], shift[2];
	int32x4_t left[2]; /* shifts of the sum before, for small shifts */
};

/* Four shifts, or multipliers, of which `count` are there. */
static inline uint32_t load_shifts(const uint8_t *from, uint32_t count)
{
	uint32_t shifts = 0x11111111; /* 17 */

	if (count == 4)
		memcpy(&shifts, from, 4);
	else
		memcpy(&shifts, from, count);
	return shifts;
}

static inline uint64_t load_multipliers(const uint16_t *from, uint32_t count)
{
	uint64_t multipliers = 0;

	if (count == 4)
		memcpy(&multipliers, from, 8);
	else
		memcpy(&multipliers, from, 2 * (size_t)count);
	return multipliers;
}

static void load_scales(struct scales *s, const struct dbrt_post *p, uint32_t o,
			uint32_t count)
{
	const uint16_t *m[2] = { p->multiplier + o, p->multiplier2 + o };
	const uint8_t *shift[2] = { p->shift + o, p->shift2 + o };
	const int32x4_t least = vdupq_n_s32(17);
	int32_t bias[4] = { 0 };

	for (uint32_t c = 0; c < count; c++)
		bias[c] = p->bias[o + c];
	s->bias = vld1q_s32(bias);
	for (int k = 0; k < 2; k++) {
		uint16x4_t v = vcreate_u16(load_multipliers(m[k], count));
		uint8x8_t by = vcreate_u8(load_shifts(shift[k], count));
		int16x8_t wide = vreinterpretq_s16_u16(vmovl_u8(by));
		int32x4_t n = vmovl_s16(vget_low_s16(wide));

		s->multiplier[k] = vreinterpretq_s32_u32(vshll_n_u16(v, 15));
		s->left[k] = vsubq_s32(vmaxq_s32(n, least), n);
		s->shift[k] = vsubq_s32(vdupq_n_s32(16), vmaxq_s32(n, least));
	}
}

/* Two slopes that are the same, in other arrays or the same ones. */
static int is_one_slope(const struct dbrt_post *p, uint32_t o, uint32_t count)
{
	if (p->multiplier == p->multiplier2 && p->shift == p->shift2)
		return 1;
	return load_multipliers(p->multiplier + o, count) ==
		       load_multipliers(p->multiplier2 + o, count) &&
	       load_shifts(p->shift + o, count) ==
		       load_shifts(p->shift2 + o, count);
}

static inline int32x4_t scale_by(int32x4_t v, const struct scales *s, int k)
{
	v = vqdmulhq_s32(vqshlq_s32(v, s->left[k]), s->multiplier[k]);
	return vrshlq_s32(v, s->shift[k]);
}

static inline int32x4_t scale(int32x4_t v, const struct scales *s,
			      int two_slopes)
{
	int32x4_t q;

	v = vaddq_s32(v, s->bias);
	q = scale_by(v, s, 0);
	if (two_slopes)
		q = vbslq_s32(vcltzq_s32(v), scale_by(v, s, 1), q);
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

/* Four pixels, by way of integer registers: stores of lanes are slow. */
static inline void store_four(int8_t *out, size_t stride, int8x16_t codes,
			      uint32_t count)
{
	uint64x2_t v = vreinterpretq_u64_s8(codes);
	uint64_t a = vgetq_lane_u64(v, 0), b = vgetq_lane_u64(v, 1);

	store_lane(out, (uint32_t)a, count);
	store_lane(out + stride, (uint32_t)(a >> 32), count);
	store_lane(out + 2 * stride, (uint32_t)b, count);
	store_lane(out + 3 * stride, (uint32_t)(b >> 32), count);
}

/* Four pixels of four channels, or fewer, with a clamp. */
struct clamp {
	int16x8_t zero;
	int8x16_t low, high;
};

static inline struct clamp clamp_of(const struct dbrt_post *p)
{
	return (struct clamp){ vdupq_n_s16((int16_t)p->zero_point),
			       vdupq_n_s8((int8_t)p->low),
			       vdupq_n_s8((int8_t)p->high) };
}

#ifdef __aarch64__
/* For sixteen pixels at a time, in clamp_codes.S. */
struct clamp_scales {
	int32x4_t bias, multiplier, shift;
	struct clamp clamp;
};

void dbrt_clamp_codes_neon(int8_t *out, size_t stride, const int32_t *acc,
			   uint32_t groups, const struct clamp_scales *s);
#endif

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
	const struct clamp k = clamp_of(p);
	uint32_t i = 0;

	for (; i + 4 <= pixels; i += 4, acc += 4 * lanes, out += 4 * stride) {
		store_four(out, stride,
			   clamp_codes(
				   scale(vld1q_s32(acc), s, two_slopes),
				   scale(vld1q_s32(acc + lanes), s, two_slopes),
				   scale(vld1q_s32(acc + 2 * lanes), s,
					 two_slopes),
				   scale(vld1q_s32(acc + 3 * lanes), s,
					 two_slopes),
				   &k),
			   count);
	}
	for (; i < pixels; i++, acc += lanes, out += stride) {
		int32x4_t q = scale(vld1q_s32(acc), s, two_slopes);
		int8x16_t codes = clamp_codes(q, q, q, q, &k);

		store_lane(out, vgetq_lane_u32(vreinterpretq_u32_s8(codes), 0),
			   count);
	}
}

/* What the sums of four channels become by way of tables. */
struct tables {
	int16x8_t zero, low, high;
	const uint8_t *of[4]; /* by channel */
};

static inline struct tables tables_of(const struct dbrt_post *p,
				      uint32_t channel)
{
	struct tables t = { vdupq_n_s16((int16_t)p->zero_point),
			    vdupq_n_s16((int16_t)p->low),
			    vdupq_n_s16((int16_t)p->high),
			    { NULL } };

	for (uint32_t c = 0; c < 4; c++)
		t.of[c] = (const uint8_t *)p->table +
			  (channel + c) * (size_t)p->table_step;
	return t;
}

/* Places in the tables of two pixels, 16 bits each. */
static inline uint64x2_t table_places(const int32_t *a, const int32_t *b,
				      const struct scales *s,
				      const struct tables *t)
{
	int16x8_t q = vqmovn_high_s32(vqmovn_s32(scale(vld1q_s32(a), s, 0)),
				      scale(vld1q_s32(b), s, 0));

	q = vmaxq_s16(vqaddq_s16(q, t->zero), t->low);
	q = vsubq_s16(vminq_s16(q, t->high), t->low);
	return vreinterpretq_u64_s16(q);
}

static inline uint32_t look_up_pixel(uint64_t at, const struct tables *t)
{
	uint32_t a = t->of[0][at & 0xffff], b = t->of[1][at >> 16 & 0xffff];
	uint32_t c = t->of[2][at >> 32 & 0xffff], d = t->of[3][at >> 48];

	return a | b << 8 | c << 16 | d << 24;
}

/* Four pixels at a time, while the places of the next four are computed. All
 * codes are loaded before any is stored: a compiler must take it that a store
 * changes the tables. */
static void table_pixels(int8_t *out, size_t stride, const int32_t *acc,
			 uint32_t lanes, uint32_t pixels,
			 const struct scales *s, const struct tables *t)
{
	uint32_t step = pixels < 4 ? 0 : lanes;
	uint64x2_t a = table_places(acc, acc + step, s, t);
	uint64x2_t b = table_places(acc + 2 * step, acc + 3 * step, s, t);

	for (; pixels >= 4; pixels -= 4, out += 4 * stride) {
		uint64_t at[4] = { vgetq_lane_u64(a, 0), vgetq_lane_u64(a, 1),
				   vgetq_lane_u64(b, 0), vgetq_lane_u64(b, 1) };
		uint32_t codes[4];

		acc += 4 * (size_t)step;
		step = pixels < 8 ? 0 : lanes;
		if (pixels == 4)
			acc -= lanes;
		a = table_places(acc, acc + step, s, t);
		b = table_places(acc + 2 * step, acc + 3 * step, s, t);
		for (uint32_t k = 0; k < 4; k++)
			codes[k] = look_up_pixel(at[k], t);
		for (uint32_t k = 0; k < 4; k++)
			store_lane(out + k * stride, codes[k], 4);
	}
	for (; pixels; pixels--, acc += lanes, out += stride) {
		a = table_places(acc, acc, s, t);
		store_lane(out, look_up_pixel(vgetq_lane_u64(a, 0), t), 4);
	}
}

static void requantize_four(int8_t *out, size_t stride, const int32_t *acc,
			    uint32_t lanes, uint32_t pixels,
			    const struct dbrt_post *p, uint32_t channel,
			    uint32_t count)
{
	int one_slope = is_one_slope(p, channel, count);
	struct scales s;

	load_scales(&s, p, channel, count);
	if (p->table && one_slope && count == 4) {
		struct tables t = tables_of(p, channel);

		table_pixels(out, stride, acc, lanes, pixels, &s, &t);
	} else if (p->table) /* two slopes and a table: no operator has both */
		dbrt_requantize_portable(out, stride, acc, lanes, pixels, p,
					 channel, count);
	else if (one_slope && count == 4)
		clamp_pixels(out, stride, acc, lanes, pixels, &s, p, 4, 0);
	else
		clamp_pixels(out, stride, acc, lanes, pixels, &s, p, count,
			     !one_slope);
}

#ifdef __aarch64__

/* Four channels with a clamp and one slope, which is most of all. 0: it is
 * not. */
static int clamp_four(int8_t *out, size_t stride, const int32_t *acc,
		      uint32_t pixels, const struct dbrt_post *p,
		      uint32_t channel)
{
	struct clamp_scales c;
	uint32_t shifts;
	uint8x8_t by;

	memcpy(&shifts, p->shift + channel, 4);
	by = vcreate_u8(shifts | 0xffffffff00000000);
	if (vminv_u8(by) < 17)
		return 0;
	c.bias = vld1q_s32(p->bias + channel);
	c.multiplier = vreinterpretq_s32_u32(
		vshll_n_u16(vld1_u16(p->multiplier + channel), 15));
	c.shift = vsubw_s16(vdupq_n_s32(16),
			    vget_low_s16(vreinterpretq_s16_u16(vmovl_u8(by))));
	c.clamp = clamp_of(p);
	dbrt_clamp_codes_neon(out, stride, acc, pixels / 16, &c);
	return 1;
}

/* Whole groups of pixels; how many pixels. */
static uint32_t clamp_groups(int8_t *out, size_t stride, const int32_t *acc,
			     uint32_t lanes, uint32_t pixels,
			     const struct dbrt_post *p, uint32_t channel,
			     uint32_t count)
{
	if (count != 4 || lanes != 4 || pixels < 16 || p->table ||
	    p->multiplier != p->multiplier2 || p->shift != p->shift2 ||
	    !clamp_four(out, stride, acc, pixels, p, channel))
		return 0;
	return pixels / 16 * 16;
}

#endif

void dbrt_requantize_neon(int8_t *out, size_t stride, const int32_t *acc,
			  uint32_t lanes, uint32_t pixels,
			  const struct dbrt_post *p, uint32_t channel,
			  uint32_t count)
{
#ifdef __aarch64__
	uint32_t done = clamp_groups(out, stride, acc, lanes, pixels, p,
				     channel, count);

	out += done * stride;
	acc += (size_t)done * lanes;
	pixels -= done;
	if (pixels == 0)
		return;
#endif
	for (uint32_t c = 0; c < count; c += 4)
		requantize_four(out + c, stride, acc + c, lanes, pixels, p,
				channel + c, count - c < 4 ? count - c : 4);
}

#endif
