/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of codes, 16 or 8 channels at a time. The last channels of 8 or more
 * may be some of those before. */
#include "runtime/neon/rows_neon.h"

#ifdef DBRT_NEON_ROWS

#include <arm_neon.h>

/* ---- Maximum ---- */

static inline __attribute__((always_inline)) int8x16_t
max_of_16(const struct dbrt_pool_window *w, const int8_t *row, uint32_t columns)
{
	int8x16_t best = vdupq_n_s8(INT8_MIN);

	for (uint32_t y = w->rows; y; y--, row += w->row_stride) {
		const int8_t *cell = row;

		for (uint32_t x = columns; x; x--, cell += w->column_stride)
			best = vmaxq_s8(best, vld1q_s8(cell));
	}
	return best;
}

static int8x8_t max_of_8(const struct dbrt_pool_window *w, const int8_t *row)
{
	int8x8_t best = vdup_n_s8(INT8_MIN);

	for (uint32_t y = w->rows; y; y--, row += w->row_stride) {
		const int8_t *cell = row;

		for (uint32_t x = w->columns; x; x--, cell += w->column_stride)
			best = vmax_s8(best, vld1_s8(cell));
	}
	return best;
}

static inline __attribute__((always_inline)) void
max_window(int8_t *out, const int8_t *in, const struct dbrt_pool_window *w,
	   uint32_t columns)
{
	uint32_t n = w->channels;

	if (n < 16) {
		vst1_s8(out, max_of_8(w, in));
		vst1_s8(out + n - 8, max_of_8(w, in + n - 8));
		return;
	}
	for (uint32_t c = 0; c < n; c += 16) {
		uint32_t at = c + 16 <= n ? c : n - 16;

		vst1q_s8(out + at, max_of_16(w, in + at, columns));
	}
}

void dbrt_max_windows_neon(int8_t *out, const struct dbrt_pool_window *w)
{
	const int8_t *in = w->in;

	for (uint32_t i = 0; i < w->pixels; i++) {
		if (w->columns == 3)
			max_window(out, in, w, 3);
		else
			max_window(out, in, w, w->columns);
		in += w->pixel_stride;
		out += w->out_stride;
	}
}

/* ---- Average ---- */

/* With v = s m / 2^shift and n cells, floor((2 v + n) / (2 n)) is floor(y / n)
 * with y = floor(v + n / 2): v rounded down, or to the nearest if n is odd. */
struct average {
	int16x8_t offset; /* of the sum */
	int32x4_t multiplier, shift, half;
	float32x4_t reciprocal;
	int16x8_t zero;
	int is_odd;
};

/* Exact where the result is a code: then |y| < 2^16, and (y + 1/2) / n is 2^-8
 * from any integer while its error is below 2^-13. Beyond, it is clamped. */
static inline int32x4_t divide(int32x4_t sum, const struct average *a)
{
	int32x4_t v = vmulq_s32(sum, a->multiplier);
	float32x4_t y;

	v = a->is_odd ? vrshlq_s32(v, a->shift) : vshlq_s32(v, a->shift);
	y = vcvtq_f32_s32(vqaddq_s32(v, a->half));
	y = vmulq_f32(vaddq_f32(y, vdupq_n_f32(0.5f)), a->reciprocal);
	return vcvtmq_s32_f32(y);
}

static inline int8x8_t codes_of(int16x8_t sum, const struct average *a)
{
	int32x4_t low = divide(vmovl_s16(vget_low_s16(sum)), a);
	int32x4_t high = divide(vmovl_high_s16(sum), a);

	sum = vqmovn_high_s32(vqmovn_s32(low), high);
	return vqmovn_s16(vqaddq_s16(sum, a->zero));
}

static inline int8x16_t average_of_16(const struct dbrt_pool_window *w,
				      const int8_t *row,
				      const struct average *a)
{
	int16x8_t low = a->offset, high = a->offset;

	for (uint32_t y = w->rows; y; y--, row += w->row_stride) {
		const int8_t *cell = row;

		for (uint32_t x = w->columns; x;
		     x--, cell += w->column_stride) {
			int8x16_t v = vld1q_s8(cell);

			low = vaddw_s8(low, vget_low_s8(v));
			high = vaddw_high_s8(high, v);
		}
	}
	return vcombine_s8(codes_of(low, a), codes_of(high, a));
}

static int8x8_t average_of_8(const struct dbrt_pool_window *w,
			     const int8_t *row, const struct average *a)
{
	int16x8_t sum = a->offset;

	for (uint32_t y = w->rows; y; y--, row += w->row_stride) {
		const int8_t *cell = row;

		for (uint32_t x = w->columns; x; x--, cell += w->column_stride)
			sum = vaddw_s8(sum, vld1_s8(cell));
	}
	return codes_of(sum, a);
}

static void average_window(int8_t *out, const int8_t *in,
			   const struct dbrt_pool_window *w,
			   const struct average *a)
{
	uint32_t n = w->channels;

	if (n < 16) {
		vst1_s8(out, average_of_8(w, in, a));
		vst1_s8(out + n - 8, average_of_8(w, in + n - 8, a));
		return;
	}
	for (uint32_t c = 0; c < n; c += 16) {
		uint32_t at = c + 16 <= n ? c : n - 16;

		vst1q_s8(out + at, average_of_16(w, in + at, a));
	}
}

void dbrt_average_windows_neon(int8_t *out, const struct dbrt_pool_window *w,
			       const struct dbrt_average *k)
{
	int32_t cells = (int32_t)(w->rows * w->columns);
	struct average a = {
		.offset = vdupq_n_s16((int16_t)(-cells * k->zero_in)),
		.multiplier = vdupq_n_s32((int32_t)k->multiplier),
		.shift = vdupq_n_s32(-(int32_t)k->shift),
		.half = vdupq_n_s32((int32_t)(k->divisor / 2)),
		.reciprocal = vdupq_n_f32(1.0f / (float)k->divisor),
		.zero = vdupq_n_s16((int16_t)k->zero_out),
		.is_odd = k->divisor % 2,
	};
	const int8_t *in = w->in;

	for (uint32_t i = 0; i < w->pixels; i++) {
		average_window(out, in, w, &a);
		in += w->pixel_stride;
		out += w->out_stride;
	}
}

#endif
