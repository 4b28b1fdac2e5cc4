/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise kernels for 32-bit Arm: depthwise_tile.h says what is computed.
 * Sums of a few taps are in 16 bits, two vectors a pixel. Where all taps fit,
 * four pixels share the loads of the weights; otherwise two, beside whose sums
 * in 32 bits there is no room for more.
 */
#include "runtime/kernels.h"

#if defined(DBRT_NEON) && !defined(__aarch64__)

#include "runtime/arm/store_codes.h"

/* 16 channels in 16 bits. */
struct short_sums {
	int16x8_t low, high;
};

static inline struct short_sums multiply(int8x16_t w, int8x16_t x)
{
	return (struct short_sums){ vmull_s8(vget_low_s8(w), vget_low_s8(x)),
				    vmull_high_s8(w, x) };
}

static inline void add_product(struct short_sums *s, int8x16_t w, int8x16_t x)
{
	s->low = vmlal_s8(s->low, vget_low_s8(w), vget_low_s8(x));
	s->high = vmlal_high_s8(s->high, w, x);
}

static inline void widen(struct sums16 *to, const struct short_sums *s)
{
	to->v[0] = vaddw_s16(to->v[0], vget_low_s16(s->low));
	to->v[1] = vaddw_s16(to->v[1], vget_high_s16(s->low));
	to->v[2] = vaddw_s16(to->v[2], vget_low_s16(s->high));
	to->v[3] = vaddw_s16(to->v[3], vget_high_s16(s->high));
}

/* ---- Windows of any form ---- */

typedef void store_pixel(const struct dbrt_depthwise_tile *t, void *out,
			 const struct sums16 *s);

static inline void store_as_codes(const struct dbrt_depthwise_tile *t,
				  void *out, const struct sums16 *s)
{
	store_codes((int8_t *)out + t->channel, s, t->scale);
}

static inline void store_as_sums(const struct dbrt_depthwise_tile *t, void *out,
				 const struct sums16 *s)
{
	(void)t;
	store_sums16(out, s);
}

/* `taps` taps of each pixel, whose sums fit 16 bits. */
static inline void add_taps(struct short_sums *s, const int8_t *const *x,
			    uint32_t pixels, const int8_t *w,
			    const int32_t *offsets, uint32_t taps)
{
	int8x16_t k = vld1q_s8(w);

	for (uint32_t p = 0; p < pixels; p++)
		s[p] = multiply(k, vld1q_s8(x[p] + offsets[0]));
	for (uint32_t i = 1; i < taps; i++) {
		k = vld1q_s8(w + 16 * i);
		for (uint32_t p = 0; p < pixels; p++)
			add_product(&s[p], k, vld1q_s8(x[p] + offsets[i]));
	}
}

static inline __attribute__((always_inline)) void
four_pixels(const struct dbrt_depthwise_tile *t,
	    const struct dbrt_depthwise_pixel *at, store_pixel *store)
{
	struct short_sums s[4];
	const int8_t *x[4];

	for (int p = 0; p < 4; p++)
		x[p] = at[p].x + t->channel;
	add_taps(s, x, 4, t->w, t->offsets, t->taps);
	for (int p = 0; p < 4; p++) {
		struct sums16 wide = load_sums(t->base);

		widen(&wide, &s[p]);
		store(t, at[p].out, &wide);
	}
}

static inline __attribute__((always_inline)) void
two_pixels(const struct dbrt_depthwise_tile *t,
	   const struct dbrt_depthwise_pixel *at, store_pixel *store)
{
	struct sums16 wide[2];
	const int8_t *x[2];
	uint32_t run = 2 * t->run;

	for (int p = 0; p < 2; p++) {
		x[p] = at[p].x + t->channel;
		wide[p] = load_sums(t->base);
	}
	for (uint32_t i = 0; i < t->taps; i += run) {
		uint32_t left = t->taps - i;
		struct short_sums s[2];

		add_taps(s, x, 2, t->w + 16 * i, t->offsets + i,
			 left < run ? left : run);
		for (int p = 0; p < 2; p++)
			widen(&wide[p], &s[p]);
	}
	for (int p = 0; p < 2; p++)
		store(t, at[p].out, &wide[p]);
}

static inline __attribute__((always_inline)) void
all_pixels(const struct dbrt_depthwise_tile *t, store_pixel *store)
{
	const struct dbrt_depthwise_pixel *at = t->pixels;

	for (uint32_t g = 0; g < t->groups; g++, at += 4) {
		if (t->taps <= 2 * t->run) {
			four_pixels(t, at, store);
			continue;
		}
		two_pixels(t, at, store);
		two_pixels(t, at + 2, store);
	}
}

void dbrt_depthwise_w8a8_neon_4x16(const struct dbrt_depthwise_tile *t)
{
	all_pixels(t, store_as_codes);
}

void dbrt_depthwise_sums_neon_4x16(const struct dbrt_depthwise_tile *t)
{
	all_pixels(t, store_as_sums);
}

/* ---- Windows of 3x3, neighbours ---- */

static inline __attribute__((always_inline)) void add_tap(struct short_sums *s,
							  const int8x16_t w[3],
							  int8x16_t x, int tap)
{
	if (tap >= 0 && tap <= 2)
		add_product(s, w[tap], x);
}

/* A cell is loaded once for all windows that it is in. */
static inline __attribute__((always_inline)) void
add_cell(struct short_sums s[4], const int8x16_t w[3], const int8_t *x,
	 int cell, int stride)
{
	int8x16_t v = vld1q_s8(x + 16 * cell);

	add_tap(&s[0], w, v, cell);
	add_tap(&s[1], w, v, cell - stride);
	add_tap(&s[2], w, v, cell - 2 * stride);
	add_tap(&s[3], w, v, cell - 3 * stride);
}

/* A row of four windows. Compilers would not unroll this as a loop. */
static inline __attribute__((always_inline)) void
add_row(struct short_sums s[4], const int8_t *from, const int8_t *x, int stride)
{
	const int8x16_t w[3] = { vld1q_s8(from), vld1q_s8(from + 16),
				 vld1q_s8(from + 32) };

	add_cell(s, w, x, 0, stride);
	add_cell(s, w, x, 1, stride);
	add_cell(s, w, x, 2, stride);
	add_cell(s, w, x, 3, stride);
	add_cell(s, w, x, 4, stride);
	add_cell(s, w, x, 5, stride);
	if (stride == 1)
		return;
	add_cell(s, w, x, 6, stride);
	add_cell(s, w, x, 7, stride);
	add_cell(s, w, x, 8, stride);
}

/* Tap k of a window in `row`. */
static inline int8x16_t load_tap(const int8_t *const row[3], int k)
{
	return vld1q_s8(row[k / 3] + k % 3 * 16);
}

/* A window, two products of which fit 16 bits. Of more than one at a time, the
 * compiler would keep sums in memory. */
static inline struct sums16 sum_wide(const struct dbrt_depthwise_3x3 *t,
				     const int8_t *x)
{
	const int8_t *row[3] = { x, x + t->row_bytes, x + 2 * t->row_bytes };
	struct sums16 wide = load_sums(t->base);

	for (int k = 0; k < 9; k += 2) {
		struct short_sums s =
			multiply(vld1q_s8(t->w + 16 * k), load_tap(row, k));

		if (k < 8)
			add_product(&s, vld1q_s8(t->w + 16 * k + 16),
				    load_tap(row, k + 1));
		widen(&wide, &s);
	}
	return wide;
}

static inline __attribute__((always_inline)) void
all_narrow(const struct dbrt_depthwise_3x3 *t, int stride)
{
	for (uint32_t g = 0; g < t->groups; g++) {
		const int8_t *x = t->pixels[g].x;
		int8_t *out = (int8_t *)t->pixels[g].out + t->channel;
		struct short_sums s[4];

		for (int p = 0; p < 4; p++)
			s[p].low = s[p].high = vdupq_n_s16(0);
		for (int r = 0; r < 3; r++, x += t->row_bytes)
			add_row(s, t->w + 48 * r, x, stride);
		for (int p = 0; p < 4; p++, out += t->pitch) {
			struct sums16 wide = load_sums(t->base);

			widen(&wide, &s[p]);
			store_codes(out, &wide, t->scale);
		}
	}
}

static void all_wide(const struct dbrt_depthwise_3x3 *t, size_t stride)
{
	for (uint32_t g = 0; g < t->groups; g++) {
		const int8_t *x = t->pixels[g].x;
		int8_t *out = (int8_t *)t->pixels[g].out + t->channel;

		for (int p = 0; p < 4; p++, x += 16 * stride, out += t->pitch) {
			struct sums16 s = sum_wide(t, x);

			store_codes(out, &s, t->scale);
		}
	}
}

void dbrt_depthwise_w8a8_neon_3x3(const struct dbrt_depthwise_3x3 *t)
{
	all_wide(t, 1);
}

void dbrt_depthwise_w8a8_neon_3x3s2(const struct dbrt_depthwise_3x3 *t)
{
	all_wide(t, 2);
}

void dbrt_depthwise_w4a8_neon_3x3(const struct dbrt_depthwise_3x3 *t)
{
	all_narrow(t, 1);
}

void dbrt_depthwise_w4a8_neon_3x3s2(const struct dbrt_depthwise_3x3 *t)
{
	all_narrow(t, 2);
}

#endif
