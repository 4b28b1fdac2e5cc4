/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of few columns by 16 output channels, or by 8, for 32-bit Arm:
 * lanes_tile.h says what is computed. Two pixels at a time, so that their sums
 * stay in registers.
 */
#include "runtime/kernels.h"

#if defined(DBRT_NEON) && !defined(__aarch64__)

#include "runtime/arm/store_codes.h"
#include "runtime/neon/lanes_tile.h"

#define PIXELS 2

/* A column of each pixel, lane i of x, by 16 channels or the first 8. */
#define COLUMN(i)                                                              \
	do {                                                                   \
		int16x8_t low = vld1q_s16(w + 16 * (i));                       \
		int16x8_t high = vld1q_s16(w + 16 * (i) + 8);                  \
                                                                               \
		for (int p = 0; p < PIXELS; p++) {                             \
			int32x4_t *v = s[p].v;                                 \
                                                                               \
			v[0] = vmlal_lane_s16(v[0], vget_low_s16(low), x[p],   \
					      i);                              \
			v[1] = vmlal_lane_s16(v[1], vget_high_s16(low), x[p],  \
					      i);                              \
			if (channels == 8)                                     \
				continue;                                      \
			v[2] = vmlal_lane_s16(v[2], vget_low_s16(high), x[p],  \
					      i);                              \
			v[3] = vmlal_lane_s16(v[3], vget_high_s16(high), x[p], \
					      i);                              \
		}                                                              \
	} while (0)

static inline void add_four(struct sums16 s[PIXELS], const int16_t *w,
			    const int16x4_t x[PIXELS], int channels)
{
	COLUMN(0);
	COLUMN(1);
	COLUMN(2);
	COLUMN(3);
}

/* Eight columns, of which those from `count` on are left out. */
static inline void add_last(struct sums16 s[PIXELS], const int16_t *w,
			    const int8_t *const from[PIXELS], uint32_t count,
			    int channels)
{
	static const uint8_t kept[16] = {
		255, 255, 255, 255, 255, 255, 255, 255
	};
	const int8x8_t mask = vreinterpret_s8_u8(vld1_u8(kept + 8 - count));
	int16x8_t x[PIXELS];
	int16x4_t half[PIXELS];

	for (int p = 0; p < PIXELS; p++) {
		x[p] = vmovl_s8(vand_s8(vld1_s8(from[p]), mask));
		half[p] = vget_low_s16(x[p]);
	}
	add_four(s, w, half, channels);
	if (count <= 4)
		return;
	for (int p = 0; p < PIXELS; p++)
		half[p] = vget_high_s16(x[p]);
	add_four(s, w + 64, half, channels);
}

static inline void sum_pixels(struct sums16 s[PIXELS],
			      const struct dbrt_lanes_tile *t, uint32_t pixel,
			      int channels)
{
	const int16_t *w = t->w;
	const int8_t *from[PIXELS];
	uint32_t left = t->columns;

	for (uint32_t p = 0; p < PIXELS; p++) {
		from[p] = t->pixels[pixel + p].x;
		s[p] = load_sums(t->base);
	}
	for (; left >= 8; left -= 8, w += 8 * 16) {
		int16x8_t x[PIXELS];
		int16x4_t half[PIXELS];

		for (int p = 0; p < PIXELS; p++) {
			x[p] = vmovl_s8(vld1_s8(from[p]));
			from[p] += 8;
			half[p] = vget_low_s16(x[p]);
		}
		add_four(s, w, half, channels);
		for (int p = 0; p < PIXELS; p++)
			half[p] = vget_high_s16(x[p]);
		add_four(s, w + 64, half, channels);
	}
	if (left)
		add_last(s, w, from, left, channels);
}

void dbrt_lanes_w8a8_neon_4x16(const struct dbrt_lanes_tile *t)
{
	for (uint32_t i = 0; i < 4 * t->groups; i += PIXELS) {
		struct sums16 s[PIXELS];

		sum_pixels(s, t, i, 16);
		for (uint32_t p = 0; p < PIXELS; p++)
			store_codes((int8_t *)t->pixels[i + p].out + t->channel,
				    &s[p], t->scale);
	}
}

void dbrt_lanes_sums_neon_4x16(const struct dbrt_lanes_tile *t)
{
	for (uint32_t i = 0; i < 4 * t->groups; i += PIXELS) {
		struct sums16 s[PIXELS];

		sum_pixels(s, t, i, 16);
		for (uint32_t p = 0; p < PIXELS; p++)
			store_sums16(t->pixels[i + p].out, &s[p]);
	}
}

void dbrt_lanes_w8a8_neon_8x8(const struct dbrt_lanes_tile *t)
{
	for (uint32_t i = 0; i < 8 * t->groups; i += PIXELS) {
		struct sums16 s[PIXELS];

		sum_pixels(s, t, i, 8);
		for (uint32_t p = 0; p < PIXELS; p++)
			store_codes8((int8_t *)t->pixels[i + p].out +
					     t->channel,
				     &s[p], t->scale);
	}
}

void dbrt_lanes_sums_neon_8x8(const struct dbrt_lanes_tile *t)
{
	for (uint32_t i = 0; i < 8 * t->groups; i += PIXELS) {
		struct sums16 s[PIXELS];

		sum_pixels(s, t, i, 8);
		for (uint32_t p = 0; p < PIXELS; p++) {
			int32_t *out = t->pixels[i + p].out;

			vst1q_s32(out, s[p].v[0]);
			vst1q_s32(out + 4, s[p].v[1]);
		}
	}
}

#endif
